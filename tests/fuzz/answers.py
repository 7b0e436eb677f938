"""Answers of the platform: any JSON is a snapshot or refused, and no value is ever quoted."""

from __future__ import annotations

import json
from contextlib import suppress

from cycle_exec.client import exchange
from cycle_exec.client.errors import ApiError
from cycle_exec.errors import Refused
from cycle_exec.secret import SecretBytes
from cycle_exec.settings.model import CertificateRequest, IntegrationRequest, Settings
from cycle_exec.sources import answers, needs, strict_json
from cycle_exec.sources.model import Response, Snapshot
from cycle_exec.sources.strict_json import NotJson
from tests.fuzz.wording import assert_told

_CANARY = "C4N4RY"  # no error code of the platform, which may be quoted
_SETTINGS = Settings(
    integrations=(
        IntegrationRequest(identifier="s3"),
        IntegrationRequest(vendor="aws", optional=True),
    ),
    certificates=CertificateRequest(),
    manifest_path="",
    origins={},
    command=("app",),
)
_NEEDS = needs.needs(_SETTINGS, needs.FETCHED_NAMES)
_ENVIRON = {"CYCLE_INSTANCE_ID": "i1", "HOSTNAME": "h"}

WORDS = (
    *(b'{"data": ', b'{"data": {', b'{"data": [', b'"error": {"code": "404.not-found"}', b"null"),
    *(b'"identifier": "s3"', b'"vendor": "aws"', b'"name": "n"', b'"auth": {', b'"extra": {'),
    *(b'"domains": ["a.test"]', b'"bundle": "', b'"private_key": "', b'"id": "i1"', b'"fqdn": "'),
    *(b'"hostname": "h"', b'"A": "b"', b"{", b"}", b"[", b"]", b",", b":", b'"', b"1", b"true"),
    *(b"\\ud800", b"\\u0000", b"\xff", b'"x"', b'"key_id": "', b'"', b" "),
)


def target(data: bytes) -> None:
    """As the answer to each question, and to all of them at once, with any status."""
    bodies = [data, b'{"data": ' + data + b"}"]
    try:
        value = strict_json.decode(data)
    except NotJson:
        pass
    else:
        bodies.append(json.dumps(_marked(value)).encode())
        bodies.append(json.dumps({"data": _marked(value)}).encode())
    for body in bodies:
        for need in _NEEDS:
            _read(need, body)
    for status in (404, 401, 503, 302):
        _refused(status, data)
        _to_client(status, data)
    _to_client(200, data)


def _marked(value: object) -> object:
    """The value with the canary in each of its texts, but for names."""
    if isinstance(value, dict):
        return {name: _marked(member) for name, member in value.items()}
    if isinstance(value, list):
        return list(map(_marked, value))
    return f"{value}{_CANARY}" if isinstance(value, str) else value


def _response(body: bytes, status: int = 200) -> Response:
    return Response(status=status, headers=(), body=SecretBytes(body))


def _read(need: needs.Need, body: bytes) -> None:
    empty = _response(b'{"data": {}}')
    asked = (need,) if need.kind == "variables" else (_NEEDS[0], need)
    outcomes = [_response(body)] if need.kind == "variables" else [empty, _response(body)]
    try:
        found = answers.snapshot(asked, outcomes, socket="/s", environ=_ENVIRON)
    except Refused as refused:
        assert_told(refused.problems, hidden=_CANARY)
        return
    assert isinstance(found, Snapshot)
    assert all(type(value) is str for value in found.variables.values())
    assert _CANARY not in repr(found.unusable)


def _refused(status: int, body: bytes) -> None:
    outcomes = [_response(body, status)] * len(_NEEDS)
    try:
        answers.snapshot(_NEEDS, outcomes, socket="/s", environ=_ENVIRON)
    except Refused as refused:
        assert_told(refused.problems)
    else:
        raise AssertionError("an answer that is none was accepted")


def _to_client(status: int, body: bytes) -> None:
    """What a caller of the Python client gets: the data, or an ApiError."""
    for operation in ("", "getHub", "getEnvironmentScopedVariables", exchange.LOGIN):
        asked = exchange.Call(
            operation=operation, method="GET", path="/", query={}, headers={}, content=None
        )
        with suppress(ApiError):
            exchange.result(asked, _response(body, status), None, "")
