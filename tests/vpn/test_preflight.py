"""What a configuration means for the hook, and what is wrong with it."""

from __future__ import annotations

import pytest

from cycle_exec.vpn.config import parse
from cycle_exec.vpn.model import Facts
from cycle_exec.vpn.preflight import problems, setup, warnings

HOOK = 'auth-user-pass-verify "/bin/cycle-exec vpn-auth --deferred" via-file\n'
GOOD = f"script-security 2\nauth-gen-token\nlog /l\n{HOOK}"


def judged(text):
    directives = tuple(parse(text, "s.conf"))
    found, wrong = setup(directives, "s.conf")
    return found, [problem.reason for problem in wrong]


def warned(text):
    directives = tuple(parse(text, "s.conf"))
    found, _ = setup(directives, "s.conf")
    assert found
    return warnings(directives, found)


def test_a_setup_that_works():
    """Everything that the hook depends on, and no complaint."""
    text = (
        "user nobody\ngroup nogroup\nchroot /jail\ncd /etc\ntmp-dir /run/t\n"
        "script-security 0\nscript-security 3\nsetenv CYCLE_API_TOKEN t0ken\n"
        'auth-user-pass-verify "/bin/cycle-exec vpn-auth --socket=/s --token-file /t --timeout 5s" '
        "via-env\n"
    )
    found, wrong = judged(text)
    assert wrong == []
    assert found
    assert (found.user, found.group, found.chroot) == ("nobody", "nogroup", "/jail")
    assert (found.directory, found.temporary, found.token) == ("/etc", "/run/t", "t0ken")
    assert (found.socket, found.token_file, found.timeout) == ("/s", "/t", 5.0)
    assert (found.ours, found.deferred, found.method, found.level) == (True, False, "via-env", 3)
    assert "t0ken" not in repr(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no auth-user-pass-verify"),
        ("auth-user-pass-verify", "needs the absolute path of a program"),
        ("auth-user-pass-verify hook via-file", "needs the absolute path of a program"),
        ("auth-user-pass-verify /hook", "needs a method: via-file or via-env"),
        ("auth-user-pass-verify /hook via-magic", "needs a method: via-file or via-env"),
        ("auth-user-pass-verify '/hook \"x' via-file", "a quote is never closed"),
        (HOOK + HOOK, "is there 2 times, and counts once"),
        (HOOK, "via-file needs script-security 2, it is 1"),
        ("script-security 1\n" + HOOK, "via-file needs script-security 2, it is 1"),
        (
            "script-security 2\nauth-user-pass-verify /hook via-env",
            "via-env needs script-security 3 (2 hides the password from it), it is 2",
        ),
        (
            GOOD + f"setenv CYCLE_API_TOKEN {'x' * 233}\n",
            "setenv CYCLE_API_TOKEN has more than 232 bytes",
        ),
    ],
)
def test_what_cannot_work(text, reason):
    """Each with its place and its way out."""
    _, wrong = judged(text)
    assert any(reason in each for each in wrong), wrong


def test_what_the_machine_has_against_it():
    """Of our own hook the socket and the token too, unless setenv brings one."""
    facts = Facts(helper="h", token_file="t", socket="s", temporary="d")
    found, _ = judged(GOOD)
    assert found
    subjects = [problem.subject for problem in problems(found, facts)]
    assert subjects == [
        "helper /bin/cycle-exec",
        "tmp-dir",
        "socket /var/run/cycle/api/api.sock",
        "token file /run/cycle-exec/vpn-token",
    ]
    found, _ = judged(GOOD + "setenv CYCLE_API_TOKEN x\n")
    assert found
    assert len(problems(found, facts)) == 3
    found, _ = judged("script-security 2\nauth-user-pass-verify /other via-file\n")
    assert found
    assert len(problems(found, facts)) == 2
    assert problems(found, Facts()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("auth-gen-token\n", ""), "no auth-gen-token"),
        (GOOD + "auth-gen-token 0 external-auth\n", "external-auth"),
        (GOOD.replace("log /l", "daemon"), "daemon without log"),
        (GOOD + "auth-user-pass-optional\n", "auth-user-pass-optional"),
        (GOOD + "verify-client-cert none\n", "verify-client-cert none"),
        (GOOD.replace(" --deferred", ""), "without --deferred"),
        (GOOD + "hand-window 5\n", "hand-window 5"),
        (GOOD + "username-as-common-name\nduplicate-cn\n", "duplicate-cn"),
        (
            GOOD.replace("security 2", "security 3").replace("via-file", "via-env"),
            "via-env: the password",
        ),
    ],
)
def test_what_will_be_regretted(text, words):
    """Warned of, and nothing else."""
    found = warned(text)
    assert len(found) == 1
    assert words in found[0]


def test_nothing_to_regret():
    """No warning without a reason."""
    assert warned(GOOD) == []
