"""Scoped variables of access kind file, in real launches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, SIGNAL, reloading, state
from tests.support.emulated import emulated
from tests.support.hostile import CANARY, hostile
from tests.support.launching import SCRIPT, Ground, Ran, without_privileges
from tests.support.waiting import until

NOBODY = 65534
TEMPLATES = """
[variables]
file_directory = "~/variables"
[[templates]]
source = "~/page.j2"
target = "@/page"
"""


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Inputs, among them a directory of variables, and targets."""
    made = Ground(tmp_path)
    (made.inputs / "variables").mkdir()
    return made


def store(ground: Ground, name: str, content: str | bytes) -> Path:
    """A variable in a file."""
    path = ground.inputs / "variables" / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def page(ground: Ground, template: str, more: str = "", **variables: str) -> Ran:
    """A launch with this template; what the app prints is its whole environment."""
    ground.template(template)
    manifest = ground.manifest(TEMPLATES + more)
    with hostile(variables=variables) as api:
        return ground.launch(api, "--manifest", manifest, command=["env"])


def test_it_reaches_templates_and_files_and_never_the_environment(ground):
    """Also where the app stays below us, and with a dotenv file of what is exported."""
    store(ground, "KEY", f"{CANARY}\n")
    more = '[variables.files.KEY]\ntarget = "@/key"\n[dotenv]\ntarget = "@/env"\n'
    for option in ("", "[process]\ninit = true\n"):
        ran = page(ground, "{{ variables.KEY }}{{ variables.API }}", more + option, API="a")
        assert ran.code == 0, ran
        assert CANARY not in ran.out + ran.err
        assert f"KEY_FILE={ground.folder}/key" in ran.out.splitlines()
        assert "API=a" in ran.out.splitlines()
        assert (ground.folder / "page").read_text() == f"{CANARY}\na"
        assert (ground.folder / "key").read_text() == f"{CANARY}\n"
        assert CANARY not in (ground.folder / "env").read_text()
        assert (ground.folder / "key").stat().st_mode & 0o777 == 0o600


def test_environment_set_is_the_environment(ground):
    """It is refused, with the way out, and nothing is written."""
    store(ground, "KEY", CANARY)
    more = '[environment]\nset = { X = "{{ variables.KEY }}" }\n'
    ran = page(ground, "{{ variables.KEY }}", more)
    words = "environment.set.X:1: KEY is a file, and so is kept out of the environment"
    ground.refused(ran, 65, "template-undefined", words, "[variables.files]")


@pytest.mark.parametrize("engine", ["plain", "compiled", "jinja2"])
def test_every_way_of_rendering_finds_it(ground, engine):
    """Templates that only put values in their places, compiled ones, and others."""
    store(ground, "KEY", "k{{ 1 }}")
    block = "" if engine == "plain" else "{% if variables.KEY %}!{% endif %}"
    text = "{{ variables.KEY }}" + block
    ground.template(text)
    manifest = ground.manifest(TEMPLATES)
    if engine == "compiled":
        assert ground.verb(None, "compile", "--manifest", manifest).code == 0
    with hostile() as api:
        ran = ground.launch(api, "--manifest", manifest)
    assert ran.code == 0, ran
    assert (ground.folder / "page").read_text() == "k{{ 1 }}" + ("" if engine == "plain" else "!")


def test_no_directory_is_the_usual_case(ground):
    """Nothing is read or imported for it, and nothing of it by a launch without templates."""
    ground.template("{{ variables.PLAIN }}")
    manifest = ground.manifest(TEMPLATES)
    (ground.inputs / "variables").rmdir()
    with hostile(variables={"PLAIN": "x"}) as api:
        without = imported(ground, api, "--manifest", str(manifest))
        (ground.inputs / "variables").mkdir()
        store(ground, "KEY", "k")
        with_files = imported(ground, api, "--manifest", str(manifest))
        simple = ground.manifest('[variables]\nfile_directory = "~/variables"\n', "simple.toml")
        unused = imported(ground, api, "--manifest", str(simple))
    assert "cycle_exec.system.variable_files" in with_files
    for found in (without, unused):
        assert not [name for name in found if name.endswith(("variable_files", "offline"))]
        assert "cycle_exec.planning.local_variables" not in found


def imported(ground: Ground, api, *words: str) -> set[str]:
    """The modules of ours that a launch imports."""
    done = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", SCRIPT, *words, "--", "true"],
        env=ground.environ(api), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line]
    return {line for line in lines if line.startswith("cycle_exec.")}


CASES = {
    "a pipe": (os.mkfifo, "it is a named pipe"),
    "a directory": (os.mkdir, "it is a directory"),
    "a link out": (lambda path: os.symlink("/etc/hostname", path), "leads out of the directory"),
    "a link to nowhere": (lambda path: os.symlink("none", path), "it does not exist"),
    "a huge file": (lambda path: huge(path), "it is larger than 8388608 bytes"),
    "writable": (lambda path: writable(path), "others can write it"),
}


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(17 * 1024 * 1024)


def writable(path: Path) -> None:
    path.write_text(CANARY)
    path.chmod(0o646)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("use", ["template", "file", "required", "none"])
def test_a_hostile_file_refuses_where_it_is_named(ground, case, use):
    """At once, and with its path; elsewhere it does no harm."""
    make, reason = CASES[case]
    path = ground.inputs / "variables" / "BAD"
    make(path)
    template = "{{ variables.BAD }}" if use == "template" else "BAD"
    more = '[variables.files.BAD]\ntarget = "@/bad"\n' if use == "file" else ""
    ground.template(template)
    text = TEMPLATES + more
    if use == "required":
        text = text.replace("[variables]\n", '[variables]\nrequired = ["BAD"]\n')
    with hostile() as api:
        ran = ground.launch(api, "--manifest", ground.manifest(text))
    if use == "none":
        assert (ran.code, (ground.folder / "page").read_text()) == (0, "BAD"), ran
        return
    ground.refused(ran, 65, "variable-unreadable", f"scoped variable BAD ({path}): ", reason)
    assert ran.seconds < 20


def test_bytes_that_are_no_text(ground):
    """A template cannot hold them, a file of variables is written as it is."""
    store(ground, "BIN", b"\xff\0\r\n")
    ran = page(ground, "{{ variables.BIN }}")
    ground.refused(ran, 65, "value-refused", "it is not UTF-8 text, and a template names it")
    ran = page(ground, "x", '[variables.files.BIN]\ntarget = "@/bin"\n')
    assert ran.code == 0, ran
    assert (ground.folder / "bin").read_bytes() == b"\xff\0\r\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_not_believed(ground):
    """What root writes, and runs checks with, is not his to say."""
    store(ground, "KEY", CANARY)
    os.chown(ground.inputs / "variables", NOBODY, NOBODY)
    ran = page(ground, "{{ variables.KEY }}")
    ground.refused(ran, 65, "variable-unreadable", "others can change the directory", "read-only")


def test_odd_names_are_printable(ground):
    """A file's name is anybody's text."""
    path = ground.inputs / "variables" / "A\n\x1b[31m"
    path.mkdir()
    manifest = ground.manifest(TEMPLATES)
    ground.template("x")
    with hostile() as api:
        ran = ground.launch(api, "--manifest", manifest, "--log-level", "info")
        assert ran.code == 0, ran
        assert all(line.isprintable() for line in ran.err.splitlines())
        ran = ground.verb(api, "plan", "--manifest", manifest)
    assert "\x1b" not in ran.out


def test_what_a_check_prints_of_it_is_withheld(ground):
    """As of every fetched value."""
    store(ground, "KEY", f"{CANARY}-of-a-file")
    check = 'check = ["sh", "-c", "echo before; cat $0; exit 1", "{{ staged }}"]\n'
    ran = page(ground, "{{ variables.KEY }}", check)
    assert ran.code == 65, ran
    assert "before" in ran.err
    assert CANARY not in ran.err


def test_plan_and_doctor_tell_where_each_is_from(ground):
    """Its path, length and fingerprint, never the value; what the API has, too, is not used."""
    store(ground, "KEY", CANARY)
    store(ground, "BOTH", CANARY)
    (ground.inputs / "variables" / "lost+found").mkdir()
    ground.template("{{ variables.KEY }} {{ variables.BOTH }}")
    manifest = ground.manifest(TEMPLATES + '[variables.files.KEY]\ntarget = "@/key"\n')
    folder = ground.inputs / "variables"
    with hostile(variables={"BOTH": "api"}) as api:
        text = ground.verb(api, "plan", "--manifest", manifest).out
        said = ground.verb(api, "plan", "--json", "--manifest", manifest)
        doctor = ground.verb(api, "doctor", "--manifest", manifest, "--", "true").out
    assert CANARY not in text + said.out + doctor
    assert "variables in files, for templates and files alone\n" in text
    assert f"{folder}/BOTH, not used: the API has it, too" in text
    assert f"scoped variable lost+found ({folder}/lost+found) has no value" in text
    document = json.loads(said.out)
    found = {each["name"]: each for each in document["file_variables"]}
    assert (found["KEY"]["source"], found["KEY"]["used"]) == (f"{folder}/KEY", True)
    assert (found["BOTH"]["used"], found["KEY"]["bytes"]) == (False, len(CANARY))
    sources = {each["path"]: each["source"] for each in document["targets"]}
    assert sources[f"{ground.folder}/key"] == f"scoped variable KEY in {folder}/KEY"
    assert "BOTH, KEY" in doctor
    assert "lost+found: it is a directory" in " ".join(doctor.split())


def test_a_file_that_may_not_be_read(ground):
    """For whoever starts us without the right to."""
    store(ground, "KEY", CANARY).chmod(0)
    ground.template("{{ variables.KEY }}")
    manifest = ground.manifest(TEMPLATES)
    with hostile() as api:
        ran = ground.launch(api, "--manifest", manifest, before=without_privileges)
    ground.refused(ran, 65, "variable-unreadable", "permission denied")


def test_a_directory_that_may_not_be_read(ground):
    """A warning says so, and whatever needs a file of it is refused for what is missing."""
    store(ground, "KEY", CANARY)
    (ground.inputs / "variables").chmod(0)
    ground.template("{{ variables.KEY }}")
    manifest = ground.manifest(TEMPLATES)
    with hostile() as api:
        ran = ground.launch(api, "--manifest", manifest, before=without_privileges)
    words = f"warning: variables.file_directory {ground.inputs}/variables: permission denied"
    ground.refused(ran, 65, "template-undefined", words, "KEY is not defined")


def test_a_vpn_login_may_be_a_file(ground):
    """Its password, which no environment should have."""
    store(ground, "PASSWORD", "correct horse")
    login = '[vpn.login]\nusername = "NAME"\npassword = "PASSWORD"\n'
    manifest = ground.manifest(TEMPLATES.partition("[[")[0] + login)
    text = 'token = "t"\n[variables]\nNAME = "alice"\n[vpn.users]\nalice = "correct horse"\n'
    with emulated(text) as platform:
        environ = {"CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": platform.socket}
        ran = ground.launch(None, "--manifest", manifest, environ=environ, command=["env"])
        assert ran.code == 0, ran
        assert "correct horse" not in ran.out
        store(ground, "PASSWORD", "wrong")
        ran = ground.launch(None, "--manifest", manifest, environ=environ)
        assert (ran.code, ran.kinds) == (77, ["login-refused"]), ran


def test_an_address_that_is_waited_for_may_use_it(ground):
    """As every template."""
    store(ground, "PLACE", str(ground.target("there")))
    manifest = TEMPLATES.partition("[[")[0] + '[[wait]]\nfor = "file:{{ variables.PLACE }}"\n'
    with hostile() as api:
        ran = ground.launch(api, "--manifest", ground.manifest(manifest))
    assert (ran.code, ground.starts) == (0, 1), ran


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What reload mode's tests need, and a variable in a file."""
    (tmp_path / "page.j2").write_text("page {{ variables.PAGE }} {{ variables.KEY }}\n")
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "KEY").write_text("k1")
    return tmp_path


RELOAD = SIGNAL.replace("[variables]", '[variables]\nfile_directory = "@/variables"')


def test_a_changed_file_is_found_at_the_next_look(folder):
    """What is made of it follows; the platform's notifications say when to look."""
    with emulated(state()) as platform, reloading(platform, folder, RELOAD, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        assert (folder / "page").read_text() == "page first k1\n"
        run.says("listening for notifications")
        (folder / "variables" / "KEY").write_text("k2")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        assert (folder / "page").read_text() == "page second k2\n"
        assert run.end() == 7
    assert not [line for line in run.said if "k2" in line]


@pytest.mark.parametrize("fate", ["gone", "empty", "a pipe", "writable"])
def test_the_last_good_value_stays(folder, fate):
    """Whatever becomes of the file: one warning, and what else has changed follows."""
    file = folder / "variables" / "KEY"
    with emulated(state()) as platform, reloading(platform, folder, RELOAD, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        if fate == "empty":
            file.write_text("")
        elif fate == "writable":
            file.write_text("evil")
            file.chmod(0o666)
        else:
            file.unlink()
        if fate == "a pipe":
            os.mkfifo(file)
        platform.state.write_text(state(page="second"))
        assert "variable KEY" in run.says("the last one is kept")
        assert run.app() == "HUP"
        assert (folder / "page").read_text() == "page second k1\n"
        # The next watcher knows it as well.
        [watcher] = [pid for pid in run.children() if is_ours(pid)]
        os.kill(watcher, signal.SIGKILL)
        run.says("listening for notifications")
        platform.state.write_text(state(page="third"))
        assert run.app() == "HUP"
        assert until(lambda: (folder / "page").read_text() == "page third k1\n")
        assert run.end() == 7


def is_ours(pid: int) -> bool:
    """Whether it is the watcher, and not the app."""
    return Path(f"/proc/{pid}/comm").read_text() != "sh\n"


def test_dropped_on_request_it_refuses_the_look_and_harms_nobody(folder):
    """reload_missing = "drop": the template has no value any more, the app goes on."""
    manifest = 'reload_missing = "drop"\n' + RELOAD
    with (
        emulated(state()) as platform,
        reloading(platform, folder, manifest, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one"
        run.says("listening for notifications")
        (folder / "variables" / "KEY").unlink()
        os.mkfifo(folder / "variables" / "KEY")
        platform.state.write_text(state(page="second"))
        assert "(variable-unreadable)" in run.says("it is a named pipe")
        assert (folder / "page").read_text() == "page first k1\n"
        assert run.end() == 7
