"""Filters that config templates need beside Jinja2's own. Pure functions on plain values."""

from __future__ import annotations

from cycle_exec.errors import Unfit
from cycle_exec.planning.files import dotenv
from cycle_exec.planning.templates import quoting
from cycle_exec.planning.templates.quoting import FilterFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALL", "FilterFailed"]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def b64encode(text: str) -> str:
    """Base64 of the UTF-8 text, in one line."""
    from binascii import b2a_base64

    return b2a_base64(text.encode(), newline=False).decode()


def b64decode(text: str) -> str:
    """Return the text that base64 stands for."""
    from binascii import a2b_base64

    try:
        content = "".join(text.split()).encode("ascii")
        return a2b_base64(content, strict_mode=True).decode()
    except UnicodeDecodeError:
        raise FilterFailed("the decoded value is not UTF-8 text") from None
    except ValueError:
        raise FilterFailed("the value is not base64") from None


def to_json(value: object, indent: int | None = None) -> str:
    """JSON, in one line unless an indent is given."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except (TypeError, ValueError):
        raise FilterFailed("the value is not plain data") from None


def from_json(text: str) -> object:
    """Return the value of a JSON text."""
    import json

    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        raise FilterFailed("the value is not JSON") from None
    return found


def to_yaml(value: object) -> str:
    """YAML in flow style, with double-quoted strings: what YAML 1.1 and 1.2 read alike."""
    from cycle_exec.planning.files import formats

    if isinstance(value, dict):
        pairs = (formats.yaml_flow_pair(str(key), to_yaml(member)) for key, member in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_yaml(member) for member in value) + "]"
    if isinstance(value, str):
        return formats.yaml_scalar(value)
    return _number(value, null="null")


def to_toml(value: object) -> str:
    """Return a TOML value: strings, numbers, booleans, arrays and inline tables."""
    if isinstance(value, dict):
        pairs = (f"{_toml_key(str(key))} = {to_toml(member)}" for key, member in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(member) for member in value) + "]"
    if isinstance(value, str):
        return _toml_text(value)
    return _number(value, null="")


def _toml_key(key: str) -> str:
    return key if key and _BARE.issuperset(key) else _toml_text(key)


def _toml_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"'
        + "".join(
            character if character >= " " and character != "\x7f" else f"\\u{ord(character):04x}"
            for character in escaped
        )
        + '"'
    )


def _number(value: object, null: str) -> str:
    if value is None and null:
        return null
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    raise FilterFailed("the value is not plain data")


def quote_shell(text: str) -> str:
    """Return the text in single quotes, one word for every shell."""
    if "\0" in text:
        raise FilterFailed("the value contains a NUL, which shells do not allow")
    return dotenv.shell_quoted(text)


def quote_dotenv(text: str) -> str:
    """Return the text as python-dotenv reads it back."""
    return dotenv.quote(text)


def sha256(text: str) -> str:
    """Return the SHA-256 of the UTF-8 text, in hex."""
    from hashlib import sha256 as digest

    return digest(text.encode()).hexdigest()


def pem_leaf(text: str) -> str:
    """Return the first certificate of a PEM bundle."""
    return _blocks(text)[0]


def pem_chain(text: str) -> str:
    """All certificates of a PEM bundle but the first."""
    return "".join(_blocks(text)[1:])


def _blocks(text: str) -> list[str]:
    from cycle_exec.planning.certificates import pem

    return [block.text for block in pem.certificates(text)]


_OF_TEXT = (b64encode, b64decode, from_json, quote_shell, quote_dotenv, sha256, pem_leaf, pem_chain)


def _named(function: Callable[..., object], *, of_text: bool) -> Callable[..., object]:
    """Return the filter as templates call it: its refusals begin with its name."""
    name = function.__name__

    def checked(value: object, *arguments: object, **named: object) -> object:
        if of_text and not isinstance(value, str):
            raise FilterFailed(f"{name} needs a string")
        try:
            return function(value, *arguments, **named)
        except Unfit as error:
            raise FilterFailed(f"{name}: {error.reason}") from None

    return checked


ALL = {
    **{each.__name__: _named(each, of_text=True) for each in (*_OF_TEXT, *quoting.ALL)},
    **{each.__name__: _named(each, of_text=False) for each in (to_json, to_yaml, to_toml)},
}
