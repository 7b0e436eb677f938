"""`cycle-exec plan`: everything but apply and launch, shown without a value."""

from __future__ import annotations

from cycle_exec.launching import apply, pipeline
from cycle_exec.launching.differences import differences
from cycle_exec.presentation import describe
from cycle_exec.system import clock, random
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.settings.model import Invocation


def run(
    invocation: Invocation, overrides: Overrides, command: Sequence[str], *, as_json: bool
) -> int:
    """Print the plan, as text or JSON."""
    settings, deadline = pipeline.begin(invocation, overrides, command)
    keeper = None
    if settings.last_good is not None:
        from cycle_exec.launching import last_good

        keeper = last_good.keeper(invocation, settings, keeps=False)
    planned = pipeline.plan_for(invocation, settings, deadline, keeper=keeper)
    executable = apply.judged(settings, planned)
    apply.require_idle(settings, planned, executable)
    plan, user = planned.plan, planned.local.user
    mixture = apply.mixture(plan)
    if mixture:
        plan = plan.replace(warnings=(*plan.warnings, mixture))
    outlook = describe.Outlook(
        command=settings.command,
        executable=executable,
        manifest=settings.manifest_path,
        inherited=invocation.environ,
        differences={write.path: differences(write) for write in plan.writes},
        key=invocation.token.reveal().encode("utf-8", "surrogateescape") or random.key(),
        now=clock.now(),
        user=str(user) if user else "",
        process=settings.process,
        before=settings.before,
    )
    if as_json:
        stdout.write_json(describe.document(plan, outlook))
    else:
        stdout.write(describe.text(plan, outlook, stdout.style(invocation.environ)))
    return 0
