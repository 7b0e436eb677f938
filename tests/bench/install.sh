#!/bin/sh
# install.sh FOLDER: the wheel of this tree, installed as an image would have it, for measuring.
# PYTHON names the interpreter. Called by python -m tests.bench.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

make_environment "$1"
install_into "$1" .
# Again, by itself: a changed source with an unchanged version is not skipped.
install_into "$1" --force-reinstall --no-deps .
# pip compiles what it installs; this says so if it did not.
"$1/bin/python" -m compileall -q "$1/lib"
