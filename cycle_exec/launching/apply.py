"""From a plan to what is on the disk: last judgement, stage, check, swap."""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem, Refused
from cycle_exec.system.exec import lookup, process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.launching.vpn_preflight import Hook
    from cycle_exec.planning.model import FileWrite, Plan
    from cycle_exec.settings.model import Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.targets.stage import Applied, Staged

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
    measured = process.measure(settings.command, plan.environ, executable)
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
) -> Applied:
    """Stage every target, run the checks, swap all of them.

    cwd: where checks run. probe: a check of its own, given where each target is staged. targets:
    all that the settings have, None where nobody knows.
    A stop signal that arrives during the swap is heard at its end: then all targets are new.
    """
    from cycle_exec.system.targets import stage

    with stage.Staged(plan.writes, targets=targets) as staged:
        _check(plan, staged, deadline, cwd)
        problem = probe(staged.paths) if probe is not None else None
        if problem is not None:
            raise Refused([problem])
        return staged.commit()


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


def _check(plan: Plan, staged: Staged, deadline: Deadline, cwd: str) -> None:
    checks = [write for write in plan.writes if write.check]
    if not checks:
        return
    from cycle_exec.planning.files.preview import preview

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
    """Return what the check command says of one staged file.

    Its output is not shown: it may quote the file, and the file may hold secrets.
    """
    words = [
        word.replace("{{ staged }}", staged).replace("{{staged}}", staged) for word in write.check
    ]
    executable = lookup.find(words[0], environ.get("PATH"), cwd)
    if isinstance(executable, Problem):
        return executable.replace(kind="check-failed", subject=f"check of {write.path}")
    code = process.run_check(executable, words, environ, deadline)
    if code == 0:
        return None
    if code is None:
        reason = f"{words[0]} did not finish before the deadline"
    elif code < 0:
        reason = f"{words[0]} was killed by signal {-code}"
    else:
        reason = f"{words[0]} exited with code {code}"
    return Problem("check-failed", f"check of {write.path}", reason)


def probe(hook: Hook | None, environ: Mapping[str, str], deadline: Deadline) -> Probe | None:
    """How an OpenVPN server's hook is tried once its token file is staged."""
    if hook is None:
        return None

    def tried(paths: Mapping[str, str]) -> Problem | None:
        from cycle_exec.launching import vpn_preflight

        target = vpn_preflight.token_path(hook)
        staged = paths.get(target, target)
        moved = staged if staged != target else ""
        return vpn_preflight.tried(hook, environ, moved, deadline.left())

    return tried
