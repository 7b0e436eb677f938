"""G16: the image's OpenSSL configuration changes no verdict of the launcher; nothing of it runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.guarantees.conftest import SCRIPT
from tests.support import machine

STATE = """
token = "t"
[variables]
PLAIN = "plain"
STORE = "keystore-secret"
[[certificates]]
domains = ["app.example.test"]
"""
MANIFEST = """
[certificates]
directory = "@/certificates"
formats = ["pkcs12"]
password_from = "STORE"
[last_good]
path = "@/copy"
key_variable = "COPY_KEY"
max_age = "1h"
"""
KEY = "00112233445566778899aabbccddeeff" * 2
EVIL = """
#include <unistd.h>
__attribute__((constructor)) static void run(void) { write(2, "c4n4ry", 6); _exit(99); }
"""
BEGIN = """
openssl_conf = init
[init]
providers = providers
alg_section = algorithms
"""
CONFIGURATIONS = {
    "legacy only": BEGIN + "[providers]\nlegacy = on\n[on]\nactivate = 1\n",
    "fips": BEGIN + "[providers]\n[algorithms]\ndefault_properties = fips=yes\n",
    "a module": BEGIN + "[providers]\nevil = on\n[on]\nactivate = 1\nmodule = @/evil.so\n",
    "nonsense": "[[[\n",
}
_BIND = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


def launch(folder: Path, environ: dict[str, str], *before: str) -> None:
    """Pairs are checked, a keystore and a last good copy are written."""
    manifest = folder / "m.toml"
    manifest.write_text(MANIFEST.replace("@", str(folder)))
    done = subprocess.run(
        [*before, str(SCRIPT), "--manifest", str(manifest), "--", "env"],
        env={**environ, "COPY_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "c4n4ry" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("cycle-exec: ready in"), done.stderr
    assert (folder / "copy").exists()
    assert list((folder / "certificates").rglob("*.p12"))
    told = [line for line in done.stdout.splitlines() if line.startswith("OPENSSL")]
    assert told == [f"{k}={v}" for k, v in environ.items() if k.startswith("OPENSSL")]


@pytest.fixture(params=CONFIGURATIONS)
def configuration(request, tmp_path) -> Path:
    """A file that breaks whatever reads it."""
    (tmp_path / "evil.c").write_text(EVIL)
    words = ["-shared", "-fPIC", "-w", tmp_path / "evil.c", "-o", tmp_path / "evil.so"]
    subprocess.run([machine.program("gcc"), *words], check=True)
    file: Path = tmp_path / "openssl.cnf"
    file.write_text(CONFIGURATIONS[request.param].replace("@", str(tmp_path)))
    return file


def test_named_by_a_variable(configuration, tmp_path, environ):
    """The app gets the variable, the launcher does not read the file."""
    launch(tmp_path, {**environ, "OPENSSL_CONF": str(configuration)})


def test_where_openssl_looks_for_it(configuration, tmp_path, environ):
    """The distribution's own file, changed."""
    machine.need_mounts()
    done = subprocess.run(
        [machine.program("openssl"), "version", "-d"], capture_output=True, text=True, check=True
    )
    place = Path(done.stdout.split('"')[1]) / "openssl.cnf"
    bind = (*machine.MOUNTS, "sh", "-c", _BIND, "sh", str(configuration), str(place))
    launch(tmp_path, environ, *bind)
