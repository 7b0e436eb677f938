"""Odd names of hosts, in every form."""

from __future__ import annotations

from collections.abc import Iterator

from tests.planning.certificates.oracle.bundles import (
    HOST,
    KEY,
    LEAF_KEY,
    MIDDLE,
    MIDDLE_PEM,
    ROOT,
    Bundle,
)
from tests.planning.certificates.oracle.forge import (
    ca,
    certificate,
    dns,
    names_of,
    octets,
    oid,
    sequence,
    tlv,
)
from tests.planning.certificates.oracle.odd import leaf


def names() -> Iterator[Bundle]:
    """Names of hosts in every form."""
    long = ".".join(["a" * 60] * 4) + ".test"
    for name, found, host in (
        ("an address beside", [(0x82, HOST), (0x87, b"\x7f\0\0\1")], HOST),
        ("an address of 5 bytes beside", [(0x82, HOST), (0x87, b"\x7f\0\0\1\1")], HOST),
        ("an address alone", [(0x87, b"\x7f\0\0\1")], HOST),
        ("a URI beside", [(0x86, f"https://{HOST}/"), (0x82, HOST)], HOST),
        ("a URI alone", [(0x86, f"https://{HOST}/")], HOST),
        ("mail beside", [(0x81, "a@b.test"), (0x82, HOST)], HOST),
        ("mail alone", [(0x81, f"a@{HOST}")], HOST),
        (
            "other name beside",
            [(0xA0, oid("1.2.3.4") + tlv(0xA0, tlv(0x0C, b"x"))), (0x82, HOST)],
            HOST,
        ),
        ("other name broken beside", [(0xA0, b"\5\0"), (0x82, HOST)], HOST),
        ("directory beside", [(0xA4, ROOT.name.public_bytes()), (0x82, HOST)], HOST),
        ("registered id beside", [(0x88, b"\x2a\3"), (0x82, HOST)], HOST),
        ("an unknown kind beside", [(0x8A, b"x"), (0x82, HOST)], HOST),
        ("no names in it", [], HOST),
        ("an empty name beside", [(0x82, ""), (0x82, HOST)], HOST),
        ("an empty name", [(0x82, "")], HOST),
        ("a blank", [(0x82, " ")], HOST),
        ("blanks around", [(0x82, f" {HOST} ")], HOST),
        ("NUL inside", [(0x82, f"{HOST}\0.evil.test")], HOST),
        ("NUL behind", [(0x82, f"{HOST}\0")], HOST),
        ("a line end behind", [(0x82, f"{HOST}\n")], HOST),
        ("a star", [(0x82, "*")], HOST),
        ("a star for one label", [(0x82, "*")], "localhost"),
        ("two stars", [(0x82, "*.*.test")], HOST),
        ("a double star", [(0x82, "**.example.test")], HOST),
        ("stars above", [(0x82, "*.*.example.test")], "a.b.example.test"),
        ("a star behind", [(0x82, "www.example.*")], HOST),
        ("a star before letters", [(0x82, "*ww.example.test")], HOST),
        ("a star between letters", [(0x82, "w*w.example.test")], HOST),
        ("a star in an IDN", [(0x82, "xn--*.example.test")], "xn--mller-kva.example.test"),
        ("a star for an IDN", [(0x82, "*.example.test")], "xn--mller-kva.example.test"),
        ("a star, capitals", [(0x82, "*.EXAMPLE.Test")], HOST),
        ("a star, wanted as such", [(0x82, "*.example.test")], "*.example.test"),
        ("a star, dot at the end", [(0x82, "*.example.test.")], HOST),
        ("a star, one label", [(0x82, "*.localhost")], "a.localhost"),
        ("a port", [(0x82, f"{HOST}:443")], HOST),
        ("a dot before", [(0x82, ".example.test")], HOST),
        ("a dot at both ends", [(0x82, f".{HOST}.")], HOST),
        ("two dots", [(0x82, "www..example.test")], HOST),
        ("wanted with a dot at its end", [(0x82, HOST)], f"{HOST}."),
        ("wanted in capitals", [(0x82, HOST)], "WWW.Example.Test"),
        ("a label of 64", [(0x82, "a" * 64 + ".test"), (0x82, HOST)], HOST),
        ("a name of 249", [(0x82, long)], long),
        ("a name of 400 beside", [(0x82, "a." * 200 + "test"), (0x82, HOST)], HOST),
        (
            "a thousand",
            [(0x82, f"n{number}.test") for number in range(1000)] + [(0x82, HOST)],
            HOST,
        ),
        ("twice", [(0x82, HOST), (0x82, HOST)], HOST),
        ("with an underscore beside", [(0x82, "_dmarc.test"), (0x82, HOST)], HOST),
        ("latin-1", [(0x82, "m\xfcller.test"), (0x82, HOST)], HOST),
        ("UTF-8 wanted as IDN", [(0x82, "m\xfcller.test".encode())], "xn--mller-kva.test"),
        ("digits", [(0x82, "1.2.3.test")], "1.2.3.test"),
        ("an address as a DNS name", [(0x82, "127.0.0.1")], "127.0.0.1"),
        ("one label", [(0x82, "web")], "web"),
        ("a hyphen at an end", [(0x82, "web-.test"), (0x82, HOST)], HOST),
        ("a slash", [(0x82, "../../etc"), (0x82, HOST)], HOST),
    ):
        text = leaf(names_of(*found), ca(authority=False)) + MIDDLE_PEM
        yield Bundle(f"odd names: {name}", text, KEY, host)
    named = certificate(HOST, LEAF_KEY, MIDDLE, names_of((0x81, "a@b.test")), ca(authority=False))
    yield Bundle("odd names: the common name beside mail", named + MIDDLE_PEM, KEY)
    named = certificate(HOST, LEAF_KEY, MIDDLE, dns("other.test"), ca(authority=False))
    yield Bundle("odd names: the common name beside another", named + MIDDLE_PEM, KEY)
    yield Bundle(
        "odd names: critical, no subject",
        leaf(names_of((0x82, HOST), critical=True), subject=sequence()) + MIDDLE_PEM,
        KEY,
    )
    yield Bundle(
        "odd names: no subject",
        leaf(dns(HOST), ca(authority=False), subject=sequence()) + MIDDLE_PEM,
        KEY,
    )
    yield Bundle("odd names: twice the extension", leaf(dns(HOST), dns(HOST)) + MIDDLE_PEM, KEY)
    yield Bundle(
        "odd names: bytes behind",
        leaf(("2.5.29.17", False, dns(HOST)[2] + b"\0")) + MIDDLE_PEM,
        KEY,
    )
    yield Bundle(
        "odd names: no sequence", leaf(("2.5.29.17", False, octets(b"x"))) + MIDDLE_PEM, KEY
    )
