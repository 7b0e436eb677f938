"""What one watcher leaves to the next: values of ours as plain bytes, for nobody else to read."""

from __future__ import annotations

import marshal
from importlib import import_module

from cycle_exec.record import Record
from cycle_exec.secret import Secret, SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cycle_exec.planning.model import Plan
    from cycle_exec.resident.watching import Job
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.sources.model import Snapshot
    from cycle_exec.system.exec.user import User

_RECORD, _SECRET, _SECRET_BYTES, _TUPLE, _PLAIN = range(5)


class Memory(Record):
    """All that a watcher has to know.

    manifest: the bytes of the manifest that counts. snapshot, plan: the answers and the plan that
    hold. executable, user: how the app is started. jobs: commands that have still to work.
    """

    _redacted = ("manifest",)

    invocation: Invocation
    settings: Settings
    manifest: bytes
    snapshot: Snapshot
    plan: Plan
    executable: str
    user: User | None = None
    jobs: tuple[Job, ...] = ()


def packed(memory: Memory) -> bytes:
    """Return it as bytes."""
    return marshal.dumps(_packed(memory))


def unpacked(content: bytes) -> Memory:
    """Return the same again. The bytes come from ourselves, by memory that nobody can change."""
    found = _unpacked(marshal.loads(content))  # noqa: S302
    assert isinstance(found, Memory)
    return found


def _packed(value: Any) -> Any:
    match value:
        case Record():
            kind = type(value)
            fields = {name: _packed(each) for name, each in value.__dict__.items()}
            return _RECORD, kind.__module__, kind.__name__, fields
        case Secret():
            return _SECRET, value.reveal()
        case SecretBytes():
            return _SECRET_BYTES, value.reveal()
        case tuple() | list():
            return _TUPLE, [_packed(each) for each in value], isinstance(value, tuple)
        case dict():
            return {name: _packed(each) for name, each in value.items()}
    return value


def _unpacked(value: Any) -> object:
    if isinstance(value, dict):
        return {name: _unpacked(each) for name, each in value.items()}
    if not isinstance(value, tuple):
        return value
    kind, *rest = value
    if kind == _RECORD:
        module, name, fields = rest
        made = getattr(import_module(module), name)
        return made(**{field: _unpacked(each) for field, each in fields.items()})
    if kind == _SECRET:
        return Secret(*rest)
    if kind == _SECRET_BYTES:
        return SecretBytes(*rest)
    items, is_tuple = rest
    found = [_unpacked(each) for each in items]
    return tuple(found) if is_tuple else found
