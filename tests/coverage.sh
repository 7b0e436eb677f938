#!/bin/sh
# Branch coverage of the pure packages by their own tests: all of it, or a reason in the line.
#   sh tests/coverage.sh [pytest arguments]      after tests/run.sh or tests/quick.sh has set up .venv
set -eu
cd "$(dirname "$0")/.."

mkdir -p .cache/coverage
# Chance must not decide what is reached. Random and exhaustive histories would take minutes when
# traced: plain examples have to do.
.venv/bin/coverage run -m pytest -q --hypothesis-seed=0 tests/planning tests/presentation \
    tests/resident tests/settings tests/sources tests/vpn --ignore tests/resident/test_simulation.py \
    --ignore tests/resident/test_exploration.py --ignore tests/planning/certificates/oracle "$@"
exec .venv/bin/coverage report
