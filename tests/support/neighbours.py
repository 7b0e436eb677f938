"""Processes of another user that work against a run in directories they own, at full speed."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

USER = 1234
_AT_FDCWD = -100
_EXCHANGE = 2
_libc = ctypes.CDLL(None, use_errno=True)


def exchange(one: str, other: str) -> bool:
    """Whether two names have changed places, in one step."""
    names = (os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return bool(_libc.renameat2(_AT_FDCWD, *names, _EXCHANGE) == 0)


def swap(one: str, other: str) -> Callable[[Path], None]:
    """Exchange two names for ever."""

    def step(home: Path) -> None:
        exchange(f"{home}/{one}", f"{home}/{other}")

    return step


def flicker(name: str, text: str) -> Callable[[Path], None]:
    """A name that is a link at one moment, a directory or nothing at the next."""

    def step(home: Path) -> None:
        path = f"{home}/{name}"
        _try(os.symlink, text, path)
        _try(os.unlink, path)
        _try(os.mkdir, path)
        _try(os.rename, path, f"{path}.aside")
        _try(os.rmdir, f"{path}.aside")

    return step


def trap(victim: str) -> Callable[[Path], None]:
    """Exchange whatever appears in the directory for a link to the victim, and put hard links and
    links in the place of files."""

    def step(home: Path) -> None:
        for name in os.listdir(home):
            if "cycle-exec" not in name and name != "made":
                continue
            path = f"{home}/{name}"
            _try(os.symlink, victim, f"{home}/trap")
            exchange(path, f"{home}/trap")
            _try(os.unlink, f"{home}/trap")

    return step


def decoy(victim: str) -> Callable[[Path], None]:
    """Exchange every new directory, and the target of the link `..data`, for one of root's."""

    def step(home: Path) -> None:
        for name in os.listdir(home):
            if name == "made" or name.startswith("..cycle-exec-"):
                exchange(f"{home}/{name}", f"{home}/{victim}")
                _try(os.symlink, victim, f"{home}/link")
                _try(os.rename, f"{home}/link", f"{home}/..data")

    return step


def _try(call: Callable[..., object], *words: object) -> None:
    try:
        call(*words)
    except OSError:
        pass


@contextmanager
def at_work(home: Path, steps: Sequence[Callable[[Path], None]]) -> Iterator[None]:
    """One process of the other user for each of the steps, until the block ends."""
    children = [_child(home, step) for step in steps]
    try:
        yield
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _child(home: Path, step: Callable[[Path], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        os.setresuid(USER, USER, USER)
        while True:
            try:
                step(home)
            except OSError:
                pass
    finally:
        os._exit(1)
