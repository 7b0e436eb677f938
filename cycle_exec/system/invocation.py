"""What the kernel gave us, read once, before CPython's own additions."""

from __future__ import annotations

import posix  # os itself takes 180 kB more, for as long as the app runs
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterable, Mapping

    from cycle_exec.errors import Refused
    from cycle_exec.settings.model import Invocation
else:
    import _signal

_LOCALE = b"LC_CTYPE"
_BOOT = """\
import sys
sys.path.append(sys.argv.pop(1))
from cycle_exec.entry import {0}
{0}()
"""
# As bin/cycle-exec starts it (.ci/stub/main.c): the mask is that from before signals were held.
_BOOT_MAIN = """\
import sys
sys.path.append(sys.argv.pop(1))
mask = sys.argv.pop(1)
from cycle_exec.entry import main
main(mask)
"""
_COERCED = frozenset((b"C.UTF-8", b"C.utf8", b"UTF-8"))
# CPython obeys these two even if it is isolated (Modules/getpath.py): it takes their value for its
# own path, and a pyvenv.cfg beside that tells it where the standard library is. They pass it by a
# name that means nothing to it, which bin/cycle-exec gives them as well.
_HIDDEN = {
    b"PYTHONEXECUTABLE": b"\1YTHONEXECUTABLE",
    b"__PYVENV_LAUNCHER__": b"\1_PYVENV_LAUNCHER__",
}
_SHOWN = {hidden: name for name, hidden in _HIDDEN.items()}


def encoded(text: str) -> bytes:
    """Return the bytes for the kernel, whatever the locale: UTF-8 with `surrogateescape`."""
    return text.encode("utf-8", "surrogateescape")


def decoded(raw: bytes) -> str:
    """Text that gives the same bytes back through `encoded`."""
    return raw.decode("utf-8", "surrogateescape")


def read(mask: Iterable[int] | None = None) -> Invocation:
    """Arguments, environment and working directory of this process. mask: see Invocation.

    The first of several entries with one name counts, as for getenv(3). Entries without a name
    are dropped. A working directory that was removed is the empty text.
    """
    # Not above: the supervisor, which only makes command lines, would hold it for ever.
    import os

    from cycle_exec.settings.model import Invocation

    try:
        cwd = posix.getcwdb()
    except OSError:
        cwd = b""
    return Invocation(
        argv=tuple(decoded(os.fsencode(word)) for word in sys.argv[1:]),
        environ={decoded(name): decoded(value) for name, value in raw_environment().items()},
        cwd=decoded(cwd),
        mask=None if mask is None else frozenset(mask),
    )


def signals_of(mask: str) -> set[int]:
    """Return the signals of a mask in hexadecimal, as the kernel has it: bit 0 is signal 1.

    Without those that a C library keeps for itself, which Python warns of.
    """
    bits = int(mask, 16)
    return {number for number in _signal.valid_signals() if bits >> (number - 1) & 1}


def hold_signals() -> str:
    """Hold signals back until the next interpreter can hear them, as bin/cycle-exec does it; return
    the mask from before.
    """
    held = _signal.valid_signals() if posix.getpid() == 1 else (_signal.SIGINT,)
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, held)
    return f"{sum(1 << (number - 1) for number in before):016x}"


def raw_environment() -> dict[bytes, bytes]:
    """Return the environment's bytes as they came in: by the names that they had, without the
    LC_CTYPE that CPython adds.

    In the C locale CPython sets LC_CTYPE=C.UTF-8 for itself, also when it is isolated (PEP 538).
    """
    found = dict(posix.environ)
    found.pop(b"", None)
    if not _SHOWN.keys().isdisjoint(found):
        found = {_SHOWN.get(name, name): value for name, value in found.items()}
    if found.get(_LOCALE) in _COERCED:
        original = _inherited_locale(found)
        if original is None:
            del found[_LOCALE]
        else:
            found[_LOCALE] = original
    return found


def _inherited_locale(environ: dict[bytes, bytes]) -> bytes | None:
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        # Without /proc the locale tells: with another LANG or an LC_ALL nothing is ever added.
        plain = environ.get(b"LANG", b"") in (b"", b"C", b"POSIX") and b"LC_ALL" not in environ
        return None if plain else environ[_LOCALE]
    for entry in entries:
        name, _, value = entry.partition(b"=")
        if name == _LOCALE:
            return value
    return None


def is_linux() -> bool:
    """Whether this is the system that a container has."""
    return sys.platform == "linux"


def needs_linux(subject: str) -> Refused:
    """Return the refusal of what only works there."""
    from cycle_exec.errors import refuse

    reason = f"it needs Linux, and this is {sys.platform}"
    fix = (
        "use a container; on this system there are the Python client, cycle-exec api, "
        "cycle-exec state and cycle-exec emulator"
    )
    return refuse("usage", subject, reason, fix)


def secure_standard_descriptors() -> None:
    """Put a placeholder on each of the descriptors 0 to 2 that is closed.

    Otherwise a file of ours would land there, and what somebody prints would go into it. The
    placeholders are close-on-exec: the app finds closed what it was given closed.
    """
    for wanted in (0, 1, 2):
        try:
            posix.fstat(wanted)
        except OSError:
            _placeholder()


def interpreter(function: str, words: Iterable[str], *, site: bool = True) -> list[str]:
    """Return the command line of an isolated interpreter that runs a function of `entry` on the
    words. Its environment has to be `for_interpreter`.

    The first word for `main` is a mask of `hold_signals`. site: whether it has the installed
    packages, by the way by which this process has them.
    """
    import os

    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    flags = ["-I"] if site and not sys.flags.no_site else ["-I", "-S"]
    return [_executable(), *flags, "-c", boots(function), home, *words]


def boots(function: str) -> str:
    """Return the program of such an interpreter, by which others know what it is."""
    return _BOOT_MAIN if function == "main" else _BOOT.format(function)


def for_interpreter(environ: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return an environment that an isolated interpreter does not obey. `read` undoes it."""
    return {_HIDDEN.get(name, name): value for name, value in environ.items()}


def _executable() -> str:
    """Return the path of this interpreter, which sys.executable is unless a variable told it."""
    if _HIDDEN.keys().isdisjoint(posix.environ):
        return sys.executable
    if "/" in sys.orig_argv[0]:
        import os

        return os.path.abspath(sys.orig_argv[0])
    try:
        return posix.readlink("/proc/self/exe")
    except OSError:
        return sys.executable


def _placeholder() -> None:
    try:
        posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
    except OSError:
        # An image without /dev/null: a path descriptor refuses reads and writes, as a closed one.
        posix.open("/", posix.O_PATH | posix.O_CLOEXEC)
