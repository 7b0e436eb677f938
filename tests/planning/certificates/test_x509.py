"""The reader of certificates, held against cryptography."""

from __future__ import annotations

import pytest
from cryptography import x509 as reference
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.x509 import NotX509
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
    assert parsed.authority == expected_authority(certificate)


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
    assert x509._display(long_name(b"y" * 200)) == "y" * 100 + "..."


def long_name(text: bytes) -> bytes:
    attribute = element(0x30, element(0x06, b"\x55\x04\x03") + element(0x0C, text))
    return element(0x30, element(0x31, attribute))


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + content


@pytest.mark.parametrize(
    ("tag", "text", "seconds"),
    [
        (0x17, b"500101000000Z", -631_152_000),
        (0x17, b"491231235959Z", 2_524_607_999),
        (0x17, b"700101000000Z", 0),
        (0x18, b"20500101000000Z", 2_524_608_000),
        (0x18, b"20000229120000Z", 951_825_600),
    ],
)
def test_times_are_seconds_since_the_epoch(tag, text, seconds):
    """UTCTime with two digits of the year turns at 50, GeneralizedTime has four."""
    assert x509._time(tag, text) == seconds


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, b"250101000000"),
        (0x17, b"2501010000Z"),
        (0x17, b"250101000000+0100"),
        (0x17, b"20250101000000Z"),
        (0x18, b"250101000000Z"),
        (0x18, b"20250101000000.5Z"),
        (0x18, b"20250229000000Z"),
        (0x18, b"21000229000000Z"),
        (0x18, b"20251301000000Z"),
        (0x18, b"20250001000000Z"),
        (0x18, b"20250100000000Z"),
        (0x18, b"20250101240000Z"),
        (0x18, b"20250101006000Z"),
        (0x18, b"20250101000060Z"),
        (0x18, b"2025010100000\xb2Z"),
        (0x0C, b"20250101000000Z"),
    ],
)
def test_a_time_that_is_none_is_refused(tag, text):
    """Strict: seconds, Z, and a day that exists."""
    with pytest.raises(NotX509):
        x509._time(tag, text)


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


def test_an_issuer_that_is_no_sequence_is_refused():
    """A name is a sequence, and nothing else is taken for one."""
    whole = issued.der(ALL[0])
    issuer = issued.MIDDLE.name.public_bytes()
    with pytest.raises(NotX509):
        x509.read(whole.replace(issuer, b"\x31" + issuer[1:]))


def test_an_extension_that_comes_twice_is_refused():
    """Two lists of names could be read differently by others."""
    extension = element(0x30, element(0x06, b"\x55\x1d\x11") + element(0x04, b"\x30\0"))
    assert x509._extensions(element(0x30, extension)) == {b"\x55\x1d\x11": b"\x30\0"}
    with pytest.raises(NotX509):
        x509._extensions(element(0x30, extension * 2))


# A damaged serial number can be negative, of which cryptography warns.
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_certificates_are_refused_or_read_as_cryptography_reads_them(data):
    """Bytes changed, cut out or put in: NotX509, or what cryptography says, nothing else."""
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
    if alike == (parsed.issuer, parsed.subject):
        assert parsed.not_before == certificate.not_valid_before_utc.timestamp()
        assert parsed.not_after == certificate.not_valid_after_utc.timestamp()
        assert parsed.names == expected_names(certificate)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_cleanly(content):
    """Random bytes never end in another exception."""
    for candidate in (content, element(0x30, element(0x30, content) + b"\x30\0\x03\0")):
        with pytest.raises(NotX509):
            x509.read(candidate)


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
    assert (parsed.names, parsed.authority) == ((), False)


def test_other_kinds_of_names_are_passed_over():
    """Addresses cover no host name, and what is no text is not shown."""
    names = element(0x87, b"\x7f\0\0\1") + element(0x82, b"A.test") + element(0x81, b"a@b.test")
    assert x509._dns_names(element(0x30, names)) == ("a.test",)
    strange = element(0x30, element(0x06, b"\x55\x04\x03") + element(0x02, b"\1"))
    assert x509._display(element(0x30, element(0x31, strange))) == ""


def test_a_name_that_is_not_ascii_refuses():
    """A DNS name is an IA5String; other bytes could look like another name."""
    with pytest.raises(NotX509):
        x509._dns_names(element(0x30, element(0x82, b"m\xfc.test")))


def test_unique_identifiers_are_passed_over():
    """Version 2 had members between the key and the extensions."""
    whole = x509._Reader(x509._Reader(issued.der(ALL[0])).expect(0x30))
    body, rest = whole.expect(0x30), whole.data[whole.position :]
    at = body.rindex(b"\xa3\x2d")
    inside = body[:at] + element(0x81, b"\0\1") + body[at:]
    changed = element(0x30, element(0x30, inside) + rest)
    assert x509.read(changed) == x509.read(issued.der(ALL[0]))
