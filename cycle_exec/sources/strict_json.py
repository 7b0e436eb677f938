"""JSON that is either exactly right or refused, decoded at C speed without importing json.

`import json` costs more than half of a whole launch, because json.decoder imports re. The C
scanner it uses is `_json.make_scanner`; this module gives that scanner its context directly and
falls back to json where the C module is missing. Tests hold both equal.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WHITE = " \t\n\r"
_DEEPEST = 100
_LONGEST_NUMBER = 300


class NotJson(Exception):
    """The bytes are not JSON as we accept it; `reason` is in our words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _Context:
    """What the C scanner asks of a decoder (as json.JSONDecoder has it)."""

    strict = True
    object_hook = None

    @staticmethod
    def object_pairs_hook(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise NotJson("an object has one key twice")
        return found

    @staticmethod
    def parse_int(digits: str) -> int:
        if len(digits) > _LONGEST_NUMBER:
            raise NotJson("a number has too many digits")
        return int(digits)

    @staticmethod
    def parse_float(digits: str) -> float:
        number = float(digits) if len(digits) <= _LONGEST_NUMBER else float("inf")
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
    """The value of a JSON text. Raises NotJson."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    _measure(text)
    start = len(text) - len(text.lstrip(_WHITE))
    try:
        value, end = _scanner()(text, start)
    except StopIteration:
        raise NotJson("it is empty or breaks off") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError:
        raise NotJson("it is malformed") from None
    if text[end:].strip(_WHITE):
        raise NotJson("text follows the value")
    if "\\" in text:
        _refuse_surrogates(value)
    return value


def _measure(text: str) -> None:
    # Brackets in strings count too, which only makes the check stricter where it is far off.
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    depth = 0
    inside = False
    for part in text.split('"'):
        if not inside:
            for character in part:
                if character in "[{":
                    depth += 1
                    if depth > _DEEPEST:
                        raise NotJson("it is nested too deeply")
                elif character in "]}":
                    depth -= 1
            inside = True
        else:
            escapes = len(part) - len(part.rstrip("\\"))
            inside = escapes % 2 == 1


def _refuse_surrogates(value: object) -> None:
    """Only an escape (\\ud800) can make half a character."""
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise NotJson("a string holds half a character") from None
    elif isinstance(value, dict):
        for name, member in value.items():
            _refuse_surrogates(name)
            _refuse_surrogates(member)
    elif isinstance(value, list):
        for member in value:
            _refuse_surrogates(member)
