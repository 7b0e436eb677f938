"""`cycle-exec api`: the end of curl --unix-socket."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import termios
import time
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.presentation import pretty
from cycle_exec.sources.operations import OPERATIONS
from tests.support import machine
from tests.support.emulated import emulated
from tests.support.hostile import CANARY, data, drop, error, hostile, reply
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE


@pytest.fixture
def api():
    with hostile() as platform:
        yield platform


def environ(api, **more):
    return {
        "PATH": PATH,
        "CYCLE_API_TOKEN": api.token,
        "CYCLE_EXEC_SOCKET": api.socket,
        "CYCLE_EXEC_MANIFEST": "",
        **more,
    }


def ask(api, *words, **more):
    return subprocess.run(
        [SCRIPT, "api", *words],
        env=environ(api, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_the_data_on_one_line_in_a_pipe(api):
    """Unwrapped, in UTF-8."""
    api.on("/v1/server", data({"id": "x", "name": "é", "n": [1, None, True]}))
    done = ask(api, "GET", "/v1/server")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '{"id":"x","name":"é","n":[1,null,true]}\n'
    assert ask(api, "get", "/v1/server").returncode == 0
    assert ask(api, "GET", "/v1/server", "--raw").stdout.startswith('{"data": {"id"')


def test_parameters_and_bodies(api, tmp_path):
    """As words, and from a file."""
    api.on("/v1/hub/integrations", data({}))
    ask(api, "GET", "/v1/hub/integrations?vendor=aws", "-q", "identifier=a b&c=d")
    [asked] = api.requests
    assert parse_qs(asked.target.partition("?")[2]) == {
        "vendor": ["aws"],
        "identifier": ["a b&c=d"],
    }
    api.on("/v1/object-cache", data(None))
    body = {"scope": "global", "key": "k", "value": "v", "expires": "1h"}
    done = ask(api, "POST", "/v1/object-cache", "-d", json.dumps(body))
    assert (done.returncode, done.stdout) == (0, "null\n")
    (tmp_path / "body").write_text(json.dumps(body))
    ask(api, "POST", "/v1/object-cache", "--data", f"@{tmp_path}/body")
    assert [json.loads(each.body) for each in api.requests[1:]] == [body, body]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "METHOD PATH is missing"),
        (["GET"], "PATH is missing"),
        (["GET", "/v1/servr"], "the API has no /v1/servr, did you mean /v1/server"),
        (["DELETE", "/v1/object-cache"], "/v1/object-cache accepts GET and POST, not DELETE"),
        (["GET", "/v1/hub", "-q", "x"], "--query: expects NAME=VALUE"),
        (["POST", "/v1/object-cache", "-d", "{c4n4ry"], "--data: is not JSON"),
        (["POST", "/v1/vpn/login"], "POST /v1/vpn/login: it needs a login"),
        (["GET", "/v1/hub", "--user", "alice"], "only POST /v1/vpn/login takes a login"),
        (["GET", "/v1/hub", "--password-file", "f"], "--password-file: it needs --user"),
        (["POST", "/v1/vpn/login", "--user", "a:b"], "--user: a colon would end the name"),
    ],
)
def test_wrong_words(api, words, said):
    """64, nothing asked, and the body never shown."""
    done = ask(api, *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert said in done.stderr
    assert "c4n4ry" not in done.stderr.replace(api.token, "")
    assert api.requests == []


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        (error(401), 77, "denied"),
        (error(404), 65, "answer-refused"),
        (error(503), 69, "unavailable"),
        (reply(200, {"data": 1, "error": {"status": 404}}), 65, "answer-malformed"),
        (reply(200, b"<html>"), 65, "answer-malformed"),
        (drop, 69, "unavailable"),
    ],
)
def test_errors(api, answer, code, kind):
    """The answer on standard output, who asked for it sees it; our words and a code beside it."""
    api.on("/v1/hub", answer)
    done = ask(api, "GET", "/v1/hub", "--deadline", "500ms")
    assert done.returncode == code
    assert f"({kind})" in done.stderr
    assert CANARY not in done.stderr
    if answer == error(404):
        assert json.loads(done.stdout)["error"]["title"] == f"{CANARY} title"


def test_without_token_or_api(api, tmp_path):
    """77 and 69."""
    assert ask(api, "GET", "/v1/hub", CYCLE_API_TOKEN="").returncode == 77
    done = ask(api, "GET", "/v1/hub", "--deadline", "300ms", "--socket", str(tmp_path / "none"))
    assert done.returncode == 69
    assert f"GET /v1/hub: {tmp_path / 'none'}: there is no socket (unavailable)" in done.stderr


def test_the_list(api):
    """Every operation, with its parameters; nothing is asked."""
    done = ask(api, "--list", CYCLE_API_TOKEN="")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    for row in OPERATIONS.values():
        [found] = [line for line in lines if line[:2] == [row.method, row.path]]
        assert [word.rstrip("*") for word in found[2:]] == list(row.query)
    assert "scope* key*" in done.stdout


@pytest.mark.parametrize(
    ("more", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False)]
)
def test_on_a_terminal(api, more, coloured):
    """Indented, and coloured where that is wanted."""
    api.on("/v1/hub", data({"id": "x", "list": [1]}))
    text = on_terminal(api, **more)
    assert ("\x1b[34m" in text) == coloured
    plain = text
    for paint in ("\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[0m"):
        plain = plain.replace(paint, "")
    assert plain == '{\r\n  "id": "x",\r\n  "list": [\r\n    1\r\n  ]\r\n}\r\n'
    assert "\x1b" not in on_terminal(api, **more, NO_COLOR="1")


def on_terminal(api, **more):
    ours, theirs = machine.terminal()
    with subprocess.Popen(
        [SCRIPT, "api", "GET", "/v1/hub"], env=environ(api, **more), stdout=theirs
    ) as process:
        process.wait(PATIENCE)
        os.close(theirs)
        found = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            found += piece
    os.close(ours)
    return found.decode()


VPN = 'token = "dev"\n[vpn.users]\nalice = "correct: hörse"\n'


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_login_with_a_password_from_a_file(tmp_path, end):
    """The end of its line is no part of it; the verdict is the answer."""
    path = tmp_path / "password"
    words = ["POST", "/v1/vpn/login", "--user", "alice", "--password-file", str(path)]
    with emulated(VPN) as platform:
        path.write_bytes(f"correct: hörse{end}".encode())
        done = ask(platform, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, "true\n", "")
        path.write_text("c4n4ry" + end)
        done = ask(platform, *words)
        assert (done.returncode, json.loads(done.stdout)) == (65, {"data": False})
        assert "POST /v1/vpn/login: the login is rejected (answer-refused)" in done.stderr
        assert "c4n4ry" not in done.stderr


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 78, "it does not exist (file-missing)"),
        (b"\xff", 78, "(file-missing)"),
        (b"\n", 64, "--user: the password is empty"),
    ],
)
def test_a_password_file_that_cannot_be_used(api, tmp_path, content, code, said):
    """Nothing is asked."""
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    done = ask(api, "POST", "/v1/vpn/login", "--user", "alice", "--password-file", str(path))
    assert done.returncode == code
    assert said in done.stderr
    assert api.requests == []


def test_a_login_with_a_password_that_is_typed():
    """It is not shown; without a terminal the file is named."""
    words = [str(SCRIPT), "api", "POST", "/v1/vpn/login", "--user", "alice"]
    with emulated(VPN) as platform:
        ours, theirs = machine.terminal()
        with subprocess.Popen(
            words,
            env=environ(platform),
            stdin=theirs,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        ) as process:
            shown = b""
            while not shown.endswith(b"Password: "):
                shown += os.read(ours, 100)
            os.write(ours, "correct: hörse\n".encode())
            assert process.stdout
            assert process.stdout.read() == b"true\n"
            assert process.wait(PATIENCE) == 0
            os.set_blocking(ours, False)
            assert b"correct" not in shown + os.read(ours, 1000)
        os.close(theirs)
        os.close(ours)
        done = subprocess.run(
            words,
            env=environ(platform),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
        )
    assert done.returncode == 64
    assert "--user: there is no terminal to ask for the password (usage)" in done.stderr
    assert "--password-file FILE" in done.stderr


def test_notifications_one_on_a_line():
    """Until it is stopped."""
    state = 'token = "dev"\n[variables]\nA = "1"\n'
    with (
        emulated(state) as platform,
        subprocess.Popen(
            [SCRIPT, "api", "notifications", "--topic", "environment.", "--log-level", "info"],
            env=environ(platform),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr
        assert process.stdout
        assert "listening for notifications" in process.stderr.readline()
        time.sleep(0.1)
        platform.state.write_text(state + 'B = "2"\n')
        found = json.loads(process.stdout.readline())
        assert found["topic"].startswith("environment.")
        process.terminate()
        assert process.wait(PATIENCE) == 143
    with emulated(state) as platform:
        done = ask(platform, "notifications", CYCLE_API_TOKEN="wrong")
    assert done.returncode == 77


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_pretty_is_the_same_json(value):
    """And no terminal takes it for a command."""
    text = pretty.pretty(value, colour=False)
    assert json.loads(text) == value
    assert json.loads(pretty.line(value)) == value
    coloured = pretty.pretty(value, colour=True)
    assert "\x1b" not in text
    assert not any("\x7f" <= letter <= "\x9f" for letter in coloured)
