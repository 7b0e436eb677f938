"""What people read: one write to standard error for each message, in printable ASCII."""

from __future__ import annotations

import os
from stat import S_ISFIFO, S_ISSOCK
from time import gmtime, monotonic, time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.errors import Problem

LEVELS = ("debug", "info", "notice", "warning", "error")
_SHOWN = 5
_LONGEST = 1000
_PATIENCE = 0.25  # seconds for a reader that does not keep up, for each message
_LONG = 1.0  # seconds before there is anything to say of a wait
_CLEAR = "\r\x1b[K"
PIECE = 4096  # PIPE_BUF: bytes


def printable(text: str) -> str:
    r"""Return the text in printable ASCII: any other character as \xNN, \uNNNN or \UNNNNNNNN."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else _escaped(ord(c)) for c in text)


def _escaped(point: int) -> str:
    if 0xDC80 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"  # a byte that was not UTF-8
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _line(text: str) -> str:
    line = printable(text[: _LONGEST + 1])
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


class Log:
    """Messages at or above a level, as text or as one JSON object a line.

    Nothing that happens to standard error ends or delays the launch: closed, full, without a
    reader. never_waits: what a reader does not take at once is not said, for who stays and has more
    to do. is_unheard: the last words were not taken in time, so nobody waits for the next.
    """

    never_waits = False
    is_unheard = False

    def __init__(self, level: str = "notice", format: str = "text", debug: bool = False) -> None:
        self.configure(level, format, debug)

    def configure(self, level: str, format: str, debug: bool = False) -> None:
        """Take over what the settings say; an unknown level counts as notice."""
        self._threshold = LEVELS.index(level if level in LEVELS else "notice")
        self.is_json = format == "json"
        self.debugging = debug

    def debug(self, text: str) -> None:
        """For whoever looks for a fault."""
        self._say("debug", text)

    def info(self, text: str) -> None:
        """Say what a curious operator wants to know."""
        self._say("info", text)

    def notice(self, text: str, fields: Mapping[str, str] | None = None) -> None:
        """Say the one line of a launch that went well. fields: what the text says, for programs."""
        self._say("notice", text, fields)

    def warning(self, text: str) -> None:
        """Something works today and should be looked at."""
        self._say("warning", text)

    def problems(self, problems: Sequence[Problem]) -> None:
        """Say the first five problems, each fix once, after the last problem it belongs to."""
        shown = problems[:_SHOWN]
        hidden = len(problems) - len(shown)
        if self.is_json:
            lines = [_json_problem(problem) for problem in shown]
            if hidden:
                lines.append(_json({"level": "error", "message": f"and {hidden} more"}))
            _emit(lines)
            return
        lines = []
        for position, problem in enumerate(shown):
            lines.append(
                f"cycle-exec: {_line(problem.subject)}: {_line(problem.reason)} ({problem.kind})"
            )
            lines += [f"  | {_line(line)}" for line in problem.lines]
            if all(later.way_out != problem.way_out for later in shown[position + 1 :]):
                lines.append(f"  fix: {_line(problem.way_out)}")
        if hidden:
            lines.append(f"  and {hidden} more")
        _emit(lines)

    def output(self, command: str, lines: Sequence[str]) -> None:
        """Say what a command has printed, at any level: it is not ours."""
        if self.is_json:
            _emit(
                [_json({"level": "notice", "message": line, "command": command}) for line in lines]
            )
        else:
            _emit([f"{_line(command)} | {_line(line)}" for line in lines])

    def trace(self, error: BaseException) -> None:
        """Where a bug is, innermost last: files, lines and names, never the exception's text."""
        lines = [f"  {type(error).__name__}"]
        step = error.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            lines.append(f"  {code.co_filename}:{step.tb_lineno} in {code.co_name}")
            step = step.tb_next
        _emit(
            [_json({"level": "debug", "message": line.strip()}) for line in lines]
            if self.is_json
            else [_line(line) for line in lines]
        )

    def _say(self, level: str, text: str, fields: Mapping[str, str] | None = None) -> None:
        if LEVELS.index(level) < self._threshold:
            return
        if self.is_json:
            _emit([_json({"level": level, "message": text}, fields)])
        else:
            mark = "warning: " if level == "warning" else ""
            _emit([f"cycle-exec: {mark}{_line(text)}"])


def _json_problem(problem: Problem) -> str:
    return _json(
        {
            "level": "error",
            "message": f"{problem.subject}: {problem.reason}",
            "kind": problem.kind,
            "code": problem.code,
            "subject": problem.subject,
            "reason": problem.reason,
            "fix": problem.way_out,
        },
        {"output": "\n".join(problem.lines)} if problem.lines else None,
    )


def _json(members: Mapping[str, str | int], exact: Mapping[str, str] | None = None) -> str:
    pairs = [f'"time": "{timestamp(time())}"']
    for name, value in members.items():
        shown = str(value) if isinstance(value, int) else _quoted(value)
        pairs.append(f'"{name}": {shown}')
    for name, value in (exact or {}).items():
        pairs.append(f'"{name}": "{"".join(map(_json_character, value))}"')
    return "{" + ", ".join(pairs) + "}"


def _quoted(text: str) -> str:
    escaped = _line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _json_character(character: str) -> str:
    """Return JSON, in ASCII, that is read back as this very character of a text."""
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds, for seconds since the epoch."""
    whole = int(seconds)
    moment = gmtime(whole)
    date = f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}"
    clock = f"{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}"
    return f"{date}T{clock}.{int((seconds - whole) * 1000):03d}Z"


def _emit(lines: Sequence[str]) -> None:
    _write("".join(f"{line}\n" for line in lines))


def _write(text: str) -> None:
    """Write what standard error takes in time: it may be full without a reader, or a terminal that
    was stopped. Its O_NONBLOCK belongs to whoever else has it, and stays as it is.
    """
    left = memoryview(text.encode("ascii", "backslashreplace"))
    end = monotonic() + (0.0 if log.never_waits or log.is_unheard else _PATIENCE)
    descriptor = _opened_anew() if os.isatty(2) else -1
    try:
        while left:
            try:
                piece = left[:PIECE]
                left = left[os.write(descriptor, piece) if descriptor >= 0 else put(2, piece) :]
            except BlockingIOError:
                seconds = end - monotonic()
                if seconds <= 0 or not wait(2, seconds):
                    log.is_unheard = True
                    return
        log.is_unheard = False
    except OSError:
        return
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def put(descriptor: int, piece: memoryview) -> int:
    """Write as much as there is room for. Raise BlockingIOError where there is none.

    piece: at most PIECE bytes.
    """
    mode = os.fstat(descriptor).st_mode
    if S_ISFIFO(mode) or S_ISSOCK(mode):
        try:
            return os.pwritev(descriptor, (piece,), -1, os.RWF_NOWAIT)
        except (BlockingIOError, BrokenPipeError):
            raise
        except (OSError, AttributeError, NotImplementedError):
            pass  # an old kernel or C library, or a sandbox
    if not wait(descriptor, 0.0):
        raise BlockingIOError
    # What is ready for anything takes a page of it.
    return os.write(descriptor, piece)


def _opened_anew() -> int:
    """Return the terminal, with an O_NONBLOCK of its own; -1 where it cannot be opened."""
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open("/proc/self/fd/2", flags)
    except OSError:
        return -1


def wait(descriptor: int, seconds: float) -> bool:
    """Return whether there is room within so many seconds."""
    from select import select

    return bool(select((), (descriptor,), (), seconds)[1])


log = Log()


class Progress:
    """One line that says how long we have been waiting, for a person at a terminal and nobody
    else; nearly always the wait is over before there is a word.

    what: for what, which may change. total: seconds that the whole may take.
    """

    def __init__(self, what: str, total: float) -> None:
        self.what = what
        self._total = total
        self._began = monotonic()
        self._shown = False

    def tick(self, now: float) -> float:
        """Say it, if it is time to; return when it will be time again, on the monotonic clock."""
        waited = now - self._began
        if waited < _LONG:
            return self._began + _LONG
        if log.is_json or not os.isatty(2):
            return float("inf")
        self._shown = True
        _write(f"{_CLEAR}cycle-exec: waiting for {self.what}, {waited:.0f} s of {self._total:g} s")
        return self._began + int(waited) + 1

    def end(self) -> None:
        """Leave no trace of it."""
        if self._shown:
            self._shown = False
            _write(_CLEAR)


def configure_early(argv: Sequence[str], environ: Mapping[str, str]) -> None:
    """Let the log follow flags and variables before the settings are known, as far as is plain.

    Words after `--` are the command's own. Wrong values are refused later, by the settings.
    """
    level = environ.get("CYCLE_EXEC_LOG_LEVEL", "notice")
    form = environ.get("CYCLE_EXEC_LOG_FORMAT", "text")
    debug = environ.get("CYCLE_EXEC_DEBUG", "").lower() in ("1", "true", "yes", "on")
    words = list(argv)
    if "--" in words:
        del words[words.index("--") :]
    for position, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if not equals:
            value = words[position + 1] if position + 1 < len(words) else ""
        if flag == "--log-level":
            level = value
        elif flag == "--log-format":
            form = value
        elif word in ("--debug", "--no-debug"):
            debug = word == "--debug"
    log.configure(level, form, debug)
