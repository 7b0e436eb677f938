"""X.509: any bytes are a certificate or none, and what cryptography reads too is read alike."""

from __future__ import annotations

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.x509 import NotX509
from tests.support import x509_reference as reference

WORDS = (
    *(bytes.fromhex(oid) for oid in ("0603550403", "060355040a", "0603551d11", "0603551d13")),
    *(bytes.fromhex(oid) for oid in ("06092a864886f70d010101", "06072a8648ce3d0201", "06032b6570")),
    *(bytes.fromhex(oid) for oid in ("06082a8648ce3d030107", "06052b81040022", "30030101ff")),
    *(b"\x17\r250101000000Z", b"\x18\x0f20500101000000Z", b"\x18\x0f00000101000000Z", b"0\x82"),
    *(b"\x82\x06a.test", b"\x82\x08*.b.test", b"\x30\x00", b"\x31\x00", b"\xa3\x00", b"\xa0\x03"),
    *(b"\x02\x01\x02", b"\x03\x02\x00\x00", b"\x0c\x01a", b"\x1e\x02\x00a", b"\x04\x00", b"\x1f"),
)


def target(data: bytes) -> None:
    """NotX509 and nothing else; every field that we judge by is cryptography's, or a doubt."""
    try:
        found = x509.read(data)
    except NotX509:
        return
    assert found.issuer_name.isprintable()
    assert found.subject_name.isprintable()
    if found.doubts:
        return
    try:
        expected = reference.fields(data)
    except reference.NO_CERTIFICATE:
        return
    assert reference.ours(found) == expected
