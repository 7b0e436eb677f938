"""The compiled form of a manifest: one file beside it, and whether it may be believed.

It is not only data: the programs of templates are code. Whoever can name a command in the manifest
could as well write code, so it is believed of root and of the manifest's owner, where that is us;
never if somebody else may write it, or put another file in its place. What it was made of stands
in it as a whole: comparing texts is exact, and takes less time than loading a digest.
"""

from __future__ import annotations

import errno
import marshal
import os
import stat
import sys

from cycle_exec.settings.model import COMPILED
from cycle_exec.system import files
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cycle_exec.settings.model import Stored

    # See Settings.compiled.
    Programs = Mapping[str, Stored | None]


_DIGEST = 8  # bytes


class Unusable(Exception):
    """There is a compiled form which is not used; `reason` says why, for people."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def path_of(manifest: str) -> str:
    """Return where the compiled form of a manifest is."""
    return manifest + COMPILED


def content(manifest: bytes, data: Any, programs: Any) -> bytes:
    """Return the content of the file.

    manifest: the text that `data` was made of. programs: see Programs.
    """
    made = marshal.dumps((manifest, data, programs))
    return _identity() + _digest(made) + made


def read(path: str, manifest: bytes) -> tuple[object, Programs] | None:
    """Return what the compiled form of a manifest has: its data and programs; None: there is none.

    manifest: the content of the file at this path. Raises Unusable.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(encoded(path_of(path)), flags)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return None
        raise Unusable(files.words(error)) from None
    try:
        found = os.fstat(descriptor)
        reason = _doubt(found, os.stat(encoded(path)).st_uid)
        reason = reason or _doubt_of_place(encoded(path_of(path)), found)
        if reason:
            raise Unusable(reason)
        whole = b""
        while part := os.read(descriptor, found.st_size + 1):
            whole += part
    except OSError as error:
        raise Unusable(files.words(error)) from None
    finally:
        os.close(descriptor)
    identity = _identity()
    if not whole.startswith(identity):
        raise Unusable("another version of cycle-exec, Python or Jinja2 has made it")
    begin = len(identity) + _DIGEST
    made = whole[begin:]
    if whole[len(identity) : begin] != _digest(made):
        raise Unusable("it is damaged")
    made_of, data, programs = marshal.loads(made)  # noqa: S302
    if made_of != manifest:
        raise Unusable("the manifest has changed since")
    return data, programs


def write(path: str, made: bytes) -> None:
    """Put the compiled form of the manifest of this path in its place; raise files.Unreadable.

    It gets the manifest's owner, where that is possible, and its mode, but for what lets others
    write.
    """
    place = encoded(path_of(path))
    part = place + b".part"
    try:
        model = os.stat(encoded(path))
        try:
            os.unlink(part)
        except FileNotFoundError:
            pass
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(part, flags, 0o600)
        try:
            if os.geteuid() == 0:
                os.fchown(descriptor, model.st_uid, model.st_gid)
            os.fchmod(descriptor, model.st_mode & 0o644 | 0o600)
            view = memoryview(made)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(part, place)
    except OSError as error:
        raise files.Unreadable(files.words(error)) from None


def _doubt(found: os.stat_result, owner: int) -> str:
    """Why a file is not believed; owner: of the manifest."""
    if not stat.S_ISREG(found.st_mode):
        return files.irregular(found.st_mode)
    if found.st_uid != 0 and not found.st_uid == owner == os.geteuid():
        return "it belongs neither to root nor to the manifest's owner, who starts cycle-exec"
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others than its owner may write it"
    if found.st_size > files.LIMIT:
        return f"it is larger than {files.LIMIT} bytes"
    return ""


def _doubt_of_place(path: bytes, found: os.stat_result) -> str:
    """Why a file may have been put there by somebody else, in whom its owner need have no part:
    whoever can change a directory can move there what root has written elsewhere.
    """
    folder = os.path.realpath(os.path.dirname(path) or b".")
    if not os.path.samestat(os.lstat(os.path.join(folder, os.path.basename(path))), found):
        return "it was exchanged while it was read"
    above = False
    while True:
        place = os.lstat(folder)
        sticks = above and place.st_mode & stat.S_ISVTX
        if place.st_uid not in (0, os.geteuid()) or (place.st_mode & 0o022 and not sticks):
            return f"others can change {decoded(folder)}"
        if folder == b"/":
            return ""
        folder, above = os.path.dirname(folder), True


def _digest(made: bytes) -> bytes:
    """Return what another content has not: code in which a bit has changed may do anything."""
    from _imp import source_hash  # that of Python's own compiled modules; nothing is loaded for it

    return source_hash(0, made)


def _identity() -> bytes:
    """Return a line that is another one where anything else could come out."""
    from _frozen_importlib_external import MAGIC_NUMBER

    python = f"{sys.implementation.cache_tag}-{MAGIC_NUMBER.hex()}"
    return f"cycle-exec {__version__} {python} {_jinja2()}\n".encode("utf-8", "surrogateescape")


def _jinja2() -> str:
    """Return where Jinja2 is and its version, without an import; empty: not in a folder."""
    for folder in sys.path:
        if folder and os.path.isfile(f"{folder}/jinja2/__init__.py"):
            names = os.listdir(folder)
            found = [name for name in names if name[:7].lower() == "jinja2-"]
            return f"{folder}/{','.join(sorted(found))}"
    return ""
