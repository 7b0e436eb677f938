"""Compiled templates become text, or a refusal that says where."""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.planning.templates import failures
from cycle_exec.planning.templates.jinja.compiling import file_name
from cycle_exec.planning.templates.operations import TooLarge
from cycle_exec.planning.templates.substitution import OUTPUT_LIMIT, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from jinja2 import Template


def rendered(
    templates: Mapping[str, Template],
    name: str,
    sources: Mapping[str, str],
    context: Mapping[str, object],
    bounded: AbstractContextManager[None] | None = None,
) -> str:
    """Return the text of a template. Raises Refused.

    templates: with those that it is made of. sources: their texts.
    bounded: what the rendering is done in, so that all that it makes stays small: a value may be
    the width or the count of anything, of a filter, a method or a format.
    A Problem in the context stands for what could not be fetched; its first use refuses with it.
    """
    from jinja2.exceptions import SecurityError

    for template in templates.values():
        # What another template has changed in a file that both import: a joiner that was used.
        template._module = None
    try:
        if bounded is None:
            return _text(templates[name], context)
        with bounded:
            return _text(templates[name], context)
    except Refused as refused:
        raise Refused(
            problem.replace(subject=f"{name}: {problem.subject}") for problem in refused.problems
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever a template provokes, our words for it
        where, line = _place(templates, error.__traceback__)
        where = where or name
        place = f"{where}:{line}" if line else where
        if isinstance(error, SecurityError):
            error = failures.Forbidden()
        problem = failures.problem(
            error, place, sources[where], context, line=line, part=where != name
        )
        raise Refused([problem]) from None


def _text(template: Template, context: Mapping[str, object]) -> str:
    parts: list[str] = []
    size = 0
    for part in template.root_render_func(template.new_context(dict(context))):
        size += size_of(part)
        if size > OUTPUT_LIMIT:
            raise TooLarge
        parts.append(part)
    return "".join(parts)


def _place(templates: Mapping[str, Template], trace: TracebackType | None) -> tuple[str, int]:
    """Return the file and the line of the innermost step inside one of the templates."""
    names = {file_name(name): name for name in templates}
    found = "", 0
    while trace is not None:
        name = names.get(trace.tb_frame.f_code.co_filename)
        if name is not None:
            found = name, templates[name].get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return found
