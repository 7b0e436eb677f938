"""Dotenv files, read with python-dotenv and written for their real readers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Thread

import dotenv as python_dotenv
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.files import dotenv
from cycle_exec.planning.files.dotenv import NotCarried, Unparsable
from tests.support import machine
from tests.support.waiting import PATIENCE

DOLLARS = ["${A}", "${", "$A", "${A:-b}", "\\\\", "\\n", "\\'", "#", " ", "x", "\n"]
NASTY = "\\\"'`$#= \t\r\n\x0b\x0c\x1c\x85\u2028\ufeffa{}%!~"
VALUE = st.one_of(
    st.lists(st.sampled_from(DOLLARS), max_size=4).map("".join),
    st.text(NASTY, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"])),
)
NAME = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z")
VALUES = st.dictionaries(NAME, VALUE, max_size=8)
same_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)


def carried(values, reader):
    """What can be written, and the text of it."""
    kept = {}
    for name, value in values.items():
        try:
            dotenv.write({name: value}, reader)
        except NotCarried:
            continue
        kept[name] = value
    return kept, dotenv.write(kept, reader)


def reason_of(name, value, reader):
    with pytest.raises(NotCarried) as caught:
        dotenv.write({"FINE": "x", name: value}, reader)
    assert caught.value.name == name
    return caught.value.reason


# --- reading


def test_names_and_values_are_read_without_expansion():
    """Quotes, notes and export as python-dotenv has them; dollars stay; later lines win."""
    text = "A=1 # note\nexport B=\"x\\ny\"\nC='$A ${B}'\nD=$A\n\n# note\nA=2\nE=\nF\nG=1\nG\n"
    assert dotenv.read(text) == {"A": "2", "B": "x\ny", "C": "$A ${B}", "D": "$A", "E": ""}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_a_line_end(end):
    """A file from any editor reads the same."""
    text = end.join(["\ufeffA=1", "B='x", "y'", "C=3 ", ""])
    assert dotenv.read(text) == {"A": "1", "B": "x\ny", "C": "3"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\n\n\n=2\n", 4), ("A B\n", 1), ("A=1\r\nB='x\r\n", 2), ("A='x\ny'\n  \n'B\n", 4)],
)
def test_a_line_that_cannot_be_read_refuses_with_its_number(text, line):
    """python-dotenv itself would only log it."""
    with pytest.raises(Unparsable) as caught:
        dotenv.read(text)
    assert caught.value.line == line


@same_folder
@given(text=st.text("AB='\"\\ \t\r\n#$x", max_size=30))
def test_a_text_reads_as_python_dotenv_reads_the_file(tmp_path, text):
    """The same names and values as the library's own function gives for a real file."""
    try:
        found = dotenv.read(text)
    except Unparsable:
        return
    path = tmp_path / ".env"
    path.write_bytes(text.encode())
    whole = python_dotenv.dotenv_values(path, interpolate=False)
    assert found == {name: value for name, value in whole.items() if value is not None}


# --- python-dotenv


@same_folder
@given(values=VALUES)
@example(values={"A": "C:\\dir\\", "B": "\\", "C": '"x"'})
@example(values={"A": "#\\", "B": "a#b\\", "C": "\\'\\", "D": "a b\\"})
def test_python_dotenv_reads_back_what_is_written_for_it(tmp_path, values):
    """From a real file, all values in one file."""
    kept, text = carried(values, "python-dotenv")
    path = tmp_path / ".env"
    path.write_bytes(text.encode())
    assert python_dotenv.dotenv_values(path) == kept
    assert dotenv.read(text) == kept


@pytest.mark.parametrize(
    "value", ["${A}", "x${B:-c}y$", "${}", "$${:-}", "a${\n}", "${A}\\", "${=:-$}{", "${=:-$}"]
)
def test_what_python_dotenv_would_expand_is_carried(tmp_path, value):
    """load_dotenv() does so by default; our own reading gives it back as well."""
    path = tmp_path / ".env"
    text = dotenv.write({"A": value, "B": "x"}, "python-dotenv")
    path.write_text(text)
    assert python_dotenv.dotenv_values(path) == {"A": value, "B": "x"}
    assert dotenv.read(text) == {"A": value, "B": "x"}


@pytest.mark.parametrize("value", ["$", "$A", "${", "$ {A}", "${A:b}", "${A", "$$", "}{$"])
def test_other_dollars_are_carried(tmp_path, value):
    """They mean nothing to it."""
    path = tmp_path / ".env"
    path.write_text(dotenv.write({"A": value}, "python-dotenv"))
    assert python_dotenv.dotenv_values(path) == {"A": value}


@pytest.mark.parametrize(
    "value", ["", " ", "a\r\nb", "\\n", "'", '"', "\\\\a", "#", "$A", "ü\U0001f600"]
)
def test_python_dotenv_is_written_with_quotes(value):
    """Nothing but NUL, bytes that are not UTF-8, and some final backslashes is refused."""
    quoted = dotenv.quote(value)
    assert quoted[0] == quoted[-1] == '"'
    assert dotenv.read(f"A={quoted}") == {"A": value}


@pytest.mark.parametrize("value", ["\\", "C:\\a b\\", "#\\", "a#\\", "x'\"\\", "a\\\\"])
def test_a_final_backslash_is_written_without_quotes(value):
    """Older versions take it for an escape of the closing quote, up to the next line's quotes."""
    assert dotenv.write({"A": value, "B": "x"}, "python-dotenv") == f'A={value}\nB="x"\n'


@pytest.mark.parametrize("value", [" \\", "'\\", '"\\', "a #\\", "a\t#b\\", "a\nb\\", "a\rb\\"])
def test_a_final_backslash_that_needs_quotes_refuses(value):
    """No version-independent way to write it is known."""
    reason = "it ends in a backslash, which python-dotenv misreads"
    assert reason_of("A", value, "python-dotenv") == reason


def test_what_python_dotenv_cannot_carry_refuses():
    """NUL, surrogates and odd names, each with the variable's name."""
    assert reason_of("A", "a\0", "python-dotenv") == "it contains a NUL"
    surrogate = "it is not UTF-8, which python-dotenv needs"
    assert reason_of("A", "\udcff", "python-dotenv") == surrogate
    for name in ("", "A-B", "A B", "1A", "Ü"):
        assert reason_of(name, "", "python-dotenv") == "python-dotenv cannot read its name"


# --- docker


class Daemon(ThreadingMixIn, UnixStreamServer):
    """As much of Docker's API as `docker create` needs to say what it read."""

    daemon_threads = True
    environment: list[str] | None = None

    def handle_error(self, request, client_address):
        """The command goes as soon as it has what it needs, even in the middle of an answer."""


class Answers(BaseHTTPRequestHandler):
    server: Daemon

    def do_HEAD(self):
        self.answer(b"")

    do_GET = do_HEAD

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.environment = json.loads(sent)["Env"] or []
        self.answer(b'{"Id": "0", "Warnings": []}')

    def answer(self, body):
        self.send_response(200)
        self.send_header("Api-Version", "1.44")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass

    def address_string(self):
        return ""


@pytest.fixture(scope="module")
def docker(tmp_path_factory):
    """What the real docker command reads from an env file; skipped where there is none."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command")
    folder = tmp_path_factory.mktemp("docker")
    daemon = Daemon(str(folder / "s"), Answers)
    Thread(target=daemon.serve_forever, daemon=True).start()

    def read(content):
        (folder / "env").write_bytes(content)
        daemon.environment = None
        command = [
            "docker",
            "-H",
            f"unix://{folder}/s",
            "create",
            "--env-file",
            folder / "env",
            "i",
        ]
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        subprocess.run(command, check=True, capture_output=True, env=environ, timeout=PATIENCE)
        pairs: list[str] = daemon.environment or []
        return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}

    yield read
    daemon.shutdown()
    daemon.server_close()


@settings(deadline=None, max_examples=15)
@given(values=st.dictionaries(st.one_of(NAME, st.text(min_size=1, max_size=4)), VALUE, min_size=5))
def test_docker_reads_back_what_is_written_for_it(docker, values):
    """By the real command, which tells a stand-in of its daemon."""
    values = {name: value for name, value in values.items() if "\0" not in name}
    kept, text = carried(values, "docker")
    assert docker(text.encode()) == kept


def test_dockers_longest_line_is_carried(docker):
    """64 KiB with its end; one byte more refuses."""
    value = "ü" * 32_766 + "x"
    assert docker(dotenv.write({"A": value}, "docker").encode()) == {"A": value}
    longer = value + "x"
    reason = "it is longer than docker's limit for a line (64 KiB)"
    assert reason_of("A", longer, "docker") == reason
    with pytest.raises(subprocess.CalledProcessError):
        docker(f"A={longer}\n".encode())


def test_docker_gets_the_value_verbatim():
    """Blanks, notes, quotes inside and dollars need nothing."""
    values = {"A": " x # y\t", "B": "it's", "C": "'", "D": "a\rb", "E": "\"x'", "F": ""}
    text = "A= x # y\t\nB=it's\nC='\nD=a\rb\nE=\"x'\nF=\n"
    assert dotenv.write(values, "docker") == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\nb", "it has a line break"),
        ("a\r", "it has a line break"),
        ("'a'", "it is in quotes, which some versions of docker remove"),
        ('""', "it is in quotes, which some versions of docker remove"),
        ("a\0", "it contains a NUL"),
        ("\udcff", "it is not UTF-8, which docker needs"),
    ],
)
def test_what_docker_cannot_carry_refuses(value, reason):
    """Its format has neither quotes nor escapes."""
    assert reason_of("A", value, "docker") == reason


@pytest.mark.parametrize("name", ["", "#A", "A B", "A\t", "A=B", "\ufeffA", "\x85A"])
def test_a_name_that_docker_cannot_read_refuses(name):
    """White space, a note's sign, the equals sign and a byte order mark."""
    assert reason_of(name, "x", "docker") == "docker cannot read its name"


# --- shell


def test_a_shell_exports_what_is_written_for_it(tmp_path):
    """Sourcing the file changes the environment, byte for byte."""
    path = tmp_path / "env"
    values = {"A": "it's\n$HOME `x` \\", "_B": "\udcff"}
    path.write_bytes(dotenv.write(values, "shell").encode("utf-8", "surrogateescape"))
    script = 'for one in A _B; do printenv "$one" | head -c -1; printf "\\0"; done'
    ran = subprocess.run(
        ["sh", "-c", f'. "$1"; {script}', "sh", path], stdout=subprocess.PIPE, check=True
    )
    assert ran.stdout == b"it's\n$HOME `x` \\\0\xff\0"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shells_change_no_name_that_passes(shell):
    """Every variable a shell has by itself, but for those that are refused, can be exported."""
    known = "IFS OLDPWD OPTARG OPTERR PATH PS1 PS2 PS4 PWD TERM HOME LANG MAIL HISTFILE ENV".split()
    if shell == "bash":
        ran = subprocess.run(
            [machine.program(shell), "-c", "compgen -v"], capture_output=True, text=True, check=True
        )
        known += ran.stdout.split()
    # bash counts the one and sets the other for each command, and both are always inherited.
    for name in set(known) - dotenv._SHELLS_OWN - {"SHLVL", "_"}:
        text = dotenv.write({name: "a b'c"}, "shell")
        ran = subprocess.run(
            [machine.program(shell), "-c", text + "/usr/bin/env"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"\n{name}=a b'c\n" in "\n" + ran.stdout


def test_what_a_shell_cannot_carry_refuses():
    """Odd names, names of its own, and NUL."""
    for name in ("", "A-B", "1A", "Ü", "BASH_FUNC_x%%"):
        assert reason_of(name, "", "shell") == "no shell accepts its name"
    for name in ("UID", "OPTIND", "RANDOM", "BASH_MONOSECONDS"):
        assert reason_of(name, "", "shell") == "its name is reserved by shells"
    assert reason_of("A", "a\0", "shell") == "it contains a NUL"
