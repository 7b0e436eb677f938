"""The answer of a command that prints; everything else goes to stderr."""

from __future__ import annotations

import errno
import os

from cycle_exec.errors import Stopped, refuse
from cycle_exec.presentation.model import Style
from cycle_exec.system import signals
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Mapping
else:
    import _signal

_TICK = 0.25  # seconds


def write(text: str) -> None:
    """Write all of it, as UTF-8.

    A reader that went away (`cycle-exec env | head -1`) ends the process by SIGPIPE, as it ends
    cat: silently, 141 in a shell. A reader that does not read is waited for, until a signal ends
    that, also as PID 1. Raises Refused if standard output cannot be written.
    """
    _hear()
    left = memoryview(encoded(text))
    while left:
        try:
            left = left[stderr.put(1, left[: stderr.PIECE]) :]
        except BlockingIOError:
            # Python runs its handlers between two waits.
            stderr.wait(1, _TICK)
        except OSError as error:
            if error.errno == errno.EPIPE:
                _end_by_pipe()
            reason = "it is closed" if error.errno == errno.EBADF else words(error)
            raise refuse(
                "target-failed", "standard output", reason, "check where the output goes"
            ) from None


def _hear() -> None:
    """As PID 1, a verb that has no handlers yet would be deaf to what ends any other process."""
    if os.getpid() == 1 and _signal.getsignal(_signal.SIGTERM) == _signal.SIG_DFL:
        signals.arm()


def write_json(document: object) -> None:
    """Write a document for programs."""
    from json import dumps

    write(dumps(document, indent=2) + "\n")


def is_terminal() -> bool:
    """Whether a person reads it."""
    return os.isatty(1)


def shows_colours(environ: Mapping[str, str]) -> bool:
    """Whether that person sees colours and wants them (https://no-color.org)."""
    dumb = environ.get("TERM", "") in ("", "dumb")
    return is_terminal() and not dumb and not environ.get("NO_COLOR")


def style(environ: Mapping[str, str]) -> Style:
    """As wide as their terminal, with colours if they see and want them; plain in a pipe."""
    return Style(width=width(environ), colours=shows_colours(environ))


def width(environ: Mapping[str, str]) -> int:
    """Columns of the terminal, 0 if there is none."""
    if not is_terminal():
        return 0
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and len(given) < 5:
        return int(given)
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 0


def _end_by_pipe() -> None:
    number = int(_signal.SIGPIPE)
    _signal.signal(number, _signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # Only PID 1 is still here, and whoever blocks the signal.
    raise Stopped(number)
