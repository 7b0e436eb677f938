"""The commented first manifest."""

from __future__ import annotations

import tomllib

from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.manifest.manifest import parse
from cycle_exec.settings.manifest.nodes import ListOf, MapOf, Table
from cycle_exec.settings.manifest.starter import STARTER
from cycle_exec.settings.model import Manifest

UNCOMMENTED = "".join(
    line[1:] if line[0] == "#" and line[1:2] not in ("", " ", "\n") else line
    for line in STARTER.splitlines(keepends=True)
)


def test_as_it_comes():
    """The starter passes the check and sets nothing."""
    assert parse(STARTER, "starter") == Manifest()


def test_uncommented():
    """Every setting uncommented, the starter still passes the check."""
    assert UNCOMMENTED.count("\n[[") == 4
    assert parse(UNCOMMENTED, "starter").process.directory == "/srv"


def test_complete():
    """The starter shows every key there is."""
    document = tomllib.loads(UNCOMMENTED)

    def compare(node, value):
        match node:
            case Table():
                assert set(value) == set(node.fields)
                for name, field in node.fields.items():
                    compare(field, value[name])
            case ListOf(item=Table() as table):
                compare(table, value[0])
            case MapOf():
                compare(node.value, next(iter(value.values())))

    compare(MANIFEST, document)


def test_defaults_are_true():
    """A setting that is shown with its default has that value."""
    document = tomllib.loads(UNCOMMENTED)
    for section in ("api", "log", "environment", "certificates", "dotenv"):
        table = MANIFEST.fields[section]
        assert isinstance(table, Table)
        for name, field in table.fields.items():
            if field.default is not None:
                assert document[section][name] == field.default, name
