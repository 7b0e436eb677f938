"""/v1/notifications of a running emulator, with the client library that people use."""

from __future__ import annotations

import json
import os
import socket
import time
from base64 import b64decode
from contextlib import ExitStack, contextmanager

import pytest
from cryptography import x509
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import unix_connect

from tests.support import notified, spec
from tests.support.emulated import Emulated, emulated
from tests.support.notified import PATH, connected, heard, topics
from tests.support.waiting import PATIENCE, Stopwatch

STATE = """
token = "dev-token"
[variables]
A = "c4n4ry-first"
[[certificates]]
domains = ["a.test"]
[[certificates]]
domains = ["b.test"]
"""
VARIABLES = "/v1/environment/scoped-variables"
CERTIFICATES = "/v1/containers/certificates"
UPDATED = "environment.scoped-variable.updated"


def listen(platform: Emulated):
    return connected(platform.socket, platform.token)


def write(platform: Emulated, text: str) -> None:
    """As editors do: a new file in place of the old one."""
    staged = platform.state.with_name("staged")
    staged.write_text(text)
    staged.rename(platform.state)


def silent(client) -> bool:
    """Nothing has come; asked for where something would have come already."""
    try:
        client.recv(timeout=0)
    except TimeoutError:
        return True
    return False


def refused(platform: Emulated, token: str) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as found, connected(platform.socket, token):
        pass
    return found.value


@contextmanager
def never_reading(platform: Emulated):
    """A client that goes through the handshake and does nothing ever after."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(platform.socket)
        client.sendall(
            f"GET {PATH} HTTP/1.1\r\nHost: unix\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"X-CYCLE-TOKEN: {platform.token}\r\n\r\n".encode()
        )
        found = b""
        while not found.endswith(b"\r\n\r\n"):
            found += client.recv(1)
        assert found.startswith(b"HTTP/1.1 101 ")
        yield client


def test_a_change_on_disk_is_heard_without_a_request():
    """Within 200 ms of the write; the new state is served, and the message is the document's."""
    with emulated(STATE) as platform, listen(platform) as client:
        watch = Stopwatch(platform.process)
        write(platform, STATE.replace("first", "second"))
        [notification] = heard(client, 1)
        # A busy machine is given some time more than is promised.
        assert watch.seconds(platform.process) < 2
        assert platform.ask(VARIABLES).json == {"data": {"A": "c4n4ry-second"}}
        assert notification["topic"] == UPDATED
        assert notification["context"]["hub_id"] == platform.ask("/v1/hub").json["data"]["id"]
        assert "c4n4ry" not in json.dumps(notification)
        assert notified.faults_of(notification) == []


def test_a_change_that_a_request_meets_first_is_heard_too():
    """The request is answered by the new state at once."""
    with emulated(STATE) as platform, listen(platform) as client:
        write(platform, STATE.replace("first", "second"))
        assert platform.ask(VARIABLES).json == {"data": {"A": "c4n4ry-second"}}
        assert topics(client, 1) == [UPDATED]
        assert platform.log.read_text().count("reloaded") == 1


def test_a_file_written_again_is_silent():
    """Only what is different is told, and each thing once."""
    with emulated(STATE) as platform, listen(platform) as client:
        write(platform, STATE)
        assert platform.ask(VARIABLES).status == 200
        write(platform, "# a comment\n" + STATE.replace("first", "second"))
        assert topics(client, 1) == [UPDATED]
        write(platform, STATE + "[vpn.users]\nalice = 'pw'\n" + "[hub]\nname = 'x'\n")
        told = topics(client, 6)
        assert told[0] == "hub.updated"
        assert sorted(told[1:]) == [
            "container.instances.reconfigured",
            "container.new",
            UPDATED,
            "environment.services.reconfigured",
            "environment.services.vpn.users.updated",
        ]
        assert silent(client)


def test_only_a_changed_certificate_is_issued_again():
    """The other keeps its bytes; ids stay."""
    with emulated(STATE) as platform, listen(platform) as client:
        first, second = platform.ask(CERTIFICATES).json["data"]
        write(platform, STATE.replace('["b.test"]', '["b.test"]\nserial = 2'))
        told = heard(client, 2)
        assert [item["topic"] for item in told] == [
            "dns.certificate.state.changed",
            "dns.zone.certificate.ready",
        ]
        assert {item["object"]["id"] for item in told} == {second["id"]}
        again, renewed = platform.ask(CERTIFICATES).json["data"]
        assert again == first
        assert renewed["id"] == second["id"]
        numbers = [
            x509.load_pem_x509_certificate(b64decode(item["bundle"])).serial_number
            for item in (second, renewed)
        ]
        assert numbers[0] != numbers[1]
        found = platform.ask(CERTIFICATES)
        assert spec.faults_of("getContainerCertificates", found.status, found.json) == []


def test_a_pair_that_the_state_names_is_followed():
    """The file of a key or chain is as good as the state file itself."""
    state = '[[certificates]]\nbundle = "chain.pem"\nprivate_key = "key.pem"\ndomains = ["a.test"]'
    files = {"chain.pem": "old chain", "key.pem": "old key"}
    with emulated(state, files=files) as platform, listen(platform) as client:
        platform.state.with_name("key.pem").write_text("new key")
        assert "dns.zone.certificate.ready" in topics(client, 2)
        [found] = platform.ask(CERTIFICATES).json["data"]
        assert b64decode(found["private_key"]) == b"new key"


@pytest.mark.parametrize("broken", ["[variables", "[variables]\nA = 5\n", b"\xff", None])
def test_a_broken_state_is_one_warning_and_no_notification(broken):
    """Whatever is wrong with it; the next good one is heard."""
    with emulated(STATE) as platform, listen(platform) as client:
        if broken is None:
            platform.state.unlink()
        else:
            text = broken if isinstance(broken, bytes) else broken.encode()
            platform.state.write_bytes(text)
        end = time.monotonic() + PATIENCE
        while platform.log.read_text().count("\n") < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert platform.ask(VARIABLES).json == {"data": {"A": "c4n4ry-first"}}
        _, warning = platform.log.read_text().splitlines()
        assert warning.startswith(f"cycle-exec: warning: {platform.state}:")
        assert warning.endswith("; the emulator keeps the old state")
        write(platform, STATE.replace("first", "second"))
        assert topics(client, 1) == [UPDATED]


def test_a_rewritten_file_is_not_read_half():
    """Between emptying and writing a file no client sees an empty world."""
    with emulated(STATE) as platform, listen(platform) as client:
        with platform.state.open("w") as state:
            for _ in range(3):
                assert platform.ask(VARIABLES).json == {"data": {"A": "c4n4ry-first"}}
            state.write(STATE.replace("first", "second"))
        assert topics(client, 1) == [UPDATED]
        assert silent(client)


@pytest.mark.parametrize("token", ["wrong", ""])
def test_the_token_is_checked_at_the_handshake(token):
    """The platform's envelope with 401, as for any request."""
    with emulated(STATE) as platform:
        response = refused(platform, token).response
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/json"
        body = json.loads(response.body or b"")
        assert body["error"]["code"] == "401.auth-invalid"
        assert spec.faults_of("getHub", 401, body) == []
        assert platform.ask(VARIABLES).status == 200
        # Plain HTTP there is refused too, whatever its token.
        assert platform.ask(PATH).status == 400
        assert platform.ask(PATH, method="POST").status == 405


def test_the_token_of_the_new_state_counts():
    """For who connects from now on."""
    with emulated(STATE) as platform:
        write(platform, STATE.replace("dev-token", "new-token"))
        assert refused(platform, "dev-token").response.status_code == 401
        with connected(platform.socket, "new-token") as client:
            write(platform, STATE.replace("dev-token", "new-token").replace("first", "second"))
            assert topics(client, 1) == [UPDATED]


def test_a_new_client_hears_only_of_what_comes_after():
    """The state that it finds is not news to it."""
    with emulated(STATE) as platform, listen(platform) as first:
        write(platform, STATE.replace("first", "second"))
        with listen(platform) as late:
            assert topics(first, 1) == [UPDATED]
            write(platform, STATE.replace('A = "c4n4ry-first"', ""))
            gone = "environment.scoped-variable.state.changed"
            assert topics(first, 1) == topics(late, 1) == [gone]


def test_many_clients_hear_the_same_and_may_leave():
    """Whoever goes without a word holds up nobody."""
    with emulated(STATE) as platform, ExitStack() as stack:
        clients = [stack.enter_context(listen(platform)) for _ in range(20)]
        for client in clients[10:]:
            client.socket.close()
        clients[0].send("nobody listens to this")
        write(platform, STATE.replace("first", "second"))
        assert {tuple(topics(client, 1)) for client in clients[:10]} == {(UPDATED,)}
        assert platform.log.read_text().count("\n") == 2


def test_a_client_that_never_reads_holds_up_nobody():
    """More than any buffer holds is waiting for it: others hear, requests are answered, and the
    emulator ends within a second.
    """
    with emulated(STATE) as platform, never_reading(platform), listen(platform) as client:
        for value in "12":
            lots = "".join(f'V{number} = "{value}"\n' for number in range(3000))
            write(platform, STATE.replace("[variables]\n", f"[variables]\n{lots}"))
            assert len(heard(client, 3000)) == 3000
            assert platform.ask(VARIABLES).status == 200
        watch = Stopwatch(platform.process)
        assert platform.stop() == 0
        assert watch.seconds(platform.process) < 1
        assert not os.path.exists(platform.socket)


def test_open_connections_are_told_of_the_end():
    """Within a second, with the code of a server that restarts: come again."""
    with emulated(STATE) as platform, listen(platform) as client:
        watch = Stopwatch(platform.process)
        assert platform.stop() == 0
        assert watch.seconds(platform.process) < 1
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


def test_the_faults_are_for_handshakes_as_well():
    """--fail refuses the first ones in the envelope, --drop cuts the next right after it opened,
    --latency is before each.
    """
    with emulated(STATE, fail="503:1", fail_path=PATH, drop="1", latency="100ms") as platform:
        began = time.monotonic()
        response = refused(platform, platform.token).response
        assert time.monotonic() - began >= 0.1
        assert response.status_code == 503
        assert json.loads(response.body or b"")["error"]["title"] == "Injected by --fail"
        with listen(platform) as client, pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
        assert closed.value.rcvd is None
        with listen(platform) as client:
            write(platform, STATE.replace("first", "second"))
            assert topics(client, 1) == [UPDATED]


def test_only_the_path_of_the_clients_is_a_websocket():
    """Elsewhere a handshake gets the answer of plain HTTP."""
    with emulated(STATE) as platform:
        for path, status in (("/", 404), ("/v1/hub", 200), ("/v1/vpn/login", 405)):
            with (
                pytest.raises(InvalidHandshake) as found,
                unix_connect(
                    platform.socket,
                    f"ws://unix{path}",
                    additional_headers={"x-cycle-token": platform.token},
                ),
            ):
                pass
            assert isinstance(found.value, InvalidStatus)
            assert found.value.response.status_code == status
