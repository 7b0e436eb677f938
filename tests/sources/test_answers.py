"""Answers are right or refused: strict types, envelopes, and words without foreign text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Problem, Refused
from cycle_exec.secret import SecretBytes
from cycle_exec.settings.model import CertificateRequest, IntegrationRequest, Settings
from cycle_exec.sources import answers
from cycle_exec.sources.model import Failure, Integration, Response, Snapshot
from cycle_exec.sources.needs import Need, needs

CANARY = "c4n4ry-value"


def answer(data: object, status: int = 200, **more: object) -> Response:
    body = json.dumps({"data": data, **more}).encode()
    return Response(status=status, headers=(), body=SecretBytes(body))


def error(status: int, code: object = None) -> Response:
    envelope = {"status": status, "code": code, "title": CANARY, "detail": CANARY}
    return answer(None, status, error=envelope)


def raw(body: bytes) -> Response:
    return Response(status=200, headers=(), body=SecretBytes(body))


def read(
    outcomes: list[Response | Failure], settings: Settings | None = None, *mentioned: str
) -> Snapshot:
    wanted = needs(settings or Settings(), frozenset(mentioned))
    environ = {"CYCLE_INSTANCE_ID": "i1", "HOSTNAME": "host"}
    return answers.snapshot(wanted, outcomes, socket="/s.sock", environ=environ)


def refusal(outcomes: list[Response | Failure], settings: Settings | None = None) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        read(outcomes, settings)
    for problem in caught.value.problems:
        assert CANARY not in repr(problem)
    return list(caught.value.problems)


def test_scoped_variables_are_a_map_of_strings():
    """The base case: names and values as they came."""
    assert read([answer({"A": "1", "b": ""})]).variables == {"A": "1", "b": ""}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the response is not valid JSON"),
        (b"[]", "the response is not an object with data"),
        (b"{}", "the response has no data"),
        (b'{"data": null}', "data is not a map of variables"),
        (b'{"data": [1]}', "data is not a map of variables"),
        (b'{"data": {"A": 1}}', "the value of A is not a string"),
        (b'{"data": {"A": null}}', "the value of A is not a string"),
        (b'{"data": {"A": "c4n4ry-value", "A": "2"}}', "the response is not valid JSON"),
        (b'{"data": {"A": "c4n4ry-value"}, "error": {}}', "the response contains an error"),
        (
            b'{"data": {}, "error": {"code": "503.not-ready", "title": "c4n4ry-value"}}',
            "the response contains an error (503.not-ready)",
        ),
    ],
)
def test_an_answer_of_another_shape_refuses(body, reason):
    """A 200 is not enough: wrong types, missing data and error envelopes refuse with 65."""
    [problem] = refusal([raw(body)])
    assert (problem.kind, problem.code) == ("answer-malformed", 65)
    assert problem.reason.startswith(reason)
    assert problem.subject == "scoped variables (GET /v1/environment/scoped-variables)"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "answer-refused", 65),
        (401, "denied", 77),
        (403, "denied", 77),
        (404, "answer-refused", 65),
        (422, "answer-refused", 65),
        (429, "unavailable", 69),
        (500, "unavailable", 69),
        (503, "unavailable", 69),
        (302, "answer-malformed", 65),
        (204, "answer-malformed", 65),
        (201, "answer-malformed", 65),
    ],
)
def test_each_status_has_its_kind(status, kind, code):
    """The status decides the exit code."""
    [problem] = refusal([error(status)])
    assert (problem.kind, problem.code) == (kind, code)
    assert problem.reason == f"the API answered {status}"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("401.auth-invalid", True),
        ("404.environment.scoped-variable", True),
        ("401", False),
        ("x.y", False),
        ("401." + CANARY.upper(), False),
        ("401.a\n", False),
        ("401..a", False),
        ("٤٠١.a", False),
        (401, False),
        ("401." + "a" * 100, False),
    ],
)
def test_only_a_proper_error_code_is_shown(code, shown):
    """Of the API's own words, the code alone is quoted, and only in its form."""
    [problem] = refusal([error(401, code)])
    assert problem.reason == "the API answered 401" + (f" ({code})" if shown else "")


@pytest.mark.parametrize(
    ("failure", "kind", "subject", "reason"),
    [
        (Failure(kind="missing", attempts=9, late=True), "unavailable", "/s.sock",
         "there is no socket after 9 attempts, the deadline has passed"),
        (Failure(kind="forbidden"), "unavailable", "/s.sock", "this user has no permission "
        "for the socket"),
        (Failure(kind="unhealthy", attempts=3, late=True, status=503), "unavailable",
         "scoped variables (GET /v1/environment/scoped-variables)",
         "the API is not healthy, it answered 503 after 3 attempts, the deadline has passed"),
        (Failure(kind="too-large"), "answer-malformed",
         "scoped variables (GET /v1/environment/scoped-variables)",
         "the response is larger than 16 MiB"),
    ],
)  # fmt: skip
def test_failures_say_what_happened(failure, kind, subject, reason):
    """No answer at all: which socket or request, why, how often, and that time is up."""
    [problem] = refusal([failure])
    assert (problem.kind, problem.subject, problem.reason) == (kind, subject, reason)


S3 = Settings(integrations=(IntegrationRequest(identifier="s3"),))
VARIABLES = answer({})


def integration(**changes: object) -> dict[str, object]:
    base = {"id": "1", "name": "Backups", "vendor": "aws", "identifier": "s3", "auth": None}
    return {**base, **changes}


def test_an_integration_has_its_fields_by_dotted_name():
    """auth and extra become fields; null members are absent; unknown members are tolerated."""
    data = integration(
        auth={"api_key": "k", "secret": None}, extra={"bucket": "b"}, meta={"x": [1]}, new=1
    )
    assert read([VARIABLES, answer(data)], S3).integrations == {
        "s3": Integration(
            identifier="s3",
            vendor="aws",
            name="Backups",
            fields={"auth.api_key": "k", "extra.bucket": "b"},
        )
    }


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "data is not an object"),
        (integration(identifier="other"),
         "the API returned another integration than the requested one"),
        (integration(identifier=None), "identifier is missing or not a string"),
        (integration(auth=[]), "auth is not an object"),
        (integration(auth={"secret": 5}), "auth.secret is not a string"),
        (integration(extra={"bucket": True}), "extra.bucket is not a string"),
    ],
)  # fmt: skip
def test_another_integration_than_asked_for_refuses(data, reason):
    """Identity and types are checked strictly."""
    [problem] = refusal([VARIABLES, answer(data)], S3)
    assert (problem.kind, problem.reason) == ("answer-malformed", reason)


def test_the_vendor_asked_for_is_checked():
    """An answer of another vendor refuses."""
    settings = Settings(integrations=(IntegrationRequest(vendor="gcp"),))
    [problem] = refusal([VARIABLES, answer(integration())], settings)
    assert problem.reason == "the API returned an integration of another vendor"


def test_an_optional_integration_may_be_absent_but_not_broken():
    """404 gives None; a 500 or a wrong shape still refuses."""
    settings = Settings(integrations=(IntegrationRequest(identifier="s3", optional=True),))
    assert read([VARIABLES, error(404)], settings).integrations == {"s3": None}
    assert refusal([VARIABLES, error(500)], settings)[0].kind == "unavailable"
    assert refusal([VARIABLES, answer({"auth": 1})], settings)[0].kind == "answer-malformed"


def test_certificates_may_be_null_and_must_be_whole():
    """null is an empty list; each certificate has its four members."""
    settings = Settings(certificates=CertificateRequest())
    assert read([VARIABLES, answer(None)], settings).certificates == ()
    whole = {"id": "1", "domains": ["a.example"], "bundle": "B", "private_key": "K", "more": 1}
    [found] = read([VARIABLES, answer([whole])], settings).certificates or ()
    assert (found.domains, found.bundle.reveal()) == (("a.example",), "B")
    for member in whole.keys() - {"more"}:
        [problem] = refusal([VARIABLES, answer([{**whole, member: 5}])], settings)
        assert problem.kind == "answer-malformed"


def test_what_was_fetched_on_suspicion_never_refuses():
    """A resource that fails is remembered, for the template that may really use it."""
    outcomes: list[Response | Failure] = [
        VARIABLES,
        error(500),
        answer([1]),
        Failure(kind="abandoned"),
    ]
    found = read(outcomes, None, "server", "hub", "environment")
    assert found.resources == {}
    assert {name: problem.kind for name, problem in found.unusable.items()} == {
        "environment": "unavailable",
        "server": "answer-malformed",
        "hub": "unavailable",
    }


def test_domains_are_their_names():
    """In the platform's order; null stands for none, anything else is told where it is used."""
    records = [{"fqdn": "b.test", "id": "1"}, {"fqdn": "a.test", "id": "2"}]
    assert read([VARIABLES, answer(records)], None, "domains").domains == ("b.test", "a.test")
    assert read([VARIABLES, answer(None)], None, "domains").domains == ()
    for data, reason in (
        ({}, "data is not a list"),
        (["a.test"], "a domain is not an object"),
        ([{"fqdn": 5}], "fqdn is missing or not a string"),
    ):
        found = read([VARIABLES, answer(data)], None, "domains")
        assert found.domains is None
        assert found.unusable["domains"].reason == reason


@pytest.mark.parametrize("name", ["instances", "containers", "networks"])
def test_a_list_of_resources_is_a_list_of_objects(name):
    """As they came, whatever is in them."""
    data = [{"id": "1", "more": {"x": [1]}}, {"id": "2"}]
    assert read([VARIABLES, answer(data)], None, name).resources == {name: data}
    found = read([VARIABLES, answer([{"id": "1"}, "2"])], None, name)
    assert found.unusable[name].reason == "an item is not an object"


def test_the_metadata_file_is_read_once_all_answers_are_good():
    """What is wrong with it matters to the template that uses it, as with a resource."""
    wanted = needs(Settings(), {"metadata"})
    lost = Problem(kind="unavailable", subject="metadata file /m", reason="it does not exist")

    def missing() -> object:
        raise Refused([lost])

    found = answers.snapshot(
        wanted, [VARIABLES], socket="/s", environ={}, metadata=lambda: {"id": "e"}
    )
    assert found.resources == {"metadata": {"id": "e"}}
    found = answers.snapshot(wanted, [VARIABLES], socket="/s", environ={}, metadata=missing)
    assert (found.resources, found.unusable) == ({}, {"metadata": lost})
    with pytest.raises(Refused) as caught:
        answers.snapshot(wanted, [error(401)], socket="/s", environ={}, metadata=missing)
    assert lost not in caught.value.problems


def test_the_own_instance_is_found_by_id_then_by_hostname():
    """CYCLE_INSTANCE_ID decides, HOSTNAME helps out."""
    by_id = [{"id": "i0", "hostname": "host"}, {"id": "i1", "hostname": "x"}]
    assert read([VARIABLES, answer(by_id)], None, "instance").resources == {"instance": by_id[1]}
    by_name = [{"id": "i5", "hostname": "host"}]
    assert read([VARIABLES, answer(by_name)], None, "instance").resources == {
        "instance": by_name[0]
    }
    assert "instance" in read([VARIABLES, answer([])], None, "instance").unusable


def test_one_cause_is_said_once():
    """When all requests fail alike there is one line, with their number."""
    [problem] = refusal([Failure(kind="missing"), Failure(kind="missing")], S3)
    assert problem.reason == "there is no socket (2 requests)"


def test_different_causes_are_all_said():
    """So is one cause that each request has of its own."""
    problems = refusal([error(500), error(404)], S3)
    assert [(problem.kind, problem.reason) for problem in problems] == [
        ("unavailable", "the API answered 500"),
        ("answer-refused", "the API answered 404"),
    ]
    assert len(refusal([error(404), error(404)], S3)) == 2


def test_an_error_without_an_envelope_is_told_by_its_status():
    """A page of a proxy is no code of the platform."""
    page = Response(status=502, headers=(), body=SecretBytes(b"<h1>c4n4ry-value</h1>"))
    [problem] = refusal([page])
    assert problem.reason == "the API answered 502"


def test_requests_given_up_for_another_have_no_story():
    """An abandoned request is not a second problem."""
    [problem] = refusal([error(401), Failure(kind="abandoned")], S3)
    assert problem.kind == "denied"


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_a_refusal(body):
    """No body makes the reader stumble."""
    code = 0
    try:
        read([raw(body)])
    except Refused as refused:
        code = refused.code
    assert code in (0, 65)


def test_a_need_shows_no_more_than_its_request():
    """Needs are safe to print: they hold names only."""
    [need] = needs(Settings(), ())
    assert isinstance(need, Need)
    assert "scoped-variables" in repr(need)
