"""What a builtin template says of itself: its manifest, its command, its variables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.j2"))
_COMMAND = "The command is: "
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
# Of a container, and not of this machine.
_PLACES = re.compile(r"(?<![\w.])/(?=(?:etc/cycle|etc/nginx|run|var)/)")


def lines(name: str) -> list[str]:
    """The header's lines, without what makes them comments."""
    found: list[str] = []
    for line in (FOLDER / name).read_text().splitlines():
        if line == "{#":
            continue
        if not line.startswith("#") or line == "#}":
            break
        found.append(line.removeprefix("#").removeprefix(" "))
    return found


def manifest(name: str, folder: Path | None = None) -> str:
    """The manifest in the header. folder: where the places of its container lie."""
    text = "".join(f"{line[2:]}\n" for line in _before_the_command(name) if line[:2] in ("  ", ""))
    return _moved(text, folder)


def _before_the_command(name: str) -> list[str]:
    found = lines(name)
    end = next(at for at, line in enumerate(found) if line.startswith("The command is"))
    return found[:end]


def command(name: str, folder: Path | None = None) -> list[str]:
    """The words that start the server."""
    [text] = [line.removeprefix(_COMMAND) for line in lines(name) if line.startswith(_COMMAND)]
    return shlex.split(_moved(text, folder))


def variables(name: str) -> dict[str, str]:
    """What the header says of each scoped variable."""
    found: dict[str, str] = {}
    for line in lines(name)[len(_before_the_command(name)) :]:
        if line.startswith("  "):
            words, _, text = line.strip().partition("   " if "   " in line.strip() else "  ")
            found.update((word, text.strip()) for word in _VARIABLE.findall(words))
    return found


def _moved(text: str, folder: Path | None) -> str:
    return text if folder is None else _PLACES.sub(f"{folder}/", text)
