"""Bad days on demand: which answer is late, wrong, slow or cut, decided from path and count."""

from __future__ import annotations

from cycle_exec.emulator.model import Delivery, Fault, Reply
from cycle_exec.errors import Problem, Refused
from cycle_exec.record import Record
from cycle_exec.settings import duration

ALWAYS = -1


class Faults(Record):
    """What was asked for. Counts are per path, so that requests sent at once agree.

    Every answer comes after `latency` seconds. The others are for paths that begin with `path`:
    the first `failures` requests get `status` (ALWAYS: all of them), the next `drops` are cut in
    the middle of their answer, and each body comes in pieces with `pause` seconds between them.
    """

    latency: float = 0.0
    status: int = 0
    failures: int = 0
    drops: int = 0
    pause: float = 0.0
    path: str = ""

    def decide(self, path: str, count: int) -> Fault:
        """Return the fault of a request that is number `count` (from 0) of its path."""
        if not path.startswith(self.path):
            return Fault(latency=self.latency)
        failing = self.status != 0 and (self.failures == ALWAYS or count < self.failures)
        first_drop = self.failures if self.status else 0
        dropped = not failing and count < first_drop + self.drops
        return Fault(
            latency=self.latency,
            status=self.status if failing else 0,
            cut=dropped,
            pause=self.pause,
        )


def parse(
    *,
    latency: str = "",
    fail: str = "",
    fail_path: str = "",
    drop: str = "",
    slow_body: str = "",
) -> Faults:
    """Return the faults that the flags' texts ask for; raises Refused with every unreadable one."""
    problems: list[Problem] = []

    def seconds(flag: str, text: str) -> float:
        found = duration.parse(text) if text else 0.0
        if found is None:
            problems.append(_wrong(flag, f"not {duration.EXPECTED}", f"for example {flag} 20ms"))
        return found or 0.0

    status, failures = 0, 0
    if fail:
        word, colon, times = fail.partition(":")
        if not _number(word) or not 400 <= int(word) <= 599 or (colon and not _number(times)):
            fix = "give a status of 400 to 599 and a count: 500:3, or 503 for all"
            problems.append(_wrong("--fail", "not a status and a count", fix))
        else:
            status, failures = int(word), int(times) if colon else ALWAYS
    if fail_path and not fail_path.startswith("/"):
        problems.append(_wrong("--fail-path", "not a path", "give the start of a path: /v1/hub"))
    if drop and not _number(drop):
        problems.append(_wrong("--drop", "not a count", "give the number of responses: 2"))
        drop = ""
    waits = seconds("--latency", latency), seconds("--slow-body", slow_body)
    if problems:
        raise Refused(problems)
    return Faults(
        latency=waits[0],
        status=status,
        failures=failures,
        drops=int(drop or 0),
        pause=waits[1],
        path=fail_path,
    )


def deliver(reply: Reply, encoded: bytes, fault: Fault) -> Delivery:
    """How a reply is sent under a fault. `encoded`: the bytes of its data."""
    return Delivery(
        status=reply.status,
        headers=(("content-type", "application/json"), *reply.headers),
        body=encoded,
        fault=fault,
    )


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _wrong(flag: str, reason: str, fix: str) -> Problem:
    return Problem(kind="usage", subject=flag, reason=reason, fix=fix)
