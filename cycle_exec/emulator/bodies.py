"""The bodies that the platform takes, as checks: names, types and enumerations of the official
document, as far as something depends on them.
"""

from __future__ import annotations

from datetime import datetime
from json import loads

from cycle_exec.emulator.reads import SCOPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # Where something is wrong (a JSON pointer) and why; None: nothing is.
    Wrong = tuple[str, str] | None
    Check = Callable[[object, str], Wrong]

_HEX = frozenset("0123456789abcdef")
_KINDS = ("gauge", "count", "counter", "rate", "histogram", "distribution", "set")
_SEVERITIES = ("info", "warning", "error", "success", "alert", "notice", "audit")
_PRIORITIES = ("critical", "high", "medium", "normal", "low")


def read(body: bytes) -> object:
    """Return the body's value; raise ValueError, in words for people, if it is not JSON."""
    if not body:
        raise ValueError("there is no body")
    try:
        return loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("it cannot be read") from None


def _no_constant(_: str) -> None:
    raise ValueError


def _is(good: Callable[[object], bool], reason: str) -> Check:
    def check(value: object, where: str) -> Wrong:
        return None if good(value) else (where, reason)

    return check


def _one_of(words: tuple[str, ...]) -> Check:
    return _is(lambda value: value in words, f"it is not one of {', '.join(words)}")


def _is_identity(value: object) -> bool:
    return isinstance(value, str) and len(value) == 24 and _HEX.issuperset(value)


def _is_moment(value: object) -> bool:
    try:
        return (
            isinstance(value, str)
            and "T" in value
            and datetime.fromisoformat(value).tzinfo is not None
        )
    except ValueError:
        return False


_anything = _is(lambda _: True, "")
_text = _is(lambda value: isinstance(value, str), "it is not a string")
_whole = _is(lambda value: type(value) is int, "it is not a whole number")
_identity = _is(_is_identity, "it is not an id of 24 hex digits")
_moment = _is(_is_moment, "it is not a time such as 2026-01-31T12:00:00Z")


def _optional(inner: Check) -> Check:
    def check(value: object, where: str) -> Wrong:
        return None if value is None else inner(value, where)

    return check


def _list(inner: Check) -> Check:
    def check(value: object, where: str) -> Wrong:
        if not isinstance(value, list):
            return where, "it is not a list"
        found = (inner(item, f"{where}/{index}") for index, item in enumerate(value))
        return next(filter(None, found), None)

    return check


def _map(inner: Check) -> Check:
    def check(value: object, where: str) -> Wrong:
        if not isinstance(value, dict):
            return where, "it is not an object"
        found = (inner(item, f"{where}/{name}") for name, item in value.items())
        return next(filter(None, found), None)

    return check


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] = {}) -> Check:
    """Return an object; members that nothing is known of may be there."""

    def check(value: object, where: str) -> Wrong:
        if not isinstance(value, dict):
            return where, "it is not an object"
        for name in required:
            if name not in value:
                return f"{where}/{name}", "it is missing"
        for name, inner in (*required.items(), *optional.items()):
            found = inner(value[name], f"{where}/{name}") if name in value else None
            if found:
                return found
        return None

    return check


_CONTENTS = {"instance_id": _identity, "container_id": _identity}
_POINT = _object({"time": _moment}, {"values": _list(_whole)})
_METRICS_OF_LB = _object({"metrics": _object({"connections": _whole, "requests": _whole})})

DOWNLOAD = _object({"image_id": _identity})
TASK = _object(
    {
        "action": _one_of(("container.instance.start", "container.instance.stop")),
        "contents": _object(_CONTENTS),
    }
)
METRICS = _list(
    _object(
        {"metric": _text, "type": _one_of(_KINDS)},
        {"labels": _map(_text), "tags": _list(_text), "points": _list(_POINT)},
    )
)
EVENTS = _list(
    _object(
        {"event": _text, "type": _one_of(_SEVERITIES), "priority": _one_of(_PRIORITIES)},
        {
            "text": _optional(_text),
            "extra": _map(_anything),
            "labels": _map(_text),
            "tags": _list(_text),
        },
    )
)
SAVE = _object({"scope": _one_of(SCOPES), "expires": _text, "key": _text, "value": _text})
SNAPSHOTS = _map(
    _object(
        {
            "time": _moment,
            "started": _moment,
            "dataset_id": _whole,
            "current": _METRICS_OF_LB,
            "cumulative": _METRICS_OF_LB,
        },
        {"version": _text},
    )
)
