"""When the platform is asked again, in reload mode: pure arithmetic on seconds of one clock."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400.0
_FIRST_RETRY = 5.0
_LAST_RETRY = 300.0
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
    retry: when a look that failed is tried again, failures: how many have in a row.
    poll: when to look without notifications. expiry: when a certificate asks for it.
    None: nothing of the kind is waited for.
    """

    since: float | None = None
    latest: float | None = None
    retry: float | None = None
    failures: int = 0
    poll: float | None = None
    expiry: float | None = None

    def due(self, pace: Pace) -> float | None:
        """Return the moment of the next look, or None."""
        moments = [each for each in (self.retry, self.poll, self.expiry) if each is not None]
        if self.since is not None and self.latest is not None:
            quiet = min(self.latest + pace.debounce, self.since + pace.longest)
            moments.append(max(quiet + pace.splay, self.retry or 0.0))
        return min(moments, default=None)

    def notified(self, now: float) -> Schedule:
        """Return a notification has arrived."""
        since = now if self.since is None else self.since
        return self.replace(since=since, latest=now)

    def connected(self, now: float) -> Schedule:
        """Notifications arrive from now on; what happened before is found out by a look."""
        return self.replace(poll=None).notified(now)

    def alone(self, now: float, pace: Pace) -> Schedule:
        """No notifications arrive; looking from time to time has to do."""
        if not pace.interval or self.poll is not None:
            return self
        return self.replace(poll=now + pace.interval)

    def looked(self, now: float, pace: Pace, expiry: float | None) -> Schedule:
        """Return a look went well."""
        return Schedule(
            poll=None if self.poll is None else now + pace.interval,
            expiry=expiry,
        )

    def failed(self, now: float, chance: float) -> Schedule:
        """Return a look went wrong; the next is later each time. chance: from 0 to 1, for the
        jitter.
        """
        longest = min(_LAST_RETRY, _FIRST_RETRY * 2.0**self.failures)
        retry = now + longest * (0.5 + chance / 2)
        return Schedule(
            retry=retry,
            failures=self.failures + 1,
            poll=None if self.poll is None else max(self.poll, retry),
        )


def expiry_look(not_after: Iterable[float], minimum_days: int, now: float) -> float | None:
    """When to look for new certificates although nobody told: as soon as fewer days than wanted
    are left, then twice a day. All in seconds of one clock.
    """
    moments = [max(end - minimum_days * DAY, now + _AGAIN) for end in not_after]
    return min(moments, default=None)


def reconnect_delay(failures: int, chance: float) -> float:
    """Seconds before the next try to connect: from one, doubled each time, at most a minute."""
    return min(60.0, 2.0 ** min(failures, 6)) * (0.5 + chance / 2)
