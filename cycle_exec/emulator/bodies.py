"""The bodies that the platform takes, as checks: names, types and enumerations of the official
document, to their full depth.
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


def _escaped(name: str) -> str:
    """Return a name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _map(inner: Check) -> Check:
    def check(value: object, where: str) -> Wrong:
        if not isinstance(value, dict):
            return where, "it is not an object"
        found = (inner(item, f"{where}/{_escaped(name)}") for name, item in value.items())
        return next(filter(None, found), None)

    return check


def _numbers(*names: str) -> dict[str, Check]:
    return dict.fromkeys(names, _whole)


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
_COUNTS = _map(_whole)
_HANDLER = _object(_numbers("hits", "timing_ms"))
_BALANCED = _object(
    {
        "connections": _optional(
            _object(
                _numbers("success", "unavailable"),
                {"errors": _COUNTS, **_numbers("bytes_transmitted", "bytes_received")},
            )
        ),
        "requests": _optional(
            _object({"total": _whole}, {"responses": _COUNTS, "errors": _COUNTS})
        ),
        "instance_id": _text,
        "container_id": _text,
    },
    {"latency_ms": _list(_whole)},
)
_VISITED = _object(
    {
        "requests": _optional(
            _object(
                {
                    **dict.fromkeys(("host", "method", "path"), _text),
                    "total": _whole,
                    "last_hit": _moment,
                    "handlers": _object(
                        dict.fromkeys(("proxy", "cache", "forward", "redirect"), _HANDLER)
                    ),
                },
                {"responses": _COUNTS, "errors": _COUNTS},
            )
        )
    }
)
_DISCONNECTS = _numbers(
    *("no_error", "request_invalid", "timeout_idle", "router_none", "router_nomatch"),
    *("destination_unavailable", "unknown_error"),
)
_TRAFFIC = _numbers("connections", "requests", "bytes_transmitted", "bytes_received")
_MEASURED = _object(
    {"metrics": _object({"disconnects": _object(_DISCONNECTS), **_TRAFFIC})},
    {
        "router": _optional(_object({"destinations": _map(_BALANCED)})),
        "urls": _optional(_object({"destinations": _map(_VISITED)})),
    },
)

DOWNLOAD = _object({"image_id": _identity})
_FUNCTION = _object(
    {
        "token": _text,
        "runtime_variables": _object({}, {"environment_variables": _optional(_map(_text))}),
    }
)
_START = _object({"contents": _object(_CONTENTS, {"function": _optional(_FUNCTION)})})
_STOP = _object({"contents": _object(_CONTENTS)})
_ACTION = _object({"action": _one_of(("container.instance.start", "container.instance.stop"))})


def TASK(value: object, where: str) -> Wrong:
    """Check a task: what belongs to it depends on its action."""
    found = _ACTION(value, where)
    if found or not isinstance(value, dict):
        return found
    return (_START if value["action"] == "container.instance.start" else _STOP)(value, where)


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
            "metadata": _optional(
                _object({}, {"component": _object({}, {"id": _text, "type": _text})})
            ),
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
            "current": _MEASURED,
            "cumulative": _MEASURED,
        },
        {"version": _text},
    )
)
