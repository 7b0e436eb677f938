"""`cycle-exec certificates`: what the platform has for this container, listed or written."""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.launching import apply, pipeline, preflight
from cycle_exec.launching.local import offline
from cycle_exec.planning.certificates import selection as choosing
from cycle_exec.presentation import describe, tables
from cycle_exec.settings.model import CertificateRequest, Process, Variables
from cycle_exec.system import clock
from cycle_exec.system.crypto import handshake, key_matches
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.clock import Deadline

_FIX = "check the certificate in the portal; whatever can be read is listed"


def list_(invocation: Invocation, overrides: Overrides, *, as_json: bool) -> int:
    """Print domains, key type, days left and issuer of each certificate, expired ones too; then
    warn and raise Refused as a launch would.
    """
    settings, deadline = _settled(invocation, overrides, directory="", domains=())
    local = preflight.opened(invocation, settings, writes=False)
    given = pipeline.fetched(settings, local, deadline)
    now = clock.now()
    assert settings.certificates is not None
    found, request = given.snapshot.certificates or (), settings.certificates
    openssl: dict[str, Any] = {"mismatch": key_matches.mismatch, "refusal": handshake.refusal}
    _, problems, warnings = choosing.choose(found, request, now=now, **openssl)
    expired_too = request.replace(allow_expired=True)
    chosen, _, _ = choosing.choose(found, expired_too, now=now, **openssl)
    every = (one for usable in chosen.values() for one in usable.every)
    summaries = list(dict.fromkeys(one.summary for one in every))
    if as_json:
        stdout.write_json([describe.certificate(summary, now) for summary in summaries])
    else:
        rows = describe.certificate_rows(summaries, now)
        stdout.write(tables.table(rows, stdout.style(invocation.environ)))
    for line in warnings:
        stderr.log.warning(line)
    if problems:
        raise Refused(problem.replace(fix=problem.fix or _FIX) for problem in problems)
    return 0


def write(invocation: Invocation, overrides: Overrides, *, directory: str) -> int:
    """Write the PEM files of every certificate below a folder, as a launch would."""
    absolute = directory if directory.startswith("/") else f"{invocation.cwd}/{directory}"
    settings, deadline = _settled(invocation, overrides, directory=absolute.rstrip("/") or "/")
    planned = pipeline.plan_for(invocation, settings, deadline)
    applied = apply.apply(planned.plan, invocation.cwd, deadline, user=planned.local.user)
    for line in (*planned.plan.warnings, *applied.warnings):
        stderr.log.warning(line)
    for path in applied.written:
        stdout.write(path + "\n")
    return 0


def _settled(
    invocation: Invocation, overrides: Overrides, **changes: Any
) -> tuple[Settings, Deadline]:
    """Return settings of a run that is about certificates alone. changes: of [certificates]."""
    settings, deadline = pipeline.begin(invocation, overrides)
    if settings.is_offline:
        raise offline.refused("certificates")
    return settings.replace(
        certificates=(settings.certificates or CertificateRequest()).replace(**changes),
        templates=(),
        integrations=(),
        dotenv=None,
        # A default, or a file, may be the password of keystores.
        variables=Variables(
            only=("",),
            defaults=settings.variables.defaults,
            file_directory=settings.variables.file_directory,
        ),
        environment=settings.environment.replace(set={}, files=()),
        wait=(),
        vpn=None,
        process=Process(),
    ), deadline
