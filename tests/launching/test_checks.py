"""What becomes of a check that cannot go the first way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cycle_exec.errors import Problem
from cycle_exec.launching import apply
from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.system.checks import namespace
from cycle_exec.system.clock import Deadline
from cycle_exec.system.exec import lookup
from cycle_exec.system.init import commands


def run(folder: Path, *words: str) -> None:
    """Write a file with a check where no namespace can be made."""
    path = f"{folder}/page"
    write = FileWrite(path=path, content=b"new", mode=0o600, kind="template", check=words)
    plan = Plan(environ={"PATH": os.defpath}, sources={}, writes=(write,))
    apply.apply(plan, "/", Deadline.after(60))


@pytest.fixture(autouse=True)
def no_namespace(monkeypatch):
    """None can be made."""
    monkeypatch.setattr(namespace, "entering", lambda *_: None)


def test_a_directory_that_cannot_be_listed(tmp_path, monkeypatch, capfd):
    """It is named in the warning, as people know it."""
    listed = os.listdir

    def refuse(path: object = ".") -> list[bytes]:
        if path == os.fsencode(tmp_path.parent):
            raise PermissionError(errno.EACCES, "no", path)
        return listed(path)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(os, "listdir", refuse)
    run(tmp_path, "cat", "{{ staged }}")
    words = capfd.readouterr().err
    assert f"and for a mirror of {tmp_path.parent}: permission denied" in words


def test_a_shortage_is_no_reason_to_go_on(tmp_path, monkeypatch):
    """The start is refused, as anywhere else."""

    def none(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "no descriptors")

    monkeypatch.setattr(commands, "run", none)
    with pytest.raises(OSError, match="no descriptors"):
        run(tmp_path, "cat", "{{ staged }}")


def test_a_script_where_nothing_can_be_executed(tmp_path, monkeypatch, capfd):
    """Its copy in the mirror could not be started."""
    script = tmp_path / "check"
    script.write_text(f"#!/bin/sh\ncat {tmp_path}/page\n")
    script.chmod(0o755)
    found = lookup.find
    refused = Problem("command-not-executable", "check", "its file system is noexec")
    monkeypatch.setattr(
        lookup,
        "find",
        lambda command, path, cwd: refused if "/..cycle" in command else found(command, path, cwd),
    )
    run(tmp_path, str(script))
    assert "and a script cannot be executed in a mirror" in capfd.readouterr().err
