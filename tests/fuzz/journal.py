"""The journal of a swap: read back as it was written, and never a way out of its folder."""

from __future__ import annotations

from cycle_exec.system.targets import journal, temporary_names

_STEP = b"/run\0001\0002\0app.conf\0.app.conf.cycle-exec-0123456789abcdef\0\0001\0007"

WORDS = (
    *(b"cycle-exec journal 2", b"\0", b"end", b"/", b"..", b"..data", b"0", b"1", b"/etc", b"a"),
    *(b".a.cycle-exec-0123456789abcdef", b"...data.cycle-exec-0123456789abcdef", b"42"),
    *(_STEP, b"cycle-exec journal 2\0" + _STEP + b"\0end"),
)


def target(data: bytes) -> None:
    """None, or steps that are written as they were read."""
    found = journal.decode(data)
    if found is None:
        return
    again = journal.encode(found)
    assert journal.decode(again) == found
    for step in found:
        assert step.folder.startswith(b"/")
        for name in (step.name, step.staged, step.backup):
            assert b"/" not in name
            assert name not in (b".", b"..")
        assert temporary_names.is_temporary(step.staged)
        assert not step.backup or temporary_names.is_temporary(step.backup)
