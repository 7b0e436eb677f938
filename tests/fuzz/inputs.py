"""The corpus: inputs by hand, and those of earlier runs that reach what the others do not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

HOME = Path(__file__).parent / "corpus"
MOST = 40  # inputs of a target
_MOST_FOUND = 20  # of them by runs
_LARGEST = 400  # bytes of one that a run has found


def folder(name: str) -> Path:
    """Where a target's inputs lie."""
    return HOME / name


def of(name: str) -> dict[str, bytes]:
    """A target's inputs by file name."""
    return {path.name: path.read_bytes() for path in sorted(folder(name).iterdir())}


def keep(name: str, found: Iterable[Path]) -> int:
    """Add the smallest of these inputs, as many as there is room for; returns how many."""
    known = of(name)
    contents = {path.read_bytes() for path in found} - set(known.values())
    small = sorted((each for each in contents if len(each) <= _LARGEST), key=lambda x: (len(x), x))
    taken = len([each for each in known if each.startswith("found-")])
    chosen = small[: max(0, min(MOST - len(known), _MOST_FOUND - taken))]
    for number, content in enumerate(chosen, taken + 1):
        (folder(name) / f"found-{number:02}").write_bytes(content)
    return len(chosen)
