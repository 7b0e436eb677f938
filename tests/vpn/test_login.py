"""One login, from OpenVPN's bytes to the verdict."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.secret import SecretBytes
from cycle_exec.sources.model import Failure, Response
from cycle_exec.vpn.login import (
    Credentials,
    Rejected,
    of_environment,
    of_file,
    question,
    verdict,
)

# What OpenVPN lets through: no control characters.
FIELD = st.binary(max_size=127).filter(lambda raw: all(byte >= 32 and byte != 127 for byte in raw))


def login(username=b"alice", password=b"secret"):
    return Credentials(username=username, password=SecretBytes(password))


@given(FIELD, FIELD)
@example(b"alice", b' pass: "w\xc3\xb6rd" \xff')
def test_the_files_bytes_are_the_credentials(username, password):
    """Blanks, quotes, colons, UTF-8 or not: as they stand."""
    found = of_file(username + b"\n" + password + b"\n")
    assert (found.username, found.password.reveal()) == (username, password)


@given(st.binary(max_size=40))
@example(b"alice\nsecret")
@example(b"alice\nsecret\nmore\n")
def test_a_file_of_another_shape_is_refused(content):
    """Two lines, each with its line feed; nothing else."""
    if content.count(b"\n") == 2 and content.endswith(b"\n"):
        assert of_file(content)
    else:
        with pytest.raises(Rejected, match="does not have exactly two lines"):
            of_file(content)


@given(FIELD, FIELD)
@example(b"alice", b' pass: "w\xc3\xb6rd" \xff')
def test_the_environments_bytes_are_the_credentials(username, password):
    """Through the environment as text and back."""
    environ = {
        "username": username.decode("utf-8", "surrogateescape"),
        "password": password.decode("utf-8", "surrogateescape"),
    }
    found = of_environment(environ)
    assert (found.username, found.password.reveal()) == (username, password)


def test_a_password_that_is_hidden_is_explained():
    """script-security 2 takes it out of the environment."""
    with pytest.raises(Rejected, match="via-env needs script-security 3"):
        of_environment({"username": "alice"})
    with pytest.raises(Rejected, match="no credentials"):
        of_environment({})


@given(FIELD.filter(lambda raw: raw and b":" not in raw), FIELD.filter(bool))
def test_the_platform_is_asked_for_exactly_this_login(username, password):
    """Basic authorization of the very bytes; neither is in the request's repr."""
    if password.startswith((b"SCRV1:", b"CRV1:")):
        return
    asked = question(login(username, password), {})
    assert asked.authorization is not None
    scheme, _, encoded = asked.authorization.reveal().partition(" ")
    assert (scheme, base64.b64decode(encoded)) == ("Basic", username + b":" + password)
    assert encoded not in repr(asked)
    assert (asked.method, asked.target) == ("POST", "/v1/vpn/login")


@pytest.mark.parametrize(
    ("credentials", "environ", "reason"),
    [
        (login(b"", b""), {}, "the username is empty"),
        (login(b"", b"x"), {}, "the username is empty"),
        (login(b"alice", b""), {}, "the password is empty"),
        (login(b"a:b", b"c"), {}, "the username has a colon"),
        (login(password=b"SCRV1:YQ==:Yg=="), {}, "response to a challenge"),
        (login(password=b"CRV1::state::answer"), {}, "response to a challenge"),
        (login(), {"session_state": "Authenticated"}, "remove external-auth"),
        (login(), {"session_state": "ExpiredEmptyUser"}, "remove external-auth"),
    ],
)
def test_what_the_platform_is_never_asked(credentials, environ, reason):
    """Another's login, nobody's, or one that is no password login at all."""
    with pytest.raises(Rejected, match=reason):
        question(credentials, environ)


def test_a_first_login_with_tokens_is_a_login():
    """auth-gen-token sets session_state to Initial."""
    assert question(login(), {"session_state": "Initial"})


def answer(status, body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers=(), body=SecretBytes(content))


def test_one_answer_accepts():
    """200 and true."""
    assert verdict(answer(200, {"data": True}), "/s").accepted


@pytest.mark.parametrize(
    "outcome",
    [
        answer(200, {"data": False}),
        answer(200, {"data": "true"}),
        answer(200, {"data": 1}),
        answer(200, {"data": [True]}),
        answer(200, {"data": {"data": True}}),
        answer(200, {"data": True, "error": {"status": 403}}),
        answer(200, b'{"data": true, "data": true}'),
        answer(200, b"true"),
        answer(200, b""),
        answer(200, b'{"data": true'),
        answer(201, {"data": True}),
        answer(204, b""),
        answer(302, {"data": True}),
        answer(400, {"data": True}),
        answer(401, {"data": True}),
        answer(403, {"data": True}),
        answer(403, {"data": False}),
        answer(404, {"data": True}),
        answer(429, {"data": True}),
        answer(500, {"data": True}),
        answer(503, b"true"),
        Failure(kind="timeout"),
        Failure(kind="missing"),
        Failure(kind="malformed"),
        Failure(kind="unhealthy", status=503),
    ],
    ids=repr,
)
def test_everything_else_rejects(outcome):
    """And every doubt; what is told to the client has nothing of how things work here."""
    found = verdict(outcome, "/s.sock")
    assert not found.accepted
    told = found.for_client
    assert told in (
        "the login was rejected",
        "TEMP[backoff 30]: the login service is not available, please try again",
    )
    unreachable = isinstance(outcome, Failure) or outcome.status in (401, 429, 500, 503)
    assert found.temporary == (unreachable or found.reason.startswith("the API rejected the token"))


@given(st.integers(100, 599), st.binary(max_size=60))
def test_no_answer_accepts_by_chance(status, body):
    """Whatever the bytes are."""
    if status != 200 or body.replace(b" ", b"") != b'{"data":true}':
        assert not verdict(answer(status, body), "/s").accepted


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Failure(kind="missing", attempts=3), "there is no socket after 3 attempts"),
        (Failure(kind="forbidden"), "this user has no permission for the socket"),
        (Failure(kind="exhausted"), "no file descriptor or memory is left for a connection"),
        (Failure(kind="timeout", late=True), "no complete response in time"),
        (
            Failure(kind="unhealthy", attempts=9, late=True, status=503),
            "the API is not healthy, it answered 503 after 9 attempts",
        ),
    ],
)
def test_reasons_are_sentences_with_the_sockets_path(outcome, reason):
    """In the words of the launch."""
    assert verdict(outcome, "/s.sock").reason == f"no verdict from the API at /s.sock: {reason}"


def test_an_answer_that_is_given_three_times():
    """The API is there, and named."""
    found = verdict(answer(500, {}).replace(attempts=3), "/s.sock")
    assert found.reason == "the API at /s.sock answered 500 after 3 attempts"
