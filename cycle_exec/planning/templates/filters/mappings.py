"""Mappings merged, and as lists of pairs."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, items, mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    List = list[object]
    Mapping = dict[object, object]

# What becomes of a list where the later mapping has one as well.
_LISTS: dict[str, Callable[[List, List], List]] = {
    "replace": lambda _, new: new,
    "keep": lambda old, _: old,
    "append": lambda old, new: old + new,
    "prepend": lambda old, new: new + old,
    "append_rp": lambda old, new: [each for each in old if each not in new] + new,
    "prepend_rp": lambda old, new: new + [each for each in old if each not in new],
}


def combine(
    value: object, *others: object, recursive: bool = False, list_merge: str = "replace"
) -> Mapping:
    """Return one mapping of several, later ones winning."""
    if list_merge not in _LISTS:
        raise FilterFailed(f"list_merge is one of {', '.join(_LISTS)}")
    given: List = []
    for each in (value, *others):
        given += each if isinstance(each, list | tuple) else [each]
    if not given:
        return {}
    # From the right, as Ansible does: of three a mapping, a number and a mapping the first is gone.
    found = dict(mapping(given.pop()))
    while given:
        found = _merged(mapping(given.pop()), found, recursive, _LISTS[list_merge])
    return found


def _merged(
    old: Mapping, new: Mapping, recursive: bool, lists: Callable[[List, List], List]
) -> Mapping:
    if old == new:
        return dict(new)  # lists and all, as Ansible has it
    merged = dict(old)
    for key, value in new.items():
        before = old.get(key)
        if recursive and isinstance(before, dict) and isinstance(value, dict):
            merged[key] = _merged(before, value, recursive, lists)
        elif isinstance(before, list) and isinstance(value, list):
            merged[key] = lists(before, value)
        else:
            merged[key] = value
    return merged


def dict2items(value: object, key_name: str = "key", value_name: str = "value") -> List:
    """Return a list with a small mapping for each pair."""
    return [{key_name: key, value_name: member} for key, member in mapping(value).items()]


def items2dict(value: object, key_name: str = "key", value_name: str = "value") -> Mapping:
    """Return the mapping that such a list stands for."""
    try:
        return {each[key_name]: each[value_name] for each in map(mapping, items(value))}
    except KeyError:
        raise FilterFailed("a member lacks its key or its value") from None
    except TypeError:
        raise FilterFailed("a member's key is a list or a mapping") from None


FILTERS = {"combine": combine, "dict2items": dict2items, "items2dict": items2dict}
