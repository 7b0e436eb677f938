"""`cycle-exec manifest`: check a manifest, print its JSON Schema, print a first one."""

from __future__ import annotations

from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Overrides


def check(invocation: Invocation, path: str, asking: Overrides | None = None) -> int:
    """Say that the manifest and its templates are good, or refuse with all that is wrong with them.

    path: empty for the one a launch would read. asking: options that lead to a platform, whose
    data then have to fit as well.
    """
    from cycle_exec.launching import checking
    from cycle_exec.settings import resolve

    path = path or resolve.manifest_path(invocation, {})[0]
    checking.checked(path)
    if asking is not None:
        _plan(invocation, {**asking, "manifest": path})
    stdout.write(f"{path}: ok\n")
    return 0


def _plan(invocation: Invocation, overrides: Overrides) -> None:
    """Refuse what the platform's data do not fit; nothing of this machine is judged."""
    from cycle_exec.launching import pipeline
    from cycle_exec.settings.model import Process
    from cycle_exec.system.output import stderr

    settings, deadline = pipeline.begin(invocation, overrides)
    settings = settings.replace(process=Process())
    for line in pipeline.plan_for(invocation, settings, deadline, writes=False).plan.warnings:
        stderr.log.warning(line)


def schema() -> int:
    """Print the JSON Schema, for editors."""
    from cycle_exec.settings.manifest import json_schema

    stdout.write_json(json_schema.schema())
    return 0


def new() -> int:
    """Print a commented first manifest."""
    from cycle_exec.settings.manifest.starter import STARTER

    stdout.write(STARTER)
    return 0
