"""A config as a check command should see it, before anything is swapped.

At the first start a config names certificates that are not there yet: they stand ready under other
names. So the check reads a copy in which the paths of all targets are those of their staged files.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def preview(content: bytes, staged: Mapping[str, str]) -> bytes:
    """Return the content with each target's path, where it stands as a whole, replaced by its
    staged file's. staged: by target.
    """
    import re

    moved = {_encoded(target): _encoded(path) for target, path in staged.items()}
    longest_first = sorted(map(re.escape, moved), key=len, reverse=True)
    paths = re.compile(rb"(?<![\w.\-/])(?:%s)(?![\w.\-/])" % b"|".join(longest_first))
    return paths.sub(lambda found: moved[found[0]], content) if moved else content


def _encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
