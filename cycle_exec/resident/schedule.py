"""When the platform is asked again, in reload mode: pure arithmetic on seconds of one clock."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400.0
_FIRST_RETRY = 2.0
_LAST_RETRY = 30.0
_FIRST_CONNECTION = 0.5
_LAST_CONNECTION = 8.0
# A certificate that ends soon is looked at again after half a day.
_AGAIN = DAY / 2


class Pace(Record):
    """How fast it goes, in seconds.

    debounce: of quiet after a notification. longest: the longest wait for it. splay: this
    instance's own share of the splay. interval: between looks without notifications, 0: none.
    """

    debounce: float
    longest: float
    splay: float
    interval: float = 0.0


class Schedule(Record):
    """What is waited for.

    since: the first notification that no look has followed yet. latest: the last of them.
    missed: when to look for what nobody could tell while there was no connection.
    retry: when a look that failed is tried again, failures: how many have in a row.
    poll: when to look without notifications. expiry: when a certificate asks for it.
    None: nothing of the kind is waited for.
    """

    since: float | None = None
    latest: float | None = None
    missed: float | None = None
    retry: float | None = None
    failures: int = 0
    poll: float | None = None
    expiry: float | None = None

    def due(self, pace: Pace) -> float | None:
        """Return the moment of the next look, or None."""
        moments = [self.missed, self.retry, self.poll, self.expiry]
        if self.since is not None and self.latest is not None:
            # News is looked at, however many looks have failed before.
            moments.append(min(self.latest + pace.debounce, self.since + pace.longest) + pace.splay)
        return min((moment for moment in moments if moment is not None), default=None)

    def notified(self, now: float) -> Schedule:
        """Return the schedule after a notification."""
        since = now if self.since is None else self.since
        return self.replace(since=since, latest=now)

    def connected(self, now: float, pace: Pace) -> Schedule:
        """Return the schedule with notifications from now on: one look finds what was missed."""
        missed = now + pace.debounce + pace.splay if self.missed is None else self.missed
        return self.replace(poll=None, missed=missed)

    def alone(self, now: float, pace: Pace) -> Schedule:
        """Return the schedule without notifications: looking from time to time has to do."""
        if not pace.interval or self.poll is not None:
            return self
        return self.replace(poll=now + pace.interval)

    def looked(self, now: float, pace: Pace, expiry: float | None) -> Schedule:
        """Return the schedule after a look that went well."""
        poll = None if self.poll is None else now + pace.interval
        return Schedule(poll=poll, expiry=expiry)

    def again(self, now: float, jitter: float, failures: int) -> Schedule:
        """Return the schedule with another look without news, later each time.

        jitter: a number from 0 to 1. failures: how many looks have come to nothing before.
        """
        longest = min(_LAST_RETRY, _FIRST_RETRY * 2.0 ** min(failures, 10))
        return self.replace(retry=now + longest * (0.5 + jitter / 2), failures=failures + 1)

    def failed(self, now: float, jitter: float) -> Schedule:
        """Return the schedule after a look that went wrong."""
        found = Schedule(poll=self.poll).again(now, jitter, self.failures)
        if found.poll is None or found.retry is None:
            return found
        return found.replace(poll=max(found.poll, found.retry))


def expiry_look(few: Iterable[float], now: float) -> float | None:
    """When to look for new certificates although nobody told: as soon as too little is left, then
    twice a day. few: when that is for each. All in seconds of one clock.
    """
    moments = [max(moment, now + _AGAIN) for moment in few]
    return min(moments, default=None)


def reconnect_delay(failures: int, jitter: float) -> float:
    """Seconds before the next connection: doubled each time, at most eight, for the socket is on
    this machine.
    """
    return min(_LAST_CONNECTION, _FIRST_CONNECTION * 2.0 ** min(failures, 6)) * (0.5 + jitter / 2)
