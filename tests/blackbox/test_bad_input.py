"""Bad input from every side, one item a test: the exact code and kind, words that name the thing,
nothing started, nothing changed, no secret said."""

from __future__ import annotations

import os
import signal
import subprocess
from base64 import b64encode

import pytest

from tests.support.hostile import (
    CERTIFICATES,
    INTEGRATIONS,
    SERVER,
    VARIABLES,
    certificate,
    data,
    deaf,
    error,
    hang,
    hostile,
    integration,
    reply,
)
from tests.support.launching import Ground, without_privileges
from tests.support.waiting import given_time

SECRET = "c4n4ry-value"
OUTPUTS = """
[[templates]]
source = "~/page.j2"
target = "@/page.html"
[dotenv]
target = "@/old.env"
"""


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.template("{{ variables | length }}")
    made.target("page.html")
    made.target("old.env", mode=0o600)
    return made


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def launched(ground, api, text="", *options, **more):
    return ground.launch(api, "--manifest", ground.manifest(text + OUTPUTS), *options, **more)


# Reaching the API


def test_no_socket(ground, api):
    """A socket that never appears: 69 at the deadline, with its path and the tries."""
    ran = launched(ground, None, "", "--deadline", "1s", environ={"CYCLE_API_TOKEN": "c4n4ry"})
    ground.refused(ran, 69, "unavailable", "/var/run/cycle/api/api.sock: there is no ")


def test_a_socket_that_nobody_listens_on(ground):
    """A stale socket file: 69 at the deadline."""
    with hostile(after=60, stale=True) as api:
        ran = launched(ground, api, "", "--deadline", "1s")
        ground.refused(ran, 69, "unavailable", f"{api.socket}: nothing is listening on the socket")


@pytest.mark.parametrize("place", ["a file", "a directory", "too long"])
def test_a_socket_that_is_none(ground, api, place):
    """A path that can never be the socket is 69 too, whatever stands there."""
    path = {
        "a file": str(ground.inputs / "page.j2"),
        "a directory": str(ground.inputs),
        "too long": str(ground.inputs / ("x" * 120)),
    }[place]
    ran = launched(ground, api, "", "--socket", path, "--deadline", "1s")
    ground.refused(ran, 69, "unavailable", path[:100])


def test_a_socket_that_may_not_be_used(ground, api):
    """No permission is final at once: nothing will change that."""
    os.chmod(api.socket, 0o600)
    if os.geteuid() == 0:
        os.chown(api.socket, 12345, 12345)
    else:
        os.chmod(api.socket, 0)
    ran = launched(ground, api, before=without_privileges)
    ground.refused(ran, 69, "unavailable", "this user has no permission for the socket")
    assert ran.seconds < 1.0


@pytest.mark.parametrize("value", [None, ""])
def test_no_token(ground, api, value):
    """Without a token nothing is asked."""
    environ = {"CYCLE_EXEC_SOCKET": api.socket}
    if value is not None:
        environ["CYCLE_API_TOKEN"] = value
    ran = launched(ground, None, environ=environ)
    ground.refused(ran, 77, "token-missing", "CYCLE_API_TOKEN")
    assert api.connections == 0


@pytest.mark.parametrize("token", ["c4n4ry\n", "c4n4ry\r\nX-Injected: 1", "c4n4ry-é"])
def test_a_token_that_no_header_can_carry(ground, api, token):
    """A line break in the token is the user's mistake, not ours, and never a second header."""
    ran = launched(ground, api, environ={"CYCLE_API_TOKEN": token})
    ground.refused(ran, 77, "token-missing", "CYCLE_API_TOKEN", "not allowed in an HTTP header")
    assert api.connections == 0


def test_a_wrong_token(ground, api):
    """The API's 401 is final, its code is told, its text is not."""
    ran = launched(ground, api, environ={"CYCLE_API_TOKEN": "wr0ng-c4n4ry"})
    ground.refused(ran, 77, "denied", "scoped variables", "401 (401.unauthorized)")
    assert len(api.asked(VARIABLES)) == 1
    assert ran.seconds < 1.0


@pytest.mark.parametrize("stale", [False, True])
def test_an_api_that_comes_up_within_the_deadline_is_enough(ground, stale):
    """The socket appears late, and the launch goes on as if nothing had been."""
    with hostile(after=0.6, stale=stale) as api:
        ran = launched(ground, api, "", "--deadline", "20s")
        assert (ran.code, ground.starts) == (0, 1), ran
        ground.silent_about_secrets(ran)


def test_an_api_that_is_ill_at_first_is_enough(ground, api):
    """503, a dropped connection, half an answer: asked again each time, then started."""
    good = data({"PLAIN": SECRET})
    api.on(VARIABLES, [error(503), b"", good[:-1], b"HTTP/1.1 2", error(429), good])
    ran = launched(ground, api)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert len(api.asked(VARIABLES)) == 6


def test_sigterm_while_waiting_for_an_api_that_is_not_there(ground):
    """Between two tries it sleeps, and wakes up for the signal."""
    with hostile(after=60) as api:
        running = ground.start(api, "--manifest", ground.manifest(OUTPUTS))
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.5)
        ran = running.send(signal.SIGTERM).finish()
        ground.stopped(ran, signal.SIGTERM)
        assert ran.seconds < 1.0


def test_sigterm_while_an_api_that_took_the_connection_is_deaf(ground, api):
    """A connection that is taken and never read does not keep it."""
    api.on_accept(deaf)
    running = ground.start(api, "--manifest", ground.manifest(OUTPUTS))
    api.wait_for_connections()
    ran = running.send(signal.SIGTERM).finish()
    ground.stopped(ran, signal.SIGTERM)
    assert ran.seconds < 1.0


# Answers


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"data": {"A": "c4n4ry"}', "not valid JSON"),
        (b"<html>c4n4ry</html>", "not valid JSON"),
        (b'"c4n4ry"', "not an object with data"),
        (b"{}", "has no data"),
        (b'{"data": ["c4n4ry"]}', "not a map of variables"),
        (b'{"data": null}', "not a map of variables"),
        (b'{"data": {"A": 1}}', "the value of A is not a string"),
        (b'{"data": {"A": null}}', "the value of A is not a string"),
        (b'{"data": {"A": ["c4n4ry"]}}', "the value of A is not a string"),
        (b'{"data": {"A": "c4n4ry", "A": "x"}}', "a duplicate key"),
        (b'{"data": {"A": "\xff"}}', "not UTF-8"),
        (b'{"data": {"A": "\\ud800"}}', "a string holds half a character (A)"),
        (b'{"data": {"\\ud800": "A"}}', "a string holds half a character"),
        (b'{"data": {"A": "c4n4ry\x01"}}', "malformed"),
        (b'{"data": {}, "error": {"code": "500.c4n4ry!"}}', "contains an error"),
    ],
)
def test_an_answer_of_the_wrong_shape(ground, api, body, reason):
    """200 is not enough: the body must be what the document promises."""
    api.on(VARIABLES, reply(200, body))
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-malformed", "GET /v1/environment/scoped-variables", reason)
    assert len(api.asked(VARIABLES)) == 1


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (integration("other-c4n4ry"), "another integration than the requested one"),
        (integration(auth={"secret": 5}), "auth.secret is not a string"),
        ([integration()], "data is not an object"),
        (None, "data is not an object"),
        ({**integration(), "extra": "c4n4ry"}, "extra is not an object"),
    ],
)
def test_an_integration_of_the_wrong_shape(ground, api, found, reason):
    """It must be the one that was asked for, with texts in its fields."""
    api.on(INTEGRATIONS, data(found))
    ran = launched(ground, api, '[[integrations]]\nidentifier = "s3-backups"\nprefix = "S3"\n')
    ground.refused(ran, 65, "answer-malformed", "integration s3-backups", reason)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (certificate(domains="app.example.test"), "not a list of strings"),
        (certificate(private_key=None), "private_key is missing or not a string"),
        (certificate(bundle=["c4n4ry"]), "bundle is missing or not a string"),
    ],
)
def test_a_certificate_of_the_wrong_shape(ground, api, one, reason):
    """Every member that is used has its type."""
    api.on(CERTIFICATES, data([one]))
    ran = launched(ground, api, '[certificates]\ndirectory = "@/pem"\n')
    ground.refused(ran, 65, "answer-malformed", "certificates", reason)


def test_a_resource_of_the_wrong_shape_refuses_where_it_is_used(ground, api):
    """The template and its line, then the request and why; a resource nobody uses is no matter."""
    api.on(SERVER, data(["c4n4ry"]))
    ground.template("{# server #}\n{{ server.id }}")
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-malformed", "page.j2", "server (GET /v1/server)")
    ground.template("{% set server = {'id': 1} %}{{ server.id }}")
    assert launched(ground, api).code == 0


# Variables


@pytest.mark.parametrize("world", [{}, {"DATABASE_URL": ""}])
def test_a_required_variable_is_missing_or_empty(ground, api, world):
    """All the missing names in one message."""
    api.world.variables = {"PRESENT": SECRET, **world}
    text = '[variables]\nrequired = ["PRESENT", "DATABASE_URL", "SECRET_KEY"]\n'
    ran = launched(ground, api, text)
    ground.refused(ran, 65, "variable-missing", "DATABASE_URL, SECRET_KEY: are missing or empty")
    assert "PRESENT" not in ran.err


@pytest.mark.parametrize(
    ("text", "variables", "sources"),
    [
        ("", {"db-password": SECRET, "DB_PASSWORD": SECRET}, ("db-password", "DB_PASSWORD")),
        (
            '[[integrations]]\nidentifier = "s3-backups"\nprefix = "S3"\n'
            '[[integrations]]\nidentifier = "other"\nprefix = "S3"\n',
            {},
            ("integration s3-backups: auth.secret", "integration other: auth.secret"),
        ),
        ('[variables]\nrename = { A = "B" }\n', {"A": SECRET, "B": SECRET}, ("variable A",)),
    ],
)
def test_two_sources_collide_on_a_name(ground, api, text, variables, sources):
    """Both sources are named."""
    api.world.variables = variables
    api.world.integrations = [
        integration("s3-backups", auth={"secret": SECRET}, extra={}),
        integration("other", auth={"secret": SECRET}, extra={}),
    ]
    ran = launched(ground, api, text)
    ground.refused(ran, 65, "name-collision", *sources)


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PATH", "BASH_ENV", "PYTHONPATH", "NODE_OPTIONS"])
def test_a_dangerous_name_from_the_api(ground, api, name):
    """Who may edit variables may not thereby run code in the app, unless the image allows it."""
    api.world.variables = {name: "/tmp/c4n4ry.so"}
    ran = launched(ground, api)
    ground.refused(ran, 65, "name-refused", f"variable {name}: scoped variable {name} may not")
    allowed = launched(ground, api, "", "--allow-variable", name, command=["/bin/true"])
    assert allowed.code == 0


@pytest.mark.parametrize("name", ["CYCLE_API_TOKEN", "CYCLE_INSTANCE_ID", "CYCLE_EXEC_SOCKET"])
def test_a_name_of_the_platform_from_the_api(ground, api, name):
    """CYCLE_* is never overridden, also not with --allow-variable."""
    api.world.variables = {name: SECRET}
    ran = launched(ground, api, "", "--allow-variable", name)
    ground.refused(ran, 65, "name-refused", f"variable {name}", "belongs to the platform")


def test_names_of_every_kind_are_mapped_and_impossible_ones_refuse(ground, api):
    """A name without a letter or digit is refused, and a hostile one is shown in plain ASCII."""
    api.world.variables = {"--- \x1b[31m": SECRET, "\n": SECRET}
    ran = launched(ground, api)
    assert ran.code == 65
    assert set(ran.kinds) <= {"name-refused"}
    ground.unharmed(ran)


def test_a_value_with_nul(ground, api):
    """No environment can carry it, and it is not cut short silently."""
    api.world.variables = {"WITH_NUL": f"{SECRET}\0more"}
    ran = launched(ground, api)
    ground.refused(ran, 65, "value-refused", "variable WITH_NUL", "contains a NUL")


def test_a_value_of_200_kilobytes_fits_a_file_but_not_the_environment(ground, api):
    """The refusal says how to send it to a file, and there it fits."""
    large = "c4n4ry" + "x" * 200_000
    api.world.variables = {"LARGE": large}
    ran = launched(ground, api)
    ground.refused(ran, 65, "value-too-large", "variable LARGE", "[variables.files]")
    text = '[variables]\nfiles = { LARGE = { target = "@/large" } }\n'
    assert launched(ground, api, text).code == 0
    assert (ground.folder / "large").read_text() == large


# Templates


@pytest.mark.parametrize(
    "expression",
    [
        "{{ variables.SECRT }}",
        "{{ variables[variables.SECRET] }}",
        "{{ {}[variables.SECRET] }}",
        "{{ [1] | map(variables.SECRET) | list }}",
        "{{ variables.SECRET.missing }}",
        "{{ env.NOPE }}{{ variables.SECRET }}",
    ],
)
def test_an_undefined_name_with_a_secret_in_reach(ground, api, expression):
    """Template and line, never a value, whatever the template engine itself would have said."""
    api.world.variables = {"SECRET": SECRET}
    ground.template(f"fine\n{expression}")
    ran = launched(ground, api)
    assert set(ran.kinds) <= {"template-undefined", "template-failed"}, ran
    ground.refused(ran, 65, ran.kinds[0], "page.j2:2: ")


# Certificates


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (certificate(private_key=certificate(kind="P-384")["private_key"]), "key"),
        (certificate(days=-3.5), "it expired 3 days ago"),
        (certificate(bundle="c4n4ry"), "certificate app.example.test"),
        (certificate(bundle=""), "certificate app.example.test"),
        (certificate(private_key="-----BEGIN c4n4ry"), "certificate app.example.test"),
        (certificate(domains=["other.example.test"]), "it does not cover other.example.test"),
    ],
)
def test_a_certificate_that_no_server_could_use(ground, api, one, reason):
    """Key and leaf, dates, names: judged before anything is written."""
    api.world.certificates = [one]
    ran = launched(ground, api, '[certificates]\ndirectory = "@/pem"\n')
    ground.refused(ran, 65, "certificate-refused", reason)


def test_base64_instead_of_pem_is_accepted(ground, api):
    """The platform's own bot decodes base64, so both forms arrive."""
    api.world.certificates = [certificate(encoded=True)]
    ran = launched(ground, api, '[certificates]\ndirectory = "@/pem"\n')
    assert (ran.code, ground.starts) == (0, 1), ran
    plain = certificate()
    folder = ground.folder / "pem" / "app.example.test"
    assert (folder / "fullchain.pem").read_text() == plain["bundle"]
    assert (folder / "privkey.pem").read_text() == plain["private_key"]


@pytest.mark.parametrize("encode", [False, True])
def test_a_key_in_the_bundle(ground, api, encode):
    """A bundle is public by its nature: a key in it is a mistake to be seen."""
    good = certificate()
    bundle = f"{good['bundle']}{good['private_key']}"
    api.world.certificates = [
        certificate(bundle=b64encode(bundle.encode()).decode() if encode else bundle)
    ]
    ran = launched(ground, api, '[certificates]\ndirectory = "@/pem"\n')
    ground.refused(ran, 65, "certificate-refused", "app.example.test")


@pytest.mark.parametrize(
    "name",
    ["../../etc", "..", "/etc", "a/b", "app.example.test/../..", "", "x\0y", "a b", "é.test"],
)
def test_a_domain_that_is_no_host_name(ground, api, name):
    """Names of files never come from unchecked data."""
    api.world.certificates = [certificate(domains=[name])]
    ran = launched(ground, api, '[certificates]\ndirectory = "@/pem"\n')
    ground.refused(ran, 65, "certificate-refused", "host name")


# Targets, checks, commands


@pytest.mark.parametrize("goal", ["page.html", "nowhere", "/etc/hostname"])
def test_a_target_that_is_a_link(ground, api, goal):
    """Links are refused, never followed, wherever they lead; before anything is asked."""
    link = ground.folder / "link"
    link.symlink_to(goal)
    ran = ground.launch(api, "--template", f"{ground.template('new')}:{link}")
    ground.refused(ran, 73, "target-refused", f"{link}: it is a symbolic link")
    assert api.requests == []


def test_a_target_that_may_not_be_written(ground, api):
    """A folder of somebody else: found out before anything is asked."""
    closed = ground.target("closed/page.html").parent
    closed.chmod(0o555)
    if os.geteuid() == 0:
        os.chown(closed, 12345, 12345)
    ran = ground.launch(
        api,
        *("--template", f"{ground.template('new')}:{closed}/page.html"),
        *("--template", f"{ground.template('new')}:{closed}/below/page.html"),
        before=without_privileges,
    )
    ground.refused(ran, 73, "target-refused", f"{closed}/page.html", "is not writable for user")
    assert len(ran.kinds) == 2
    assert api.requests == []


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ('["sh", "-c", "cat {{ staged }} >&2; exit 3"]', "sh exited with code 3"),
        ('["sh", "-c", "kill -9 $$"]', "sh was killed by signal 9"),
        ('["no-such-checker", "{{ staged }}"]', "not in any of the"),
        ('["grep", "-q", "old", "{{ staged }}"]', "grep exited with code 1"),
    ],
)
def test_a_check_that_fails(ground, api, check, reason):
    """All targets stay, those of other sources too; the check's output is not shown."""
    ground.template("{{ variables.PLAIN }}", "checked.j2")
    checked = ground.target("checked")
    text = f'[[templates]]\nsource = "~/checked.j2"\ntarget = "@/checked"\ncheck = {check}\n'
    ran = launched(ground, api, text)
    ground.refused(ran, 65, "check-failed", f"check of {checked}", reason, staged=True)


def test_a_check_that_does_not_end(ground, api):
    """It is killed at the deadline, and with it whatever it started."""
    ground.template("new", "checked.j2")
    text = (
        '[[templates]]\nsource = "~/checked.j2"\ntarget = "@/checked"\n'
        'check = ["sh", "-c", "cat {{ staged }} >/dev/null; sleep 60 & sleep 60"]\n'
    )
    ran, deadline = given_time(
        1500,
        lambda deadline: launched(ground, api, text, "--deadline", f"{deadline}ms"),
        lambda ran: ran.code != 69,
    )
    ground.refused(ran, 65, "check-failed", "did not finish before the deadline", staged=True)
    assert ran.seconds < deadline / 1000 + 1.0


@pytest.mark.parametrize("command", [["no-such-app"], ["/no/such/app"], ["./no-such-app"]])
def test_a_command_that_is_missing(ground, api, command):
    """127 as a shell has it, before anything is asked."""
    ran = launched(ground, api, command=command)
    ground.refused(ran, 127, "command-not-found", command[0])
    assert api.requests == []


def test_an_argument_list_that_is_full(ground, api):
    """What is fetched would overfill it: known before any write."""

    def usual_stack():
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (8 * 1024 * 1024, hard))

    api.world.variables = {f"PAD{number}": "c4n4ry" * 20_000 for number in range(18)}
    ran = ground.launch(api, before=usual_stack)
    ground.refused(ran, 126, "arguments-too-long", "the kernel accepts 2097152")


def test_a_hanging_api_is_refused_with_what_was_not_answered(ground, api):
    """The request that hung is named, those that were answered are not."""
    api.on(INTEGRATIONS, hang)
    text = '[[integrations]]\nidentifier = "s3-backups"\n'
    ran = launched(ground, api, text, "--deadline", "1s")
    ground.refused(ran, 69, "unavailable", "integration s3-backups", "no complete response in time")
    assert "scoped variables" not in ran.err


def test_a_check_sees_the_files_that_are_staged_with_its_own(ground, api):
    """At a first start the certificate that a config names is nowhere else yet."""
    (page := ground.inputs / "page.j2").write_text("ssl_certificate @/a.test/fullchain.pem;\n")
    page.write_text(page.read_text().replace("@", f"{ground.folder}/certificates"))
    api.world.certificates = [certificate("a.test")]
    text = """
[certificates]
directory = "@/certificates"
[[templates]]
source = "~/page.j2"
target = "@/page"
check = ["sh", "-c", "test -s $(cut -d ' ' -f 2 {{ staged }} | tr -d ';')"]
"""
    ran = ground.launch(api, "--manifest", ground.manifest(text))
    assert ran.code == 0, ran
    assert (ground.folder / "page").read_text() == page.read_text()
    assert not [name for name in os.listdir(ground.folder) if "cycle-exec" in name]
