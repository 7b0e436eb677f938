"""Data as JSON and TOML, and back."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, plain, text

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def to_json(
    value: object,
    indent: int | None = None,
    *,
    sort_keys: bool = False,
    ensure_ascii: bool = False,
) -> str:
    """JSON, in one line unless an indent is given."""
    import json

    try:
        return json.dumps(
            plain(value),
            ensure_ascii=ensure_ascii,
            indent=indent,
            allow_nan=False,
            default=plain,
            sort_keys=sort_keys,
        )
    except (TypeError, ValueError):
        raise FilterFailed("the value is not plain data") from None


def to_nice_json(
    value: object, indent: int = 4, sort_keys: bool = True, *, ensure_ascii: bool = False
) -> str:
    """JSON for people: indented, keys sorted."""
    return to_json(value, indent, sort_keys=sort_keys, ensure_ascii=ensure_ascii)


def from_json(value: object) -> object:
    """Return the value of a JSON text."""
    import json

    if not isinstance(value, str):
        raise FilterFailed("it needs a text")
    try:
        found: object = json.loads(value)
    except (ValueError, RecursionError):
        raise FilterFailed("the value is not JSON") from None
    return found


def from_toml(value: object) -> object:
    """Return the value of a TOML text."""
    import tomllib

    try:
        return tomllib.loads(text(value))
    except (ValueError, RecursionError):
        raise FilterFailed("the value is not TOML") from None


def to_toml(value: object) -> str:
    """Return a TOML value: strings, numbers, booleans, arrays and inline tables."""
    value = plain(value)
    if isinstance(value, dict):
        pairs = (f"{_toml_key(str(key))} = {to_toml(member)}" for key, member in value.items())
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(member) for member in value) + "]"
    if isinstance(value, str):
        return _toml_text(value)
    if value is None:
        raise FilterFailed("the value is not plain data")
    return number(value)


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


def number(value: object) -> str:
    """Return a number or a boolean as JSON, YAML and TOML read it alike."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    raise FilterFailed("the value is not plain data")


FILTERS = {
    "from_json": from_json,
    "from_toml": from_toml,
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "to_toml": to_toml,
}
