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

# make_environment FOLDER: a virtual environment with pip, made once.
make_environment() {
    if suitable "$1/bin/python" && "$1/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python) || exit 1
    rm -rf "$1"
    if ! "$python" -m venv "$1" >/dev/null 2>&1; then
        rm -rf "$1"
        # Debian keeps ensurepip in a package of its own.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq >/dev/null
            apt-get install -y -qq python3-venv >/dev/null
            python=/usr/bin/python3
        fi
        "$python" -m venv "$1"
    fi
    # Scripts made by pip before 25.2 import re, which costs time and obeys PYTHONPATH.
    install_into "$1" --upgrade 'pip>=25.2'
}

# install_into FOLDER WORDS...: pip install WORDS, quiet unless it fails.
install_into() {
    folder=$1
    shift
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# has_programs NAMES...: whether all of them are in the PATH.
has_programs() {
    for program in "$@"; do
        command -v "$program" >/dev/null || return 1
    done
}

# install_packages NAMES...: Debian packages, as root on a machine that has apt.
install_packages() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "these packages are needed: $*" >&2
        return 1
    fi
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}
