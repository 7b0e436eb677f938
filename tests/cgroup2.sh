#!/bin/sh
# The tests of a container's memory with control groups of version 2, on a machine that has version 1
# of them: in User-mode Linux (Debian: user-mode-linux), a kernel that runs as a process and has this
# machine's files, read-only.
#   sh tests/cgroup2.sh [TEST...]      after tests/run.sh or tests/quick.sh has set up .venv
set -eu
cd "$(dirname "$0")/.."

kernel=$(command -v "${UML:-linux.uml}") || {
    echo "linux.uml is not there: apt-get install user-mode-linux, or name it with UML=PATH" >&2
    exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/init" <<EOF
#!/bin/sh
export PATH=$PATH HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
for place in /tmp /run /dev/shm; do mkdir -p \$place; mount -t tmpfs tmp \$place; done
ip link set lo up
mount -t cgroup2 none /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
cd '$PWD'
.venv/bin/python -m pytest -q -p no:xdist -p no:cacheprovider ${*:-tests/blackbox/test_memory_limits.py}
echo "ended with \$?"
echo o >/proc/sysrq-trigger
sleep 60
EOF
chmod +x "$folder/init"
TMPDIR=$folder "$kernel" mem=1500M root=/dev/root rootfstype=hostfs rootflags=/ ro \
    init="$folder/init" con=null con0=null,fd:1 ssl=null quiet </dev/null | tee "$folder/said"
grep -q '^ended with 0' "$folder/said"
