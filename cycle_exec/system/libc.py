"""Functions of the C library that Python does not have, called without the package ctypes, whose
types would take a quarter of a megabyte in every process that stays.
"""

from __future__ import annotations

import posix as os  # os itself takes 180 kB more, for as long as the app runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load() -> Any:
    """Return what calls them. It is loaded by the first call, which another user may not be allowed
    to do. Raises OSError where no more files can be open, ImportError where there is none.
    """
    try:
        import _ctypes
    except ImportError:
        # The loader does not tell where no more files can be open: this raises the error.
        os.close(os.open("/", os.O_RDONLY | os.O_CLOEXEC))
        raise
    return _ctypes


def call(name: str, *arguments: Any) -> int:
    """Return what a function returns. Raises OSError where there is none of this name."""
    ctypes: Any = load()
    result: int = ctypes.call_cdeclfunction(ctypes.dlsym(ctypes.dlopen(None, 0), name), arguments)
    return result


def room(size: int) -> Any:
    """Return room that a function can write so many bytes into."""
    character: Any = type("c_char", (load()._SimpleCData,), {"_type_": "c"})
    return (character * size)()
