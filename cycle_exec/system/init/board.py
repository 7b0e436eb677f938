"""Where the supervisor tells everybody how the app is: a word of its own command line, which every
user can read in /proc, and nobody but itself can change. No file, no socket, and no wake-up.
"""

from __future__ import annotations

import posix as os  # os itself takes 180 kB more, for as long as the app runs

from cycle_exec.resident.model import BOARD, MARK, SupervisorArguments
from cycle_exec.system.invocation import boots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# A number before and behind the line: whoever reads while it is written finds two. The one behind
# is written first and the one before it last, for readers go from the beginning to the end.
_WIDTH = 4
_SIZE = len(BOARD) - len(MARK)
_ARGUMENTS_BEGIN = 45  # the field of /proc/PID/stat, counted behind the name
_TRIES = 20
_FEWEST = len(SupervisorArguments.__annotations__)  # words of a supervisor


class Board:
    """The supervisor's own word. It is to be made before the process hides, for then a process that
    is not root's may not open its own memory any more.
    """

    def __init__(self) -> None:
        self._memory = -1
        self._place = 0
        self._number = 0
        self._line = ""
        try:
            with open("/proc/self/stat", "rb") as file:
                fields = file.read().rpartition(b") ")[2].split()
            with open("/proc/self/cmdline", "rb") as file:
                place = file.read().find(b"\0" + BOARD.encode() + b"\0")
            if place >= 0:
                self._place = int(fields[_ARGUMENTS_BEGIN]) + place + 1 + len(MARK)
                self._memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
        except (OSError, IndexError, ValueError):
            pass  # nobody is told, and `cycle-exec health` says so

    def write(self, line: str) -> None:
        """Let everybody read this line from now on."""
        if self._memory < 0 or line == self._line:
            return
        self._number = (self._number + 1) % 10_000
        number = f"{self._number:0{_WIDTH}}".encode()
        middle = f" {line} ".ljust(_SIZE - 2 * _WIDTH).encode()
        if len(middle) + 2 * _WIDTH != _SIZE:
            return
        try:
            for part, at in ((number, _SIZE - _WIDTH), (middle, _WIDTH), (number, 0)):
                os.pwrite(self._memory, part, self._place + at)
            self._line = line
        except OSError:
            os.close(self._memory)
            self._memory = -1


def command_line(pid: int) -> list[str]:
    """Return the words of a process; none if it is gone, or may not be seen."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    except OSError:
        return []


def children(pid: int) -> list[int]:
    """Return those of a process; none if they cannot be seen."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def supervisor() -> tuple[int, list[str]] | None:
    """Return the supervisor that is PID 1, or else the first there is, and its words."""
    for pid in (1, *_processes()):
        words = command_line(pid)
        found = arguments(words, "supervise")
        if found is not None and len(found) >= _FEWEST and found[0].isdecimal():
            return pid, found
    return None


def arguments(words: list[str], function: str) -> list[str] | None:
    """Return the arguments of an interpreter that runs this function of `entry`; None for any other
    process.
    """
    boot = boots(function)
    if boot not in words[:5]:
        return None
    # Behind the folder of the package, and the mask of signals that `main` has.
    return words[words.index(boot) + (3 if function == "main" else 2) :]


def line(pid: int) -> str:
    """Return what stands on the board of a supervisor; empty if nothing does."""
    for _ in range(_TRIES):
        word = next((word for word in command_line(pid) if word.startswith(MARK)), "")
        first, _, rest = word.removeprefix(MARK).rstrip().partition(" ")
        found, _, last = rest.rpartition(" ")
        if first == last:
            return found.rstrip()
    return ""


def _processes() -> Iterable[int]:
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())
    except OSError:
        return ()
