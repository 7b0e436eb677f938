"""Scoped variables of access kind file: one regular file for each, read as the platform left it.

A value ends in templates and files that root writes, so none is believed that somebody else could
have put there. On a file system that is mounted read-only, as the platform's, nobody could.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.sources.model import VariableFiles
from cycle_exec.system import files
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.targets.calls import LIST, Calls
from cycle_exec.system.targets.route import Route, Unsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.system.targets.calls import Folder

# Bytes of all together: with the answers of the API they have to stay below 100 MB in memory, where
# a byte that is no text takes two.
LIMIT = 8 * 1024 * 1024
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_EXPOSED = "others can change the directory"
_WRITABLE = "others can write it"


def read(directory: str) -> VariableFiles:
    """Return the value of each file of a directory, and why the others have none.

    Names that begin with a dot are no variables: Kubernetes keeps a volume's versions there, and
    its links lead there. Raises Unreadable where the directory cannot be read.
    """
    route = Route(Calls())
    try:
        folder = route.existing(encoded(directory))
    except Unsafe as unsafe:
        raise files.Unreadable(unsafe.reason) from None
    except OSError as error:
        raise files.Unreadable(files.words(error), absent=error.errno == errno.ENOENT) from None
    try:
        return _Reader(route, folder, encoded(directory)).read()
    except OSError as error:
        raise files.Unreadable(files.words(error)) from None
    finally:
        os.close(folder.descriptor)


class _Reader:
    """One look at the directory; every file is opened below it and judged by its descriptor."""

    def __init__(self, route: Route, folder: Folder, path: bytes) -> None:
        self._route = route
        self._path = path
        self._room = LIMIT
        self._descriptor = folder.descriptor
        self._is_private = route.is_private(folder) or (
            folder.settled and _is_read_only(folder.descriptor)
        )

    def read(self) -> VariableFiles:
        """Raise OSError where the directory cannot be listed."""
        listing = os.open(b".", LIST, dir_fd=self._descriptor)
        try:
            names = [name for name in sorted(os.listdir(listing)) if name[:1] != "."]
        finally:
            os.close(listing)
        values, unfit = {}, {}
        for raw in map(os.fsencode, names):
            name = decoded(raw)
            try:
                if not self._is_private:
                    raise files.Unreadable(_EXPOSED)
                content = self._content(raw)
                if content is not None:
                    values[name] = decoded(content)
            except files.Unreadable as error:
                unfit[name] = error.reason
            except OSError as error:
                unfit[name] = files.why(error)
        return VariableFiles(values=values, unfit=unfit)

    def _content(self, name: bytes) -> bytes | None:
        """Return what is in the file; None: it is gone since the directory was listed."""
        try:
            descriptor = os.open(name, _FLAGS, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            if error.errno != errno.ELOOP:
                raise
            descriptor = self._behind_link(name)
        try:
            found = os.fstat(descriptor)
            reason = files.irregular(found.st_mode) or self._doubt(descriptor, found)
            reason = reason or self._excess(found.st_size)
            if reason:
                raise files.Unreadable(reason)
            content = files.content(descriptor, LIMIT)
        finally:
            os.close(descriptor)
        reason = self._excess(len(content))
        if reason:
            raise files.Unreadable(reason)
        self._room -= len(content)
        return content

    def _excess(self, size: int) -> str:
        """Why a file is too large, before it is read and afterwards: it may grow, or lie."""
        if size > LIMIT:
            return f"it is larger than {LIMIT} bytes"
        return f"all together are larger than {LIMIT} bytes" if size > self._room else ""

    def _behind_link(self, name: bytes) -> int:
        """Open what a link leads to, if that is in the same directory; no step follows another."""
        top = posixpath.realpath(self._path)
        real = posixpath.realpath(posixpath.join(top, name))
        if not real.startswith(top.rstrip(b"/") + b"/"):
            raise files.Unreadable("it is a symbolic link that leads out of the directory")
        *folders, last = real[len(top) :].strip(b"/").split(b"/")
        here = os.dup(self._descriptor)
        try:
            for step in folders:
                below = os.open(step, LIST, dir_fd=here)
                os.close(here)
                here = below
                if self._doubt(here, os.fstat(here)):
                    raise files.Unreadable(_EXPOSED)
            return os.open(last, _FLAGS, dir_fd=here)
        finally:
            os.close(here)

    def _doubt(self, descriptor: int, found: os.stat_result) -> str:
        foreign = self._route.is_foreign(found.st_uid)
        if (foreign or found.st_mode & _OTHERS_WRITE) and not _is_read_only(descriptor):
            return _WRITABLE
        return ""


def _is_read_only(descriptor: int) -> bool:
    return bool(os.fstatvfs(descriptor).f_flag & os.ST_RDONLY)
