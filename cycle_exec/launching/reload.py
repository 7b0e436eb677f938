"""Reload mode: stay beside the app, and when the platform's data change, renew what is made of
them.
"""

from __future__ import annotations

import gc

from cycle_exec.client import notifications
from cycle_exec.client.notifications import Unreachable
from cycle_exec.errors import DeadlinePassed, Problem, Refused
from cycle_exec.launching import apply, pipeline, report
from cycle_exec.planning import changes as comparing
from cycle_exec.presentation import describe
from cycle_exec.record import Record
from cycle_exec.resident import schedule, topics
from cycle_exec.resident.schedule import Pace, Schedule
from cycle_exec.system import clock, random, signals
from cycle_exec.system.exec import lookup, process
from cycle_exec.system.init import family, fork, handover
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from cycle_exec.client.notifications import Notifications
    from cycle_exec.launching.init import Supervision
    from cycle_exec.launching.last_good import Keeper
    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.planning.changes import Changes, Deed
    from cycle_exec.planning.model import Plan
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.signals import Armed

_LONGEST_NAP = 3600.0  # seconds; certificates end by the wall clock, which may be set
_COMMAND_TIME = 60.0  # seconds for a command of on_change


class Launch(Record):
    """A launch that is about to start its app."""

    invocation: Invocation
    settings: Settings
    planned: Planned
    executable: str


def require(settings: Settings) -> None:
    """Raise Refused unless there is a way to hear of changes."""
    if notifications.available() or settings.process.reload_interval:
        return
    raise Refused(
        [
            Problem(
                kind="file-missing",
                subject="--reload",
                reason="the package websockets is not installed, which receives notifications",
                fix="pip install 'cycle-exec[reload]', or set process.reload_interval to poll",
            )
        ]
    )


def run_watcher(started: Launch, armed: Armed, supervision: Supervision) -> NoReturn:
    """Have the app started by the supervisor above, and watch from then on; never return."""
    # A launch lives for milliseconds and leaves its garbage; a watcher stays.
    gc.enable()
    fork.protect_watcher(supervision.pid)
    armed.restore()
    started = started.replace(settings=_without_login(started.settings))
    _hand_over(started, started.planned, started.executable, supervision.memory)
    _Watcher(started, supervision.memory).watch()


def _without_login(settings: Settings) -> Settings:
    """Return a VPN login was good at the start: a reload does not ask for it again."""
    vpn = settings.vpn
    if vpn is None or vpn.login is None:
        return settings
    return settings.replace(vpn=vpn.replace(login=None) if vpn.judges_a_hook else None)


def _hand_over(started: Launch, planned: Planned, executable: str, memory: int) -> None:
    settings = started.settings
    given = handover.Handoff(
        executable=executable,
        argv=settings.command,
        environ=planned.plan.environ,
        directory=settings.process.directory,
        user=planned.local.user,
        no_new_privs=settings.process.no_new_privs,
    )
    handover.give(memory, given)
    family.ask()


def _keeper(started: Launch) -> Keeper | None:
    """Return what the app runs with is better than any copy, so the copy is only renewed."""
    if started.settings.last_good is None:
        return None
    from cycle_exec.launching import last_good

    return last_good.keeper(started.invocation, started.settings, uses=False)


class _Watcher:
    """The plan that holds, when to look again, and the connection, if there is one."""

    def __init__(self, started: Launch, memory: int) -> None:
        rules = started.settings.process
        self._started = started
        self._memory = memory
        self._planned = started.planned
        self._executable = started.executable
        self._asked = pipeline.asked(started.settings, started.planned.local)
        self._keeper = _keeper(started)
        self._pace = Pace(
            debounce=rules.reload_debounce,
            longest=rules.reload_longest,
            splay=rules.reload_splay * random.share(started.invocation.environ),
            interval=rules.reload_interval,
        )
        self._schedule = Schedule(expiry=self._expiry(started.planned.plan))
        self._connection: Notifications | None = None
        self._lost = 0
        self._reconnect = clock.monotonic() if notifications.available() else None
        if self._reconnect is None:
            self._schedule = self._schedule.alone(clock.monotonic(), self._pace)

    def watch(self) -> NoReturn:
        """For ever: wait for what comes first, and do it."""
        while True:
            due = self._schedule.due(self._pace)
            if due is not None and due <= clock.monotonic():
                self._look()
            elif self._connection is not None:
                self._listen(self._connection, self._nap(due))
            elif self._reconnect is not None and self._reconnect <= clock.monotonic():
                self._connect()
            else:
                clock.sleep(self._nap(due, self._reconnect))

    def _nap(self, *moments: float | None) -> float:
        now = clock.monotonic()
        known = [moment - now for moment in moments if moment is not None]
        return max(0.0, min([*known, _LONGEST_NAP]))

    def _connect(self) -> None:
        api = self._started.settings.api
        token = self._started.planned.local.token.reveal()
        try:
            self._connection = notifications.Notifications(api.socket, token, timeout=api.timeout)
        except Unreachable as error:
            if not self._lost:
                stderr.log.warning(f"no notifications: {error.reason}; retrying")
            self._lose()
            return
        stderr.log.info("listening for notifications")
        self._lost = 0
        self._schedule = self._schedule.connected(clock.monotonic())

    def _lose(self) -> None:
        now = clock.monotonic()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._reconnect = now + schedule.reconnect_delay(self._lost, random.number())
        self._lost += 1
        self._schedule = self._schedule.alone(now, self._pace)

    def _listen(self, connection: Notifications, seconds: float) -> None:
        try:
            found = connection.receive(seconds)
        except Unreachable as error:
            stderr.log.info(f"notifications: {error.reason}")
            self._lose()
            return
        if found is None or not topics.concerns(found.topic, self._asked):
            return
        stderr.log.debug("received a relevant notification")
        self._schedule = self._schedule.notified(clock.monotonic())

    def _look(self) -> None:
        """Ask, plan, compare, and do what is to be done. What fails leaves all as it was."""
        began = clock.monotonic()
        try:
            planned = self._plan()
            found = comparing.changes(
                self._planned.plan,
                planned.plan,
                self._started.settings.environment.on_change,
            )
            self._apply(planned, found)
            if self._keeper is not None:
                self._keeper.keep()
        except Refused as refused:
            self._fail(refused.problems)
            return
        except DeadlinePassed as late:
            self._fail([late.problem])
            return
        self._planned = planned
        now = clock.monotonic()
        self._schedule = self._schedule.looked(now, self._pace, self._expiry(planned.plan))
        if not found.nothing:
            milliseconds = clock.milliseconds_since(began)
            stderr.log.notice(self._words(planned.plan, found, milliseconds))
            self._act(planned, found)

    def _plan(self) -> Planned:
        started = self._started
        deadline = clock.Deadline.after(started.settings.api.deadline)
        armed = signals.arm(deadline.left())
        try:
            planned = pipeline.plan_for(
                started.invocation, started.settings, deadline, keeper=self._keeper
            )
            self._executable = apply.judged(started.settings, planned)
        finally:
            armed.disarm()
        return planned

    def _apply(self, planned: Planned, found: Changes) -> None:
        if not found.writes:
            return
        deadline = clock.Deadline.after(self._started.settings.api.deadline)
        plan = planned.plan.replace(writes=found.writes)
        applied = apply.apply(plan, planned.local.cwd, deadline)
        for line in (*plan.warnings, *applied.warnings):
            stderr.log.warning(line)

    def _fail(self, problems: Sequence[Problem]) -> None:
        problem, others = problems[0], len(problems) - 1
        started = self._started
        if started.settings.report.events:
            socket = started.settings.api.socket
            report.refused(socket, started.invocation.token, report.RELOAD, problems)
        self._schedule = self._schedule.failed(clock.monotonic(), random.number())
        more = f", and {others} more" if others else ""
        stderr.log.warning(
            f"reload failed: {problem.subject}: {problem.reason} ({problem.kind}){more}; "
            "the app keeps running unchanged"
        )

    def _act(self, planned: Planned, found: Changes) -> None:
        for deed in found.deeds:
            match deed[0]:
                case "signal":
                    family.signal_app(deed[1])
                case "command":
                    self._run(deed[1:], planned.plan)
                case "restart":
                    _hand_over(self._started, planned, self._executable, self._memory)

    def _run(self, words: Deed, plan: Plan) -> None:
        executable = lookup.find(words[0], plan.environ.get("PATH"), self._started.invocation.cwd)
        if isinstance(executable, Problem):
            stderr.log.warning(f"on_change {executable.subject}: {executable.reason}")
            return
        try:
            deadline = clock.Deadline.after(_COMMAND_TIME)
            code = process.run_check(executable, words, plan.environ, deadline)
        except Refused as refused:
            stderr.log.warning(f"on_change {words[0]}: {refused.problems[0].reason}")
            return
        if code != 0:
            how = "did not finish in time" if code is None else f"exited with code {code}"
            stderr.log.warning(f"on_change {words[0]} {how}")

    def _words(self, plan: Plan, found: Changes, milliseconds: int) -> str:
        """Return what changed, by name and fingerprint, and what is done."""
        key = self._started.invocation.token.reveal().encode("utf-8", "surrogateescape")
        return describe.reload_line(plan, found, key, milliseconds)

    def _expiry(self, plan: Plan) -> float | None:
        request = self._started.settings.certificates
        days = request.minimum_days if request else 7
        ahead = clock.now() - clock.monotonic()
        ends = [certificate.not_after - ahead for certificate in plan.certificates]
        return schedule.expiry_look(ends, days, clock.monotonic())
