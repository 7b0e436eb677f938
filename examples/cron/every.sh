#!/bin/sh
# Runs a command again and again, by the clock, never two at once:
#   every.sh SECONDS COMMAND [ARG...]
# 3600 is on every full hour (UTC), 86400 at midnight. What falls due while the command still runs is
# left out. A failed run is said, and the next one comes. TERM ends it with the code of the last run.
set -u
if [ $# -lt 2 ] || ! [ "$1" -gt 0 ] 2>/dev/null; then
    sed -n '3s/^# *//p' "$0" >&2
    exit 64
fi
period=$1
shift

code=0 ending=
while :; do
    trap 'exit "$code"' TERM INT
    now=$(date +%s)
    sleep $((period - now % period))
    # cycle-exec --init passes signals on to all of us: the command gets its own TERM, and is waited
    # for.
    trap 'ending=yes' TERM INT
    "$@"
    code=$?
    [ "$code" -eq 0 ] || echo "every.sh: $1 ended with $code" >&2
    [ -z "$ending" ] || exit "$code"
done
