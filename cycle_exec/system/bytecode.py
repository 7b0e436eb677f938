"""Python's own compiled form: the .pyc files of what is loaded, and of this package."""

from __future__ import annotations

import os
import sys


def compile_missing() -> tuple[int, int]:
    """Compile what has no .pyc file: modules loaded by now, and all of this package.

    Return how many were compiled, and how many could not be.
    """
    import py_compile
    from importlib.util import cache_from_source

    compiled = failed = 0
    for path in sorted(_loaded() | _ours()):
        if os.path.exists(cache_from_source(path)):
            continue
        try:
            py_compile.compile(path, doraise=True)
            compiled += 1
        except (OSError, py_compile.PyCompileError):
            failed += 1
    return compiled, failed


def _loaded() -> set[str]:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return {file for file in files if isinstance(file, str) and file.endswith(".py")}


def _ours() -> set[str]:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return {
        os.path.join(folder, name)
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith(".py")
    }
