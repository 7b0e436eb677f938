"""A directory whose files change as one: every name in it leads through one link.

    DIRECTORY/www.example.com   -> ..data/www.example.com
    DIRECTORY/..data            -> ..cycle-exec-0123456789abcdef
    DIRECTORY/..cycle-exec-0123456789abcdef/www.example.com/privkey.pem

A new generation is made whole under a name of its own, then `..data` is replaced by one rename:
that is how Kubernetes updates the volume of a secret. Where something of others is in the way, or
the file system has no links, targets of the directory change file by file.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.system.files import words
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
from cycle_exec.system.targets.folders import failed, make_folder
from cycle_exec.system.targets.leftovers import current_generation, remove_tree
from cycle_exec.system.targets.swap import NO_LINK, Entry
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls, Folder
    from cycle_exec.system.targets.folders import Folders, Placement

_AT_ONCE = 64  # descriptors held open


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
        return decoded(posixpath.join(self._folder.path, self._name, _inside(write)))

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
                skip = frozenset(_inside(write) for write, _ in changed)
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


class Directory:
    """What this run writes below such a directory.

    single: writes that have to go file by file, since something of others is in the way, or the
    file system has no links. problems: why it cannot be staged.
    """

    def __init__(self, path: str, calls: Calls, folders: Folders, placement: Placement) -> None:
        self._path = path
        self._calls = calls
        self._folders = folders
        self._placement = placement
        self.generation: Generation | None = None
        self.single: list[FileWrite] = []
        self.problems: list[Problem] = []
        self.staged: dict[str, str] = {}

    def stage(self, writes: Sequence[FileWrite]) -> None:
        """Make the next generation, if anything differs from the present one. Raises Refused."""
        try:
            self._stage(writes)
        except OSError as error:
            self.problems.append(failed(self._path, words(error)))

    def _stage(self, writes: Sequence[FileWrite]) -> None:
        for write in writes:
            folder = self._folders.open(encoded(self._path), self._placement.folder(write))
        old = current_generation(self._calls, folder.descriptor)
        found = {
            domain: _standing(self._calls, folder, domain) if old is not None else "other"
            for domain in dict.fromkeys(encoded(write.domain) for write in writes)
        }
        self.single = [write for write in writes if found[encoded(write.domain)] == "other"]
        mine = [write for write in writes if found[encoded(write.domain)] != "other"]
        if not mine:
            return
        around = self._calls.fstat(folder.descriptor)
        linked = {domain for domain, kind in found.items() if kind == "ours"}
        changed = self._changed(mine, folder, around, old or b"", linked)
        if changed and not self.problems:
            generation = Generation(self._calls, folder, self._path, old or b"")
            self._make(generation, mine, changed, around)

    def _changed(
        self,
        writes: Sequence[FileWrite],
        folder: Folder,
        around: os.stat_result,
        old: bytes,
        linked: Collection[bytes],
    ) -> list[tuple[FileWrite, Attributes]]:
        found = []
        for write in writes:
            attributes = self._placement.attributes(write, around)
            problem = self._placement.claim(write, around, _inside(write))
            equal: bool | Problem = problem or False
            if not equal and old and encoded(write.domain) in linked:
                now = posixpath.join(old, _inside(write))
                equal = self._placement.is_equal(write, attributes, folder.descriptor, now)
            if isinstance(equal, Problem):
                self.problems.append(equal)
            elif not equal:
                found.append((write, attributes))
        return found

    def _make(
        self,
        generation: Generation,
        writes: Sequence[FileWrite],
        changed: Sequence[tuple[FileWrite, Attributes]],
        around: os.stat_result,
    ) -> None:
        self.generation = generation
        if not generation.begin():
            self.generation = None
            self.single += writes
            return
        attributes = self._placement.attributes(writes[0], around)
        mode = 0
        for write in writes:
            mode |= self._placement.folder(write).mode
        generation.make(changed, Attributes(mode, attributes.uid, attributes.gid))
        generation.link(dict.fromkeys(encoded(write.domain) for write in writes))
        self.staged = {write.path: generation.path(write) for write, _ in changed}


def _standing(calls: Calls, folder: Folder, domain: bytes) -> str:
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


def _inside(write: FileWrite) -> bytes:
    """Return the file's path below its directory."""
    return encoded(f"{write.domain}/{write.member}")
