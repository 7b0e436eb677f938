"""A config as a check command should see it, before anything is swapped.

At the first start a config names certificates that are not there yet: they stand ready under other
names. So the check reads a copy in which the paths of all targets are those of their staged files.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_PATHS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")


def preview(content: bytes, staged: Mapping[str, str]) -> bytes:
    """Return the content with each target's path, where it stands as a whole, replaced by its
    staged file's. staged: by target.
    """
    for target in sorted(staged, key=len, reverse=True):
        if target.encode("utf-8", "surrogateescape") in content:
            content = _replaced(content, target, staged[target])
    return content


def _replaced(content: bytes, target: str, staged: str) -> bytes:
    old, new = (path.encode("utf-8", "surrogateescape") for path in (target, staged))
    parts: list[bytes] = []
    done = 0
    at = content.find(old)
    while at >= 0:
        end = at + len(old)
        if not _OF_PATHS.intersection(content[at - 1 : at] + content[end : end + 1]):
            parts += (content[done:at], new)
            done = end
        at = content.find(old, end)
    return b"".join((*parts, content[done:]))
