#!/bin/sh
# A launch of this tree beside one of another commit, from a bare machine with Python 3.11 or newer:
#   sh tests/bench/compare.sh REVISION [--compiled] [--rounds N] [--most RATIO]
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

make_environment .cache/bench/tools
install_locked .cache/bench/tools emulator

exec .cache/bench/tools/bin/python -m tests.bench.compare "$@"
