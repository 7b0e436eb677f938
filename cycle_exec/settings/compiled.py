"""The manifest as plain data and back, so that a launch need not read and judge it again."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings import model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cycle_exec.settings.model import Manifest

_RECORD, _LIST = "record", "list"


def packed(manifest: Manifest) -> object:
    """Return it as plain data, as marshal takes it."""
    return _packed(manifest)


def unpacked(data: object) -> Manifest:
    """Return the same manifest again."""
    found: Manifest = _unpacked(data)
    return found


def _packed(value: Any) -> object:
    if isinstance(value, Record):
        fields = {name: _packed(each) for name, each in value.__dict__.items()}
        return _RECORD, type(value).__name__, fields
    if isinstance(value, tuple):
        return _LIST, tuple(map(_packed, value))
    if isinstance(value, dict):
        return {name: _packed(each) for name, each in value.items()}
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unpacked(each) for name, each in value.items()}
    if not isinstance(value, tuple):
        return value
    if value[0] == _LIST:
        return tuple(map(_unpacked, value[1]))
    _, name, fields = value
    made = getattr(model, name)
    return made(**{field: _unpacked(each) for field, each in fields.items()})
