"""What can happen to the process above the app, and what it can do.

Signals go by name ("TERM", "RTMIN+3"); their numbers are the machine's.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Terms(Record):
    """What holds for the whole life of the process above the app.

    grace: seconds between TERM and KILL for what the app leaves in its group, 0: it is left alone.
    signal_map: what is passed on instead of a signal; "NONE": nothing.
    terminal: whether the app's group has the terminal that was ours.
    alone: nobody could bring us back to the foreground (we lead the session, or are PID 1).
    """

    grace: float = 0.0
    signal_map: Mapping[str, str] = {}
    terminal: bool = False
    alone: bool = True


# Events


class Event(Record):
    """Something that happened."""


class Arrived(Event):
    """A signal for us. kernel: it was sent by the kernel (a terminal), not by a process."""

    signal: str
    kernel: bool = False


class Ended(Event):
    """The app has ended. code: its exit code, or minus the number of the signal."""

    code: int


class Halted(Event):
    """The app was stopped by a signal; it can be continued."""

    signal: str


class Expired(Event):
    """The time that Wait asked for is over."""


class Deserted(Event):
    """Nobody is left in the app's group."""


# Actions


class Action(Record):
    """Something to do."""


class Send(Action):
    """Send a signal to the app's group."""

    signal: str


class Wait(Action):
    """Let Expired happen after so many seconds."""

    seconds: float


class Foreground(Action):
    """Give the terminal to the app's group, if it is ours; or take it back, if it is theirs."""

    app: bool


class Pause(Action):
    """Stop ourselves, as the app was stopped, so that the shell above us has its prompt."""


class Leave(Action):
    """End with this exit code."""

    code: int


class State(Record):
    """Where it stands. phase: "running", "paused", or "leaving" with the app's exit code."""

    phase: str = "running"
    code: int = 0
