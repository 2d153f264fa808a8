#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz for FUZZ_SECONDS each (60), two at a time, on one machine.
# With FUZZ_SEED chance is the same every time. A finding stops it with status 1; its input lies under
# target/fuzz/findings, to be run again by
#   target/fuzz/release/TARGET target/fuzz/findings/TARGET/crash-…
# What was learnt stays under target/fuzz/corpus, so that a second run begins where the first ended.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
targets=(${FUZZ_TARGETS:-yaml expressions templates events states})

missing=()
command -v g++ >/dev/null || missing+=(g++)
command -v python3 >/dev/null || missing+=(python3-minimal)
if [ ${#missing[@]} -gt 0 ]; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get -qq update
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "${missing[@]}" </dev/null
fi

# The coverage that libFuzzer asks for, by flags of a stable compiler.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
-Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --quiet --locked --release --manifest-path tests/fuzz/Cargo.toml --target-dir target/fuzz --target "$host"
unset RUSTFLAGS

# Where the targets begin: the files of this repository, each behind the byte that says what it is.
python3 scripts/fuzz_seeds.py target/fuzz/seeds

fuzz() {
    local name=$1
    mkdir -p "target/fuzz/corpus/$name" "target/fuzz/findings/$name"
    if "target/fuzz/$host/release/$name" "target/fuzz/corpus/$name" "target/fuzz/seeds/$name" \
        -artifact_prefix="target/fuzz/findings/$name/" -max_total_time="$seconds" -max_len=4096 \
        -seed="${FUZZ_SEED:-0}" \
        -timeout=10 -rss_limit_mb=3000 -print_final_stats=1 >"target/fuzz/$name.log" 2>&1; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "target/fuzz/$name.log") inputs, nothing found"
    else
        echo "$name: FOUND SOMETHING"
        tail -n 40 "target/fuzz/$name.log"
        return 1
    fi
}

failed=0
running=()
for name in "${targets[@]}"; do
    fuzz "$name" &
    running+=($!)
    if [ ${#running[@]} -ge 2 ]; then
        wait "${running[0]}" || failed=1
        running=("${running[@]:1}")
    fi
done
for pid in "${running[@]}"; do wait "$pid" || failed=1; done
exit $failed
