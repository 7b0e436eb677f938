"""G10: the command is known to start, and its strings to fit, before anything is written."""

from __future__ import annotations

import os

import pytest

from tests.guarantees.conftest import manifest, run

STATE = f"""
token = "t"
[variables]
LARGE = "{"x" * 60_000}"
"""


@pytest.fixture
def launch(tmp_path, environ):
    path = manifest(tmp_path, '[dotenv]\ntarget = "@/target"\n')

    def launched(*command, socket=None, **more):
        settings = {**environ, **more}
        if socket is not None:
            settings["CYCLE_EXEC_SOCKET"] = socket
        return run(settings, "--manifest", path, "--", *command, cwd=tmp_path)

    return launched


def script(tmp_path, text, mode=0o755):
    path = tmp_path / "script"
    path.write_bytes(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("content", "mode", "code", "kind"),
    [
        (b"#!/bin/sh\n", 0o644, 126, "command-not-executable"),
        (b"#!/no/such/interpreter\n", 0o755, 126, "command-not-executable"),
        (b"#!/bin/sh\r\n", 0o755, 126, "command-not-executable"),
        (b"echo no interpreter line\n", 0o755, 126, "command-not-executable"),
        (b"", 0o755, 126, "command-not-executable"),
    ],
)
def test_a_script_that_cannot_start_is_refused_before_the_fetch(
    launch, tmp_path, content, mode, code, kind
):
    """Not even the socket is looked for: the refusal is the command's."""
    path = script(tmp_path, content, mode)
    ran = launch(path, socket=str(tmp_path / "no-socket"))
    assert (ran.code, ran.kinds) == (code, {kind})
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("word", ["no-such-command", "./no-such-file", "/no/such/file", ""])
def test_a_missing_command_is_127(launch, tmp_path, word):
    """As a shell has it, without waiting for the API."""
    ran = launch(word, socket=str(tmp_path / "no-socket"))
    assert (ran.code, ran.kinds) == (127, {"command-not-found"})


def test_a_folder_is_126(launch, tmp_path):
    """A folder is found but not executable."""
    ran = launch(str(tmp_path), socket=str(tmp_path / "no-socket"))
    assert (ran.code, ran.kinds) == (126, {"command-not-executable"})


def test_a_full_argument_list_is_refused_before_any_write(launch, tmp_path):
    """Arguments and environment together over the kernel's limit: 126, and no target."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    words = ["x" * 1000] * 1960
    if soft != 8 * 1024 * 1024:
        resource.setrlimit(resource.RLIMIT_STACK, (8 * 1024 * 1024, hard))
    try:
        ran = launch("true", *words)
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    assert ran.code == 0, "below the limit it starts"
    padding = {f"PAD{number}": "y" * 10_000 for number in range(9)}
    ran = launch("true", *words, **padding)
    assert (ran.code, ran.kinds) == (126, {"arguments-too-long"})
    assert len(list(tmp_path.glob("target*"))) == 1, "the first launch's target only"


def test_the_plans_own_path_decides(tmp_path, environ):
    """A PATH of the manifest is where the command is looked for."""
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "tool"
    tool.write_text("#!/bin/sh\necho from its own path\n")
    tool.chmod(0o755)
    path = manifest(tmp_path, '[environment]\nset = { PATH = "@/bin" }\n')
    ran = run(environ, "--manifest", path, "--", "tool")
    assert (ran.code, ran.out) == (0, "from its own path\n")
    assert os.path.exists("/bin/true")
    ran = run(environ, "--manifest", path, "--", "true")
    assert (ran.code, ran.kinds) == (127, {"command-not-found"})
