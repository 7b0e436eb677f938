"""The workflow of the page of recipes, step by step as a runner of GitHub runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.support.launching import PATH, SCRIPT
from tests.support.story import blocks
from tests.support.waiting import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


@contextmanager
def checkout() -> Iterator[Path]:
    """What actions/checkout brings: the page's files. Its path is short, for a socket's."""
    with tempfile.TemporaryDirectory(prefix="cx-") as name:
        folder = Path(name)
        for block in blocks(PAGE):
            if block.file and not block.file.startswith("/"):
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text)
        yield folder


def step(script: str, folder: Path, environ: dict[str, str]) -> tuple[int, int]:
    """Run a script as `bash -e` does there; its exit code, and its session, which may go on."""
    (folder / "step").write_text(script)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(folder / "step")],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process.wait(PATIENCE), process.pid


def test_the_workflow_passes_on_a_runner():
    """Every step but those that install, with the variables that one step gives to the next."""
    with checkout() as folder:
        document = yaml.safe_load((folder / ".github/workflows/test.yml").read_text())
        [job] = document["jobs"].values()
        scripts = {each["name"]: each["run"] for each in job["steps"] if "run" in each}
        assert scripts.pop("install") == "pip install 'cycle-exec[emulator]'"
        assert list(scripts) == ["one command", "start the emulator", "test"]
        environ = {
            "PATH": f"{Path(SCRIPT).parent}:{PATH}",
            "RUNNER_TEMP": str(folder),
            "GITHUB_ENV": str(folder / "given"),
        }
        (folder / "given").touch()
        sessions = []
        try:
            for name, script in scripts.items():
                code, session = step(script, folder, environ)
                sessions.append(session)
                assert code == 0, f"{name}: {(folder / 'log').read_text()}"
                given = (folder / "given").read_text().splitlines()
                environ |= dict(line.split("=", 1) for line in given)
        finally:
            for session in sessions:
                try:
                    os.killpg(session, signal.SIGTERM)
                except ProcessLookupError:
                    continue
        assert {"CYCLE_EXEC_SOCKET", "CYCLE_API_TOKEN"} <= environ.keys()
