"""Text as a comment of a config file."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

# What stands before the first line, before each line, and after the last one.
_STYLES = {
    "plain": ("", "# ", ""),
    "erlang": ("", "% ", ""),
    "c": ("", "// ", ""),
    "cblock": ("/*", " * ", " */"),
    "xml": ("<!--", " - ", "-->"),
}


def comment(
    value: object,
    style: str = "plain",
    *,
    beginning: str | None = None,
    decoration: str | None = None,
    end: str | None = None,
    newline: str = "\n",
    prefix: str | None = None,
    prefix_count: int = 1,
    postfix: str | None = None,
    postfix_count: int = 1,
) -> str:
    """Return each line behind the comment sign of a style, with a bare sign before and after."""
    if style not in _STYLES:
        raise FilterFailed(f"its style is one of {', '.join(_STYLES)}")
    first, sign, last = _STYLES[style]
    first = first if beginning is None else beginning
    sign = sign if decoration is None else decoration
    last = last if end is None else end
    bare = sign.rstrip()
    before = bare if prefix is None else prefix
    after = bare if postfix is None else postfix
    lines = (sign + text(value).replace(newline, newline + sign)).replace(
        sign + newline, bare + newline
    )
    return "".join(
        (
            first and first + newline,
            before and (before if before == newline else before + newline) * int(prefix_count),
            lines,
            (newline + after) * int(postfix_count),
            last and newline + last,
        )
    )


FILTERS = {"comment": comment}
