#!/bin/sh
# Measures the relocatable folder beside what pip installs, from a bare Debian machine:
#   sh tests/bench/folder.sh [--rounds N] [--python PATH] [--check]
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

.ci/folder --allow-older dist
make_environment .cache/bench/tools
install_locked .cache/bench/tools emulator

exec .cache/bench/tools/bin/python -m tests.bench.folder dist/cycle-exec-folder "$@"
