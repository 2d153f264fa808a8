#!/bin/sh
# Engines, PostgreSQL and RabbitMQ are killed with -9 at random moments for TORTURE_SECONDS, while TORTURE_EVENTS
# events go through them; then tests/audit.sql is asked. TORTURE_SEED chooses the moments and the victims.
set -eu
cd "$(dirname "$0")/.."
export TORTURE_SECONDS="${TORTURE_SECONDS:-600}"
export TORTURE_EVENTS="${TORTURE_EVENTS:-120000}"
export TORTURE_SEED="${TORTURE_SEED:-$(date +%s)}"
echo "TORTURE_SEED=$TORTURE_SEED TORTURE_SECONDS=$TORTURE_SECONDS TORTURE_EVENTS=$TORTURE_EVENTS"
cargo="${CARGO:-cargo}"
"$cargo" build --package parcours
exec "$cargo" test --package parcours-tests --test suite -- process::torture --nocapture --test-threads=1
