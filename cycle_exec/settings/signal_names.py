"""Names of signals, as kill(1) takes them; their numbers are the machine's (`system.signals`)."""

from __future__ import annotations

from cycle_exec.settings.rules import Rule

NONE = "NONE"
NAMES = tuple(
    "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CONT TSTP TTIN TTOU "
    "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split()
)
# 34 to 64 in the kernel's count, as the C library leaves them to programs.
_REAL_TIME = 30
_NUMBERS = tuple(str(number) for number in (*range(1, 32), *range(34, 65)))
_NOT_FOR_HANDLERS = ("9", "17", "19")  # KILL, CHLD, STOP
PATTERN = (
    rf"^(?:(?:SIG)?(?:{'|'.join(NAMES)}|RTMIN(?:\+(?:[0-9]|[12][0-9]|30))?"
    r"|RTMAX(?:-(?:[0-9]|[12][0-9]|30))?)"
    rf"|{'|'.join(number for number in _NUMBERS if number not in _NOT_FOR_HANDLERS)})$"
)


def is_signal(text: str) -> bool:
    """Whether the text names a signal that can be passed on: all but KILL, STOP and CHLD."""
    if text in _NUMBERS:
        return text not in _NOT_FOR_HANDLERS
    name = bare(text)
    return name in NAMES or _is_real_time(name)


def _is_real_time(name: str) -> bool:
    for base, sign in (("RTMIN", "+"), ("RTMAX", "-")):
        if name.startswith(base):
            sign_there, digits = name[5:6], name[6:]
            distances = map(str, range(_REAL_TIME + 1))
            return name == base or (sign_there == sign and digits in distances)
    return False


def bare(text: str) -> str:
    """Return the one spelling of a name: without SIG."""
    return text.removeprefix("SIG")


SIGNAL = Rule(
    expected="the name or number of a signal such as TERM or RTMIN+3",
    accepts=is_signal,
    pattern=PATTERN,
    make=bare,
)
SIGNAL_OR_NONE = Rule(
    expected="the name or number of a signal such as TERM or RTMIN+3, or NONE",
    accepts=lambda text: text == NONE or is_signal(text),
    pattern=f"{PATTERN}|^{NONE}$",
    make=bare,
)
