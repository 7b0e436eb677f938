"""The package's rooms, read from its source: what is where, who imports whom, on which floor.

    python -m tests.house [PACKAGE]

prints the rooms from the top floor down, with their files and lines, and the circles of imports.
PACKAGE is the folder of another state of the package, to compare with. tests/test_house.py holds
the rules, tests/docs/architecture.py draws the picture.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple, TypeGuard

PACKAGE = Path(__file__).parent.parent / "cycle_exec"

# From the ground up. A room imports from the floors below its own; `system` stands beside them.
FLOORS = [
    {"record", "secret", "errors", "version", "types", "_build"},
    {"settings"},
    {"sources"},
    {"planning"},
    {"resident", "vpn", "emulator", "client", "presentation"},
    {"__init__"},
    {"launching"},
    {"commands"},
    {"cli"},
    {"entry"},
    {"__main__"},
    {"testing"},
]
GROUND = FLOORS[0]
PURE = {"settings", "sources", "planning", "emulator", "resident", "vpn", "presentation"}


class Import(NamedTuple):
    """One import statement: in which module, of what, on which line.

    target: a dotted path, without `cycle_exec.` where it is ours. ours: whether it is.
    lazy: inside a function. typing: for a type checker alone.
    """

    module: str
    target: str
    line: int
    ours: bool
    lazy: bool
    typing: bool


class House(NamedTuple):
    """Modules by their dotted names below the package, and every import between and out of them."""

    modules: Mapping[str, Path]
    imports: tuple[Import, ...]

    def graph(self) -> dict[str, dict[str, int]]:
        """Return which module imports which one of ours, and on which line."""
        found: dict[str, dict[str, int]] = {name: {} for name in self.modules}
        for each in self.imports:
            if each.ours and each.target in self.modules and each.target != each.module:
                found[each.module].setdefault(each.target, each.line)
        return found


def room_of(module: str) -> str:
    """Return the room, which is the folder or file at the top, of a module."""
    return module.split(".")[0]


def file_of(module: str) -> str:
    """Return the name of a module's file, from the repository's folder on."""
    return f"cycle_exec/{module.replace('.', '/')}.py"


def floor_of(room: str) -> int | None:
    """Return the floor of a room, counted from the ground."""
    return next((level for level, rooms in enumerate(FLOORS) if room in rooms), None)


def read(package: Path = PACKAGE) -> House:
    """Read every module of a package."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[0] != "templates":
            name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
            modules[name] = path
    imports = [
        found
        for name, path in modules.items()
        for found in imports_of(name, ast.parse(path.read_text()), modules)
    ]
    return House(modules, tuple(imports))


def imports_of(module: str, tree: ast.Module, known: Collection[str]) -> list[Import]:
    """Return what a module imports, in the order in which it stands there."""
    found: list[Import] = []

    def add(target: str, line: int, lazy: bool, typing: bool) -> None:
        ours = target.split(".")[0] == "cycle_exec"
        if ours:
            # A name that is no module belongs to the module before it; without one, to __init__.
            inner = target.removeprefix("cycle_exec").removeprefix(".")
            target = inner if inner in known else inner.rpartition(".")[0] or "__init__"
        found.append(Import(module, target, line, ours, lazy, typing))

    def visit(node: ast.AST, lazy: bool, typing: bool) -> None:
        if _is_type_checking(node):
            for each in node.body:
                visit(each, lazy, True)
            for each in node.orelse:
                visit(each, lazy, typing)
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                add(alias.name, node.lineno, lazy, typing)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                ours = node.module.split(".")[0] == "cycle_exec"
                full = f"{node.module}.{alias.name}" if ours else node.module
                add(full, node.lineno, lazy, typing)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, inside, typing)

    visit(tree, False, False)
    return found


def _is_type_checking(node: ast.AST) -> TypeGuard[ast.If]:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def circle_in(graph: Mapping[str, Collection[str]]) -> list[str]:
    """Return the modules of one circle in their order, the first one again at its end; or none."""
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


def circles_in(graph: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Return one circle of each group of modules that reach each other."""
    left = {name: list(targets) for name, targets in graph.items()}
    found = []
    while circle := circle_in(left):
        found.append(circle)
        reached = reachable(left, circle[0])
        group = {name for name in reached if circle[0] in reachable(left, name)}
        left = {
            name: [target for target in targets if target not in group]
            for name, targets in left.items()
            if name not in group
        }
    return found


def reachable(graph: Mapping[str, Collection[str]], start: str) -> set[str]:
    """Return what can be reached from a module by one import or more."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting.extend(new)
    return found


def rooms(house: House) -> dict[str, list[Path]]:
    """Return the files of each folder, and each file at the top.

    An __init__.py with nothing but a docstring is not counted.
    """
    found: dict[str, list[Path]] = {}
    for name, path in house.modules.items():
        parts = name.split(".")
        folder = parts if path.name == "__init__.py" else parts[:-1]
        if path.name != "__init__.py" or _holds_code(path):
            found.setdefault("/".join(folder or parts), []).append(path)
    return found


def _holds_code(path: Path) -> bool:
    return len(ast.parse(path.read_text()).body) > 1


def _order(room: str) -> tuple[float, str]:
    """From the top floor down; a room without a floor is as high as it can be imported."""
    level = floor_of(room.partition("/")[0])
    below = floor_of("launching")
    assert below is not None
    return (-(below - 0.5 if level is None else level), room)


def report(house: House) -> str:
    """Return what the command prints."""
    found = rooms(house)
    lines = [f"{'floor':>5}  {'room':26}{'files':>5}{'lines':>8}"]
    sums = [0, 0]
    for room in sorted(found, key=_order):
        level = floor_of(room.partition("/")[0])
        numbers = [len(found[room]), sum(path.read_text().count("\n") for path in found[room])]
        sums = [before + more for before, more in zip(sums, numbers, strict=True)]
        lines.append(f"{'' if level is None else level:>5}  {room:26}{numbers[0]:5}{numbers[1]:8}")
    lines.append(f"{'':5}  {'all':26}{sums[0]:5}{sums[1]:8}")
    circles = circles_in(house.graph())
    lines.append(f"\ncircles of imports: {len(circles) or 'none'}")
    lines.extend(" -> ".join(circle) for circle in circles)
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(read(*map(Path, sys.argv[1:]))))
