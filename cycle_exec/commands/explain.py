"""`cycle-exec explain`: what an exit code means and what to do about it."""

from __future__ import annotations

from cycle_exec.errors import KINDS, STOPPED, refuse
from cycle_exec.system.output import stdout

_SUCCESS = "0  success; after a launch: the command succeeded\n"
_OTHER = """\
any other  the command's own exit code
128+n      the command was killed by signal n
"""
_ONE = """\
1  after a launch: the command's own exit code; of cycle-exec health: the app is not running or is
   being stopped; of cycle-exec vpn-auth: the login is rejected
"""
_LAUNCHED = "After a launch it can also be the command's own code.\n"


def run(code: str) -> int:
    """Print what the code means; every code when it is empty.

    Raises Refused for what cannot be an exit code.
    """
    if not code:
        stdout.write("\n".join([_SUCCESS, *map(_known, codes()), _OTHER]))
        return 0
    number = int(code) if code.isascii() and code.isdecimal() and len(code) <= 3 else 256
    if number > 255:
        raise refuse(
            "usage",
            "command line",
            "explain expects an exit code from 0 to 255",
            "run cycle-exec explain to list all codes",
        )
    stdout.write(_one(number))
    return 0


def codes() -> tuple[int, ...]:
    """Return the exit codes cycle-exec ends with by its own decision, in ascending order."""
    return tuple(sorted({kind.code for kind in KINDS.values()} | STOPPED.keys()))


def _one(code: int) -> str:
    if code == 0:
        return _SUCCESS
    if code in codes():
        return f"{_known(code)}\n{_LAUNCHED}"
    if 128 < code < 128 + 65:
        signal = code - 128
        return f"{code}  the command was killed by signal {signal}, or exited with this code\n"
    if code == 1:
        return _ONE
    return f"{code}  the command's own exit code: cycle-exec never exits with it\n"


def _known(code: int) -> str:
    """Return the causes of one code, each with its kind and its way out."""
    if code in STOPPED:
        return f"{code}  {STOPPED[code]}\n"
    lines = [f"{code}\n"]
    for name, kind in KINDS.items():
        if kind.code == code:
            lines.append(f"    {kind.sentence} ({name})\n      fix: {kind.fix}\n")
    return "".join(lines)
