"""Distinguished names: which are the same, as OpenSSL compares them."""

from __future__ import annotations

import pytest
from cryptography import x509 as reference
from cryptography.x509.oid import NameOID

from cycle_exec.planning.certificates import distinguished
from tests.planning.certificates.oracle import forge

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


def of(tag: int, content: bytes) -> bytes:
    attribute = forge.sequence(forge.oid("2.5.4.3"), forge.tlv(tag, content))
    return forge.sequence(forge.tlv(0x31, attribute))


def test_texts_of_other_types_are_the_same_only_byte_by_byte():
    """Neither a text of no known type nor one that is broken is folded."""
    for tag, one, other in ((0x04, b"a", b"A"), (0x0C, b"\xffa", b"\xffA")):
        assert not distinguished.same(of(tag, one), of(tag, other))
        assert distinguished.same(of(tag, one), of(tag, one))
    assert distinguished.same(of(0x0C, b"a"), of(0x13, b"A"))


def test_what_is_no_name_is_shown_as_nothing():
    """Whatever it is."""
    assert distinguished.shown(b"\4\1a") == ""
    assert distinguished.shown(name("Test\nCA")) == "Test?CA"
    assert distinguished.shown(of(0x0C, b"x" * 120)) == "x" * 100 + "..."


def test_a_process_that_lives_long_forgets_names(monkeypatch):
    """What is remembered is bounded, and still right."""
    monkeypatch.setattr(distinguished, "_known", {})
    for number in range(300):
        assert distinguished.same(name(f"CA {number}"), name(f"ca {number}"))
    assert len(vars(distinguished)["_known"]) <= 256
