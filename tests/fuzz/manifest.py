"""The manifest: any TOML, and any text, is a Manifest or refused line by line."""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.settings.manifest import manifest
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.model import Manifest
from tests.fuzz import toml

_KEYS = sorted({key for field in MANIFEST.fields.values() for key in getattr(field, "fields", ())})

WORDS = (
    *toml.WORDS,
    *(f"[{name}]\n".encode() for name in MANIFEST.fields),
    *(b"[[integrations]]\n", b"[[templates]]\n", b"[variables.files.A]\n", b"[vpn.login]\n"),
    *(f"{key} = ".encode() for key in _KEYS),
    *(b"[[wait]]\n", b"for = ", b'"tcp://a:1"', b'"http://a/"', b'"unix:/x"', b'"dns://{{ a }}"'),
    *(b"identifier = ", b"vendor = ", b"target = ", b"source = ", b"field = ", b"mode = "),
    *(b'"/etc/x"', b'"5s"', b'"0600"', b'"base64"', b'["a"]', b'"signal:HUP"', b'"a:b"', b'"A"'),
)


def target(data: bytes) -> None:
    """Each problem names a line that is there, and is a line of printable ASCII."""
    text = data.decode("utf-8", "replace")
    try:
        found = manifest.parse(text, "m.toml")
    except Refused as refused:
        lines = text.count("\n") + 1
        for problem in refused.problems:
            assert problem.kind == "manifest-invalid"
            assert problem.reason.isascii()
            assert problem.reason.isprintable()
            path, _, line = problem.subject.partition(":")
            assert path == "m.toml"
            assert 1 <= int(line) <= lines
        return
    assert isinstance(found, Manifest)
