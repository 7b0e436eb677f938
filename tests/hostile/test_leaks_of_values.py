"""No value of ours shows a secret when it is printed, formatted, pickled or in a traceback."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import pkgutil
import pprint
import traceback
from collections.abc import Callable

import pytest

import cycle_exec
from cycle_exec.planning.templates import substitution
from cycle_exec.record import Record
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.settings.manifest import manifest
from tests.hostile.canaries import Canaries, planted

SECRET = planted()
CANARY = Canaries({"secret": SECRET})
_LAZY = {"cycle_exec.__main__"}


def every_record() -> dict[str, type[Record]]:
    """Every class of records in the package."""
    for module in pkgutil.walk_packages(cycle_exec.__path__, "cycle_exec."):
        if module.name not in _LAZY:
            importlib.import_module(module.name)
    found: dict[str, type[Record]] = {}
    waiting = [Record]
    while waiting:
        for each in waiting.pop().__subclasses__():
            if each.__module__.startswith("cycle_exec"):
                found[f"{each.__module__.removeprefix('cycle_exec.')}.{each.__qualname__}"] = each
                waiting.append(each)
    return found


RECORDS = every_record()


def filled(kind: type[Record]) -> Record:
    """A record whose sealed fields hold the secret, in more than one form."""
    values: dict[str, object] = {}
    for name in kind._names:
        annotation = str(_annotation(kind, name))
        if name in kind._redacted:
            values[name] = {SECRET: [SECRET, SECRET.encode()]}
        elif "SecretBytes" in annotation:
            values[name] = SecretBytes(SECRET.encode())
        elif "Secret" in annotation:
            values[name] = Secret(SECRET)
        else:
            values[name] = "x"
    return kind(**values)


def _annotation(kind: type[Record], name: str) -> object:
    return next(
        base.__dict__["__annotations__"][name]
        for base in kind.__mro__
        if name in base.__dict__.get("__annotations__", {})
    )


HOLDING = [
    name
    for name, kind in RECORDS.items()
    if kind._redacted or any("Secret" in str(_annotation(kind, field)) for field in kind._names)
]

SHOWN: dict[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda value: f"{value} {value!s} {value!r} {value!a} {value:}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031 - that is what is tried
    "pprint": pprint.pformat,
    "in a list": lambda value: repr([value, {"a": value}, (value,)]),
    "JSON": lambda value: json.dumps(value, default=str),
    "as an exception": lambda value: repr(ValueError(value)) + str(KeyError(value)),
    "a traceback": lambda value: _traceback(value),
}


def _traceback(value: object) -> str:
    try:
        raise ValueError(value)
    except ValueError as error:
        return "".join(traceback.format_exception(error))


def test_there_are_records_to_look_at():
    """The walk finds them: those with secrets, and many without."""
    assert len(HOLDING) > 20
    assert {"sources.model.Snapshot", "planning.model.Plan"} <= set(HOLDING)
    assert len(RECORDS) > 60


@pytest.mark.parametrize("way", SHOWN)
@pytest.mark.parametrize("name", HOLDING)
def test_a_record_does_not_show_what_it_holds(name, way):
    """However it is made into text."""
    value = filled(RECORDS[name])
    CANARY.absent(SHOWN[way](value), f"{way} of {name}")


@pytest.mark.parametrize("name", HOLDING)
def test_a_record_with_secrets_is_not_pickled_or_copied_deeply(name):
    """Bytes of it could go anywhere."""
    value = filled(RECORDS[name])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps([value], protocol)
    with pytest.raises(TypeError):
        copy.deepcopy(value)


# Fields that hold what an operator or the platform may keep secret, whatever their type.
SEALED = (
    "commands.api.Wish.data",
    "planning.model.TemplateText.text",
    "planning.templates.substitution.Plain.texts",
    "settings.model.EnvironmentRules.set",
    "settings.model.Variables.defaults",
    "vpn.model.Tried.said",
)


@pytest.mark.parametrize("field", SEALED)
def test_what_may_be_secret_is_redacted(field):
    """Also where the class cannot know it."""
    name, _, member = field.rpartition(".")
    assert member in RECORDS[name]._redacted


def test_a_manifest_does_not_show_its_values():
    """Operators write passwords into environment.set and into defaults."""
    text = f"""
[variables]
defaults = {{ PASSWORD = "{SECRET}" }}
[environment]
set = {{ URL = "db://app:{SECRET}@{{{{ variables.HOST }}}}/" }}
"""
    found = manifest.parse(text, "cycle-exec.toml")
    assert found.environment.set
    for way, shown in SHOWN.items():
        CANARY.absent(shown(found), f"{way} of a manifest")
        plain = substitution.parsed({"URL": found.environment.set["URL"]})
        CANARY.absent(shown(plain["URL"]), f"{way} of an expression")


@pytest.mark.parametrize(
    "value", [Secret(SECRET), SecretBytes(SECRET.encode())], ids=["text", "bytes"]
)
@pytest.mark.parametrize("way", SHOWN)
def test_a_secret_does_not_show_itself(value, way):
    """Neither as text nor as bytes."""
    CANARY.absent(SHOWN[way](value), way)
