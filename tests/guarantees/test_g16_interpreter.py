"""G16: started by the program of a wheel, Python is reached by nothing of the image, at all."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.emulated import Emulated
from tests.support.stub import compiled, installed

STATE = """
token = "t"
[variables]
PLAIN = "plain"
[[certificates]]
domains = ["app.example.test"]
[vpn.users]
alice = "correct horse"
"""
POISON = "import os\nos.write(2, b'poisoned: c4n4ry\\n')\nos._exit(99)\n"
# Before the first line of a script Python has imported some of these; a launch imports others.
MODULES = """
    __future__ _collections_abc _sitebuiltins _weakrefset abc certifi click codecs collections
    contextlib copyreg cycle_exec dotenv encodings enum functools genericpath httpx io jinja2 json
    keyword operator os posixpath re select signal site sitecustomize socket ssl stat tomllib types
    typing usercustomize warnings
""".split()


class Hostile(NamedTuple):
    """An image whose every way into its Python leads to an end with code 99."""

    script: Path
    folder: Path
    environ: dict[str, str]

    def run(self, *words: str, script: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the installed program."""
        done = subprocess.run(
            [str(script or self.script), *words],
            env=self.environ,
            cwd=self.folder / "poison",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "c4n4ry" not in done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    """For this processor."""
    return compiled(tmp_path_factory.mktemp("program"))


@pytest.fixture
def hostile(program, environ, tmp_path) -> Hostile:
    """Modules of every name on PYTHONPATH and in the working folder, .pth files, another home, and
    another Python's library beside what PYTHONEXECUTABLE names.
    """
    poison = tmp_path / "poison"
    poison.mkdir()
    for name in MODULES:
        (poison / f"{name}.py").write_text(POISON)
    script = installed(tmp_path / "venv", program)
    for name in ("a.pth", "zzz-ddtrace.pth"):
        (next(script.parent.parent.glob("lib/*/site-packages")) / name).write_text(
            f"import os; os.write(2, b'c4n4ry'); os._exit(99)\n{poison}\n"
        )
    other = tmp_path / "other"
    standard = other / "lib" / os.path.basename(sysconfig.get_path("stdlib"))
    (standard / "lib-dynload").mkdir(parents=True)
    (other / "bin").mkdir()
    (other / "bin" / "pyvenv.cfg").write_text(f"home = {other}/bin\n")
    for name in MODULES:
        (standard / f"{name}.py").write_text(POISON)
    variables = {
        "PYTHONPATH": str(poison),
        "PYTHONHOME": str(other),
        "PYTHONINSPECT": "1",
        "PYTHONVERBOSE": "3",
        "PYTHONSTARTUP": str(poison / "json.py"),
        "PYTHONEXECUTABLE": str(other / "bin" / "python3"),
        "__PYVENV_LAUNCHER__": str(other / "bin" / "python3"),
        "PYTHONUSERBASE": str(other),
        "PYTHONWARNINGS": "error",
        "PYTHONMALLOC": "no such thing",
        "PYTHONUTF8": "nonsense",
        "PYTHONHASHSEED": "nonsense",
        "PYTHONIOENCODING": "nonsense",
        "PYTHONPLATLIBDIR": "nowhere",
        "PYTHONCASEOK": "1",
        "PYTHONDEVMODE": "1",
        "a.b": "dropped by a shell",
        "BASH_FUNC_cycle-exec%%": "() { exit 99; }",
        "ENV": str(poison / "json.py"),
        "BASH_ENV": str(poison / "json.py"),
    }
    return Hostile(script, tmp_path, {**environ, **variables})


def entries(hostile: Hostile, *options: str) -> dict[str, str]:
    """What an app finds in its environment after a start."""
    done = hostile.run(*options, "--", "env", "-0")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0")[:-1])


@pytest.mark.parametrize("options", [(), ("--init",), ("--reload",), ("--init", "--no-new-privs")])
def test_the_app_gets_what_the_launcher_does_not(hostile, options):
    """Byte for byte and in order, in every way of a launch."""
    found = entries(hostile, *options)
    assert found.pop("PLAIN") == "plain"
    wanted = {k: v for k, v in hostile.environ.items() if k != "CYCLE_API_TOKEN"}
    assert found == wanted
    assert list(found) == list(wanted)


def test_a_whole_job(hostile):
    """Jinja2, tomllib and the pair check are the installation's own."""
    (hostile.folder / "t.j2").write_text(
        "{% for one in [env.PLAIN] %}{{ one | upper }}{% endfor %}"
    )
    (hostile.folder / "m.toml").write_text('[api]\ndeadline = """20s"""\n')
    options = (
        *("--manifest", str(hostile.folder / "m.toml")),
        *("--template", f"{hostile.folder}/t.j2:{hostile.folder}/out"),
        *("--certificates", f"{hostile.folder}/certificates"),
    )
    entries(hostile, *options)
    assert (hostile.folder / "out").read_text() == "PLAIN"
    assert list((hostile.folder / "certificates").rglob("privkey.pem"))


def test_verbs(hostile):
    """click, and httpx."""
    assert hostile.run("--help").stdout.startswith("Usage: cycle-exec")
    done = hostile.run("api", "GET", "/v1/environment")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_the_doctor_finds_nothing(hostile):
    """However many variables there are."""
    done = hostile.run("doctor", "--json", "--", "true")
    (found,) = [
        each for each in json.loads(done.stdout)["findings"] if each["about"] == "interpreter"
    ]
    assert found["state"] == "good"


def test_the_emulator_and_its_app(hostile):
    """`dev` starts the interpreter again."""
    state = hostile.folder / "state.toml"
    state.write_text('token = "t"\n[variables]\nPLAIN = "emulated"\n')
    done = hostile.run("dev", "--state", str(state), "--", "env", "-0")
    assert done.returncode == 0, done.stderr
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0")[:-1])
    assert found["PLAIN"] == "emulated"
    assert found["PYTHONEXECUTABLE"] == hostile.environ["PYTHONEXECUTABLE"]


@pytest.mark.parametrize("deferred", [False, True])
def test_the_hook_of_openvpn(hostile, platform: Emulated, deferred):
    """By a link of its own name, beside which an attacker's interpreters are."""
    hooks = hostile.folder / "hooks" / "bin"
    hooks.mkdir(parents=True)
    for name in ("python3", "python", "python3.11", "python3.13"):
        (hooks / name).write_text("#!/bin/sh\necho c4n4ry; exit 99\n")
        (hooks / name).chmod(0o755)
    (hooks / "auth-user-pass").symlink_to(hostile.script)
    (hostile.folder / "token").write_text(platform.token)
    hostile.environ["auth_control_file"] = str(hostile.folder / "control")
    options = ["--deferred", "--patience", "20s"] if deferred else []
    for password, code in (("correct horse", 0), ("wrong", 1)):
        (hostile.folder / "control").write_bytes(b"")
        (hostile.folder / "up").write_text(f"alice\n{password}\n")
        (hostile.folder / "up").chmod(0o600)
        done = hostile.run(
            "vpn-auth", "--token-file", str(hostile.folder / "token"),
            "--socket", platform.socket, *options, str(hostile.folder / "up"),
            script=hooks / "auth-user-pass",
        )  # fmt: skip
        assert done.returncode == code, done.stderr
