# shellcheck shell=sh
# Read by the shell scripts of this project: a Python of 3.11 or newer and a virtual environment.

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && suitable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python3" >&2
    return 1
}

# make_environment FOLDER: a virtual environment with what installs and builds, as it is locked.
make_environment() {
    if ! { suitable "$1/bin/python" && "$1/bin/python" -m pip --version >/dev/null 2>&1; }; then
        make_empty_environment "$1"
    fi
    install_locked "$1" build
}

# make_empty_environment FOLDER: a virtual environment with the pip that Python brings. On a machine
# without a Python, or without a whole one, root installs Debian's.
make_empty_environment() {
    if ! python=$(find_python 2>/dev/null); then
        install_packages python3 python3-venv || exit 1
        python=$(find_python) || exit 1
    fi
    rm -rf "$1"
    if ! "$python" -m venv "$1" >/dev/null 2>&1; then
        rm -rf "$1"
        # Debian keeps ensurepip in a package of its own.
        install_packages python3 python3-venv && python=/usr/bin/python3
        "$python" -m venv "$1"
    fi
}

# install_into FOLDER WORDS...: pip install WORDS, quiet unless it fails.
install_into() {
    folder=$1
    shift
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# install_locked FOLDER NAMES...: what the locks of these names hold, and nothing else.
install_locked() {
    environment=$1
    shift
    for name in "$@"; do
        install_into "$environment" --require-hashes -r ".ci/requirements/$name.txt"
    done
}

# install_project FOLDER: the wheel of this tree, made anew by the locked builder: a changed source
# with an unchanged version is not skipped.
install_project() {
    install_into "$1" --no-build-isolation --no-deps --force-reinstall .
}

# has_programs NAMES...: whether all of them are in the PATH.
has_programs() {
    for program in "$@"; do
        command -v "$program" >/dev/null || return 1
    done
}

# install_packages NAMES...: Debian packages, as root on a machine that has apt. No service of theirs
# is started.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "these packages are needed: $*" >&2
        return 1
    fi
    apt-get update -qq >/dev/null
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    code=0
    said=$(DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 2>&1) ||
        code=$?
    [ -z "$policy" ] || rm -f "$policy"
    [ "$code" = 0 ] || echo "$said" >&2
    return "$code"
}

# run_tests FOLDER [pytest arguments]: pytest in this environment, on several processes. What failed
# is run once more, alone, as CPython's own runner does: a machine that is busy with something else
# lets an app start after the deadline that its test sets. What fails again fails the run, and more
# than a few are no accident.
run_tests() {
    python=$1/bin/python
    shift
    code=0
    "$python" -m pytest -n "${TEST_PROCESSES:-6}" --dist worksteal "$@" || code=$?
    if [ "$code" != 1 ]; then
        return "$code"
    fi
    failed=$("$python" -c 'import json; print(len(json.load(open(".pytest_cache/v/cache/lastfailed"))))')
    if [ "$failed" -gt 10 ]; then
        return 1
    fi
    echo "FAILED BESIDE OTHERS: $failed, now run again, alone" >&2
    "$python" -m pytest "$@" -n 0 --last-failed --last-failed-no-failures none
}
