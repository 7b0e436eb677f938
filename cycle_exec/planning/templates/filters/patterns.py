"""Regular expressions, as Python and Ansible write them.

Python looks for signals while it searches, so the deadline of a start ends a search as well.
"""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


def _compiled(pattern: object, ignorecase: bool, multiline: bool) -> re.Pattern[str]:
    import re
    import warnings

    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they have the pattern in them
            return re.compile(text(pattern), flags)
    except (re.error, RecursionError, OverflowError):
        raise FilterFailed("the regular expression is not valid") from None


def regex_replace(
    value: object,
    pattern: object,
    replacement: object,
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    r"""Return the text with what matches replaced; \1 and \g<name> stand for groups."""
    import re

    found = _compiled(pattern, ignorecase, multiline)
    try:
        made, times = found.subn(text(replacement), text(value), count=count)
    except (re.error, IndexError):
        raise FilterFailed("the replacement is not valid") from None
    if mandatory_count and times != mandatory_count:
        raise FilterFailed("it does not match as often as mandatory_count says")
    return made


def regex_search(
    value: object,
    pattern: object,
    *groups: object,
    ignorecase: bool = False,
    multiline: bool = False,
) -> object:
    r"""Return what matches first, or none; with "\\1" or "\\g<name>" the list of these groups."""
    found = _compiled(pattern, ignorecase, multiline).search(text(value))
    wanted = [_group(each) for each in groups]
    if found is None:
        return None
    try:
        return [found[each] for each in wanted] if wanted else found[0]
    except IndexError:
        raise FilterFailed("the regular expression has no such group") from None


def _group(reference: object) -> int | str:
    if isinstance(reference, str):
        if reference.startswith("\\g<") and reference.endswith(">"):
            name = reference[3:-1]
            return int(name) if name.isascii() and name.isdigit() else name
        number = reference[1:]
        if reference.startswith("\\") and number.isascii() and number.isdigit():
            return int(number)
    raise FilterFailed(r"a group is given as \\1 or \\g<name>")


def regex_findall(
    value: object, pattern: object, multiline: bool = False, ignorecase: bool = False
) -> list[object]:
    """Return all that matches."""
    return _compiled(pattern, ignorecase, multiline).findall(text(value))


def regex_escape(value: object, re_type: str = "python") -> str:
    """Return the text as a regular expression that matches it; re_type: python or posix_basic."""
    if re_type == "posix_basic":
        return "".join("\\" + each if each in "][.^$*\\" else each for each in text(value))
    if re_type != "python":
        raise FilterFailed("re_type is python or posix_basic")
    import re

    return re.escape(text(value))


def split(value: object, sep: object = None, maxsplit: int = -1) -> list[str]:
    """Return the parts between the separators; without one, the words."""
    if sep == "":
        raise FilterFailed("the separator is empty")
    return text(value).split(None if sep is None else text(sep), maxsplit)


def search(
    value: object, pattern: object = "", ignorecase: bool = False, multiline: bool = False
) -> bool:
    """Whether it matches somewhere in the text."""
    return _compiled(pattern, ignorecase, multiline).search(text(value)) is not None


def match(
    value: object, pattern: object = "", ignorecase: bool = False, multiline: bool = False
) -> bool:
    """Whether it matches at the beginning of the text."""
    return _compiled(pattern, ignorecase, multiline).match(text(value)) is not None


def regex(
    value: object,
    pattern: object = "",
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether it matches, by match_type: search, match or fullmatch."""
    if match_type not in ("search", "match", "fullmatch"):
        raise FilterFailed("match_type is search, match or fullmatch")
    compiled = _compiled(pattern, ignorecase, multiline)
    return getattr(compiled, match_type)(text(value)) is not None


FILTERS = {
    "regex_escape": regex_escape,
    "regex_findall": regex_findall,
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "split": split,
}
TESTS = {"match": match, "regex": regex, "search": search}
