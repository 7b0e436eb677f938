"""Whether and when to ask again: exponential back-off with full jitter, Retry-After honoured."""

from __future__ import annotations

from cycle_exec.sources.calendar import days
from cycle_exec.sources.model import Failure, Response

# Seconds. BASE is also the least time before the deadline in which another try makes sense.
BASE = 0.05
CAP = 2.0
BRIEF = 2.0
BRIEF_TRIES = 3

_RETRIED = frozenset(("missing", "refused", "full", "exhausted", "dropped", "timeout"))
_AGES = 1e9
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def delay(outcome: Response | Failure, attempt: int, left: float, draw: float) -> float | None:
    """Seconds to wait before another try, or None when this outcome is final.

    attempt: how often it was tried, from 1. left: seconds until the deadline. draw: a random
    number in [0, 1). Waits are drawn from [0, 50 ms * 2^(attempt - 1)), at most 2 s, on top of
    Retry-After; the window is cut at the deadline, so that an API that comes up late is still
    asked. A Retry-After that lies past the deadline makes the outcome final at once.
    """
    if not _is_retried(outcome):
        return None
    least = retry_after(outcome) if isinstance(outcome, Response) else 0.0
    room = left - least
    if room < BASE:
        return None
    window = min(CAP, BASE * 2.0 ** min(attempt - 1, 16))
    return min(left, least + draw * min(window, room))


def briefly(
    outcome: Response | Failure, attempt: int, left: float, draw: float, total: float
) -> float | None:
    """Return the same for somebody who holds up others: BRIEF_TRIES at most, of which none begins
    after BRIEF seconds. total: seconds from the beginning to the deadline.
    """
    if attempt >= BRIEF_TRIES:
        return None
    return delay(outcome, attempt, left - max(0.0, total - BRIEF), draw)


def patiently(
    outcome: Response | Failure,
    attempt: int,
    left: float,
    draw: float,
    total: float,
    patience: float,
) -> float | None:
    """Return the same for somebody who asks again later in any case: no try begins after so many
    seconds, unless the platform has said when.

    total: seconds from the beginning to the deadline, which still bounds what has begun.
    """
    if isinstance(outcome, Response) and retry_after(outcome):
        return delay(outcome, attempt, left, draw)
    return delay(outcome, attempt, left - max(0.0, total - patience), draw)


def _is_retried(outcome: Response | Failure) -> bool:
    if isinstance(outcome, Failure):
        return outcome.kind in _RETRIED
    return outcome.status == 429 or 500 <= outcome.status <= 599


def retry_after(response: Response) -> float:
    """Seconds; 0 where the answer does not say, or says it in no form that we know.

    A date counts from the answer's own Date, since our clock may differ (RFC 9110, 10.2.3).
    """
    headers = dict(reversed(response.headers))
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return min(float(value[:400]), _AGES)
    then, now = _moment(value), _moment(headers.get("date", ""))
    return max(0.0, then - now) if then is not None and now is not None else 0.0


def _moment(text: str) -> float | None:
    """Seconds since 1970 of a date as in Sun, 06 Nov 1994 08:49:37 GMT.

    The two older forms that RFC 9110 lets a client accept are not read.
    """
    words = text.replace(":", " ").split(" ")
    if len(text) != 29 or len(words) != 8 or words[7] != "GMT" or words[2] not in _MONTHS:
        return None
    numbers = (words[1], words[3], *words[4:7])
    if not all(each.isascii() and each.isdigit() for each in numbers):
        return None
    day, year, hour, minute, second = (int(each) for each in numbers)
    month = _MONTHS.index(words[2]) + 1
    return float(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
