#!/bin/sh
# The job: it needs a password, and reports when it ran. REPORT_RESULT is its exit code.
set -eu
echo "report at $(date -u +%H:%M:%S): password of ${#REPORT_PASSWORD} characters"
exit "${REPORT_RESULT:-0}"
