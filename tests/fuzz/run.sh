#!/bin/sh
# Fuzzes every target, guided by coverage, from a bare machine with Python 3.11, 3.12 or 3.13:
#   sh tests/fuzz/run.sh [SECONDS [NAME...]]
# Ends with 1 where an input broke a property. SECONDS are for each target, 600 unless given.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

make_environment .cache/fuzz/tools
install_locked .cache/fuzz/tools fuzz
install_project .cache/fuzz/tools

seconds=${1:-600}
[ $# = 0 ] || shift
exec .cache/fuzz/tools/bin/python -m tests.fuzz --seconds "$seconds" "$@"
