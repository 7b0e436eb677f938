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

from cycle_exec.system import own_names, writing
from cycle_exec.system.folders import LIST, make_folder
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.own_names import DATA
from cycle_exec.system.swap import NO_LINK, Entry
from cycle_exec.system.writing import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.folders import Calls, Folder

_AT_ONCE = 64  # descriptors held open


def domain_of(write: FileWrite) -> bytes:
    """The name below the directory that the file lies under."""
    return posixpath.basename(posixpath.dirname(encoded(write.path)))


def current(calls: Calls, folder: Folder) -> bytes | None:
    """The generation that counts; empty if there is none yet, None if `..data` is not ours."""
    try:
        text = bytes(calls.readlink(DATA, dir_fd=folder.descriptor))
    except FileNotFoundError:
        return b""
    except OSError as error:
        if error.errno == errno.EINVAL:
            return None
        raise
    return text if own_names.is_generation(text) else None


def standing(calls: Calls, folder: Folder, domain: bytes) -> str:
    """What is at a domain's name: "free", "ours" (a link into the generation) or "other"."""
    try:
        text = bytes(calls.readlink(domain, dir_fd=folder.descriptor))
    except FileNotFoundError:
        return "free"
    except OSError as error:
        if error.errno == errno.EINVAL:
            return "other"
        raise
    return "ours" if text == _text(domain) else "other"


def _text(domain: bytes) -> bytes:
    return DATA + b"/" + domain


class Generation:
    """The next content of one directory, made beside the present one."""

    def __init__(self, calls: Calls, folder: Folder, path: str, old: bytes) -> None:
        self._calls = calls
        self._folder = folder
        self._old = old
        self._name = own_names.generation()
        self._links: list[bytes] = []
        self._unsettled: list[int] = []
        self.entry = Entry(path, folder, DATA, Look(0o777, -1, -1))
        self.entry.link = True

    def begin(self) -> bool:
        """Make the link that will be swapped in; whether the file system has links at all."""
        at = self._folder.descriptor
        self.entry.spare = own_names.spare(DATA)
        try:
            self._calls.symlink(self._name, self.entry.spare, dir_fd=at)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise
            self.entry.spare = b""
            return False
        found = self._calls.stat(self.entry.spare, dir_fd=at, follow_symlinks=False)
        self.entry.inode = found.st_ino
        return True

    def path(self, write: FileWrite) -> str:
        """Where the content of a target is until the swap."""
        name = posixpath.basename(encoded(write.path))
        return decoded(posixpath.join(self._folder.path, self._name, domain_of(write), name))

    def make(self, changed: Sequence[tuple[FileWrite, Look]], folder_look: Look) -> None:
        """Write what is new, and carry over all else that the present generation has.

        folder_look: for folders that are new. Raises OSError, Refused.
        """
        wanted: dict[bytes, list[tuple[FileWrite, Look]]] = {}
        for write, look in changed:
            wanted.setdefault(domain_of(write), []).append((write, look))
        top = make_folder(self._calls, self._folder.descriptor, self._name, folder_look)
        try:
            if self._old:
                skip = frozenset(inside(write) for write, _ in changed)
                self._carry_over(self._folder.descriptor, self._old, top, b"", skip)
            for domain, files in wanted.items():
                self._write(top, domain, files, folder_look)
            self._settle()
            writing.sync(self._calls, top)
        finally:
            for descriptor in (top, *self._unsettled):
                writing.close(self._calls, descriptor)
            self._unsettled.clear()

    def link(self, domains: Iterable[bytes]) -> None:
        """Give each domain its name; it leads nowhere until the swap if it is new."""
        at = self._folder.descriptor
        for domain in domains:
            try:
                self._calls.stat(domain, dir_fd=at, follow_symlinks=False)
            except FileNotFoundError:
                self._links.append(domain)
                self._calls.symlink(_text(domain), domain, dir_fd=at)

    def discard(self) -> None:
        """Remove all that was made; never raises OSError."""
        at = self._folder.descriptor
        for name in (*self._links, self.entry.spare, self.entry.backup):
            if name:
                writing.removed(self._calls, at, name)
        remove_tree(self._calls, at, self._name)

    def finish(self) -> bool:
        """Remove the generation before; whether that worked."""
        return not self._old or remove_tree(self._calls, self._folder.descriptor, self._old)

    def _write(
        self, top: int, domain: bytes, files: Sequence[tuple[FileWrite, Look]], folder_look: Look
    ) -> None:
        below = make_folder(self._calls, top, domain, folder_look)
        try:
            for write, look in files:
                name = posixpath.basename(encoded(write.path))
                content = write.content
                self._unsettled.append(
                    writing.create(self._calls, below, name, content, look, write.path)
                )
            if len(self._unsettled) >= _AT_ONCE:
                self._settle()
            writing.sync(self._calls, below)
        finally:
            writing.close(self._calls, below)

    def _settle(self) -> None:
        while self._unsettled:
            writing.settle(self._calls, self._unsettled.pop())

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
                    below = make_folder(calls, target, inner, Look.of(found))
                    try:
                        self._carry_over(source, inner, below, path + b"/", skip)
                        writing.sync(calls, below)
                    finally:
                        writing.close(calls, below)
                elif stat.S_ISLNK(found.st_mode):
                    calls.symlink(calls.readlink(inner, dir_fd=source), inner, dir_fd=target)
                elif stat.S_ISREG(found.st_mode) and path not in skip:
                    self._second_name(source, inner, target, found)
        finally:
            writing.close(calls, source)

    def _second_name(self, source: int, name: bytes, target: int, found: os.stat_result) -> None:
        calls = self._calls
        try:
            calls.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            content = writing.read(calls, source, name)
            path = self.entry.path
            descriptor = writing.create(calls, target, name, content, Look.of(found), path)
            writing.settle(calls, descriptor)


def inside(write: FileWrite) -> bytes:
    """The file's path below its directory."""
    return domain_of(write) + b"/" + posixpath.basename(encoded(write.path))


def clean(calls: Calls, folder: Folder, names: Iterable[bytes]) -> None:
    """Remove what a killed run left in a directory: its generation, and links that lead nowhere.

    Nobody else may be at work in the folder. Raises OSError.
    """
    names = list(names)
    if DATA not in names and not any(own_names.is_generation(name) for name in names):
        return
    counts = current(calls, folder)
    if counts is None:
        return
    for name in names:
        if own_names.is_generation(name) and name != counts:
            remove_tree(calls, folder.descriptor, name)
        elif name[:1] != b"." and _leads_nowhere(calls, folder, name, counts):
            writing.removed(calls, folder.descriptor, name)


def _leads_nowhere(calls: Calls, folder: Folder, name: bytes, counts: bytes) -> bool:
    try:
        if calls.readlink(name, dir_fd=folder.descriptor) != _text(name):
            return False
    except OSError:
        return False
    if not counts:
        return True
    try:
        calls.stat(counts + b"/" + name, dir_fd=folder.descriptor, follow_symlinks=False)
    except FileNotFoundError:
        return True
    return False


def remove_tree(calls: Calls, at: int, name: bytes) -> bool:
    """Whether a folder of ours is gone with all that is below; each call has two tries."""
    for _ in range(2):
        try:
            descriptor = calls.open(name, LIST, dir_fd=at)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        try:
            for inner in calls.listdir(descriptor):
                if not writing.removed(calls, descriptor, inner):
                    remove_tree(calls, descriptor, inner)
            calls.rmdir(name, dir_fd=at)
        except OSError:
            continue
        finally:
            writing.close(calls, descriptor)
        return True
    return False
