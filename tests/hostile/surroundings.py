"""Where a launch may find itself: what an image, a runtime or a careless parent does to it."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.hostile.playing import Playground
from tests.support import machine, seccomp, unread
from tests.support.hostile import Hostile
from tests.support.launching import SCRIPT
from tests.support.stub import compiled, installed

NOBODY = 65534
_POISON = "raise SystemExit('poisoned: c4n4ry')\n"
_MODULES = (
    "json re socket signal select ssl tomllib jinja2 click dotenv typing enum resource errno "
    "usercustomize"
)
# What a Python runs before any script, where an image lets it.
_INJECTED = "sitecustomize encodings os re"
_SANDBOX = "prctl prlimit64 setrlimit memfd_create flock close_range pidfd_open".split()
_CONFIGURATION = """
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[providers]
legacy = on
[on]
activate = 1
[algorithms]
default_properties = fips=yes
"""
_READ_ONLY = (
    'mount -o remount,ro,bind / && ! (: >/cycle-exec-was-here) 2>/dev/null && exec env -u PWD "$@"'
)


class Surrounding(NamedTuple):
    """What is different from a plain launch.

    before: done in the process that becomes cycle-exec. through: the words that start it. settle:
    done with the ground and the platform before. shared: the ground lies in memory, apart from
    the root file system. closed: there are no standard descriptors. unheard: nobody reads standard
    error. root: only root can make it.
    """

    before: Callable[[], object] | None = None
    through: Callable[[], tuple[str, ...]] = lambda: (str(SCRIPT),)
    options: tuple[str, ...] = ()
    environ: Mapping[str, str] = MappingProxyType({})
    settle: Callable[[Playground, Hostile], object] = lambda ground, api: None
    shared: bool = False
    closed: bool = False
    unheard: bool = False
    root: bool = False


def _as_pid_1() -> tuple[str, ...]:
    machine.need_processes()
    return (*machine.PROCESSES, str(SCRIPT))


@cache
def _program() -> str:
    """bin/cycle-exec of the wheel for this processor, beside the packages of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="cx-program-"))
    return str(installed(folder / "venv", compiled(folder)))


def _by_the_program() -> tuple[str, ...]:
    return (_program(),)


def _as_pid_1_by_the_program() -> tuple[str, ...]:
    machine.need_processes()
    return (*machine.PROCESSES, _program())


def _below_a_read_only_root() -> tuple[str, ...]:
    machine.need_mounts()
    return (*machine.MOUNTS, "sh", "-c", _READ_ONLY, "sh", str(SCRIPT))


def _isolated() -> tuple[str, ...]:
    return (sys.executable, "-I", "-m", "cycle_exec")


def _as_nobody() -> tuple[str, ...]:
    """nobody, without any privilege but to read the interpreter, where that lies below /root."""
    words = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    if not all(map(_is_open, (SCRIPT, Path(sys.executable).resolve()))):
        words += ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    return (machine.program("setpriv"), *words, str(SCRIPT))


def _is_open(path: Path) -> bool:
    """Whether everybody can come to it."""
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _close_all() -> None:
    for descriptor in (0, 1, 2):
        os.close(descriptor)


def _ignore_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with suppress(OSError):  # of those that a C library keeps to itself
            signal.signal(number, signal.SIG_IGN)


@cache
def _unread() -> int:
    """Return a pipe that is full, whose reader is this process and never reads."""
    _, writing = os.pipe()
    return unread.fill(writing)


def _lock_everything(ground: Playground, _: Hostile) -> None:
    """Hold a lock on every folder and file that a launch may come to, as anybody can who may read
    them; until the next ground is made.
    """
    while _LOCKS:
        os.close(_LOCKS.pop())
    for here, _folders, files in os.walk(ground.folder):
        for path in (here, *(os.path.join(here, name) for name in files)):
            _LOCKS.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            fcntl.flock(_LOCKS[-1], fcntl.LOCK_EX)


_LOCKS: list[int] = []


def _inject(ground: Playground, api: Hostile) -> None:
    """As agents do it that watch over an app, and worse."""
    _poison(ground, api)
    for name in _INJECTED.split():
        (ground.inputs / "poison" / f"{name}.py").write_text(_POISON)
    ground.always = {**ground.always, "PYTHONHOME": str(ground.inputs / "poison")}


def _configure_openssl(ground: Playground, _: Hostile) -> None:
    file = ground.inputs / "openssl.cnf"
    file.write_text(_CONFIGURATION)
    ground.always = {
        **ground.always,
        "OPENSSL_CONF": str(file),
        "OPENSSL_MODULES": str(ground.inputs),
        "OPENSSL_ENGINES": str(ground.inputs),
    }


def _poison(ground: Playground, _: Hostile) -> None:
    folder = ground.inputs / "poison"
    folder.mkdir()
    for name in _MODULES.split():
        (folder / f"{name}.py").write_text(_POISON)
        (ground.inputs / f"{name}.py").write_text(_POISON)
    ground.always = {
        **ground.always,
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "json.py"),
        "PYTHONUSERBASE": str(folder),
    }


def _give_away(ground: Playground, api: Hostile) -> None:
    """What is nobody's for the time being, and what nobody may use."""
    for here, folders, _ in os.walk(ground.inputs.parent):
        for each in (here, *(os.path.join(here, name) for name in folders)):
            os.chown(each, NOBODY, NOBODY)
            os.chmod(each, 0o755)
    Path(api.socket).parent.chmod(0o755)
    if os.path.exists(api.socket):
        os.chmod(api.socket, 0o666)


SURROUNDINGS = {
    "PID 1": Surrounding(through=_as_pid_1, root=True),
    "PID 1 in init mode": Surrounding(through=_as_pid_1, options=("--init",), root=True),
    "init mode below somebody": Surrounding(options=("--init",)),
    "a read-only root": Surrounding(through=_below_a_read_only_root, shared=True, root=True),
    "umask 000": Surrounding(before=lambda: os.umask(0)),
    "umask 777": Surrounding(before=lambda: os.umask(0o777)),
    "closed descriptors": Surrounding(before=_close_all, closed=True),
    "the C locale": Surrounding(environ={"LC_ALL": "C", "LANG": "C"}),
    "poisoned Python": Surrounding(
        settle=_poison,
        environ={
            "PYTHONWARNINGS": "error",
            "PYTHONINSPECT": "1",
            "PYTHONOPTIMIZE": "2",
            "PYTHONDEVMODE": "1",
            "PYTHONMALLOC": "debug",
            "PYTHONHASHSEED": "0",
            "PYTHONIOENCODING": "utf-16",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONPYCACHEPREFIX": "/nowhere",
            "PYTHONINTMAXSTRDIGITS": "0",
            "PYTHONBREAKPOINT": "os.abort",
        },
    ),
    "a broken Python": Surrounding(
        through=_isolated,
        settle=_poison,
        environ={
            "PYTHONHOME": "/nonexistent",
            "PYTHONVERBOSE": "2",
            "PYTHONPROFILEIMPORTTIME": "1",
            "PYTHONPLATLIBDIR": "/nonexistent",
        },
    ),
    "the program of a wheel, among injectors": Surrounding(
        through=_by_the_program,
        settle=_inject,
        environ={
            "PYTHONEXECUTABLE": "/nowhere/bin/python3",
            "PYTHONVERBOSE": "2",
            "PYTHONINSPECT": "1",
        },
    ),
    "PID 1 by the program of a wheel": Surrounding(through=_as_pid_1_by_the_program, root=True),
    "an openssl.cnf of the image": Surrounding(settle=_configure_openssl),
    "a sandbox that refuses much": Surrounding(before=seccomp.with_refusal(*_SANDBOX)),
    "few descriptors": Surrounding(
        before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    ),
    "every signal ignored": Surrounding(before=_ignore_signals),
    "every signal blocked": Surrounding(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ),
    "locks of others": Surrounding(settle=_lock_everything),
    "a standard error that nobody reads": Surrounding(
        before=lambda: os.dup2(_unread(), 2), unheard=True
    ),
    "nobody as the user": Surrounding(
        through=_as_nobody, settle=_give_away, shared=True, root=True
    ),
}
