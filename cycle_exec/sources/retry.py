"""Whether and when to ask again: exponential back-off with full jitter, Retry-After honoured."""

from __future__ import annotations

from cycle_exec.sources.model import Failure, Response

BASE = 0.05
CAP = 2.0

_RETRIED = frozenset(("missing", "refused", "dropped", "timeout"))


def delay(outcome: Response | Failure, attempt: int, left: float, draw: float) -> float | None:
    """Seconds to wait before another try, or None when this outcome is final.

    attempt: how often it was tried, from 1. left: seconds until the deadline. draw: a random
    number in [0, 1). Waits are drawn from [0, 50 ms * 2^attempt), at most 2 s; with Retry-After
    at least that long. A wait that would pass the deadline is final at once.
    """
    if not _is_retried(outcome):
        return None
    window = min(CAP, BASE * 2 ** min(attempt, 16))
    wait = draw * window
    if isinstance(outcome, Response):
        wait += _retry_after(outcome)
    return wait if wait < left else None


def _is_retried(outcome: Response | Failure) -> bool:
    if isinstance(outcome, Failure):
        return outcome.kind in _RETRIED
    return outcome.status == 429 or 500 <= outcome.status <= 599


def _retry_after(response: Response) -> float:
    for name, value in response.headers:
        if name == "retry-after" and value.isascii() and value.isdigit() and len(value) < 10:
            return float(value)
    return 0.0
