"""`cycle-exec certificates`: what the platform has for this container, listed or written."""

from __future__ import annotations

from cycle_exec.commands import launch, pipeline
from cycle_exec.errors import refuse
from cycle_exec.planning import describe
from cycle_exec.settings.model import CertificateRequest, Variables
from cycle_exec.system import clock, signals, stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.commands.pipeline import Overrides
    from cycle_exec.commands.preflight import Local
    from cycle_exec.planning.model import Plan
    from cycle_exec.settings.model import Invocation
    from cycle_exec.system.clock import Deadline


def list_(invocation: Invocation, overrides: Overrides, *, as_json: bool) -> int:
    """Print domains, key type, days left and issuer of each certificate, expired ones too."""
    plan, _, _ = _planned(invocation, overrides, directory="", listing=True)
    now = clock.now()
    if as_json:
        import json

        rows = [
            {
                "domains": list(certificate.domains),
                "issuer": certificate.issuer,
                "key": certificate.key_type,
                "not_before": certificate.not_before,
                "not_after": certificate.not_after,
                "days_left": describe.days_left(certificate, now),
            }
            for certificate in plan.certificates
        ]
        stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        stdout.write(describe.table(describe.certificate_rows(plan.certificates, now)))
    return 0


def write(invocation: Invocation, overrides: Overrides, *, directory: str) -> int:
    """Write the PEM files of every certificate below a folder, as a launch would."""
    plan, local, deadline = _planned(invocation, overrides, directory=directory, listing=False)
    applied = launch.apply(plan, local, deadline, invocation.cwd)
    for line in (*plan.warnings, *applied.warnings):
        stderr.log.warning(line)
    for path in applied.written:
        stdout.write(path + "\n")
    return 0


def _planned(
    invocation: Invocation, overrides: Overrides, *, directory: str, listing: bool
) -> tuple[Plan, Local, Deadline]:
    armed = signals.arm()
    settings = pipeline.settle(invocation, overrides, ())
    deadline = clock.Deadline.after(settings.api.deadline)
    armed.bound(deadline.left())
    request = settings.certificates or CertificateRequest()
    if directory:
        absolute = directory if directory.startswith("/") else f"{invocation.cwd}/{directory}"
        request = request.replace(directory=absolute.rstrip("/") or "/")
    if listing:
        request = request.replace(directory="", domains=(), allow_expired=True)
    elif not request.directory:
        raise refuse(
            "usage", "certificates write", "no folder to write to", "name one with --directory"
        )
    settings = settings.replace(
        certificates=request,
        templates=(),
        integrations=(),
        dotenv=None,
        variables=Variables(only=("",)),
        environment=settings.environment.replace(set={}),
    )
    plan, local = pipeline.plan_for(invocation, settings, deadline, writes=not listing)
    return plan, local, deadline
