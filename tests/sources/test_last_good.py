"""The copy of the last good answers: kept as they came, and no help where it does not fit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.secret import SecretBytes
from cycle_exec.settings.model import CertificateRequest, IntegrationRequest, Settings
from cycle_exec.sources import answers, last_good
from cycle_exec.sources.last_good import Copy, NotUsable
from cycle_exec.sources.model import Failure, Response
from cycle_exec.sources.needs import needs

NOW = 1_800_000_000.0
CANARY = "c4n4ry-value"
SETTINGS = Settings(
    integrations=(IntegrationRequest(identifier="s3", optional=True),),
    certificates=CertificateRequest(),
)
VARIABLES = "/v1/environment/scoped-variables"


def response(body: bytes, status: int = 200) -> Response:
    return Response(
        status=status, headers=(("x-request", "1"),), body=SecretBytes(body), attempts=3
    )


def test_a_start_from_the_copy_reads_what_a_fresh_one_read():
    """The absent integration is absent, what a mention alone asked for is not there."""
    wanted = needs(SETTINGS, {"server", "hub"})
    fresh = [
        response(b'{"data": {"A": "c4n4ry-value"}}'),
        response(b'{"error": {"code": "404.integration"}}', 404),
        response(b'{"data": null}'),
        response(b'{"data": {"id": "s"}}'),
        response(b"", 500),
    ]
    copy = last_good.parse(last_good.encode(last_good.copy_of(wanted, fresh, NOW)))
    kept = last_good.outcomes(copy, wanted)
    assert kept[-1] == Failure(kind="abandoned")
    found = answers.snapshot(wanted, kept, socket="/s", environ={}, stale=60)
    assert found.variables == {"A": CANARY}
    assert found.integrations == {"s3": None}
    assert found.certificates == ()
    assert found.resources == {"server": {"id": "s"}}
    assert set(found.unusable) == {"hub"}
    assert found.stale == 60


def test_only_answers_that_would_start_are_kept():
    """By what was asked for; no failure, no refusal, and no fraction of a second."""
    wanted = needs(SETTINGS, ())
    outcomes: list[Response | Failure] = [
        response(b"1"),
        Failure(kind="timeout"),
        response(b"3", 403),
    ]
    assert last_good.copy_of(wanted, outcomes, NOW + 0.9) == Copy(
        created=int(NOW), answers={VARIABLES: (200, b"1")}
    )


@pytest.mark.parametrize(
    ("settings", "mentioned", "subject"),
    [
        (Settings(certificates=CertificateRequest()), (), "certificates"),
        (
            Settings(integrations=(IntegrationRequest(identifier="s3", optional=True),)),
            (),
            "integration s3",
        ),
        (Settings(integrations=(IntegrationRequest(vendor="aws"),)), ("hub",), "integration aws"),
    ],
)
def test_a_copy_of_other_settings_is_no_help(settings, mentioned, subject):
    """What is missing is named; an optional integration may be there today."""
    copy = Copy(created=int(NOW), answers={VARIABLES: (200, b'{"data": {}}')})
    with pytest.raises(NotUsable) as caught:
        last_good.outcomes(copy, needs(settings, mentioned))
    assert caught.value.reason == f"{subject}: the copy has no response for it"


@pytest.mark.parametrize(
    ("later", "age"), [(0.0, 0), (90.9, 90), (3600.0, 3600), (-1.0, 0), (-60.0, 0)]
)
def test_a_copy_has_an_age(later, age):
    """In whole seconds; a clock that was set back a little does no harm."""
    assert last_good.age(Copy(created=int(NOW), answers={}), NOW + later, 3600.0) == age


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (3600.5, "it is 3600 s old, more than max_age"),
        (-61.0, "its date is in the future: one of the clocks is wrong"),
    ],
)
def test_a_copy_of_another_time_is_no_help(later, reason):
    """Too old, or of a day that has not come."""
    with pytest.raises(NotUsable) as caught:
        last_good.age(Copy(created=int(NOW), answers={}), NOW + later, 3600.0)
    assert caught.value.reason == reason


@given(
    st.builds(
        Copy,
        created=st.integers(0, 2**40),
        answers=st.dictionaries(
            st.text(st.characters(codec="utf-8")),
            st.tuples(st.sampled_from([200, 404]), st.binary()),
            max_size=3,
        ),
    )
)
def test_a_copy_comes_back_byte_for_byte(copy):
    """Whatever the platform answered."""
    assert last_good.parse(last_good.encode(copy)) == copy


def changed(**members: object) -> bytes:
    document = {"version": 1, "created": 5, "answers": {"/v1/hub": [200, "e30="]}}
    return json.dumps({**document, **members}).encode()


def test_the_format_is_that_of_the_copies_that_are_out_there():
    """A change of it needs another version."""
    copy = Copy(created=5, answers={"/v1/hub": (200, b"{}")})
    assert last_good.parse(changed()) == copy
    assert last_good.encode(copy) == (
        b'{"version":1,"created":5,"answers":{"/v1/hub":[200,"e30="]}}'
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"c4n4ry-value",
        b"[]",
        b"{}",
        changed(version=2),
        changed(created="5"),
        changed(created=None),
        changed(answers=[]),
        changed(answers=None),
        changed(answers={"/v1/hub": 5}),
        changed(answers={"/v1/hub": [200]}),
        changed(answers={"/v1/hub": [500, "e30="]}),
        changed(answers={"/v1/hub": [200, 5]}),
        changed(answers={"/v1/hub": [200, "c4n4ry-value!"]}),
        changed(answers={"/v1/hub": [200, "\u00e9"]}),
        changed(answers={"/v1/hub": [[200], "e30="]}),
    ],
)
def test_what_is_no_copy_is_no_help(content):
    """In our words, with nothing of what was in it."""
    with pytest.raises(NotUsable) as caught:
        last_good.parse(content)
    assert caught.value.reason == "it was written by another version"
    assert caught.value.args == (caught.value.reason,)


def test_a_copy_shows_no_secret():
    """It is full of them."""
    assert "c4n4ry" not in repr(Copy(created=1, answers={"/": (200, CANARY.encode())}))
