"""[[before]]: commands that are run to their end before the app is started, as it will be."""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem, Refused
from cycle_exec.launching import apply
from cycle_exec.launching.command.output import Relay
from cycle_exec.launching.command.preflight import before_failed
from cycle_exec.record import Record
from cycle_exec.system import clock
from cycle_exec.system.exec import lookup, process
from cycle_exec.system.init import commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.settings.model import Before, Process, Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.init.commands import Outcome
    from cycle_exec.system.signals import Armed, OnEntry


class Conditions(Record):
    """What all of them have in common with the app. values: what their output must not show.

    armed, core_limits: see `process.replace`. cwd: where they run without process.directory.
    """

    _redacted = ("environ",)

    process: Process
    environ: Mapping[str, str]
    cwd: str
    values: Callable[[], Iterable[str]]
    armed: Armed | OnEntry
    user: User | None = None
    core_limits: tuple[int, int] | None = None


def run(
    settings: Settings,
    planned: Planned,
    deadline: Deadline,
    armed: Armed,
    core_limits: tuple[int, int] | None,
) -> None:
    """Run all of a start, one after the other. Raise Refused with the first that fails.

    Whoever stops the start interrupts the command, which is given time to end. The start's deadline
    is so much later as all of them may take.
    """
    more = sum(each.timeout for each in settings.before) + settings.process.patience
    armed.bound(deadline.left() + more)
    plan, local = planned.plan, planned.local
    conditions = Conditions(
        process=settings.process,
        environ=plan.environ,
        cwd=local.cwd,
        values=apply.values(planned.snapshot, local.token, plan),
        armed=armed,
        user=local.user,
        core_limits=core_limits,
    )
    try:
        for each in settings.before:
            problem = failure(each, conditions)
            if problem is not None:
                reason = f"{problem.reason}; the app is not started, the files are written"
                raise Refused([problem.replace(reason=reason)])
    finally:
        commands.reap_orphans()


def failure(before: Before, conditions: Conditions) -> Problem | None:
    """Run one of them to its end; return why it has failed."""
    given, words = conditions, before.command
    directory = given.process.directory or given.cwd
    executable = lookup.find(words[0], given.environ.get("PATH"), directory)
    if isinstance(executable, Problem):
        return before_failed(before, executable.reason, executable.fix)

    def become() -> None:
        process.replace(
            executable,
            words,
            given.environ,
            directory=given.process.directory,
            armed=given.armed,
            user=given.user,
            no_new_privs=given.process.no_new_privs,
            umask=given.process.umask,
            limits=given.process.limits,
            core_limits=given.core_limits,
            below_init=True,
        )

    relay = Relay(posixpath.basename(words[0]), given.values)
    try:
        outcome = commands.run(
            executable,
            words,
            given.environ,
            clock.Deadline.after(before.timeout),
            become=become,
            heard=relay.heard,
            raw=before.output == "raw",
            grace=given.process.patience,
        )
    finally:
        relay.end()
    return _judged(before, outcome)


def _judged(before: Before, outcome: Outcome) -> Problem | None:
    code = outcome.code
    if outcome.refusal:
        fix = "correct the command, or the file that it names"
        return before_failed(before, f"it cannot be started: {outcome.refusal}", fix)
    if code == 0:
        return None
    if code is None:
        fix = "raise its timeout, or find out what it waits for"
        return before_failed(before, f"it did not finish within {before.timeout:g} s", fix)
    how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
    return before_failed(before, f"it {how}")
