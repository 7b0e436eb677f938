"""`cycle-exec render`: config templates with the context of the launch."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.launching import apply, pipeline, preflight
from cycle_exec.planning.model import TEMPLATE
from cycle_exec.settings.model import TemplateOutput
from cycle_exec.system import files
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.planning.model import Plan
    from cycle_exec.settings.model import Invocation, Settings


def run(
    invocation: Invocation, overrides: Overrides, templates: Sequence[str], *, output: str
) -> int:
    """Render to standard output, to a file, or, several templates, into a folder.

    The templates of the manifest are left out; its variables, integrations and certificates
    make the context. Files are written as a launch writes them: all or none, mode 0600.
    """
    settings, deadline = pipeline.begin(invocation, overrides)
    wanted = _outputs(templates, output, invocation.cwd)
    if settings.wait:
        stderr.log.notice(f"a launch waits for {', '.join(settings.wait)}; render does not")
    settings = settings.replace(templates=wanted, dotenv=None, vpn=None, wait=())
    local = preflight.opened(invocation, _only_templates(settings), writes=bool(output))
    given = pipeline.fetched(settings, local, deadline)
    plan = _only_these(pipeline.planned(settings, local, given).plan)
    if output:
        apply.apply(plan, local.cwd, deadline, user=local.user)
    else:
        stdout.write(
            "".join(write.content.decode("utf-8", "surrogateescape") for write in plan.writes)
        )
    return 0


def _outputs(templates: Sequence[str], output: str, cwd: str) -> tuple[TemplateOutput, ...]:
    if not output:
        targets = [f"/{position}" for position in range(len(templates))]
    else:
        target = output if output.startswith("/") else f"{cwd}/{output}"
        if output.endswith("/") or files.disk(target).kind == "directory":
            names = (source.rstrip("/").rpartition("/")[2] for source in templates)
            targets = [f"{target.rstrip('/')}/{name.removesuffix('.j2')}" for name in names]
        elif len(templates) == 1:
            targets = [target]
        else:
            fix = "add a / at its end to create one"
            raise refuse("usage", output, "several templates need a directory", fix)
    return tuple(
        TemplateOutput(source=source, target=target)
        for source, target in zip(templates, targets, strict=True)
    )


def _only_templates(settings: Settings) -> Settings:
    """Return the same settings without any other target, for the targets' preflight."""
    return settings.replace(
        variables=settings.variables.replace(files=()),
        integrations=tuple(integration.replace(files=()) for integration in settings.integrations),
        certificates=None,
    )


def _only_these(plan: Plan) -> Plan:
    """Return the same plan, writing nothing but the templates."""
    return plan.replace(writes=tuple(write for write in plan.writes if write.kind == TEMPLATE))
