#!/bin/sh
# The quick check, for every commit: lint, format, types, the rules of the source, pure tests and
# launches. Under 30 seconds on two processors, but for the first time, which sets up .venv.
#   sh tests/quick.sh [pytest arguments]
# tests/run.sh runs everything.
set -eu
cd "$(dirname "$0")/.."
. ./tests/environment.sh

# Installing what is there already would take a good part of the time.
if ! cmp -s .ci/requirements/dev.txt .venv/quick.txt; then
    make_environment .venv
    install_locked .venv dev
    cp .ci/requirements/dev.txt .venv/quick.txt
fi

.venv/bin/ruff check --quiet .
.venv/bin/ruff format --quiet --check .
install_project .venv

# mypy looks at what has changed, and at what imports it; the rest is in .mypy_cache.
types=$(mktemp)
trap 'rm -f "$types"' EXIT
.venv/bin/mypy >"$types" 2>&1 &
mypy=$!
code=0
.venv/bin/python -m pytest -q -m quick -n "${TEST_PROCESSES:-$(nproc)}" --dist worksteal "$@" || code=$?
wait "$mypy" || code=$?
cat "$types"
exit "$code"
