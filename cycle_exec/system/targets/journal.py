"""What a swap of many files is about to do, written down before its first rename.

A process may be killed between two renames. The next start reads the journal and finishes what
was begun (forward), or takes it back if the killed run was already doing so (back). The direction
is the journal's name, so that it changes by one rename and needs no room.
"""

from __future__ import annotations

import fcntl
import os
import posixpath

from cycle_exec.record import Record
from cycle_exec.system.invocation import decoded
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import Attributes, close, create, removed, sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.system.targets.calls import Calls, Folder

LIMIT = 16 * 1024 * 1024  # bytes
_MAGIC = b"cycle-exec journal 2"
_END = b"end"
_FIELDS = 8
_DIGITS = 20


class Step(Record):
    """One target of the swap: names in `folder`, an absolute path that is only told to people.

    place: device and inode of the folder.
    staged: the new file until it is swapped; inode: its number. backup: the old file, empty if
    there is none. fresh: there was no old file.
    """

    folder: bytes
    place: tuple[int, int]
    name: bytes
    staged: bytes
    backup: bytes
    fresh: bool
    inode: int


def encode(steps: Sequence[Step]) -> bytes:
    """Return the journal's content. It holds paths, never a target's content."""
    fields = [_MAGIC]
    for step in steps:
        fresh = b"1" if step.fresh else b"0"
        fields += [step.folder, *(b"%d" % number for number in step.place)]
        fields += [step.name, step.staged, step.backup, fresh, b"%d" % step.inode]
    return b"\0".join([*fields, _END])


def decode(content: bytes) -> tuple[Step, ...] | None:
    """Return the steps, or None for what `encode` cannot have made."""
    magic, *fields = content.split(b"\0")
    if magic != _MAGIC or not fields or fields.pop() != _END or len(fields) % _FIELDS:
        return None
    steps = []
    for at in range(0, len(fields), _FIELDS):
        folder, device, place, name, staged, backup, fresh, inode = fields[at : at + _FIELDS]
        if not folder.startswith(b"/") or fresh not in (b"0", b"1"):
            return None
        if not (_is_name(name) and temporary_names.is_temporary(staged) and _is_name(staged)):
            return None
        if backup and not (temporary_names.is_temporary(backup) and _is_name(backup)):
            return None
        if not all(map(_is_number, (device, place, inode))):
            return None
        steps.append(
            Step(
                folder=folder,
                place=(int(device), int(place)),
                name=name,
                staged=staged,
                backup=backup,
                fresh=fresh == b"1",
                inode=int(inode),
            )
        )
    return tuple(steps)


def _is_name(text: bytes) -> bool:
    return text not in (b"", b".", b"..") and b"/" not in text


def _is_number(text: bytes) -> bool:
    return text.isdigit() and len(text) <= _DIGITS


class Journal:
    """The journal of one run, in one of its folders. We hold a lock on it while we live, so that
    nobody replays it meanwhile.
    """

    def __init__(self, calls: Calls, folder: Folder) -> None:
        self._calls = calls
        self._folder = folder
        self._name = b""
        self._descriptor: int | None = None

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
        name = temporary_names.journal()
        unfinished = temporary_names.temporary(b"journal")
        attributes = Attributes(0o600, os.geteuid(), os.getegid())
        try:
            self._descriptor = create(
                calls, at, unfinished, encode(steps), attributes, decoded(self._folder.path)
            )
            calls.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            sync(calls, self._descriptor)
            calls.replace(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
            self._name = name
            if self._folder.listing is not None:
                sync(calls, self._folder.listing)
        except BaseException:
            removed(calls, at, unfinished)
            if not self._name:
                self.close()
            raise

    def reverse(self) -> None:
        """From now on the next start takes the steps back. A call that fails gets a second try."""
        if not self._name:
            return
        name = temporary_names.BACK + self._name.removeprefix(temporary_names.FORWARD)
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
        if self._name and removed(self._calls, self._folder.descriptor, self._name):
            self._name = b""
        self.close()
        return not self._name

    def close(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            close(self._calls, self._descriptor)
            self._descriptor = None
