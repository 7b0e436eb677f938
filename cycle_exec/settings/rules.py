"""What a text may be: one rule for flags, variables and manifest, and its JSON Schema pattern.

Each rule exists twice, as a predicate and as a pattern, because importing `re` costs a fifth of a
launch; the tests hold the two equal.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings import duration
from cycle_exec.settings.model import CAPABILITIES, WAIT_FORMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# getrlimit(2), by the names that limits.conf(5) and `docker run --ulimit` use.
LIMITS = tuple(
    "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending "
    "stack".split()
)


class Rule(Record):
    """One kind of text: what people are told is expected, the test, and the pattern of it.

    make: what the settings hold for a text that is accepted. fault: what is wrong with one that is
    not, as what is said of it; None: what is expected says it.
    """

    expected: str
    accepts: Callable[[str], bool]
    pattern: str
    make: Callable[[str], object] = str
    fault: Callable[[str], str] | None = None

    def refusal(self, text: str) -> str:
        """Return what is said of a text that is not accepted."""
        return f"expects {self.expected}" if self.fault is None else self.fault(text)


def is_name(text: str) -> bool:
    """Whether the text is [A-Za-z_][A-Za-z0-9_]*, what every shell accepts as a variable."""
    return text.isascii() and text.isidentifier()


def bare(signal: str) -> str:
    """Return the one spelling of a signal's name: without SIG."""
    return signal.removeprefix("SIG")


def is_signal(text: str) -> bool:
    """Whether the text names a signal that can be passed on: all but KILL, STOP and CHLD."""
    name = bare(text)
    real_time = name[:6] in ("RTMIN+", "RTMAX-") and name[6:] in map(str, range(31))
    return name in SIGNALS or real_time or text in _NUMBERS


def _is_inherited_name(text: str) -> bool:
    return text != "" and "=" not in text and "\0" not in text


def _is_preserved(text: str) -> bool:
    # Who writes =true in the variable wants all names, not one that is called true.
    words = ("true", "yes", "on", "1", "false", "no", "off", "0")
    return _is_inherited_name(text) and text.lower() not in words


def _is_mode(text: str) -> bool:
    digits = text[1:] if len(text) == 4 and text[0] == "0" else text
    return len(digits) == 3 and all("0" <= digit <= "7" for digit in digits)


def _is_owner(text: str) -> bool:
    user, colon, group = text.partition(":")
    if not (user or group) or (colon and not group) or ":" in group:
        return False
    return all("!" <= character <= "~" for character in user + group)


def _is_field(text: str) -> bool:
    return text.startswith(("auth.", "extra.")) and text[-1] != "." and "\0" not in text


def _is_on_change(text: str) -> bool:
    kind, colon, name = text.partition(":")
    return is_signal(name) if kind == "signal" and colon else text in ("none", "restart")


def _on_change(text: str) -> tuple[str, ...]:
    kind, colon, name = text.partition(":")
    return (kind, bare(name)) if colon else (kind,)


def _wait_fault(text: str) -> str:
    # Only who waits loads it.
    from cycle_exec.settings import addresses

    return addresses.fault(text)


_FILLED = r"^[^\u0000]+$"
_WITHOUT_WILDCARDS = {ord("*"): "_", ord("?"): "_"}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_OWNER_PART = r"[!-9;-~]+"
# As kill(1) takes them. Their numbers are the machine's (`system.init.signal_numbers`).
SIGNALS = tuple(
    "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CONT TSTP TTIN TTOU "
    "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS RTMIN RTMAX".split()
)
# 34 to 64 are the real-time signals, as the C library leaves them to programs.
_NUMBERS = tuple(
    str(number)
    for number in (*range(1, 32), *range(34, 65))
    if number not in (9, 17, 19)  # KILL, CHLD, STOP
)
_SIGNAL = (
    rf"(?:(?:SIG)?(?:{'|'.join(SIGNALS)}|(?:RTMIN\+|RTMAX-)(?:[0-9]|[12][0-9]|30))"
    rf"|{'|'.join(_NUMBERS)})"
)

_HOST = r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?\])"
_PORT = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"

ANY = Rule(
    expected="a string without NUL",
    accepts=lambda text: "\0" not in text,
    pattern=r"^[^\u0000]*$",
)
FILLED = Rule(
    expected="a string that is not empty and has no NUL",
    accepts=lambda text: text != "" and "\0" not in text,
    pattern=r"^[^\u0000]+$",
)
GLOB = FILLED.replace(expected="a name or a glob with * and ?, not empty and without NUL")
PATH = FILLED.replace(expected="a path that is not empty and has no NUL")
TARGET = Rule(
    expected="an absolute path below /, it must begin with /",
    accepts=lambda text: text.startswith("/") and text.strip("/") != "" and "\0" not in text,
    pattern=r"^/[^\u0000]*[^/\u0000][^\u0000]*$",
)
ABSOLUTE = Rule(
    expected="an absolute path, it must begin with /",
    accepts=lambda text: text.startswith("/") and "\0" not in text,
    pattern=r"^/[^\u0000]*$",
)
NAME = Rule(
    expected="a variable name of letters, digits and _, not beginning with a digit",
    accepts=is_name,
    pattern=f"^{_NAME}$",
)
NAME_GLOB = Rule(
    expected="a variable name of letters, digits and _, or a glob of it with * and ?",
    accepts=lambda text: is_name(text.translate(_WITHOUT_WILDCARDS)),
    pattern=r"^[A-Za-z_*?][A-Za-z0-9_*?]*$",
)
PREFIX = Rule(
    expected="empty, or letters, digits and _, not beginning with a digit",
    accepts=lambda text: text == "" or is_name(text),
    pattern=f"^(?:{_NAME})?$",
)
INHERITED_NAME = Rule(
    expected="a variable name, not empty and without = and NUL",
    accepts=_is_inherited_name,
    pattern=r"^[^=\u0000]+$",
)
PRESERVED = Rule(
    expected="variable names, or * for all of them",
    accepts=_is_preserved,
    pattern=r"^(?!(?:[Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|1|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]"
    r"|[Oo][Ff][Ff]|0)$)[^=\u0000]+$",
)
DURATION = Rule(
    expected=duration.EXPECTED,
    accepts=lambda text: duration.parse(text) is not None,
    pattern=duration.PATTERN,
    make=duration.parse,
)
MODE = Rule(
    expected='a text of octal digits such as "0600" or "644", at most "0777"',
    accepts=_is_mode,
    pattern="^0?[0-7]{3}$",
    make=lambda text: int(text, 8),
)
UMASK = MODE.replace(expected='a text of octal digits such as "0027" or "022", at most "0777"')
LIMIT = Rule(
    expected=f"a resource limit: {', '.join(LIMITS)}",
    accepts=lambda text: text in LIMITS,
    pattern=f"^(?:{'|'.join(LIMITS)})$",
)
OWNER = Rule(
    expected="user, user:group or :group, names or numbers, without blanks",
    accepts=_is_owner,
    pattern=f"^(?:{_OWNER_PART}(?::{_OWNER_PART})?|:{_OWNER_PART})$",
)
USER = Rule(
    expected="user or user:group, names or numbers, without blanks",
    accepts=lambda text: _is_owner(text) and text[0] != ":",
    pattern=f"^{_OWNER_PART}(?::{_OWNER_PART})?$",
)
CAPABILITY = Rule(
    expected="the name of a capability such as NET_BIND_SERVICE",
    accepts=lambda text: text.removeprefix("CAP_") in CAPABILITIES,
    pattern=rf"^(?:CAP_)?(?:{'|'.join(CAPABILITIES)})$",
    make=lambda text: text.removeprefix("CAP_"),
)
FIELD = Rule(
    expected="a field of the integration such as auth.api_key or extra.bucket",
    accepts=_is_field,
    pattern=r"^(?:auth|extra)\.[^\u0000]*[^.\u0000]$",
)
SIGNAL = Rule(
    expected="the name or number of a signal such as TERM or RTMIN+3",
    accepts=is_signal,
    pattern=f"^{_SIGNAL}$",
    make=bare,
)
SIGNAL_OR_NONE = Rule(
    expected="the name or number of a signal such as TERM or RTMIN+3, or NONE",
    accepts=lambda text: text == "NONE" or is_signal(text),
    pattern=f"^{_SIGNAL}$|^NONE$",
    make=bare,
)
ON_CHANGE = Rule(
    expected='"none", "restart", "signal:NAME" or { command = ["WORD", ...] }',
    accepts=_is_on_change,
    pattern=f"^none$|^restart$|^signal:{_SIGNAL}$",
    make=_on_change,
)
WAIT = Rule(
    expected=f"{WAIT_FORMS}, or a template of one",
    accepts=lambda text: not _wait_fault(text),
    pattern=rf"^tcp://{_HOST}:{_PORT}$"
    rf'|^http://{_HOST}(?::{_PORT})?(?:/[!"$-~]*)?$'
    r"|^(?:unix|file):/(?://+)?[^/\u0000][^\u0000]*$"
    rf"|^dns://{_HOST}$"
    r"|^container://[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\?instances=(?:all|[1-9][0-9]{0,3}))?$"
    r"|^[^\u0000]*\{[{%#][^\u0000]*$",
    fault=_wait_fault,
)
