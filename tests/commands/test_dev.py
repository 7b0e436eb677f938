"""`cycle-exec dev` from outside: the app behaves as on the platform, and nothing is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.emulated import HOME
from tests.support.waiting import PATIENCE

_BOOT = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from cycle_exec.entry import main
main()
"""
STATE = """
token = "state-token"
[variables]
GREETING = "hello"
"""
# Says that it runs, then which signal it got.
LISTEN = """
import os, signal, sys, time
def got(number, frame):
    os.write(1, f"{signal.Signals(number).name}\\n".encode())
    if number == signal.SIGTERM:
        os._exit(7)
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH"):
    signal.signal(getattr(signal, name), got)
os.write(1, b"up\\n")
while True:
    time.sleep(0.05)
"""
PROBE = """
import json, os, signal
print(json.dumps({
    "environ": dict(os.environ),
    "blocked": sorted(int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],
    "cwd": os.getcwd(),
}))
"""


@pytest.fixture
def place():
    """A folder to work in, with one for temporary files; short, as sockets have to be."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    (folder / "tmp").mkdir()
    (folder / "here").mkdir()
    (folder / "here" / "state.toml").write_text(STATE)
    yield folder
    shutil.rmtree(folder)


def dev(place: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    environ = {"PATH": os.environ["PATH"], "TMPDIR": str(place / "tmp"), **more}
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, str(HOME), "dev", *words],
        cwd=place / "here",
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], place: Path) -> tuple[int, str, str]:
    """Exit code, output and messages; nothing temporary may be left."""
    out, err = process.communicate(timeout=PATIENCE)
    assert os.listdir(place / "tmp") == []
    return process.returncode, out, err


def python(text: str) -> list[str]:
    return ["--", sys.executable, "-I", "-c", text]


def test_the_app_gets_what_the_platform_would_give(place):
    """Scoped variables and CYCLE_* variables are there, the launcher's own and the token not."""
    code, out, err = ended(dev(place, "--state", "state.toml", *python(PROBE), OWN="x"), place)
    assert code == 0, err
    found = json.loads(out)
    environ = found["environ"]
    assert (environ["GREETING"], environ["OWN"]) == ("hello", "x")
    assert len(environ["CYCLE_CONTAINER_ID"]) == len(environ["CYCLE_INSTANCE_ID"]) == 24
    assert environ["CYCLE_CONTAINER_IDENTIFIER"] == "app"
    # Where the emulator is, for cycle-exec commands that the app itself may call.
    assert {name for name in environ if name.startswith("CYCLE_EXEC_")} == {
        "CYCLE_EXEC_SOCKET",
        "CYCLE_EXEC_METADATA",
    }
    assert "CYCLE_API_TOKEN" not in environ
    assert (found["blocked"], found["descriptors"]) == ([], [0, 1, 2])
    assert found["cwd"] == str(place / "here")
    assert "ready in" in err


def test_templates_see_one_world(place):
    """API, metadata file and variables speak of the same container."""
    (place / "here" / "t.j2").write_text(
        "{{ container.id }} {{ env.CYCLE_CONTAINER_ID }} {{ instance.id }} "
        "{{ env.CYCLE_INSTANCE_ID }} {{ environment.id }} {{ metadata.id }}"
    )
    target = place / "rendered"
    template = f"--template={place}/here/t.j2:{target}"
    process = dev(place, "--state", "state.toml", template, "--", "true")
    code, _, err = ended(process, place)
    assert code == 0, err
    words = target.read_text().split()
    assert words[0::2] == words[1::2]
    assert len(set(words)) == 3


def test_a_dotenv_file_is_found_by_itself(place):
    """Without --state and --env-file it is `.env` where the user stands."""
    (place / "here" / ".env").write_text("FROM_DOTENV='a ${b}'\n")
    code, out, err = ended(dev(place, *python(PROBE)), place)
    assert code == 0, err
    assert json.loads(out)["environ"]["FROM_DOTENV"] == "a ${b}"


def test_without_any_state_it_says_so(place):
    """An empty world is a world, and a notice tells of it."""
    code, _, err = ended(dev(place, "--", "true"), place)
    assert code == 0
    assert "no --state, no --env-file and no .env here" in err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(42)", 42),
        ("import os; os.kill(os.getpid(), 9)", 137),
        ("import os; os.kill(os.getpid(), 15)", 143),
    ],
)
def test_the_apps_end_is_devs_end(place, text, code):
    """Its exit code, or 128 and the signal's number."""
    assert ended(dev(place, "--state", "state.toml", *python(text)), place)[0] == code


def test_a_refusal_of_the_launch_comes_through(place):
    """The launch says what is wrong, and its code is that of dev."""
    code, out, err = ended(dev(place, "--state", "state.toml", "--", "no-such-command"), place)
    assert (code, out) == (127, "")
    assert "(command-not-found)" in err


def test_signals_reach_the_app_once(place):
    """TERM, INT, HUP and their kin are passed on; dev ends when the app does."""
    process = dev(place, "--state", "state.toml", *python(LISTEN))
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    names = ["SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH", "SIGTERM"]
    for name in names:
        process.send_signal(getattr(signal, name))
        assert process.stdout.readline() == f"{name}\n"
    code, out, _ = ended(process, place)
    assert (code, out) == (7, "")


def test_a_killed_dev_leaves_no_emulator(place):
    """However dev ends, the emulator goes with it and cleans up."""
    process = dev(place, "--state", "state.toml", *python(LISTEN))
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    app = children(process.pid)
    process.kill()
    process.wait()
    try:
        end = time.monotonic() + PATIENCE
        while os.listdir(place / "tmp") and time.monotonic() < end:
            time.sleep(0.01)
        assert os.listdir(place / "tmp") == []
    finally:
        for child in app:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.communicate(timeout=PATIENCE)


def test_a_dead_emulator_does_not_end_the_app(place):
    """The app goes on, with a warning, as on the platform when the API is away."""
    process = dev(place, "--state", "state.toml", *python(LISTEN))
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    [emulator] = [child for child in children(process.pid) if os.getpgid(child) == child]
    os.kill(emulator, signal.SIGKILL)
    assert process.stderr is not None
    while "the emulator has exited" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert ended(process, place)[0] == 7


FOLLOW = """
import json, os, sys
from websockets.sync.client import unix_connect
def tags():
    return json.load(open(os.environ["CYCLE_EXEC_METADATA"]))["deployments"]["tags"]
with unix_connect(
    os.environ["CYCLE_EXEC_SOCKET"],
    "ws://unix/v1/notifications",
    additional_headers={"x-cycle-token": os.environ["CYCLE_API_TOKEN"]},
) as client:
    before = tags()
    with open("state.toml", "a") as state:
        state.write("[environment.deployments.tags]\\nprod = 'v2'\\n")
    topic = json.loads(client.recv(timeout=30))["topic"]
    print(json.dumps([before, topic, tags()]))
"""


def test_the_app_hears_of_a_changed_state(place):
    """As on the platform: a notification, and the metadata file is the new one by then."""
    words = ["--state", "state.toml", "--keep-token", *python(FOLLOW)]
    code, out, err = ended(dev(place, *words), place)
    assert code == 0, err
    assert json.loads(out) == [{}, "environment.deployments.reconfigured", {"prod": "v2"}]
    assert "state.toml" in err


def children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(word) for word in text.split()]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--state", "no.toml", "--", "true"], 78, "no.toml: it does not exist (file-missing)"),
        (
            ["--state", "a", "--env-file", "b", "--", "true"],
            64,
            "it cannot be combined with --env-file (usage)",
        ),
        (["--state", "state.toml"], 64, "(usage)"),
        (["--socket", "x", "--", "true"], 64, "flag --socket: dev makes its own (usage)"),
        (["--metadata", "x", "--", "true"], 64, "flag --metadata: dev makes its own (usage)"),
    ],
)
def test_what_cannot_start_says_why(place, words, code, said):
    """Nothing is started, and one message says what is wrong."""
    found, out, err = ended(dev(place, *words), place)
    assert (found, out) == (code, "")
    assert said in err
