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
import posixpath
import stat

from cycle_exec.errors import refuse
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import (
    LIST,
    Attributes,
    close,
    create,
    disinherit,
    own,
    read_file,
    removed,
    settle,
    sync,
)
from cycle_exec.system.targets.cleaning import DEEPEST, Ground, mark, remove_tree
from cycle_exec.system.targets.folders import mkdir, require_new
from cycle_exec.system.targets.swap import NO_LINK, Entry
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls, Folder

_AT_ONCE = 64  # descriptors held open
_MOST = 20_000  # names that are carried over


class Generation:
    """The next content of one directory, made beside the present one, under this name.

    old: the name of the present one, empty if there is none that can be believed. private: nobody
    else can change the directory. obsolete: what is not carried over, paths below it.
    """

    def __init__(
        self,
        calls: Calls,
        folder: Folder,
        path: str,
        old: bytes,
        *,
        private: bool,
        obsolete: frozenset[bytes] = frozenset(),
    ) -> None:
        self._calls = calls
        self._obsolete = obsolete
        self._folder = folder
        self._private = private
        self._old = old
        self._old_identity: tuple[int, int] | None = None
        self._identity: tuple[int, int] | None = None
        self.name = temporary_names.generation()
        self._links: list[bytes] = []
        self._carried = 0
        self._unsettled: list[int] = []
        self.entry = Entry(path, folder, DATA, Attributes(0o777, -1, -1))
        self.entry.link = True

    def begin(self) -> bool:
        """Make the link that will be swapped in; whether the file system has links at all."""
        at = self._folder.descriptor
        self.entry.staged = temporary_names.temporary(DATA)
        try:
            self._calls.symlink(self.name, self.entry.staged, dir_fd=at)
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
        return decoded(posixpath.join(self._folder.path, self.name, inside(write)))

    def make(
        self, changed: Sequence[tuple[FileWrite, Attributes]], folder_attributes: Attributes
    ) -> None:
        """Write what is new, and carry over all else that the present generation has.

        folder_attributes: for folders that are new. Raises OSError, Refused.
        """
        wanted: dict[bytes, list[tuple[FileWrite, Attributes]]] = {}
        for write, attributes in changed:
            wanted.setdefault(encoded(write.domain), []).append((write, attributes))
        top = self._begun()
        try:
            if self._old:
                skip = self._obsolete.union(inside(write) for write, _ in changed)
                self._carry_over(self._folder.descriptor, self._old, top, b"", skip, None)
            for domain, files in wanted.items():
                if files[0][0].member:
                    self._write(top, domain, files, folder_attributes)
                else:
                    self._create(top, domain, *files[0])
            self._settle()
            # Until here nobody but us could enter it, so nothing in it could be exchanged.
            _give(self._calls, top, folder_attributes)
            sync(self._calls, top)
        finally:
            for descriptor in (top, *self._unsettled):
                close(self._calls, descriptor)
            self._unsettled.clear()

    def _begun(self) -> int:
        """Return the descriptor of the generation, empty and for nobody but us."""
        calls, at = self._calls, self._folder.descriptor
        mkdir(calls, at, self.name)
        top = calls.open(self.name, LIST, dir_fd=at)
        try:
            if not self._private:
                require_new(calls, top, posixpath.join(self._folder.path, self.name))
                mark(calls, top, self.name)
            self._identity = Ground(calls, top).identity
            disinherit(calls, top, directory=True)
        except BaseException:
            close(calls, top)
            raise
        return top

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
        if self._identity is not None:
            remove_tree(self._calls, at, self.name, self._identity)
            return
        for _ in range(2):
            try:
                self._calls.rmdir(self.name, dir_fd=at)
                break
            except OSError:
                continue

    def finish(self) -> bool:
        """Remove the generation before, and links to what it alone had; whether that worked."""
        at = self._folder.descriptor
        for name in self._obsolete:
            if is_link(self._calls, at, name):
                removed(self._calls, at, name)
        return not self._old or remove_tree(self._calls, at, self._old, self._old_identity)

    def _write(
        self,
        top: int,
        domain: bytes,
        files: Sequence[tuple[FileWrite, Attributes]],
        folder_attributes: Attributes,
    ) -> None:
        below = _make_folder(self._calls, top, domain, folder_attributes)
        try:
            for write, attributes in files:
                self._create(below, encoded(write.member), write, attributes)
            if len(self._unsettled) >= _AT_ONCE:
                self._settle()
            sync(self._calls, below)
        finally:
            close(self._calls, below)

    def _create(self, at: int, name: bytes, write: FileWrite, attributes: Attributes) -> None:
        self._unsettled.append(create(self._calls, at, name, write.content, attributes, write.path))

    def _settle(self) -> None:
        while self._unsettled:
            settle(self._calls, self._unsettled.pop())

    def _carry_over(
        self,
        above: int,
        name: bytes,
        target: int,
        prefix: bytes,
        skip: frozenset[bytes],
        around: Ground | None,
    ) -> None:
        """Everything below a folder but `skip` gets a second name below the target."""
        calls = self._calls
        source = calls.open(name, LIST, dir_fd=above)
        try:
            ground = Ground(calls, source)
            if around is None:
                self._old_identity = ground.identity
            elif not around.holds(ground):
                return
            for inner in calls.listdir(source):
                self._count(prefix)
                found = calls.stat(inner, dir_fd=source, follow_symlinks=False)
                path = prefix + inner
                if stat.S_ISDIR(found.st_mode):
                    below = _make_folder(calls, target, inner, Attributes.of(found))
                    try:
                        self._carry_over(source, inner, below, path + b"/", skip, ground)
                        sync(calls, below)
                    finally:
                        close(calls, below)
                elif stat.S_ISLNK(found.st_mode):
                    calls.symlink(calls.readlink(inner, dir_fd=source), inner, dir_fd=target)
                elif stat.S_ISREG(found.st_mode) and path not in skip:
                    self._second_name(source, inner, target)
        finally:
            close(calls, source)

    def _count(self, prefix: bytes) -> None:
        """Whoever owns the directory may have put more there than anybody would. Raise Refused."""
        self._carried += 1
        if self._carried > _MOST or prefix.count(b"/") >= DEEPEST - 1:
            raise refuse(
                "target-refused",
                self.entry.path,
                f"it has more than {_MOST} files, or {DEEPEST} directories in each other",
                "remove what does not belong there",
            )

    def _second_name(self, source: int, name: bytes, target: int) -> None:
        calls = self._calls
        try:
            calls.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            content, found = read_file(calls, source, name)
            path = self.entry.path
            descriptor = create(calls, target, name, content, Attributes.of(found), path)
            settle(calls, descriptor)


def _make_folder(calls: Calls, at: int, name: bytes, attributes: Attributes) -> int:
    """Return a folder below one that only we can enter, made if it is missing; its descriptor.

    Raises OSError.
    """
    try:
        mkdir(calls, at, name)
    except FileExistsError:
        pass
    descriptor = calls.open(name, LIST, dir_fd=at)
    try:
        _give(calls, descriptor, attributes)
    except BaseException:
        close(calls, descriptor)
        raise
    return descriptor


def _give(calls: Calls, descriptor: int, attributes: Attributes) -> None:
    own(calls, descriptor, attributes.uid, attributes.gid)
    if stat.S_IMODE(calls.fstat(descriptor).st_mode) != attributes.mode:
        calls.fchmod(descriptor, attributes.mode)


def is_link(calls: Calls, at: int, name: bytes) -> bool:
    """Whether a name in a directory is a link of ours into its generation."""
    try:
        return bytes(calls.readlink(name, dir_fd=at)) == temporary_names.link_text(name)
    except OSError:
        return False


def inside(write: FileWrite) -> bytes:
    """Return the file's path below its directory."""
    return encoded(f"{write.domain}/{write.member}" if write.member else write.domain)
