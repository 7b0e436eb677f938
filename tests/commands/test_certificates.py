"""`cycle-exec certificates`: listed, or written as PEM files."""

from __future__ import annotations

import json
import os
import ssl

import pytest

from tests.support import issued
from tests.support.emulated import emulated
from tests.support.launching import photograph

STATE = """
[[certificates]]
domains = ["app.example.test", "www.example.test"]
days = 60
[[certificates]]
domains = ["*.wild.example.test"]
key = "rsa"
encoding = "pem"
days = 3
"""
EXPIRED = """
[[certificates]]
domains = ["old.example.test"]
days = -10
[[containers]]
identifier = "api"
[[containers]]
identifier = "other"
[[containers]]
identifier = "bare"
[[certificates]]
domains = ["other.example.test"]
container = "other"
[[containers]]
identifier = "mixed"
[[certificates]]
domains = ["asked.example.test"]
bundle = "bundle"
private_key = "key"
container = "mixed"
"""
FILES = {
    "bundle": issued.pem(issued.leaf("else.example.test"), issued.middle()),
    "key": issued.key_pem(issued.key()),
}


@pytest.fixture(scope="module")
def platform():
    """With two certificates for this container."""
    with emulated(STATE) as running:
        yield running


@pytest.fixture(scope="module")
def unlucky():
    """A platform whose containers have nothing good but one: their ids by identifier, and it."""
    with emulated(EXPIRED, files=FILES) as running:
        found = running.ask("/v1/environment/containers").json["data"]
        ids = {each["identifier"]: each["id"] for each in found}
        yield ids, {"CYCLE_EXEC_SOCKET": running.socket}


@pytest.fixture
def manifest(tmp_path):
    """A manifest with this [certificates]."""

    def written(text):
        (tmp_path / "m.toml").write_text("[certificates]\n" + text)
        return ("--manifest", "m.toml")

    return written


def test_the_list_is_for_people_and_for_programs(verb):
    """Domains, key, days and issuer; `certificates` alone is the same."""
    said = verb("certificates", "list")
    assert said.code == 0
    assert said == verb("certificates")
    first, second = said.out.splitlines()
    columns = "app.example.test, www.example.test EC P-256 59 days left cycle-exec emulator"
    assert columns in " ".join(first.split())
    assert "*.wild.example.test" in second
    assert "RSA 2048" in second
    found = json.loads(verb("certificates", "--json").out)
    assert [each["domains"] for each in found] == [
        ["app.example.test", "www.example.test"],
        ["*.wild.example.test"],
    ]
    assert [each["days_left"] for each in found] == [59, 2]
    assert {" ".join(each) for each in found} == {
        "domains issuer key not_before not_after days_left warnings"
    }
    # The judgement is that of a launch: on stderr, and as members.
    assert [each["warnings"] for each in found] == [[], ["it expires in 2 days"]]
    assert "warning: certificate *.wild.example.test: it expires in 2 days" in said.err


def test_files_are_written_as_certbot_names_them(verb, tmp_path):
    """Private, with a key that fits, in a folder for each domain; the paths are printed."""
    said = verb("certificates", "write", "--directory", "out")
    assert said.code == 0, said
    folders = ["_wildcard.wild.example.test", "app.example.test", "www.example.test"]
    names = sorted(os.listdir(tmp_path / "out"))
    assert [name for name in names if not name.startswith("..")] == folders
    for folder in folders:
        place = tmp_path / "out" / folder
        assert sorted(os.listdir(place)) == [
            "cert.pem",
            "chain.pem",
            "fullchain.pem",
            "privkey.pem",
        ]
        assert place.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(place / "fullchain.pem", place / "privkey.pem")
    printed = [str(tmp_path / "out" / folder / "privkey.pem") for folder in folders]
    assert {line for line in said.out.splitlines() if line.endswith("privkey.pem")} == set(printed)
    # Three days are less than [certificates] minimum_days: a warning, and files all the same.
    assert "*.wild.example.test" in said.err


def test_what_is_equal_is_not_touched(verb, tmp_path):
    """The second run prints nothing and changes nothing, not even a time."""
    assert verb("certificates", "write", "--directory", tmp_path / "out").code == 0
    before = photograph(tmp_path / "out")
    files = contents(tmp_path / "out")
    again = verb("certificates", "write", "--directory", tmp_path / "out")
    assert (again.code, again.out) == (0, "")
    assert photograph(tmp_path / "out") == before
    gone = tmp_path / "out" / "app.example.test" / "chain.pem"
    gone.unlink()
    assert verb("certificates", "write", "--directory", "out").out == f"{gone}\n"
    assert contents(tmp_path / "out") == files


def contents(directory):
    """Bytes, inode and time of each file but those that are written again, by its public path."""
    found = {}
    for path in directory.glob("[!.]*/*"):
        told = path.stat()
        again = path.name == "chain.pem" and path.parent.name == "app.example.test"
        found[path] = (path.read_bytes(), *(() if again else (told.st_ino, told.st_mtime_ns)))
    return found


def test_the_manifest_has_its_say(verb, tmp_path, manifest):
    """Which domains, which formats, which mode; nothing else of it is fetched or written."""
    given = manifest(
        'domains = ["a.wild.example.test"]\nformats = ["combined"]\nmode = "0640"\n'
        'directory = "/dev/null/never"\n[variables]\nrequired = ["NONE"]\n'
        '[[integrations]]\nidentifier = "none"\n'
        '[[templates]]\nsource = "none.j2"\ntarget = "/dev/null/never"\n'
    )
    said = verb("certificates", "write", *given, "--directory", "out/")
    written = tmp_path / "out" / "a.wild.example.test" / "combined.pem"
    assert (said.code, said.out) == (0, f"{written}\n")
    assert written.stat().st_mode & 0o777 == 0o640
    assert len(json.loads(verb("certificates", *given, "--json").out)) == 2


def test_expired_ones_are_listed_and_not_written(verb, tmp_path, unlucky, manifest):
    """Unless the manifest allows it."""
    _, given = unlucky
    listed = verb("certificates", **given)
    assert listed.code == 65
    assert " -11 days left " in listed.out
    assert "old.example.test: it expired 10 days ago (certificate-refused)" in listed.err
    assert json.loads(verb("certificates", "--json", **given).out)[0]["days_left"] == -11
    refused = verb("certificates", "write", "--directory", "out", **given)
    assert refused.code == 65
    assert "old.example.test: it expired 10 days ago" in refused.err
    assert not (tmp_path / "out").exists()
    words = ("certificates", "write", *manifest("allow_expired = true\n"), "--directory", "out")
    listed = verb("certificates", *words[2:4], **given)
    assert listed.code == 0
    assert "warning: certificate old.example.test: it expired 10 days ago" in listed.err
    allowed = verb(*words, **given)
    assert allowed.code == 0
    assert "warning: certificate old.example.test: it expired 10 days ago" in allowed.err
    assert (tmp_path / "out" / "old.example.test" / "cert.pem").exists()


def test_another_containers(verb, unlucky, manifest):
    """By its id."""
    ids, given = unlucky
    words = manifest(f'container_id = "{ids["other"]}"\n')
    listed = json.loads(verb("certificates", "--json", *words, **given).out)
    assert [each["domains"] for each in listed] == [["other.example.test"]]


def test_none_at_all(verb, tmp_path, unlucky, manifest):
    """An empty list is a list; nothing to write is a refusal."""
    ids, given = unlucky
    words = manifest(f'container_id = "{ids["bare"]}"\n')
    assert verb("certificates", *words, **given) == (0, "", "")
    assert verb("certificates", "--json", *words, **given) == (0, "[]\n", "")
    refused = verb("certificates", "write", *words, "--directory", "out", **given)
    assert (refused.code, refused.out) == (65, "")
    assert "the platform has no certificate for this container (certificate-refused)" in refused.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("identifier", "domain", "reason"),
    [
        ("mixed", "asked.example.test", "it does not cover asked.example.test"),
        (
            "other",
            "othr.example.test",
            "there is no certificate for it, did you mean other.example.test",
        ),
        ("other", "a.other.example.test", "there is no certificate for it"),
        ("other", "../etc", "it is not a host name"),
    ],
)
def test_a_wrong_domain(verb, tmp_path, unlucky, manifest, identifier, domain, reason):
    """Of the certificate or of the manifest: named, and nothing is written."""
    ids, given = unlucky
    words = manifest(f'container_id = "{ids[identifier]}"\ndomains = ["{domain}"]\n')
    refused = verb("certificates", "write", *words, "--directory", "out", **given)
    assert (refused.code, refused.out) == (65, "")
    assert reason in refused.err
    assert "PRIVATE" not in refused.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("write",),
        ("write", "--directory", ""),
        ("write", "--directory", "out", "--json"),
        ("wirte",),
        ("list", "extra"),
        ("list", "--", "x"),
        ("--", "x"),
    ],
)
def test_wrong_words(verb, words):
    """Named."""
    said = verb("certificates", *words)
    assert (said.code, said.out) == (64, "")
    assert "(usage)" in said.err


def test_a_bad_one_does_not_hide_the_others(verb, tmp_path):
    """What can be listed is listed; then what is wrong is said, with 65."""
    state = """
[[certificates]]
domains = ["good.example.test"]
[[certificates]]
domains = ["bad.example.test"]
bundle = "bad.pem"
private_key = "bad.key"
"""
    files = {"bad.pem": "no certificate\n", "bad.key": "no key\n"}
    with emulated(state, files=files) as other:
        said = verb("certificates", "--env-file", "none.env", CYCLE_EXEC_SOCKET=other.socket)
    assert said.code == 65, said
    assert "good.example.test" in said.out
    assert "certificate bad.example.test" in said.err
    assert "no key" not in said.err
