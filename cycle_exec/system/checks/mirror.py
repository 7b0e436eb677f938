"""A mirror of the root directory, for where no namespace can be made: directories of ours with
links to everything that stays, and files with other paths in them.
"""

from __future__ import annotations

import os
import stat

from cycle_exec.system.checks.view import View
from cycle_exec.system.signals import blocked
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import Attributes, Calls
from cycle_exec.system.targets.cleaning import remove_tree
from cycle_exec.system.targets.folders import Folders
from cycle_exec.system.targets.route import Unsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cycle_exec.planning.model import Layout, Swap
    from cycle_exec.system.targets.calls import Folder

_SHARED = (b"/run", b"/dev/shm", b"/tmp", b"/var/tmp")
# A path with another character could end where a config's own rules say so.
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


class Mirror:
    """A directory of ours, for a `with` block; it leaves nothing behind.

    folders: where it may be, best first; else in one that all may write to. top: its path, empty
    where it can be nowhere that only we can change.
    """

    def __init__(self, folders: Iterable[bytes]) -> None:
        self._calls = Calls()
        self._folders = Folders(self._calls)
        self._places = [*folders, *filter(os.path.isdir, _SHARED)]
        self._at: Folder | None = None
        self._name = temporary_names.generation()
        self.top = b""

    def __enter__(self) -> Mirror:
        try:
            for folder in self._private():
                self._folders.hold(folder)
                with blocked():
                    try:
                        os.mkdir(self._name, 0o700, dir_fd=folder.descriptor)
                    except OSError:
                        continue
                    self._at = folder
                self.top = os.path.join(folder.path, self._name)
                break
        except BaseException:
            self._remove()
            raise
        return self

    def _private(self) -> Iterator[Folder]:
        """Yield the directories in which nobody else can exchange what is ours."""
        for place in self._places:
            if not _PLAIN.issuperset(place):
                continue
            try:
                folder = self._folders.open(place, Attributes(0o700, -1, -1))
            except (OSError, Unsafe):
                continue
            is_foreign = self._folders.route.is_foreign(folder.uid)
            if folder.settled and folder.is_of_one and not is_foreign:
                yield folder

    def __exit__(self, *_exception: object) -> None:
        self._remove()

    def _remove(self) -> None:
        with blocked():
            if self._at is not None:
                remove_tree(self._calls, self._at.descriptor, self._name)
            self._folders.close()

    def make(self, layout: Layout, view: View) -> None:
        """Fill it. Raise OSError."""
        own = {*layout.folders, *layout.files, *layout.links}
        for folder in layout.folders:
            if folder != b"/":
                os.mkdir(self.top + folder, 0o700)
            for name in view.names(folder):
                path = os.path.join(folder, name)
                if path not in own:
                    os.symlink(path, self.top + path)
        for path, content in layout.files.items():
            self._write(self.top + path, content, *view.attributes(path))
        for path, text in layout.links.items():
            os.symlink(text, self.top + path)
        # Nobody else can enter it until all is there.
        for folder in reversed(layout.folders):
            if folder != b"/":
                found = os.stat(folder)
                mode = stat.S_IMODE(found.st_mode)
                _give(self.top + folder, found.st_uid, found.st_gid, mode)
        os.chmod(self.top, 0o711)  # noqa: S103 - its directories let in whom the real ones do

    def new(self, layout: Layout, swaps: Sequence[Swap]) -> list[bytes]:
        """Return where what is new can be read: files, and directories with certificates."""
        found = [self.top + swap.target for swap in swaps if swap.target in layout.files]
        for swap in swaps:
            if swap.link:
                folder = os.path.join(swap.folder, swap.link)
                found += [folder, *(each.path for each in os.scandir(folder) if each.is_dir())]
        return found

    def _write(self, path: bytes, content: bytes, uid: int, gid: int, mode: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        with open(descriptor, "wb", closefd=True) as file:
            _give(descriptor, uid, gid, mode)
            file.write(content)


def _give(place: int | bytes, uid: int, gid: int, mode: int) -> None:
    """Let it belong to whom another belongs, or let in nobody else."""
    mine = os.stat(place)
    if (mine.st_uid, mine.st_gid) != (uid, gid):
        try:
            os.chown(place, uid, gid)
        except OSError:
            mode &= 0o700
    os.chmod(place, mode)
