"""What tests need of the machine they run on, asked in one place.

A program can be installed, so a test that lacks one says how. It is skipped on a developer's
machine and fails where CI is set, for there nobody reads what was skipped. Pseudo-terminals and
namespaces belong to the machine: where it has none, tests of them are skipped everywhere.
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

# Debian keeps servers out of an ordinary user's PATH, and PostgreSQL's programs out of everybody's.
PLACES = (*os.defpath.split(":"), "/usr/local/bin", "/usr/sbin", "/sbin")
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), Path("/none"))
# Debian's name of the package, where it is not the program's.
_PACKAGES = {
    "envsubst": "gettext-base",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "gcc": "gcc",
    "go": "golang-go",
    "initdb": "postgresql",
    "java": "default-jdk-headless",
    "javac": "default-jdk-headless",
    "keytool": "default-jdk-headless",
    "nginx": "nginx-light",
    "node": "nodejs",
    "nsenter": "util-linux",
    "postgres": "postgresql",
    "prlimit": "util-linux",
    "psql": "postgresql",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "qemu-aarch64": "qemu-user-static",
    "qemu-x86_64": "qemu-user-static",
    "setcap": "libcap2-bin",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "x86_64-linux-gnu-gcc": "gcc-x86-64-linux-gnu",
}
# As root the kernel's checks are the same without a user namespace.
_AS_USER = () if os.geteuid() == 0 else ("--user", "--map-root-user")
MOUNTS = ("unshare", "--mount", *_AS_USER)
# A program that is PID 1, with a /proc that shows its namespace.
PROCESSES = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *_AS_USER)


def find(name: str) -> str | None:
    """Return the path of a program, wherever it is; None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path=":".join([*PLACES, str(POSTGRES)]))


def program(name: str) -> str:
    """Return the path of a program; end the test where it is not installed."""
    return find(name) or missing(name)


def package(name: str) -> str:
    """Return what apt-get installs a program with."""
    return _PACKAGES.get(name, name)


def missing(*names: str) -> NoReturn:
    """End the test that lacks these programs: skip it, or fail it where CI is set."""
    wanted = " ".join(dict.fromkeys(package(name) for name in names))
    verb = "is" if len(names) == 1 else "are"
    words = (
        f"{', '.join(names)} {verb} not installed: `sh tests/run.sh` installs what the tests need, "
        f"or apt-get install {wanted}"
    )
    if on_ci():
        pytest.fail(words, pytrace=False)
    pytest.skip(words)


def on_ci() -> bool:
    """Whether this is a run whose skips nobody reads."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def terminal() -> tuple[int, int]:
    """Open a pseudo-terminal: the keyboard's end and the program's. Skip where there is none."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal can be opened here: {error.strerror or error}")


def need_mounts() -> None:
    """Skip where no program can be given mounts of its own."""
    if reason := _refusal(MOUNTS):
        pytest.skip(f"no mount namespace can be made here: {reason}")


def need_processes() -> None:
    """Skip where no program can be PID 1, with a /proc of its own."""
    if reason := _refusal(PROCESSES):
        pytest.skip(f"no PID namespace with its own /proc can be made here: {reason}")


def need_raised_limits() -> None:
    """Skip where root may not raise a limit: in containers without the capability SYS_RESOURCE."""
    if reason := _refusal(("prlimit", "--core=0:0", "prlimit", "--core=0:1")):
        pytest.skip(f"no hard limit can be raised here: {reason}")


@cache
def _refusal(words: tuple[str, ...]) -> str:
    program(words[0])
    done = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"it ended with {done.returncode}"
