"""G9: what is fetched arrives byte for byte, in the environment, in files and in every format."""

from __future__ import annotations

import json
import os
import subprocess

import dotenv
import pytest
import yaml

from tests.guarantees.conftest import manifest, run
from tests.support import probe

VALUES = {
    "NEWLINES": "one\ntwo\r\nthree\rfour\n",
    "QUOTES": """'single' "double" `back` \\' \\" """,
    "EQUALS": "=a==b=",
    "EXPANSIONS": "$HOME ${PATH} $(id) !! * ? ~ ; & | < > #x",
    "UNICODE": "é 𝄞 \u2028 \u0085 \ufeff \u200d",
    "BLANKS": "  \t two  ",
    "CONTROLS": "\x01\x1b[31m\x7f",
    "EMPTY": "",
    "LONG": "x" * 100_000,
}
STATE = 'token = "t"\n[variables]\n' + "".join(
    f"{name} = {json.dumps(value, ensure_ascii=False)}\n".replace("\x7f", "\\u007f")
    for name, value in VALUES.items()
)


def test_the_environment_holds_the_bytes(tmp_path, environ):
    """Every value is in the app's environment exactly."""
    output = str(tmp_path / "report")
    assert run(environ, "--", *probe.command(output)).code == 0
    found = probe.read(output).variables()
    assert {name: found[name.encode()] for name in VALUES} == {
        name: value.encode() for name, value in VALUES.items()
    }


def test_files_hold_the_bytes(tmp_path, environ):
    """Variable files and templates carry values unchanged."""
    (tmp_path / "t.j2").write_text("{{ variables.NEWLINES }}|{{ variables.UNICODE }}")
    path = manifest(
        tmp_path,
        "".join(
            f'[variables.files.{name}]\ntarget = "@/{name}"\n' for name in VALUES if name != "EMPTY"
        )
        + '[[templates]]\nsource = "@/t.j2"\ntarget = "@/t"\n',
    )
    assert run(environ, "--manifest", path, "--", "true").code == 0
    for name, value in VALUES.items():
        if name != "EMPTY":
            assert (tmp_path / name).read_bytes() == value.encode()
    assert (tmp_path / "t").read_bytes() == (VALUES["NEWLINES"] + "|" + VALUES["UNICODE"]).encode()


def exported(environ, *words):
    done = run(environ, "env", *words)
    assert done.code == 0, done.err
    return done


def bytes_of(environ, *words):
    from tests.guarantees.conftest import SCRIPT

    return subprocess.run(
        [str(SCRIPT), "env", *words], env=environ, capture_output=True, check=True
    ).stdout


def test_json_and_yaml_round_trip(environ):
    """Real parsers read back what was fetched."""
    assert json.loads(bytes_of(environ, "--format", "json")) == VALUES
    assert yaml.safe_load(bytes_of(environ, "--format", "yaml")) == VALUES


def test_shell_output_round_trips_through_sh(environ):
    """eval in a real shell, then the shell's own environment."""
    text = bytes_of(environ, "--format", "shell")
    done = subprocess.run(
        ["/bin/sh", "-c", 'eval "$(cat)"; exec env -0'], input=text, env={"PATH": os.defpath},
        capture_output=True, check=True,
    )  # fmt: skip
    pairs = dict(entry.split(b"=", 1) for entry in done.stdout.split(b"\0") if entry)
    assert {name: pairs[name.encode()] for name in VALUES} == {
        name: value.encode() for name, value in VALUES.items()
    }


def test_dotenv_round_trips_through_python_dotenv(tmp_path, environ):
    """The real reader, from a file, as it reads by default."""
    (tmp_path / ".env").write_bytes(bytes_of(environ, "--format", "dotenv"))
    assert dotenv.dotenv_values(tmp_path / ".env") == VALUES


def test_what_a_reader_cannot_carry_refuses_with_the_name(tmp_path, environ):
    """Docker's env files have no line breaks."""
    path = manifest(tmp_path, '[variables]\nexclude = ["LONG"]\n')
    words = ("env", "--manifest", path, "--format", "dotenv", "--reader", "docker")
    ran = run(environ, *words)
    assert (ran.code, ran.out, ran.kinds) == (65, "", {"value-refused"})
    assert "variable NEWLINES" in ran.err
    assert "three" not in ran.err


@pytest.mark.parametrize("name", ["NUL"])
def test_a_nul_in_a_target_file_is_carried(tmp_path, name):
    """A file can hold what an environment cannot; the environment refuses with the name."""
    from tests.support.emulated import emulated

    with emulated('token = "t"\n[variables]\nNUL = "a\\u0000b"\n') as platform:
        environ = {
            "PATH": os.defpath,
            "CYCLE_API_TOKEN": "t",
            "CYCLE_EXEC_SOCKET": platform.socket,
        }
        path = manifest(tmp_path, '[variables.files.NUL]\ntarget = "@/nul"\n')
        assert run(environ, "--manifest", path, "--", "true").code == 0
        assert (tmp_path / "nul").read_bytes() == b"a\0b"
        ran = run(environ, "--", "true")
    assert (ran.code, ran.kinds) == (65, {"value-refused"})
    assert f"variable {name}" in ran.err
