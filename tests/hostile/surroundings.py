"""Where a launch may find itself: what an image, a runtime or a careless parent does to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.hostile.playing import Playground
from tests.support import machine
from tests.support.hostile import Hostile
from tests.support.launching import SCRIPT

NOBODY = 65534
_POISON = "raise SystemExit('poisoned: c4n4ry')\n"
_MODULES = (
    "json re socket signal select ssl tomllib jinja2 click dotenv typing enum resource errno "
    "usercustomize"
)
_READ_ONLY = (
    'mount -o remount,ro,bind / && ! (: >/cycle-exec-was-here) 2>/dev/null && exec env -u PWD "$@"'
)


class Surrounding(NamedTuple):
    """What is different from a plain launch.

    before: done in the process that becomes cycle-exec. through: the words that start it. settle:
    done with the ground and the platform before. shared: the ground lies in memory, apart from
    the root file system. closed: there are no standard descriptors. root: only root can make it.
    """

    before: Callable[[], object] | None = None
    through: Callable[[], tuple[str, ...]] = lambda: (str(SCRIPT),)
    options: tuple[str, ...] = ()
    environ: Mapping[str, str] = MappingProxyType({})
    settle: Callable[[Playground, Hostile], object] = lambda ground, api: None
    shared: bool = False
    closed: bool = False
    root: bool = False


def _as_pid_1() -> tuple[str, ...]:
    machine.need_processes()
    return (*machine.PROCESSES, str(SCRIPT))


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
    "nobody as the user": Surrounding(
        through=_as_nobody, settle=_give_away, shared=True, root=True
    ),
}
