"""What is made of a hook that was tried with a login that nobody has."""

from __future__ import annotations

import pytest

from cycle_exec.vpn import login
from cycle_exec.vpn.line import Line
from cycle_exec.vpn.model import Setup, Tried
from cycle_exec.vpn.preflight import trial

OURS = Setup(
    hook=("/bin/cycle-exec", "vpn-auth"),
    place="s.conf:3",
    method="via-file",
    level=2,
    ours=True,
    timeout=1.5,
)
DEFERRED = OURS.replace(deferred=True)
OTHERS = OURS.replace(hook=("/bin/hook", "-v"), ours=False)
REJECTED = (
    f"cycle-exec: {Line(address='127.0.0.1', username=b'nobody-1', reason=login.UNKNOWN).text}\n"
)
UNREACHABLE = login.Verdict(accepted=False, reason="x", temporary=True).for_client


@pytest.mark.parametrize(
    ("found", "tried"),
    [
        (OTHERS, Tried(code=1)),
        (OTHERS.replace(deferred=True), Tried(code=2, verdict="0")),
        (OURS, Tried(code=1, said=REJECTED)),
        (DEFERRED, Tried(code=2, verdict="0", said=REJECTED)),
        (DEFERRED, Tried(code=1, said=REJECTED)),
    ],
)
def test_a_clean_refusal_is_no_problem(found, tried):
    """By exit code 1 or by a deferred verdict of 0; of our own hook in the platform's name."""
    assert trial(found, tried) is None


@pytest.mark.parametrize(
    ("found", "tried", "reason"),
    [
        (OTHERS, Tried(obstacle="it could not be run as nobody"), "it could not be run as nobody"),
        (OTHERS, Tried(code=0), "it accepts any login"),
        (OURS, Tried(code=0, said=REJECTED), "it accepts any login"),
        (DEFERRED, Tried(code=2, verdict="1", said=REJECTED), "it accepts any login"),
        (OURS, Tried(), "there was no verdict within 1.5 s"),
        (OTHERS, Tried(code=-11), "it was killed by signal 11"),
        (OTHERS, Tried(code=126), "it cannot start (exit code 126)"),
        (OTHERS, Tried(code=127), "it cannot start (exit code 127)"),
        (OTHERS, Tried(code=3), "it exited with 3, but a rejection is 1"),
        (
            OTHERS,
            Tried(code=2, verdict="0"),
            "it exited with 2, which OpenVPN takes for a deferred verdict",
        ),
        (DEFERRED, Tried(code=2, said=REJECTED), "the deferred verdict never came"),
        (DEFERRED, Tried(code=2, verdict="00"), "the deferred verdict never came"),
    ],
)
def test_whatever_is_no_refusal_is_a_problem(found, tried, reason):
    """What it did instead, and that the login was nobody's."""
    wrong = trial(found, tried)
    assert wrong is not None
    assert wrong.kind == "vpn-helper"
    assert wrong.subject == f"helper {found.hook[0]}"
    assert wrong.reason == f"tested with random credentials: {reason}"


@pytest.mark.parametrize(
    ("tried", "reason"),
    [
        (
            Tried(
                code=1, said="cycle-exec: vpn-auth: rejected: the credentials file cannot be read\n"
            ),
            "it rejected them, but the platform did not: the credentials file cannot be read",
        ),
        (
            Tried(code=1, reason=UNREACHABLE),
            "it rejected them because it could not reach the platform",
        ),
        (Tried(code=1), "it rejected them, but does not say that the platform did"),
        (
            Tried(code=1, said="vpn-auth: rejected: \x1b[31m\n"),
            "it rejected them, but does not say that the platform did",
        ),
        (
            Tried(code=1, said="vpn-auth: rejected: \u00e9\n", reason=UNREACHABLE),
            "it rejected them because it could not reach the platform",
        ),
    ],
)
def test_our_own_hook_has_to_refuse_in_the_platforms_name(tried, reason):
    """A hook that cannot ask refuses everybody: its own words say so, if they can be shown."""
    wrong = trial(OURS, tried)
    assert wrong is not None
    assert wrong.reason == f"tested with random credentials: {reason}"
    deferred = trial(DEFERRED, tried.replace(code=2, verdict="0"))
    assert deferred == wrong


def test_what_a_hook_said_is_redacted():
    """It may have written a password there."""
    assert "c4n4ry" not in repr(Tried(code=1, said="c4n4ry"))
