"""The terminal on standard input, and which process group has it."""

from __future__ import annotations

import posix as os  # os itself takes 180 kB more, for as long as the app runs

_STDIN = 0


def hand_over(before: int, after: int) -> bool:
    """Make `after` the foreground group, if `before` is it.

    SIGTTOU has to be blocked. Without a terminal, or one of another session, nothing happens.
    """
    try:
        if os.tcgetpgrp(_STDIN) != before:
            return False
        os.tcsetpgrp(_STDIN, after)
    except OSError:
        return False
    return True


def has(group: int) -> bool:
    """Whether the group is in the foreground."""
    try:
        return os.tcgetpgrp(_STDIN) == group
    except OSError:
        return False


def alone() -> bool:
    """Whether no shell above us could bring us back after a stop."""
    return os.getpgrp() == os.getsid(0)
