"""Distinguished names: which are the same, as OpenSSL compares them."""

from __future__ import annotations

import pytest
from cryptography import x509 as reference
from cryptography.x509.oid import NameOID

from cycle_exec.planning.certificates import distinguished

KINDS = vars(reference.name)["_ASN1Type"]


def name(*texts: str, kind: str = "UTF8String") -> bytes:
    attributes = [
        reference.NameAttribute(NameOID.COMMON_NAME, text, _type=KINDS[kind]) for text in texts
    ]
    return reference.Name(attributes).public_bytes()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (name("Test CA"), name("Test CA", kind="PrintableString"), True),
        (name("Test CA"), name("TEST ca"), True),
        (name("Test CA"), name("  Test   CA ", kind="PrintableString"), True),
        (name("Test CA"), name("Test CA", kind="BMPString"), True),
        (name("Test CA"), name("TestCA"), False),
        (name("Test CA"), name("Test", "CA"), False),
        (name("M\u00fcller"), name("m\u00fcLLER"), True),
        # Only ASCII is folded.
        (name("M\u00fcller"), name("M\u00dcLLER"), False),
        (name("a"), b"\x30\0", False),
        (name("a"), b"\x04\1a", False),
        (b"\x04\1a", b"\x04\1b", False),
    ],
)
def test_names_are_the_same_whatever_their_type_and_case(one, other, alike):
    """RFC 5280 7.1."""
    assert distinguished.same(one, other) is alike
    assert distinguished.same(other, one) is alike
    assert distinguished.same(one, one)
