"""`layout = "flat"`, and both kinds of keys, with a real HAProxy and a real nginx."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time

import pytest

from tests.support.emulated import emulated
from tests.support.launching import PATH, launch, photograph

STATE = """
[[certificates]]
domains = ["www.example.test"]
[[certificates]]
domains = ["www.example.test"]
key = "rsa"
[[certificates]]
domains = ["*.wild.example.test"]
"""
HAPROXY = """
global
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend tls
    bind unix@{socket} ssl crt {crt}
    http-request return status 200
"""
NGINX = """
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 32; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen unix:{socket} ssl;
        ssl_certificate {folder}/fullchain.rsa.pem;
        ssl_certificate_key {folder}/privkey.rsa.pem;
        ssl_certificate {folder}/fullchain.ecdsa.pem;
        ssl_certificate_key {folder}/privkey.ecdsa.pem;
    }}
}}
"""


@pytest.fixture(scope="module")
def platform():
    """With both kinds of keys for one name, and a wildcard."""
    with emulated(STATE) as running:
        yield running


@pytest.fixture
def serve():
    """Start a server, wait for its socket, end it."""
    started = []

    def begin(words, socket):
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.append(server)
        until = time.monotonic() + 30
        while not socket.exists():
            assert server.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)

    yield begin
    for server in started:
        server.terminate()
        server.wait()


def key_of(socket, host, algorithms, roots):
    """The kind of the key that a client of these signatures is shown, verified."""
    ran = subprocess.run(
        [
            *("openssl", "s_client", "-unix", socket, "-servername", host, "-sigalgs", algorithms),
            *("-verify_hostname", host, "-verify_return_error", "-CAfile", roots),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    leaf = begin + ran.stdout.partition(begin)[2].partition(end)[0] + end
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-text"],
        input=leaf,
        capture_output=True,
        text=True,
        check=True,
    )
    return "rsa" if "rsaEncryption" in told.stdout else "ecdsa"


# HAProxy looks for the older of the two.
ECDSA, RSA = "ECDSA+SHA256", "RSA-PSS+SHA256:RSA+SHA256"


def flat(tmp_path, more=""):
    manifest = tmp_path / "m.toml"
    manifest.write_text(f'[certificates]\ndirectory = "{tmp_path}/c"\nlayout = "flat"\n{more}')
    return manifest


@pytest.mark.parametrize("crt", ["c", "c/www.example.test.pem"])
def test_haproxy_serves_the_flat_folder(verb, tmp_path, platform, serve, crt):
    """Every name by SNI, and to each client the kind of key that it knows."""
    said = verb("certificates", "write", "--manifest", flat(tmp_path), "--directory", "c")
    assert said.code == 0, said
    public = sorted(name for name in os.listdir(tmp_path / "c") if not name.startswith(".."))
    assert public == [
        "_wildcard.wild.example.test.pem",
        "www.example.test.pem",
        "www.example.test.pem.ecdsa",
        "www.example.test.pem.rsa",
    ]
    for name in public:
        assert (tmp_path / "c" / name).is_symlink()
        assert (tmp_path / "c" / name).stat().st_mode & 0o777 == 0o600
    (tmp_path / "haproxy.cfg").write_text(
        HAPROXY.format(socket=tmp_path / "socket", crt=tmp_path / crt)
    )
    checked = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "haproxy.cfg"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    serve(["haproxy", "-db", "-f", tmp_path / "haproxy.cfg"], tmp_path / "socket")
    assert key_of(tmp_path / "socket", "www.example.test", ECDSA, platform.ca) == "ecdsa"
    if crt == "c":
        assert key_of(tmp_path / "socket", "www.example.test", RSA, platform.ca) == "rsa"
        host = "a.wild.example.test"
        assert key_of(tmp_path / "socket", host, ECDSA, platform.ca) == "ecdsa"


def test_a_second_start_of_the_flat_folder_changes_nothing(tmp_path):
    """Its targets are links of ours: the plan sees what they lead to, and so does the keystore."""
    more = 'formats = ["pem", "pkcs12"]\npassword_from = "STORE"\n'
    environ = {"PATH": PATH, "CYCLE_EXEC_MANIFEST": str(flat(tmp_path, more))}
    with emulated(f'token = "t"\n[variables]\nSTORE = "any pass"\n{STATE}') as running:
        environ |= {"CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": running.socket}
        assert launch(["--", "true"], environ).code == 0
        before = photograph(tmp_path / "c")
        assert len([name for name in before if name.endswith(".p12")]) == 4
        planned = launch(["plan", "--json"], environ)
        assert [write["differs"] for write in json.loads(planned.out)["targets"]] == [[]] * 6
        assert launch(["--", "true"], environ).code == 0
        assert photograph(tmp_path / "c") == before


def test_nginx_serves_both_kinds_of_keys(verb, tmp_path, platform, serve):
    """From the folder of the name, beside certbot's names."""
    assert verb("certificates", "write", "--directory", "c").code == 0
    folder = tmp_path / "c" / "www.example.test"
    members = ("cert", "chain", "fullchain", "privkey")
    endings = ("pem", "rsa.pem", "ecdsa.pem")
    assert sorted(os.listdir(folder)) == sorted(
        f"{one}.{end}" for one in members for end in endings
    )
    assert (folder / "privkey.pem").read_text() == (folder / "privkey.ecdsa.pem").read_text()
    (tmp_path / "nginx.conf").write_text(
        NGINX.format(home=tmp_path, socket=tmp_path / "socket", folder=folder)
    )
    words = ["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    serve(words, tmp_path / "socket")
    assert key_of(tmp_path / "socket", "www.example.test", ECDSA, platform.ca) == "ecdsa"
    assert key_of(tmp_path / "socket", "www.example.test", RSA, platform.ca) == "rsa"


def test_the_flat_folder_changes_at_one_moment(verb, tmp_path):
    """By the same link, and what is equal is not touched."""
    words = ("certificates", "write", "--manifest", flat(tmp_path), "--directory", "c")
    assert verb(*words).code == 0
    before = os.readlink(tmp_path / "c" / "..data")
    assert os.readlink(tmp_path / "c" / "www.example.test.pem") == "..data/www.example.test.pem"
    assert verb(*words).out == ""
    assert os.readlink(tmp_path / "c" / "..data") == before
    (tmp_path / "c" / "mine.pem").write_text("mine")
    (tmp_path / "c" / "..data" / "www.example.test.pem").write_text("spoilt")
    assert verb(*words).out == f"{tmp_path}/c/www.example.test.pem\n"
    assert os.readlink(tmp_path / "c" / "..data") != before
    assert (tmp_path / "c" / "mine.pem").read_text() == "mine"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c" / "www.example.test.pem.rsa")


def test_templates_know_the_flat_file(verb, tmp_path):
    """As paths.combined, which has key and chain."""
    (tmp_path / "t.j2").write_text('{{ certificates["www.example.test"].paths.combined }}\n')
    manifest = flat(tmp_path, f'[[templates]]\nsource = "t.j2"\ntarget = "{tmp_path}/t"\n')
    ran = verb("--manifest", manifest, "--", "true")
    assert ran.code == 0, ran
    assert (tmp_path / "t").read_text() == f"{tmp_path}/c/www.example.test.pem\n"
