"""G18: certificates are usable or refused, and land in certbot's files."""

from __future__ import annotations

import os
import socket
import ssl
import threading

import pytest

from tests.guarantees.conftest import manifest, run
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
