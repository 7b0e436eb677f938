#!/bin/sh
# Branch coverage of the pure packages by their own tests: 100 %, or a reason in the line.
#   sh tests/coverage.sh [pytest arguments]      after tests/run.sh or tests/quick.sh has set up .venv
set -eu
cd "$(dirname "$0")/.."

mkdir -p .cache/coverage
.venv/bin/coverage run -m pytest -q tests/planning tests/presentation tests/resident tests/settings \
    tests/sources tests/vpn "$@"
exec .venv/bin/coverage report
