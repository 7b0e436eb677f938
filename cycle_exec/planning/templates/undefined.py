"""Names that are not there, and what their author probably meant."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.templates import syntax
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS = ("range", "dict", "namespace")
_WRITTEN = "a variable is written variables.NAME, the environment env.NAME"
_FACTS = "is Ansible's; see the names in templates: instances, containers, domains, env, variables"
# Names that people know from other tools, and what stands for them here.
_ELSEWHERE = {
    **dict.fromkeys(
        ("lookup", "query", "q"),
        "is Ansible's; here nothing is read while rendering: use variables.X, env.X or include",
    ),
    **dict.fromkeys(
        ("hostvars", "groups", "group_names", "inventory_hostname", "playbook_dir", "vars"),
        _FACTS,
    ),
    "ansible_managed": "is Ansible's; write a text of your own",
    **dict.fromkeys(("salt", "pillar", "grains"), "is Salt's; a value is variables.X or env.X"),
    "item": "is Ansible's; a loop is written {% for item in ... %}",
    "os": "is not there: the environment is env.NAME",
    "getenv": "is not there: the environment is env.NAME",
    "omit": "is Ansible's; leave the line out with {% if %}",
}


class UndefinedName(Exception):
    """A name that is not there was used. obj: where it was looked up, None at the top level."""

    def __init__(self, obj: object, name: object) -> None:
        self.obj = obj
        self.name = name
        super().__init__()


def problem(
    error: UndefinedName,
    place: str,
    source: str,
    context: Mapping[str, object],
    *,
    line: str = "",
    part: bool = False,
) -> Problem:
    """Return what is said of it. place, source, part: as in `failures.problem`. line: its text."""
    name = error.name
    fix = ""
    if syntax.go(line):
        reason, fix = syntax.GO
    elif name is None and error.obj is None:
        reason = "the list or text is empty, and has no such item"
    elif isinstance(name, int) and isinstance(error.obj, list | tuple | str):
        reason = "the list or text has no item of this number"
    elif not isinstance(name, str) or not stands_in(name, source):
        # A name that was computed may be a value.
        reason = "a computed name is not defined"
    elif error.obj is None:
        reason, fix = at_the_top(name, context, part)
    else:
        reason, fix = _in(error.obj, name, source, context)
    return Problem(kind="template-undefined", subject=place, reason=reason, fix=fix)


def at_the_top(name: str, context: Mapping[str, object], part: bool = False) -> tuple[str, str]:
    """Return reason and way out where a name without anything before it is not there."""
    if part and name in context:
        reason = f"{name} is not known in a file that is imported without context"
        return reason, '{% import "..." as ... with context %}, or hand it over as an argument'
    elsewhere = _ELSEWHERE.get(name) or (_FACTS if name.startswith("ansible_") else "")
    if elsewhere:
        return f"{name} {elsewhere}", ""
    for place in ("variables", "env"):
        found = context.get(place)
        if isinstance(found, dict) and name in found:
            return f"{name} is not defined, did you mean {place}.{name}", ""
    known = nearest.nearest(name, [*context, *_ALWAYS])
    prefixed = "" if known else _prefixed(name, context)
    meant = f", did you mean {known or prefixed}" if known or prefixed else ""
    return f"{name} is not defined{meant}", "" if prefixed else _WRITTEN


def _prefixed(name: str, context: Mapping[str, object]) -> str:
    """Return the variable that was probably meant, with what stands before its name."""
    for place in ("variables", "env"):
        found = context.get(place)
        if isinstance(found, dict):
            known = nearest.nearest(name, (key for key in found if isinstance(key, str)))
            if known:
                return f"{place}.{known}" if known.isidentifier() else f'{place}["{known}"]'
    return ""


def _in(obj: object, name: str, source: str, context: Mapping[str, object]) -> tuple[str, str]:
    variables, env = context.get("variables"), context.get("env")
    if isinstance(obj, str):
        reason = f"{name} is not defined: what stands before it is text"
        return reason, "of a JSON text take (... | from_json)." + name
    if not isinstance(obj, dict) or not _is_ours(obj, context, 4):
        return f"{name} is not defined", ""
    keys = [key for key in obj if isinstance(key, str)]
    dashed = _dashed(name, keys, source)
    if dashed:
        return (
            f"{name} is not defined: a name with a dash stands in brackets",
            f'write ["{dashed}"]',
        )
    if obj is variables and isinstance(env, dict) and name in env:
        reason = f"{name} is no scoped variable, but in the environment: did you mean env.{name}"
        return reason, f"write env.{name}, or give it access by the internal API in the portal"
    if obj is env and isinstance(variables, dict) and name in variables:
        reason = f"{name} is not in the environment: did you mean variables.{name}"
        return reason, ""
    if obj is context.get("integrations"):
        reason = f"integration {name} is not in the manifest" + nearest.did_you_mean(name, keys)
        return reason, f'add [[integrations]] identifier = "{name}"'
    if name == "paths" and any(obj is each for each in _members(context, "certificates")):
        return (
            "paths is not defined: certificates are written to no directory",
            "set certificates.directory, or use .fullchain and .privkey, which are the PEM itself",
        )
    return f"{name} is not defined" + nearest.did_you_mean(name, keys), ""


def _members(context: Mapping[str, object], name: str) -> list[object]:
    found = context.get(name)
    return list(found.values()) if isinstance(found, dict) else []


def _dashed(name: str, keys: list[str], source: str) -> str:
    """Return the key with a dash that the template takes for a subtraction."""
    return next((key for key in keys if key.startswith(f"{name}-") and key in source), "")


def _is_ours(wanted: object, value: object, depth: int) -> bool:
    """Whether a mapping is part of the context itself; keys of a parsed value may be secret."""
    if value is wanted:
        return True
    if not depth:
        return False
    if isinstance(value, dict):
        return any(_is_ours(wanted, member, depth - 1) for member in value.values())
    return isinstance(value, list) and any(_is_ours(wanted, member, depth - 1) for member in value)


def stands_in(name: str, source: str) -> bool:
    """Whether the name is a whole word, or a whole string literal, of the template itself."""
    import re

    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) is not None
