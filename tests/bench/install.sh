#!/bin/sh
# install.sh FOLDER: the wheel of this tree, installed as an image would have it, for measuring.
# PYTHON names the interpreter. Called by python -m tests.bench.
set -eu
cd "$(dirname "$0")/../.."
. ./tests/environment.sh

make_environment "$1"
install_locked "$1" container
# The wheel for this processor, as an index offers it here, where there is a compiler for its program.
if has_programs cc; then
    export CYCLE_EXEC_STUB=native
fi
install_project "$1"
# What an earlier `cycle-exec compile` has left there is of an earlier tree.
find "$1/lib" -name 'cycle_exec.*.bundle' -delete
# pip compiles what it installs; this says so if it did not.
"$1/bin/python" -m compileall -q "$1/lib"
