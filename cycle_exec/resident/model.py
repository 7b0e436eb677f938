"""What can happen to the process above the app, and what it can do.

Signals go by name ("TERM", "RTMIN+3"); their numbers are the machine's.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# The word of the supervisor's command line in which it tells everybody how the app is.
MARK, ROOM = "status:", 128
BOARD = MARK + " " * (ROOM + 10)


class Terms(Record):
    """What holds for the whole life of the process above the app.

    grace: seconds between the stop signal and KILL for what the app leaves in its group, 0: it is
    left alone. patience: the same for an app that is to be started again. stop: what asks the app
    to end, as it is passed on. stop_signal: the same as it arrives. signal_map: what is passed on
    instead of a signal; "NONE": nothing. terminal: whether the app's group has the terminal that
    was ours. alone: nobody could bring us back to the foreground (we lead the session, or are
    PID 1). drain: seconds for which a stop is held back from the app. before: seconds more for a
    launch that was told to end, because of what it runs before the app.
    """

    before: float = 0.0
    drain: float = 0.0
    grace: float = 0.0
    patience: float = 10.0
    stop: str = "TERM"
    stop_signal: str = "TERM"
    signal_map: Mapping[str, str] = {}
    terminal: bool = False
    alone: bool = True


class SupervisorArguments(Record):
    """What a launch hands on to the process above it, as that one's command line.

    child: the process of the app, or of the watcher. channel: the descriptor of the supervisor's
    end of the watcher's channel; None: the child becomes the app. launch: a descriptor that has an
    end of file once it has; None: nobody asks. terminal: whether the child has
    the terminal that was ours. mask: numbers of the signals that the app has blocked. ignored:
    whether it ignores SIGCHLD. signal_map: from the signal that comes to the one that is passed on.
    """

    child: int
    channel: int | None
    launch: int | None
    terminal: bool
    mask: tuple[int, ...]
    ignored: bool
    log_level: str
    log_format: str
    before: float
    drain: float
    grace: float
    patience: float
    stop_signal: str
    signal_map: Mapping[str, str]

    def to_argv(self) -> list[str]:
        """Return the words of it, which hold no secret."""
        return [
            str(self.child),
            *("" if each is None else str(each) for each in (self.channel, self.launch)),
            str(int(self.terminal)),
            ",".join(map(str, self.mask)),
            str(int(self.ignored)),
            self.log_level,
            self.log_format,
            str(self.before),
            str(self.drain),
            str(self.grace),
            str(self.patience),
            self.stop_signal,
            BOARD,
            *(f"{came}:{passed_on}" for came, passed_on in self.signal_map.items()),
        ]

    @classmethod
    def from_argv(cls, words: Sequence[str]) -> SupervisorArguments:
        """Return the same again."""
        child, channel, launch, terminal, mask, ignored, level, form, *rest = words
        before, drain, grace, patience, stop_signal, _, *pairs = rest
        return cls(
            child=int(child),
            channel=int(channel) if channel else None,
            launch=int(launch) if launch else None,
            terminal=terminal == "1",
            mask=tuple(int(number) for number in mask.split(",") if number),
            ignored=ignored == "1",
            log_level=level,
            log_format=form,
            before=float(before),
            drain=float(drain),
            grace=float(grace),
            patience=float(patience),
            stop_signal=stop_signal,
            signal_map=dict(pair.split(":", 1) for pair in pairs),
        )


# Timers: each is armed once at a time.
GRACE = "grace"  # until what was told to end is killed
DRAIN = "drain"  # until a stop that is held back is passed on
STOP = "stop"  # until it is clear that the app has survived a stop signal
START = "start"  # until the app is started although nobody has prepared it, or once more
LISTEN = "listen"  # until it is looked again whether the app listens
DEAF = "deaf"  # until nobody waits any more for it to listen
HANDLER = "handler"  # until it is clear that the app has survived a signal of ours
WATCHER = "watcher"  # until the next watcher is started
STEADY = "steady"  # until a watcher has lived so long that it counts as a good one


# Events


class Event(Record):
    """Something that happened."""


class Arrived(Event):
    """A signal for us, by name and number. kernel: it was sent by the kernel (a terminal), not by
    a process. early: the launch has not become the app yet, as far as anybody has asked.
    """

    signal: str
    number: int = 0
    kernel: bool = False
    early: bool = False


class NewPlan(Event):
    """The watcher has put a new plan into our hands: start the app with it, or start it again."""


class Ready(Event):
    """The watcher has put the targets back, as Prepare has asked."""


class Wanted(Event):
    """The watcher wants the app to have a signal, if the app has a handler for it."""

    signal: str


class Delivered(Event):
    """What Deliver came to. heard: whether there was somebody with a handler."""

    signal: str
    number: int = 0
    heard: bool


class WatcherEnded(Event):
    """The watcher has ended, or could not be started. code: as in Ended. how: in words."""

    code: int
    how: str = "has exited"


class Ended(Event):
    """The app has ended. code: its exit code, or minus the number of the signal."""

    code: int


class NotStarted(Event):
    """There is no app: no process could be made for it, or it could not become the command.

    said: people have been told why.
    """

    code: int
    words: str
    said: bool = True


class Halted(Event):
    """The app was stopped by a signal; it can be continued."""

    signal: str


class Expired(Event):
    """The time that Wait asked for is over."""

    timer: str


class Deserted(Event):
    """Nobody is left in the app's group."""


# Actions


class Action(Record):
    """Something to do."""


class Send(Action):
    """Send a signal to the app's group; before there is an app, to the watcher's."""

    signal: str


class Deliver(Action):
    """Send a signal to the app if it has a handler, else to those of its group that do; Delivered
    follows.
    """

    signal: str


class Wait(Action):
    """Let Expired happen after so many seconds; 0: not any more."""

    timer: str
    seconds: float


class Start(Action):
    """Start the app as the newest plan in our hands has it. NotStarted may follow."""


class StartWatcher(Action):
    """Start another watcher, which goes on where the last one was. WatcherEnded may follow."""


class Prepare(Action):
    """Tell the watcher that the app is to be started: every target is put back, then Ready."""


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

    phase: "launching" (reload mode: the watcher prepares the app), "running", "paused", "ending"
    (the app was told to end, to be started again), "clearing" (it has ended, others of its group
    have not), "absent" (it is to be started), or "leaving".
    code: the exit code, where it is known; while launching, that of a stop.
    stopping: a stop signal was passed on to the app, which may end by it or not, or will be.
    held: the stop signal that is held back from the app, as it is passed on; empty: there is none.
    within: seconds after which an app that is stopping has survived that.
    stopped: somebody wants the container to end; the app is not started again.
    killed: whoever was told to end was killed.
    again: the app has run before, so that a failed start does not end the container.
    deferred: a new plan waits until it is clear that the app has survived a stop signal.
    failures: of starts, in a row. refusal: the words of the last one.
    kept: signals for an app that does not listen yet, and whether they are the watcher's.
    tried: signals of the watcher's that the app was sent just now, with their numbers.
    deaf: signals that the app has died of although it seemed to have a handler.
    falls: of watchers, in a row. watched: whether there is a watcher.
    """

    phase: str = "running"
    code: int = 0
    stopping: bool = False
    held: str = ""
    within: float = 0.0
    stopped: bool = False
    killed: bool = False
    again: bool = False
    deferred: bool = False
    failures: int = 0
    refusal: str = ""
    kept: tuple[tuple[str, bool], ...] = ()
    tried: tuple[tuple[str, int], ...] = ()
    deaf: frozenset[str] = frozenset()
    falls: int = 0
    watched: bool = True
