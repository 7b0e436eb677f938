"""`cycle-exec vpn-check`: whether an OpenVPN server's credential hook can work."""

from __future__ import annotations

from cycle_exec.errors import Refused, refuse
from cycle_exec.system import files, hook_facts, stderr, stdout
from cycle_exec.vpn import config, preflight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.errors import Problem
    from cycle_exec.settings.model import Invocation

DEFAULT_CONFIG = "/etc/openvpn/server.conf"


def run(invocation: Invocation, path: str, *, as_json: bool) -> int:
    """Say ok, or raise Refused with everything that is wrong. Nothing is asked of the platform."""
    path = path or DEFAULT_CONFIG
    problems, warnings = _judged(invocation, path)
    if as_json:
        import json

        document = {
            "config": path,
            "problems": [
                {"subject": each.subject, "reason": each.reason, "fix": each.way_out}
                for each in problems
            ],
            "warnings": warnings,
        }
        stdout.write(json.dumps(document, indent=2) + "\n")
        return problems[0].code if problems else 0
    for line in warnings:
        stderr.log.warning(line)
    if problems:
        raise Refused(problems)
    stdout.write(f"{path}: ok\n")
    return 0


def _judged(invocation: Invocation, path: str) -> tuple[list[Problem], list[str]]:
    try:
        directives = config.read(path, _text)
    except config.Unparsable as error:
        raise refuse("vpn-helper", path, error.reason) from None
    setup, problems = preflight.setup(directives, path)
    if setup is None:
        return problems, []
    facts = hook_facts.gather(setup, invocation.environ.get("TMPDIR", ""))
    found = [*problems, *preflight.problems(setup, facts)]
    return found, preflight.warnings(directives, setup)


def _text(path: str) -> str:
    try:
        return files.read(path).decode("utf-8", "surrogateescape")
    except files.Unreadable as error:
        raise refuse("file-missing", f"OpenVPN config {path}", error.reason) from None
