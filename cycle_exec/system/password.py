"""A password that somebody types at the terminal, unseen."""

from __future__ import annotations

import os


class NoTerminal(Exception):
    """There is nobody to ask."""


def asked(prompt: str) -> str:
    """Return what is typed; empty if the terminal is closed instead. Raises NoTerminal."""
    from getpass import getpass

    try:
        # Without one getpass would read standard input, and show what is typed there.
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        raise NoTerminal from None
    try:
        return getpass(prompt)
    except EOFError:
        return ""
