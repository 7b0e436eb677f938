"""Python's own compiled form: the .pyc files of what is loaded, and of this package."""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import SourceFileLoader


def compile_missing() -> tuple[int, int]:
    """Compile what has no .pyc file: modules loaded by now, and all of this package.

    Return how many were compiled, and how many could not be.
    """
    import py_compile

    compiled = failed = 0
    for path in sorted(_loaded()[1] | _ours()):
        if _has_bytecode(path):
            continue
        try:
            py_compile.compile(path, doraise=True)
            compiled += 1
        except (OSError, py_compile.PyCompileError):
            failed += 1
    return compiled, failed


def missing() -> tuple[int, list[str]]:
    """Return how many modules are loaded from files by now, and the sources of those that have no
    .pyc file.
    """
    count, sources = _loaded()
    return count, sorted(path for path in sources if not _has_bytecode(path))


def _has_bytecode(path: str) -> bool:
    from importlib.util import cache_from_source

    return os.path.exists(cache_from_source(path))


def _loaded() -> tuple[int, set[str]]:
    """Return how many modules came from files, and the sources that Python's own loader has read.

    A frozen one has the name of a source, too, which nobody reads: its code is in the interpreter.
    """
    files, sources = set(), set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        spec = getattr(module, "__spec__", None)
        if not isinstance(file, str) or getattr(spec, "origin", None) == "frozen":
            continue
        if file.endswith((".py", ".pyc")):
            files.add(file)
        if file.endswith(".py") and isinstance(getattr(spec, "loader", None), SourceFileLoader):
            sources.add(file)
    return len(files), sources


def _ours() -> set[str]:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return {
        os.path.join(folder, name)
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith(".py")
    }
