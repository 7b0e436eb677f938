#!/bin/sh
# Measures what stays beside an app: init mode beside other inits, and a reload's time.
#   sh tests/bench/resident.sh [--rounds N]
# As root on a Debian it installs tini, dumb-init and catatonit where they are missing.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

has_programs unshare tini dumb-init catatonit ||
    install_packages util-linux tini dumb-init catatonit
make_environment .cache/bench/resident
install_locked .cache/bench/resident emulator container-reload
install_project .cache/bench/resident
.cache/bench/resident/bin/python -m compileall -q .cache/bench/resident/lib

exec .cache/bench/resident/bin/python -m tests.bench.resident "$@"
