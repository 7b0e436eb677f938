"""What can happen to the process above the app, and what it can do.

Signals go by name ("TERM", "RTMIN+3"); their numbers are the machine's.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Terms(Record):
    """What holds for the whole life of the process above the app.

    grace: seconds between TERM and KILL for what the app leaves in its group, 0: it is left alone.
    patience: seconds between TERM and KILL for an app that is to be started again.
    signal_map: what is passed on instead of a signal; "NONE": nothing.
    terminal: whether the app's group has the terminal that was ours.
    alone: nobody could bring us back to the foreground (we lead the session, or are PID 1).
    """

    grace: float = 0.0
    patience: float = 10.0
    signal_map: Mapping[str, str] = {}
    terminal: bool = False
    alone: bool = True


class SupervisorArguments(Record):
    """What a launch hands on to the process above it, as that one's command line.

    child: the process of the app, or of the watcher. memory: the descriptor by which a watcher
    hands over the app's plan; None: the child becomes the app. terminal: whether the child has
    the terminal that was ours. mask: numbers of the signals that the app has blocked.
    ignored: whether it ignores SIGCHLD. signal_map: from the signal that comes to the one that
    is passed on.
    """

    child: int
    memory: int | None
    terminal: bool
    mask: tuple[int, ...]
    ignored: bool
    log_level: str
    log_format: str
    grace: float
    signal_map: Mapping[str, str]

    def to_argv(self) -> list[str]:
        """Return the words of it, which hold no secret."""
        return [
            str(self.child),
            "" if self.memory is None else str(self.memory),
            str(int(self.terminal)),
            ",".join(map(str, self.mask)),
            str(int(self.ignored)),
            self.log_level,
            self.log_format,
            str(self.grace),
            *(f"{came}:{passed_on}" for came, passed_on in self.signal_map.items()),
        ]

    @classmethod
    def from_argv(cls, words: Sequence[str]) -> SupervisorArguments:
        """Return the same again."""
        child, memory, terminal, mask, ignored, log_level, log_format, grace, *pairs = words
        return cls(
            child=int(child),
            memory=int(memory) if memory else None,
            terminal=terminal == "1",
            mask=tuple(int(number) for number in mask.split(",") if number),
            ignored=ignored == "1",
            log_level=log_level,
            log_format=log_format,
            grace=float(grace),
            signal_map=dict(pair.split(":", 1) for pair in pairs),
        )


# Events


class Event(Record):
    """Something that happened."""


class Arrived(Event):
    """A signal for us. kernel: it was sent by the kernel (a terminal), not by a process. watcher:
    it was sent by our own watcher, so no map of the user's is for it.
    """

    signal: str
    kernel: bool = False
    watcher: bool = False


class Asked(Event):
    """The watcher has put a plan into our hands: start the app with it, or start it again."""


class WatcherEnded(Event):
    """The watcher has ended. code: as in Ended."""

    code: int


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
    """Let Expired happen after so many seconds; 0: not any more."""

    seconds: float


class Start(Action):
    """Start the app as the plan in our hands has it."""


class Say(Action):
    """Warn people."""

    words: str


class Foreground(Action):
    """Give the terminal to the app's group, if it is ours; or take it back, if it is theirs."""

    app: bool


class Pause(Action):
    """Stop ourselves, as the app was stopped, so that the shell above us has its prompt."""


class Leave(Action):
    """End with this exit code."""

    code: int


class State(Record):
    """Where it stands.

    phase: "launching" (reload mode: the watcher prepares the app), "running", "paused",
    "restarting" (the app was told to end), or "leaving" with the app's exit code.
    stopped: whether somebody wanted it to end for good; then it is not started again.
    """

    phase: str = "running"
    stopped: bool = False
    code: int = 0
