"""The rules of the house, read from the source: who may import whom, and what stays pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from cycle_exec.cli.verbs import root
from tests import house
from tests.house import (
    GROUND,
    PACKAGE,
    PURE,
    Import,
    circle_in,
    circles_in,
    file_of,
    floor_of,
    room_of,
)

IMPURE_MODULES = set(
    "os posix socket _socket signal _signal select subprocess time random ssl tempfile io logging "
    "sys shutil pathlib fcntl".split()
)
# A door is the only module that imports the dependency; the reason is in DESIGN's words "one door
# per dependency", so that replacing it touches one file.
DOORS = {
    "click": {
        "cli",
        *(f"cli.{name}" for name in ("completion", "layout", "offers", "syntax", "verbs")),
    },
    "httpx": {"client.client", "client.transport"},
    "httpcore": {"client.transport"},
    "jinja2": {
        "planning.programs.generation",
        "planning.templates.jinja.calls",
        "planning.templates.jinja.compiling",
        "planning.templates.jinja.environment",
        "planning.templates.jinja.running",
        "planning.templates.jinja.variable_use",
    },
    "bcrypt": {"planning.templates.filters.passwords"},
    "yaml": {"planning.templates.filters.yaml_text"},
    "dotenv": {"planning.files.dotenv"},
    "ssl": {"system.crypto.key_matches"},
    "_ssl": {"system.crypto.key_matches"},
    "_ctypes": {"system.libc"},
    "starlette": {"system.emulator.server"},
    "uvicorn": {"system.emulator.server"},
    "cryptography": {
        "system.emulator.certificate_authority",
        "system.crypto.keystore",
        "system.crypto.encryption",
    },
    "tomllib": {
        "settings.manifest.syntax",
        "planning.templates.filters.structured",
        "testing",
    },
    "websockets": {"client.notifications"},
}
# Importing these from StringIO or the like would be pure; nothing else of `io` is.
PURE_EXCEPTIONS = {("planning.files.dotenv", "io")}
LAUNCH_BANNED = set(
    "click httpx jinja2 dotenv ssl logging typing dataclasses pathlib tempfile asyncio threading "
    "re enum json socket signal selectors collections functools contextlib subprocess base64 "
    "random tomllib datetime shutil".split()
)


HOUSE = house.read()
MODULES = HOUSE.modules
# What is imported when the program runs.
ALL = [found for found in HOUSE.imports if not found.typing]


def told(found: Import, rule: str) -> str:
    return f"{file_of(found.module)}:{found.line}: {rule}"


def test_imports_run_down_only():
    """A room imports from the floors below its own, never from a neighbour or above; for types
    neither."""
    broken = []
    for found in HOUSE.imports:
        here, there = room_of(found.module), room_of(found.target)
        if not found.ours or here == there or "system" in (here, there):
            continue
        mine, theirs = floor_of(here), floor_of(there)
        if mine is not None and theirs is not None and (theirs < mine or {here, there} <= GROUND):
            continue
        broken.append(told(found, f"imports run down only: {here} may not import {there}"))
    assert broken == []


def test_system_imports_only_the_ground_floor_and_models():
    """`system` makes kernel calls on values; it knows no stage but its values."""
    broken = []
    for found in HOUSE.imports:
        parts = found.target.split(".")
        if room_of(found.module) != "system" or not found.ours:
            continue
        if parts[0] in GROUND | {"system"} or parts[1:2] == ["model"]:
            continue
        rule = f"system imports only the ground floor and *.model: {found.target}"
        broken.append(told(found, rule))
    assert broken == []


def test_only_the_upper_floors_import_system():
    """Effects are joined to decisions in `launching` and `commands`."""
    broken = [
        told(found, "only launching, commands, cli and entry import system")
        for found in HOUSE.imports
        if found.ours
        and room_of(found.target) == "system"
        and room_of(found.module) not in {"system", "launching", "commands", "entry", "cli"}
    ]
    assert broken == []


def test_pure_packages_make_no_effects():
    """Pure packages import nothing that touches the machine and never open or print."""
    broken = [
        told(found, f"pure packages do not import {found.target}")
        for found in ALL
        if room_of(found.module) in PURE
        and found.target.split(".")[0] in IMPURE_MODULES
        and (found.module, found.target) not in PURE_EXCEPTIONS
    ]
    for module, path in MODULES.items():
        if room_of(module) not in PURE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"open", "print", "input", "eval", "exec"}
            ):
                rule = f"pure packages never call {node.func.id}()"
                broken.append(f"{file_of(module)}:{node.lineno}: {rule}")
    assert broken == []


def test_the_emulator_never_uses_the_clients_understanding():
    """Emulator and client share the table of operations, not the reading of answers."""
    allowed = {"sources.model", "sources.operations"}
    broken = [
        told(found, f"emulator imports of sources only model and operations, not {found.target}")
        for found in ALL
        if room_of(found.module) == "emulator"
        and found.ours
        and room_of(found.target) == "sources"
        and found.target not in allowed
    ]
    assert broken == []


def test_each_dependency_has_one_door():
    """A dependency is imported by its door alone, and inside a function, but for cli and the
    client, which nothing else imports on its way."""
    broken = []
    for found in ALL:
        dependency = found.target.split(".")[0]
        if dependency not in DOORS:
            continue
        if found.module not in DOORS[dependency]:
            broken.append(told(found, f"{dependency} is imported only by {DOORS[dependency]}"))
        elif not found.lazy and found.module not in DOORS["click"] | DOORS["httpx"]:
            broken.append(
                told(found, f"{dependency} is imported inside the function that needs it")
            )
    assert broken == []


def test_no_circle_between_modules():
    """No module imports, by whatever way, one that imports it: lazily or for types neither."""
    graph = HOUSE.graph()
    circle = circle_in(graph)
    lines = [
        f"{file_of(here)}:{graph[here][there]} imports {there}" for here, there in pairwise(circle)
    ]
    assert not lines, "a circle of imports:\n" + "\n".join(lines)


def test_a_circle_is_found_and_shown():
    """The search itself: a lazy way back is a circle, two ways to one module are none."""
    assert circle_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []
    graph = {"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a", "y"], "y": ["z"], "z": ["y"]}
    assert circle_in(graph) == ["a", "b", "c", "a"]
    assert circles_in(graph) == [["a", "b", "c", "a"], ["y", "z", "y"]]


def test_the_command_shows_rooms_and_circles(tmp_path):
    """`python -m tests.house` counts what is there, and names what goes round."""
    for name, text in {
        "__init__.py": "VERSION = 1\nCODE = 2\n",
        "planning/__init__.py": "",
        "planning/one.py": "def f():\n    from cycle_exec.planning import two\n",
        "planning/two.py": "if TYPE_CHECKING:\n    from cycle_exec.planning.one import f\n",
        "planning/files/three.py": "import cycle_exec.planning.one\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shown = house.report(house.read(tmp_path)).splitlines()
    assert [line.split() for line in shown] == [
        ["floor", "room", "files", "lines"],
        ["5", "__init__", "1", "2"],
        ["3", "planning", "2", "4"],
        ["3", "planning/files", "1", "1"],
        ["all", "4", "7"],
        [],
        ["circles", "of", "imports:", "1"],
        ["planning.one", "->", "planning.two", "->", "planning.one"],
    ]
    words = [sys.executable, "-m", "tests.house"]
    done = subprocess.run(
        words, cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout
    assert done == house.report(HOUSE) + "\n"
    assert done.endswith("circles of imports: none\n")


def test_commands_holds_one_file_for_each_verb():
    """Nothing but verbs is in `commands`, and every verb is there under its own name."""
    verbs = {name.replace("-", "_") for name in root.commands} - {"completion", "help"}
    files = {name.removeprefix("commands.") for name in MODULES if name.startswith("commands.")}
    assert files == verbs - {"run"} | {"launch"}


def test_no_folder_is_a_warehouse():
    """A folder has at most 16 modules beside each other, `commands` excepted."""
    count = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    del count[PACKAGE / "commands"]
    assert {str(folder): number for folder, number in count.items() if number > 16} == {}


def test_no_module_has_a_name_that_says_nothing():
    """A newcomer guesses the file from the feature's name."""
    vague = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "tools"}
    assert [module for module in MODULES if vague & set(module.split("."))] == []


GENERATED = {"types"}


def test_modules_stay_small():
    """No module is longer than 400 lines, no function longer than 60."""
    broken = []
    for module, path in MODULES.items():
        text = path.read_text()
        if (lines := text.count("\n")) > 400 and module not in GENERATED:
            broken.append(f"{module} has {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 60:
                    broken.append(f"{module}.{node.name} has {length} lines")
    assert broken == []


@pytest.mark.parametrize("module", ["entry", "commands.launch"])
def test_the_launch_path_imports_nothing_heavy(module):
    """Importing the launch loads no module whose cost would be felt at each container's start."""
    code = (
        "import sys; before = set(sys.modules); "
        f"sys.path.insert(0, {str(PACKAGE.parent)!r}); import cycle_exec.{module}; "
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert loaded & LAUNCH_BANNED == set()
    assert "cycle_exec" in loaded
