"""`formats = ["pkcs12"]` from outside: a keystore under a variable's password."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from cycle_exec.errors import Refused
from cycle_exec.launching import preflight
from cycle_exec.settings.model import CertificateRequest, Invocation, Settings
from cycle_exec.system.crypto import encryption
from tests.support.emulated import emulated
from tests.support.launching import PATH, SCRIPT, photograph

HOST = "app.example.test"
STATE = """
token = "t"
[variables]
STORE_PASSWORD = "{password}"
[[certificates]]
domains = ["app.example.test"]
serial = {serial}
"""
MANIFEST = """
[certificates]
directory = "{folder}/certificates"
formats = ["pem", "pkcs12"]
password_from = "STORE_PASSWORD"
"""


def launched(platform, folder) -> subprocess.CompletedProcess[str]:
    (folder / "manifest.toml").write_text(MANIFEST.format(folder=folder))
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": platform.socket}
    return subprocess.run(
        [SCRIPT, "--", "true"],
        env={**environ, "CYCLE_EXEC_MANIFEST": str(folder / "manifest.toml")},
        capture_output=True,
        text=True,
        check=False,
    )


def state(password: str = "first pass", serial: int = 1) -> str:
    return STATE.format(password=password, serial=serial)


def test_the_file_changes_with_certificate_and_password_alone(tmp_path):
    """A second start touches nothing; a renewal and a new password each make another file."""
    path = tmp_path / "certificates" / HOST / "keystore.p12"
    with emulated(state()) as platform:
        assert launched(platform, tmp_path).returncode == 0
        first = pkcs12.load_pkcs12(path.read_bytes(), b"first pass")
        assert first.cert is not None
        assert first.cert.friendly_name == HOST.encode()
        assert len(first.additional_certs) == 1
        assert path.stat().st_mode & 0o777 == 0o600
        before = photograph(tmp_path / "certificates")
        assert launched(platform, tmp_path).returncode == 0
        assert photograph(tmp_path / "certificates") == before
        platform.state.write_text(state(serial=2))
        assert launched(platform, tmp_path).returncode == 0
        renewed = pkcs12.load_pkcs12(path.read_bytes(), b"first pass")
        assert renewed.cert is not None
        assert renewed.cert.certificate != first.cert.certificate
        platform.state.write_text(state("second pass", serial=2))
        assert launched(platform, tmp_path).returncode == 0
        again = pkcs12.load_pkcs12(path.read_bytes(), b"second pass")
        assert again.cert == renewed.cert


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "scoped variable STORE_PASSWORD: is missing or empty"),
        ("p\\u00e4ss", "scoped variable STORE_PASSWORD: has a character that no keystore"),
    ],
)
def test_without_a_usable_password_nothing_starts(tmp_path, password, words):
    """And nothing is written."""
    with emulated(state(password)) as platform:
        done = launched(platform, tmp_path)
    assert done.returncode == 65
    assert words in done.stderr
    assert not (tmp_path / "certificates").exists()


def test_without_the_library_it_is_refused_before_the_fetch(monkeypatch, tmp_path):
    """With the extra that brings it."""
    monkeypatch.setattr(encryption, "available", lambda: False)
    request = CertificateRequest(
        directory=str(tmp_path / "c"), formats=("pkcs12",), password_from="P"
    )
    invocation = Invocation(argv=(), environ={"CYCLE_API_TOKEN": "t", "PATH": PATH}, cwd="/")
    with pytest.raises(Refused) as caught:
        preflight.opened(invocation, Settings(certificates=request))
    [problem] = caught.value.problems
    assert (problem.kind, problem.way_out) == ("file-missing", "pip install 'cycle-exec[pkcs12]'")
    # Templates alone need no keystore.
    preflight.opened(invocation, Settings(certificates=request.replace(directory="")))


def test_certificates_write_makes_it_too(tmp_path):
    """As a launch would, the password's default included."""
    with emulated(state("")) as platform:
        (tmp_path / "m.toml").write_text(
            MANIFEST.format(folder=tmp_path)
            + '[variables]\ndefaults = { STORE_PASSWORD = "default" }\n'
        )
        done = subprocess.run(
            [SCRIPT, "certificates", "write", "--directory", tmp_path / "out"],
            env={
                "PATH": PATH,
                "CYCLE_API_TOKEN": "t",
                "CYCLE_EXEC_SOCKET": platform.socket,
                "CYCLE_EXEC_MANIFEST": str(tmp_path / "m.toml"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    path = tmp_path / "out" / HOST / "keystore.p12"
    assert str(path) in done.stdout
    assert pkcs12.load_pkcs12(path.read_bytes(), b"default").key is not None
