"""The files that templates are made of, read from the folders of their sources."""

from __future__ import annotations

from cycle_exec.planning.templates import parts
from cycle_exec.settings.model import BUILTIN
from cycle_exec.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.templates.parts import Library


def read(texts: Mapping[str, str], folders: Mapping[str, str]) -> Library:
    """Return every file that the templates name, and those that these name.

    texts: of the templates, by name. folders: what the names of each template's folder begin with.
    What cannot be read is noted: it may be named by a comment alone, or need not be there.
    """
    belongs = dict(folders)
    found: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    waiting = [(name, text) for name, text in texts.items() if name in folders]
    while waiting:
        name, text = waiting.pop()
        folder = belongs[name]
        for relative in parts.named(text):
            part = folder + relative
            if part in found or part in unreadable or parts.unfit(relative):
                continue
            belongs.setdefault(part, folder)
            try:
                found[part] = files.read_below(_place(folder), relative).decode()
            except files.Unreadable as error:
                unreadable[part] = error.reason
            except UnicodeDecodeError as error:
                unreadable[part] = files.not_text(error)
            else:
                waiting.append((part, found[part]))
    return parts.Library(texts=found, unreadable=unreadable, folders=belongs)


def _place(folder: str) -> str:
    if folder.startswith(BUILTIN):
        return files.builtin(folder.removeprefix(BUILTIN))
    return folder
