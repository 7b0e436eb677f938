"""What a configuration means for the hook, and what is wrong with it."""

from __future__ import annotations

import pytest

from cycle_exec.vpn.config import of_command, read
from cycle_exec.vpn.model import Facts
from cycle_exec.vpn.preflight import named, of_helper, problems, setup, token_target
from cycle_exec.vpn.warnings import warnings

HOOK = 'auth-user-pass-verify "/bin/cycle-exec vpn-auth --deferred" via-file\n'
GOOD = f"script-security 2\nauth-gen-token\nlog /l\n{HOOK}"


def judged(text):
    directives = read("s.conf", {"s.conf": text}.__getitem__)
    found, wrong = setup(directives, "s.conf")
    return found, [problem.reason for problem in wrong]


def warned(text, version=None):
    directives = read("s.conf", {"s.conf": text}.__getitem__)
    found, _ = setup(directives, "s.conf")
    assert found
    return warnings(directives, found, version)


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
    assert (found.directory, found.temporary) == ("/etc", "/run/t")
    assert found.environment == {"CYCLE_API_TOKEN": "t0ken"}
    assert not found.needs_token_file
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
        (HOOK + HOOK, "is set 2 times, but only the last one counts"),
        (HOOK, "via-file needs script-security 2, it is 1"),
        ("script-security 1\n" + HOOK, "via-file needs script-security 2, it is 1"),
        ("script-security \u0662\n" + HOOK, "via-file needs script-security 2, it is 0"),
        (f"script-security {'9' * 5000}\n" + HOOK, "via-file needs script-security 2, it is -1"),
        ("script-security two\n" + HOOK, "via-file needs script-security 2, it is 0"),
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
    assert found.needs_token_file
    subjects = [problem.subject for problem in problems(found, facts)]
    assert subjects == [
        "helper /bin/cycle-exec",
        "tmp-dir",
        "socket /var/run/cycle/api/api.sock",
        "token file /run/cycle-exec/vpn-token",
    ]
    found, _ = judged(GOOD + "setenv CYCLE_API_TOKEN x\n")
    assert found
    assert not found.needs_token_file
    found, _ = judged("script-security 2\nauth-user-pass-verify /other via-file\n")
    assert found
    assert not found.needs_token_file
    assert len(problems(found, Facts(helper="h", socket="s"))) == 1
    assert problems(found, Facts()) == []


def test_who_is_named_in_messages():
    """The configuration's user, else who starts the server."""
    found = of_helper("/bin/cycle-exec")
    [problem] = problems(found, Facts(helper="x"))
    assert problem.reason == "as the server's user: x"
    [problem] = problems(found.replace(start="vpn"), Facts(helper="x"))
    assert problem.reason == "as user vpn: x"


def test_manifest_and_configuration_have_to_agree():
    """On the helper, and on where the token is."""
    found, _ = judged(GOOD)
    assert found
    assert named(found, "", "") == (found, [])
    same = named(found, "/bin/cycle-exec", "/run/cycle-exec/vpn-token")
    assert same == (found, [])
    changed, wrong = named(found, "/bin/other", "/run/x")
    assert changed.token_file == "/run/x"
    assert [problem.reason for problem in wrong] == [
        "auth-user-pass-verify calls /bin/cycle-exec, but the configured helper is /bin/other",
        "the hook reads its token from /run/cycle-exec/vpn-token, but vpn.token_file is /run/x",
    ]
    # Another hook reads what its people say.
    found, _ = judged("script-security 2\nauth-user-pass-verify /other via-file\n")
    assert found
    assert named(found, "", "/run/x")[1] == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("", "/run/cycle-exec/vpn-token"),
        ("chroot /jail", "/jail/run/cycle-exec/vpn-token"),
        ("cd /srv\nchroot jail", "/srv/jail/run/cycle-exec/vpn-token"),
        ("cd /srv\nTOKEN t", "/srv/t"),
        ("chroot /", "/run/cycle-exec/vpn-token"),
        ("cd /srv\nchroot jail/\nTOKEN t", "/srv/jail/t"),
    ],
)
def test_where_the_token_file_is_seen_from_outside(text, target):
    """Its path is the hook's, inside a chroot."""
    text, _, token = text.partition("TOKEN ")
    hook = HOOK.replace("vpn-auth", f"vpn-auth --token-file {token}") if token else HOOK
    found, _ = judged(f"script-security 2\n{hook}{text}\n")
    assert found
    assert token_target(found) == target


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
        (GOOD + "reneg-sec 15\n", "reneg-sec 15 is less than twice the hook's 8 s"),
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
    assert warned(GOOD + "reneg-sec 0\n", (2, 6)) == []
    assert warned(GOOD + "verify-client-cert none\n<tls-crypt>\nkey\n</tls-crypt>\n") == []
    assert warned(GOOD.replace(" --deferred", "").replace("vpn-auth", "x"), (2, 4)) == []


def test_an_openvpn_that_cannot_defer():
    """Before 2.6."""
    [line] = warned(GOOD, (2, 5))
    assert line == "OpenVPN 2.5 cannot defer verdicts, 2.6 can: a slow platform stalls all clients"


def test_a_token_on_the_command_line():
    """Everybody on the machine reads it there."""
    words = ["--script-security", "2", "--auth-gen-token", "--log", "/l", "--auth-user-pass-verify"]
    words += ["/bin/cycle-exec vpn-auth --deferred", "via-file", "--setenv", "CYCLE_API_TOKEN"]
    directives = of_command([*words, "x" * 300], str)
    found, wrong = setup(directives, "the openvpn command")
    assert found
    assert wrong == []
    assert warnings(directives, found, None) == [
        "setenv CYCLE_API_TOKEN on the command line: every user of the machine can read it there"
    ]
