"""What a file's format cannot carry."""

from __future__ import annotations

from cycle_exec.errors import Unfit


class NotCarried(Unfit):
    """A value that the reader would not give back as it is. name: of its variable."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(reason)


def whole_text(name: str, value: str, reader: str) -> None:
    """Refuse what is no text for a reader."""
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        raise NotCarried(name, f"it is not UTF-8, which {reader} needs") from None
    if "\0" in value:
        raise NotCarried(name, "it contains a NUL")


def plain_name(name: str, reader: str) -> None:
    """Refuse a name that is no identifier of ASCII."""
    if not (name.isascii() and name.isidentifier()):
        raise NotCarried(name, f"{reader} cannot read its name")


def expands(value: str) -> bool:
    """Whether python-dotenv, and Compose where it reads as that does, would put a variable in."""
    if "${" not in value:
        return False
    import re

    return re.search(r"\$\{[^}:]*(?::-[^}]*)?\}", value) is not None
