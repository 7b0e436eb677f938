"""`cycle-exec env`: what the launch would export, for another program to read."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.launching import pipeline
from cycle_exec.planning.files import formats
from cycle_exec.planning.model import INHERITED
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.settings.model import Invocation


def run(
    invocation: Invocation,
    overrides: Overrides,
    *,
    format: str,
    reader: str,
    everything: bool,
) -> int:
    """Print the variables, values shown: the user asked for them.

    everything: the inherited ones as well, not only what the launch adds or changes.
    """
    settings, deadline = pipeline.begin(invocation, overrides)
    settings = settings.replace(templates=(), dotenv=None)
    plan = pipeline.plan_for(invocation, settings, deadline, writes=False).plan
    for line in plan.warnings:
        stderr.log.warning(line)
    values = {
        name: value
        for name, value in sorted(plan.environ.items())
        if everything or plan.sources[name] != INHERITED
    }
    try:
        text = formats.write(values, format, reader)
    except formats.NotCarried as error:
        raise refuse(
            "value-refused",
            f"variable {error.name}",
            f"{error.reason}, so it cannot be written as {format}",
            "choose another --format, or exclude it",
        ) from None
    stdout.write(text)
    return 0
