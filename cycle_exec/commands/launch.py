"""The launch: prepare all, change nothing until all of it is known to work, become the app."""

from __future__ import annotations

from cycle_exec.errors import Refused, refuse
from cycle_exec.launching import apply, pipeline, preflight
from cycle_exec.planning.model import counted
from cycle_exec.system import clock, signals
from cycle_exec.system.exec import process
from cycle_exec.system.invocation import is_linux, needs_linux
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from cycle_exec.launching.last_good import Keeper
    from cycle_exec.launching.pipeline import Overrides, Planned
    from cycle_exec.planning.model import Plan
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.init.fork import Supervision
    from cycle_exec.system.signals import Armed
    from cycle_exec.system.targets.stage import Applied


def run(invocation: Invocation, overrides: Overrides, command: Sequence[str]) -> NoReturn:
    """Become the command. Ends only by raising Refused or Stopped."""
    started = clock.process_start()
    armed = signals.arm(mask=invocation.mask, held=(signals.SIGWINCH,))
    settings = pipeline.settle(invocation, overrides, command)
    armed.release(signals.SIGWINCH, stops=settings.process.stop_signal in ("WINCH", "28"))
    try:
        _launch(invocation, settings, armed, started)
    except Refused as refused:
        if settings.report.events:
            from cycle_exec.launching import report

            socket = settings.api.socket
            report.refused(socket, invocation.token, report.START, refused.problems)
        raise


def _launch(invocation: Invocation, settings: Settings, armed: Armed, started: float) -> NoReturn:
    if not is_linux():
        raise needs_linux("a launch")
    phases = Phases(started)
    phases.mark("settings")
    _require_sense(settings)
    supervision = _supervision(invocation, settings)
    if settings.process.reload:
        from cycle_exec.launching import reload

        reload.require(settings)
    # Below a supervisor, which starts the app itself in reload mode, with its own limits.
    core_limits = process.forbid_core_files()
    deadline = clock.Deadline(end=started + settings.api.deadline)
    armed.bound(deadline.left())
    recover(settings)
    keeper = _keeper(invocation, settings)
    planned = pipeline.plan_for(invocation, settings, deadline, keeper=keeper, mark=phases.mark)
    plan, local = planned.plan, planned.local
    executable = apply.judged(settings, planned)
    if plan.waits:
        from cycle_exec.launching.waiting import wait

        wait.until_there(settings, planned, deadline)
        phases.mark("wait")
    apply.require_idle(settings, planned, executable)
    prepared = None
    if settings.process.reload:
        prepared = reload.prepared(invocation, settings, planned, executable)
    applied = _applied(settings, planned, deadline)
    phases.mark("apply")
    if settings.before:
        from cycle_exec.launching.command import before

        before.run(settings, planned, deadline, armed, core_limits)
        phases.mark("before")
    if keeper is not None:
        keeper.keep()
    _report(plan, applied, started)
    if settings.report.metrics:
        from cycle_exec.launching import report

        report.started(settings.api.socket, local.token, plan, phases.found)
    if supervision is not None and prepared is not None:
        reload.run_watcher(prepared, armed, supervision)
    process.replace(
        executable,
        settings.command,
        plan.environ,
        directory=settings.process.directory,
        armed=armed,
        user=local.user,
        no_new_privs=settings.process.no_new_privs,
        umask=settings.process.umask,
        limits=settings.process.limits,
        core_limits=core_limits,
        below_init=settings.process.init,
    )


def _supervision(invocation: Invocation, settings: Settings) -> Supervision | None:
    """Return the supervisor that is above this process from here on; None where none is wanted."""
    process = settings.process
    if not (process.init or process.reload):
        return None
    # As early as can be, and with as little as can be loaded.
    from cycle_exec.system.init import fork

    before = process.patience if settings.before else 0.0
    return fork.fork_supervisor(process, settings.log, invocation.mask, before)


def _applied(settings: Settings, planned: Planned, deadline: Deadline) -> Applied | None:
    """Write the targets; return None where there is neither one nor a hook to try."""
    plan, local = planned.plan, planned.local
    hook = planned.hook if settings.vpn is not None and settings.vpn.probe else None
    if not plan.writes and hook is None:
        return None
    return apply.apply(
        plan,
        local.cwd,
        deadline,
        apply.probe(hook, local.inherited, deadline),
        targets=plan.writes,
        values=apply.values(planned.snapshot, local.token, plan),
        user=local.user,
    )


def _require_sense(settings: Settings) -> None:
    if not settings.command:
        raise refuse("usage", "the command", "no command to start after --")
    resides = settings.process.init or settings.process.reload
    given = settings.process
    # Commands of [[before]] have their grace without it.
    idle = given.grace and not settings.before
    if (given.drain or idle or given.signal_map) and not resides:
        names = "--drain, --grace" if not settings.before else "--drain"
        stderr.log.warning(f"{names} and --signal-map have no effect without --init")


def _keeper(invocation: Invocation, settings: Settings) -> Keeper | None:
    if settings.last_good is None:
        return None
    from cycle_exec.launching import last_good

    return last_good.keeper(invocation, settings)


def recover(settings: Settings) -> None:
    """Finish or undo what a killed start left half done, before anything else."""
    targets = preflight.targets(settings, ())
    targets += preflight.template_targets(settings.templates)
    directories = preflight.directories(settings)
    if targets or directories:
        from cycle_exec.system.targets import leftovers

        for line in leftovers.recover(targets, directories=directories, whole=False):
            stderr.log.warning(line)


class Phases:
    """How long each part of a start took. found: name, beginning and end, on the monotonic clock;
    the last one is the whole.
    """

    def __init__(self, began: float) -> None:
        self._began = self._last = began
        self._marks: list[tuple[str, float, float]] = []

    def mark(self, name: str) -> None:
        """Note that the phase of this name is over."""
        now = clock.monotonic()
        self._marks.append((name, self._last, now))
        self._last = now

    @property
    def found(self) -> list[tuple[str, float, float]]:
        """Every phase, and the total."""
        return [*self._marks, ("total", self._began, self._last)]


def _report(plan: Plan, applied: Applied | None, started: float) -> None:
    for line in (*plan.warnings, *(applied.warnings if applied else ())):
        stderr.log.warning(line)
    for line in plan.notes:
        stderr.log.info(line)
    written = len(applied.written) if applied else 0
    words = counted({**plan.counts(), "file written": written})
    milliseconds = clock.milliseconds_since(started)
    stderr.log.notice(f"ready in {milliseconds} ms" + (f": {words}" if words else ""))
