"""G18: certificates are usable or refused, and land in certbot's files."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time

import pytest

from tests.guarantees.conftest import manifest, run
from tests.support import issued
from tests.support.emulated import emulated

STATE = """
token = "t"
[[certificates]]
domains = ["app.example.test", "www.example.test"]
[[certificates]]
domains = ["*.wild.example.test"]
encoding = "pem"
[[certificates]]
domains = ["rsa.example.test"]
key = "rsa"
"""
FILES = ["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"]


def test_every_domain_gets_certbots_files(tmp_path, environ):
    """PEM and base64 of PEM, wildcards under _wildcard, every domain of a certificate."""
    ran = run(environ, "--certificates", f"{tmp_path}/c", "--", "true")
    assert ran.code == 0, ran.err
    names = [name for name in os.listdir(tmp_path / "c") if not name.startswith("..")]
    assert {name: sorted(os.listdir(tmp_path / "c" / name)) for name in names} == {
        "app.example.test": FILES,
        "www.example.test": FILES,
        "_wildcard.wild.example.test": FILES,
        "rsa.example.test": FILES,
    }


@pytest.mark.parametrize("spelled", ["c/", "c//", "/c", "./c", "x/../c", "link"])
def test_a_directory_may_be_spelled_in_many_ways(tmp_path, environ, spelled):
    """Slashes at its end, two in a row, dots, a link to it: the files are where they belong."""
    (tmp_path / "x").mkdir()
    (tmp_path / "c").mkdir()
    (tmp_path / "link").symlink_to("c")
    for _ in range(2):
        ran = run(environ, "--certificates", f"{tmp_path}/{spelled}", "--", "true")
        assert ran.code == 0, ran.err
    assert sorted(os.listdir(tmp_path / "c/app.example.test")) == FILES
    assert os.readlink(tmp_path / "c/app.example.test") == "..data/app.example.test"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("app.example.test", "www.example.test"),
        ("_wildcard.wild.example.test", "a.wild.example.test"),
        ("rsa.example.test", "rsa.example.test"),
    ],
)
def test_a_tls_server_works_with_the_files(tmp_path, environ, platform, folder, name):
    """A real handshake: the client trusts the root alone, so chain and key must be right."""
    assert run(environ, "--certificates", f"{tmp_path}/c", "--", "true").code == 0
    files = tmp_path / "c" / folder
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(files / "fullchain.pem", files / "privkey.pem")
    client = ssl.create_default_context(cafile=platform.ca)
    here, there = socket.socketpair()

    def serve():
        with server.wrap_socket(here, server_side=True) as connection:
            connection.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(there, server_hostname=name) as connection:
        assert connection.recv(5) == b"hello"
    thread.join()


def test_combined_is_what_haproxy_reads(tmp_path, environ):
    """Full chain, then key, in one file, and only when asked for."""
    path = manifest(
        tmp_path,
        '[certificates]\ndirectory = "@/c"\ndomains = ["app.example.test"]\n'
        'formats = ["combined"]\n',
    )
    assert run(environ, "--manifest", path, "--", "true").code == 0
    folder = tmp_path / "c" / "app.example.test"
    names = [name for name in os.listdir(tmp_path / "c") if not name.startswith("..")]
    assert names == ["app.example.test"]
    assert os.listdir(folder) == ["combined.pem"]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "combined.pem")
    assert (folder / "combined.pem").read_text().count("BEGIN CERTIFICATE") == 2


def test_a_domain_that_is_not_there_refuses_and_names_the_others(tmp_path, environ):
    """The named domain must be covered by one certificate."""
    path = manifest(tmp_path, '[certificates]\ndirectory = "@/c"\ndomains = ["ap.example.test"]\n')
    ran = run(environ, "--manifest", path, "--", "echo", "started")
    assert (ran.code, ran.out, ran.kinds) == (65, "", {"certificate-refused"})
    assert "app.example.test" in ran.err
    assert not (tmp_path / "c").exists()


def ended(days: int) -> str:
    return f'token = "t"\n[[certificates]]\ndomains = ["old.example.test"]\ndays = {days}\n'


def test_expired_refuses_unless_allowed_and_few_days_warn(tmp_path):
    """Expired: 65, or a warning with allow_expired; below minimum_days: a warning."""
    environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": "t"}
    with emulated(ended(-3)) as platform:
        environ["CYCLE_EXEC_SOCKET"] = platform.socket
        ran = run(environ, "--certificates", f"{tmp_path}/c", "--", "echo", "started")
        assert (ran.code, ran.out, ran.kinds) == (65, "", {"certificate-refused"})
        assert not (tmp_path / "c").exists()
        path = manifest(tmp_path, '[certificates]\ndirectory = "@/c"\nallow_expired = true\n')
        ran = run(environ, "--manifest", path, "--", "echo", "started")
        assert (ran.code, ran.out) == (0, "started\n")
        assert "warning: certificate old.example.test" in ran.err
    with emulated(ended(3)) as platform:
        environ["CYCLE_EXEC_SOCKET"] = platform.socket
        ran = run(environ, "--certificates", f"{tmp_path}/d", "--", "true")
        assert ran.code == 0
        assert "warning: certificate old.example.test" in ran.err


OWN = """
token = "t"
[[certificates]]
domains = ["own.example.test"]
bundle = "own.pem"
private_key = "own.key"
"""
NOW = int(time.time())
LEAF = issued.certificate(
    issued.name("own"),
    issued.key(),
    issued.MIDDLE,
    names=("own.example.test",),
    not_before=NOW - issued.DAY,
    not_after=NOW + 60 * issued.DAY,
)


def issuer(first: int, last: int, authority: bool = True) -> str:
    """An intermediate with these dates, in days from now."""
    return issued.pem(
        issued.certificate(
            issued.MIDDLE.name,
            issued.MIDDLE.key,
            issued.ROOT,
            not_before=NOW + first * issued.DAY,
            not_after=NOW + last * issued.DAY + issued.DAY // 2,
            authority=authority,
        )
    )


@pytest.mark.parametrize(
    ("chain", "reason", "code"),
    [
        (
            issuer(-90, -5),
            "its issuer, certificate 2 of the bundle, expired 4 days ago",
            65,
        ),
        (issuer(1, 90), "its issuer, certificate 2 of the bundle, is not valid yet", 65),
        (issuer(-9, 90, False), "certificate 2 of the bundle may not sign other certificates", 65),
        (
            issued.pem(issued.root()),
            "none of the other certificates of the bundle is the leaf's issuer",
            0,
        ),
        (issuer(-9, 3), "its issuer, certificate 2 of the bundle, expires in 3 days", 0),
    ],
)
def test_all_verbs_show_the_same_judgement(tmp_path, chain, reason, code):
    """The launch, plan, doctor and the list: the same words, and the same exit code."""
    files = {"own.pem": issued.pem(LEAF) + chain, "own.key": issued.key_pem(issued.key())}
    with emulated(OWN, files=files) as platform:
        environ = {
            "PATH": os.defpath,
            "CYCLE_API_TOKEN": "t",
            "CYCLE_EXEC_SOCKET": platform.socket,
        }
        to = ("--certificates", f"{tmp_path}/c")
        for words in (
            (*to, "--", "true"),
            ("plan", *to, "--", "true"),
            ("doctor", *to, "--", "true"),
            ("certificates",),
        ):
            ran = run(environ, *words)
            told = " ".join((ran.out + ran.err).split())
            assert (words[0], ran.code) == (words[0], code), told
            assert f"certificate own.example.test: {reason}" in told
        assert (tmp_path / "c").exists() == (code == 0)
