"""`cycle-exec vpn-check` on a machine: what the server's user will find."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from cycle_exec.system import surroundings
from tests.support.hostile import hostile
from tests.support.launching import PATH, SCRIPT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what others may do")


class Ran(NamedTuple):
    """How the check ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def place():
    """A folder that everybody may enter, with a hook, a token and a tmp-dir for nobody."""
    folder = Path(tempfile.mkdtemp(prefix="cx-", dir="/var/lib"))
    folder.chmod(0o755)
    hook = folder / "hook"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (folder / "token").write_text("t0ken")
    (folder / "token").chmod(0o400)
    (folder / "tmp").mkdir(mode=0o700)
    for each in (folder / "token", folder / "tmp"):
        shutil.chown(each, "nobody", "nogroup")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def api():
    """A platform whose socket everybody may use."""
    with hostile() as platform:
        os.chmod(platform.socket, 0o666)
        os.chmod(os.path.dirname(platform.socket), 0o755)
        yield platform


def check(place: Path, api, *words: str, more: str = "", **changes: str) -> Ran:
    """Run it on a configuration of that folder."""
    hook = changes.get("hook", f"{place}/hook")
    words_of_hook = changes.get(
        "words", f"{hook} vpn-auth --deferred --socket {api.socket} --token-file {place}/token"
    )
    text = f"""
user nobody
group nogroup
script-security 2
auth-gen-token
log {place}/log
tmp-dir {changes.get("tmp", str(place / "tmp"))}
auth-user-pass-verify "{words_of_hook}" via-file
{more}
"""
    (place / "server.conf").write_text(text)
    done = subprocess.run(
        [SCRIPT, "vpn-check", place / "server.conf", *words],
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "t0ken" not in done.stdout + done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def test_all_is_well(place, api):
    """One line."""
    ran = check(place, api)
    assert (ran.code, ran.out) == (0, f"{place}/server.conf: ok\n")
    # Where /var/lib is on tmpfs, there is nothing to say.
    assert all("is not on tmpfs" in line for line in ran.err.splitlines())


def test_on_tmpfs_nothing_is_said_at_all(place, api):
    """Neither passwords nor the token reach a disk there."""
    if surroundings.in_memory(b"/dev/shm") is not True:
        pytest.fail("/dev/shm is no tmpfs here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        memory = Path(name)
        memory.chmod(0o755)
        (memory / "token").write_text("t0ken")
        (memory / "token").chmod(0o400)
        (memory / "tmp").mkdir(mode=0o700)
        for each in (memory / "token", memory / "tmp"):
            shutil.chown(each, "nobody", "nogroup")
        words = f"{place}/hook vpn-auth --deferred --socket {api.socket} --token-file {name}/token"
        ran = check(place, api, tmp=f"{name}/tmp", words=words)
        assert ran == (0, f"{place}/server.conf: ok\n", "")
        (memory / "tmp").chmod(0o755)
        ran = check(place, api, tmp=f"{name}/tmp", words=words)
        assert ran.code == 0
        said = f"tmp-dir {name}/tmp has mode 0755: only the server should have access, 0700"
        assert ran.err == f"cycle-exec: warning: {said}\n"


def test_what_is_wrong_is_said_at_once(place, api):
    """Everything, for people with 78 and for machines as JSON."""
    (place / "hook").chmod(0o700)
    (place / "token").chmod(0o440)
    shutil.chown(place / "token", "root", "root")
    os.chmod(api.socket, 0o600)
    shutil.chown(place / "tmp", "root")
    ran = check(place, api, more="verify-client-cert none")
    assert ran.code == 78
    assert ran.out == ""
    assert "verify-client-cert none" in ran.err
    assert f"helper {place}/hook: as user nobody: {place}/hook is not executable" in ran.err
    ran = check(place, api, "--json")
    assert ran.code == 78
    document = json.loads(ran.out)
    subjects = [each["subject"] for each in document["problems"]]
    assert subjects == [
        f"helper {place}/hook",
        "tmp-dir",
        f"socket {api.socket}",
        f"token file {place}/token",
    ]
    assert all(each["fix"] for each in document["problems"])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: (place / "hook").unlink(), "there is no such file"),
        (lambda place: (place / "hook").write_text("#!/no/such\n"), "which is not in the image"),
        (lambda place: (place / "hook").write_text("#!/bin/sh\r\n"), "ends in a carriage return"),
        (lambda place: (place / "hook").write_text("#!/usr/bin/env nope\n"), "not in PATH"),
        (lambda place: (place / "hook").chmod(0o777), "others can write to"),
        (lambda place: place.chmod(0o777), "others can write to"),
        (lambda place: shutil.chown(place / "hook", "daemon"), "who could replace it"),
        (lambda place: (place / "token").unlink(), "token: as user nobody: it does not exist"),
        (lambda place: (place / "token").write_text(""), "it is empty"),
        (lambda place: (place / "token").chmod(0o444), "everyone can read it (mode 0444)"),
        (lambda place: shutil.rmtree(place / "tmp"), "is not a directory"),
    ],
)
def test_each_thing_that_can_be_wrong(place, api, spoil, said):
    """By its own words."""
    spoil(place)
    ran = check(place, api)
    assert ran.code == 78, ran
    assert said in ran.err
    assert "(vpn-helper)" in ran.err


def theirs(place: Path, mode: int = 0o755) -> Path:
    """Return a folder of another user."""
    folder = place / "theirs"
    folder.mkdir()
    folder.chmod(mode)
    shutil.chown(folder, "daemon")
    return folder


def linked(folder: Path, target: object, user: str = "root") -> str:
    """Return the path of a link in a folder; a link's own owner is this user."""
    link = folder / "link"
    link.symlink_to(str(target))
    os.lchown(link, pwd.getpwnam(user).pw_uid, 0)
    return str(link)


def interpreted(place: Path, line: object) -> str:
    """Give the hook this interpreter."""
    (place / "hook").write_text(f"#!{line}\nexit 1\n")
    return f"{place}/hook"


def copied(folder: Path, mode: int = 0o755) -> Path:
    """Return a shell in a folder."""
    shutil.copy(os.path.realpath("/bin/sh"), folder / "sh")
    (folder / "sh").chmod(mode)
    return folder / "sh"


def sticky(place: Path) -> Path:
    """Return a folder of root's, as /tmp is."""
    folder = place / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


OWNED = "belongs to user"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: linked(theirs(place), place / "hook"), f"/theirs {OWNED}"),
        (lambda place: linked(place, linked(theirs(place), place / "hook")), f"/theirs {OWNED}"),
        (lambda place: linked(place, f"{theirs(place)}/../hook"), f"/theirs {OWNED}"),
        (
            lambda place: linked(sticky(place), place / "hook", "daemon"),
            f"the link {{place}}/sticky/link {OWNED}",
        ),
        (lambda place: interpreted(place, copied(theirs(place))), f"/theirs {OWNED}"),
        (lambda place: interpreted(place, linked(theirs(place), "/bin/sh")), f"/theirs {OWNED}"),
        (
            lambda place: interpreted(place, linked(place, copied(theirs(place)))),
            f"/theirs {OWNED}",
        ),
        (
            lambda place: interpreted(place, copied(place, 0o757)),
            "others can write to {place}/sh (mode 0757)",
        ),
        (
            lambda place: interpreted(place, f"/usr/bin/env {copied(theirs(place))}"),
            f"/theirs {OWNED}",
        ),
        (
            lambda place: interpreted(place, f"{linked(theirs(place), '/usr/bin/env')} sh"),
            f"/theirs {OWNED}",
        ),
    ],
)  # fmt: skip
def test_whatever_leads_to_the_hook_is_only_roots(place, api, spoil, said):
    """Its links, what interprets it, and every folder of both."""
    ran = check(place, api, hook=spoil(place))
    assert ran.code == 78, ran
    assert said.format(place=place) in ran.err


@pytest.fixture
def venv(place: Path) -> Path:
    """An installation of ours: the static program, an interpreter behind links, its library."""
    python, root = place / "python", place / "venv"
    packages = root / "lib" / "python3.99" / "site-packages"
    (packages / "cycle_exec" / "system" / "__pycache__").mkdir(parents=True)
    for name in ("entry.py", "system/files.py", "system/__pycache__/files.pyc"):
        (packages / "cycle_exec" / name).touch()
    for folder in (root / "bin", python / "bin", python / "lib/python3.99/lib-dynload"):
        folder.mkdir(parents=True)
    (python / "lib" / "python3.99" / "os.py").touch()
    for program in (root / "bin" / "cycle-exec", python / "bin" / "python3.99"):
        shutil.copy(os.path.realpath("/bin/true"), program)
    (place / "current").symlink_to(python)
    (root / "bin" / "python3.99").symlink_to("../../current/bin/python3.99")
    (root / "pyvenv.cfg").write_text(f"home = {python}/bin\n")
    return root


def given(path: Path) -> Path:
    """Give a file, a folder or a link to another user."""
    os.lchown(path, pwd.getpwnam("daemon").pw_uid, 0)
    return path


def with_noted_interpreter(venv: Path) -> Path:
    """Make it one of `pip install --prefix`, whose interpreter is somewhere else."""
    (venv / "bin" / "python3.99").unlink()
    (venv / "pyvenv.cfg").unlink()
    note = venv / "bin" / "cycle-exec-python"
    note.write_text(f"#!{venv.parent}/python/bin/python3\n")
    return note


def packages_of(venv: Path) -> Path:
    return venv / "lib" / "python3.99" / "site-packages"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda venv: given(venv / "bin"), "/venv/bin "),
        (lambda venv: given(venv / "lib"), "/venv/lib "),
        (lambda venv: given(packages_of(venv)), "/site-packages "),
        (lambda venv: given(packages_of(venv) / "cycle_exec"), "/cycle_exec "),
        (lambda venv: given(packages_of(venv) / "cycle_exec/entry.py"), "/cycle_exec/entry.py "),
        (
            lambda venv: given(packages_of(venv) / "cycle_exec/system/__pycache__/files.pyc"),
            "/__pycache__/files.pyc ",
        ),
        (lambda venv: given(venv / "pyvenv.cfg"), "/venv/pyvenv.cfg "),
        (lambda venv: given(venv.parent / "python/bin/python3.99"), "/python/bin/python3.99 "),
        (lambda venv: given(venv.parent / "python/bin"), "/python/bin "),
        (lambda venv: given(venv.parent / "python/lib/python3.99/os.py"), "/python3.99/os.py "),
        (lambda venv: given(venv.parent / "python/lib/python3.99/lib-dynload"), "/lib-dynload "),
        (lambda venv: given(with_noted_interpreter(venv)), "/cycle-exec-python "),
        (
            lambda venv: (with_noted_interpreter(venv), given(venv.parent / "python/bin")),
            "/python/bin ",
        ),
    ],
)
def test_whatever_our_own_hook_runs_is_only_roots(place, api, venv, spoil, said):
    """The interpreter that its program starts, the links to it, its library and our package."""
    hook = f"{venv}/bin/cycle-exec"
    ran = check(place, api, hook=hook)
    assert ran.code == 0, ran
    spoil(venv)
    ran = check(place, api, hook=hook)
    assert ran.code == 78, ran
    assert f"{said}{OWNED}" in ran.err


@pytest.mark.parametrize(
    "path",
    ["lib/python3.99/site-packages/cycle_exec/entry.py", "lib", "lib/python3.99/site-packages"],
)
def test_nor_may_others_write_to_it(place, api, venv, path):
    """Whoever can put a package of a newer Python there has replaced the hook as well."""
    (venv / path).chmod(0o777)
    ran = check(place, api, hook=f"{venv}/bin/cycle-exec")
    assert ran.code == 78, ran
    assert f"others can write to {venv}/{path} (mode 0777)" in ran.err


def test_where_an_interpreter_could_be_put_before_the_right_one(place, api, venv):
    """The program looks in the folder of the note before /usr/local/bin."""
    note = with_noted_interpreter(venv)
    assert check(place, api, hook=f"{venv}/bin/cycle-exec").code == 0
    note.write_text(f"#!{sticky(place)}/python3\n")
    ran = check(place, api, hook=f"{venv}/bin/cycle-exec")
    assert ran.code == 78
    assert f"others can write to {place}/sticky (mode 1777)" in ran.err


def test_where_env_looks_first(place, api):
    """A program put in a folder of PATH before the right one would be taken."""
    hook = interpreted(place, "/usr/bin/env sh")
    assert check(place, api, hook=hook).code == 0
    assert check(place, api, hook=hook, more=f"setenv PATH {place}/none:/bin").code == 0
    folder = sticky(place)
    for path in (f"{folder}:/bin", f"{folder}/none:/bin"):
        ran = check(place, api, hook=hook, more=f"setenv PATH {path}")
        assert ran.code == 78
        assert f"others can write to {folder} (mode 1777)" in ran.err
    # What root has put there stays.
    copied(folder)
    assert check(place, api, hook=hook, more=f"setenv PATH {folder}:/bin").code == 0


def test_what_only_root_can_change_is_well(place, api):
    """A link's own owner matters in sticky folders alone."""
    hook = linked(sticky(place), linked(place, place / "hook", "daemon"))
    assert check(place, api, hook=hook).code == 0
    assert check(place, api, hook=interpreted(place, copied(place))).code == 0


def test_directives_are_read_as_openvpn_does(place, api):
    """Which would not start with what it does not know."""
    assert check(place, api, more="script-security 2;").code == 0
    assert check(place, api, more="setenv opt script-security 2").code == 0
    ran = check(place, api, more="setenv opt script-security 1")
    assert "via-file needs script-security 2, it is 1" in ran.err
    ran = check(place, api, more="script-security 2 execve")
    assert ran.code == 78
    assert "script-security has 2 parameters, but OpenVPN knows it with 1" in ran.err


def test_inside_a_chroot(place, api):
    """The hook has to be in there, with its interpreter."""
    jail = place / "jail"
    jail.mkdir()
    ran = check(place, api, more=f"chroot {jail}")
    assert ran.code == 78
    assert f"helper {place}/hook: as user nobody: there is no such file" in ran.err


def test_people_who_are_not_there(place, api):
    """user and group of the configuration."""
    ran = check(place, api, more="user ghost")
    assert "there is no user ghost in this image" in ran.err
    ran = check(place, api, more="group ghosts")
    assert "there is no group ghosts in this image" in ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no auth-user-pass-verify"),
        ('port "1', "a quote is never closed"),
        ("config none.conf", "OpenVPN config none.conf: it does not exist (file-missing)"),
    ],
)
def test_a_configuration_that_is_none(place, text, said):
    """Named."""
    (place / "server.conf").write_text(text)
    done = subprocess.run(
        [SCRIPT, "vpn-check", "server.conf"], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert said in done.stderr


def test_the_manifest_says_what_is_checked(place, api):
    """Its [vpn], whose token a launch would write; without --probe the hook is not run."""
    (place / "token").unlink()
    check(place, api)
    manifest = place / "m.toml"
    manifest.write_text(f'[vpn]\nconfig = "{place}/server.conf"\n')
    environ = {"PATH": PATH, "CYCLE_EXEC_MANIFEST": str(manifest), "CYCLE_API_TOKEN": "t0ken"}

    def run(*words):
        return subprocess.run(
            [SCRIPT, "vpn-check", *words], env=environ, capture_output=True, text=True, check=False
        )

    done = run()
    assert (done.returncode, done.stdout) == (0, f"{place}/server.conf: ok\n"), done.stderr
    done = run("--probe")
    assert done.returncode == 78
    assert "it rejected them, but does not say that the platform did" in done.stderr
    (place / "hook").write_text(
        "#!/bin/sh\necho the platform did not accept the username and password >&2\nexit 1\n"
    )
    done = run("--probe", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["problems"] == []
    assert not (place / "token").exists()
    assert os.listdir(place / "tmp") == []
    assert "t0ken" not in done.stdout + done.stderr


def test_without_anything_it_is_the_usual_place(place):
    """/etc/openvpn/server.conf, or what the command names."""
    done = subprocess.run(
        [SCRIPT, "vpn-check", "--", "openvpn", "--config", place / "none.conf"],
        env={"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert f"OpenVPN config {place}/none.conf: it does not exist (file-missing)" in done.stderr
    done = subprocess.run(
        [SCRIPT, "vpn-check"], env={"PATH": PATH}, capture_output=True, text=True, check=False
    )
    assert "/etc/openvpn/server.conf" in done.stdout + done.stderr
