#!/bin/sh
# Runs the benchmarks, from a bare machine with Python 3.11 or newer:
#   sh tests/bench/run.sh [--check] [--quick] [--rounds N] [--latency MS]... [--json]
# As root on a Debian it installs curl, jq, envsubst and Go where they are missing.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

if ! has_programs curl jq envsubst go && ! install_packages curl jq gettext-base golang-go; then
    echo "without curl, jq, envsubst and go there is nothing to compare with" >&2
fi

make_environment .cache/bench/tools
install_locked .cache/bench/tools emulator

exec .cache/bench/tools/bin/python -m tests.bench "$@"
