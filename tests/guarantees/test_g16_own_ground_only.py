"""G16: the Unix socket and nothing else; the image's Python never reaches the launcher."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.guarantees.conftest import SCRIPT, run
from tests.support import machine
from tests.support.hostile import reply
from tests.support.tcp import serving

POISON = "raise SystemExit('poisoned: c4n4ry')\n"
MODULES = "json re socket signal select ssl tomllib jinja2 click dotenv typing enum sitecustomize"
STATE = """
token = "t"
[variables]
PLAIN = "plain"
[[certificates]]
domains = ["app.example.test"]
"""


@pytest.fixture
def poisoned(tmp_path):
    """A folder whose modules end whatever imports them, and a full job's options."""
    folder = tmp_path / "poison"
    folder.mkdir()
    for name in MODULES.split():
        (folder / f"{name}.py").write_text(POISON)
    (tmp_path / "t.j2").write_text("{{ variables.PLAIN }}")
    (tmp_path / "m.toml").write_text("[api]\ndeadline = '20s'\n")
    options = [
        *("--manifest", str(tmp_path / "m.toml")),
        *("--template", f"{tmp_path}/t.j2:{tmp_path}/out"),
        *("--certificates", f"{tmp_path}/certificates"),
    ]
    return folder, options


def test_modules_in_the_current_folder_are_not_imported(poisoned, environ):
    """The app's working folder may hold a json.py."""
    folder, options = poisoned
    ran = run(environ, *options, "--", "sh", "-c", "echo $PLAIN", cwd=folder)
    assert (ran.code, ran.out) == (0, "plain\n"), ran.err
    done = subprocess.run(
        [sys.executable, "-m", "cycle_exec", "--", "sh", "-c", "echo $PLAIN"],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "plain\n"), done.stderr


def test_python_variables_reach_the_app_and_not_the_launcher(poisoned, environ):
    """PYTHONPATH and its kin are the app's: unchanged there, without effect here."""
    folder, options = poisoned
    (folder / "sitecustomize.py").unlink()  # runs before any line of ours; see the docs
    variables = {
        "PYTHONPATH": str(folder),
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONDEVMODE": "1",
        "PYTHONSTARTUP": str(folder / "json.py"),
        "PYTHONPYCACHEPREFIX": "/nowhere",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
    }
    ran = run({**environ, **variables}, *options, "--", "env")
    assert ran.code == 0, ran.err
    assert "poisoned" not in ran.err
    lines = ran.out.splitlines()
    assert "PLAIN=plain" in lines
    assert [line for line in lines if line.startswith("PYTHON")] == [
        f"{name}={value}" for name, value in variables.items()
    ]


def test_the_isolated_form_ignores_even_pythonhome(environ):
    """`python -I -m cycle_exec` reads no PYTHON variable at all, and the app gets them."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "cycle_exec", "--", "sh", "-c", "echo $PLAIN $PYTHONHOME"],
        env={**environ, "PYTHONHOME": "/nowhere"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "plain /nowhere\n"), done.stderr


def test_no_proxy_name_or_home_is_used(environ):
    """Proxies, a resolver, a home folder: none of them matters."""
    ran = run(
        {**environ, "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "x", "HOME": "/nowhere"},
        *("--", "sh", "-c", "echo $PLAIN $HOME"),
    )
    assert (ran.code, ran.out) == (0, "plain /nowhere\n")


def test_only_unix_sockets_are_opened_and_nothing_is_written(tmp_path, environ):
    """The system calls of a launch: AF_UNIX alone, and no file opened for writing."""
    strace = machine.program("strace")
    trace = tmp_path / "trace"
    done = subprocess.run(
        [strace, "-f", "-qq", "-e", "trace=socket,openat,creat,mkdir,unlink,rename", "-o",
         str(trace), str(SCRIPT), "--", "true"],
        env=environ, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    sockets = [line for line in lines if " socket(" in line]
    assert sockets
    assert all("AF_UNIX" in line for line in sockets)
    writing = [line for line in lines if "O_WRONLY" in line or "O_RDWR" in line or "creat(" in line]
    # Compiled modules are written once by whoever may; an image has them already.
    assert [line for line in writing if "__pycache__" not in line] == []


@pytest.mark.parametrize(("scheme", "path"), [("tcp", ""), ("http", "/health")])
def test_a_wait_asks_what_it_names_and_nothing_else(tmp_path, environ, scheme, path):
    """The system calls of a launch that waits: one connection to that address by its number, and
    no file that tells of name servers.
    """
    strace = machine.program("strace")
    trace = tmp_path / "trace"
    with serving(reply(204, b"")) as server:
        address = f"{scheme}://127.0.0.1:{server.port}{path}"
        words = [strace, "-f", "-qq", "-e", "trace=socket,connect,openat", "-o", str(trace)]
        done = subprocess.run(
            [*words, str(SCRIPT), "--wait", address, "--", "true"],
            env={**environ, "http_proxy": "http://127.0.0.1:1"},
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    [_] = [line for line in lines if " socket(" in line and "AF_UNIX" not in line]
    [goal] = [line for line in lines if " connect(" in line and "AF_UNIX" not in line]
    assert f"htons({server.port})" in goal
    assert "127.0.0.1" in goal
    assert not [line for line in lines if "resolv.conf" in line or "/etc/hosts" in line]


def test_a_read_only_root_is_enough(tmp_path, environ):
    """Nothing but the targets needs to be writable: variables alone need nothing at all."""
    machine.need_mounts()
    script = 'mount -o remount,ro,bind / && exec "$@"'
    app = ("sh", "-c", "echo $PLAIN")
    done = subprocess.run(
        [*machine.MOUNTS, "sh", "-c", script, "sh", str(SCRIPT), "--", *app],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "plain\n"), done.stderr
