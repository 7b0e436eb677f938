"""What the targets on the disk do not share with a plan."""

from __future__ import annotations

from cycle_exec.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.planning.model import FileWrite


def differences(write: FileWrite) -> tuple[str, ...]:
    """Return what a target on the disk does not share with the plan, in words. Raise Unreadable."""
    disk = files.target(write.path)
    if disk.kind == "absent":
        return ("new",)
    content = disk.content.reveal() if disk.content is not None else None
    differs = (
        ("content", content != write.content),
        ("mode", disk.mode != write.mode),
        ("owner", write.uid not in (-1, disk.uid) or write.gid not in (-1, disk.gid)),
    )
    return tuple(word for word, does in differs if does)


def differing(writes: Sequence[FileWrite]) -> frozenset[str]:
    """Return the paths of the targets that are not so on the disk, as far as that can be seen."""
    found = set()
    for write in writes:
        try:
            if differences(write):
                found.add(write.path)
        except files.Unreadable:
            pass
    return frozenset(found)
