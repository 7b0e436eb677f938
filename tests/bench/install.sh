#!/bin/sh
# install.sh FOLDER: the wheel of this tree, installed as an image would have it, for measuring.
# PYTHON names the interpreter. Called by python -m tests.bench.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

make_environment "$1"
install_locked "$1" container
install_project "$1"
# pip compiles what it installs; this says so if it did not.
"$1/bin/python" -m compileall -q "$1/lib"
