"""What can happen to the process beside the app, what it can do, and where it stands.

Moments are seconds of one monotonic clock.
"""

from __future__ import annotations

from cycle_exec.planning.changes import Changes
from cycle_exec.planning.model import Plan
from cycle_exec.record import Record
from cycle_exec.resident.schedule import Pace, Schedule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.changes import Deed
    from cycle_exec.planning.model import FileWrite


# As a command: those of [[before]], after which the app is restarted.
BEFORE: Deed = ("before",)


class Rules(Record):
    """What the settings say, for the whole life of the process.

    on_environment: what a changed environment asks for. restores: targets that others have changed
    are put back at each look. listens: there can be notifications. before: a restart waits for
    commands of [[before]] to work.
    """

    pace: Pace
    on_environment: Deed = ("restart",)
    restores: bool = False
    listens: bool = True
    before: bool = False


class Job(Record):
    """A command that has still to work. at: when it is tried. failures: how often it failed."""

    deed: Deed
    at: float
    failures: int = 0


class Watching(Record):
    """Where it stands.

    held: the plan that holds. connected: since when there is a connection. reconnect: when the next
    one is made. lost: how many were lost or failed in a row. outage: since when there has been no
    lasting connection; told: whether that was said, and why it is so.
    contact: when a connection was lost, or a look went well, for the last time; None: not yet.
    refused: since when looks have come to nothing.
    fresh: the plan of a look that is about to be applied, and what is different in it; gone,
    empty: what it has kept from before.
    refusals: causes of failed looks that were said, until a look goes well.
    named: targets of which it was said that others have changed them. kept: what it was said of
    that it keeps its last value. warned: what the last plan warned of. edited: whether it was said
    that the manifest has changed.
    """

    held: Plan
    schedule: Schedule = Schedule()
    connected: float | None = None
    reconnect: float | None = None
    lost: int = 0
    outage: float | None = None
    told: bool = False
    why: str = ""
    contact: float | None = None
    refused: float | None = None
    fresh: Plan | None = None
    changes: Changes = Changes()
    restored: tuple[str, ...] = ()
    expiry: float | None = None
    empty: tuple[str, ...] = ()
    looks_empty: int = 0
    refusals: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    warned: frozenset[str] = frozenset()
    edited: bool = False
    jobs: tuple[Job, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether the plan that holds waits for commands of [[before]]."""
        return any(job.deed == BEFORE for job in self.jobs)


# Events


class Event(Record):
    """Something that happened. jitter: a number from 0 to 1."""

    now: float
    jitter: float = 0.5


class Due(Event):
    """It is time for whatever is due, or nothing is."""


class Connected(Event):
    """There is a connection."""


class Lost(Event):
    """There is none any more, or none could be made. status: what the platform answered, or 0."""

    reason: str
    status: int = 0


class Notified(Event):
    """The platform has told of a change that concerns the app."""


class Planned(Event):
    """A look has come to a plan.

    gone, empty: what it has kept, see `keeping.Kept`. differing: its targets that are not so on
    the disk. expiry: when its certificates ask for a look. edited: the manifest is not what it was.
    """

    plan: Plan
    gone: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    differing: frozenset[str] = frozenset()
    expiry: float | None = None
    edited: bool = False


class Applied(Event):
    """What was to be written is written. warnings: lines for the warning level."""

    warnings: tuple[str, ...] = ()


class Refused(Event):
    """A look has come to nothing. cause: the same for the same refusal. words: for people. lines:
    what a command has printed, as far as it may be shown.
    """

    cause: str
    words: str
    lines: tuple[str, ...] = ()


class Ran(Event):
    """A command has come to its end. failure: why it did not work, empty if it did."""

    deed: Deed
    failure: tuple[str, ...] = ()


class Prepared(Event):
    """The supervisor is about to start the app again: the targets have to be there."""


# Actions


class Action(Record):
    """Something to do."""


class Connect(Action):
    """Make a connection; Connected or Lost follows."""


class Look(Action):
    """Ask the platform and plan; Planned or Refused follows."""


class Apply(Action):
    """Stage these targets, check and swap them; Applied or Refused follows."""

    writes: tuple[FileWrite, ...]


class Restore(Action):
    """Put back every target of the plan that holds, as far as that is possible."""


class Run(Action):
    """Run a command; Ran follows."""

    deed: Deed


class HandOver(Action):
    """Give the plan that holds to the supervisor, with all that the next watcher has to know.

    again: what was given last instead, for what [[before]] has not worked for yet is not to be
    started. asks: "restart": the app is started again with it; "ready": it may be started, if that
    waits for the targets. signals: what the app is sent.
    """

    asks: str = ""
    signals: tuple[str, ...] = ()
    again: bool = False


class Keep(Action):
    """Remember that this plan holds, and its answers, although nobody else has to know."""


class Report(Action):
    """Tell the platform of a look that was refused, where that is asked for."""


class Tell(Action):
    """Say in one line what a reload has changed."""

    changes: Changes


class Say(Action):
    """Say a line at a level."""

    level: str
    words: str
