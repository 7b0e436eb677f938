"""Lists as sets, lists of lists. What is made is in the order of what was given."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, items, plain, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NULLS = (None, "None", "null")


class _Seen:
    """Values that were met, also those that no set takes."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._hashed: set[object] = set()
        self._others: list[object] = []
        for each in values:
            self.add(each)

    def add(self, value: object) -> None:
        try:
            self._hashed.add(value)
        except TypeError:
            self._others.append(value)

    def __contains__(self, value: object) -> bool:
        try:
            return value in self._hashed
        except TypeError:
            return value in self._others


def _unique(values: Iterable[object]) -> list[object]:
    seen = _Seen()
    found = []
    for each in values:
        if each not in seen:
            seen.add(each)
            found.append(each)
    return found


def union(value: object, other: object) -> list[object]:
    """Return what is in one of the lists, each once."""
    return _unique([*items(value), *items(other)])


def intersect(value: object, other: object) -> list[object]:
    """Return what is in both lists, each once."""
    there = _Seen(items(other))
    return _unique(each for each in items(value) if each in there)


def difference(value: object, other: object) -> list[object]:
    """Return what is not in the other list, each once."""
    there = _Seen(items(other))
    return _unique(each for each in items(value) if each not in there)


def symmetric_difference(value: object, other: object) -> list[object]:
    """Return what is in one of the lists only, each once."""
    return [*difference(value, other), *difference(other, value)]


def flatten(value: object, levels: int | None = None, skip_nulls: bool = True) -> list[object]:
    """Return the members of lists in the list; levels: how deep."""
    found: list[object] = []
    for each in map(plain, items(value)):
        if skip_nulls and not isinstance(each, list | tuple | dict) and each in _NULLS:
            continue
        if isinstance(each, list | tuple) and (levels is None or levels >= 1):
            deeper = None if levels is None else int(levels) - 1
            found += flatten(each, deeper, skip_nulls)
        else:
            found.append(each)
    return found


def zipped(value: object, *others: object, strict: bool = False) -> list[object]:
    """Return the first of each list, the second of each, and so on, as far as the shortest."""
    try:
        return list(zip(items(value), *map(items, others), strict=strict))
    except ValueError:
        raise FilterFailed("the lists are not of one length") from None


def zip_longest(value: object, *others: object, fillvalue: object = None) -> list[object]:
    """Return the same as far as the longest, filled up."""
    lists = [items(value), *map(items, others)]
    longest = max(map(len, lists))
    return list(zip(*(each + [fillvalue] * (longest - len(each)) for each in lists), strict=True))


def any_of(value: object) -> bool:
    """Whether a member of the list is true."""
    return any(items(value))


def all_of(value: object) -> bool:
    """Whether every member of the list is true."""
    return all(items(value))


def contains(value: object, member: object) -> bool:
    """Whether the list, the text or the mapping contains it."""
    if isinstance(value, str):
        return text(member) in value
    return member in (value if isinstance(value, dict) else items(value))


def subset(value: object, other: object) -> bool:
    """Whether every member of the list is in the other one."""
    there = _Seen(items(other))
    return all(each in there for each in items(value))


def superset(value: object, other: object) -> bool:
    """Whether every member of the other list is in the list."""
    return subset(other, value)


FILTERS = {
    "difference": difference,
    "flatten": flatten,
    "intersect": intersect,
    "symmetric_difference": symmetric_difference,
    "union": union,
    "zip": zipped,
    "zip_longest": zip_longest,
}
TESTS = {
    "all": all_of,
    "any": any_of,
    "contains": contains,
    "issubset": subset,
    "issuperset": superset,
    "subset": subset,
    "superset": superset,
}
