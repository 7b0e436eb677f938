"""Host names as certificates have them: strictly valid, lower case, with wildcards."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

WILDCARD, _WILDCARD_FOLDER = "*.", "_wildcard."

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_LONGEST = 253  # characters of a host name (RFC 1035)
_LONGEST_FOLDER = 255  # bytes of a file name


def folded(domain: str) -> str:
    """Return the name in lower case; one beyond ASCII stays as it is."""
    # Some letters beyond ASCII have a lower case inside it: they must not become host names.
    return domain.lower() if domain.isascii() else domain


def covers(names: Collection[str], domain: str) -> bool:
    """Whether one of the names of a certificate stands for a domain; a wildcard covers one label.

    It needs two labels behind it: no client takes `*.com` for anything. names: a set or a mapping,
    since a certificate may have thousands, and be asked for each.
    """
    if domain in names:
        return True
    first, _, rest = domain.partition(".")
    return "." in rest and first not in ("", "*") and WILDCARD + rest in names


def is_host_name(domain: str) -> bool:
    """Letters, digits and hyphens in dotted labels (RFC 1123), with at most one leading `*.`.

    Lower case only; one label alone is a name too. Its folder's name must fit a file system.
    """
    bare = domain.removeprefix(WILDCARD)
    room = _LONGEST_FOLDER - len(_WILDCARD_FOLDER) if bare != domain else _LONGEST
    return len(bare) <= room and all(
        0 < len(label) <= 63 and _LABEL.issuperset(label) and label[0] != "-" and label[-1] != "-"
        for label in bare.split(".")
    )


def folder_name(domain: str) -> str:
    """Return the name of a host name's folder: the same, but `*.` is written `_wildcard.`."""
    bare = domain.removeprefix(WILDCARD)
    return domain if bare == domain else _WILDCARD_FOLDER + bare
