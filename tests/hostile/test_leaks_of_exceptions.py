"""No exception of ours shows the secret that it is about, nor does any in the chain before it."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable

import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning.certificates import pem, x509
from cycle_exec.planning.files import dotenv
from cycle_exec.planning.templates import rendering, substitution
from cycle_exec.planning.templates.filters import encoding
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.settings.manifest import manifest
from cycle_exec.sources import answers, needs, strict_json
from cycle_exec.sources.model import Request, Response
from cycle_exec.system.api import http1
from cycle_exec.system.crypto import key_matches
from cycle_exec.vpn import config
from tests.hostile.canaries import Canaries, planted
from tests.support.hostile import certificate

SECRET = planted()
CANARY = Canaries({"secret": SECRET})


def rendered(text: str) -> Callable[[], object]:
    """A template over a context of secrets."""

    def run() -> object:
        sources = {"page.j2": text}
        prepared = rendering.prepare(sources, substitution.parsed(sources))
        context = {"variables": {"PLAIN": SECRET, SECRET: SECRET}, "env": {"PLAIN": SECRET}}
        return rendering.render(prepared, "page.j2", context)

    return run


def answered(body: bytes, status: int = 200) -> Callable[[], object]:
    """An answer with the scoped variables."""

    def run() -> object:
        request = Request(operation="x", method="GET", target="/v1/x", subject="variables")
        need = needs.Need(kind="variables", name="variables", request=request)
        headers = (("x-secret", SECRET),)
        response = Response(status=status, headers=headers, body=SecretBytes(body))
        return answers.snapshot([need], [response], socket="/api.sock", environ={"A": SECRET})

    return run


def _sent(token: str, target: str = "/") -> Callable[[], object]:
    request = Request(operation="x", method="GET", target=target, subject="x")
    return lambda: http1.request_bytes(request, Secret(token), "agent")


def _http(message: bytes) -> Callable[[], object]:
    return lambda: http1.ResponseReader().feed(message)


RAISING: dict[str, Callable[[], object]] = {
    "an undefined name from a value": rendered("{{ {}[variables.PLAIN] }}"),
    "an undefined attribute": rendered("{{ variables.PLAIN.nothing }}"),
    "an undefined key of secrets": rendered("{{ variables.PLAIM }}"),
    "a filter from a value": rendered("{{ [1] | map(variables.PLAIN) | list }}"),
    "a number from a value": rendered("{{ variables.PLAIN | from_json }}"),
    "a sum with a value": rendered("{{ variables.PLAIN + 1 }}"),
    "a format of a value": rendered("{{ variables.PLAIN % 1 }}{{ '%d' % variables.PLAIN }}"),
    "an item of a value": rendered("{{ variables.PLAIN[variables.PLAIN] }}"),
    "a call of a value": rendered("{{ variables.PLAIN() }}"),
    "a loop over a value": rendered("{% for a, b in variables.PLAIN %}{% endfor %}"),
    "base64 of a value": lambda: encoding.b64decode(SECRET),
    "JSON with a key twice": lambda: strict_json.decode(f'{{"{SECRET}":1,"{SECRET}":1}}'.encode()),
    "JSON that is broken": lambda: strict_json.decode(b'{"a": "%b' % SECRET.encode()),
    "JSON that is not UTF-8": lambda: strict_json.decode(SECRET.encode() + b"\xff"),
    "an answer of secrets": answered(SECRET.encode()),
    "an error of secrets": answered(b'{"error": {"code": "%b"}}' % SECRET.encode()),
    "a refusal of secrets": answered(b'{"error": {"title": "%b"}}' % SECRET.encode(), 403),
    "a value of the wrong type": answered(b'{"data": {"A": ["%b"]}}' % SECRET.encode()),
    "a bundle that is none": lambda: pem.certificates(SECRET),
    "a key that is none": lambda: pem.private_key(f"-----BEGIN {SECRET}-----\n{SECRET}"),
    "a certificate that is none": lambda: x509.read(SECRET.encode()),
    "a dotenv file that is none": lambda: dotenv.read(f"A=1\n{SECRET} {SECRET}\n"),
    "a value for docker": lambda: dotenv.write({"A": f"{SECRET}\n"}, "docker"),
    "a manifest that is none": lambda: manifest.parse(f'a = "{SECRET}', "cycle-exec.toml"),
    "a manifest of wrong types": lambda: manifest.parse(f'api = "{SECRET}"', "cycle-exec.toml"),
    "a manifest of wrong values": lambda: manifest.parse(
        f'[environment]\nset = {{ A = ["{SECRET}"] }}', "cycle-exec.toml"
    ),
    "a token with a line break": _sent(f"{SECRET}\n"),
    "a login with a line break": _sent("t", f"/?{SECRET} x"),
    "a status line of secrets": _http(f"HTTP/1.1 {SECRET}\r\n\r\n".encode()),
    "a header of secrets": _http(f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n".encode()),
    "a configuration that is broken": lambda: list(config.parse(f'"{SECRET}', "server.conf")),
    "a secret that is pickled": lambda: pickle.dumps(Secret(SECRET)),
}


@pytest.mark.parametrize("name", RAISING)
def test_an_exception_is_silent_about_secrets(name):
    """Text, representation, arguments, problems, and the tracebacks of the whole chain."""
    with pytest.raises(Exception) as caught:
        RAISING[name]()
    error: BaseException | None = caught.value
    while error is not None:
        texts = [str(error), repr(error), repr(error.args), *traceback.format_exception(error)]
        if isinstance(error, Refused):
            texts.append(repr(error.problems))
        CANARY.absent("\n".join(texts), name)
        error = error.__cause__


def test_a_pair_that_does_not_fit_is_told_without_the_key():
    """OpenSSL's words are not ours, and the key is nowhere in them."""
    one, other = certificate(), certificate(kind="P-384")
    key = str(other["private_key"])
    said = key_matches.mismatch(key, str(one["bundle"]))
    assert said == "the private key does not match the certificate"
    assert key_matches.mismatch(SECRET, SECRET) == "openssl cannot read the certificate"
