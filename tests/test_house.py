"""The rules of the house, read from the source: who may import whom, and what stays pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from cycle_exec.settings.verbs import VERBS

PACKAGE = Path(__file__).parent.parent / "cycle_exec"

FLOORS = [
    {"record", "secret", "errors", "version", "__init__", "_build"},
    {"settings"},
    {"sources"},
    {"planning"},
    {"resident", "vpn", "emulator", "client", "presentation"},
    {"launching"},
    {"commands"},
    {"dispatch"},
    {"cli"},
    {"entry"},
    {"__main__"},
    {"testing"},
]
GROUND = FLOORS[0]
# What cycle_exec/__init__.py itself holds.
OWN_NAMES = {"INTERPRETER_VARIABLES"}
PURE = {"settings", "sources", "planning", "emulator", "resident", "vpn", "presentation"}
IMPURE_MODULES = set(
    "os socket _socket signal _signal select subprocess time random ssl tempfile io logging sys "
    "shutil pathlib fcntl".split()
)
# A door is the only module that imports the dependency; the reason is in DESIGN's words "one door
# per dependency", so that replacing it touches one file.
DOORS = {
    "click": {"cli"},
    "httpx": {"client.client", "client.transport"},
    "httpcore": {"client.transport"},
    "jinja2": {"planning.templates.jinja"},
    "dotenv": {"planning.files.dotenv"},
    "ssl": {"system.crypto.key_matches"},
    "_ssl": {"system.crypto.key_matches"},
    "starlette": {"system.emulator.server"},
    "uvicorn": {"system.emulator.server"},
    "cryptography": {
        "system.emulator.certificate_authority",
        "system.crypto.keystore",
        "system.crypto.encryption",
    },
    "tomllib": {"settings.manifest.manifest", "emulator.scenario", "testing"},
    "websockets": {"client.notifications"},
}
# Importing these from StringIO or the like would be pure; nothing else of `io` is.
PURE_EXCEPTIONS = {("planning.files.dotenv", "io"), ("planning.templates.jinja", "sys")}
LAUNCH_BANNED = set(
    "click httpx jinja2 dotenv ssl logging typing dataclasses pathlib tempfile asyncio threading "
    "re enum json socket signal selectors collections functools contextlib subprocess base64 "
    "random tomllib datetime shutil".split()
)


class Import(NamedTuple):
    """One import statement: in which module, of what, on which line.

    lazy: inside a function. typing: for a type checker alone.
    """

    module: str
    target: str
    line: int
    lazy: bool
    typing: bool


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name below it; a package by its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "templates":
            found[".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)] = (
                path
            )
    return found


def is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def imports_of(module: str, path: Path, known: Collection[str]) -> list[Import]:
    found: list[Import] = []

    def visit(node: ast.AST, lazy: bool, typing: bool) -> None:
        if is_type_checking(node):
            assert isinstance(node, ast.If)
            for each in node.body:
                visit(each, lazy, True)
            for each in node.orelse:
                visit(each, lazy, typing)
            return
        if isinstance(node, ast.Import):
            found.extend(
                Import(module, alias.name, node.lineno, lazy, typing) for alias in node.names
            )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = node.module == "cycle_exec" or full.removeprefix("cycle_exec.") in known
                target = full if is_module else node.module
                found.append(Import(module, target, node.lineno, lazy, typing))
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, inside, typing)

    visit(ast.parse(path.read_text()), False, False)
    return found


MODULES = modules()
EVERY = [found for name, path in MODULES.items() for found in imports_of(name, path, MODULES)]
# What is imported when the program runs.
ALL = [found for found in EVERY if not found.typing]


def arrows() -> dict[str, dict[str, int]]:
    """Which module imports which one of ours, and on which line; those for types as well."""
    found: dict[str, dict[str, int]] = {name: {} for name in MODULES}
    for each in EVERY:
        target = inner(each.target)
        if target is not None and target not in MODULES:
            target = "__init__"
        if target is not None and target != each.module:
            found[each.module].setdefault(target, each.line)
    return found


def circle_in(graph: Mapping[str, Collection[str]]) -> list[str]:
    """The modules of one circle in their order, the first one again at its end; or nothing."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for target in graph[name]:
            if found := walk(target, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def floor_of(room: str) -> int | None:
    return next((level for level, rooms in enumerate(FLOORS) if room in rooms), None)


def room_of(module: str) -> str:
    return module.split(".")[0]


def inner(target: str) -> str | None:
    """The dotted path inside the package, if the target is ours."""
    return target.removeprefix("cycle_exec.") if target.startswith("cycle_exec.") else None


def told(found: Import, rule: str) -> str:
    return f"cycle_exec/{found.module.replace('.', '/')}.py:{found.line}: {rule}"


def test_imports_run_down_only():
    """A room imports its own floor's ground and what is below, never a neighbour or above."""
    broken = []
    for found in ALL:
        target = inner(found.target)
        if target is None:
            continue
        here, there = room_of(found.module), room_of(target)
        if here == there or "system" in (here, there):
            continue
        mine, theirs = floor_of(here), floor_of(there)
        if there in OWN_NAMES or (mine is not None and theirs is not None and theirs < mine):
            continue
        if here in GROUND and there in GROUND:
            continue
        broken.append(told(found, f"imports run down only: {here} may not import {there}"))
    assert broken == []


def test_system_imports_only_the_ground_floor_and_models():
    """`system` makes kernel calls on values; it knows no stage but its values."""
    broken = []
    for found in ALL:
        target = inner(found.target)
        if room_of(found.module) != "system" or target is None:
            continue
        parts = target.split(".")
        if parts[0] in GROUND | OWN_NAMES | {"system"} or parts[1:2] == ["model"]:
            continue
        broken.append(told(found, f"system imports only the ground floor and *.model: {target}"))
    assert broken == []


def test_only_the_upper_floors_import_system():
    """Effects are joined to decisions in `launching` and `commands`."""
    broken = [
        told(found, "only launching, commands, cli and entry import system")
        for found in ALL
        if (inner(found.target) or "").startswith("system")
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
                broken.append(f"cycle_exec/{module.replace('.', '/')}.py:{node.lineno}: {rule}")
    assert broken == []


def test_the_emulator_never_uses_the_clients_understanding():
    """Emulator and client share the table of operations, not the reading of answers."""
    allowed = {"sources.model", "sources.operations"}
    broken = [
        told(found, f"emulator imports of sources only model and operations, not {target}")
        for found in ALL
        if room_of(found.module) == "emulator"
        and (target := inner(found.target)) is not None
        and target.startswith("sources")
        and ".".join(target.split(".")[:2]) not in allowed
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
        elif not found.lazy and found.module not in {"cli", "client.client", "client.transport"}:
            broken.append(
                told(found, f"{dependency} is imported inside the function that needs it")
            )
    assert broken == []


def test_no_circle_between_modules():
    """No module imports, by whatever way, one that imports it: lazily or for types neither."""
    graph = arrows()
    circle = circle_in(graph)
    lines = [
        f"cycle_exec/{here.replace('.', '/')}.py:{graph[here][there]} imports {there}"
        for here, there in pairwise(circle)
    ]
    assert not lines, "a circle of imports:\n" + "\n".join(lines)


def test_a_circle_is_found_and_shown():
    """The search itself: a lazy way back is a circle, two ways to one module are none."""
    assert circle_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) == []
    assert circle_in({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}) == ["a", "b", "c", "a"]


def test_commands_holds_one_file_for_each_verb():
    """Nothing but verbs is in `commands`, and every verb is there under its own name."""
    verbs = {verb.name.partition(" ")[0].replace("-", "_") for verb in VERBS} - {"completion"}
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


GENERATED = {"client.types", "client.methods"}


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
