"""`cycle-exec certificates`: listed, or written as PEM files."""

from __future__ import annotations

import json
import os
import ssl

import pytest

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
[[certificates]]
domains = ["other.example.test"]
container = "other"
"""


@pytest.fixture(scope="module")
def platform():
    """With two certificates for this container."""
    with emulated(STATE) as running:
        yield running


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


def test_files_are_written_as_certbot_names_them(verb, tmp_path):
    """Private, with a key that fits, in a folder for each domain; the paths are printed."""
    said = verb("certificates", "write", "--directory", "out")
    assert said.code == 0, said
    folders = ["_wildcard.wild.example.test", "app.example.test", "www.example.test"]
    assert sorted(os.listdir(tmp_path / "out")) == folders
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
    again = verb("certificates", "write", "--directory", tmp_path / "out")
    assert (again.code, again.out) == (0, "")
    assert photograph(tmp_path / "out") == before


def test_expired_ones_are_listed_and_not_written(verb, tmp_path):
    """Unless the manifest allows it."""
    with emulated(EXPIRED) as other:
        given = {"CYCLE_EXEC_SOCKET": other.socket}
        listed = json.loads(verb("certificates", "--json", **given).out)
        assert [each["days_left"] for each in listed] == [-11]
        refused = verb("certificates", "write", "--directory", "out", **given)
        assert refused.code == 65
        assert "old.example.test" in refused.err
        assert not (tmp_path / "out").exists()
        (tmp_path / "m.toml").write_text("[certificates]\nallow_expired = true\n")
        words = ("certificates", "write", "--manifest", "m.toml", "--directory", "out")
        assert verb(*words, **given).code == 0
        assert (tmp_path / "out" / "old.example.test" / "cert.pem").exists()


def test_another_containers(verb, tmp_path):
    """By its id."""
    with emulated(EXPIRED) as other:
        given = {"CYCLE_EXEC_SOCKET": other.socket}
        containers = other.ask("/v1/environment/containers").json["data"]
        found = next(each["id"] for each in containers if each["identifier"] == "other")
        (tmp_path / "m.toml").write_text(f'[certificates]\ncontainer_id = "{found}"\n')
        listed = json.loads(verb("certificates", "--json", "--manifest", "m.toml", **given).out)
        assert [each["domains"] for each in listed] == [["other.example.test"]]


@pytest.mark.parametrize("words", [("write",), ("wirte",), ("list", "extra"), ("list", "--", "x")])
def test_wrong_words(verb, words):
    """Named."""
    said = verb("certificates", *words)
    assert (said.code, said.out) == (64, "")
    assert "(usage)" in said.err
