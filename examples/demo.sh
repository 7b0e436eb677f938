#!/bin/sh
# A complete launch, against the built-in emulator of the platform's internal API:
#   sh examples/demo.sh
# Creates its own virtual environment; needs only Python 3.11 or newer, which root on Debian need not
# have.
set -eu
cd "$(dirname "$0")/.."
. ./tests/environment.sh

make_environment .cache/demo
install_locked .cache/demo emulator
install_project .cache/demo
PATH="$PWD/.cache/demo/bin:$PATH"

work=$(mktemp -d)
: >"$work/log"  # the loop below may read it before the emulator has begun
cycle-exec emulator --socket "$work/api.sock" --state examples/demo/state.toml 2>"$work/log" &
emulator=$!
trap 'kill $emulator 2>/dev/null || :; wait $emulator || :; rm -rf "$work"' EXIT
tries=0
until authority=$(sed -n 's/.*CA certificate //p' "$work/log") && [ -n "$authority" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 $emulator; then
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.1
done

export CYCLE_API_TOKEN=demo-token
export CYCLE_EXEC_SOCKET="$work/api.sock"
export CYCLE_EXEC_MANIFEST=examples/demo/cycle-exec.toml
export CYCLE_EXEC_TEMPLATE="examples/demo/app.conf.j2:$work/app.conf"
export CYCLE_EXEC_CERTIFICATES="$work/certificates"

echo "--- cycle-exec plan: what a launch would do, without values"
cycle-exec plan -- python examples/demo/app.py "$work/app.conf" "$authority"
echo
echo "--- cycle-exec -- app: the launch; the app takes over"
cycle-exec -- python examples/demo/app.py "$work/app.conf" "$authority"
