"""G12: links, pipes, devices and folders as targets are refused, never followed."""

from __future__ import annotations

import os

import pytest

from tests.guarantees.conftest import manifest, run

STATE = """
token = "t"
[variables]
PLAIN = "new"
[[certificates]]
domains = ["app.example.test"]
"""


def symlink(path, elsewhere):
    path.symlink_to(elsewhere)


def dangling(path, _elsewhere):
    path.symlink_to("/nowhere/at/all")


def pipe(path, _elsewhere):
    os.mkfifo(path)


def folder(path, _elsewhere):
    path.mkdir()


def device(path, _elsewhere):
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))


@pytest.mark.parametrize("make", [symlink, dangling, pipe, folder, device])
def test_a_target_that_is_no_file_refuses(tmp_path, environ, make):
    """73, the kind of thing named, nothing behind it touched, the other targets neither."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("before")
    make(tmp_path / "target", elsewhere)
    path = manifest(
        tmp_path,
        '[variables.files.PLAIN]\ntarget = "@/target"\n[dotenv]\ntarget = "@/other"\n',
    )
    ran = run(environ, "--manifest", path, "--", "echo", "started")
    assert (ran.code, ran.out, ran.kinds) == (73, "", {"target-refused"})
    assert f"{tmp_path}/target: it is a" in ran.err
    assert elsewhere.read_text() == "before"
    assert not (tmp_path / "other").exists()
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "manifest.toml", "target"]


def test_a_hard_link_is_replaced_and_its_other_name_keeps_the_old_content(tmp_path, environ):
    """Nothing is written through a second name."""
    (tmp_path / "other-name").write_text("before")
    os.link(tmp_path / "other-name", tmp_path / "target")
    path = manifest(tmp_path, '[variables.files.PLAIN]\ntarget = "@/target"\n')
    assert run(environ, "--manifest", path, "--", "true").code == 0
    assert (tmp_path / "target").read_text() == "new"
    assert (tmp_path / "other-name").read_text() == "before"


def test_a_certificates_folder_that_is_a_link_refuses(tmp_path, environ):
    """The folder of a domain is named by fetched data, so a link there is not followed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates/app.example.test").symlink_to(tmp_path / "elsewhere")
    ran = run(environ, "--certificates", f"{tmp_path}/certificates", "--", "echo", "started")
    assert (ran.code, ran.out, ran.kinds) == (73, "", {"target-refused"})
    assert "its directory is a symbolic link" in ran.err
    assert os.listdir(tmp_path / "elsewhere") == []


def test_only_the_named_targets_change(tmp_path, environ):
    """A launch leaves nothing else behind in the folders it writes to."""
    (tmp_path / "kept").write_text("kept")
    path = manifest(tmp_path, '[variables.files.PLAIN]\ntarget = "@/target"\n')
    assert run(environ, "--manifest", path, "--", "true").code == 0
    assert sorted(os.listdir(tmp_path)) == ["kept", "manifest.toml", "target"]


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led astray")
APP = 1234


@pytest.fixture
def home(tmp_path):
    """A directory of the app, and one of root that nobody else may enter."""
    tmp_path.chmod(0o755)
    for name, owner, mode in (("home", APP, 0o755), ("private", 0, 0o700)):
        (tmp_path / name).mkdir(mode=mode)
        os.chown(tmp_path / name, owner, owner)
    (tmp_path / "private/config").write_text("before")
    return tmp_path / "home"


@as_root
@pytest.mark.parametrize("verb", [(), ("plan",), ("doctor",)], ids=["launch", "plan", "doctor"])
@pytest.mark.parametrize(
    "text",
    [
        '[variables.files.PLAIN]\ntarget = "@/home/conf/config"\n',
        '[dotenv]\ntarget = "@/home/conf/new/env"\n',
        '[[templates]]\nsource = "@/t.j2"\ntarget = "@/home/conf/config"\n',
        '[certificates]\ndirectory = "@/home/conf"\n',
    ],
    ids=["value", "dotenv", "template", "certificates"],
)
def test_a_link_of_the_app_is_not_followed_with_the_rights_of_root(
    tmp_path, environ, home, text, verb
):
    """Refused before anything is asked, with the step that is unsafe; nothing is made behind it."""
    (home / "conf").symlink_to(tmp_path / "private")
    os.lchown(home / "conf", APP, APP)
    (tmp_path / "t.j2").write_text("x")
    path = manifest(tmp_path, f'{text}[process]\nuser = "{APP}:{APP}"\n')
    before = (tmp_path / "private").stat()
    ran = run(environ, *verb, "--manifest", path, "--", "echo", "started")
    assert ran.code == 73, ran
    # Lines for people are broken, in long paths too.
    said = "".join((ran.out + ran.err).split())
    assert f"{home}/conf" in said
    assert "isunsafe" in said
    assert "started" not in ran.out.splitlines()
    after = (tmp_path / "private").stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)
    assert os.listdir(tmp_path / "private") == ["config"]
    assert (tmp_path / "private/config").read_text() == "before"


@as_root
def test_the_app_may_have_its_targets_in_its_own_directories(tmp_path, environ, home):
    """Made there, they belong to it, start after start, a directory of certificates too."""
    path = manifest(
        tmp_path,
        '[variables.files.PLAIN]\ntarget = "@/home/conf/config"\n'
        '[certificates]\ndirectory = "@/home/certificates"\n'
        f'[process]\nuser = "{APP}:{APP}"\n',
    )
    for _ in range(2):
        assert run(environ, "--manifest", path, "--", "true").code == 0
    for name in ("conf", "conf/config", "certificates", "certificates/app.example.test/cert.pem"):
        assert (home / name).stat().st_uid == APP
    ran = run(environ, "plan", "--manifest", path, "--", "true")
    assert "a kill while the files are replaced can leave old and new ones" in ran.out
    ran = run(environ, "doctor", "--manifest", path, "--", "true")
    assert "so no journal is kept" in ran.out
