"""How what is printed should look for whoever reads it."""

from __future__ import annotations

from cycle_exec.planning.tables import Style
from cycle_exec.system import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def of_reader(environ: Mapping[str, str]) -> Style:
    """As wide as their terminal, with colours if they see and want them; plain in a pipe."""
    return Style(width=stdout.width(environ), colours=stdout.shows_colours(environ))
