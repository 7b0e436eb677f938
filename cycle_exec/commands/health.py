"""`cycle-exec health`: whether the app runs, for the platform's health check.

It asks nobody: the supervisor has said it all in its own command line. It reads no settings, needs
no token, and can be run by any user.
"""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.resident import health
from cycle_exec.resident.health import INIT, PLAIN, RELOAD, SILENT, Seen
from cycle_exec.resident.status import NONE, RUNNING, STARTING, UP, Status
from cycle_exec.settings import argv, duration
from cycle_exec.system import clock
from cycle_exec.system.init import board
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_SWITCHES = {"--json": "as_json", "--strict": "strict"}


def options(words: Sequence[str]) -> dict[str, Any] | None:
    """Return what the words after `health` ask for; None where click has to decide, which takes
    longer than all the rest.
    """
    found: dict[str, Any] = {"as_json": False, "strict": False, "max_age": ""}
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if name == "--max-age":
            value = value if equals else next(left, "")
            if not value or value.startswith("-"):
                return None
            found["max_age"] = value
        elif word in _SWITCHES:
            found[_SWITCHES[word]] = True
        else:
            return None
    return found


def run(*, as_json: bool, strict: bool, max_age: str) -> int:
    """Print the verdict; return 0 if the app runs, else 1."""
    most = duration.parse(max_age) if max_age else None
    if max_age and most is None:
        raise refuse("usage", "--max-age", f"expected {duration.EXPECTED}", "write --max-age 10m")
    verdict = health.judged(_seen(), strict=strict, max_age=most)
    if as_json:
        stdout.write_json(verdict.members)
    else:
        stdout.write(verdict.line + "\n")
    return 0 if verdict.healthy else 1


def _seen() -> Seen:
    found = board.supervisor()
    if found is None:
        status = Status(app=STARTING) if _is_launch(board.command_line(1)) else None
        return _now(PLAIN, status)
    pid, (child, channel, *_) = found
    status = Status.from_line(board.line(pid))
    if status is None:
        return _before(pid, int(child), has_watcher=bool(channel))
    if status.watcher != NONE:
        return _now(RELOAD, status)
    if status.app == RUNNING and _is_launch(board.command_line(int(child))):
        # It will become the app.
        status = status.replace(app=STARTING)
    return _now(INIT, status)


def _before(pid: int, child: int, *, has_watcher: bool) -> Seen:
    """Return what can be seen of a supervisor that tells nothing: it may not have begun to."""
    if not _is_launch(board.command_line(child)):
        return _now(SILENT, None)
    if not has_watcher:
        return _now(INIT, Status(app=STARTING))
    # The launch has become the watcher, and the app is another child.
    if board.children(pid) == [child]:
        return _now(RELOAD, Status(app=STARTING, watcher=UP))
    return _now(SILENT, None)


def _now(mode: str, status: Status | None) -> Seen:
    return Seen(mode=mode, status=status, now=clock.monotonic(), wall=clock.now())


def _is_launch(words: list[str]) -> bool:
    """Whether this is a launch that has not become the app yet."""
    found = board.arguments(words, "main")
    if found is None:
        # The script of the wheel for any platform.
        names = [word.rpartition("/")[2] for word in words[:3]]
        script = [index for index, name in enumerate(names) if name == "cycle-exec"]
        found = words[script[0] + 1 :] if script else None
    return found is not None and argv.parse(found) is not None
