"""A VPN login: what a client types is asked for as it is, and only `true` lets it in."""

from __future__ import annotations

import json
from base64 import b64decode

from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources.model import Request, Response
from cycle_exec.system.api.http1 import request_bytes
from cycle_exec.vpn import login
from cycle_exec.vpn.line import Line, reason_in
from cycle_exec.vpn.login import Rejected
from tests.fuzz.wording import assert_ours

WORDS = (
    *(b"user", b"password", b"\n", b":", b"SCRV1:", b"CRV1:", b"\r\n", b"\0", b"\xff", b" ", b"\t"),
    *(b'{"data": true}', b'{"data": false}', b'"data"', b"true", b"1", b'"error"', b"null", b"{"),
    *(b"}", b",", b'{"error": {}, "data": true}', b'"true"', b"[", b"]", b"\xef\xbb\xbf"),
)


def target(data: bytes) -> None:
    """As the credentials file, as the environment's, and as the platform's answer."""
    try:
        credentials = login.of_file(data)
    except Rejected as rejected:
        assert_ours(rejected.reason)
    else:
        assert credentials.username + b"\n" + credentials.password.reveal() + b"\n" == data
        _asked(credentials)
    username, _, password = data.decode("utf-8", "surrogateescape").partition("\n")
    _asked(login.of_environment({"username": username, "password": password}))
    for status in (200, 401, 403, 404, 429, 503):
        _answered(status, data)


def _asked(credentials: login.Credentials) -> None:
    said = Line(address="192.0.2.7", username=credentials.username, reason="no").text
    assert said.isascii()
    assert said.isprintable()
    assert reason_in(f"cycle-exec: {said}\n") == "no"
    try:
        request = login.question(credentials, {})
    except Rejected as rejected:
        assert_ours(rejected.reason)
        return
    assert _sent(request) == (credentials.username, credentials.password.reveal())


def _sent(request: Request) -> tuple[bytes, bytes]:
    """The login in the request's one header for it; nothing that was typed adds another line."""
    head = request_bytes(request, Secret("token"), "agent")
    lines = head.split(b"\r\n")
    [value] = [line for line in lines if line.startswith(b"Authorization: ")]
    assert len(lines) == len(request_bytes(_PLAIN, Secret("token"), "agent").split(b"\r\n"))
    username, _, password = b64decode(value.removeprefix(b"Authorization: Basic ")).partition(b":")
    return username, password


_PLAIN = login.question(login.Credentials(username=b"a", password=SecretBytes(b"b")), {})


def _answered(status: int, body: bytes) -> None:
    verdict = login.verdict(Response(status=status, headers=(), body=SecretBytes(body)), "/s")
    assert verdict.accepted == (not verdict.reason)
    if verdict.accepted:
        assert status == 200
        document = json.loads(body)
        assert document["data"] is True
        assert not document.get("error")
