"""Which step of a path is to blame where there is nothing at its end."""

from __future__ import annotations

import os

import pytest

from cycle_exec.settings.manifest import manifest
from cycle_exec.system import files
from cycle_exec.system.paths import missing
from tests.support.hostile import hostile
from tests.support.launching import Ground


@pytest.fixture
def place(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("there")
    return tmp_path


LACKS = {
    "there/none": "",
    "link/none": "",
    "there//none": "",
    "none": "",
    "gone/none": "there is no directory @/gone",
    "link/gone/deeper/none": "there is no directory @/link/gone",
    "file/none": "@/file is not a directory",
    "there/../file/none": "@/there/../file is not a directory",
    "dangling/none": "@/dangling is a dangling symbolic link",
    "dangling": "it is a dangling symbolic link",
    "a\0b/none": "",
    "x" * 300 + "/none": "",
}


@pytest.mark.parametrize("name", LACKS)
def test_the_first_step_that_is_missing(place, name):
    """The step as it was written, or nothing where only the last name is missing."""
    assert missing.lack(f"{place}/{name}") == LACKS[name].replace("@", str(place))


def test_a_relative_path(place, monkeypatch):
    """Its steps are told as they were written."""
    monkeypatch.chdir(place)
    assert missing.lack("none") == ""
    assert missing.lack("gone/none") == "there is no directory gone"
    assert missing.lack("file/none") == "file is not a directory"


def test_bytes_that_are_no_text(place):
    """They survive the way."""
    name = os.fsdecode(b"\xff")
    assert missing.lack(f"{place}/{name}/none") == f"there is no directory {place}/{name}"


def test_a_closed_package_hides_no_reason(place, monkeypatch):
    """The app's user, as whom a directory is entered, may not be able to read it."""
    monkeypatch.setitem(__import__("sys").modules, "cycle_exec.system.paths.missing", None)
    monkeypatch.delattr("cycle_exec.system.paths.missing")
    with pytest.raises(files.Unreadable) as caught:
        files.read(f"{place}/gone/none")
    assert caught.value.reason == "it does not exist"


ASKED = {
    "a manifest": (["--manifest", "@/gone/m.toml"], 78, "@/gone/m.toml"),
    "a template": (["--template", "@/gone/t.j2:/run/t"], 78, "template @/gone/t.j2"),
    "a dotenv file": (["--env-file", "@/gone/.env"], 78, "env file @/gone/.env"),
    "a socket": (["--socket", "@/gone/api.sock", "--deadline", "300ms"], 69, "@/gone/api.sock"),
}


@pytest.mark.parametrize("what", ASKED)
def test_every_file_that_a_launch_is_asked_for(tmp_path, what):
    """The directory that is missing is named, as often as the path is tried."""
    ground = Ground(tmp_path)
    words, code, subject = ASKED[what]
    with hostile(variables={}) as api:
        ran = ground.launch(api, *(word.replace("@", str(tmp_path)) for word in words))
    assert ran.code == code
    wanted = f"cycle-exec: {subject}: there is no directory {{}}/gone"
    assert wanted.replace("@", str(tmp_path)).format(tmp_path) in ran.err


@pytest.mark.parametrize("command", ["@/gone/app", "gone/app"])
def test_the_command(tmp_path, command):
    """Of an app, as of a file; a relative one is looked for in the working directory."""
    ground = Ground(tmp_path)
    with hostile(variables={}) as api:
        ran = ground.launch(api, command=[command.replace("@", str(tmp_path))])
    assert ran.code == 127
    assert f"{command.replace('@', str(tmp_path))}: there is no directory /" in ran.err


def test_the_working_directory(tmp_path):
    """Where the app is to start."""
    ground = Ground(tmp_path)
    path = ground.manifest('[process]\ndirectory = "~/gone/deeper"\n')
    assert manifest.parse(path.read_text(), str(path)).process.directory
    with hostile(variables={}) as api:
        ran = ground.launch(api, "--manifest", path)
    assert ran.code == 78
    assert f"deeper: there is no directory {ground.inputs}/gone (file-missing)" in ran.err
