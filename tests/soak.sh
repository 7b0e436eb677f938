#!/bin/sh
# Reload mode for a long time, with real processes: random changes, renewals, outages, signals, and
# killed watchers; after each of them the app and its files are those of the platform.
#   sh tests/soak.sh [--minutes N] [--seed S]      after tests/run.sh or tests/quick.sh has set up .venv
#   sh tests/soak.sh --changes N                   nothing but changes: what the processes grow by
set -eu
cd "$(dirname "$0")/.."

exec .venv/bin/python -m tests.reload.soak "$@"
