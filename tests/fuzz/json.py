"""Strict JSON: what the library reads under our rules, read equal; anything else refused."""

from __future__ import annotations

import json
import math

from cycle_exec.sources.strict_json import NotJson, decode
from tests.fuzz.wording import assert_ours

_DEEPEST = 100
_LONGEST_NUMBER = 300

WORDS = (
    *(b'"data"', b'"a"', b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'{"a":1}', b"[[]]"),
    *(b"\\ud83d", b"\\ude00", b"\\u0061", b"\\uD800", b"\\n", b"\\/", b"\\x41", b"\xc3\xa9"),
    *(b"null", b"true", b"false", b"NaN", b"Infinity", b"-", b"0", b"1e999", b"1.5", b"-0", b"9"),
    *(b" ", b"\t", b"\r\n", b"\x0c", b"\xa0", b"\xef\xbb\xbf", b"\0", b"\xed\xa0\x80", b"[" * 50),
)


def target(data: bytes) -> None:
    """Accepts exactly what json with our rules spelled out accepts, with equal values."""
    expected = _reference(data)
    try:
        found = decode(data)
    except NotJson as error:
        assert_ours(error.reason)
        assert expected is None
        return
    assert expected == [repr(found)]


class _Refused(Exception):
    """json accepts it, and we do not."""


def _reference(data: bytes) -> list[str] | None:
    """The value in a list, or None where it has to be refused."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_real, parse_int=_whole
    )
    try:
        value = decoder.decode(data.decode())
        json.dumps(value, ensure_ascii=False).encode()
        return None if _depth(value) > _DEEPEST else [repr(value)]
    except (ValueError, RecursionError, _Refused):
        return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise _Refused
    return dict(pairs)


def _refuse(_: str) -> object:
    raise _Refused


def _real(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER or not math.isfinite(float(digits)):
        raise _Refused
    return float(digits)


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise _Refused
    return int(digits)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
