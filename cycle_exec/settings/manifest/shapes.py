"""The usual shapes of a manifest's key, in fewer words."""

from __future__ import annotations

from cycle_exec.settings import rules
from cycle_exec.settings.manifest.nodes import Choice, ListOf, MapOf, Switch, Text
from cycle_exec.settings.options import BY_NAME


def option(name: str) -> Text | Choice | Switch:
    """Return the key that a launch option of one value overrides: the same rule, the same words."""
    option = BY_NAME[name]
    if option.kind == "switch":
        return Switch(help=option.help)
    default = option.default or None
    if option.kind == "choice":
        return Choice(choices=option.choices, default=default, help=option.help)
    rule = "DURATION" if option.kind == "duration" else option.rule or "PATH"
    return text(getattr(rules, rule), option.help, default)


def text(rule: rules.Rule, help: str, default: str | None = None) -> Text:
    """Return a key that holds a string."""
    return Text(rule=rule, default=default, help=help)


def texts(rule: rules.Rule, help: str, least: int = 0) -> ListOf:
    """Return a key that holds an array of strings, of so many at least."""
    return ListOf(item=Text(rule=rule), least=least, help=help)


def mapping(key: rules.Rule, value: rules.Rule, help: str) -> MapOf:
    """Return a key that holds a table of strings by names of the user."""
    return MapOf(key=key, value=Text(rule=value), help=help)
