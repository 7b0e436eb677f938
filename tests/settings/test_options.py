"""The table of launch options."""

from __future__ import annotations

import pytest

from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.manifest.nodes import ListOf, Node, Table
from cycle_exec.settings.options import OPTIONS, SECTIONS


def _held(key: str) -> Node:
    node: Node = MANIFEST
    for part in key.split("."):
        assert isinstance(node, Table)
        node = node.fields[part]
    return node


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_key_exists(option):
    """Every option but the manifest's own has a key that the manifest knows."""
    if option.name == "manifest":
        assert option.key == ""
    else:
        node = _held(option.key)
        tables = isinstance(node, ListOf) and isinstance(node.item, Table)
        assert tables == (option.key in ("integrations", "templates", "wait"))


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_described(option):
    """Every option has help, a section, and a metavar unless it is a switch."""
    assert option.help.endswith(".")
    assert option.section in SECTIONS
    assert (option.kind == "switch") == (option.metavar == "")
    assert (option.kind == "choice") == (option.choices != ())


@pytest.mark.parametrize("name", ["name", "flag", "variable", "key"])
def test_unique(name):
    """No two options share a name, flag, variable or key."""
    values = [getattr(option, name) for option in OPTIONS]
    assert len(set(values)) == len(values)


def test_spelling():
    """Flag and variable are spelt from the name."""
    option = next(option for option in OPTIONS if option.name == "keep-token")
    assert (option.flag, option.opposite) == ("--keep-token", "--no-keep-token")
    assert option.variable == "CYCLE_EXEC_KEEP_TOKEN"
