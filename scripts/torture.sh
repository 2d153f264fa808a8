#!/bin/sh
# The crash tests for longer: engines are killed with -9 at random moments for TORTURE_SECONDS while
# TORTURE_EVENTS events go through them; then everything is audited. TORTURE_SEED chooses the moments.
set -eu
cd "$(dirname "$0")/.."
export TORTURE_SECONDS="${TORTURE_SECONDS:-300}"
export TORTURE_EVENTS="${TORTURE_EVENTS:-100000}"
export TORTURE_SEED="${TORTURE_SEED:-$(date +%s)}"
echo "TORTURE_SEED=$TORTURE_SEED TORTURE_SECONDS=$TORTURE_SECONDS TORTURE_EVENTS=$TORTURE_EVENTS"
cargo="${CARGO:-cargo}"
"$cargo" build --package parcours
exec "$cargo" test --package parcours-tests --test suite -- process::crash --nocapture --test-threads=1
