"""Versions compared: loose ones, strict ones, and those of semver.org."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

_LOOSE = r"\d+|[a-z]+|\."
_STRICT = r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?"
_SEMANTIC = (
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
# By how the versions compare: -1, 0 or 1.
_OPERATORS: dict[str, Container[int]] = {
    **dict.fromkeys(("==", "=", "eq"), (0,)),
    **dict.fromkeys(("!=", "<>", "ne"), (-1, 1)),
    **dict.fromkeys(("<", "lt"), (-1,)),
    **dict.fromkeys(("<=", "le"), (-1, 0)),
    **dict.fromkeys((">", "gt"), (1,)),
    **dict.fromkeys((">=", "ge"), (0, 1)),
}


def version(
    value: object,
    version: object,
    operator: str = "eq",
    strict: bool | None = None,
    version_type: str | None = None,
) -> bool:
    """Whether the version is related so to another; version_type: loose, strict, semver."""
    if operator not in _OPERATORS:
        raise FilterFailed(f"the operator is one of {', '.join(_OPERATORS)}")
    if strict is not None and version_type is not None:
        raise FilterFailed("strict and version_type exclude each other")
    kind = "strict" if strict else version_type or "loose"
    if kind not in _KINDS:
        raise FilterFailed(f"version_type is one of {', '.join(_KINDS)}")
    left, right = text(value), text(version)
    if not left or not right:
        raise FilterFailed("a version is empty")
    one, other = _KINDS[kind](left), _KINDS[kind](right)
    try:
        return (0 if one == other else -1 if one < other else 1) in _OPERATORS[operator]
    except TypeError:
        raise FilterFailed("a number and a word stand at the same place") from None


def _loose(text: str) -> list[object]:
    import re

    parts = [part for part in re.split(f"({_LOOSE})", text) if part and part != "."]
    return [int(part) if part.isascii() and part.isdigit() else part for part in parts]


def _strict(text: str) -> Any:
    import re

    found = re.fullmatch(_STRICT, text, re.ASCII)
    if found is None:
        raise FilterFailed("a version is not strict: 1.2, 1.2.3, 1.2b1")
    major, minor, patch, letter, number = found.groups()
    # A final one comes after those with a letter.
    before = (letter, int(number)) if letter else ("z", 0)
    return int(major), int(minor), int(patch or 0), before


def _semantic(text: str) -> Any:
    import re

    found = re.fullmatch(_SEMANTIC, text, re.ASCII)
    if found is None:
        raise FilterFailed("a version is not that of semver.org: 1.2.3, 1.2.3-rc.1")
    major, minor, patch, before = found.groups()
    # Numbers come before words, and a version that is out after all of them.
    words = [
        (0, int(word), "") if word.isdigit() else (1, 0, word) for word in (before or "").split(".")
    ]
    return int(major), int(minor), int(patch), *((0, words) if before else (1, []))


_KINDS = {"loose": _loose, "strict": _strict, "semver": _semantic, "semantic": _semantic}
TESTS = {"version": version, "version_compare": version}
