"""JSON that has one meaning, and the platform's envelope around data."""

from __future__ import annotations

from tests.hostile.model import FETCHED, Scenario, malformed, read
from tests.support.hostile import chunked, data, reply

_PLAIN = b'"PLAIN": "c4n4ry-plain"'
_GOOD = b'{"data": {' + _PLAIN + b"}"
NO_DATA = "the response has no data"
NOT_OBJECT = "the response is not an object with data"
HOLDS_ERROR = "the response contains an error"


def _json(name: str, body: bytes, reason: str) -> Scenario:
    said = f"the response is not valid JSON: {reason}"
    return malformed(f"json: {name}", reply(200, body), said)


def _fine(name: str, body: bytes) -> Scenario:
    return read(f"json: {name}", reply(200, body))


def _member(text: bytes) -> bytes:
    """A good answer with one more member beside the data."""
    return _GOOD + b', "more": ' + text + b"}"


def _envelope(name: str, value: object, reason: str) -> Scenario:
    return malformed(f"envelope: {name}", reply(200, value), reason)


def _error(name: str, value: object, code: str = "") -> Scenario:
    return _envelope(name, {"data": FETCHED, "error": value}, HOLDS_ERROR + code)


JSON = (
    _json(
        "a key twice",
        b'{"data": {' + _PLAIN + b", " + _PLAIN + b"}}",
        "an object has a duplicate key",
    ),
    _json("data twice", _member(b'1, "data": {}'), "an object has a duplicate key"),
    _json(
        "a key twice, once escaped",
        b'{"data": {' + _PLAIN + b', "\\u0050LAIN": "c4n4ry"}}',
        "an object has a duplicate key",
    ),
    _json(
        "a key twice deep below",
        _member(b'[[{"c4n4ry": 1, "c4n4ry": 1}]]'),
        "an object has a duplicate key",
    ),
    _json("NaN", _member(b"NaN"), "NaN and Infinity are not JSON"),
    _json("Infinity", _member(b"Infinity"), "NaN and Infinity are not JSON"),
    _json("-Infinity", _member(b"-Infinity"), "NaN and Infinity are not JSON"),
    _json("a number over the range", _member(b"1e999"), "a number is too large"),
    _json("a whole number of 5000 digits", _member(b"9" * 5000), "a number has too many digits"),
    _json("5000 decimals", _member(b"0." + b"9" * 5000), "a number has too many digits"),
    _json("a hundred thousand brackets", b"[" * 100_000, "it is nested too deeply"),
    _json("a hundred thousand objects", b'{"a":' * 100_000, "it is nested too deeply"),
    _json("101 levels", _member(b"[" * 100 + b"]" * 100), "it is nested too deeply"),
    _json("five thousand levels", _member(b"[" * 5000 + b"]" * 5000), "it is nested too deeply"),
    _json(
        "a million empty lists",
        _member(b"[" + b"[]," * 1_000_000 + b"0]"),
        "it holds too many values",
    ),
    _json(
        "five megabytes of wide text",
        _member(b'"' + "\U0001d11e".encode() * 1_250_000 + b'"'),
        "it is too large for text beyond ASCII",
    ),
    _json(
        "half a character",
        b'{"data": {"PLAIN": "c4n4ry\\ud800"}}',
        "a string holds half a character (PLAIN)",
    ),
    _json(
        "the other half",
        b'{"data": {"PLAIN": "c4n4ry\\udc80"}}',
        "a string holds half a character (PLAIN)",
    ),
    _json(
        "half a character in a name",
        b'{"data": {"\\udfff": "c4n4ry"}}',
        "a string holds half a character",
    ),
    _json("bytes that are not UTF-8", b'{"data": {"PLAIN": "c4n4ry\xe9"}}', "it is not UTF-8"),
    _json("an overlong NUL", b'{"data": {"PLAIN": "c4n4ry\xc0\x80"}}', "it is not UTF-8"),
    _json("UTF-16", '{"data": {}}'.encode("utf-16"), "it is not UTF-8"),
    _json("a byte order mark", b"\xef\xbb\xbf" + _GOOD + b"}", "it is malformed"),
    _json("a line break in a string", b'{"data": {"PLAIN": "c4n4ry\n"}}', "it is malformed"),
    _json("a NUL in a string", b'{"data": {"PLAIN": "c4n4ry\0"}}', "it is malformed"),
    _json("an unknown escape", b'{"data": {"PLAIN": "c4n4ry\\x41"}}', "it is malformed"),
    _json("single quotes", b"{'data': {'PLAIN': 'c4n4ry'}}", "it is malformed"),
    _json("names without quotes", b'{data: {PLAIN: "c4n4ry"}}', "it is malformed"),
    _json("a comma too many", _GOOD + b",}", "it is malformed"),
    _json("a number with a zero before it", _member(b"01"), "it is malformed"),
    _json("a number with a plus", _member(b"+1"), "it is malformed"),
    _json("True as in Python", _member(b"True"), "it is malformed"),
    _json("a comment", _GOOD + b"} // c4n4ry", "there is text after the value"),
    _json("two values", _GOOD + b"}" + _GOOD + b"}", "there is text after the value"),
    _json("a NUL behind it", _GOOD + b"}\0", "there is text after the value"),
    _json("a form feed before it", b"\f" + _GOOD + b"}", "it is malformed"),
    _json("nothing", b"", "it is empty"),
    _json("white space alone", b" \n\t\r", "it is empty"),
    _json("half of it", b'{"data": {"PLAIN": "c4n', "it is malformed"),
    _json("HTML", b"<html>c4n4ry</html>", "it is malformed"),
    _json("a program", b")]}',\n" + _GOOD + b"}", "it is malformed"),
    _fine("white space around it", b"\r\n\t " + _GOOD + b"} \n\n"),
    _fine("99 levels", _member(b"[" * 99 + b"]" * 99)),
    _fine("a whole number of 300 digits", _member(b"9" * 300)),
    _fine(
        "every character escaped",
        b'{"data": {"PLAIN": "' + b"".join(b"\\u%04x" % c for c in b"c4n4ry-plain") + b'"}}',
    ),
    _fine("two halves of a character", _member(b'"\\ud834\\udd1e"')),
    _fine("a hundred thousand values", _member(b"[" + b"0," * 100_000 + b"0]")),
    read(
        "json: ten megabytes beside the data",
        chunked(_member(b'"' + b"x" * 10_000_000 + b'"'), 60_000),
    ),
)

ENVELOPES = (
    _envelope("a list", [FETCHED], NOT_OBJECT),
    _envelope("a string", "c4n4ry", NOT_OBJECT),
    _envelope("a number", 7, NOT_OBJECT),
    _envelope("null", None, NOT_OBJECT),
    _envelope("true", True, NOT_OBJECT),
    _envelope("an empty object", {}, NO_DATA),
    _envelope("data under another name", {"Data": FETCHED}, NO_DATA),
    _envelope("variables without an envelope", FETCHED, NO_DATA),
    _envelope("an error and no data", {"error": {"code": "500.x"}}, f"{HOLDS_ERROR} (500.x)"),
    _error(
        "an error beside data", {"code": "500.half-done", "title": "c4n4ry"}, " (500.half-done)"
    ),
    _error("an error with a strange code", {"code": "c4n4ry"}),
    _error("an empty error", {}),
    _error("an error that is false", False),
    _error("an error that is 0", 0),
    _error("an error that is an empty string", ""),
    _error("an error that is a list", ["c4n4ry"]),
    _envelope("data that are null", {"data": None}, "data is not a map of variables"),
    _envelope(
        "data that are a list", {"data": [["PLAIN", "c4n4ry"]]}, "data is not a map of variables"
    ),
    _envelope("data that are a string", {"data": "c4n4ry"}, "data is not a map of variables"),
    _envelope("data that are a number", {"data": 0}, "data is not a map of variables"),
    _envelope("data that are true", {"data": True}, "data is not a map of variables"),
    _envelope("data in data", {"data": {"data": FETCHED}}, "the value of data is not a string"),
    read("envelope: an error that is null", data(FETCHED, error=None)),
    read(
        "envelope: members that nobody knows",
        data(FETCHED, includes={}, status=500, errors=["c4n4ry"]),
    ),
)

SCENARIOS = (*JSON, *ENVELOPES)
