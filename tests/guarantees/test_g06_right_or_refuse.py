"""G6: right or refuse: strict types, whole messages, an error envelope beats data, the integration
is the one asked for, and JSON that other readers would read differently is not read at all."""

from __future__ import annotations

import json

import pytest

from tests.support.hostile import (
    CERTIFICATES,
    CONTAINER_INSTANCES,
    DOMAINS,
    ENVIRONMENT,
    HUB,
    INSTANCES,
    INTEGRATIONS,
    NETWORKS,
    SERVICES,
    VARIABLES,
    after_information,
    both_framings,
    certificate,
    chunked,
    data,
    drip,
    error,
    hostile,
    integration,
    reply,
    until_close,
)
from tests.support.launching import Ground

GOOD = {"data": {"PLAIN": "c4n4ry"}}
MANIFEST = """
[[integrations]]
identifier = "s3-backups"
vendor = "aws"
prefix = "S3"
[certificates]
directory = "@/pem"
[[templates]]
source = "~/page.j2"
target = "@/page.html"
"""
ALL = (
    "{{ domains }} {{ environment.id }} {{ instance.id }} {{ instances }} {{ services }} "
    "{{ hub.id }} {{ networks }}"
)


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.template(ALL)
    made.target("page.html")
    made.always = {"HOSTNAME": "app-1"}
    return made


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def launched(ground, api, *options):
    return ground.launch(api, "--manifest", ground.manifest(MANIFEST), *options)


def malformed(ground, api, *words):
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-malformed", *words)


# Whole messages

WHOLE = {
    "with a length": reply(200, GOOD),
    "in chunks": chunked(GOOD, 3),
    "in chunks with extensions and trailers": chunked(
        GOOD, 7, extension=";name=value", trailers="X-Trailer: yes\r\n"
    ),
    "until the connection closes": until_close(GOOD),
    "after 100 and 103": after_information(reply(200, GOOD), 100, 103),
    "one byte at a time": drip(chunked(GOOD, 5), every=0),
    "with another content type": reply(200, GOOD, content_type="text/html"),
    "without a content type": reply(200, GOOD, content_type=None),
    "of HTTP/1.0": reply(200, GOOD, version="1.0"),
    "with the same length twice": reply(200, GOOD, {"Content-Length": len(json.dumps(GOOD))}),
    "with unknown members": reply(200, {**GOOD, "error": None, "includes": {}, "x": [1]}),
}


@pytest.mark.parametrize("form", WHOLE)
def test_a_whole_message_is_read_in_every_form_it_may_have(ground, api, form):
    """What HTTP allows and means one thing is accepted."""
    api.on(VARIABLES, WHOLE[form])
    ran = launched(ground, api)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert len(api.asked(VARIABLES)) == 1


CUT = {
    "the length": reply(200, GOOD)[:-1],
    "the head": reply(200, GOOD).split(b"\r\n\r\n")[0],
    "the status line": b"HTTP/1.1 20",
    "a chunk": chunked(GOOD, 5)[:-9],
    "before the last chunk": chunked(GOOD, 5, end=False),
    "the end of the chunks": chunked(GOOD, 5)[:-2],
    "everything": b"",
    "after 100": after_information(b"", 100),
}


@pytest.mark.parametrize("place", CUT)
def test_half_a_message_is_never_data(ground, api, place):
    """It is asked for again, even if the JSON in it looks whole."""
    api.on(VARIABLES, [CUT[place], error(404)])
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-refused", "404")
    assert len(api.asked(VARIABLES)) == 2


def header(line):
    return reply(200, GOOD).replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)


DOUBTFUL = {
    "two framings": both_framings(GOOD),
    "two lengths": header(b"Content-Length: 5"),
    "a list of lengths": reply(200, GOOD, {"Content-Length": "5, 5"}, framing=None),
    "a signed length": reply(200, GOOD, {"Content-Length": "+5"}, framing=None),
    "a length in hexadecimal": reply(200, GOOD, {"Content-Length": "0x20"}, framing=None),
    "a compressed body": header(b"Content-Encoding: gzip"),
    "an unknown transfer coding": reply(200, GOOD, {"Transfer-Encoding": "gzip"}, framing=None),
    "chunked twice": reply(200, GOOD, {"Transfer-Encoding": "chunked, chunked"}, framing=None),
    "a folded header": header(b"X-One: 1\r\n folded"),
    "a space before the colon": header(b"X-One : 1"),
    "a header without a colon": header(b"X-One"),
    "a bare line feed": header(b"X-One: 1\nX-Two: 2"),
    "a NUL": header(b"X-One: \0"),
    "a chunk size with a sign": chunked(GOOD, 5).replace(b"\r\n5\r\n", b"\r\n+5\r\n"),
    "a chunk that is longer than it says": chunked(GOOD, 5).replace(b"\r\n5\r\n", b"\r\n4\r\n"),
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "another version": reply(200, GOOD, version="2.0"),
    "a switch of protocols": reply(101),
    "a status that is none": reply(600, GOOD),
    "bytes": bytes(range(256)) * 16,
}


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_a_message_that_could_be_read_in_two_ways_is_refused(ground, api, doubt):
    """At once: asking again would not make it better."""
    api.on(VARIABLES, DOUBTFUL[doubt])
    malformed(ground, api, "scoped variables", "not valid HTTP")
    assert len(api.asked(VARIABLES)) == 1


@pytest.mark.parametrize("status", [201, 202, 203, 206, 300, 301, 302, 303, 304, 307, 308])
def test_only_200_brings_data(ground, api, status):
    """Other good statuses are not what was promised, and a redirect is never followed."""
    api.on(VARIABLES, reply(status, b"" if status == 304 else GOOD, {"Location": ENVIRONMENT}))
    malformed(ground, api, f"the API answered {status}")
    assert len(api.asked(VARIABLES)) == 1


# The envelope


def test_an_error_beats_data(ground, api):
    """A 200 with both holds an error; its code is told if it is one."""
    api.on(VARIABLES, reply(200, {**GOOD, "error": {"code": "500.half-done", "title": "c4n4ry"}}))
    malformed(ground, api, "the response contains an error (500.half-done)")


@pytest.mark.parametrize("broken", [{}, [], "", 0, False, "c4n4ry"])
def test_any_error_member_but_null_is_an_error(ground, api, broken):
    """Also an empty or odd one."""
    api.on(VARIABLES, reply(200, {**GOOD, "error": broken}))
    malformed(ground, api, "the response contains an error")


@pytest.mark.parametrize("status", [400, 404, 422])
def test_data_does_not_mend_an_error_status(ground, api, status):
    """What comes with it is not looked at."""
    api.on(VARIABLES, reply(status, GOOD))
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-refused", f"the API answered {status}")


# JSON that has one meaning

NOT_ONE_MEANING = {
    "a key twice": (b'{"data": {"A": "1", "A": "2"}}', "a duplicate key"),
    "data twice": (b'{"data": {"A": "1"}, "data": {}}', "a duplicate key"),
    "a key twice, once escaped": (b'{"data": {"A": "1", "\\u0041": "2"}}', "a duplicate key"),
    "NaN": (b'{"data": {}, "x": NaN}', "NaN and Infinity"),
    "-Infinity": (b'{"data": {}, "x": -Infinity}', "NaN and Infinity"),
    "a number over the range": (b'{"data": {}, "x": 1e999}', "a number is too large"),
    "5000 digits": (b'{"data": {}, "x": ' + b"9" * 5000 + b"}", "too many digits"),
    "5000 decimals": (b'{"data": {}, "x": 0.' + b"9" * 5000 + b"}", "number"),
    "a hundred thousand brackets": (b"[" * 100_000, "nested too deeply"),
    "a hundred thousand objects": (b'{"a":' * 100_000, "nested too deeply"),
    "nested and closed": (b'{"data": {}, "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "deeply"),
    "half a character": (b'{"data": {"A": "\\ud800"}}', "half a character"),
    "half a character in a name": (b'{"data": {"\\udfff": "1"}}', "half a character"),
    "bytes that are not UTF-8": (b'{"data": {"A": "\xe9"}}', "not UTF-8"),
    "UTF-16": ('{"data": {}}'.encode("utf-16"), "not UTF-8"),
    "a byte order mark": (b'\xef\xbb\xbf{"data": {}}', "valid JSON"),
    "a control character": (b'{"data": {"A": "\n"}}', "malformed"),
    "single quotes": (b"{'data': {}}", "malformed"),
    "a comma too many": (b'{"data": {},}', "malformed"),
    "a comment": (b'{"data": {}} // c4n4ry', "there is text after the value"),
    "two values": (b'{"data": {}}{"data": {}}', "there is text after the value"),
    "nothing": (b"", "empty"),
    "white space": (b" \n\t", "empty"),
    "half of it": (b'{"data": {"A": "c4n', "malformed"),
}


@pytest.mark.parametrize("fault", NOT_ONE_MEANING)
def test_json_that_could_mean_something_else_is_refused(ground, api, fault):
    """Cleanly and at once, with the reason in our words."""
    body, reason = NOT_ONE_MEANING[fault]
    api.on(VARIABLES, reply(200, body))
    malformed(ground, api, "scoped variables", reason)
    assert len(api.asked(VARIABLES)) == 1


# Types

WRONG = ["c4n4ry", 1, 1.5, True, False, ["c4n4ry"], {"c4n4ry": "c4n4ry"}]
NOT_TEXT = [value for value in WRONG if not isinstance(value, str)]
OBJECTS = [ENVIRONMENT, SERVICES, HUB]
LISTS = [DOMAINS, CONTAINER_INSTANCES, INSTANCES, NETWORKS, CERTIFICATES]


@pytest.mark.parametrize("value", [*NOT_TEXT, None], ids=repr)
def test_a_variable_is_a_string(ground, api, value):
    """1 is not "1", and null is not the empty text."""
    api.on(VARIABLES, data({"GOOD": "c4n4ry", "WRONG": value}))
    malformed(ground, api, "the value of WRONG is not a string")


@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
def test_a_field_of_an_integration_is_a_string(ground, api, value):
    """null means that it is not set; anything else but a string refuses."""
    api.world.integrations = [integration(auth={"secret": value, "api_key": None})]
    malformed(ground, api, "integration s3-backups", "auth.secret is not a string")


@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize("value", [*[w for w in WRONG if not isinstance(w, dict)], None], ids=repr)
def test_an_object_is_an_object(ground, api, path, value):
    """For every resource that is one."""
    api.on(path, data(value))
    malformed(ground, api, path, "is not an object")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("value", [{}, "c4n4ry", 1, [1], ["c4n4ry"], [None]], ids=repr)
def test_a_list_is_a_list_of_objects(ground, api, path, value):
    """For every resource that is one; what it holds counts, too."""
    api.on(path, data(value))
    malformed(ground, api, path)


@pytest.mark.parametrize("path", [INSTANCES, NETWORKS, DOMAINS])
def test_null_stands_for_an_empty_list(ground, api, path):
    """As the platform writes it."""
    api.on(path, data(None))
    assert launched(ground, api).code == 0


@pytest.mark.parametrize("member", ["id", "domains", "bundle", "private_key"])
@pytest.mark.parametrize("value", [None, 1, ["c4n4ry", 1], {}], ids=repr)
def test_a_certificate_has_all_its_members(ground, api, member, value):
    """Of the right type, each of them."""
    api.world.certificates = [certificate(**{member: value})]
    malformed(ground, api, "certificates")


# The one that was asked for


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (integration("s3-backup"), "another integration than the requested one"),
        (integration("S3-BACKUPS"), "another integration than the requested one"),
        (integration("s3-backups", "gcp"), "an integration of another vendor"),
        ({"vendor": "aws", "name": "x"}, "identifier is missing or not a string"),
    ],
)
def test_the_integration_is_the_one_that_was_asked_for(ground, api, found, reason):
    """To the letter, in identifier and vendor."""
    api.on(INTEGRATIONS, data(found))
    malformed(ground, api, "integration s3-backups", reason)


def test_the_instance_is_this_one(ground, api):
    """Found by its id or host name among the container's; any other would be a guess."""
    api.world.documents[CONTAINER_INSTANCES] = [{"id": "i2", "hostname": "app-2"}]
    malformed(ground, api, "this instance is not in the container's list")
    ground.always = {"CYCLE_INSTANCE_ID": "i2", "HOSTNAME": "app-1"}
    assert launched(ground, api).code == 0


def test_only_errors_with_a_code_of_the_platform_are_quoted(ground, api):
    """Digits, dots, lower-case words; anything else in that place is foreign text."""
    api.on(VARIABLES, error(422, "422.invalid-input"))
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-refused", "422 (422.invalid-input)")
    for code in ("422.c4n4ry!", "422.C4n4ry", "c4n4ry", "422", "422." + "c4n4ry" * 20, "٤٢٢.x"):
        api.on(VARIABLES, error(422, code))
        ran = launched(ground, api)
        assert ran.code == 65
        assert "the API answered 422 (answer-refused)" in ran.err
