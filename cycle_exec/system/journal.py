"""What a swap of many files is about to do, written down before its first rename.

A process may be killed between two renames. The next start reads the journal and finishes what
was begun (forward), or takes it back if the killed run was already doing so (back). The direction
is the journal's name, so that it changes by one rename and needs no room.
"""

from __future__ import annotations

import os
import posixpath

from cycle_exec.record import Record
from cycle_exec.system import own_names, writing
from cycle_exec.system.invocation import decoded, encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.system.folders import Calls, Folder

LIMIT = 16 * 1024 * 1024  # bytes
_MAGIC = b"cycle-exec journal 1"
_END = b"end"
_FIELDS = 6
_DIGITS = 20


class Step(Record):
    """One target of the swap: names in `folder`, an absolute path.

    spare: the new file until it is swapped; inode: its number. backup: the old file, empty if
    there is none. fresh: there was no old file.
    """

    folder: bytes
    name: bytes
    spare: bytes
    backup: bytes
    fresh: bool
    inode: int


def encode(steps: Sequence[Step]) -> bytes:
    """The journal's content. It holds paths, never a target's content."""
    fields = [_MAGIC]
    for step in steps:
        fresh = b"1" if step.fresh else b"0"
        fields += [step.folder, step.name, step.spare, step.backup, fresh, b"%d" % step.inode]
    return b"\0".join([*fields, _END])


def decode(content: bytes) -> tuple[Step, ...] | None:
    """The steps, or None for what `encode` cannot have made."""
    magic, *fields = content.split(b"\0")
    if magic != _MAGIC or not fields or fields.pop() != _END or len(fields) % _FIELDS:
        return None
    steps = []
    for at in range(0, len(fields), _FIELDS):
        folder, name, spare, backup, fresh, inode = fields[at : at + _FIELDS]
        if not folder.startswith(b"/") or fresh not in (b"0", b"1"):
            return None
        if not (_is_name(name) and own_names.is_spare(spare) and _is_name(spare)):
            return None
        if backup and not (own_names.is_spare(backup) and _is_name(backup)):
            return None
        if not (inode.isdigit() and len(inode) <= _DIGITS):
            return None
        steps.append(
            Step(
                folder=folder,
                name=name,
                spare=spare,
                backup=backup,
                fresh=fresh == b"1",
                inode=int(inode),
            )
        )
    return tuple(steps)


def _is_name(text: bytes) -> bool:
    return text not in (b"", b".", b"..") and b"/" not in text


def worked_off(targets: Iterable[str], calls: Calls | None = None) -> list[str]:
    """Mend what a killed run left half done in the folders of these targets, before all else.

    Returns a line for each such run. Raises Refused.
    """
    folders = {posixpath.dirname(encoded(path)) or b"." for path in targets}
    left = [folder for folder in sorted(folders) if _pending(folder)]
    if not left:
        return []
    from cycle_exec.system import recovery

    return recovery.recover(left, calls)


def _pending(folder: bytes) -> bool:
    try:
        return any(own_names.is_journal(name) for name in os.listdir(folder))
    except OSError:
        return False


class Journal:
    """The journal of one run, in one of its folders."""

    def __init__(self, calls: Calls, folder: Folder) -> None:
        self._calls = calls
        self._folder = folder
        self._name = b""

    @property
    def written(self) -> bool:
        """Whether the next start would find it."""
        return bool(self._name)

    @property
    def path(self) -> str:
        """Where it is."""
        return decoded(posixpath.join(self._folder.path, self._name))

    def write(self, steps: Sequence[Step]) -> None:
        """Say that these steps will be taken; durable when it returns. Raises OSError, Refused."""
        calls, at = self._calls, self._folder.descriptor
        name = own_names.journal()
        unfinished = own_names.spare(b"journal")
        look = writing.Look(0o600, os.geteuid(), os.getegid())
        try:
            descriptor = writing.create(
                calls, at, unfinished, encode(steps), look, decoded(self._folder.path)
            )
            writing.settle(calls, descriptor)
            calls.replace(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
            self._name = name
            if self._folder.listing is not None:
                writing.sync(calls, self._folder.listing)
        except BaseException:
            writing.removed(calls, at, unfinished)
            raise

    def turn_back(self) -> None:
        """From now on the next start takes the steps back. A call that fails gets a second try."""
        if not self._name:
            return
        name = own_names.BACK + self._name.removeprefix(own_names.FORWARD)
        at = self._folder.descriptor
        for _ in range(2):
            try:
                self._calls.replace(self._name, name, src_dir_fd=at, dst_dir_fd=at)
            except OSError:
                continue
            self._name = name
            return
        # Whatever happens, it must not be gone forward with.
        self.remove()

    def remove(self) -> bool:
        """Whether the next start finds nothing to do."""
        if self._name and writing.removed(self._calls, self._folder.descriptor, self._name):
            self._name = b""
        return not self._name
