"""From a plan to what is on the disk: last judgement, stage, check, swap."""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem, Refused
from cycle_exec.system.exec import lookup, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.launching.vpn.preflight import Hook
    from cycle_exec.planning.model import FileWrite, Plan
    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Settings
    from cycle_exec.sources.model import Snapshot
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.targets.stage import Applied

    Probe = Callable[[Mapping[str, str]], Problem | None]


def judged(settings: Settings, planned: Planned) -> str:
    """Where the command stands, empty if there is none; raises Refused if it could not start."""
    executable = _executable(settings, planned)
    _judge_sizes(settings, planned.plan, executable)
    return executable


def require_idle(settings: Settings, planned: Planned, executable: str) -> None:
    """Raise Refused if somebody has the command's program open for writing, as far as that can be
    known. Where no file is replaced, execve itself tells early enough.
    """
    if not executable or not planned.plan.writes:
        return
    from cycle_exec.system.exec import busy

    problem = busy.obstacle(settings.command[0], executable, planned.local.directory)
    if problem is not None:
        raise Refused([problem])


def _executable(settings: Settings, planned: Planned) -> str:
    """Where the command stands once the plan's own PATH is known."""
    local, path = planned.local, planned.plan.environ.get("PATH")
    if not settings.command or path is None or path == local.search_path:
        return local.executable
    found = lookup.find(settings.command[0], path, local.directory)
    if isinstance(found, Problem):
        raise Refused([found])
    return found


def _judge_sizes(settings: Settings, plan: Plan, executable: str) -> None:
    """Find what execve would refuse, before anything is written."""
    stack = settings.process.limits.get("stack")
    measured = process.measure(
        settings.command, plan.environ, executable, stack.soft if stack else None
    )
    problems = [
        Problem(
            "value-too-large",
            f"variable {name}",
            f"the value from {plan.sources[name]} has more than 131071 bytes with its name",
        )
        for name in measured.oversized
    ]
    if measured.total > measured.maximum:
        problems.append(
            Problem(
                "arguments-too-long",
                "the command",
                f"arguments and environment take {measured.total} bytes, "
                f"the kernel accepts {measured.maximum}",
            )
        )
    if problems:
        raise Refused(problems)


def apply(
    plan: Plan,
    cwd: str,
    deadline: Deadline,
    probe: Probe | None = None,
    *,
    targets: Sequence[FileWrite] | None = None,
    checked: Sequence[FileWrite] | None = None,
    values: Callable[[], Iterable[str]] = tuple,
    user: User | None = None,
) -> Applied:
    """Stage every target, run the checks, swap all of them.

    cwd: where checks run. probe: a check of its own, given where each target is staged. targets:
    all that the settings have, None where nobody knows. checked: targets whose checks are run,
    None: those of the plan. values: what must not be shown of what a check prints. user: who the
    command will be.
    A stop signal that arrives during the swap is heard at its end: then all targets are new.
    """
    from cycle_exec.system.targets import stage

    checked = [write for write in (plan.writes if checked is None else checked) if write.check]
    with stage.Staged(plan.writes, targets=targets) as staged:
        if checked:
            from cycle_exec.launching import checks

            conditions = checks.Conditions(
                swaps=staged.swaps,
                environ=plan.environ,
                deadline=deadline,
                cwd=cwd,
                values=values,
                user=user,
            )
            checks.run(checked, conditions, staged.is_private)
        problem = probe(staged.paths) if probe is not None else None
        if problem is not None:
            raise Refused([problem])
        return staged.commit()


def values(snapshot: Snapshot, token: Secret, plan: Plan) -> Callable[[], Iterable[str]]:
    """Return what tells what must not be shown of what a check prints."""

    def found() -> Iterable[str]:
        from cycle_exec.presentation import command_output

        return command_output.values(snapshot, token, plan.writes)

    return found


def are_exposed(writes: Iterable[FileWrite]) -> bool:
    """Whether somebody else can change the directory of one of these targets, and so exchange what
    a program reads there.
    """
    from cycle_exec.system.invocation import encoded
    from cycle_exec.system.targets import route

    folders = {write.directory or posixpath.dirname(write.path) for write in writes}
    return not all(route.will_be_private(encoded(folder), -1) for folder in folders)


def mixture(plan: Plan) -> str:
    """Return what a kill can leave that the next start does not mend; empty if it mends all."""
    places = {write.directory or posixpath.dirname(write.path): write.uid for write in plan.writes}
    renames = {write.directory or write.path for write in plan.writes}
    if len(renames) < 2:
        return ""
    from cycle_exec.system.invocation import encoded
    from cycle_exec.system.targets import route

    if any(route.will_be_private(encoded(path), uid) for path, uid in places.items()):
        return ""
    return (
        "a kill while the files are replaced can leave old and new ones: none of their directories "
        "can be changed by this user alone, so no journal is kept"
    )


def probe(hook: Hook | None, environ: Mapping[str, str], deadline: Deadline) -> Probe | None:
    """How an OpenVPN server's hook is tried once its token file is staged."""
    if hook is None:
        return None

    def tried(paths: Mapping[str, str]) -> Problem | None:
        from cycle_exec.launching.vpn import preflight as vpn_preflight

        target = vpn_preflight.token_path(hook)
        staged = paths.get(target, target)
        moved = staged if staged != target else ""
        return vpn_preflight.tried(hook, environ, moved, deadline.left())

    return tried
