"""A folder whose files change as one: every name in it leads through one link.

    DIRECTORY/www.example.com   -> ..data/www.example.com
    DIRECTORY/..data            -> ..cycle-exec-0123456789abcdef
    DIRECTORY/..cycle-exec-0123456789abcdef/www.example.com/privkey.pem

A new generation is made whole under a name of its own, then `..data` is replaced by one rename:
that is how Kubernetes updates the volume of a secret.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import (
    LIST,
    Attributes,
    close,
    create,
    read,
    removed,
    settle,
    sync,
)
from cycle_exec.system.targets.folders import make_folder
from cycle_exec.system.targets.leftovers import remove_tree
from cycle_exec.system.targets.swap import NO_LINK, Entry
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls, Folder

_AT_ONCE = 64  # descriptors held open


def standing(calls: Calls, folder: Folder, domain: bytes) -> str:
    """Return what is at a domain's name: "free", "ours" (a link into the generation) or "other"."""
    try:
        text = bytes(calls.readlink(domain, dir_fd=folder.descriptor))
    except FileNotFoundError:
        return "free"
    except OSError as error:
        if error.errno == errno.EINVAL:
            return "other"
        raise
    return "ours" if text == temporary_names.link_text(domain) else "other"


class Generation:
    """The next content of one directory, made beside the present one."""

    def __init__(self, calls: Calls, folder: Folder, path: str, old: bytes) -> None:
        self._calls = calls
        self._folder = folder
        self._old = old
        self._name = temporary_names.generation()
        self._links: list[bytes] = []
        self._unsettled: list[int] = []
        self.entry = Entry(path, folder, DATA, Attributes(0o777, -1, -1))
        self.entry.link = True

    def begin(self) -> bool:
        """Make the link that will be swapped in; whether the file system has links at all."""
        at = self._folder.descriptor
        self.entry.staged = temporary_names.temporary(DATA)
        try:
            self._calls.symlink(self._name, self.entry.staged, dir_fd=at)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise
            self.entry.staged = b""
            return False
        found = self._calls.stat(self.entry.staged, dir_fd=at, follow_symlinks=False)
        self.entry.inode = found.st_ino
        return True

    def path(self, write: FileWrite) -> str:
        """Where the content of a target is until the swap."""
        return decoded(posixpath.join(self._folder.path, self._name, inside(write)))

    def make(
        self, changed: Sequence[tuple[FileWrite, Attributes]], folder_attributes: Attributes
    ) -> None:
        """Write what is new, and carry over all else that the present generation has.

        folder_attributes: for folders that are new. Raises OSError, Refused.
        """
        wanted: dict[bytes, list[tuple[FileWrite, Attributes]]] = {}
        for write, attributes in changed:
            wanted.setdefault(encoded(write.domain), []).append((write, attributes))
        top = make_folder(self._calls, self._folder.descriptor, self._name, folder_attributes)
        try:
            if self._old:
                skip = frozenset(inside(write) for write, _ in changed)
                self._carry_over(self._folder.descriptor, self._old, top, b"", skip)
            for domain, files in wanted.items():
                self._write(top, domain, files, folder_attributes)
            self._settle()
            sync(self._calls, top)
        finally:
            for descriptor in (top, *self._unsettled):
                close(self._calls, descriptor)
            self._unsettled.clear()

    def link(self, domains: Iterable[bytes]) -> None:
        """Give each domain its name; it leads nowhere until the swap if it is new."""
        at = self._folder.descriptor
        for domain in domains:
            try:
                self._calls.stat(domain, dir_fd=at, follow_symlinks=False)
            except FileNotFoundError:
                self._links.append(domain)
                self._calls.symlink(temporary_names.link_text(domain), domain, dir_fd=at)

    def discard(self) -> None:
        """Remove all that was made; never raises OSError."""
        at = self._folder.descriptor
        for name in (*self._links, self.entry.staged, self.entry.backup):
            if name:
                removed(self._calls, at, name)
        remove_tree(self._calls, at, self._name)

    def finish(self) -> bool:
        """Remove the generation before; whether that worked."""
        return not self._old or remove_tree(self._calls, self._folder.descriptor, self._old)

    def _write(
        self,
        top: int,
        domain: bytes,
        files: Sequence[tuple[FileWrite, Attributes]],
        folder_attributes: Attributes,
    ) -> None:
        below = make_folder(self._calls, top, domain, folder_attributes)
        try:
            for write, attributes in files:
                name = encoded(write.member)
                content = write.content
                self._unsettled.append(
                    create(self._calls, below, name, content, attributes, write.path)
                )
            if len(self._unsettled) >= _AT_ONCE:
                self._settle()
            sync(self._calls, below)
        finally:
            close(self._calls, below)

    def _settle(self) -> None:
        while self._unsettled:
            settle(self._calls, self._unsettled.pop())

    def _carry_over(
        self, above: int, name: bytes, target: int, prefix: bytes, skip: frozenset[bytes]
    ) -> None:
        """Everything below a folder but `skip` gets a second name below the target."""
        calls = self._calls
        source = calls.open(name, LIST, dir_fd=above)
        try:
            for inner in calls.listdir(source):
                found = calls.stat(inner, dir_fd=source, follow_symlinks=False)
                path = prefix + inner
                if stat.S_ISDIR(found.st_mode):
                    below = make_folder(calls, target, inner, Attributes.of(found))
                    try:
                        self._carry_over(source, inner, below, path + b"/", skip)
                        sync(calls, below)
                    finally:
                        close(calls, below)
                elif stat.S_ISLNK(found.st_mode):
                    calls.symlink(calls.readlink(inner, dir_fd=source), inner, dir_fd=target)
                elif stat.S_ISREG(found.st_mode) and path not in skip:
                    self._second_name(source, inner, target, found)
        finally:
            close(calls, source)

    def _second_name(self, source: int, name: bytes, target: int, found: os.stat_result) -> None:
        calls = self._calls
        try:
            calls.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            content = read(calls, source, name)
            path = self.entry.path
            descriptor = create(calls, target, name, content, Attributes.of(found), path)
            settle(calls, descriptor)


def inside(write: FileWrite) -> bytes:
    """Return the file's path below its directory."""
    return encoded(f"{write.domain}/{write.member}")
