"""`cycle-exec vpn-check`: whether an OpenVPN server's credential hook can work."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.launching import pipeline, preflight
from cycle_exec.launching.vpn import preflight as vpn_preflight
from cycle_exec.launching.vpn.preflight import Server
from cycle_exec.settings.model import Vpn
from cycle_exec.system import files
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.launching.vpn.preflight import Hook
    from cycle_exec.settings.model import Invocation, Settings


def run(
    invocation: Invocation,
    overrides: Overrides,
    command: Sequence[str],
    path: str,
    *,
    as_json: bool,
    probe: bool,
) -> int:
    """Say ok, or raise Refused with everything that is wrong.

    path: the configuration, empty: what the settings say. probe: ask the hook, and so the
    platform, about a login that nobody has.
    """
    settings, _ = pipeline.begin(invocation, overrides, command)
    vpn = _about(settings, path)
    hook, problems = _judged(invocation, settings, vpn)
    if probe and hook is not None and not problems:
        problems = _tried(invocation, settings, hook)
    warnings = list(hook.warnings) if hook is not None else []
    subject = vpn.config or vpn.helper or "the openvpn command"
    if as_json:
        return _json(subject, problems, warnings)
    for line in warnings:
        stderr.log.warning(line)
    if problems:
        raise Refused(problems)
    stdout.write(f"{subject}: ok\n")
    return 0


def _about(settings: Settings, path: str) -> Vpn:
    """Return [vpn], whatever says what is checked."""
    vpn = settings.vpn or Vpn()
    if path:
        return vpn.replace(config=path)
    if vpn.config or vpn.helper or settings.command:
        return vpn
    return vpn.replace(config=vpn_preflight.DEFAULT_CONFIG)


def _judged(
    invocation: Invocation, settings: Settings, vpn: Vpn
) -> tuple[Hook | None, list[Problem]]:
    problems: list[Problem] = []
    user = preflight.app_user(settings, problems)
    if problems:
        return None, problems
    server = Server(
        vpn=vpn,
        command=settings.command,
        environ=invocation.environ,
        directory=settings.process.directory or invocation.cwd,
        user=user,
    )
    # Only a launch with [vpn] writes the token; otherwise it has to be there.
    writes_token = settings.vpn is not None
    return vpn_preflight.judged(server, vpn_preflight.on_disk, writes_token=writes_token)


def _tried(invocation: Invocation, settings: Settings, hook: Hook) -> list[Problem]:
    """Return what the probe says. A token file that a launch would write is staged for it."""
    seconds = settings.api.deadline
    there = files.disk(vpn_preflight.token_path(hook)).kind == "file"
    if there or not hook.setup.token_written:
        found = vpn_preflight.tried(hook, invocation.environ, "", seconds)
        return [found] if found is not None else []
    from cycle_exec.system.targets import stage

    problems: list[Problem] = []
    token = preflight.api_token(invocation, problems)
    if problems:
        return problems
    write = vpn_preflight.token_write(hook, token)
    with stage.Staged([write], targets=None) as staged:
        path = staged.paths[write.path]
        found = vpn_preflight.tried(hook, invocation.environ, path, seconds)
    return [found] if found is not None else []


def _json(subject: str, problems: Sequence[Problem], warnings: Sequence[str]) -> int:
    document = {
        "config": subject,
        "problems": [
            {"subject": each.subject, "reason": each.reason, "fix": each.way_out}
            for each in problems
        ],
        "warnings": warnings,
    }
    stdout.write_json(document)
    return Refused(problems).code if problems else 0
