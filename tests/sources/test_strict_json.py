"""Strict JSON: equal to json.loads where both accept, and refusing what json.loads lets pass."""

from __future__ import annotations

import json
import json.scanner
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cycle_exec
from cycle_exec.sources import strict_json
from cycle_exec.sources.strict_json import NotJson, decode

HOME = Path(cycle_exec.__file__).parent.parent

text = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
    max_leaves=20,
)


class Strict(Exception):
    """json.loads accepts it, and we do not."""


def reference(body: bytes) -> object:
    """json.loads with our rules spelled out in the slowest, plainest way."""

    def pairs(found):
        if len({name for name, _ in found}) < len(found):
            raise Strict
        return dict(found)

    def constant(_name):
        raise Strict

    def real(digits):
        if not math.isfinite(float(digits)) or len(digits) > 300:
            raise Strict
        return float(digits)

    def whole(digits):
        if len(digits) > 300:
            raise Strict
        return int(digits)

    decoder = json.JSONDecoder(
        object_pairs_hook=pairs, parse_constant=constant, parse_float=real, parse_int=whole
    )
    value = decoder.decode(body.decode())
    json.dumps(value, ensure_ascii=False).encode()
    return value


def both(body: bytes) -> None:
    try:
        expected = reference(body)
    except (ValueError, Strict):
        with pytest.raises(NotJson):
            decode(body)
        return
    assert repr(decode(body)) == repr(expected)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_it_reads_what_json_writes(value, escaped, indent):
    """Every value that json writes comes back equal."""
    body = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    assert repr(decode(body)) == repr(json.loads(body))


@st.composite
def mutated(draw):
    body = bytearray(json.dumps(draw(values), ensure_ascii=draw(st.booleans())).encode())
    tokens = [b'"', b"\\", b"{", b"]", b",", b":", b"\\ud83d", b"\\udc00", b"\xff", b"\x00", b"NaN"]
    pieces = st.sampled_from([*tokens, b"1e999", b"-", b"0", b"\xc3", b" ", b"\x0c", b"\xa0"])
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 2))] = draw(pieces)
    return bytes(body)


@given(mutated() | st.binary(max_size=30))
@example(b'{"a": 1, "a": 2}')
@example(b"\xef\xbb\xbf1")
@example(b'"\\ud83d\\ude00"')
@example(b'"\\uD83D"')
@example(b"-Infinity")
@example(b"1" * 301)
@example(b"")
def test_it_equals_json_and_its_rules_on_any_bytes(body):
    """On mutated and random bytes it accepts what json and the rules accept, with equal values."""
    both(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"nul", "it is malformed"),
        (b"\xff", "it is not UTF-8"),
        (b"\xed\xa0\x80", "it is not UTF-8"),
        (b"\xef\xbb\xbf{}", "it is malformed"),
        (b'{"a": 1, "a": 1}', "an object has a duplicate key"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "an object has a duplicate key"),
        (b"NaN", "NaN and Infinity are not JSON"),
        (b"[Infinity]", "NaN and Infinity are not JSON"),
        (b'{"a": -Infinity}', "NaN and Infinity are not JSON"),
        (b"1e999", "a number is too large"),
        (b"-1e999", "a number is too large"),
        (b"9" * 301, "a number has too many digits"),
        (b"9" * 5000, "a number has too many digits"),
        (b"0." + b"1" * 300, "a number has too many digits"),
        (b"{} {}", "there is text after the value"),
        (b"1\x00", "there is text after the value"),
        (b"1\x0c", "there is text after the value"),
        (b"\xc2\xa01", "it is malformed"),
        (b'"\\ud800"', "a string holds half a character"),
        (b'{"\\uDC80": 1}', "a string holds half a character"),
        (b'[["\\udc00\\ud800"]]', "a string holds half a character"),
        (b'"a\nb"', "it is malformed"),
        (b'"\t"', "it is malformed"),
        (b'"\\x41"', "it is malformed"),
        (b'{"a": 1,}', "it is malformed"),
        (b"[1 2]", "it is malformed"),
        (b"{'a': 1}", "it is malformed"),
        (b'"open', "it is malformed"),
        (b"[" * 101 + b"]" * 101, "it is nested too deeply"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "it is nested too deeply"),
        (b"[" * 1_000_000, "it is nested too deeply"),
        (b"[" + b"[]," * 200_000 + b"1]", "it holds too many values"),
        (b"[" + b"1," * 200_000 + b"1]", "it holds too many values"),
    ],
)
def test_what_is_not_right_is_refused_in_our_own_words(body, reason):
    """Each kind of wrong text is refused, with a reason that quotes nothing."""
    with pytest.raises(NotJson) as caught:
        decode(body)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100 + b"]" * 100,
        b'["' + b"[" * 200 + b'", "' + b"{" * 200 + b'"]',
        b'["\\\\", "' + b"[" * 200 + b'"]',
        b'"' + b"[" * 200 + b'"',
        b'["\\"", "' + b"[" * 200 + b'\\\\\\"", "["]',
        b"[" + b",".join([b"[[]]"] * 5000) + b"]",
        b'["' + b"," * 300_000 + b'", "' + b"," * 10 + b'"]',
        b"9" * 300,
        b"-" + b"9" * 299,
        b"0.1e-300",
        b" \t\r\n1 \t\r\n",
        '"\\ud83d\\ude00 \U0001f600"'.encode(),
        b'{"\\ud83d\\ude00": [1, "x", "\\ud83d\\ude00", {"a": null}]}',
        b'"\\\\ud800"',
    ],
)
def test_what_only_looks_wrong_is_accepted(body):
    """Depth and size are measured on the structure, not on brackets and commas in strings."""
    assert decode(body) == json.loads(body)


@given(st.lists(st.sampled_from(['"', "\\", "[", "]", "{", "}", ",", "x", ":", " "])), st.data())
def test_brackets_in_strings_never_count(parts, data):
    """However strings and brackets are mixed, a document is accepted up to the depth alone."""
    awkward = json.dumps("".join(parts))
    depth = data.draw(st.sampled_from([99, 100, 101]))
    body = (f"[{awkward}," * depth + "1" + "]" * depth).encode()
    if depth > 100:
        with pytest.raises(NotJson, match="too deeply"):
            decode(body)
    else:
        assert decode(body) == json.loads(body)


@pytest.mark.parametrize("character", ["\\u20ac", "\\ud83d\\ude00", "€"])
def test_wide_text_has_a_lower_cap(character):
    """One wide character makes a whole text two or four times as large, so large ones refuse."""
    body = b'["' + b"x" * 4_200_000 + b'"]'
    assert decode(body) == json.loads(body)
    with pytest.raises(NotJson, match="it is too large for text beyond ASCII"):
        decode(body[:-2] + character.encode() + body[-2:])


def test_escapes_of_narrow_characters_have_no_lower_cap():
    r"""Servers write & and < as \u0026 and \u003c, which costs nothing."""
    body = b'["\\u0026\\u00e9' + b"x" * 4_200_000 + b'"]'
    assert decode(body) == json.loads(body)


def test_it_works_without_the_c_scanner(monkeypatch):
    """Where _json is missing, json's own scanner gives the same answers."""
    monkeypatch.setitem(sys.modules, "_json", None)
    monkeypatch.setattr(json.scanner, "make_scanner", vars(json.scanner)["py_make_scanner"])
    assert decode(b'{"a": [1, 2.5, "x", null]}') == {"a": [1, 2.5, "x", None]}
    for body in (b'{"a": 1, "a": 1}', b"NaN", b"9" * 301, b'"\\ud800"', b"{,}", b"1e999"):
        with pytest.raises(NotJson):
            decode(body)
    # This scanner comes to the end of the stack before the depth is counted.
    with pytest.raises(NotJson, match="it is nested too deeply"):
        decode(b"[" * 990 + b"]" * 990)


def test_good_json_is_read_without_importing_json():
    """Reading loads neither json nor re, and malformed text is refused even then."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from cycle_exec.sources.strict_json import NotJson, decode\n"
        "print(decode(b'{\"data\": {\"a\": [1, 2.5]}}'), {'json', 're'} & set(sys.modules))\n"
        "for body in (b'{,}', b'[1', b'\"', b'', b'nul'):\n"
        "    try: decode(body)\n"
        "    except NotJson as error: print(error.reason)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(HOME)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, *reasons = ran.stdout.splitlines()
    assert first == "{'data': {'a': [1, 2.5]}} set()"
    assert reasons == ["it is malformed"] * 3 + ["it is empty", "it is malformed"]


def test_nothing_of_the_text_is_kept_in_the_error():
    """The refusal carries our words only."""
    with pytest.raises(NotJson) as caught:
        decode(b'{"secret": c4n4ry}')
    assert caught.value.args == ("it is malformed",)
    assert strict_json.NotJson("x").reason == "x"
