"""Finding the command as execvp(3) does, and telling beforehand why it could not be executed: by as
much of a script's #! line and of the ELF format as the kernel looks at.
"""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.record import Record
from cycle_exec.system import files
from cycle_exec.system.invocation import decoded, encoded

DEFAULT_PATH = "/bin:/usr/bin"
_HEAD = 256  # bytes of a file that the kernel looks at
_DEPTH = 5  # scripts interpreted by scripts, as many as the kernel follows
_LONGEST_NAME = 200

# Of a program that somebody has open for writing.
BUSY = "it is open for writing"
BUSY_FIX = "start it when it is written completely, or replace it by renaming"

MAGIC = b"\x7fELF"
_PROGRAM_TYPES = (2, 3)  # ET_EXEC, ET_DYN
_LOADER_SEGMENT = 3  # PT_INTERP
_LONGEST_LOADER = 4096
_MACHINES = {
    3: "32-bit x86",
    20: "32-bit PowerPC",
    21: "64-bit PowerPC",
    22: "s390x",
    40: "32-bit ARM",
    62: "x86-64 (amd64)",
    183: "64-bit ARM (arm64)",
    243: "RISC-V",
    258: "LoongArch",
}
# 64-bit kernels execute these too; whether one is built so cannot be seen from here.
_ALSO = {62: (3,), 183: (40,), 21: (20,)}


class Obstacle(Record):
    """Why a file cannot be executed. final: execvp would not look further along the path."""

    reason: str
    fix: str = ""
    final: bool = False

    def __init__(self, reason: str, fix: str = "", *, final: bool = False) -> None:
        super().__init__(reason=reason, fix=fix, final=final)


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
        reason = files.blame(posixpath.join(cwd, command)) or "there is no such file"
        return _not_found(command, reason)
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
    fix = "write the program and each argument as a word of its own" if " " in command else ""
    return Problem("command-not-found", _subject(command), reason, fix)


def _not_executable(command: str, obstacle: Obstacle) -> Problem:
    return Problem("command-not-executable", _subject(command), obstacle.reason, obstacle.fix)


def _subject(command: str) -> str:
    shown = command if len(command) <= _LONGEST_NAME else f"{command[:_LONGEST_NAME]}..."
    return f"command {shown}" if shown else "the command"


_NOTHING_THERE = Obstacle("")


def _obstacle(file: str, around: _Surroundings, depth: int) -> Obstacle | None:
    """Why this file cannot be executed; an empty reason: there is no such file."""
    raw = encoded(posixpath.join(around.cwd, file))
    try:
        mode = os.stat(raw).st_mode
    except PermissionError:
        return Obstacle(f"a directory in the path of {file} is not accessible to this user")
    except OSError:
        return _NOTHING_THERE
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        return Obstacle(f"{file} is {kind}", "give the path of the program")
    if not os.access(raw, os.X_OK, effective_ids=True):
        return _forbidden(file, raw, mode)
    return _unfit(file, raw, around, depth)


def _forbidden(file: str, raw: bytes, mode: int) -> Obstacle:
    if os.statvfs(raw).f_flag & os.ST_NOEXEC:
        return Obstacle(
            f"{file} is on a file system mounted noexec",
            "put the program elsewhere, or mount the volume without noexec",
        )
    return Obstacle(
        f"{file} is not executable for user {os.geteuid()} (mode {stat.S_IMODE(mode):04o})",
        f"chmod +x {file} in the image",
    )


def _unfit(file: str, raw: bytes, around: _Surroundings, depth: int) -> Obstacle | None:
    """Return what the kernel would find wrong with the content."""
    try:
        descriptor = os.open(raw, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        # Executable but not readable: that is allowed, and of the content nothing can be said.
        return _bounded(file, raw)
    try:
        head = os.pread(descriptor, _HEAD, 0)
        if head[:2] == b"#!":
            return _script(file, head, around, depth)
        if head[:4] == MAGIC:
            return _program(file, descriptor, around) or _bounded(file, raw)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if not head:
        return Obstacle(f"{file} is empty", "check how it is copied into the image", final=True)
    if other_formats():
        return None
    return Obstacle(
        f"{file} is neither a program nor a script with a #! line",
        "begin the script with #!/bin/sh, or start it with: sh FILE",
        final=True,
    )


def _program(file: str, descriptor: int, around: _Surroundings) -> Obstacle | None:
    found = program(descriptor)
    if found is None:
        return Obstacle(f"{file} is a damaged program", "build or copy it again", final=True)
    machine, loader = found
    if not _runs_here(machine):
        return Obstacle(
            f"{file} is built for {machine_name(machine)}, "
            f"this machine is {machine_name(own_machine())}",
            "build the image for this platform",
            final=True,
        )
    if loader and not os.path.exists(posixpath.join(encoded(around.cwd), loader)):
        return Obstacle(
            f"{file} needs the loader {decoded(loader)}, which is not in the image",
            "use a build for this image's C library (glibc and musl differ), or a static one",
        )
    return None


def _bounded(file: str, raw: bytes) -> Obstacle | None:
    """Why the kernel refuses a program with file capabilities: it insists on those that are to be
    effective at once, and outside the bounding set (or a mount with nosuid) they cannot be.
    """
    try:
        attribute = os.getxattr(raw, "security.capability")
    except OSError:
        return None
    from cycle_exec.system.exec import capabilities

    lacking = capabilities.lacking(attribute)
    if not lacking or os.statvfs(raw).f_flag & os.ST_NOSUID:
        return None
    return Obstacle(
        f"{file} has the file capabilities {', '.join(lacking)}, which this container lacks",
        f"add them to the container, or remove them from the file: setcap -r {file}",
        final=True,
    )


def _script(file: str, head: bytes, around: _Surroundings, depth: int) -> Obstacle | None:
    line, newline, _ = head[2:].partition(b"\n")
    if line.endswith(b"\r") and newline:
        return Obstacle(
            f"the #! line of {file} ends in a carriage return",
            f"use Unix line endings: sed -i 's/\\r$//' {file}",
        )
    words = interpreter(head)
    if not words:
        return Obstacle(
            f"the #! line of {file} has no interpreter",
            "begin the script with #!/bin/sh",
            final=True,
        )
    if depth >= _DEPTH:
        return Obstacle(
            f"the interpreters of {file} are scripts themselves, nested too deeply",
            "use a program in the #! line",
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


def interpreter(head: bytes) -> list[str]:
    """Return what the kernel executes for a script, given its beginning: the interpreter and its
    one argument, if it has one; nothing for what is no script.
    """
    if head[:2] != b"#!":
        return []
    line = head[2:_HEAD].split(b"\n")[0].split(b"\0")[0]
    words = decoded(line).replace("\t", " ").strip(" ").split(" ", 1)
    return [word for word in words if word]


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
        f"{file} needs {name}, which is not in PATH",
        f"install {name}, or add its directory to PATH",
    )


def program(descriptor: int) -> tuple[int, bytes] | None:
    """Return e_machine of an open ELF file, and the path of its dynamic loader, empty for a static
    program; None if it is damaged. Raises OSError.

    Offsets and sizes are those of elf(5), for both classes and both byte orders.
    """
    head = os.pread(descriptor, 64, 0)
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    wide = head[4] == 2
    little = head[5] == 1

    def number(data: bytes, offset: int, size: int) -> int:
        return int.from_bytes(data[offset : offset + size], "little" if little else "big")

    table, entry_size, count = (
        (number(head, 32, 8), number(head, 54, 2), number(head, 56, 2))
        if wide
        else (number(head, 28, 4), number(head, 42, 2), number(head, 44, 2))
    )
    if number(head, 16, 2) not in _PROGRAM_TYPES or entry_size != (56 if wide else 32):
        return None
    segments = os.pread(descriptor, entry_size * count, table) if table < 1 << 62 else b""
    if not count or len(segments) < entry_size * count:
        return None
    machine = number(head, 18, 2)
    for start in range(0, len(segments), entry_size):
        if number(segments, start, 4) == _LOADER_SEGMENT:
            offset = number(segments, start + (8 if wide else 4), 8 if wide else 4)
            size = number(segments, start + (32 if wide else 16), 8 if wide else 4)
            if not 2 <= size <= _LONGEST_LOADER or offset >= 1 << 62:
                return None
            path = os.pread(descriptor, size, offset)
            is_whole = len(path) == size and path[-1:] == b"\0"
            return (machine, path.partition(b"\0")[0]) if is_whole else None
    return machine, b""


def own_machine() -> int:
    """Return the e_machine of the interpreter that runs us; 0 if it cannot be read."""
    try:
        with open("/proc/self/exe", "rb", buffering=0) as file:
            head = file.read(20)
    except OSError:
        return 0
    if head[:4] != MAGIC or len(head) < 20:
        return 0
    return int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")


def _runs_here(machine: int) -> bool:
    """Return False only if the kernel certainly refuses programs of that machine."""
    own = own_machine()
    return not own or machine == own or machine in _ALSO.get(own, ()) or other_formats()


def machine_name(machine: int) -> str:
    """Return what people call a machine."""
    return _MACHINES.get(machine, f"machine type {machine}")


def other_formats() -> bool:
    """Whether the kernel was taught further formats (binfmt_misc: emulators, Java and the like)."""
    try:
        return bool(set(os.listdir("/proc/sys/fs/binfmt_misc")) - {"register", "status"})
    except OSError:
        return False
