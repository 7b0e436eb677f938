#!/usr/bin/env python3
"""bin/cycle-exec of the wheel for any platform, which has no program to start Python with."""

# Both are built in. Nothing else is imported before Python has started again without the image's
# variables: PYTHONPATH may hold anything by any name.
import posix
import sys

# Python obeys these two even if it is isolated; see cycle_exec.system.invocation.
HIDDEN = {
    b"PYTHONEXECUTABLE": b"\1YTHONEXECUTABLE",
    b"__PYVENV_LAUNCHER__": b"\1_PYVENV_LAUNCHER__",
}
VARIABLES = frozenset()  # those of cycle_exec, put in by .ci/build_hook.py

if not sys.flags.isolated and not VARIABLES.isdisjoint(posix.environ):
    environ = posix.environ
    try:
        # As it came: CPython may have added LC_CTYPE to its own copy.
        with open("/proc/self/environ", "rb") as file:
            entries = file.read().split(b"\0")
        environ = {}
        for entry in entries:
            name, equals, value = entry.partition(b"=")
            if name and equals:
                environ.setdefault(name, value)
    except OSError:
        pass
    python = sys.orig_argv[0] if "/" in sys.orig_argv[0] else sys.executable
    posix.execve(
        python,
        [python, "-I", *sys.argv],
        {HIDDEN.get(name, name): value for name, value in environ.items()},
    )
if not sys.flags.isolated and not sys.flags.safe_path:
    del sys.path[0]  # the folder of this script

from cycle_exec.entry import main  # noqa: E402

main()
