"""`--state FILE`: what asks the platform and starts nothing, without a platform."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import tempfile
from pathlib import Path

import pytest

from cycle_exec.cli.verbs import root
from tests.support.launching import PATH, Ran, Running
from tests.support.waiting import until

STATE = """
token = "state-token"
[variables]
GREETING = "hello"
[[integrations]]
identifier = "s3"
auth = { api_key = "AK" }
[[certificates]]
domains = ["www.example.test"]
"""
DOTENV = 'GREETING="hello"\n'
TEMPLATE = "{{ container.id }} {{ env.CYCLE_CONTAINER_ID }} {{ environment.id }} {{ metadata.id }}"
# The verbs, and what each says of the state.
VERBS = {
    "plan": (["plan", "--", "true"], "GREETING  scoped variable GREETING  5 bytes"),
    "render": (["render", "t.j2"], "hello world"),
    "env": (["env", "--integration", "s3=S3"], 'S3_API_KEY="AK"'),
    "certificates list": (["certificates"], "www.example.test  EC P-256"),
    "certificates write": (
        ["certificates", "write", "--directory", "pem"],
        "/pem/www.example.test/privkey.pem",
    ),
    "doctor": (["doctor", "--", "true"], "plan            1 variable"),
    "api": (["api", "GET", "/v1/environment/scoped-variables"], '{"GREETING":"hello"}'),
    "manifest check": (["manifest", "check", "m.toml"], "m.toml: ok"),
}


class Laptop:
    """A folder to work in, with one for temporary files; short, as sockets have to be."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cx-"))
        self.here, self._tmp = self.folder / "here", self.folder / "tmp"
        self.here.mkdir()
        self._tmp.mkdir()
        self.write("state.toml", STATE)
        self.write("t.j2", "{{ variables.GREETING }} world")
        self.write("m.toml", '[variables]\nrequired = ["GREETING"]\n')

    def write(self, name: str, text: str) -> None:
        (self.here / name).write_text(text)

    def start(self, *words: str, **more: str) -> Running:
        return Running(words, {"PATH": PATH, "TMPDIR": str(self._tmp), **more}, cwd=self.here)

    def run(self, *words: str, **more: str) -> Ran:
        """A whole run; nothing temporary is left after it."""
        ran = self.start(*words, **more).finish()
        assert self.temporary() == []
        return ran

    def temporary(self) -> list[str]:
        return os.listdir(self._tmp)


@pytest.fixture
def laptop():
    found = Laptop()
    yield found
    shutil.rmtree(found.folder)


def with_state(words: list[str], state: str) -> list[str]:
    at = words.index("--") if "--" in words else len(words)
    return [*words[:at], "--state", state, *words[at:]]


def test_these_are_all_that_ask():
    """Whoever takes the flag is tried here."""
    assert {name for name, verb in root.verbs() if verb.asks} == VERBS.keys()


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_asks_the_state(laptop, name):
    """No token, no socket, no manifest is needed, and nothing is left behind."""
    words, says = VERBS[name]
    ran = laptop.run(*with_state(words, "state.toml"))
    assert (ran.code, ran.err) == (0, ""), ran
    assert says in ran.out


@pytest.mark.parametrize("name", [".env", ".env.local", "dev.env", "here/../.env"])
def test_a_dotenv_file_is_known_by_its_name(laptop, name):
    """Its variables are the scoped ones."""
    laptop.write(Path(name).name, DOTENV)
    (laptop.here / "here").mkdir()
    ran = laptop.run("env", "--state", name)
    assert (ran.code, ran.out, ran.err) == (0, DOTENV, "")


def test_the_state_wins_over_where_the_platform_is(laptop):
    """In a container too: its own socket and token are not used."""
    ran = laptop.run(
        *("api", "--state", "state.toml", "GET", "/v1/environment/scoped-variables"),
        CYCLE_EXEC_SOCKET="/none.sock",
        CYCLE_API_TOKEN="the container's",
    )
    assert (ran.code, ran.out, ran.err) == (0, '{"GREETING":"hello"}\n', "")


def test_templates_see_one_world(laptop):
    """API, metadata file and variables speak of the same container."""
    laptop.write("ids.j2", TEMPLATE)
    ran = laptop.run("render", "--state", "state.toml", "ids.j2")
    assert ran.code == 0, ran
    container, variable, environment, metadata = ran.out.split()
    assert re.fullmatch("[0-9a-f]{24}", container)
    assert (container, environment) == (variable, metadata)
    assert container != environment


def test_a_plan_is_that_of_a_launch(laptop):
    """What the platform sets is inherited, the token is removed, and nothing is written."""
    manifest = f'[[templates]]\nsource = "{laptop.here}/t.j2"\ntarget = "{laptop.here}/out"\n'
    laptop.write("m.toml", manifest)
    words = ("plan", "--manifest", "m.toml", "--state", "state.toml", "--json", "--", "true")
    ran = laptop.run(*words)
    assert (ran.code, ran.err) == (0, "")
    plan = json.loads(ran.out)
    inherited = {each["name"] for each in plan["variables"] if each["change"] == "inherited"}
    assert {"PATH", "CYCLE_CONTAINER_ID", "CYCLE_INSTANCE_ID"} <= inherited
    assert plan["removed"] == ["CYCLE_API_TOKEN"]
    assert [each["change"] for each in plan["targets"]] == ["new"]
    assert not (laptop.here / "out").exists()


def test_what_a_verb_writes_is_written_as_ever(laptop):
    """Its folder is the user's, the emulator's is another."""
    ran = laptop.run("certificates", "write", "--state", "state.toml", "--directory", "pem")
    assert ran.code == 0, ran
    files = {path.name: path for path in (laptop.here / "pem/www.example.test").iterdir()}
    assert {"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"} <= files.keys()
    assert stat.S_IMODE(files["privkey.pem"].stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("manifest", "code", "says"),
    [
        ('[variables]\nrequired = ["GREETING", "NAME"]', 65, "NAME"),
        ('[[integrations]]\nidentifier = "s4"', 65, "s4"),
        ('[certificates]\ndirectory = "/pem"\ndomains = ["api.example.test"]', 65, "api.example"),
        ('[[templates]]\nsource = "{here}/bad.j2"\ntarget = "/x"', 65, "GREETIN is not defined"),
        ('[environment]\nset = {{ A = "{{{{ env.NAME }}}}" }}', 65, "NAME is not defined"),
        ('[variables]\nrequird = ["A"]', 78, "did you mean required"),
    ],
)
def test_a_manifest_that_the_state_does_not_fit(laptop, manifest, code, says):
    """Is refused as by a launch."""
    laptop.write("bad.j2", "{{ variables.GREETIN }}")
    laptop.write("m.toml", manifest.format(here=laptop.here))
    ran = laptop.run("manifest", "check", "m.toml", "--state", "state.toml")
    assert (ran.code, ran.out) == (code, ""), ran
    assert says in ran.err


def test_a_manifest_is_checked_for_another_machine(laptop):
    """This one need not have its users, its folders, its OpenVPN server."""
    laptop.write(
        "m.toml",
        f"""
[[templates]]
source = "{laptop.here}/t.j2"
target = "/none/of/this/there"
owner = "nobody-of-this-name:none"
[certificates]
directory = "/none/pem"
owner = "nobody-of-this-name"
[variables]
files = {{ GREETING = {{ target = "/none/greeting" }} }}
[process]
user = "nobody-of-this-name"
directory = "/none"
[vpn]
config = "/none/server.conf"
""",
    )
    ran = laptop.run("manifest", "check", "m.toml", "--state", "state.toml")
    assert (ran.code, ran.out, ran.err) == (0, "m.toml: ok\n", ""), ran.err


def test_warnings_of_a_manifest_are_said(laptop):
    """As a launch would."""
    laptop.write("few.toml", '[[certificates]]\ndomains = ["www.example.test"]\ndays = 2\n')
    laptop.write("m.toml", '[certificates]\ndirectory = "/none"\n')
    ran = laptop.run("manifest", "check", "m.toml", "--state", "few.toml")
    assert (ran.code, ran.out) == (0, "m.toml: ok\n")
    assert "www.example.test" in ran.err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.toml", None, "it does not exist (file-missing)"),
        ("none.env", None, "it does not exist (file-missing)"),
        (".", None, "it is a directory (file-missing)"),
        ("s.toml", b"[variables]\nA = 'S3CRET\n", "s.toml:2: "),
        ("s.toml", b'[variables]\nA = "\xff S3CRET"\n', "UTF-8"),
        ("s.toml", b"[variable]\nA = 'S3CRET'\n", "unknown key, did you mean variables"),
        ("s.toml", b"[variables]\nA = 1\n", "variables.A: not a string"),
        ("s.json", b'{"variables": {"A": "S3CRET"}}', "s.json:1: "),
        ("variables", b"export A=S3CRET\n", "NAME.env"),
        (".env", b"A=1\nB='S3CRET\n", ".env:2: not NAME=value"),
        ("s.toml", b"[[certificates]]\nbundle='a'\nprivate_key='b'\n", "/a: it does not exist"),
    ],
)
def test_a_state_that_cannot_be_used(laptop, name, content, says):
    """Nothing is asked; one message names the file and the place, and no value."""
    if content is not None:
        (laptop.here / name).write_bytes(content)
    ran = laptop.run("env", "--state", name)
    assert (ran.code, ran.out) == (78, ""), ran
    assert says in ran.err
    assert f"cycle-exec: {laptop.here}/" in ran.err
    assert "S3CRET" not in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plan", "--socket", "x"], "flag --socket: it cannot be combined with --state"),
        (["env", "--metadata=x"], "flag --metadata: it cannot be combined with --state"),
        (["--"], "no such option: --state"),
        (["vpn-check"], "no such option: --state"),
        (["env", "--", "true"], "takes no command"),
    ],
)
def test_the_flag_out_of_place(laptop, words, says):
    """A launch has `dev` for that, and says so."""
    ran = laptop.run(*with_state(words, "state.toml"), *(["true"] if words == ["--"] else []))
    assert (ran.code, ran.out) == (64, ""), ran
    assert says in ran.err
    assert ("cycle-exec dev --state FILE -- COMMAND" in ran.err) == (words == ["--"])


@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGKILL", -9)])
def test_a_stop_ends_the_emulator_too(laptop, number, code):
    """And its folder is removed, by itself where the verb was killed."""
    running = laptop.start("api", "notifications", "--state", "state.toml", "--log-level", "info")
    said = b""
    while b"listening" not in said:
        chunk = os.read(running.process.stderr.fileno(), 4096)
        assert chunk, said
        said += chunk
    assert laptop.temporary() != []
    assert running.send(getattr(signal, number)).finish().code == code
    assert until(lambda: laptop.temporary() == [])
