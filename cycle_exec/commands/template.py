"""`cycle-exec template`: the templates that come with cycle-exec."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.settings.model import BUILTIN
from cycle_exec.settings.nearest import did_you_mean
from cycle_exec.system import files
from cycle_exec.system.output import stdout


def list_() -> int:
    """Print the name of each, and what it is for."""
    names = files.tree(files.builtin(""))
    width = max(map(len, names)) + len(BUILTIN)
    for name in names:
        stdout.write(f"{BUILTIN + name:{width}}  {_purpose(_text(name))}\n")
    return 0


def show(name: str) -> int:
    """Print one as it is: a header with the manifest that it is meant for comes first."""
    known = files.tree(files.builtin(""))
    name = name.removeprefix(BUILTIN)
    if name not in known:
        reason = "there is no such template" + did_you_mean(name, known)
        raise refuse("usage", BUILTIN + name, reason, "list them with cycle-exec template list")
    stdout.write(_text(name))
    return 0


def _text(name: str) -> str:
    return files.read(files.builtin(name)).decode()


def _purpose(text: str) -> str:
    """Return the first sentence of the header."""
    header = text.removeprefix("{#\n").partition("\n#\n")[0]
    words = " ".join(line.removeprefix("#").strip() for line in header.splitlines())
    return words.partition(". ")[0].rstrip(".:")
