"""--user and capabilities: none is left that is not named, however the launcher came by it."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.support import machine, seccomp
from tests.support.inits import Ended, Init, run
from tests.support.launching import PATH, SCRIPT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give")

SAYS = "grep -E '^(Uid|Cap(Inh|Prm|Eff|Amb)):' /proc/$$/status"
NONE = ["0" * 16]
BIND = [f"{1 << 10:016x}"]
SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")
AS_1000 = ("--reuid=1000", "--regid=1000", "--clear-groups")
AMBIENT = ("--inh-caps=+setuid,+setgid", "--ambient-caps=+setuid,+setgid")


def launched(api, *options: str, through=(), before=None, app=("sh", "-c", SAYS)) -> Ended:
    """A launch by a program that gives or takes privileges."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    init = Init("", (*through, str(SCRIPT), *options, "--"), environ)
    return run(init, *app, namespace=False, before=before)


def setpriv(*words: str) -> tuple[str, ...]:
    """Begin with these privileges."""
    return (machine.program("setpriv"), *words)


def facts(ended: Ended) -> dict[str, list[str]]:
    """What the app said of itself."""
    assert ended.code == 0, ended
    lines = [line.split(":\t") for line in ended.out.splitlines()]
    return {name: value.split() for name, value in lines}


@pytest.mark.parametrize("user", ["1000:1000", "1001:1001"])
@pytest.mark.parametrize(
    "through",
    [
        (*AS_1000, *AMBIENT),
        (*AS_1000, "--inh-caps=+setuid,+setgid,+net_raw", "--ambient-caps=+setuid,+setgid"),
        (*AS_1000, *AMBIENT, "--securebits=+no_setuid_fixup"),
        (*AS_1000, *AMBIENT, "--securebits=+keep_caps_locked"),
        ("--inh-caps=+net_raw,+sys_admin",),
        ("--inh-caps=+net_raw", "--ambient-caps=+net_raw"),
        ("--securebits=+no_setuid_fixup",),
        ("--securebits=+noroot,+no_setuid_fixup,+no_setuid_fixup_locked", *AMBIENT),
    ],
    ids=" ".join,
)
def test_none_is_left(api, user, through):
    """Of inheritable, permitted, effective and ambient ones; also for who is the user already."""
    machine.need_mounts()
    ended = launched(api, "--user", user, through=setpriv(*through))
    found = facts(ended)
    assert found.pop("Uid") == [user.split(":")[0]] * 4
    assert found == dict.fromkeys(SETS, NONE)


def test_root_cannot_be_regained(api):
    """What the app could do with one call before."""
    app = ("sh", "-c", "setpriv --reuid 0 id -u; setpriv --reuid 1002 id -u; true")
    with_some = setpriv(*AS_1000, *AMBIENT)
    assert launched(api, through=with_some, app=app).out == "0\n1002\n"
    assert launched(api, "--user", "1000:1000", through=with_some, app=app).out == ""


@pytest.mark.parametrize("form", ["NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE"])
@pytest.mark.parametrize("through", [(), (*AS_1000, *AMBIENT, "net")], ids=["root", "1000"])
def test_a_named_one_is_kept(api, public, form, through):
    """As an ambient one, which programs without file capabilities have too; nothing else."""
    if through:
        caps = "+setuid,+setgid,+net_bind_service"
        through = setpriv(*AS_1000, f"--inh-caps={caps}", f"--ambient-caps={caps}")
    manifest = public / "m.toml"
    manifest.write_text(f'[process]\nuser = "1000:1000"\ncapabilities = ["{form}"]\n')
    found = facts(launched(api, "--manifest", str(manifest), through=through))
    assert found.pop("Uid") == ["1000"] * 4
    assert found == dict.fromkeys(SETS, BIND)


def test_a_kept_one_works(api, public):
    """A port below 1024, in a network where that is a privilege."""
    manifest = public / "m.toml"
    manifest.write_text('[process]\nuser = "1000:1000"\ncapabilities = ["NET_BIND_SERVICE"]\n')
    through = (machine.program("unshare"), "--net")
    program = 'import socket; socket.socket().bind(("", 81)); print("bound")'
    app = (shutil.which("python3", path=PATH) or machine.missing("python3"), "-I", "-c", program)
    assert launched(api, "--manifest", str(manifest), through=through, app=app).out == "bound\n"
    without = launched(api, "--user", "1000:1000", through=through, app=app)
    assert "PermissionError" in without.err


@pytest.mark.parametrize(
    ("table", "through", "words"),
    [
        (
            'user = "1000:1000"',
            ("--bounding-set=-net_bind_service",),
            "process.capabilities NET_BIND_SERVICE: this process does not have it",
        ),
        (
            'user = "1000:1000"',
            ("--securebits=+no_setuid_fixup,+keep_caps_locked",),
            "process.capabilities NET_BIND_SERVICE: the securebits of this process",
        ),
        ('user = "root"', (), "process.capabilities: root has all capabilities"),
        ("", (), "process.capabilities: process.user is not given"),
    ],
)
def test_what_cannot_be_kept_is_refused(api, public, table, through, words):
    """Before anything is asked, with the true cause."""
    manifest = public / "m.toml"
    manifest.write_text(f'[process]\n{table}\ncapabilities = ["NET_BIND_SERVICE"]\n')
    before = len(api.requests)
    through = setpriv(*through) if through else ()
    refused = launched(api, "--manifest", str(manifest), through=through)
    assert refused.code == 78, refused
    assert words in refused.err
    assert "(user-refused)" in refused.err
    assert len(api.requests) == before


def test_what_cannot_be_dropped_is_refused(api):
    """Where a sandbox refuses capset, an app that would keep something is not started."""
    kept = ("--securebits=+no_setuid_fixup",)
    words = seccomp.words("capset")
    refused = launched(api, "--user", "1000:1000", through=(*setpriv(*kept), *words))
    assert refused.code == 78, refused
    assert "user 1000:1000: capabilities of this process would be left to it" in refused.err
    found = facts(launched(api, "--user", "1000:1000", through=words))
    assert found["CapPrm"] == NONE


def test_without_proc_they_are_dropped_too(api):
    """The kernel is asked by system calls then."""
    machine.need_mounts()
    hidden = (*machine.MOUNTS, "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")
    through = (*hidden, *setpriv(*AS_1000, *AMBIENT))
    app = ("sh", "-c", "setpriv --reuid 0 id -u 2>/dev/null; true")
    assert launched(api, through=through, app=app).out == "0\n"
    assert launched(api, "--user", "1000:1000", through=through, app=app).out == ""


def test_the_plan_names_what_is_kept(api, public):
    """Beside the user."""
    manifest = public / "m.toml"
    manifest.write_text('[process]\nuser = "1000:1000"\ncapabilities = ["NET_BIND_SERVICE"]\n')
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    words = (str(SCRIPT), "plan", "--manifest", str(manifest), "--")
    ended = run(Init("", words, environ), "true", namespace=False)
    assert "capabilities NET_BIND_SERVICE)\n" in ended.out
