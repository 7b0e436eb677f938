"""The launch: prepare all, change nothing until all of it is known to work, become the app."""

from __future__ import annotations

from cycle_exec.commands import pipeline, preflight
from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.system import clock, cores, lookup, process, signals, stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn

    from cycle_exec.commands.last_good import Keeper
    from cycle_exec.commands.pipeline import Overrides
    from cycle_exec.commands.preflight import Local
    from cycle_exec.commands.vpn_preflight import Hook
    from cycle_exec.planning.model import FileWrite, Plan
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.signals import Armed
    from cycle_exec.system.stage import Applied, Staged

    Probe = Callable[[Mapping[str, str]], Problem | None]


def run(invocation: Invocation, overrides: Overrides, command: Sequence[str]) -> NoReturn:
    """Become the command. Ends only by raising Refused or Stopped."""
    started = clock.process_start()
    armed = signals.arm(mask=invocation.mask)
    settings = pipeline.settle(invocation, overrides, command)
    try:
        _launch(invocation, settings, armed, started)
    except Refused as refused:
        if settings.report.events:
            from cycle_exec.commands import report

            report.refused(invocation, settings, report.START, refused.problems)
        raise


def _launch(invocation: Invocation, settings: Settings, armed: Armed, started: float) -> NoReturn:
    phases = Phases(started)
    phases.mark("settings")
    _require_sense(settings)
    memory, above = -1, 0
    if settings.process.init or settings.process.reload:
        from cycle_exec.commands import init

        memory, above = init.rise(invocation, settings)
    if memory >= 0:
        from cycle_exec.commands import reload

        reload.require(settings)
    # Below a supervisor, which starts the app itself in reload mode, with its own limits.
    core_limits = cores.forbid()
    deadline = clock.Deadline(end=started + settings.api.deadline)
    armed.bound(deadline.left())
    mend(settings)
    keeper = _keeper(invocation, settings)
    plan, local = pipeline.plan_for(invocation, settings, deadline, keeper=keeper, mark=phases.mark)
    executable = judged(invocation, settings, plan, local)
    hook = local.hook if settings.vpn is not None and settings.vpn.probe else None
    applied = None
    if plan.writes or hook is not None:
        environ = invocation.environ
        applied = apply(plan, local, deadline, invocation.cwd, _probe(hook, environ, deadline))
    if keeper is not None:
        keeper.keep()
    phases.mark("apply")
    _tell(plan, applied, started)
    if settings.report.metrics:
        from cycle_exec.commands import report

        report.started(invocation, settings, plan, phases.found)
    if memory >= 0:
        from cycle_exec.commands import reload

        reload.stay(
            reload.Launch(
                invocation=invocation,
                settings=settings,
                plan=plan,
                local=local,
                executable=executable,
            ),
            armed,
            memory,
            above,
        )
    process.replace(
        executable,
        settings.command,
        plan.environ,
        directory=settings.process.directory,
        armed=armed,
        user=local.user,
        no_new_privs=settings.process.no_new_privs,
        core_limits=core_limits,
    )


def _require_sense(settings: Settings) -> None:
    if not settings.command:
        raise refuse("usage", "the command", "no command to start after --")
    resides = settings.process.init or settings.process.reload
    if (settings.process.grace or settings.process.signal_map) and not resides:
        stderr.log.warning("--grace and --signal-map are for --init: nobody stays to heed them")


def _keeper(invocation: Invocation, settings: Settings) -> Keeper | None:
    if settings.last_good is None:
        return None
    from cycle_exec.commands import last_good

    return last_good.keeper(invocation, settings)


def mend(settings: Settings) -> None:
    """Finish or take back what a killed start left half done, before anything else."""
    targets = preflight.targets(settings, ())
    targets += preflight.template_targets(settings.templates)
    if targets:
        from cycle_exec.system import journal

        for line in journal.worked_off(targets):
            stderr.log.warning(line)


class Phases:
    """How long each part of a start took. found: name, beginning and end, on the monotonic clock;
    the last one is the whole.
    """

    def __init__(self, began: float) -> None:
        self._began = self._last = began
        self._marks: list[tuple[str, float, float]] = []

    def mark(self, name: str) -> None:
        """The phase of this name is over."""
        now = clock.monotonic()
        self._marks.append((name, self._last, now))
        self._last = now

    @property
    def found(self) -> list[tuple[str, float, float]]:
        """Every phase, and the total."""
        return [*self._marks, ("total", self._began, self._last)]


def judged(invocation: Invocation, settings: Settings, plan: Plan, local: Local) -> str:
    """Where the command stands, empty if there is none; raises Refused if it could not start."""
    executable = _final_executable(invocation, settings, plan, local)
    _judge_sizes(settings, plan, executable)
    return executable


def _final_executable(invocation: Invocation, settings: Settings, plan: Plan, local: Local) -> str:
    """Where the command stands once the plan's own PATH is known."""
    path = plan.environ.get("PATH")
    if not settings.command or path is None or path == invocation.environ.get("PATH"):
        return local.executable
    found = lookup.find(settings.command[0], path, settings.process.directory or invocation.cwd)
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def _judge_sizes(settings: Settings, plan: Plan, executable: str) -> None:
    """What execve would refuse, known before anything is written."""
    measured = process.measure(settings.command, plan.environ, executable)
    problems = [
        Problem(
            kind="value-too-large",
            subject=f"variable {name}",
            reason=f"from {plan.sources[name]}, more than 131071 bytes with its name",
        )
        for name in measured.oversized
    ]
    if measured.total > measured.maximum:
        problems.append(
            Problem(
                kind="arguments-too-long",
                subject="the command",
                reason=f"arguments and environment take {measured.total} bytes, "
                f"the kernel accepts {measured.maximum}",
            )
        )
    if problems:
        raise Refused(problems)


def _probe(hook: Hook | None, environ: Mapping[str, str], deadline: Deadline) -> Probe | None:
    """How an OpenVPN server's hook is tried once its token file is staged."""
    if hook is None:
        return None

    def tried(paths: Mapping[str, str]) -> Problem | None:
        from cycle_exec.commands import vpn_preflight

        target = vpn_preflight.token_path(hook)
        staged = paths.get(target, target)
        moved = staged if staged != target else ""
        return vpn_preflight.tried(hook, environ, moved, deadline.left())

    return tried


def apply(
    plan: Plan, local: Local, deadline: Deadline, cwd: str, probe: Probe | None = None
) -> Applied:
    """Stage every target, run the checks, swap all of them.

    probe: a check of its own, given where each target is staged.
    A stop signal that arrives during the swap is heard at its end: then all targets are new.
    """
    from cycle_exec.system import stage

    with stage.stage(plan.writes, local.owners) as staged:
        _check(plan, staged, deadline, cwd)
        problem = probe(staged.paths) if probe is not None else None
        if problem is not None:
            raise Refused([problem])
        return staged.commit()


def _check(plan: Plan, staged: Staged, deadline: Deadline, cwd: str) -> None:
    checks = [write for write in plan.writes if write.check]
    if not checks:
        return
    from cycle_exec.planning.preview import preview

    moved = {path: there for path, there in staged.paths.items() if there != path}
    problems = []
    for write in checks:
        path = staged.paths[write.path]
        content = preview(write.content, moved)
        if content != write.content:
            path = staged.preview(write, content)
        problem = _checked(write, path, plan.environ, deadline, cwd)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise Refused(problems)


def _checked(
    write: FileWrite, staged: str, environ: Mapping[str, str], deadline: Deadline, cwd: str
) -> Problem | None:
    """What the check command says of one staged file.

    Its output is not shown: it may quote the file, and the file may hold secrets.
    """
    words = [_with_staged(word, staged) for word in write.check]
    executable = lookup.find(words[0], environ.get("PATH"), cwd)
    if isinstance(executable, Problem):
        return executable.replace(kind="check-failed", subject=f"check of {write.path}")
    code = process.run_check(executable, words, environ, deadline)
    if code == 0:
        return None
    if code is None:
        reason = f"{words[0]} did not end before the deadline"
    elif code < 0:
        reason = f"{words[0]} was ended by signal {-code}"
    else:
        reason = f"{words[0]} ended with {code}"
    return Problem(kind="check-failed", subject=f"check of {write.path}", reason=reason)


def _with_staged(word: str, path: str) -> str:
    return word.replace("{{ staged }}", path).replace("{{staged}}", path)


def _tell(plan: Plan, applied: Applied | None, started: float) -> None:
    for line in (*plan.warnings, *(applied.warnings if applied else ())):
        stderr.log.warning(line)
    for line in plan.notes:
        stderr.log.info(line)
    origins = [write.origin.partition(" ")[0] for write in plan.writes]
    counts = (
        (sum(source != "inherited" for source in plan.sources.values()), "variable"),
        (len(plan.certificates), "certificate"),
        (origins.count("template"), "template"),
        (len(applied.written) if applied else 0, "file written"),
    )
    words = ", ".join(
        f"{count} {word if count == 1 else _plural(word)}" for count, word in counts if count
    )
    milliseconds = clock.milliseconds_since(started)
    stderr.log.notice(f"ready in {milliseconds} ms" + (f": {words}" if words else ""))


def _plural(word: str) -> str:
    first, _, rest = word.partition(" ")
    return f"{first}s {rest}".rstrip()
