#!/bin/sh
# Runs a command on a schedule, never two at once:
#   every.sh SECONDS COMMAND [ARG...]
# 3600 runs it every full hour (UTC), 86400 at midnight. Runs that are due while the command is still
# running are skipped. A failed run is reported, and the next run follows. TERM ends the script with
# the exit code of the last run.
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
    # cycle-exec --init forwards signals to the process group: the command gets TERM as well, and the
    # script waits for it.
    trap 'ending=yes' TERM INT
    "$@"
    code=$?
    [ "$code" -eq 0 ] || echo "every.sh: $1 ended with $code" >&2
    [ -z "$ending" ] || exit "$code"
done
