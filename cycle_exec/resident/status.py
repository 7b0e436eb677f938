"""What the supervisor says of the app and of the platform to whoever asks (`cycle-exec health`):
one line without a secret, which every user of the machine may read.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from cycle_exec.resident.model import State
    from cycle_exec.resident.watching import Watching

# How the app is.
RUNNING, STARTING, STOPPING, RESTARTING, FAILING = (
    "running", "starting", "stopping", "restarting", "failing",
)  # fmt: skip
# How the watcher is: there is none in plain init mode.
NONE, UP, DOWN = "none", "up", "down"
_UNKNOWN = "-"


class Facts(Record):
    """What a watcher knows of the platform. Moments without a word are of the monotonic clock.

    connected: there is a connection for notifications. contact: where there is none, when it was
    lost or a look went well for the last time, None: not by this watcher. outage: since when there
    has been no lasting connection. refused: since when looks have come to nothing. ends: when the
    first certificate ends, few: from when on that is soon; both by the wall clock.
    """

    connected: bool = False
    contact: float | None = None
    outage: float | None = None
    refused: float | None = None
    ends: float | None = None
    few: float | None = None

    def to_line(self) -> str:
        """Return it as words."""
        moments = (self.contact, self.outage, self.refused, self.ends, self.few)
        told = (_UNKNOWN if moment is None else f"{moment:.1f}" for moment in moments)
        return " ".join((str(int(self.connected)), *told))

    @classmethod
    def from_line(cls, line: str) -> Facts:
        """Return the same again. Raise ValueError for another line."""
        connected, *told = line.split(" ")
        contact, outage, refused, ends, few = (
            None if word == _UNKNOWN else float(word) for word in told
        )
        return cls(
            connected=connected == "1",
            contact=contact,
            outage=outage,
            refused=refused,
            ends=ends,
            few=few,
        )

    def after(self, last: Facts, now: float, *, watched: bool = True) -> Facts:
        """Return the facts with what only an earlier watcher knew. watched: it is still there."""
        found = self
        if found.contact is None and not found.connected:
            found = found.replace(contact=now if last.connected else last.contact)
        if found.connected and not watched:
            found = found.replace(connected=False, contact=now)
        return found


class Status(Record):
    """How the app and its watcher are, and what the watcher knows."""

    app: str
    watcher: str = NONE
    facts: Facts = Facts()

    def to_line(self) -> str:
        """Return it as words, at most ROOM characters."""
        return f"{self.app} {self.watcher} {self.facts.to_line()}"

    @classmethod
    def from_line(cls, line: str) -> Status | None:
        """Return the same again; None if nobody has written the line."""
        app, _, rest = line.partition(" ")
        watcher, _, facts = rest.partition(" ")
        try:
            return cls(app=app, watcher=watcher, facts=Facts.from_line(facts))
        except ValueError:
            return None


def app(state: State, stops: Collection[int]) -> str:
    """Return how the app is. stops: the exit codes of signals that are sent to end a container;
    others, as QUIT for a thread dump, may be survived.
    """
    if state.stopped or state.phase == "leaving":
        return STOPPING
    match state.phase:
        case "launching":
            return STARTING
        case "running" | "paused":
            return STOPPING if state.stopping and state.code in stops else RUNNING
        case "absent" if state.refusal:
            return FAILING
    return RESTARTING


def facts(state: Watching, ends: float | None, few: float | None) -> Facts:
    """Return what a watcher knows. ends, few: of its certificates, see Facts."""
    connected = state.connected is not None
    return Facts(
        connected=connected,
        contact=None if connected else state.contact,
        outage=state.outage,
        refused=state.refused,
        ends=ends,
        few=few,
    )
