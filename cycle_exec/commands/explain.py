"""`cycle-exec explain`: what an exit code or a kind of error means and what to do about it."""

from __future__ import annotations

from cycle_exec.errors import KINDS, STOPPED, Refused, refuse
from cycle_exec.settings.nearest import did_you_mean, printable
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


def run(what: str) -> int:
    """Print what the code or the kind means; everything when it is empty.

    Raises Refused for what is neither an exit code nor a kind.
    """
    if not what:
        stdout.write("\n".join([_SUCCESS, *map(_known, codes()), _OTHER]))
        return 0
    # As it is copied from a message: (template-undefined)
    word = what.strip().strip("()").strip()
    if word.isascii() and word.isdecimal() and len(word) <= 3 and int(word) <= 255:
        stdout.write(_code(int(word)))
    elif word.lower() in KINDS:
        stdout.write(_kind(word.lower()))
    else:
        raise _unknown(word)
    return 0


def codes() -> tuple[int, ...]:
    """Return the exit codes cycle-exec ends with by its own decision, in ascending order."""
    return tuple(sorted({kind.code for kind in KINDS.values()} | STOPPED.keys()))


def _unknown(word: str) -> Refused:
    if word.lstrip("+-")[:1].isdecimal():
        reason = "an exit code is a number from 0 to 255"
    else:
        near = did_you_mean(word.lower().replace("_", "-"), KINDS)
        reason = f"{printable(word)} is neither an exit code nor a kind of error{near}"
    return refuse("usage", "command line", reason, "run cycle-exec explain to list all of them")


def _code(code: int) -> str:
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


def _kind(name: str) -> str:
    kind = KINDS[name]
    return f"{name}  exit code {kind.code}\n    {kind.sentence}\n      fix: {kind.fix}\n"


def _known(code: int) -> str:
    """Return the causes of one code, each with its kind and its way out."""
    if code in STOPPED:
        return f"{code}  {STOPPED[code]}\n"
    lines = [f"{code}\n"]
    for name, kind in KINDS.items():
        if kind.code == code:
            lines.append(f"    {kind.sentence} ({name})\n      fix: {kind.fix}\n")
    return "".join(lines)
