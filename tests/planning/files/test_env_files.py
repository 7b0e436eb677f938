"""Dotenv files for Node.js, Compose and systemd, each read back by the program itself."""

from __future__ import annotations

import ctypes
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.files import dotenv
from tests.planning.files.test_dotenv import NAME, VALUE, carried, reason_of
from tests.support import machine
from tests.support.waiting import PATIENCE

QUOTES = st.text("'\"`\\n$#{} \n\tax", max_size=8)
LISTS = st.lists(st.tuples(NAME, VALUE | QUOTES), min_size=30, max_size=30)
few = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=12,
)
TRICKY = {
    "A": 'it\'s "a" $HOME ${x} #b',
    "B": " two\nlines ",
    "C": "back\\slash",
    "D": "",
    "E": "é漢🔑",
    "F": "C:\\new",
    "G": "`x`",
    "H": "'",
}


def by_node(folder: Path, content: bytes) -> dict[str, str]:
    """What `node --env-file` puts into the environment."""
    (folder / "env").write_bytes(content)
    script = "process.stdout.write(JSON.stringify(process.env))"
    words = [machine.program("node"), f"--env-file={folder}/env", "-e", script]
    done = subprocess.run(words, env={}, capture_output=True, timeout=PATIENCE, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def by_compose(folder: Path, content: bytes) -> dict[str, str]:
    """What a service of docker-compose would get by env_file, in its own words."""
    (folder / "env").write_bytes(content)
    (folder / "docker-compose.yml").write_text(
        "version: '3'\nservices:\n  app:\n    image: x\n    env_file: [./env]\n"
    )
    file = str(folder / "docker-compose.yml")
    words = [machine.program("docker-compose"), "-f", file, "config"]
    environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(words, env=environ, capture_output=True, timeout=PATIENCE, check=True)
    found = yaml.safe_load(done.stdout)["services"]["app"].get("environment") or {}
    return {name: (value or "").replace("$$", "$") for name, value in found.items()}


def by_systemd(folder: Path, content: bytes) -> dict[str, str]:
    """What its own functions read of an EnvironmentFile, and keep of it."""
    (folder / "env").write_bytes(content)
    library = next(iter(sorted(Path("/usr/lib").glob("*/systemd/libsystemd-shared-*.so"))), None)
    if library is None:
        machine.missing("systemd")
    shared = ctypes.CDLL(str(library))
    found = ctypes.POINTER(ctypes.c_char_p)()
    assert shared.load_env_file(None, f"{folder}/env".encode(), ctypes.byref(found)) >= 0
    if not found:
        return {}
    clean = shared.strv_env_clean_with_callback
    clean.restype = ctypes.POINTER(ctypes.c_char_p)
    kept = clean(found, None, None)
    pairs: list[str] = []
    while (pair := kept[len(pairs)]) is not None:
        pairs.append(pair.decode())
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


READ: dict[str, Callable[[Path, bytes], dict[str, str]]] = {
    "compose": by_compose,
    "node": by_node,
    "systemd": by_systemd,
}


@pytest.mark.parametrize("reader", READ)
@few
@given(pairs=LISTS)
@example(pairs=list(TRICKY.items()))
def test_the_program_reads_back_what_is_written_for_it(tmp_path, reader, pairs):
    """Every value that is not refused, byte for byte, all in one file."""
    values = {f"V{at}_{name}": value for at, (name, value) in enumerate(pairs)}
    if reader == "compose":
        # What Compose prints is YAML, where these are line ends: they are not seen again.
        values = {
            name: value
            for name, value in values.items()
            if not {"\x85", "\u2028", "\u2029"} & {*value}
        }
    kept, text = carried(values, reader)
    assert READ[reader](tmp_path, text.encode()) == kept


@pytest.mark.parametrize("reader", READ)
def test_what_people_have_is_carried(tmp_path, reader):
    """Passwords, addresses, keys, JSON."""
    values = {
        "URL": "postgres://u:p%20w@db:5432/app?x=1&y=#z",
        "PASSWORD": "aB3$ x!@^&*()-_=+[]|;:,.<>?/~",
        "JSON": '{"a": ["b c", 1], "d": null}',
        "WORDS": "two  words ",
        "QUOTE": "it's",
        "EMPTY": "",
        "PEM": "-----BEGIN X-----\nMIIB+/=\n-----END X-----\n",
    }
    assert READ[reader](tmp_path, dotenv.write(values, reader).encode()) == values


def test_node_has_three_kinds_of_quotes():
    """The first that does not stand in the value; without any, the value as it is."""
    values = {"A": "a", "B": "'", "C": "'`", "D": "'`\"".join("xy")}
    text = "A='a'\nB=`'`\nC=\"'`\"\nD=x'`\"y\n"
    assert dotenv.write(values, "node") == text


NODE_QUOTES = "it has every kind of quotes that Node.js knows"
COMPOSE_QUOTES = "its quotes, with what else is in it, are misread by Compose"
COMPOSE_BACKSLASHES = "its backslashes are misread by Compose"


@pytest.mark.parametrize(
    ("reader", "value", "reason"),
    [
        ("node", "a\rb", "it has a carriage return, which Node.js takes away"),
        ("node", "a'`\"#", NODE_QUOTES),
        ("node", "'`\"", NODE_QUOTES),
        ("node", "a'`\"\n", NODE_QUOTES),
        ("node", "a'`\\n\n", NODE_QUOTES),
        ("node", " '`\"", NODE_QUOTES),
        ("node", "a\0", "it contains a NUL"),
        ("node", "\udcff", "it is not UTF-8, which Node.js needs"),
        ("compose", "${A}", "it has ${, which some versions of Compose expand"),
        ("compose", "a\\", COMPOSE_BACKSLASHES),
        ("compose", "\\\\a", COMPOSE_BACKSLASHES),
        ("compose", "it's $5", COMPOSE_QUOTES),
        ("compose", "'\"", COMPOSE_QUOTES),
        ("compose", "'\\", COMPOSE_QUOTES),
        ("systemd", "a\rb", "it has a control character, which systemd does not allow"),
        ("systemd", "\x7f", "it has a control character, which systemd does not allow"),
        ("systemd", "\ufdd0", "it has a code point that is no character, which systemd refuses"),
        ("systemd", "\uffff", "it has a code point that is no character, which systemd refuses"),
    ],
)
def test_what_a_program_would_misread_refuses(reader, value, reason):
    """With the variable's name."""
    assert reason_of("A", value, reader) == reason


@pytest.mark.parametrize("reader", ["node", "compose", "systemd"])
@pytest.mark.parametrize("name", ["", "A-B", "1A", "Ü", "A B"])
def test_a_name_that_is_none_refuses(reader, name):
    """Letters, digits and underscores are what all versions take."""
    assert reason_of(name, "x", reader).endswith("cannot read its name")


def test_a_name_that_compose_cuts_refuses():
    """Older versions take away `export`, a blank behind it or not."""
    assert "Compose" in reason_of("exported", "x", "compose")
    assert dotenv.write({"EXPORTED": "x"}, "compose") == "EXPORTED='x'\n"
