"""The hook as OpenVPN starts it: an empty environment, a file, three exit codes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.hostile import after, data, drip, drop, error, garbage, hang, hostile, reply
from tests.support.launching import SCRIPT
from tests.support.unread import full_pipe
from tests.support.waiting import PATIENCE, until

LOGIN = "/v1/vpn/login"
PASSWORD = "c4n4ry pass:word"


class Hook(NamedTuple):
    """How the hook ended."""

    code: int
    err: str
    seconds: float


@pytest.fixture
def api():
    """A platform that knows everybody."""
    with hostile() as platform:
        platform.on(LOGIN, data(True))
        yield platform


@pytest.fixture
def place(tmp_path, api) -> Path:
    """OpenVPN's folder: token, credentials, and its three files."""
    (tmp_path / "token").write_text(api.token + "\n")
    (tmp_path / "up").write_bytes(f"alice\n{PASSWORD}\n".encode())
    for name in ("control", "reason"):
        (tmp_path / name).write_bytes(b"")
    folder: Path = tmp_path
    return folder


def hook(place: Path, api, *words: str, **environ: str) -> Hook:
    """Run it; environ on top of what a via-file hook always has."""
    given = {
        "untrusted_ip": "192.0.2.7",
        "auth_failed_reason_file": str(place / "reason"),
        "auth_control_file": str(place / "control"),
        **environ,
    }
    began = time.monotonic()
    with open(place / "out", "wb") as out, open(place / "log", "wb") as log:
        # A file, as the server's log may be: a worker keeps it, and nobody waits for its end.
        done = subprocess.run(
            [SCRIPT, "vpn-auth", "--socket", api.socket, "--token-file", place / "token", *words],
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            check=False,
        )
    seconds = time.monotonic() - began
    said = (place / "log").read_text()
    assert (place / "out").read_bytes() == b""
    assert "c4n4ry" not in said
    assert PASSWORD not in said
    return Hook(done.returncode, said, seconds)


def test_accepted(place, api):
    """The platform is asked once, with our token and the login under test."""
    ran = hook(place, api, str(place / "up"))
    assert ran.code == 0, ran
    assert ran.err == 'cycle-exec: vpn-auth from 192.0.2.7: accepted, user "alice"\n'
    [asked] = api.requests
    assert (asked.method, asked.path) == ("POST", LOGIN)
    assert asked.headers["x-cycle-token"] == api.token
    encoded = asked.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded) == f"alice:{PASSWORD}".encode()


def test_rejected(place, api):
    """By the platform; the client hears that, and no more."""
    api.on(LOGIN, reply(403, {"data": False}))
    ran = hook(place, api, str(place / "up"))
    assert ran.code == 1
    assert ran.err.endswith(
        'rejected, user "alice": the platform did not accept the username and password\n'
    )
    assert (place / "reason").read_text() == "the login was rejected"
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        error(500),
        error(429),
        error(401),
        error(404),
        drop,
        hang,
        garbage(),
        reply(200, b"true"),
        reply(200, {"data": "true"}),
        reply(302, {"data": True}, {"Location": "http://example.com/"}),
        drip(data(True), 0.2),
        data(True)[:-1],
    ],
)
@pytest.mark.parametrize("mode", [(), ("--deferred",)])
def test_whatever_the_platform_does_nobody_comes_in(place, api, behaviour, mode):
    """Within the time, and with one line."""
    api.on(LOGIN, behaviour)
    ran = hook(place, api, *mode, "--timeout", "700ms", str(place / "up"))
    assert ran.code in ((1, 2) if mode else (1,)), ran
    if ran.code == 2:
        assert until(lambda: (place / "control").read_bytes(), 3)
        assert (place / "control").read_bytes() == b"0"
    assert ran.seconds < 2.5
    assert (place / "reason").read_text()


def test_a_platform_that_is_away_lets_clients_try_again(place, api):
    """TEMP with a back-off, which clients of 2.6 keep their password for."""
    ran = hook(place, api, "--socket", str(place / "none"), "--timeout", "300ms", str(place / "up"))
    assert ran.code == 1
    assert (place / "reason").read_text().startswith("TEMP[backoff 30]: ")


@pytest.mark.parametrize("behaviour", [error(500), error(429), drop])
def test_the_server_waits_for_three_tries_at_most(place, api, behaviour):
    """Without --deferred nobody is served meanwhile."""
    api.on(LOGIN, behaviour)
    ran = hook(place, api, str(place / "up"))
    assert (ran.code, len(api.requests)) == (1, 3)
    assert f"API at {api.socket}" in ran.err
    assert "after 3 attempts\n" in ran.err
    assert ran.seconds < 4  # of the 8 that it may take to be answered


def test_a_missing_socket_is_named(place, api):
    """It is looked for three times; a worker that holds up nobody looks until its time is over."""
    nowhere = str(place / "none")
    ran = hook(place, api, "--socket", nowhere, str(place / "up"))
    reason = f"no verdict from the API at {nowhere}: there is no socket after 3 attempts"
    assert ran.err == f'cycle-exec: vpn-auth from 192.0.2.7: rejected, user "alice": {reason}\n'
    assert ran.seconds < 4
    words = ("--deferred", "--patience", "50ms", "--timeout", "1s")
    assert hook(place, api, *words, "--socket", nowhere, str(place / "up")).code == 2
    assert (place / "control").read_bytes() == b""
    os.symlink(api.socket, nowhere)
    assert until(lambda: (place / "control").read_bytes() == b"1")


def test_a_slow_answer_is_waited_for(place, api):
    """Only tries that fail are bounded by two seconds."""
    api.on(LOGIN, after(2.5, data(True)))
    assert hook(place, api, str(place / "up")).code == 0


def test_fields_for_programs(place, api):
    """Address, user, verdict and reason on their own; the user as it was typed."""
    user = 'CORP\\d\u00f6rte "x'
    (place / "up").write_text(f"{user}\nwrong\n")
    api.on(LOGIN, reply(403, {"data": False}))
    ran = hook(place, api, str(place / "up"), CYCLE_EXEC_LOG_FORMAT="json")
    assert ran.err.isascii()
    said = json.loads(ran.err)
    reason = "the platform did not accept the username and password"
    assert said["level"] == "notice"
    assert (said["address"], said["user"]) == ("192.0.2.7", user)
    assert (said["verdict"], said["reason"]) == ("rejected", reason)
    quoted = r'"CORP\\d\xc3\xb6rte \"x"'
    assert said["message"] == f"vpn-auth from 192.0.2.7: rejected, user {quoted}: {reason}"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone has no limit to its processes")
def test_without_processes_it_asks_itself(place, api):
    """NPROC of a server's user: the login is judged all the same, by the process that is there."""
    # With the right to read root's own Python, if the tests run with that.
    can = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--clear-groups")
    ran = poor(place, api, "setpriv", "--reuid=nobody", *can, "prlimit", "--nproc=0")
    assert ran.code == 0, ran
    assert ran.err == (
        "cycle-exec: warning: vpn-auth: the verdict cannot be deferred: "
        "too many processes are running\n"
        'cycle-exec: vpn-auth from 192.0.2.7: accepted, user "alice"\n'
    )


@pytest.mark.parametrize("limit", range(5, 12))
def test_with_few_descriptors(place, api, limit):
    """EMFILE: as long as Python itself can start, there is a verdict."""
    ran = poor(place, api, "prlimit", f"--nofile={limit}")
    assert ran.code == 0, ran
    assert ran.err.endswith('cycle-exec: vpn-auth from 192.0.2.7: accepted, user "alice"\n')
    lack = "the verdict cannot be deferred: too many files are open\n"
    assert (lack in ran.err) == (limit < 8)


def poor(place: Path, api, *prefix: str) -> Hook:
    """Run the deferred hook as a process that lacks something, which the prefix takes from it."""
    done = subprocess.run(
        [*prefix, SCRIPT, "vpn-auth", "--deferred", "--patience", "10s",
         "--socket", api.socket, "--token-file", place / "token", place / "up"],
        env={"untrusted_ip": "192.0.2.7", "auth_control_file": str(place / "control")},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return Hook(done.returncode, done.stderr, 0.0)


def test_a_quick_verdict_is_given_at_once_when_deferred(place, api):
    """0 or 1, and nothing is written for OpenVPN to poll."""
    assert hook(place, api, "--deferred", str(place / "up")).code == 0
    api.on(LOGIN, reply(403, {"data": False}))
    assert hook(place, api, "--deferred", str(place / "up")).code == 1
    assert (place / "control").read_bytes() == b""


@pytest.mark.parametrize(("answer", "written"), [(data(True), b"1"), (error(403), b"0")])
def test_a_slow_verdict_follows(place, api, answer, written):
    """2 after the patience; the credentials are gone by then, and the worker needs them no more."""
    api.on(LOGIN, after(0.8, answer))
    ran = hook(place, api, "--deferred", "--patience", "200ms", str(place / "up"))
    (place / "up").unlink()
    assert ran.code == 2
    assert ran.seconds < 0.75
    assert (place / "control").read_bytes() == b""
    assert until(lambda: (place / "control").read_bytes() == written)


def test_a_control_file_that_is_gone_stays_gone(place, api):
    """The client has left: OpenVPN has removed it, and finds no litter."""
    api.on(LOGIN, after(0.5, data(True)))
    assert hook(place, api, "--deferred", "--patience", "50ms", str(place / "up")).code == 2
    (place / "control").unlink()
    assert until(lambda: not workers(place))
    assert not (place / "control").exists()


def workers(place: Path) -> list[str]:
    """Processes of a hook with this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"vpn-auth" in words and str(place).encode() in words:
            found.append(path.parent.name)
    return found


def test_no_worker_outlives_its_time(place, api):
    """Deferred to a platform that never answers."""
    api.on(LOGIN, hang)
    words = ("--deferred", "--patience", "50ms", "--timeout", "500ms", str(place / "up"))
    assert hook(place, api, *words).code == 2
    assert until(lambda: (place / "control").read_bytes() == b"0")
    assert until(lambda: not workers(place))


def test_without_a_control_file_deferred_is_not(place, api):
    """Older servers, or somebody at a prompt: never 2."""
    api.on(LOGIN, after(0.6, data(True)))
    ran = hook(place, api, "--deferred", str(place / "up"), auth_control_file="")
    assert ran.code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nonsense"], "--nonsense is not an option of cycle-exec vpn-auth"),
        (["--timeout"], "--timeout needs a value"),
        (["--timeout", "soon", "up"], "--timeout expects a duration"),
        (["up", "again"], "more than one credentials file"),
        (["none"], "the credentials file cannot be read: it does not exist"),
        (["."], "the credentials file cannot be read: it is a directory"),
        ([], "no credentials"),
        (["--token-file", "none", "up"], "the token file none cannot be read: it does not exist"),
    ],
)
def test_mistakes_are_rejections(place, api, monkeypatch, words, said):
    """1 and a line; never 2, which OpenVPN would wait for."""
    monkeypatch.chdir(place)
    ran = hook(place, api, *words)
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert api.requests == []


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"alice\n", b"alice\nx", b"\nx\n", b"a:b\nc\n", b"alice\nSCRV1:a:b\n"]
)
def test_what_is_no_login_is_never_asked_for(place, api, content):
    """The reason is said without the password."""
    (place / "up").write_bytes(content)
    assert hook(place, api, str(place / "up")).code == 1
    assert api.requests == []


def test_via_env(place, api):
    """Username and password from the environment; without a password it says why."""
    assert hook(place, api, username="alice", password=PASSWORD).code == 0
    ran = hook(place, api, username="alice")
    assert ran.code == 1
    assert "via-env needs script-security 3" in ran.err


def test_names_from_outside_cannot_write_our_log(place, api):
    """Control characters, long names, an address that is none."""
    (place / "up").write_bytes(b"\x1b[31m" + b"x" * 100 + b"\npw\n")
    ran = hook(place, api, str(place / "up"), untrusted_ip="1\n2")
    assert ran.err.isascii()
    assert "\x1b" not in ran.err
    assert ran.err.count("\n") == 1
    assert len(ran.err) < 400


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_token_from_the_environment_is_the_last_resort(place, api):
    """Where no file was named and the usual one is not there."""
    done = subprocess.run(
        [SCRIPT, "vpn-auth", "--socket", api.socket, place / "up"],
        env={"CYCLE_API_TOKEN": api.token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    without = subprocess.run(
        [SCRIPT, "vpn-auth", "--socket", api.socket, place / "up"],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert without.returncode == 1
    assert "no token: /run/cycle-exec/vpn-token cannot be read" in without.stderr


def test_help_is_help():
    """--help reads like any other page."""
    done = subprocess.run(
        [SCRIPT, "vpn-auth", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "--patience" in done.stdout


@pytest.mark.parametrize("options", [(), ("--deferred",)])
def test_a_log_that_nobody_reads_delays_no_verdict(place, api, options):
    """Full, with a reader that does not read: the line is given up."""
    words = ["vpn-auth", "--socket", api.socket, "--token-file", place / "token", *options]
    with full_pipe() as writing:
        done = subprocess.run(
            [SCRIPT, *words, place / "up"],
            env={"auth_control_file": str(place / "control")},
            stderr=writing,
            timeout=PATIENCE,
            check=False,
        )
    # It may have deferred while it waited for somebody to read.
    assert done.returncode == 0 or (options and done.returncode == 2)
    if done.returncode == 2:
        assert until(lambda: (place / "control").read_bytes() == b"1")
