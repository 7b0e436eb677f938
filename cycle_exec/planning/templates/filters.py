"""Filters that config templates need beside Jinja2's own. Pure functions on plain values."""

from __future__ import annotations

from cycle_exec.planning.files import dotenv
from cycle_exec.planning.templates import quoting
from cycle_exec.planning.templates.quoting import FilterFailed, text_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALL", "FilterFailed"]

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def b64encode(value: object) -> str:
    """Base64 of the UTF-8 text, in one line."""
    from binascii import b2a_base64

    return b2a_base64(text_for("b64encode", value).encode(), newline=False).decode()


def b64decode(value: object) -> str:
    """Return the text that base64 stands for."""
    from binascii import a2b_base64

    try:
        content = "".join(text_for("b64decode", value).split()).encode("ascii")
        return a2b_base64(content, strict_mode=True).decode()
    except UnicodeDecodeError:
        raise FilterFailed("b64decode: the decoded value is not UTF-8 text") from None
    except ValueError:
        raise FilterFailed("b64decode: the value is not base64") from None


def to_json(value: object, indent: int | None = None) -> str:
    """JSON, in one line unless an indent is given."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    except (TypeError, ValueError):
        raise FilterFailed("to_json: the value is not plain data") from None


def from_json(value: object) -> object:
    """Return the value of a JSON text."""
    import json

    try:
        found: object = json.loads(text_for("from_json", value))
    except (ValueError, RecursionError):
        raise FilterFailed("from_json: the value is not JSON") from None
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
    return _number("to_yaml", value, null="null")


def to_toml(value: object) -> str:
    """Return a TOML value: strings, numbers, booleans, arrays and inline tables."""
    if isinstance(value, dict):
        pairs = (f"{_toml_key(str(key))} = {to_toml(member)}" for key, member in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(member) for member in value) + "]"
    if isinstance(value, str):
        return _toml_text(value)
    return _number("to_toml", value, null="")


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


def _number(name: str, value: object, null: str) -> str:
    if value is None and null:
        return null
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    raise FilterFailed(f"{name}: the value is not plain data")


def quote_shell(value: object) -> str:
    """Return the text in single quotes, one word for every shell."""
    text = text_for("quote_shell", value)
    if "\0" in text:
        raise FilterFailed("quote_shell: the value contains a NUL, which shells do not allow")
    return dotenv.shell_quoted(text)


def quote_dotenv(value: object) -> str:
    """Return the text as python-dotenv reads it back."""
    try:
        return dotenv.quote(text_for("quote_dotenv", value))
    except dotenv.NotCarried as error:
        raise FilterFailed(f"quote_dotenv: {error.reason}") from None


def sha256(value: object) -> str:
    """Return the SHA-256 of the UTF-8 text, in hex."""
    from hashlib import sha256 as digest

    return digest(text_for("sha256", value).encode()).hexdigest()


def pem_leaf(value: object) -> str:
    """Return the first certificate of a PEM bundle."""
    return _blocks(value)[0]


def pem_chain(value: object) -> str:
    """All certificates of a PEM bundle but the first."""
    return "".join(_blocks(value)[1:])


def _blocks(value: object) -> list[str]:
    from cycle_exec.planning.certificates import pem

    try:
        return [block.text for block in pem.certificates(text_for("a PEM filter", value))]
    except pem.NotPem as error:
        raise FilterFailed(error.reason) from None


ALL: dict[str, Callable[..., object]] = {
    "b64encode": b64encode,
    "b64decode": b64decode,
    "to_json": to_json,
    "from_json": from_json,
    "to_yaml": to_yaml,
    "to_toml": to_toml,
    "quote_shell": quote_shell,
    "quote_dotenv": quote_dotenv,
    "sha256": sha256,
    "pem_leaf": pem_leaf,
    "pem_chain": pem_chain,
    **quoting.ALL,
}
