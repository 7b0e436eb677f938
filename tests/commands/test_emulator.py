"""`cycle-exec emulator` as a process: start, state, faults, end."""

from __future__ import annotations

import http.client
import os
import signal
import tempfile
import time
from base64 import b64decode
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.emulated import UnixConnection, emulated, start, wait_for
from tests.support.waiting import PATIENCE

STATE = """
token = "dev-token"
[variables]
A = "first-value"
"""
PATH = "/v1/environment/scoped-variables"


def refused(folder, **options: str) -> tuple[int, str]:
    """Exit code and words of an emulator that does not start."""
    log = folder / "log"
    process = start(options.pop("socket", ""), log, **options)
    return process.wait(PATIENCE), log.read_text()


def until(found) -> None:
    end = time.monotonic() + PATIENCE
    while not found() and time.monotonic() < end:
        time.sleep(0.01)
    assert found()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_where_it_is_and_ends_cleanly(number):
    """One line when it is ready; after a signal neither socket nor CA file is left."""
    with emulated(STATE) as platform:
        assert platform.ask(PATH).json == {"data": {"A": "first-value"}}
        assert platform.log.read_text() == (
            f"cycle-exec: emulator ready at {platform.socket}, token dev-token, "
            f"CA certificate {platform.ca}\n"
        )
        assert os.stat(platform.socket).st_mode & 0o777 == 0o666
        x509.load_pem_x509_certificate(Path(platform.ca).read_bytes())
        assert platform.stop(number) == 0
        assert not os.path.exists(platform.socket)
        assert not os.path.exists(platform.ca)


def test_a_killed_emulator_leaves_nothing_that_stops_the_next():
    """A stale socket file is replaced."""
    with emulated(STATE) as platform:
        platform.process.kill()
        platform.process.wait()
        assert os.path.exists(platform.socket)
        log = platform.log.with_name("again")
        again = start(platform.socket, log, state=str(platform.state))
        wait_for(platform.socket, again, log)
        again.terminate()
        assert again.wait(PATIENCE) == 0


def test_a_second_emulator_is_refused_and_the_first_unharmed():
    """The living one keeps its socket and its CA file."""
    with emulated(STATE) as platform:
        ca = Path(platform.ca).read_text()
        second = start(platform.socket, platform.log, state=str(platform.state))
        assert second.wait(PATIENCE) == 73
        assert "another server is listening there (target-refused)" in platform.log.read_text()
        assert Path(platform.ca).read_text() == ca
        assert platform.ask(PATH).status == 200


def test_a_changed_state_counts_at_once():
    """The next answer is by the state on disk."""
    with emulated(STATE) as platform:
        platform.state.write_text(STATE.replace("first-value", "second"))
        assert platform.ask(PATH).json == {"data": {"A": "second"}}
        assert f"{platform.state}\n" in platform.log.read_text()


def test_a_state_with_problems_changes_nothing():
    """The old state is served, the problems are said once, and no value is."""
    with emulated(STATE) as platform:
        said = [
            "state.toml: variabels: unknown key, did you mean variables (manifest-invalid), "
            "and 1 more; the emulator keeps the old state\n",
            "state.toml: it does not exist (file-missing); the emulator keeps the old state\n",
        ]
        for broken, words in zip(('variabels = "hidden"\nx = 1', None), said, strict=True):
            if broken is None:
                platform.state.unlink()
            else:
                platform.state.write_text(broken)
            for _ in range(3):
                assert platform.ask(PATH).json == {"data": {"A": "first-value"}}
            until(lambda words=words: words in platform.log.read_text())
        _, *warnings = platform.log.read_text().splitlines(keepends=True)
        folder = platform.state.parent
        assert warnings == [f"cycle-exec: warning: {folder}/{words}" for words in said]
        assert "hidden" not in platform.log.read_text()
        platform.state.write_text('token = "dev-token"')
        assert platform.ask(PATH).json == {"data": {}}


def test_certificates_are_issued_or_read():
    """Domains alone are issued for; a given pair is served byte for byte and followed on disk."""
    state = """
    token = "t"
    [[certificates]]
    domains = ["a.test"]
    [[certificates]]
    bundle = "chain.pem"
    private_key = "key.pem"
    encoding = "pem"
    """
    files = {"chain.pem": "not a chain", "key.pem": "not a key"}
    with emulated(state, files=files) as platform:
        path = "/v1/containers/certificates"
        issued, given = platform.ask(path).json["data"]
        leaf = x509.load_pem_x509_certificate(b64decode(issued["bundle"]))
        assert leaf.subject.rfc4514_string() == "CN=a.test"
        assert (given["bundle"], given["private_key"]) == ("not a chain", "not a key")
        assert given["domains"] == []
        platform.state.with_name("chain.pem").write_text(b64decode(issued["bundle"]).decode())
        again, given = platform.ask(path).json["data"]
        assert again == issued
        assert given["domains"] == ["a.test"]


def test_the_first_answers_fail_as_asked():
    """--fail STATUS:COUNT counts for each path, and stays within --fail-path."""
    with emulated(STATE, fail="429:2", fail_path="/v1/environment/scoped") as platform:
        found = [platform.ask(PATH) for _ in range(3)]
        assert [answer.status for answer in found] == [429, 429, 200]
        assert found[0].json["error"]["code"] == "429.rate-limiting"
        assert platform.ask("/v1/hub").status == 200


def test_a_dropped_answer_ends_in_the_middle():
    """--drop closes the connection before the body is complete."""
    with emulated(STATE, drop="1") as platform:
        with pytest.raises(http.client.IncompleteRead):
            platform.ask(PATH)
        assert platform.ask(PATH).status == 200
        assert platform.log.read_text().count("\n") == 1


def test_a_slow_body_is_complete_in_the_end():
    """--slow-body sends pieces, none of them lost."""
    with emulated(STATE, slow_body="5ms", latency="5ms") as platform:
        assert platform.ask(PATH).json == {"data": {"A": "first-value"}}


def test_answers_under_way_do_not_keep_it_from_ending():
    """A client that waits for a late answer is left behind after a second."""
    with (
        emulated(STATE, latency="1h") as platform,
        closing(UnixConnection(platform.socket)) as connection,
    ):
        connection.request("GET", "/v1/hub")
        assert platform.stop() == 0


def test_a_dotenv_file_is_enough(tmp_path):
    """--env-file serves its variables, nothing is expanded."""
    pytest.importorskip("cycle_exec.planning.files.dotenv")
    (tmp_path / ".env").write_text("A=1\nB='two words'\nC=${A}\n")
    with emulated(STATE) as other:
        path = other.socket + "2"
        process = start(path, tmp_path / "log", env_file=str(tmp_path / ".env"))
        try:
            wait_for(path, process, tmp_path / "log")
            found = other._replace(socket=path, token="any").ask(PATH)
            assert found.json == {"data": {"A": "1", "B": "two words", "C": "${A}"}}
            until(lambda: ", any token, " in (tmp_path / "log").read_text())
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("token", "mode", "warns"),
    [("", 0o755, True), ('token = "t"', 0o755, False), ("", 0o700, False)],
)
def test_a_socket_that_others_can_open_without_a_token_draws_a_warning(token, mode, warns):
    """Any token is good there. A folder that is closed to others is enough, and so is a token."""
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(mode)
        (folder / "state.toml").write_text(token)
        path, log = str(folder / "api.sock"), folder / "log"
        process = start(path, log, state=str(folder / "state.toml"))
        try:
            wait_for(path, process, log)
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0
        said = "cycle-exec: warning: other users can connect to this socket, and any token is"
        assert log.read_text().count(said) == warns


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"state": "s"}, 64, "--socket: not given (usage)"),
        ({"socket": "s"}, 64, "--state: neither this nor --env-file (usage)"),
        (
            {"socket": "s", "state": "a", "env_file": "b"},
            64,
            "--state: it cannot be combined with --env-file",
        ),
        ({"socket": "s", "state": "a", "fail": "x"}, 64, "--fail: not a status and a count"),
        (
            {"socket": "s", "state": "/no/state"},
            78,
            "/no/state: there is no directory /no (file-missing)",
        ),
    ],
)
def test_what_cannot_start_says_why(tmp_path, options, code, words):
    """Exit code and one clear message; no socket is made."""
    if "socket" in options:
        options = {**options, "socket": str(tmp_path / options["socket"])}
    found, said = refused(tmp_path, **options)
    assert found == code
    assert words in said
    assert os.listdir(tmp_path) == ["log"]


def test_a_broken_state_does_not_start(tmp_path):
    """Every problem at once, with exit code 78."""
    (tmp_path / "state.toml").write_text("tokn = 1\n[hubb]\n")
    found, said = refused(tmp_path, socket=str(tmp_path / "s"), state=str(tmp_path / "state.toml"))
    assert found == 78
    assert "tokn: unknown key, did you mean token" in said
    assert "hubb: unknown key, did you mean hub" in said


def test_missing_pair_files_are_all_named(tmp_path):
    """A state that names files needs them."""
    (tmp_path / "state.toml").write_text('[[certificates]]\nbundle = "b"\nprivate_key = "k"\n')
    found, said = refused(tmp_path, socket=str(tmp_path / "s"), state=str(tmp_path / "state.toml"))
    assert found == 78
    assert f"{tmp_path}/b: it does not exist" in said
    assert f"{tmp_path}/k: it does not exist" in said
