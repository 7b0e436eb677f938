"""Wheel and sdist, installed into environments of their own, do the job."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cycle_exec import __version__
from tests.support.emulated import emulated
from tests.support.launching import PATH

pytestmark = pytest.mark.timeout(600)


def packages_of(python: Path | str) -> str:
    """Where an interpreter's packages are."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(params=["any.whl", ".tar.gz"], ids=["wheel", "sdist"])
def installed(request, built, tmp_path) -> Path:
    """The console script of an environment into which pip put the file, and no other package.

    What cycle-exec needs is taken from the environment of the tests, and the sdist's builder from
    its own: no index is asked.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    python: Path = tmp_path / "env" / "bin" / "python"
    home = Path(packages_of(python))
    (home / "builder.pth").write_text(packages_of(built.python))
    pip = [built.python, "-m", "pip", "-q", "--python", python, "install", "--no-index"]
    words = ["--no-deps", "--no-build-isolation", built.file(request.param)]
    subprocess.run([*pip, *words], check=True, timeout=120)
    (home / "builder.pth").write_text(sysconfig.get_path("purelib"))
    where = subprocess.run(
        [python, "-I", "-c", "import cycle_exec; print(cycle_exec.__file__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(where).is_relative_to(home)
    return python.with_name("cycle-exec")


def test_it_names_its_commit(built, installed):
    """The version, and the commit that was built."""
    done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"cycle-exec {__version__} ({built.commit[:12]})\n"


def test_it_launches(installed, tmp_path):
    """An app gets a variable and a file by a template that the wheel brings."""
    target = tmp_path / "app.conf"
    template = tmp_path / "app.conf.j2"
    template.write_text("listen {{ variables.PORT }}\n")
    with emulated('[variables]\nPORT = "8080"\n') as platform:
        done = subprocess.run(
            [installed, "--template", f"{template}:{target}", "--", "sh", "-c", "echo port $PORT"],
            env={
                "PATH": PATH,
                "CYCLE_API_TOKEN": platform.token,
                "CYCLE_EXEC_SOCKET": platform.socket,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert (done.returncode, done.stdout) == (0, "port 8080\n"), done.stderr
    assert target.read_text() == "listen 8080\n"
    assert os.stat(target).st_mode & 0o777 == 0o600


def test_it_brings_its_templates(installed, tmp_path):
    """`builtin:` names are found in the installed package."""
    manifest = tmp_path / "cycle-exec.toml"
    manifest.write_text(
        '[[templates]]\nsource = "builtin:nginx/tls.conf.j2"\ntarget = "/etc/nginx/nginx.conf"\n'
    )
    done = subprocess.run(
        [installed, "manifest", "check", manifest], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
