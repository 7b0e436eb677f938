"""The reader of certificates, held against cryptography."""

from __future__ import annotations

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.certificates import der, distinguished, keys, pem, x509
from cycle_exec.planning.certificates.x509 import NotX509
from tests.planning.certificates.oracle import forge
from tests.support import issued

KINDS = {
    "RSA 2048": "RSA 2048",
    "RSA 1024": "RSA 1024",
    "P-256": "EC P-256",
    "P-384": "EC P-384",
    "Ed25519": "Ed25519",
}
ALL = [issued.leaf("a.test", "*.b.test", kind=kind) for kind in KINDS] + [
    issued.middle(),
    issued.root(),
]
LABEL = st.text("abcXYZ019-", min_size=1, max_size=12)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
NAME = st.one_of(HOST, HOST.map("*.".__add__))
# From 1950, before which no certificate can start, to the last second of 9999.
MOMENT = st.integers(-631_152_000, 253_402_300_799)
# cryptography makes no name of more than 64 bytes.
WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40).filter(
    lambda text: len(text.encode()) <= 64
)


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + content


def expected_names(certificate):
    try:
        found = certificate.extensions.get_extension_for_class(reference.SubjectAlternativeName)
    except reference.ExtensionNotFound:
        return ()
    return tuple(name.lower() for name in found.value.get_values_for_type(reference.DNSName))


def expected_authority(certificate):
    try:
        found = certificate.extensions.get_extension_for_class(reference.BasicConstraints)
    except reference.ExtensionNotFound:
        return False
    return found.value.ca


def assert_alike(parsed, certificate):
    assert parsed.issuer == certificate.issuer.public_bytes()
    assert parsed.subject == certificate.subject.public_bytes()
    assert parsed.not_before == certificate.not_valid_before_utc.timestamp()
    assert parsed.not_after == certificate.not_valid_after_utc.timestamp()
    assert parsed.names == expected_names(certificate)
    assert bool(parsed.authority) == expected_authority(certificate)
    assert parsed.doubts == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_key_is_told(kind):
    """The algorithm with its size or curve, as people say it."""
    assert x509.read(issued.der(issued.leaf("a.test", kind=kind))).key_type == KINDS[kind]


def test_an_unusual_curve_is_told_as_such():
    """A curve that the table lacks is no reason to refuse."""
    key = ec.generate_private_key(ec.SECP256K1())
    made = issued.certificate(issued.name("a"), key, issued.MIDDLE, names=("a.test",))
    assert x509.read(issued.der(made)).key_type == "EC of another curve"


@pytest.mark.parametrize("certificate", ALL, ids=range(len(ALL)))
def test_every_member_is_what_cryptography_says(certificate):
    """Leaves of all kinds of keys, an intermediate and a root."""
    assert_alike(x509.read(issued.der(certificate)), certificate)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAME, max_size=6), MOMENT, MOMENT, WORDS, WORDS, st.booleans())
@example(["a.test"], 2_524_607_999, 2_524_608_000, "", "", False)  # the turn of the year 2050
@example(["a.test"], 951_782_400, 4_107_542_399, "", "", False)  # 29 February of 2000, of 2100 none
def test_any_certificate_is_read_as_cryptography_reads_it(
    names, first, second, common, organization, authority
):
    """Any names, any dates from 1950 to 9999, any issuer."""
    issuer = issued.Issuer(issued.name(common, organization), issued.MIDDLE.key)
    made = issued.certificate(
        issued.name("x"),
        issued.key(),
        issuer,
        names=tuple(names),
        not_before=min(first, second),
        not_after=max(first, second),
        authority=authority,
    )
    parsed = x509.read(issued.der(made))
    assert_alike(parsed, made)
    wanted = common or organization
    assert parsed.issuer_name == "".join(one if one.isprintable() else "?" for one in wanted)


def test_an_issuers_name_is_fit_for_a_terminal():
    """Control characters are replaced, a very long name is cut."""
    name = issued.name("", "\x1b[31mred" + "x" * 50)
    made = issued.certificate(
        issued.name("a"), issued.key(), issued.Issuer(name, issued.key()), names=("a",)
    )
    assert x509.read(issued.der(made)).issuer_name == "?[31mred" + "x" * 50
    assert distinguished.shown(long_name(b"y" * 200)) == "y" * 100 + "..."


def long_name(text: bytes) -> bytes:
    attribute = element(0x30, element(0x06, b"\x55\x04\x03") + element(0x0C, text))
    return element(0x30, element(0x31, attribute))


def test_only_the_whole_certificate_is_one():
    """Nothing may follow it, nothing may be missing."""
    whole = issued.der(ALL[0])
    for broken in (
        whole + b"\0",
        whole[:-1],
        b"",
        b"\x30",
        b"\x30\x80\0\0",
        b"\x30\x82\0\x05hello",
        b"\x30\x84\0\0",
        b"\x30\x85\0\0\0\0\1a",
        b"\x3f\0",
    ):
        with pytest.raises(NotX509):
            x509.read(broken)


def test_a_certificate_of_version_1_is_read():
    """It says no version, and has no extensions: an old root of somebody's own."""
    root = issued.root()
    signed, whole = root.tbs_certificate_bytes, issued.der(root)
    key = root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    version_3 = b"\xa0\x03\x02\x01\x02"
    body = signed[signed.index(version_3) + len(version_3) : signed.index(key) + len(key)]
    made = element(0x30, element(0x30, body) + whole[whole.index(signed) + len(signed) :])
    certificate = reference.load_der_x509_certificate(made)
    assert certificate.version is reference.Version.v1
    assert_alike(x509.read(made), certificate)


def test_an_issuer_that_is_no_sequence_is_a_doubt():
    """A name is a sequence, and nothing else is taken for one."""
    whole = issued.der(ALL[0])
    issuer = issued.MIDDLE.name.public_bytes()
    found = x509.read(whole.replace(issuer, b"\x31" + issuer[1:]))
    assert found.doubts == (x509.STRUCTURE,)


def extended(*extensions: tuple[str, bytes]) -> x509.Parsed:
    """A certificate with these extensions, by OID, whatever they hold."""
    building = (
        reference.CertificateBuilder(issuer_name=issued.MIDDLE.name, subject_name=issued.name("a"))
        .public_key(issued.key().public_key())
        .serial_number(1)
        .not_valid_before(issued.middle().not_valid_before_utc)
        .not_valid_after(issued.middle().not_valid_after_utc)
    )
    marks = []
    for number, (oid, value) in enumerate(extensions):
        # The builder takes each OID once: a mark stands for it, of the same length.
        mark = f"2.5.29.{100 + number}"
        marks.append((mark, oid))
        added = reference.UnrecognizedExtension(reference.ObjectIdentifier(mark), value)
        building = building.add_extension(added, critical=False)
    whole = issued.der(building.sign(issued.MIDDLE.key, hashes.SHA256()))
    for mark, oid in marks:
        last, new = int(mark.rpartition(".")[2]), int(oid.rpartition(".")[2])
        whole = whole.replace(bytes((0x55, 0x1D, last)), bytes((0x55, 0x1D, new)))
    return x509.read(whole)


SAN = ("2.5.29.17", element(0x30, element(0x82, b"A.test")))


def test_an_extension_that_comes_twice_is_a_doubt():
    """Two lists of names could be read differently by others; one that nobody reads may."""
    assert extended(SAN).names == ("a.test",)
    assert extended(SAN, SAN).doubts == (x509.NAMES,)
    assert extended(SAN, ("2.5.29.32", b"\5\0"), ("2.5.29.32", b"\5\0")).doubts == ()


@pytest.mark.parametrize(
    ("oid", "value", "doubt"),
    [
        ("2.5.29.17", b"\5\0", x509.NAMES),
        ("2.5.29.19", b"\5\0", x509.CONSTRAINTS),
        ("2.5.29.19", b"\x30\6\1\1\xff\2\1\xff", x509.CONSTRAINTS),
        ("2.5.29.15", b"\5\0", x509.USAGE),
        ("2.5.29.15", b"\3\0", x509.USAGE),
        ("2.5.29.37", b"\x30\2\5\0", x509.USES),
        ("2.5.29.14", b"\5\0", x509.KEY_ID),
        ("2.5.29.35", b"\5\0", x509.ISSUER_KEY_ID),
    ],
)
def test_an_extension_that_cannot_be_read_is_a_doubt(oid, value, doubt):
    """Named, and as if it were absent."""
    assert extended((oid, value)).doubts == (doubt,)


def test_what_the_extensions_say_is_read():
    """Constraints, usage, uses and identifiers."""
    found = extended(
        ("2.5.29.19", b"\x30\6\1\1\xff\2\1\2"),
        ("2.5.29.15", b"\3\2\2\x84"),
        ("2.5.29.37", element(0x30, element(0x06, x509.SERVER_AUTH))),
        ("2.5.29.14", element(0x04, b"own")),
        ("2.5.29.35", element(0x30, element(0x80, b"up") + element(0x82, b"\5"))),
    )
    assert (found.authority, found.path_length, found.usage) == (True, 2, 0x84)
    assert found.uses == frozenset((x509.SERVER_AUTH,))
    assert (found.key_id, found.issuer_key_id, found.issuer_serial) == (b"own", b"up", b"\5")
    assert extended(("2.5.29.15", b"\3\1\0")).usage == 0


# A damaged serial number can be negative, of which cryptography warns.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_certificates_are_refused_or_read_as_cryptography_reads_them(data):
    """Bytes changed, cut out or put in: NotX509, a doubt, or what cryptography says."""
    whole = bytearray(issued.der(data.draw(st.sampled_from(ALL))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole)))
        gone = data.draw(st.integers(0, 3))
        whole[at : at + gone] = data.draw(st.binary(max_size=3))
    try:
        parsed = x509.read(bytes(whole))
    except NotX509:
        return
    try:
        certificate = reference.load_der_x509_certificate(bytes(whole))
        certificate.extensions  # noqa: B018 - parsed when asked for
        alike = certificate.issuer.public_bytes(), certificate.subject.public_bytes()
    except (ValueError, TypeError, reference.UnsupportedGeneralNameType):
        return
    except (reference.DuplicateExtension, reference.InvalidVersion):
        return
    if alike == (parsed.issuer, parsed.subject) and not parsed.doubts:
        assert parsed.not_before == certificate.not_valid_before_utc.timestamp()
        assert parsed.not_after == certificate.not_valid_after_utc.timestamp()
        assert parsed.names == expected_names(certificate)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_cleanly(content):
    """Random bytes never end in another exception."""
    with pytest.raises(NotX509):
        x509.read(content)
    inside = x509.read(element(0x30, element(0x30, content) + b"\x30\0\x03\0"))
    assert inside.doubts == (x509.STRUCTURE,)


def test_a_certificate_without_extensions_has_no_names():
    """The common name alone covers nothing."""
    made = (
        reference.CertificateBuilder(issuer_name=issued.MIDDLE.name, subject_name=issued.name("a"))
        .public_key(issued.key().public_key())
        .serial_number(1)
        .not_valid_before(issued.middle().not_valid_before_utc)
        .not_valid_after(issued.middle().not_valid_after_utc)
        .sign(issued.MIDDLE.key, hashes.SHA256())
    )
    parsed = x509.read(issued.der(made))
    assert (parsed.names, parsed.authority) == ((), None)


def test_other_kinds_of_names_are_passed_over():
    """Addresses cover no host name, what is not ASCII covers none, what is no text is not shown."""
    names = element(0x87, b"\x7f\0\0\1") + element(0x82, b"A.test") + element(0x81, b"a@b.test")
    names += element(0x82, b"m\xfc.test")
    found = extended(("2.5.29.17", element(0x30, names)))
    assert (found.names, found.doubts) == (("a.test",), ())
    strange = element(0x30, element(0x06, b"\x55\x04\x03") + element(0x02, b"\1"))
    assert distinguished.shown(element(0x30, element(0x31, strange))) == ""


def test_unique_identifiers_are_passed_over():
    """Version 2 had members between the key and the extensions."""
    whole = der.Reader(der.Reader(issued.der(ALL[0])).expect(0x30))
    body, rest = whole.expect(0x30), whole.data[whole.position :]
    at = body.rindex(b"\xa3\x2d")
    inside = body[:at] + element(0x81, b"\0\1") + body[at:]
    changed = element(0x30, element(0x30, inside) + rest)
    assert x509.read(changed).replace(raw=b"") == x509.read(issued.der(ALL[0])).replace(raw=b"")


def test_extensions_that_are_no_list_are_a_doubt():
    """Whatever they say is not known."""
    text = forge.certificate("a", issued.key(), issued.MIDDLE, unique=forge.tlv(0xA3, b"\5\0"))
    [block] = pem.certificates(text)
    found = x509.read(block.der)
    assert (found.doubts, found.odd) == (("extensions",), True)


def test_a_key_that_cannot_be_read_is_of_an_unknown_kind():
    """It is OpenSSL that decides whether it serves."""
    rsa = forge.sequence(forge.oid("1.2.840.113549.1.1.1"))
    assert keys.described(rsa + forge.bits(b"\5\0")) == ("unknown kind", "", "")


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        (forge.sequence(), "SHA-1"),
        (forge.sequence(forge.tlv(0xA0, forge.sequence(forge.oid("1.3.14.3.2.26")))), "SHA-1"),
        (forge.sequence(forge.tlv(0xA0, forge.sequence(forge.oid("2.16.840.1.101.3.4.2.1")))), ""),
        (b"\5\0", ""),
        (b"", ""),
    ],
)
def test_the_hash_of_pss_is_among_its_parameters(parameters, word):
    """SHA-1 where it is not said."""
    assert keys.weak_signature(forge.oid("1.2.840.113549.1.1.10") + parameters) == word


@pytest.mark.parametrize(
    ("extension", "odd"),
    [
        (("2.5.29.15", True, b"\3\2\7\x80"), False),
        (("1.2.3.4", False, b"\5\0"), False),
        (("1.2.3.4", True, b"\5\0"), True),
        (("2.5.29.14", True, forge.octets(b"x")), True),
        (forge.constraints("a.test"), True),
        (forge.points(forge.POINT, forge.POINT), False),
        (forge.points(forge.sequence()), True),
        (forge.points(forge.sequence(forge.tlv(0xA2, forge.URI))), True),
        (("2.5.29.31", False, b"\5\0"), True),
    ],
)
def test_what_clients_may_decide_by_is_odd(extension, odd):
    """Beyond the members that are judged: OpenSSL is asked then."""
    text = forge.certificate("a", issued.key(), issued.MIDDLE, extension)
    [block] = pem.certificates(text)
    found = x509.read(block.der)
    assert (found.doubts, found.odd) == ((), odd)


def test_two_algorithms_of_one_signature_are_odd():
    """All clients refuse it."""
    other = forge.sequence(forge.oid("1.2.840.10045.4.3.3"))
    text = forge.certificate("a", issued.key(), issued.MIDDLE, inner=other)
    [block] = pem.certificates(text)
    assert x509.read(block.der).odd
