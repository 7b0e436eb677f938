"""The modules of this package in one file, for a start that need not look for each of them.

`cycle-exec compile` writes it beside Python's own .pyc files, and it is as good as these: each
module is used as long as its source has the size and the time of its last change that it had then.
"""

from __future__ import annotations

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER

from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType, ModuleType
    from typing import Any

    # The path below the package's folder, whether it is a package, time and size of the source,
    # and where its code begins and ends.
    Entry = tuple[str, bool, int, int, int, int]

_PACKAGE = __name__.partition(".")[0]
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# What most starts do not need: it would only make the file larger.
_SELDOM = (
    *("__main__", "builtin_programs/", "cli/", "client/", "commands/", "emulator/", "testing"),
    *("planning/templates/jinja/", "planning/programs/generation", "resident/", "vpn/"),
    *("settings/manifest/", "system/emulator/", "system/init/", "system/openvpn/"),
    *("launching/acting", "launching/checking", "launching/differences", "launching/last_good"),
    *("launching/looking", "launching/memory", "launching/reload", "launching/supervisor"),
    *("launching/vpn_", "planning/templates/failures", "planning/templates/syntax"),
    *("planning/templates/undefined", "presentation/", "settings/merging", "sources/last_good"),
    *("system/bytecode", "system/crypto/encryption", "system/crypto/keystore", "system/random"),
    *("system/output/stdout", "system/surroundings", "system/targets/recovery"),
)
_OFTEN = ("builtin_programs/__init__.py", "commands/__init__.py", "commands/launch.py")
_HEADER = f"cycle-exec {__version__} bundle ".encode() + MAGIC_NUMBER


def install(path: str) -> None:
    """Import from the bundle at this path from here on, if there is one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        whole = memoryview(os.read(descriptor, os.fstat(descriptor).st_size))
    finally:
        os.close(descriptor)
    begin = len(_HEADER) + 16
    if whole[: len(_HEADER)] != _HEADER:
        return
    end = begin + int.from_bytes(whole[begin - 16 : begin - 8])
    if len(whole) - end != int.from_bytes(whole[begin - 8 : begin]):
        return
    try:
        finder = _Finder(marshal.loads(whole[begin:end]), whole[end:])  # noqa: S302
    except (ValueError, EOFError, TypeError):
        return
    sys.meta_path.insert(0, finder)


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
    index: dict[str, Entry] = {}
    codes: list[bytes] = []
    begin = 0
    for path in _sources():
        with open(path, "rb") as file:
            source = file.read()
            found = os.fstat(file.fileno())
        codes.append(marshal.dumps(_code(source, path)))
        end = begin + len(codes[-1])
        inside = os.path.relpath(path, _HOME)
        is_package = os.path.basename(path) == "__init__.py"
        changed = int(found.st_mtime)  # layers of images know no more than seconds
        index[_name(inside)] = inside, is_package, changed, found.st_size, begin, end
        begin = end
    head = marshal.dumps(index)
    sizes = len(head).to_bytes(8) + begin.to_bytes(8)
    return b"".join((_HEADER, sizes, head, *codes))


def _code(source: bytes, path: str) -> CodeType:
    """Return the code without docstrings, which nobody reads of it."""
    import ast

    tree = ast.parse(source, path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            nothing = [ast.copy_location(ast.Pass(), node.body[0])]
            node.body = node.body[1:] or nothing  # type: ignore[assignment]
    return compile(tree, path, "exec", dont_inherit=True)


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


class _Finder:
    """What Python asks first for a module, and what then runs it."""

    def __init__(self, index: Mapping[str, Entry], codes: memoryview) -> None:
        self._index = index
        self._codes = codes

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a module that is here and has not changed."""
        entry = self._index.get(name)
        if entry is None:
            return None
        inside, is_package, changed, size, _, _ = entry
        path = f"{_HOME}/{inside}"
        try:
            found = os.stat(path)
        except OSError:
            return None
        if int(found.st_mtime) != changed or found.st_size != size:
            return None
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=path, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(path)]
        return spec

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Run its code."""
        *_, begin, end = self._index[module.__name__]
        exec(marshal.loads(self._codes[begin:end]), module.__dict__)  # noqa: S102, S302
