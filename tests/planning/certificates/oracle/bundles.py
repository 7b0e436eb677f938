"""Bundles of every kind that the platform might hand out, made by cryptography and openssl."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from tests.support import issued
from tests.support.issued import DAY, Issuer, key_pem, pem

HOST = "www.example.test"
NOW = int(time.time())
LONG = (NOW - 900 * DAY, NOW + 900 * DAY)
ENDED = (NOW - 90 * DAY, NOW - 5 * DAY)
TO_COME = (NOW + DAY, NOW + 90 * DAY)


class Bundle(NamedTuple):
    """One pair as it comes, and the host that is wanted of it."""

    name: str
    bundle: str
    key: str
    host: str = HOST


class Later(NamedTuple):
    """A bundle that takes time to make. make: returns its text and that of its key."""

    name: str
    make: Callable[[], tuple[str, str]]

    def made(self) -> Bundle:
        """Return it."""
        return Bundle(self.name, *self.make())


def _issuer(common: str, number: int, kind: str = "P-256") -> Issuer:
    return Issuer(issued.name(common), issued.key(kind, number))


ROOT, OTHER_ROOT = _issuer("Oracle root", 200), _issuer("Oracle other root", 201)
MIDDLE, UPPER = _issuer("Oracle intermediate", 202), _issuer("Oracle upper", 203)
LEAF_KEY = issued.key("P-256", 204)


def signed(
    own: Issuer,
    by: Issuer,
    *extensions: x509.ExtensionType,
    dates: tuple[int, int] = LONG,
    authority: bool = True,
) -> str:
    """An authority's certificate. dates: seconds since the epoch."""
    return pem(
        issued.certificate(
            own.name,
            own.key,
            by,
            authority=authority,
            extensions=extensions,
            not_before=dates[0],
            not_after=dates[1],
        )
    )


def leaf(
    *extensions: x509.ExtensionType,
    by: Issuer = MIDDLE,
    names: tuple[str, ...] = (HOST,),
    own: issued.Key = LEAF_KEY,
    subject: x509.Name | None = None,
    dates: tuple[int, int] = (NOW - DAY, NOW + 60 * DAY),
    authority: bool = False,
) -> str:
    """A server's certificate. dates: seconds since the epoch."""
    return pem(
        issued.certificate(
            subject or issued.name("Oracle leaf"),
            own,
            by,
            names=names,
            extensions=extensions,
            not_before=dates[0],
            not_after=dates[1],
            authority=authority,
        )
    )


ROOT_PEM, OTHER_ROOT_PEM = signed(ROOT, ROOT), signed(OTHER_ROOT, OTHER_ROOT)
ROOTS = ROOT_PEM + OTHER_ROOT_PEM
MIDDLE_PEM, UPPER_PEM = signed(MIDDLE, ROOT), signed(UPPER, ROOT)
LOW_PEM = signed(MIDDLE, UPPER)
CROSSED = signed(MIDDLE, OTHER_ROOT)
LEAF = leaf()
KEY = key_pem(LEAF_KEY)
CHAIN = LEAF + MIDDLE_PEM


def openssl(*words: str, given: str = "") -> str:
    """What openssl writes."""
    ran = subprocess.run(
        ["openssl", *words], input=given, capture_output=True, text=True, check=True
    )
    return ran.stdout


def chain_by_openssl(algorithm: str, *options: str, digest: str = "-sha256") -> tuple[str, str]:
    """Chain and key of a kind that only openssl makes."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        own = openssl("genpkey", "-algorithm", algorithm, *options)
        (home / "key").write_text(own)
        (home / "ca.key").write_text(key_pem(MIDDLE.key))
        (home / "ca.pem").write_text(MIDDLE_PEM)
        (home / "ext").write_text(f"subjectAltName=DNS:{HOST}\n")
        request = openssl("req", "-new", "-key", f"{home}/key", "-subj", "/CN=x", "-sha256")
        made = openssl(
            *("x509", "-req", "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", digest),
            *("-days", "60", "-extfile", f"{home}/ext", "-set_serial", "77"),
            given=request,
        )
        return made + MIDDLE_PEM, own


def _key_id(own: issued.Key) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(own.public_key())


def _issuer_id(own: issued.Key) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(_key_id(own).digest, None, None)


def _usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: name in names for name in every.split()})


def _broken(oid: str) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\5\0")


def _uses(*found: x509.ObjectIdentifier) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage(list(found))


def _names(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [x509.DNSName._init_without_validation(name) for name in names]
    )


def _called(text: str, kind: str = "UTF8String") -> x509.Name:
    types = vars(x509.name)["_ASN1Type"]
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, _type=types[kind])])


CA_ISSUERS = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier("http://ca.test/i.crt"),
        )
    ]
)
_FALSE = Issuer(MIDDLE.name, issued.key("P-256", 205))
_BY_KEY, _FITTING = leaf(_issuer_id(MIDDLE.key)), signed(MIDDLE, ROOT, _key_id(MIDDLE.key))
_OTHER_KEY = signed(_FALSE, ROOT, _key_id(_FALSE.key))


def kinds() -> Iterator[Bundle | Later]:
    """Kinds of keys and their forms."""
    for kind in ("RSA 2048", "RSA 3072", "RSA 1024", "P-256", "P-384", "P-521"):
        own = issued.key(kind, 206)
        for form in ("pkcs8", "traditional"):
            yield Bundle(f"{kind} {form}", leaf(own=own) + MIDDLE_PEM, key_pem(own, form))
    for name, *options in (
        ("RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("Ed25519",),
        ("Ed448",),
        ("EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"),
    ):
        yield Later(" ".join((name, *options[1:])), partial(chain_by_openssl, name, *options))
    yield Later("signed with SHA-1", partial(chain_by_openssl, "RSA", digest="-sha1"))
    parameters = openssl("ecparam", "-name", "prime256v1")
    traditional = key_pem(LEAF_KEY, "traditional")
    yield Bundle("EC PARAMETERS before the key", CHAIN, parameters + traditional)
    yield Bundle("another key", CHAIN, key_pem(issued.key("P-256", 207)))
    yield Bundle("a key of another kind", CHAIN, key_pem(issued.key("RSA 2048", 207)))
    yield Bundle("the intermediate's key", CHAIN, key_pem(MIDDLE.key))
    yield Bundle("two keys", CHAIN, KEY + key_pem(MIDDLE.key))
    yield Bundle("an encrypted key", CHAIN, key_pem(LEAF_KEY, password="pw"))
    yield Bundle("no key", CHAIN, "")
    yield Bundle("certificates behind the key", CHAIN, KEY + CHAIN)


def chains() -> Iterator[Bundle]:
    """Chains in every order, with less and more than they need."""
    for name, text in (
        ("as it should be", CHAIN),
        ("with its root", CHAIN + ROOT_PEM),
        ("of two intermediates", LEAF + LOW_PEM + UPPER_PEM),
        ("of two, exchanged", LEAF + UPPER_PEM + LOW_PEM),
        ("of two, the lower missing", LEAF + UPPER_PEM),
        ("of two, the upper missing", LEAF + LOW_PEM),
        ("root before the intermediate", LEAF + ROOT_PEM + MIDDLE_PEM),
        ("leaf alone", LEAF),
        ("leaf alone, names its issuer", leaf(CA_ISSUERS)),
        ("leaf of a root alone", leaf(by=ROOT)),
        ("leaf of a root, names its issuer", leaf(CA_ISSUERS, by=ROOT)),
        ("leaf of a root, with it", leaf(by=ROOT) + ROOT_PEM),
        ("leaf of a root, with a stranger", leaf(by=ROOT) + OTHER_ROOT_PEM),
        ("leaf twice", LEAF + CHAIN),
        ("leaf at both ends", CHAIN + LEAF),
        ("intermediate twice", CHAIN + MIDDLE_PEM),
        ("cross-signed", CHAIN + CROSSED),
        ("cross-signed, the other way", LEAF + CROSSED + MIDDLE_PEM),
        ("cross-signed, with both roots", CHAIN + CROSSED + ROOT_PEM + OTHER_ROOT_PEM),
        ("further ones behind", CHAIN + OTHER_ROOT_PEM + UPPER_PEM),
        ("a stranger in between", LEAF + OTHER_ROOT_PEM + MIDDLE_PEM),
        ("upside down", MIDDLE_PEM + LEAF),
        ("root first", ROOT_PEM + MIDDLE_PEM + LEAF),
    ):
        yield Bundle(f"chain: {name}", text, KEY)


def dates() -> Iterator[Bundle]:
    """Dates of the leaf and of those above it."""
    ended, early = signed(MIDDLE, ROOT, dates=ENDED), signed(MIDDLE, ROOT, dates=TO_COME)
    for name, text in (
        ("leaf ended", leaf(dates=ENDED) + MIDDLE_PEM),
        ("leaf to come", leaf(dates=TO_COME) + MIDDLE_PEM),
        ("issuer ended", LEAF + ended),
        ("issuer to come", LEAF + early),
        ("an ended issuer before the good one", LEAF + ended + MIDDLE_PEM),
        ("an ended issuer behind the good one", CHAIN + ended),
        ("upper ended", LEAF + LOW_PEM + signed(UPPER, ROOT, dates=ENDED)),
        ("upper to come", LEAF + LOW_PEM + signed(UPPER, ROOT, dates=TO_COME)),
        ("an old copy of the root", CHAIN + signed(ROOT, ROOT, dates=ENDED)),
        ("six days", leaf(dates=(NOW - 60, NOW + 6 * DAY)) + MIDDLE_PEM),
        ("beyond 2050", leaf(dates=(NOW - DAY, NOW + 9000 * DAY)) + MIDDLE_PEM),
        ("a strange ended one behind", CHAIN + signed(OTHER_ROOT, OTHER_ROOT, dates=ENDED)),
    ):
        yield Bundle(f"dates: {name}", text, KEY)
    for name, at in (("leaf", 0), ("issuer", 1)):
        texts = [LEAF, MIDDLE_PEM]
        certificate = x509.load_pem_x509_certificate(texts[at].encode())
        stamp = certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
        texts[at] = issued.pem_of(issued.der(certificate).replace(stamp, stamp[:-1] + b"X"))
        yield Bundle(f"dates: {name} without Z", "".join(texts), KEY)


def names() -> Iterator[Bundle]:
    """Names of hosts, and of issuers."""
    for name, given, host in (
        ("several", ("a.test", HOST, "b.test"), HOST),
        ("in capitals", ("WWW.Example.TEST",), HOST),
        ("a wildcard", ("*.example.test",), HOST),
        ("a wildcard, its own domain", ("*.example.test",), "example.test"),
        ("a wildcard, two labels", ("*.example.test",), "a.www.example.test"),
        ("a wildcard of a top level", ("*.test",), "example.test"),
        ("a wildcard in a label", ("w*.example.test",), HOST),
        ("a wildcard in the middle", ("www.*.test",), HOST),
        ("another host", ("other.test",), HOST),
        ("one label", ("localhost",), "localhost"),
        ("with an underscore", ("my_app.example.test",), "my_app.example.test"),
        ("of a wildcard, with an underscore", ("*.example.test",), "my_app.example.test"),
        ("of another language", ("xn--mller-kva.test",), "xn--mller-kva.test"),
        ("none", (), HOST),
        ("with a dot at its end", (f"{HOST}.",), HOST),
    ):
        yield Bundle(f"names: {name}", leaf(names=given) + MIDDLE_PEM, KEY, host)
    common = leaf(names=(), subject=issued.name(HOST))
    yield Bundle("names: only a common name", common + MIDDLE_PEM, KEY)
    odd = leaf(_names("m\xfcller.test", HOST), names=())
    yield Bundle("names: one that is not ASCII", odd + MIDDLE_PEM, KEY)
    above = signed(MIDDLE, ROOT, _names("m\xfcller.test"))
    yield Bundle("names: one that is not ASCII above", LEAF + above, KEY)
    printable = _called("Oracle named", "PrintableString")
    for name, one, other in (
        ("types", printable, _called("Oracle named")),
        ("case", printable, _called("ORACLE Named", "PrintableString")),
        ("blanks", printable, _called(" Oracle   named ")),
        ("BMP", printable, _called("Oracle named", "BMPString")),
        ("another", printable, _called("Oracle nameD x")),
    ):
        by, own = Issuer(one, MIDDLE.key), Issuer(other, MIDDLE.key)
        yield Bundle(f"issuer's name: {name}", leaf(by=by) + signed(own, ROOT), KEY)


def extensions() -> Iterator[Bundle]:
    """What extensions say of keys, uses and authority."""
    no_authority = signed(MIDDLE, ROOT, authority=False)
    serial = x509.AuthorityKeyIdentifier(
        None, [x509.DirectoryName(ROOT.name)], authority_cert_serial_number=4711
    )
    for name, text in (
        ("identifiers fit", _BY_KEY + _FITTING),
        ("identifiers differ", _BY_KEY + _OTHER_KEY),
        ("identifiers differ, the fitting one behind", _BY_KEY + _OTHER_KEY + _FITTING),
        ("identifiers differ, the fitting one before", _BY_KEY + _FITTING + _OTHER_KEY),
        ("another key, no identifiers", LEAF + signed(_FALSE, ROOT)),
        ("another serial", leaf(serial) + MIDDLE_PEM),
        ("no authority", LEAF + no_authority),
        ("no authority beside the good one", LEAF + no_authority + MIDDLE_PEM),
        ("issuer signs lists alone", LEAF + signed(MIDDLE, ROOT, _usage("crl_sign"))),
        ("issuer signs", LEAF + signed(MIDDLE, ROOT, _usage("key_cert_sign"))),
        (
            "pathlen exceeded",
            LEAF + LOW_PEM + signed(UPPER, ROOT, x509.BasicConstraints(True, 0)),
        ),
        ("pathlen kept", LEAF + signed(MIDDLE, ROOT, x509.BasicConstraints(True, 0))),
        ("for servers", leaf(_uses(ExtendedKeyUsageOID.SERVER_AUTH)) + MIDDLE_PEM),
        ("for clients", leaf(_uses(ExtendedKeyUsageOID.CLIENT_AUTH)) + MIDDLE_PEM),
        ("for anything", leaf(_uses(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)) + MIDDLE_PEM),
        ("key for signatures", leaf(_usage("digital_signature")) + MIDDLE_PEM),
        ("key for lists", leaf(_usage("crl_sign")) + MIDDLE_PEM),
        ("leaf's names broken", leaf(_broken("2.5.29.17"), names=()) + MIDDLE_PEM),
        ("leaf's uses broken", leaf(_broken("2.5.29.37")) + MIDDLE_PEM),
        ("leaf's constraints broken", leaf(_broken("2.5.29.30")) + MIDDLE_PEM),
        ("issuer's names broken", LEAF + signed(MIDDLE, ROOT, _broken("2.5.29.17"))),
        ("issuer's usage broken", LEAF + signed(MIDDLE, ROOT, _broken("2.5.29.15"))),
        ("issuer's policies broken", LEAF + signed(MIDDLE, ROOT, _broken("2.5.29.32"))),
        ("a stranger's usage broken", CHAIN + signed(OTHER_ROOT, ROOT, _broken("2.5.29.15"))),
        ("an unknown extension", leaf(_broken("1.2.3.4")) + MIDDLE_PEM),
    ):
        yield Bundle(f"extensions: {name}", text, KEY)
    own = Issuer(issued.name("Oracle leaf"), LEAF_KEY)
    yield Bundle("extensions: signed by itself", leaf(by=own, authority=True), KEY)


def wrappings() -> Iterator[Bundle]:
    """Line ends, notes, labels, encodings."""
    lines = MIDDLE_PEM.splitlines()
    long = "\n".join((LEAF.splitlines()[0], "".join(LEAF.splitlines()[1:-1]), lines[-1], ""))
    for name, text in (
        ("CRLF", CHAIN.replace("\n", "\r\n")),
        ("CR", CHAIN.replace("\n", "\r")),
        ("no line end at the end", CHAIN.rstrip()),
        ("blank lines between", LEAF + "\n\n" + MIDDLE_PEM),
        ("notes", f"subject=x\n{LEAF}\nissuer=y\n{MIDDLE_PEM}"),
        ("blanks behind the lines", CHAIN.replace("\n", "  \n")),
        ("blanks before the lines", CHAIN.replace("\n", "\n  ")),
        ("one long line", long + MIDDLE_PEM),
        ("a byte order mark", "\ufeff" + CHAIN),
        ("no line end between", LEAF.rstrip() + MIDDLE_PEM),
        ("lost line ends", CHAIN.replace("\n", "")),
        ("blanks for line ends", CHAIN.replace("\n", " ")),
        ("literal line ends", CHAIN.replace("\n", "\\n")),
        ("base64", issued.base64(CHAIN)),
        ("base64 twice", issued.base64(issued.base64(CHAIN))),
        ("X509 CERTIFICATE", CHAIN.replace("CERTIFICATE", "X509 CERTIFICATE")),
        ("TRUSTED CERTIFICATE", openssl("x509", "-trustout", given=LEAF) + MIDDLE_PEM),
        ("DH PARAMETERS behind", CHAIN + openssl("dhparam", "-dsaparam", "512")),
        ("a request behind", CHAIN + request()),
        ("PKCS7", _pkcs7()),
        ("the key before", KEY + CHAIN),
        ("the key behind", CHAIN + KEY),
        ("cut short", CHAIN[:-40]),
        ("an empty block", LEAF + lines[0] + "\n" + lines[-1] + "\n"),
        ("rubbish in a block", LEAF + lines[0] + "\nAAAA\n" + lines[-1] + "\n"),
        ("text of openssl", openssl("x509", "-text", given=LEAF) + MIDDLE_PEM),
        ("empty", ""),
    ):
        yield Bundle(f"wrapping: {name}", text, KEY)


def request() -> str:
    """A certificate request for the leaf's key."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(KEY)
        file.flush()
        return openssl("req", "-new", "-key", file.name, "-subj", "/CN=x")


def _pkcs7() -> str:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(CHAIN)
        file.flush()
        return openssl("crl2pkcs7", "-nocrl", "-certfile", file.name)
