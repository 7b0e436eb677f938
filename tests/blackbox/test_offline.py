"""Launches without the platform: by hand, in CI, and with what must not be left out."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.hostile import Hostile, hostile
from tests.support.launching import SCRIPT, Ground

MANIFEST = """
[variables]
required = ["DATABASE_URL"]
defaults = { LEVEL = "info" }
rename = { db-password = "PGPASSWORD" }
[variables.files.CLIENT_KEY]
target = "@/client.key"
[environment]
set = { APP_URL = "{{ variables.DATABASE_URL }}/app" }
[[integrations]]
identifier = "s3-backups"
optional = true
prefix = "S3"
[certificates]
directory = "@/certificates"
[[templates]]
source = "~/page.j2"
target = "@/page"
"""
PAGE = """
url {{ variables.DATABASE_URL }}
password {{ variables["db-password"] }}
level {{ variables.LEVEL }} {{ env.LEVEL }}
{% for domain in certificates %}
tls {{ domain }}
{% endfor %}
backups {{ "s3-backups" in integrations }}
{% if variables.MISSING is defined %}no{% endif %}
"""
OFFLINE = "cycle-exec: warning: offline: the platform is not asked"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Inputs and targets, no token, no socket: as a container that is run by hand."""
    made = Ground(tmp_path)
    made.always = {"CYCLE_EXEC_SOCKET": f"{tmp_path}/none.sock"}
    return made


def beside(api: Hostile, **environ: str) -> dict[str, str]:
    """The variables of a run where the platform is."""
    return {"CYCLE_EXEC_SOCKET": api.socket, **environ}


@pytest.fixture
def manifest(ground: Ground) -> Path:
    """A manifest with everything that has another source than the platform."""
    ground.template(PAGE)
    return ground.manifest(MANIFEST)


def test_an_image_runs_by_hand(ground, manifest):
    """From its environment, a dotenv file, defaults and templates; files as on the platform."""
    dotenv = ground.inputs / "dev.env"
    dotenv.write_text("DATABASE_URL=postgres://dev\nCLIENT_KEY=the key\nLEVEL=debug\n")
    shown = 'echo "$APP_URL $LEVEL $PGPASSWORD $CLIENT_KEY"'
    ran = ground.launch(
        None, "--manifest", manifest, "--env-file", dotenv, "--offline",
        command=["sh", "-c", f'{shown}; cat "$CLIENT_KEY_FILE"'],
        environ={"PGPASSWORD": "secret"},
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, "postgres://dev/app debug secret \nthe key"), ran
    first, second = ran.err.splitlines()
    assert first == f"{OFFLINE}; skipped: integration s3-backups, certificates"
    assert second.startswith("cycle-exec: ready in ")
    assert (ground.folder / "page").read_text().split("\n") == [
        "",
        "url postgres://dev",
        "password secret",
        "level debug debug",
        "backups False",
        "",
    ]
    assert (ground.folder / "page").stat().st_mode & 0o777 == 0o600
    assert not (ground.folder / "certificates").exists()


@pytest.mark.parametrize("way", ["flag", "variable", "manifest"])
def test_there_are_three_ways_to_say_it(ground, way):
    """And one line says so, whichever it was."""
    options = ["--offline"] if way == "flag" else []
    if way == "manifest":
        options = ["--manifest", ground.manifest("[api]\noffline = true\n")]
    environ = {"CYCLE_EXEC_OFFLINE": "true"} if way == "variable" else {}
    ran = ground.launch(None, *options, environ=environ)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert ran.err.splitlines()[0] == OFFLINE


def test_it_is_not_slower_for_a_platform_that_does_not_answer(ground):
    """Nobody is asked: a server that never answers is not noticed, and sees no connection."""
    with hostile() as api:
        api.on("*", lambda talk: talk.pause())
        ran = ground.launch(api, "--offline", "--deadline", "60s", environ=beside(api))
        assert (ran.code, list(api.requests)) == (0, []), ran
    assert ground.starts == 1


@pytest.mark.parametrize("by", ["variable", "manifest"])
def test_where_the_platform_is_it_is_asked(ground, by):
    """A word that was left behind in an image keeps no value from the app; the flag does."""
    variable = {"CYCLE_EXEC_OFFLINE": "1"} if by == "variable" else {}
    options = ["--log-level", "info"]
    if by == "manifest":
        options += ["--manifest", ground.manifest("[api]\noffline = true\n")]
    command = ["sh", "-c", 'echo "$PLAIN"']
    with hostile(variables={"PLAIN": "fetched"}) as api:
        environ = beside(api, **variable)
        ran = ground.launch(api, *options, environ=environ, command=command)
        assert (ran.code, ran.out) == (0, "fetched\n"), ran
        told = "variable CYCLE_EXEC_OFFLINE" if by == "variable" else "api.offline"
        why = "has no effect: CYCLE_API_TOKEN is set; only --offline counts then"
        assert f"{told} {why}" in ran.err
        assert ("warning: " in ran.err) == (by == "variable")
        ran = ground.launch(api, *options, "--offline", environ=environ, command=command)
        assert (ran.code, ran.out) == (0, "\n"), ran
        assert OFFLINE in ran.err


def test_a_socket_is_a_platform_although_there_is_no_token(ground):
    """The start is refused as ever: somebody has forgotten the token."""
    with hostile() as api:
        environ = {"CYCLE_EXEC_SOCKET": api.socket, "CYCLE_EXEC_OFFLINE": "1"}
        ran = ground.launch(None, environ=environ)
        assert (ran.code, ran.kinds) == (77, ["token-missing"]), ran
        assert f"has no effect: there is a socket {api.socket}; only --offline counts" in ran.err
        assert ground.starts == 0
        ran = ground.launch(None, "--offline", environ=environ)
        assert (ran.code, ground.starts) == (0, 1), ran


@pytest.mark.parametrize("way", ["flag", "flag with a token", "variable", "--no-offline"])
def test_never_has_the_last_word(ground, way):
    """A manifest for the platform alone is never started without."""
    manifest = ground.manifest('[api]\noffline = "never"\ndeadline = "200ms"\n')
    environ = {"CYCLE_EXEC_OFFLINE": "1"} if way == "variable" else {}
    if way == "flag with a token":
        environ["CYCLE_API_TOKEN"] = "t"
    flags = {"variable": [], "--no-offline": ["--no-offline"]}.get(way, ["--offline"])
    ran = ground.launch(None, "--manifest", manifest, *flags, environ=environ)
    if way == "--no-offline":
        ground.refused(ran, 77, "token-missing")
        return
    subject = "variable CYCLE_EXEC_OFFLINE" if way == "variable" else "flag --offline"
    reason = f'the manifest does not allow it: api.offline is "never" in {manifest}'
    ground.refused(ran, 78, "offline-refused", f"cycle-exec: {subject}: {reason}")


def test_never_is_no_word_of_flag_or_variable(ground):
    """They are switches."""
    ran = ground.launch(None, environ={"CYCLE_EXEC_OFFLINE": "never"})
    ground.refused(ran, 64, "usage", "variable CYCLE_EXEC_OFFLINE: expects true or false")


def test_what_is_insisted_on_is_refused_by_name_and_all_of_it_at_once(ground):
    """Integrations, certificates, a VPN server's hook; and nothing is changed."""
    target = ground.target("page")
    ground.template("{{ variables.X }}")
    manifest = ground.manifest(f"""
[[integrations]]
identifier = "s3-backups"
[certificates]
directory = "@/certificates"
domains = ["www.example.com"]
[[templates]]
source = "~/page.j2"
target = "{target}"
[vpn]
""")
    ran = ground.launch(None, "--manifest", manifest, "--offline")
    assert (ran.code, ran.kinds) == (78, ["offline-refused"] * 3), ran
    for name in ("integration s3-backups", "certificate www.example.com", "vpn"):
        assert f"cycle-exec: {name}: only the platform " in ran.err
    ground.unharmed(ran)


@pytest.mark.parametrize(
    ("template", "name"),
    [("{{ container.name }}", "container"), ("{{ domains | first }}", "domains")],
)
def test_a_template_that_needs_the_platform_is_refused_by_name(ground, template, name):
    """Where it really looks at the resource, and not where it only could."""
    page = ground.template(template)
    ran = ground.launch(None, "--offline", "--template", f"{page}:{ground.folder}/page")
    ground.refused(ran, 78, "offline-refused", f": {name}: only the platform has it")
    page.write_text("{% raw %}" + template + "{% endraw %}")
    ran = ground.launch(None, "--offline", "--template", f"{page}:{ground.folder}/page")
    assert (ran.code, ground.starts) == (0, 1), ran


def test_the_metadata_file_is_read_once_if_it_is_there(ground):
    """It is not waited for."""
    page = ground.template("{{ metadata.name }}")
    words = ["--offline", "--template", f"{page}:{ground.folder}/page"]
    file = ground.inputs / "environment.json"
    ran = ground.launch(None, *words, "--metadata", file, "--deadline", "60s")
    ground.refused(ran, 69, "unavailable", f"metadata file {file}: it does not exist")
    assert ran.seconds < 20
    file.write_text('{"name": "here"}')
    ran = ground.launch(None, *words, "--metadata", file)
    assert (ran.code, (ground.folder / "page").read_text()) == (0, "here"), ran


def test_what_is_missing_is_set_by_hand(ground, manifest):
    """The way out is not the portal."""
    ran = ground.launch(None, "--manifest", manifest, "--offline", environ={"CLIENT_KEY": "k"})
    assert (ran.code, ran.kinds[0]) == (65, "variable-missing"), ran
    assert "cycle-exec: variable DATABASE_URL: is required but missing or empty" in ran.err
    ground.unharmed(ran)
    (ground.inputs / "page.j2").write_text("")
    again = ground.launch(
        None, "--manifest", ground.manifest('[variables]\nrequired = ["A"]\n'), "--offline"
    )
    assert again.err.endswith(
        "  fix: set it in the environment or in an --env-file, or give it a default in the "
        "manifest\n"
    )


def test_reload_follows_nothing_and_stays_above_the_app(ground):
    """An image with reload in its manifest runs by hand as well."""
    manifest = ground.manifest(
        "[process]\nreload = true\n[report]\nevents = true\nmetrics = true\n"
    )
    ran = ground.launch(
        None, "--manifest", manifest, "--offline", command=["sh", "-c", 'echo "$PPID"; exit 7']
    )
    assert ran.code == 7, ran
    assert ran.err.splitlines()[0] == f"{OFFLINE}; skipped: reload, report"
    assert int(ran.out) != os.getpid()


def test_the_last_good_copy_is_neither_used_nor_written(ground):
    """Who says offline means these values, and no others."""
    copy = ground.folder / "copy"
    manifest = ground.manifest(f'[last_good]\npath = "{copy}"\nkey_variable = "LAST_GOOD_KEY"\n')
    ran = ground.launch(
        None, "--manifest", manifest, "--offline",
        command=["sh", "-c", 'echo "[$LAST_GOOD_KEY]"'], environ={"LAST_GOOD_KEY": "k" * 32},
    )  # fmt: skip
    assert (ran.code, ran.out, copy.exists()) == (0, "[]\n", False), ran
    assert ran.err.splitlines()[0] == f"{OFFLINE}; skipped: last good copy"


def test_the_other_verbs_go_without_as_well(ground, manifest):
    """plan says so, env and render do what a launch would, doctor judges it."""
    environ = {"DATABASE_URL": "postgres://ci", "PGPASSWORD": "p", "CLIENT_KEY": "k"}
    words = ["--offline", "--manifest", manifest]
    ran = ground.verb(None, "plan", *words, "--", "true", environ=environ)
    assert ran.code == 0, ran
    assert "\nplatform: not asked (offline)\n" in ran.out
    ran = ground.verb(None, "plan", "--json", *words, environ=environ)
    document = json.loads(ran.out)
    assert (document["offline"], document["stale_seconds"]) == (True, None)
    ran = ground.verb(None, "env", *words, environ=environ)
    assert 'APP_URL="postgres://ci/app"' in ran.out.splitlines(), ran
    ran = ground.verb(None, "render", *words, ground.inputs / "page.j2", environ=environ)
    assert "url postgres://ci\n" in ran.out, ran
    ran = ground.verb(None, "doctor", "--json", *words, "--", "true", environ=environ)
    found = {each["about"]: each["says"] for each in json.loads(ran.out)["findings"]}
    assert found["platform"] == "not asked (offline)"
    assert not {"token", "API"} & found.keys()
    assert ran.code == 0, ran


def test_fingerprints_are_keyed_although_there_is_no_token(ground):
    """Equal values look equal within one run, and no dictionary tells them."""
    environ = {"A": "guess", "B": "guess"}
    options = ["--json", "--offline", "--pristine", "--preserve-env=A,B"]
    runs = [ground.verb(None, "plan", *options, environ=environ).out for _ in range(2)]
    marks = [{each["fingerprint"] for each in json.loads(out)["variables"]} for out in runs]
    assert [len(each) for each in marks] == [1, 1]
    assert marks[0] != marks[1]


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        (["certificates"], "certificates"),
        (["certificates", "write", "--directory", "here"], "certificates"),
        (["api", "GET", "/v1/hub"], "cycle-exec api"),
        (["state", "new", "--from-platform"], "--from-platform"),
    ],
)
def test_verbs_about_the_platform_alone_are_refused(ground, words, subject):
    """In words, and at once."""
    ran = ground.verb(None, *words, "--offline")
    assert (ran.code, ran.kinds) == (78, ["offline-refused"]), ran
    assert f"cycle-exec: {subject}: only the platform has what it is about" in ran.err
    assert "  fix: leave --offline and CYCLE_EXEC_OFFLINE out, or give --no-offline" in ran.err
    assert not (ground.inputs / "here").exists()


def test_a_template_that_insists_on_what_was_skipped(ground):
    """An optional integration is in the manifest, and the platform's answer is what is missing."""
    integration = '[[integrations]]\nidentifier = "s3"\noptional = true\n'
    manifest = ground.manifest(
        integration + '[environment]\nset = { KEY = "{{ integrations.s3.auth.api_key }}" }\n'
    )
    ran = ground.launch(None, "--offline", "--manifest", str(manifest))
    ground.refused(ran, 65, "template-undefined", "integration s3 is optional, and not there")
    assert '  fix: test it first: {% if "s3" in integrations %}' in ran.err
    assert "add [[integrations]]" not in ran.err


def test_dev_has_a_platform_of_its_own(ground):
    """So the flag is a mistake there, and a variable from a laptop's shell has no say."""
    ran = ground.verb(None, "dev", "--offline", "--", "true")
    assert (ran.code, ran.kinds) == (64, ["usage"]), ran
    (ground.inputs / ".env").write_text("PLAIN=emulated\n")
    ran = ground.verb(
        None, "dev", "--", "sh", "-c", "echo $PLAIN", environ={"CYCLE_EXEC_OFFLINE": "1"}
    )
    assert (ran.code, ran.out) == (0, "emulated\n"), ran
    assert "offline" not in ran.err.lower()


@pytest.fixture
def alone() -> list[str]:
    """Words that start a program without any network."""
    words = [machine.program("unshare"), "--net", *machine.MOUNTS[2:]]
    done = subprocess.run([*words, "true"], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no network namespace can be made here: {done.stderr.strip()}")
    return words


def test_it_needs_no_network_and_makes_no_socket(ground, alone):
    """In a network namespace of its own, where even a module for sockets need not be loaded."""
    ground.through = [*alone, str(SCRIPT)]
    ran = ground.launch(None, "--offline")
    assert (ran.code, ground.starts) == (0, 1), ran
    loaded = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", SCRIPT, "--offline", "--", "true"],
        env=ground.environ(None), capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    assert "cycle_exec.sources.offline" in loaded
    assert "cycle_exec.launching.local.offline" in loaded


def test_a_dangling_link_is_a_socket_that_is_not_there_yet(ground, tmp_path):
    """Somebody has mounted something: only the flag counts."""
    link = tmp_path / "api.sock"
    link.symlink_to("nowhere")
    environ = {"CYCLE_EXEC_SOCKET": str(link), "CYCLE_EXEC_OFFLINE": "1"}
    ran = ground.launch(None, environ=environ)
    assert (ran.code, ran.kinds) == (77, ["token-missing"]), ran
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "nowhere"))
        ran = ground.launch(None, environ=environ)
    assert (ran.code, ground.starts) == (77, 0), ran


@pytest.mark.parametrize("address", ["container://db", "container://{{ env.DB }}"])
def test_containers_are_not_waited_for(ground, address):
    """Only the platform knows of them: refused at once, by name, and not at the deadline."""
    ran = ground.launch(
        None, "--offline", "--wait", address, "--deadline", "1h", environ={"DB": "db"}
    )
    assert ran.code == 78
    assert f"{address}: only the platform knows of it, and this start goes without" in ran.err
    there = ground.target("there")
    ran = ground.launch(None, "--offline", "--wait", f"file:{there}")
    assert (ran.code, ground.starts) == (0, 1), ran


@pytest.mark.parametrize("verb", ["plan", "env"])
def test_an_emulated_platform_is_a_platform(ground, verb):
    """--state and --offline contradict each other; the variable has no say beside a flag."""
    (ground.inputs / "dev.env").write_text("PLAIN=emulated\n")
    words = [verb, "--state", "dev.env"]
    ran = ground.verb(None, *words, "--offline")
    assert (ran.code, ran.kinds) == (64, ["usage"]), ran
    ran = ground.verb(None, *words, environ={"CYCLE_EXEC_OFFLINE": "1"})
    assert (ran.code, ran.err) == (0, ""), ran
    assert "PLAIN" in ran.out
