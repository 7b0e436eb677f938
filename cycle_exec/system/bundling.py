"""How `cycle-exec compile` gathers the modules of a launch in one file, for system.bundle."""

from __future__ import annotations
import __future__

import ast
import marshal
import os

from cycle_exec.system.bundle import HEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from types import CodeType

    from cycle_exec.system.bundle import Group, Member

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGE = __name__.partition(".")[0]
# What most starts do not need: it would only make the file larger.
_SELDOM = (
    *("__main__", "builtin_programs/", "cli/", "client/", "commands/", "emulator/", "testing"),
    *("planning/templates/jinja/", "planning/programs/generation", "resident/", "vpn/"),
    *("settings/manifest/", "system/emulator/", "system/init/", "system/openvpn/"),
    *("launching/acting", "launching/checking", "launching/differences", "launching/last_good"),
    *("launching/looking", "launching/memory", "launching/reload", "launching/supervisor"),
    *("launching/vpn/", "planning/templates/failures", "planning/templates/syntax"),
    *("launching/waiting/", "planning/waits", "settings/addresses", "sources/containers"),
    *("launching/emulated/", "launching/command/", "launching/local/manifest"),
    *("launching/local/offline", "launching/local/variable_files", "planning/local_variables"),
    *("planning/variable_files", "settings/offline", "sources/offline", "system/variable_files"),
    *("planning/templates/undefined", "presentation/", "settings/merging", "sources/last_good"),
    *("system/bytecode", "system/crypto/encryption", "system/crypto/keystore", "system/random"),
    *("system/output/stdout", "system/paths/", "system/surroundings", "system/targets/recovery"),
    *("system/bundl", "system/waiting/", "types", "entry"),
)
_OFTEN = ("builtin_programs/__init__.py", "commands/__init__.py", "commands/launch.py")
# What the boundary imports for any verb, what each launch imports besides, and then what each one
# needs for its plan: each of these is one group, with what it imports.
_STAGES = (
    ("system.invocation", "errors", "system.output.stderr", "settings.argv"),
    ("commands.launch",),
    ("planning.build", "sources.answers"),
)
# Kinds of entries in a table of locations, and how many code units one is about at most.
_LINE, _NOWHERE, _MOST_UNITS = 13, 15, 8


def write(path: str) -> bool:
    """Write the bundle of the modules as they are now; say whether that was possible.

    An installation without sources has none, and needs none.
    """
    if next(_sources(), None) is None:
        return True
    part = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(part), exist_ok=True)
        # It is code: under any umask, nobody else may write it.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(content())
        os.replace(part, path)
    except OSError:
        return False
    return True


def content() -> bytes:
    """Return the bundle of the modules as they are now."""
    members: dict[str, Member] = {}
    trees: dict[str, ast.Module] = {}
    for path in _sources():
        with open(path, "rb") as file:
            source = file.read()
            found = os.fstat(file.fileno())
        inside = os.path.relpath(path, _HOME)
        name = _name(inside)
        changed = int(found.st_mtime)  # layers of images know no more than seconds
        is_package = os.path.basename(path) == "__init__.py"
        members[name] = name, inside, is_package, changed, found.st_size
        trees[name] = ast.parse(source, path)
    closures = _closures({name: _imported(tree.body, members) for name, tree in trees.items()})
    late = {name: None for tree in trees.values() for name in _imported_late(tree, members)}
    grouped = _grouped(closures, late)
    groups: list[Group] = []
    codes: list[bytes] = []
    end = 0
    for names in grouped:
        compiled = tuple(_code(trees[name], f"{_HOME}/{members[name][1]}") for name in names)
        codes.append(marshal.dumps(compiled))
        groups.append((end, end + len(codes[-1]), tuple(members[name] for name in names)))
        end += len(codes[-1])
    head = marshal.dumps((_needed(closures, grouped), groups))
    return b"".join((HEADER, len(head).to_bytes(8), end.to_bytes(8), head, *codes))


def _code(tree: ast.Module, path: str) -> CodeType:
    """Return the code without docstrings and annotations of functions, which nobody reads of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            nothing = [ast.copy_location(ast.Pass(), node.body[0])]
            node.body = node.body[1:] or nothing  # type: ignore[assignment]
    # Python would import the module for each import of the feature.
    features = [node for node in tree.body if _is_feature(node)]
    tree.body = [node for node in tree.body if node not in features]
    flags = __future__.annotations.compiler_flag if features else 0
    return _without_columns(compile(tree, path, "exec", flags=flags, dont_inherit=True))


def _without_columns(code: CodeType) -> CodeType:
    """Return the code with its lines alone: columns are a fifth of what a start reads.

    The form of the table is that of CPython's Objects/locations.md (3.11 and newer).
    """
    table = bytearray()
    last = code.co_firstlineno
    for start, end, line in code.co_lines():
        units = (end - start) // 2
        while units > 0:
            step = min(units, _MOST_UNITS)
            units -= step
            table.append(0x80 | (_NOWHERE if line is None else _LINE) << 3 | step - 1)
            if line is not None:
                table += _signed(line - last)
                last = line
    constants = tuple(
        _without_columns(each) if isinstance(each, type(code)) else each for each in code.co_consts
    )
    return code.replace(co_linetable=bytes(table), co_consts=constants)


def _signed(number: int) -> bytes:
    """Return a signed number of variable length: six bits in a byte, the lowest first."""
    left = -number << 1 | 1 if number < 0 else number << 1
    found = bytearray()
    while left > 0x3F:
        found.append(0x40 | left & 0x3F)
        left >>= 6
    found.append(left)
    return bytes(found)


def _is_feature(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _imported(nodes: Iterable[ast.AST], members: Mapping[str, Member]) -> list[str]:
    """Return the modules that these statements import, in order, with their parents."""
    found: dict[str, None] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            found.update(dict.fromkeys(".".join(parts[:end]) for end in range(2, len(parts) + 1)))
    return [name for name in found if name in members]


def _imported_late(tree: ast.Module, members: Mapping[str, Member]) -> list[str]:
    """Return the modules that its functions import when they are called."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [name for each in functions for name in _imported(ast.walk(each), members)]


def _closures(imported: Mapping[str, Sequence[str]]) -> dict[str, dict[str, None]]:
    """Return for each module all that it needs, in the order in which to run it; itself last."""
    found: dict[str, dict[str, None]] = {}

    def closure(name: str) -> dict[str, None]:
        if name not in found:
            needed: dict[str, None] = {}
            for each in (name.rpartition(".")[0], *imported[name]):
                if each in imported:
                    needed.update(closure(each))
            found[name] = {**needed, name: None}
        return found[name]

    for name in imported:
        closure(name)
    return found


def _grouped(
    closures: Mapping[str, Mapping[str, None]], late: Collection[str]
) -> list[tuple[str, ...]]:
    """Return groups of modules, in an order in which none needs a later one.

    First those of the stages; then together what is needed by the same of those imported late.
    """
    stages: list[tuple[str, ...]] = []
    placed: set[str] = set()
    for stage in _STAGES:
        wanted = [name for last in stage for name in closures.get(f"{_PACKAGE}.{last}", ())]
        stages.append(tuple(name for name in dict.fromkeys(wanted) if name not in placed))
        placed.update(wanted)
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in closures:
        if name not in placed:
            users = tuple(user for user in late if name in closures[user])
            alike.setdefault(users or (name,), []).append(name)
    # What a module needs has all of its users, and perhaps more.
    return stages + [tuple(alike[users]) for users in sorted(alike, key=lambda each: -len(each))]


def _needed(
    closures: Mapping[str, Mapping[str, None]], grouped: Sequence[Sequence[str]]
) -> dict[str, tuple[int, ...]]:
    """Return the places of the groups that each module needs, in order: whole groups are run."""
    place = {name: at for at, names in enumerate(grouped) for name in names}
    needed: list[set[int]] = []
    for at, names in enumerate(grouped):
        earlier = {place[each] for name in names for each in closures[name]} - {at}
        needed.append({at}.union(*(needed[each] for each in earlier)))
    return {name: tuple(sorted(needed[place[name]])) for name in place}


def _sources() -> Iterator[str]:
    for folder, folders, names in os.walk(_HOME):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, _HOME)
            if name.endswith(".py") and (inside in _OFTEN or not inside.startswith(_SELDOM)):
                yield path


def _name(inside: str) -> str:
    parts = [_PACKAGE, *inside.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
