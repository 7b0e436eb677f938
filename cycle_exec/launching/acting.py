"""What the watcher does: look, write, run, say, and hand over."""

from __future__ import annotations

from cycle_exec.errors import DeadlinePassed, Problem, Refused, Stopped
from cycle_exec.launching import apply, looking, memory, preflight, report
from cycle_exec.launching.differences import differing
from cycle_exec.presentation import describe
from cycle_exec.resident import schedule
from cycle_exec.resident.watching import (
    BEFORE,
    Applied,
    Apply,
    HandOver,
    Keep,
    Look,
    Planned,
    Ran,
    Report,
    Restore,
    Run,
    Say,
    Tell,
)
from cycle_exec.resident.watching import Refused as LookRefused
from cycle_exec.system import clock, files, random, signals
from cycle_exec.system.exec import lookup
from cycle_exec.system.init import channel, handover, polling
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.launching.last_good import Keeper
    from cycle_exec.launching.looking import Looked
    from cycle_exec.launching.memory import Memory
    from cycle_exec.launching.preflight import Local
    from cycle_exec.planning.changes import Deed
    from cycle_exec.planning.model import FileWrite, Plan
    from cycle_exec.resident.watching import Action, Event, Watching
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.init.channel import WatcherEnd

_COMMAND_TIME = 60.0  # seconds for a command of on_change
_CAUSELESS = str.maketrans("", "", "0123456789")
_AWAY = ("unavailable", "denied")


def content_of(path: str) -> bytes:
    """Return what is in a file that need not be there."""
    try:
        return files.read(path) if path else b""
    except files.Unreadable:
        return b""


def handed(held: Memory) -> int:
    """Return the descriptor of what a supervisor is given: how the app is started, and what the
    next watcher has to know. Raises OSError where there is no memory for it.
    """
    settings = held.settings
    given = handover.Handoff(
        executable=held.executable,
        argv=settings.command,
        environ=held.plan.environ,
        directory=settings.process.directory,
        user=held.user,
        no_new_privs=settings.process.no_new_privs,
        umask=settings.process.umask,
        limits=settings.process.limits,
    )
    return channel.sealed(handover.packed(given, memory.packed(held)))


class Actor:
    """The hands of the watcher. memory: what it works with, and leaves to the next one."""

    def __init__(self, memory: Memory, end: WatcherEnd) -> None:
        self.memory = memory
        # Descriptors that a look does not keep waiting; see `requests.exchange`.
        self.hurries: dict[int, bool] = {}
        # What is run before a restart is no reason to refuse a look.
        self.settings = memory.settings.replace(before=())
        self._channel = end
        self._given = memory  # as it was handed over last
        self._looked: Looked | None = None
        self._began = 0.0
        self._problems: Sequence[Problem] = ()
        self._keeper = _keeper(memory)

    def act(self, action: Action, state: Watching) -> list[Event]:
        """Do it, and return what came of it."""
        match action:
            case Look():
                return [self._look()]
            case Apply():
                return [self._apply(action.writes)]
            case Restore():
                self._restore(state.held)
            case Run():
                return [self._run(action.deed)]
            case Keep():
                self._hold(state)
            case HandOver():
                self._hand_over(action, state)
            case Report():
                self._report()
            case Tell():
                stderr.log.notice(self._words(state.held, action))
            case Say():
                getattr(stderr.log, action.level)(action.words)
        return []

    def local(self) -> Local:
        """Return what the machine gives to a look. Raise Refused."""
        return preflight.opened(self.memory.invocation, self.settings)

    def expiry(self, plan: Plan) -> float | None:
        """Return when the certificates of a plan ask for a look."""
        request = self.settings.certificates
        days = request.minimum_days if request else 7
        ahead = clock.now() - clock.monotonic()
        few = [one.not_after - ahead - one.few(days) for one in plan.certificates]
        return schedule.expiry_look(few, clock.monotonic())

    def ends(self, plan: Plan) -> tuple[float | None, float | None]:
        """Return when the first certificate of a plan ends, and from when on that is soon."""
        request = self.settings.certificates
        days = request.minimum_days if request else 7
        return (
            min((one.not_after for one in plan.certificates), default=None),
            min((one.not_after - one.few(days) for one in plan.certificates), default=None),
        )

    def _look(self) -> Event:
        self._began = clock.monotonic()
        memory = self.memory
        try:
            looked = looking.look(
                memory.invocation,
                self.settings,
                memory.snapshot,
                memory.plan,
                self._keeper,
                self.hurries,
            )
        except Refused as refused:
            return self._refused(refused.problems)
        except DeadlinePassed as late:
            problem = late.problem
            if problem is DeadlinePassed.problem:
                reason = "it took longer than api.deadline allows to compute what is new"
                problem = Problem(problem.kind, "reload", reason)
            return self._refused([problem])
        except Exception as error:  # noqa: BLE001 - no fault of ours costs the app its watcher
            if stderr.log.debugging:
                stderr.log.trace(error)
            reason = f"unexpected {type(error).__name__}"
            return self._refused([Problem(kind="internal", subject="reload", reason=reason)])
        self._looked = looked
        plan = looked.planned.plan
        return Planned(
            now=clock.monotonic(),
            jitter=random.number(),
            plan=plan,
            gone=looked.gone,
            empty=looked.empty,
            differing=differing(plan.writes),
            expiry=self.expiry(plan),
            edited=content_of(self.settings.manifest_path) != memory.manifest,
        )

    def _refused(self, problems: Sequence[Problem]) -> Event:
        self._problems, self._looked = problems, None
        problem, others = problems[0], len(problems) - 1
        more = f", and {others} more" if others else ""
        cause = problem.kind
        if problem.kind not in _AWAY:
            # How often something was tried, or how long it took, is no other cause.
            cause += f" {problem.subject} {problem.reason.translate(_CAUSELESS)}"
        return LookRefused(
            now=clock.monotonic(),
            jitter=random.number(),
            cause=cause,
            words=f"{problem.subject}: {problem.reason} ({problem.kind}){more}",
            lines=problem.lines,
        )

    def _apply(self, writes: Sequence[FileWrite]) -> Event:
        looked = self._looked
        assert looked is not None
        deadline = clock.Deadline.after(self.settings.api.deadline)
        whole = looked.planned.plan
        plan = whole.replace(writes=tuple(writes))
        local = looked.planned.local
        try:
            # What has not changed itself may be made wrong by what has.
            applied = apply.apply(
                plan,
                local.cwd,
                deadline,
                targets=whole.writes,
                checked=whole.writes,
                user=local.user,
                values=apply.values(looked.planned.snapshot, self.memory.invocation.token, whole),
            )
        except Refused as refused:
            return self._refused(refused.problems)
        return Applied(now=clock.monotonic(), jitter=random.number(), warnings=applied.warnings)

    def _restore(self, plan: Plan) -> None:
        """Put back what is not as it should be; what cannot be put back is said."""
        deadline = clock.Deadline.after(self.settings.api.deadline)
        wanted = differing(plan.writes)
        writes = tuple(write for write in plan.writes if write.path in wanted)
        if not writes:
            return
        try:
            part, cwd = plan.replace(writes=writes), self.memory.invocation.cwd
            values = apply.values(self.memory.snapshot, self.memory.invocation.token, plan)
            apply.apply(
                part, cwd, deadline, targets=plan.writes, values=values, user=self.memory.user
            )
        except Refused as refused:
            problem = refused.problems[0]
            stderr.log.warning(
                f"{problem.subject}: {problem.reason} ({problem.kind}); the app is started again "
                "without it"
            )

    def _hold(self, state: Watching) -> None:
        """Remember the plan that holds, as the next watcher has to know it."""
        looked = self._looked
        assert looked is not None
        self.memory = self.memory.replace(
            plan=state.held,
            snapshot=looked.planned.snapshot,
            executable=looked.executable,
            user=looked.planned.local.user,
        )
        if self._keeper is not None:
            self._keeper.keep()

    def _hand_over(self, action: HandOver, state: Watching) -> None:
        """Give the plan that holds to the supervisor, or the one that it has."""
        if action.again:
            jobs = tuple(job for job in state.jobs if job.deed != BEFORE)
            self._given = self._given.replace(jobs=jobs)
        else:
            self._given = self.memory = self.memory.replace(jobs=state.jobs)
        try:
            self._channel.send(handed(self._given), asks=action.asks, signals=action.signals)
        except OSError as error:
            reason = f"{files.words(error)}; trying again"
            stderr.log.warning(f"reload: what has changed cannot be handed over: {reason}")
            # The next watcher goes on from what was handed over last, and does this again.
            polling.leave()

    def _report(self) -> None:
        if self.settings.report.events:
            socket, token = self.settings.api.socket, self.memory.invocation.token
            report.refused(socket, token, report.RELOAD, self._problems)

    def _words(self, plan: Plan, action: Tell) -> str:
        """Return what changed, by name and fingerprint, and what is done."""
        token = self.memory.invocation.token.reveal().encode("utf-8", "surrogateescape")
        milliseconds = clock.milliseconds_since(self._began)
        return describe.reload_line(plan, action.changes, token, milliseconds)

    def _run(self, deed: Deed) -> Event:
        failure = self._before() if deed == BEFORE else self._failure(deed)
        return Ran(now=clock.monotonic(), jitter=random.number(), deed=deed, failure=failure)

    def _before(self) -> tuple[str, ...]:
        """Run the commands of [[before]] for a restart; return why one has failed."""
        from cycle_exec.launching.command import before

        memory = self.memory
        invocation, plan = memory.invocation, memory.plan
        conditions = before.Conditions(
            process=memory.settings.process,
            environ=plan.environ,
            cwd=invocation.cwd,
            values=apply.values(memory.snapshot, invocation.token, plan),
            armed=signals.OnEntry(invocation.mask or (), children_ignored=False),
            user=memory.user,
        )
        try:
            armed = signals.arm()
            try:
                for each in memory.settings.before:
                    problem = before.failure(each, conditions)
                    if problem is not None:
                        words = f"{problem.subject}: {problem.reason} ({problem.kind})"
                        return (f"{words}; the app is not restarted",)
            finally:
                armed.disarm()
        except Stopped:
            # By the supervisor, which leaves; the command has had its time to end.
            polling.leave()
        return ()

    def _failure(self, deed: Deed) -> tuple[str, ...]:
        """Run a command of on_change; return why it has not worked, with its last lines."""
        from cycle_exec.system.exec import identity, user
        from cycle_exec.system.init import commands

        _, name, *words = deed
        process, plan = self.settings.process, self.memory.plan
        subject = f"on_change command {words[0]}" + (f" as user {name}" if name else "")
        directory = process.directory or self.memory.invocation.cwd
        executable = lookup.find(words[0], plan.environ.get("PATH"), directory)
        if isinstance(executable, Problem):
            return (f"{subject}: {executable.reason}",)
        try:
            who = user.find(name) if name else self._reader(deed)
        except identity.UnknownOwner as error:
            return (f"{subject}: {error.reason}",)
        outcome = commands.run(
            executable,
            words,
            plan.environ,
            clock.Deadline.after(_COMMAND_TIME),
            directory=process.directory,
            user=who,
        )
        if outcome.refusal:
            return (f"{subject}: it cannot be started: {outcome.refusal}",)
        if outcome.code == 0:
            return ()
        code = outcome.code
        how = f"exited with code {code}"
        if code is None:
            how = f"did not finish within {_COMMAND_TIME:.0f} s"
        elif code < 0:
            how = f"was killed by signal {-code}"
        from cycle_exec.presentation import command_output

        memory = self.memory
        values = command_output.values(memory.snapshot, memory.invocation.token, plan.writes)
        lines = command_output.shown(outcome.output, values)
        return (f"{subject} {how}", *(f"{words[0]}: {line}" for line in lines))

    def _reader(self, deed: Deed) -> User | None:
        """Return whose command it is where none is named: the app's, if it is about files that
        others could exchange for some that name code to load.
        """
        writes = [write for write in self.memory.plan.writes if write.on_change == deed]
        return self.memory.user if self.memory.user and apply.are_exposed(writes) else None


def _keeper(memory: Memory) -> Keeper | None:
    """Return who renews the last good copy; what the app runs with is better than any copy."""
    if memory.settings.last_good is None:
        return None
    from cycle_exec.launching import last_good

    try:
        return last_good.keeper(memory.invocation, memory.settings, uses=False)
    except Refused:
        # It was there at the start; a key that is gone costs the copy, and nothing else.
        return None
