"""JSON that is either exactly right or refused, decoded at C speed without importing json.

`import json` costs more than half of a whole launch, because json.decoder imports re. The C
scanner it uses is `_json.make_scanner`; this module gives that scanner its context directly and
falls back to json where the C module is missing. Tests hold both equal.
"""

from __future__ import annotations

from cycle_exec.errors import Unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WHITE = " \t\n\r"
_DEEPEST = 100
_HARMLESS = 1000  # levels that no stack minds: they may be counted afterwards
_LONGEST_NUMBER = 300
# An empty list takes three bytes of text and seventy of memory: without a limit on values, a body
# under the cap could take half a gigabyte. The same goes for wide characters.
_MOST_VALUES = 200_000
_LARGE = 4 * 1024 * 1024
_TEXT = bytes(byte for byte in range(256) if byte not in b'[]{},"')


class NotJson(Unfit):
    """The bytes are not JSON as we accept it.

    names: of the members that lead to where it is wrong, outermost first; empty where unknown.
    """

    def __init__(self, reason: str, names: tuple[str, ...] = ()) -> None:
        self.names = names
        super().__init__(reason)


class _Context:
    """What the C scanner asks of a decoder (as json.JSONDecoder has it)."""

    strict = True
    object_hook = None

    @staticmethod
    def object_pairs_hook(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise NotJson("an object has a duplicate key")
        return found

    @staticmethod
    def parse_int(digits: str) -> int:
        if len(digits) > _LONGEST_NUMBER:
            raise NotJson("a number has too many digits")
        return int(digits)

    @staticmethod
    def parse_float(digits: str) -> float:
        if len(digits) > _LONGEST_NUMBER:
            raise NotJson("a number has too many digits")
        number = float(digits)
        if number in (float("inf"), float("-inf")):
            raise NotJson("a number is too large")
        return number

    @staticmethod
    def parse_constant(_name: str) -> object:
        raise NotJson("NaN and Infinity are not JSON")


def _scanner() -> Callable[[str, int], tuple[object, int]]:
    context: Any = _Context()
    try:
        from _json import make_scanner
    except ImportError:
        from json import JSONDecoder

        decoder: Any = JSONDecoder(
            object_pairs_hook=context.object_pairs_hook,
            parse_int=context.parse_int,
            parse_float=context.parse_float,
            parse_constant=context.parse_constant,
        )
        scan: Callable[[str, int], tuple[object, int]] = decoder.scan_once
    else:
        context.memo = {}
        scan = make_scanner(context)
    return scan


def decode(body: bytes) -> object:
    """Return the value of a JSON text. Raises NotJson."""
    openings = _measure(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    start = len(text) - len(text.lstrip(_WHITE))
    try:
        value, end = _scanner()(text, start)
    except StopIteration:
        raise NotJson("it is empty" if start == len(text) else "it is malformed") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except (ValueError, SystemError):
        # The C scanner of 3.11 takes its error class from json.decoder only if that module is
        # imported already; otherwise it fails without an exception, which is a SystemError.
        raise NotJson("it is malformed") from None
    if text[end:].strip(_WHITE):
        raise NotJson("there is text after the value")
    if openings > _DEEPEST and _is_deeper(value, _DEEPEST):
        raise NotJson("it is nested too deeply")
    if "\\ud" in text or "\\uD" in text:
        _refuse_surrogates(value)
    return value


def _measure(body: bytes) -> int:
    """Refuse what decodes into far more than its own size, before the scanner sees it.

    Returns the number of opening brackets, those inside of strings included.
    """
    if len(body) > _LARGE and not (body.isascii() and body.count(b"\\u") == body.count(b"\\u00")):
        raise NotJson("it is too large for text beyond ASCII")
    openings = body.count(b"[") + body.count(b"{")
    if openings > _HARMLESS or openings + body.count(b",") > _MOST_VALUES:
        _measure_structure(body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _TEXT))
    return openings


def _measure_structure(skeleton: bytes) -> None:
    """skeleton: brackets, commas and quotes; a pair of quotes together is text without the rest."""
    depth = values = 0
    inside = False
    for byte in skeleton.replace(b'""', b""):
        if byte == 0x22:
            inside = not inside
        elif inside:
            continue
        elif byte in b"]}":
            depth -= 1
        else:
            values += 1
            depth += byte != 0x2C
            if depth > _DEEPEST:
                raise NotJson("it is nested too deeply")
            if values > _MOST_VALUES:
                raise NotJson("it holds too many values")


def _is_deeper(value: object, levels: int) -> bool:
    """Whether objects and lists are nested to more than so many levels."""
    if isinstance(value, dict):
        members = list(value.values())
    elif isinstance(value, list):
        members = value
    else:
        return False
    inner = [member for member in members if isinstance(member, dict | list)]
    return not levels or any(_is_deeper(member, levels - 1) for member in inner)


def _refuse_surrogates(value: object, names: tuple[str, ...] = ()) -> None:
    r"""Refuse half a character, which only an escape (\ud800) can make."""
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise NotJson("a string holds half a character", names) from None
    elif isinstance(value, dict):
        for name, member in value.items():
            _refuse_surrogates(name, names)
            _refuse_surrogates(member, (*names, name))
    elif isinstance(value, list):
        for member in value:
            _refuse_surrogates(member, names)
