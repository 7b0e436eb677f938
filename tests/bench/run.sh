#!/bin/sh
# Runs the benchmarks, from a bare machine with Python 3.11 or newer:
#   sh tests/bench/run.sh [--check] [--quick] [--rounds N] [--latency MS]... [--json]
# As root on a Debian it installs curl, jq, envsubst and Go where they are missing.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

has_tools() {
    command -v curl && command -v jq && command -v envsubst && command -v go
}
if ! has_tools >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq >/dev/null
        apt-get install -y -qq --no-install-recommends curl jq gettext-base golang-go >/dev/null
    else
        echo "without curl, jq, envsubst and go there is nothing to compare with" >&2
    fi
fi

make_environment .cache/bench/tools
install_into .cache/bench/tools 'cryptography>=43'

exec .cache/bench/tools/bin/python -m tests.bench "$@"
