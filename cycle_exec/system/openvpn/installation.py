"""What an installation of cycle-exec consists of, told from the place of its program: which
interpreter that starts, as .ci/stub/main.c finds it, and which code the interpreter loads.
"""

from __future__ import annotations

import os
import posixpath

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTE = b"cycle-exec-python"
_LOCAL, _SYSTEM = b"/usr/local/bin", b"/usr/bin"
_LARGEST = 4096

# How much of a part counts, beside the way to it.
ITSELF, FILES, ALL = range(3)


class Part(Record):
    """A file, or a folder and so much of it. It need not exist: it would be taken if it did."""

    path: bytes
    counts: int


def parts(program: bytes) -> Iterator[Part]:
    """Yield whatever decides what the program does."""
    binaries = posixpath.dirname(posixpath.realpath(program))
    root = posixpath.dirname(binaries)
    library = posixpath.join(root, b"lib")
    found = False
    for version in _names(library):
        is_python = version.startswith(b"python3")
        for packages in (b"site-packages", b"dist-packages") if is_python else (b"",):
            home = posixpath.join(library, version, packages)
            if not _has_package(home):
                continue
            found = True
            yield from _packages(home)
            if is_python:
                yield from _interpreter(binaries, version, packages == b"dist-packages")
            else:
                # The relocatable folder: its program is the interpreter.
                yield Part(path=posixpath.join(library, b"standard"), counts=FILES)
    if not found and _has_package(root):
        yield from _packages(root)
        yield from _interpreter(binaries, b"python3", False)


def _has_package(home: bytes) -> bool:
    return os.path.isdir(posixpath.join(home, b"cycle_exec"))


def _packages(home: bytes) -> Iterator[Part]:
    yield Part(path=home, counts=ITSELF)
    yield Part(path=posixpath.join(home, b"cycle_exec"), counts=ALL)


def _interpreter(binaries: bytes, version: bytes, debian: bool) -> Iterator[Part]:
    """Yield the candidates before the interpreter, too: somebody could put one there."""
    for path in _candidates(binaries, version, debian):
        yield Part(path=path, counts=ITSELF)
        if os.access(path, os.X_OK, effective_ids=True) and not path.endswith(_NOTE):
            yield from _standard_library(path, version)
            return


def _candidates(binaries: bytes, version: bytes, debian: bool) -> Iterator[bytes]:
    if debian:
        yield posixpath.join(_SYSTEM, version)
    yield posixpath.join(binaries, version)
    if os.path.exists(_settings(posixpath.join(binaries, version))):
        yield posixpath.join(binaries, b"python3")
        yield posixpath.join(binaries, b"python")
        return
    note = posixpath.join(binaries, _NOTE)
    yield note
    line = _beginning(note).split(b"\n")[0]
    if line.startswith(b"#!/"):
        yield posixpath.join(posixpath.dirname(line[2:]), version)
    yield posixpath.join(_LOCAL, version)
    yield posixpath.join(_SYSTEM, version)


def _standard_library(interpreter: bytes, version: bytes) -> Iterator[Part]:
    """As Modules/getpath.py finds it: by pyvenv.cfg, or else from the interpreter itself."""
    real = posixpath.realpath(interpreter)
    base = posixpath.dirname(posixpath.dirname(real))
    settings = _settings(interpreter)
    yield Part(path=settings, counts=ITSELF)
    for line in _beginning(settings).split(b"\n"):
        key, _, value = line.partition(b"=")
        if key.strip().lower() == b"home":
            base = posixpath.dirname(value.strip())
    name = posixpath.basename(real) if version == b"python3" else version
    for library in (b"lib", b"lib64"):
        folder = posixpath.join(base, library, name)
        if os.path.isdir(folder):
            yield Part(path=folder, counts=FILES)
            yield Part(path=posixpath.join(folder, b"lib-dynload"), counts=FILES)


def _settings(interpreter: bytes) -> bytes:
    return posixpath.join(posixpath.dirname(posixpath.dirname(interpreter)), b"pyvenv.cfg")


def _names(folder: bytes) -> list[bytes]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _beginning(path: bytes) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LARGEST)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
