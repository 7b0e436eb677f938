"""Functions of the C library without ctypes."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from cycle_exec.system import libc


def test_numbers_bytes_and_room():
    """As ctypes passes them."""
    assert libc.call("getpid") == os.getpid()
    assert libc.call("atoi", b"-42") == -42
    room = libc.room(8)
    assert libc.call("snprintf", room, 8, b"%d", 1234567890) == 10
    assert bytes(room) == b"1234567\0"
    assert libc.call("strlen", room) == ctypes.CDLL(None).strlen(bytes(room)) == 7


def test_a_function_that_there_is_not():
    """As malloc_trim, where the C library is not GNU's."""
    with pytest.raises(OSError, match="no_such_function"):
        libc.call("no_such_function")


def test_no_more_files_can_be_open():
    """Then that is the error, and not what the loader makes of it."""
    program = f"""
import errno, posix, sys
sys.path.append({os.path.dirname(os.path.dirname(libc.__file__))!r} + "/..")
from cycle_exec.system import libc
import resource
sys.modules.pop("_ctypes", None)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    libc.load()
except OSError as error:
    print(error.errno == errno.EMFILE)
"""
    words = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
