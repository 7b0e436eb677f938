"""Finding the command as execvp(3) does, and telling beforehand why it could not be executed."""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.record import Record
from cycle_exec.system.exec import elf
from cycle_exec.system.invocation import decoded, encoded

DEFAULT_PATH = "/bin:/usr/bin"
_HEAD = 256  # bytes of a file that the kernel looks at
_DEPTH = 5  # scripts interpreted by scripts, as many as the kernel follows
_LONGEST_NAME = 200


class Obstacle(Record):
    """Why a file cannot be executed. final: execvp would not look further along the path."""

    reason: str
    fix: str = ""
    final: bool = False


class _Surroundings(Record):
    """Where relative names start, and the folders of PATH."""

    cwd: str
    folders: list[str]


def find(command: str, path: str | None, cwd: str) -> str | Problem:
    """Return the file to execute, as execvp would choose it in `cwd` with that PATH (None: not
    set).

    A word with a slash is taken as it is. A relative result holds from `cwd` only. The Problem's
    kind is command-not-found (127) or command-not-executable (126).
    """
    folders = (DEFAULT_PATH if path is None else path).split(":")
    around = _Surroundings(cwd=cwd, folders=folders)
    if not command or "\0" in command:
        return _not_found(command, "it is empty" if not command else "it has a NUL byte")
    if "/" in command:
        obstacle = _obstacle(command, around, 0)
        if obstacle is None:
            return command
        if obstacle.reason:
            return _not_executable(command, obstacle)
        return _not_found(command, "there is no such file")
    return _along_path(command, around)


def _along_path(command: str, around: _Surroundings) -> str | Problem:
    first: Obstacle | None = None
    for folder in around.folders:
        candidate = f"{folder}/{command}" if folder else command
        obstacle = _obstacle(candidate, around, 0)
        if obstacle is None:
            return candidate
        if obstacle.reason and first is None:
            first = obstacle
        if obstacle.final:
            break
    if first is not None:
        return _not_executable(command, first)
    count = len(around.folders)
    where = "the only directory" if count == 1 else f"any of the {count} directories"
    return _not_found(command, f"it is not in {where} of PATH")


def _not_found(command: str, reason: str) -> Problem:
    return Problem("command-not-found", _subject(command), reason)


def _not_executable(command: str, obstacle: Obstacle) -> Problem:
    return Problem("command-not-executable", _subject(command), obstacle.reason, obstacle.fix)


def _subject(command: str) -> str:
    shown = command if len(command) <= _LONGEST_NAME else f"{command[:_LONGEST_NAME]}..."
    return f"command {shown}" if shown else "the command"


_NOTHING_THERE = Obstacle(reason="")


def _obstacle(file: str, around: _Surroundings, depth: int) -> Obstacle | None:
    """Why this file cannot be executed; an empty reason: there is no such file."""
    raw = encoded(posixpath.join(around.cwd, file))
    try:
        mode = os.stat(raw).st_mode
    except PermissionError:
        return Obstacle(reason=f"a directory in the path of {file} is not accessible to this user")
    except OSError:
        return _NOTHING_THERE
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        return Obstacle(reason=f"{file} is {kind}", fix="give the path of the program")
    if not os.access(raw, os.X_OK, effective_ids=True):
        return _forbidden(file, raw, mode)
    return _unfit(file, raw, around, depth)


def _forbidden(file: str, raw: bytes, mode: int) -> Obstacle:
    if os.statvfs(raw).f_flag & os.ST_NOEXEC:
        return Obstacle(
            reason=f"{file} is on a file system mounted noexec",
            fix="put the program elsewhere, or mount the volume without noexec",
        )
    return Obstacle(
        reason=f"{file} is not executable for user {os.geteuid()} (mode {stat.S_IMODE(mode):04o})",
        fix=f"chmod +x {file} in the image",
    )


def _unfit(file: str, raw: bytes, around: _Surroundings, depth: int) -> Obstacle | None:
    """Return what the kernel would find wrong with the content."""
    try:
        descriptor = os.open(raw, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None  # executable but not readable: that is allowed, and nothing can be said
    try:
        head = os.pread(descriptor, _HEAD, 0)
        if head[:2] == b"#!":
            return _script(file, head, around, depth)
        if head[:4] == elf.MAGIC:
            return _program(file, descriptor, around)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if not head:
        return Obstacle(
            reason=f"{file} is empty", fix="check how it is copied into the image", final=True
        )
    if elf.other_formats():
        return None
    return Obstacle(
        reason=f"{file} is neither a program nor a script with a #! line",
        fix="begin the script with #!/bin/sh, or start it with: sh FILE",
        final=True,
    )


def _program(file: str, descriptor: int, around: _Surroundings) -> Obstacle | None:
    found = elf.read(descriptor)
    if found is None:
        return Obstacle(
            reason=f"{file} is a damaged program", fix="build or copy it again", final=True
        )
    if not elf.runs_here(found.machine):
        return Obstacle(
            reason=f"{file} is built for {elf.machine_name(found.machine)}, "
            f"this machine is {elf.machine_name(elf.own_machine())}",
            fix="build the image for this platform",
            final=True,
        )
    if found.loader and not os.path.exists(posixpath.join(encoded(around.cwd), found.loader)):
        return Obstacle(
            reason=f"{file} needs the loader {decoded(found.loader)}, which is not in the image",
            fix="use a build for this image's C library (glibc and musl differ), or a static one",
        )
    return None


def _script(file: str, head: bytes, around: _Surroundings, depth: int) -> Obstacle | None:
    line, newline, _ = head[2:].partition(b"\n")
    if line.endswith(b"\r") and newline:
        return Obstacle(
            reason=f"the #! line of {file} ends in a carriage return",
            fix=f"use Unix line endings: sed -i 's/\\r$//' {file}",
        )
    stripped = decoded(line.split(b"\0")[0]).replace("\t", " ").strip(" ")
    words = [word for word in stripped.split(" ", 1) if word]
    if not words:
        return Obstacle(
            reason=f"the #! line of {file} has no interpreter",
            fix="begin the script with #!/bin/sh",
            final=True,
        )
    if depth >= _DEPTH:
        return Obstacle(
            reason=f"the interpreters of {file} are scripts themselves, nested too deeply",
            fix="use a program in the #! line",
            final=True,
        )
    obstacle = _obstacle(words[0], around, depth + 1)
    if obstacle is None:
        return _by_env(file, words, around)
    cause = f": {obstacle.reason}" if obstacle.reason else ", which is not in the image"
    return obstacle.replace(
        reason=f"{file} needs {words[0]}{cause}",
        fix=obstacle.fix or "install the interpreter, or correct the #! line",
    )


def _by_env(file: str, words: list[str], around: _Surroundings) -> Obstacle | None:
    """For `#!/usr/bin/env NAME`, whether NAME is on the path; with options nothing is judged."""
    if posixpath.basename(words[0]) != "env" or len(words) < 2:
        return None
    name = words[1]
    if name.startswith("-") or "=" in name or " " in name or "/" in name:
        return None
    for folder in around.folders:
        raw = encoded(posixpath.join(around.cwd, folder, name))
        if os.access(raw, os.X_OK, effective_ids=True) and not os.path.isdir(raw):
            return None
    return Obstacle(
        reason=f"{file} needs {name}, which is not in PATH",
        fix=f"install {name}, or add its directory to PATH",
    )
