"""A login that nobody has: what the hook must make of it."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.vpn import login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.vpn.model import Setup, Tried

_CANNOT_START = (126, 127)


def problem(found: Setup, tried: Tried) -> Problem | None:
    """Why that was no clean refusal, or None."""
    reason = _reason(found, tried)
    if not reason:
        return None
    return Problem(
        kind="vpn-helper",
        subject=f"helper {found.hook[0]}",
        reason=f"tested with random credentials: {reason}",
    )


def _reason(found: Setup, tried: Tried) -> str:
    if tried.obstacle:
        return tried.obstacle
    accepted = "it accepts any login"
    code = tried.code
    if code == 0:
        return accepted
    if code is None:
        return f"there was no verdict within {found.timeout:g} s"
    if code < 0:
        return f"it was killed by signal {-code}"
    if code in _CANNOT_START:
        return f"it cannot start (exit code {code})"
    if code == 2:
        if not found.deferred:
            return "it exited with 2, which OpenVPN takes for a deferred verdict"
        if tried.verdict != "0":
            return accepted if tried.verdict == "1" else "the deferred verdict never came"
    elif code != 1:
        return f"it exited with {code}, but a rejection is 1"
    return _not_the_platform(found, tried)


def _not_the_platform(found: Setup, tried: Tried) -> str:
    """Our own hook says why it refuses: that has to be the platform's word."""
    if not found.ours or login.UNKNOWN in tried.said:
        return ""
    _, _, words = tried.said.rpartition("rejected: ")
    words = words.strip()
    if words and words.isascii() and words.isprintable():
        return f"it rejected them, but the platform did not: {words}"
    if login.TEMPORARY in tried.reason:
        return "it rejected them because it could not reach the platform"
    return "it rejected them, but does not say that the platform did"
