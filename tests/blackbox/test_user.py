"""--user: another user for good, beside gosu; what is theirs, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.hostile import VARIABLES, Hostile, data, hostile
from tests.support.inits import Ended, Init, ours, run, running
from tests.support.launching import PATH, SCRIPT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

PASSWD = """\
root:x:0:0::/root:/bin/sh
app:x:1501:1501::/home/app:/bin/sh
bare:x:1502:1502:::
nobody:x:65534:65534::/nonexistent:/bin/sh
"""
GROUP = """\
root:x:0:
app:x:1501:
extra:x:1600:app,nobody
more:x:1601:app
bare:x:1502:
nogroup:x:65534:
"""
# Bind mounts of a mount namespace of its own.
_IMAGE = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'
# A shell, for the Python of these tests may lie where only root goes.
FACTS = """
grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|NoNewPrivs):' /proc/$$/status
printf 'Home:\\t%s\\n' "$HOME"
for fd in /proc/$$/fd/*; do printf 'Fd:\\t%s\\n' "${fd##*/}"; done
"""
APP = ("sh", "-c", FACTS)
ATTEMPTS = """
for words in "--reuid 0" "--euid 0" "--regid 0 --keep-groups" "--groups 0" "--clear-groups"; do
    setpriv $words true 2>/dev/null && echo "$words"
done
exit 0
"""


@pytest.fixture
def image(public):
    """The folder of an image's passwd and group, which everyone may enter."""
    (public / "passwd").write_text(PASSWD)
    (public / "group").write_text(GROUP)
    return public


def inside(image: Path, *words: str, caps: str = "", **environ: str) -> Init:
    """These words in that image; caps: the only capabilities, for setpriv(1)."""
    limited = ("setpriv", f"--bounding-set={caps}") if caps else ()
    machine.need_mounts()
    mounts = (*machine.MOUNTS, "sh", "-c", _IMAGE, str(image))
    return Init("", (*mounts, *limited, *words), {"PATH": PATH, "HOME": "/root", **environ})


def launched(
    image: Path, api: Hostile, *options: str, app: tuple[str, ...], caps: str = "", **environ: str
) -> Ended:
    """A launch with these options in that image."""
    given = {"CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket, **environ}
    init = inside(image, str(SCRIPT), *options, "--", caps=caps, **given)
    return run(init, *app, namespace=False)


def facts(ended: Ended) -> dict[str, list[str]]:
    """What the app said of itself."""
    assert ended.code == 0, ended
    found: dict[str, list[str]] = {}
    for line in ended.out.splitlines():
        name, _, value = line.partition(":\t")
        found.setdefault(name, []).extend(value.split())
    return found


@pytest.mark.parametrize(
    "user", ["app", "app:extra", "app:1600", "1501", "1501:1601", "4242:4243", "bare", "nobody"]
)
def test_the_same_as_gosu(image, api, user):
    """Ids, supplementary groups, capabilities and HOME; nothing of root's is left."""
    mine = facts(launched(image, api, "--user", user, app=APP))
    theirs = facts(run(inside(image, machine.program("gosu"), user), *APP, namespace=False))
    # As initgroups(3) has it, the group itself is among them too: with gosu a setgid program could
    # shed it, and with it a group's lesser rights (CVE-2022-2989).
    assert set(mine.pop("Groups")) == {*theirs.pop("Groups"), mine["Gid"][0]}
    # Nobody's home is /, not the folder that happens to be the current one.
    assert mine.pop("Home") == (theirs.pop("Home") or ["/"])
    assert mine == theirs
    assert mine["CapPrm"] == mine["CapEff"] == ["0" * 16]
    assert not {"0"} & {*mine["Uid"], *mine["Gid"]}
    assert mine["Fd"] == ["0", "1", "2", "3"]  # 3: the shell, looking at the folder


def test_there_is_no_way_back(image, api):
    """Real, effective and saved ids are the user's; root and its groups cannot be regained."""
    ended = launched(image, api, "--user", "app", app=("sh", "-c", ATTEMPTS))
    assert (ended.code, ended.out) == (0, "")
    assert launched(image, api, app=("sh", "-c", ATTEMPTS)).out.count("\n") == 5


def test_setuid_programs_help_or_not(image, api):
    """no_new_privs: a setuid program gives nothing; without it, it does."""
    copied = image / "id"
    shutil.copy(shutil.which("id") or "", copied)
    copied.chmod(0o4755)
    command = (str(copied), "-u")
    assert launched(image, api, "--user", "app", app=command).out == "0\n"
    without = launched(image, api, "--user", "app", "--no-new-privs", app=command)
    assert without.out == "1501\n"
    alone = facts(launched(image, api, "--no-new-privs", app=APP))
    assert (alone["NoNewPrivs"], alone["Uid"]) == (["1"], ["0"] * 4)


def test_files_are_the_users(image, api):
    """Targets and the folders made for them, but for those with an owner of their own."""
    template = image / "t.j2"
    template.write_text("{{ variables.PLAIN }}")
    manifest = image / "manifest.toml"
    manifest.write_text(
        f"""
[process]
user = "app"
[[templates]]
source = "{template}"
target = "{image}/new/mine"
[[templates]]
source = "{template}"
target = "{image}/roots"
owner = "root:extra"
"""
    )
    read = ("cat", f"{image}/new/mine")
    assert launched(image, api, "--manifest", str(manifest), app=read).out == "x"
    mine, folder, roots = (os.stat(image / name) for name in ("new/mine", "new", "roots"))
    assert (mine.st_uid, mine.st_gid, stat.S_IMODE(mine.st_mode)) == (1501, 1501, 0o600)
    assert (folder.st_uid, folder.st_gid, stat.S_IMODE(folder.st_mode)) == (1501, 1501, 0o700)
    assert (roots.st_uid, roots.st_gid) == (0, 1600)


def test_root_does_not_check_what_others_can_exchange(image, api):
    """A file may name code to load. Where only root can change the directory, root checks it."""
    said = image / "said"
    said.mkdir()
    said.chmod(0o777)
    (image / "t.j2").write_text("{{ variables.PLAIN }}")
    home = image / "home"
    home.mkdir()
    os.chown(home, 1501, 1501)
    blocks = [
        f"""
[[templates]]
source = "{image}/t.j2"
target = "{target}"
check = ["sh", "-c", "id -u >{said}/{name} && cat {{{{ staged }}}}"]
"""
        for name, target in (
            ("home", home / "file"),
            ("new", home / "new/file"),
            ("root", image / "f"),
        )
    ]
    manifest = image / "m.toml"
    manifest.write_text('[process]\nuser = "app"\n' + "".join(blocks))
    for _ in range(2):  # the second time all files are as they should be
        ended = launched(image, api, "--manifest", str(manifest), app=("true",))
        assert ended.code == 0, ended
        found = {path.name: path.read_text() for path in said.iterdir()}
        assert found == {"home": "1501\n", "new": "1501\n", "root": "0\n"}


@pytest.mark.parametrize(
    ("options", "environ", "home"),
    [
        ((), {}, "/home/app"),
        (("--preserve-env=HOME",), {}, "/root"),
        (("--preserve-env",), {}, "/root"),
        (("--pristine",), {}, "/home/app"),
        ((), {"MANIFEST": '[environment]\nset = { HOME = "/srv" }\n'}, "/srv"),
    ],
)
def test_home(image, api, options, environ, home):
    """From passwd, unless one is given."""
    manifest = image / "m.toml"
    manifest.write_text(environ.get("MANIFEST", ""))
    words = ("--manifest", str(manifest), "--user", "app", *options)
    assert facts(launched(image, api, *words, app=APP))["Home"] == [home]


def test_two_capabilities_are_enough(image, api):
    """SETUID and SETGID; whoever has files to give away needs CHOWN as well."""
    caps = "-all,+setuid,+setgid"
    found = facts(launched(image, api, "--user", "app", app=APP, caps=caps))
    assert found["Uid"] == ["1501"] * 4
    template = image / "t.j2"
    template.write_text("x")
    words = ("--user", "app", "--template", f"{template}:{image}/target")
    refused = launched(image, api, *words, app=("true",), caps=caps)
    assert refused.code == 73, refused
    assert "user app: user 0 may not change the owner of files (target-refused)" in refused.err
    assert not (image / "target").exists()


@pytest.mark.parametrize("caps", ["-all", "-all,+setuid", "-all,+setgid"])
def test_without_them_it_is_refused(image, api, caps):
    """Before anything is asked."""
    before = len(api.requests)
    refused = launched(image, api, "--user", "app", app=("true",), caps=caps)
    assert refused.code == 78, refused
    assert "user app: this process may not switch to it (EPERM) (user-refused)" in refused.err
    assert len(api.requests) == before


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("ghost", "there is no user ghost in this image (owner-unknown)"),
        ("app:ghosts", "there is no group ghosts in this image (owner-unknown)"),
        ("4242", "its group must be given too (owner-unknown)"),
        ("99999999999", "there is no user 99999999999 in this image (owner-unknown)"),
        ("9" * 5000, "(owner-unknown)"),
    ],
)
def test_unknown_people(image, api, user, words):
    """Named, with the way out."""
    refused = launched(image, api, "--user", user, app=("true",))
    assert refused.code == 78, refused
    assert words in refused.err


@pytest.mark.parametrize("user", ["", ":app", "app:", "a b", "a:b:c"])
def test_what_is_no_user(image, api, user):
    """Wrong words are wrong words."""
    assert launched(image, api, "--user", user, app=("true",)).code == 64


def test_a_command_that_is_not_for_them(image, api):
    """What only root may execute is known before anything is asked."""
    program = image / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    refused = launched(image, api, "--user", "app", app=(str(program),))
    assert refused.code == 126, refused
    assert "user app may not execute it" in refused.err


def test_a_folder_that_is_not_for_them(image, api):
    """The same for the working directory."""
    (image / "closed").mkdir(mode=0o700)
    manifest = image / "m.toml"
    manifest.write_text(f'[process]\nuser = "app"\ndirectory = "{image}/closed"\n')
    refused = launched(image, api, "--manifest", str(manifest), app=("true",))
    assert refused.code == 78, refused
    assert "user app may not enter it" in refused.err


@pytest.mark.parametrize("mode", ["", "--init"])
def test_a_folder_that_is_exchanged_during_the_start(image, mode):
    """Nobody is led by root to where only root may go: not even by a link of his own."""
    closed = image / "closed"
    (closed / "inner").mkdir(parents=True)
    closed.chmod(0o700)
    home = image / "home"
    (home / "open/inner").mkdir(parents=True)
    (home / "way").symlink_to("open")
    manifest = image / "m.toml"
    manifest.write_text(f'[process]\nuser = "app"\ndirectory = "{home}/way/inner"\n')

    def exchanged(talk):
        (home / "other").symlink_to(closed)
        (home / "other").rename(home / "way")
        talk.send(data({}))

    options = ["--manifest", str(manifest), *([mode] if mode else [])]
    with hostile() as platform:
        platform.on(VARIABLES, exchanged)
        refused = launched(image, platform, *options, app=("pwd",))
    assert (refused.code, refused.out) == (78, ""), refused
    assert f"directory {home}/way/inner: permission denied" in refused.err


def test_oneself_needs_nothing(image, api):
    """Who is the user already, may say so."""
    found = facts(launched(image, api, "--user", "root", app=APP, caps="-all"))
    assert found["Uid"] == ["0"] * 4
    assert found["CapEff"] == ["0" * 16]


def test_below_a_supervisor(api):
    """With --init the app is the user's, PID 1 stays root's and its signals arrive."""
    init = ours(api, "--user", "65534:65534")
    script = "trap 'echo got it; exit 3' TERM; id -u; while :; do sleep 0.05; done"
    with running(init, "sh", "-c", script) as app:
        assert app.line() == "65534"
        app.send(signal.SIGTERM)
        assert app.finish()[:2] == (3, "got it\n")


def test_a_supervisor_that_could_not_send_signals(image, api):
    """Is refused, for TERM would never arrive."""
    caps = "-all,+setuid,+setgid"
    refused = launched(image, api, "--init", "--user", "app", app=("true",), caps=caps)
    assert refused.code == 78, refused
    assert "needs CAP_KILL (user-refused)" in refused.err


def test_the_plan_says_who(image, api):
    """In words and in JSON."""
    words = ("plan", "--user", "app")
    assert (
        "\nuser: app (uid 1501, gid 1501, groups 1600, 1601)\n"
        in launched(image, api, *words, app=("true",)).out
    )
    document = json.loads(launched(image, api, *words, "--json", app=("true",)).out)
    assert document["user"].startswith("app (uid 1501")
