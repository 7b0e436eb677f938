"""Parts of paths and addresses."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

_PARTS = (
    "fragment", "hostname", "netloc", "password", "path", "port", "query", "scheme", "username",
)  # fmt: skip


def basename(value: object) -> str:
    """Return the last part of a path."""
    return text(value).rpartition("/")[2]


def dirname(value: object) -> str:
    """Return what stands before the last part of a path."""
    before, slash, _ = text(value).rpartition("/")
    return before.rstrip("/") or before + slash


def urlsplit(value: object, query: str = "") -> object:
    """Return the parts of an address, or the one that is asked for."""
    from urllib.parse import urlsplit

    if query and query not in _PARTS:
        raise FilterFailed(f"it knows {', '.join(_PARTS)}")
    try:
        found = urlsplit(text(value))
        parts = {name: getattr(found, name) for name in _PARTS}
    except ValueError:
        raise FilterFailed("the value is not an address") from None
    return parts[query] if query else parts


FILTERS = {"basename": basename, "dirname": dirname, "urlsplit": urlsplit}
