"""The nearest known name, for refusals; and foreign words made fit to print."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


_SHORT = range(3, 5)  # characters of a word that is rather the beginning of another than misspelt


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known name that the word was probably meant to be; empty if none is close."""
    from difflib import get_close_matches

    known = sorted(known)
    begun = [each for each in known if each.startswith(word)]
    if len(begun) == 1 and len(word) in _SHORT:
        return begun[0]
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean NAME` or nothing."""
    found = nearest(word, known)
    return f", did you mean {found}" if found else ""


def printable(text: str, limit: int = 80) -> str:
    """Return a user's own word in printable ASCII, cut where it is very long."""
    shown = "".join(character if " " <= character <= "~" else "?" for character in text[:limit])
    return shown + "..." if len(text) > limit else shown
