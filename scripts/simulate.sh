#!/bin/sh
# Plays SEEDS seeds of the simulation (tests/suite/faults), from seed FROM. The first that fails prints the line that
# plays it again.
set -eu
cd "$(dirname "$0")/.."
export SIM_SEEDS="${SEEDS:-50000}"
export SIM_FROM="${FROM:-$(date +%s)}"
echo "FROM=$SIM_FROM SEEDS=$SIM_SEEDS"
exec "${CARGO:-cargo}" test --package parcours-tests --test suite -- faults::simulation::seeds --nocapture
