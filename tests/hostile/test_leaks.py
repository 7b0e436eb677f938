"""No planted secret leaves by the side: every command, every fault, the loudest words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hostile.canaries import observed
from tests.hostile.leaking import CANARIES, FAULTS, LOGIN, NAME, SECRETS, WORLD, place
from tests.support.emulated import emulated
from tests.support.hostile import INTEGRATIONS, VARIABLES, hostile
from tests.support.launching import SCRIPT
from tests.support.waiting import PATIENCE

LOUDEST = {"CYCLE_EXEC_LOG_LEVEL": "debug", "CYCLE_EXEC_DEBUG": "true"}
VOICES = {
    "text": {**LOUDEST},
    "json": {**LOUDEST, "CYCLE_EXEC_LOG_FORMAT": "json"},
    "plain": {},
}


class Command(NamedTuple):
    """Words; ~ stands for the folder of inputs, @ for the one of targets.

    shows: standard output may hold secrets, for that is what the user asked for. asks: the path it
    asks alone, empty: all of them, None: it never asks. code: how it ends without a fault.
    """

    words: tuple[str, ...]
    asks: str | None = ""
    shows: bool = False
    code: int = 0
    environ: dict[str, str] = {}


MANIFEST = ("--manifest", "~/manifest.toml")
APP = ("--", "true")
COMMANDS = {
    "run": Command((*MANIFEST, *APP)),
    "run in init mode": Command(("run", *MANIFEST, "--init", *APP)),
    "plan": Command(("plan", *MANIFEST, *APP)),
    "plan --json": Command(("plan", *MANIFEST, "--json", *APP)),
    "doctor": Command(("doctor", *MANIFEST, *APP)),
    "doctor --json": Command(("doctor", "--reload", *MANIFEST, "--json", *APP)),
    "render": Command(("render", *MANIFEST, "-o", "@/rendered", "~/page.j2")),
    "env": Command(("env", *MANIFEST, "--format", "json"), shows=True),
    "certificates": Command(("certificates", *MANIFEST)),
    "certificates write": Command(("certificates", "write", *MANIFEST, "--directory", "@/written")),
    "vpn-auth with a file": Command(("vpn-auth", "--token-file", "~/token", "~/up"), LOGIN),
    "vpn-auth with variables": Command(
        ("vpn-auth", "--token-file", "~/token"),
        LOGIN,
        environ={"username": NAME, "password": SECRETS["password"]},
    ),
    # The probe is a login that nobody has, and must not be accepted.
    "vpn-check": Command(("vpn-check", "--probe", "~/server.conf"), LOGIN, code=78),
    "api": Command(("api", "GET", VARIABLES), VARIABLES, shows=True),
    "api without data": Command(
        ("api", "GET", INTEGRATIONS, "-q", "identifier=none"), INTEGRATIONS, shows=True, code=65
    ),
    "manifest check": Command(("manifest", "check", "~/manifest.toml"), None),
    "a broken manifest": Command(("manifest", "check", "~/token"), None, code=78),
    "explain": Command(("explain", "65"), None),
}
CASES = [
    (name, fault)
    for name, command in COMMANDS.items()
    for fault, (path, _) in FAULTS.items()
    if fault == "none" or command.asks == "" or (command.asks == path)
]


@pytest.mark.parametrize(("command", "fault"), CASES)
def test_no_command_tells_a_secret(tmp_path, command, fault):
    """Not in its words, not in an argument list, not in a file that was not named."""
    ground = place(tmp_path)
    asked = COMMANDS[command]
    folders = {"~/": f"{tmp_path}/in/", "@/": f"{tmp_path}/out/"}
    words = [str(SCRIPT), *asked.words]
    for short, folder in folders.items():
        words = [word.replace(short, folder) for word in words]
    with hostile(token=SECRETS["token"], **WORLD) as api:
        ground.meet(api)
        FAULTS[fault][1](api, ground)
        for voice in VOICES.values() if fault == "none" else [_voice(command, fault)]:
            deadline = "30s" if fault == "none" else "1500ms"
            voice = {**voice, "CYCLE_EXEC_DEADLINE": deadline}
            environ = ground.environ(api, **asked.environ, **voice)
            code, out, err, seen = observed(words, environ, tmp_path / "work")
            assert fault != "none" or code == asked.code, err
            CANARIES.absent(err, "standard error")
            CANARIES.absent(seen, "an argument list")
            if not asked.shows:
                CANARIES.absent(out, "standard output")
            CANARIES.absent_below(tmp_path, ground.named)


def _voice(command: str, fault: str) -> dict[str, str]:
    """The loudest voice, as text or as JSON by turns."""
    return VOICES["json" if len(command + fault) % 2 else "text"]


@pytest.mark.parametrize("command", ["run", "env", "api"])
def test_the_search_finds_what_is_there(tmp_path, command):
    """The control: values that the user asked for are found where they are."""
    ground = place(tmp_path)
    words = {"run": (*MANIFEST, "--", "env"), **{n: COMMANDS[n].words for n in ("env", "api")}}
    told = [word.replace("~/", f"{tmp_path}/in/") for word in words[command]]
    with hostile(token=SECRETS["token"], **WORLD) as api:
        ground.meet(api)
        code, out, _, _ = observed([str(SCRIPT), *told], ground.environ(api), tmp_path / "work")
    assert code == 0
    found = {name.partition(" ")[0] for name in CANARIES.found(out)}
    assert {"value", "wide", "username", "password"} <= found
    if command != "api":
        assert {"auth", "extra", "set", "default", "dotenv"} <= found
        assert {path.name for path in (tmp_path / "out").iterdir()} <= {
            "coded",
            "env",
            "page",
            "pem",
        }
    assert "token" not in found
    # The last good copy is among the files that were searched.
    assert (tmp_path / "home" / "copy").exists() == (command == "run")


@pytest.mark.parametrize("voice", VOICES)
def test_dev_tells_no_secret(tmp_path, voice):
    """State file or dotenv file: the app has the values, nobody else hears of them."""
    ground = place(tmp_path)
    for source in ("--state", "--env-file"):
        name = "state.toml" if source == "--state" else "app.env"
        words = [str(SCRIPT), "dev", source, f"{tmp_path}/in/{name}", "--", "true"]
        environ = ground.environ(None, **VOICES[voice])
        code, out, err, seen = observed(words, environ, tmp_path / "work")
        assert code == 0, err
        for text, where in ((out, "stdout"), (err, "stderr"), (seen, "an argument list")):
            CANARIES.absent(text, where)
        CANARIES.absent_below(tmp_path, ground.named)


def test_the_emulator_logs_no_secret(tmp_path):
    """Good and bad requests; only the token of the box itself is told, to whoever starts it."""
    ground = place(tmp_path)
    state = (tmp_path / "in" / "state.toml").read_text().replace(SECRETS["token"], "box-token")
    with emulated(state) as platform:
        for path in ("/v1/environment/scoped-variables", f"/{SECRETS['value']}"):
            platform.ask(path)
            platform.ask(path, headers={"X-CYCLE-TOKEN": SECRETS["token"]})
        login = {"authorization": f"Basic {SECRETS['password']}"}
        platform.ask(LOGIN, "POST", headers=login)
        platform.ask(LOGIN, "POST", body=f'{{"password": "{SECRETS["password"]}"')
        platform.state.write_text(f"{state}\nbob = {SECRETS['password']}\n")
        end = time.monotonic() + PATIENCE
        while len(platform.log.read_text().splitlines()) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        said = platform.log.read_text()
    assert len(said.splitlines()) >= 2, said
    CANARIES.absent(said, "the emulator's log")
    CANARIES.absent_below(tmp_path, ground.named)
    assert Path(tmp_path / "tmp").is_dir()
