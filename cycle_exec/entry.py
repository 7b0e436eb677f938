"""The boundary: what the console script calls. The only place that ends the process."""

import gc
import posix  # os itself takes 180 kB more, in the supervisor for as long as the app runs
import sys
from errno import ENOMEM

from cycle_exec import INTERPRETER_VARIABLES, bundle_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from typing import NoReturn

    from cycle_exec.settings.model import Invocation
else:
    import _signal

_NO_ROOM = ("map segment", "zero-fill pages", "Cannot allocate memory", "Out of memory")
_NO_MEMORY = (
    b"cycle-exec: cycle-exec: out of memory (target-failed)\n"
    b"  fix: raise the limits of processes, open files and memory\n"
)
_CODE_OF_NO_MEMORY = 73
_HELP = frozenset(("-h", "--help"))


def main(held: str = "") -> "NoReturn":
    """Run cycle-exec on the process's own arguments; ends the process.

    held: the signal mask from before the program that started this interpreter held signals back,
    in hexadecimal; empty: it has not.
    """
    # A launch lives for milliseconds: looking for garbage would cost a thirtieth of them.
    gc.disable()
    if not sys.flags.isolated:
        _isolate()
    elif sys.flags.no_site:
        _add_packages()
    # OpenSSL's configuration is the app's: it could forbid what we need, or load a module. An empty
    # name is none at all (config(5)). os.environ, and so the app, keeps what it had.
    posix.putenv("OPENSSL_CONF", "")
    posix.unsetenv("OPENSSL_MODULES")
    posix.unsetenv("OPENSSL_ENGINES")
    # Nobody hears these yet, and what PID 1 does not hear is lost.
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    _use_bundle()
    from cycle_exec.system import invocation

    if held:
        mask = invocation.signals_of(held)
    invocation.secure_standard_descriptors()
    try:
        code = _guarded(invocation.read(mask))
    except (MemoryError, SystemError):
        # There is none left for the words either.
        posix.write(2, _NO_MEMORY)
        code = _CODE_OF_NO_MEMORY
    # os._exit: no foreign atexit hook, no PYTHONINSPECT prompt, nothing after the last word.
    posix._exit(code)


def _use_bundle() -> None:
    """Import from the file that `cycle-exec compile` has made of the modules, if there is one."""
    path = bundle_path()
    try:
        posix.stat(path)
    except OSError:
        return
    from cycle_exec.system import bundle

    bundle.install(path)


def supervise() -> "NoReturn":
    """Stay above the app in init mode, in an interpreter of its own, and end the process."""
    try:
        from cycle_exec.launching import supervisor

        code = supervisor.supervise(sys.argv[1:])
    except BaseException as error:  # noqa: BLE001 - the last wall
        code = _unexpected(error)
    posix._exit(code)


def watch() -> "NoReturn":
    """Go on as the watcher of reload mode where another one has ended, and end the process."""
    try:
        if sys.flags.no_site:
            _add_packages()
        from cycle_exec.launching import reload

        reload.continue_watching(sys.argv[1:])
    except BaseException as error:  # noqa: BLE001 - the last wall
        code = _unexpected(error)
    posix._exit(code)


def make_keystores() -> "NoReturn":
    """Make keystores for the process that has started this one, and end the process."""
    try:
        if sys.flags.no_site:
            _add_packages()
        from cycle_exec.system.crypto import keystore_process

        keystore_process.serve(int(sys.argv[1]))
        code = 0
    except BaseException as error:  # noqa: BLE001 - the last wall; who reads it has the words
        from cycle_exec.errors import SHORTAGES, Problem

        number = _lack(error)
        code = number if number in SHORTAGES else Problem("internal", "", "").code
        posix.write(2, type(error).__name__.encode())
    posix._exit(code)


def _isolate() -> None:
    """Close the ways by which the app's Python modules could reach the launcher, as far as that is
    possible once Python runs: of `python -m`, and of the script of a wheel for any platform.

    Where the image sets PYTHON variables the interpreter starts again with -I. The environment
    stays as it came.
    """
    import os

    package_home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not INTERPRETER_VARIABLES.isdisjoint(os.environ):
        from cycle_exec.system import invocation

        words = invocation.interpreter("main", [invocation.hold_signals(), *sys.argv[1:]])
        environ = invocation.for_interpreter(invocation.raw_environment())
        os.execve(words[0], words, environ)  # noqa: S606
    # The script's folder, the current folder (-m) and the user's site may hold a json.py.
    site = sys.modules.get("site")
    user_site = getattr(site, "USER_SITE", None)
    doubtful = {user_site} if user_site else set()
    if not getattr(sys.flags, "safe_path", False):
        doubtful.add(sys.path[0])
    sys.path[:] = [entry for entry in sys.path if entry not in doubtful or entry == package_home]


def _add_packages() -> None:
    """Add the folders that site would have added, and read none of their .pth files.

    bin/cycle-exec has named the one with this package. What it depends on may be the system's.
    """
    import os

    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    root = os.path.dirname(os.path.dirname(os.path.dirname(home)))
    try:
        descriptor = os.open(f"{root}/pyvenv.cfg", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        pass
    else:
        lines = os.read(descriptor, 65536).lower().replace(b" ", b"").split(b"\n")
        os.close(descriptor)
        if b"include-system-site-packages=true" not in lines:
            return
    version = f"python3.{sys.version_info[1]}{'t' if 't' in sys.abiflags else ''}"
    places = [f"{root}/lib64/{version}/site-packages"]
    prefix = sys.base_prefix
    if prefix == "/usr":
        # Debian, whose pip installs into /usr/local; then Fedora and its kin.
        places += [f"/usr/local/lib/{version}/dist-packages", "/usr/lib/python3/dist-packages"]
        places += [f"/usr/local/{lib}/{version}/site-packages" for lib in ("lib", "lib64")]
    places += [f"{prefix}/{lib}/{version}/site-packages" for lib in ("lib", "lib64")]
    sys.path += [place for place in places if place != home]


def _guarded(invocation: "Invocation") -> int:
    """One exit code, whatever happens, and words for every refusal."""
    from cycle_exec.errors import DeadlinePassed, Refused, Stopped
    from cycle_exec.system.output import stderr

    stderr.configure_early(invocation.argv, invocation.environ)
    if invocation.argv[:1] == ("vpn-auth",) and not _HELP.intersection(invocation.argv):
        return _hook(invocation)
    try:
        return _run(invocation)
    except Refused as refused:
        stderr.log.problems(refused.problems)
        return refused.code
    except Stopped as stopped:
        if stopped.name:
            stderr.log.notice(f"stopped by {stopped.name} before the launch")
        return stopped.code
    except DeadlinePassed as late:
        stderr.log.problems([late.problem])
        return late.problem.code
    except KeyboardInterrupt:
        return 130
    except BaseException as error:  # noqa: BLE001 - the last wall: no traceback without --debug
        return _unexpected(error)


def _hook(invocation: "Invocation") -> int:
    """OpenVPN's hook has exit codes of its own, and its whole server waits for it."""
    try:
        if invocation.mask is not None:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, invocation.mask)
        from cycle_exec.commands import vpn_auth

        return vpn_auth.run(invocation)
    except BaseException as error:  # noqa: BLE001 - nothing but 0, 1 and 2, whatever happens
        _unexpected(error)
        return 1


def _unexpected(error: BaseException) -> int:
    from cycle_exec.errors import MORE_ROOM, SHORTAGES, Problem
    from cycle_exec.system.output import stderr

    number = _lack(error)
    if isinstance(error, AttributeError | ImportError) and not sys.platform.startswith("linux"):
        from cycle_exec.system.invocation import needs_linux

        (problem,) = needs_linux("this verb").problems  # it has met what only Linux has
    elif number in SHORTAGES:
        from cycle_exec.system.files import words

        reason = words(OSError(number, ""))
        problem = Problem("target-failed", "cycle-exec", reason, MORE_ROOM)
    else:
        reason = f"unexpected {type(error).__name__}"
        problem = Problem(kind="internal", subject="cycle-exec", reason=reason)
    stderr.log.problems([problem])
    if stderr.log.debugging:
        stderr.log.trace(error)
    return problem.code


def _lack(error: BaseException) -> int | None:
    """Return the number of what this process lacked, if that is what has gone wrong."""
    if isinstance(error, MemoryError):
        return ENOMEM
    if isinstance(error, ImportError):
        try:
            # Python takes a module that it cannot open for one that is not there.
            posix.close(posix.open("/", posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC))
        except OSError as lack:
            return lack.errno
        # What the loaders of glibc and musl say of a library for which there is no room.
        if any(words in str(error) for words in _NO_ROOM):
            return ENOMEM
    from cycle_exec.errors import SHORTAGES

    number = getattr(error, "errno", None)
    return ENOMEM if number not in SHORTAGES and _is_full() else number


def _is_full() -> bool:
    """Whether there is no memory: Python and its libraries raise anything then."""
    try:
        from cycle_exec.system import memory

        return memory.is_full()
    except (MemoryError, ImportError, SystemError):
        return True


def _run(invocation: "Invocation") -> int:
    from cycle_exec.settings import argv

    parsed = argv.parse(invocation.argv)
    if parsed is not None:
        from cycle_exec.commands import launch

        return launch.run(invocation, *parsed)
    if invocation.mask is not None:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, invocation.mask)
    gc.enable()
    if invocation.argv[:1] == ("health",):
        from cycle_exec.commands import health

        # Every few seconds, in every container: click would take longer than all the rest.
        options = health.options(invocation.argv[1:])
        if options is not None:
            return health.run(**options)
    from cycle_exec import cli

    return cli.main(invocation)
