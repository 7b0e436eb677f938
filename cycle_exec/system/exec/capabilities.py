"""Capabilities of this process (capabilities(7)): which it has, and how none is left.

What is needed beside /proc is only loaded where something is to be changed.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import CAPABILITIES
from cycle_exec.system.exec import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION_3 = 0x20080522
_HEADER = _VERSION_3.to_bytes(4, "little") + bytes(4)
_REVISION = 0xFF000000
_ONE_WORD, _OF_A_NAMESPACE = 0x01000000, 0x03000000
_RAISE, _IS_SET = 2, 1  # of PR_CAP_AMBIENT
_LINES = {
    b"CapInh": "inheritable",
    b"CapPrm": "permitted",
    b"CapEff": "effective",
    b"CapBnd": "bounding",
    b"CapAmb": "ambient",
}


class Sets(Record):
    """A bit for each capability, by its number."""

    effective: int
    permitted: int
    inheritable: int
    bounding: int
    ambient: int

    @property
    def own(self) -> int:
        """All that the process has itself or passes on, without what bounds programs' own."""
        return self.effective | self.permitted | self.inheritable | self.ambient


class NotKept(Exception):
    """Capabilities that the kernel does not let this process keep."""


class NotDropped(Exception):
    """Capabilities are left, or it cannot be known whether there are any."""


def mask(names: Sequence[str]) -> int:
    """Return a bit for each of these names."""
    return sum(1 << CAPABILITIES.index(name) for name in names)


def names(mask: int) -> list[str]:
    """Return the names of the bits, of those that have one."""
    return [name for number, name in enumerate(CAPABILITIES) if mask >> number & 1]


def held() -> Sets | None:
    """Return the sets of this process; None where the kernel does not say."""
    found = {}
    try:
        with open("/proc/self/status", "rb") as file:
            for line in file:
                if line.startswith(b"Cap") and line[:6] in _LINES:
                    found[_LINES[line[:6]]] = int(line[7:], 16)
    except OSError:
        pass
    # Before Linux 4.3 there are no ambient ones.
    found.setdefault("ambient", 0)
    return Sets(**found) if len(found) == len(_LINES) else _asked()


def _asked() -> Sets | None:
    """Return the sets by system calls: without /proc."""
    data = prctl.capget(_HEADER)
    if data is None:
        return None
    words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, 24, 4)]
    effective, permitted, inheritable = (words[n] | words[n + 3] << 32 for n in range(3))
    numbers = range(len(CAPABILITIES))
    return Sets(
        effective=effective,
        permitted=permitted,
        inheritable=inheritable,
        bounding=sum(1 << n for n in numbers if prctl.prctl(prctl.CAPBSET_READ, n) == 1),
        ambient=sum(1 << n for n in numbers if prctl.prctl(prctl.CAP_AMBIENT, _IS_SET, n) == 1),
    )


def lacking(attribute: bytes) -> list[str]:
    """Return the names of file capabilities without which the kernel refuses the program, and that
    this process cannot give it. attribute: security.capability, as linux/capability.h has it.
    """
    words = [int.from_bytes(attribute[at : at + 4], "little") for at in range(0, 24, 4)]
    version, is_effective = words[0] & _REVISION, words[0] & 1
    if not is_effective or (version == _OF_A_NAMESPACE and words[5]):
        return []
    wide = version != _ONE_WORD
    permitted = words[1] | (words[3] << 32 if wide else 0)
    inheritable = words[2] | (words[4] << 32 if wide else 0)
    own = held()
    if own is None:
        return []
    return names(permitted & ~(own.bounding | inheritable & own.inheritable))


def ready(keep: int, *, is_root: bool) -> None:
    """Before this process becomes another user: load what `drop` will need, which that user may
    not be allowed to read, and let what is kept survive the change.
    """
    before = held()
    if keep or before is None or before.inheritable or (before.own and not is_root):
        prctl.found()
    if keep and prctl.prctl(prctl.SET_KEEPCAPS, 1) != 0:
        raise NotKept


def drop(keep: int) -> None:
    """Have these from now on, also in the program that this process becomes, and no other. Raise
    NotKept or NotDropped.

    It needs no privilege, and what `no_setuid_fixup` and `keep_caps` have left is gone too.
    """
    before = held()
    if before is None or keep or before.own:
        # An ambient one that is not inheritable any more is not ambient any more.
        whole = [keep & 0xFFFFFFFF] * 3 + [keep >> 32] * 3
        prctl.capset(_HEADER, b"".join(word.to_bytes(4, "little") for word in whole))
        for number in range(len(CAPABILITIES)):
            if keep >> number & 1 and prctl.prctl(prctl.CAP_AMBIENT, _RAISE, number) != 0:
                raise NotKept
        before = held()
    if before is None or before.own & ~keep:
        raise NotDropped
    if before.ambient != keep:
        raise NotKept
