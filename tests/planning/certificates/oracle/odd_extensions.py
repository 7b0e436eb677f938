"""Odd extensions, of leaf and issuer."""

from __future__ import annotations

from collections.abc import Iterator

from tests.planning.certificates.oracle.bundles import KEY, LEAF, MIDDLE, MIDDLE_PEM, ROOT, Bundle
from tests.planning.certificates.oracle.forge import (
    POINT,
    URI,
    bits,
    ca,
    constraints,
    integer,
    issuer_key_id,
    octets,
    oid,
    points,
    sequence,
    tlv,
    usage,
    uses,
)
from tests.planning.certificates.oracle.odd import leaf, middle


def extensions() -> Iterator[Bundle]:
    """What leaf and issuer say in extensions."""
    good = points(POINT)
    server, client = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
    policies = ("2.5.29.32", False, sequence(sequence(oid("2.23.140.1.2.1"))))
    for name, found in (
        ("unknown, critical", ("1.2.3.4", True, b"\5\0")),
        ("unknown", ("1.2.3.4", False, b"\5\0")),
        ("a poison", ("1.3.6.1.4.1.11129.2.4.3", True, b"\5\0")),
        ("timestamps", ("1.3.6.1.4.1.11129.2.4.2", False, octets(b"\0\0"))),
        ("must staple", ("1.3.6.1.5.5.7.1.24", False, sequence(integer(5)))),
        ("must staple, critical", ("1.3.6.1.5.5.7.1.24", True, sequence(integer(5)))),
        ("no check", ("1.3.6.1.5.5.7.48.1.5", False, b"\5\0")),
        (
            "access, critical",
            ("1.3.6.1.5.5.7.1.1", True, sequence(sequence(oid("1.3.6.1.5.5.7.48.2"), URI))),
        ),
        ("access broken", ("1.3.6.1.5.5.7.1.1", False, b"\5\0")),
        ("policies", policies),
        ("policies, critical", (policies[0], True, policies[2])),
        ("policies broken", (policies[0], False, b"\5\0")),
        ("policies broken, critical", (policies[0], True, b"\5\0")),
        ("an explicit policy", ("2.5.29.36", True, sequence(tlv(0x80, b"\0")))),
        ("inhibits any policy", ("2.5.29.54", True, integer(0))),
        ("key identifier, critical", ("2.5.29.14", True, octets(b"x" * 20))),
        ("key identifier empty", ("2.5.29.14", False, octets(b""))),
        ("issuer's key identifier, critical", ("2.5.29.35", True, issuer_key_id(MIDDLE.key)[2])),
        ("issuer's key identifier empty", ("2.5.29.35", False, sequence())),
        ("issuer's key identifier of nothing", ("2.5.29.35", False, sequence(tlv(0x80)))),
        ("issuer's key identifier of something", ("2.5.29.35", False, sequence(tlv(0x80, b"x")))),
        ("issuer's key identifier broken", ("2.5.29.35", False, b"\5\0")),
        ("lists", good),
        ("lists, critical", points(POINT, critical=True)),
        ("lists, several", points(POINT, POINT)),
        ("lists, two names", points(sequence(tlv(0xA0, tlv(0xA0, URI, URI))))),
        ("lists, LDAP", points(sequence(tlv(0xA0, tlv(0xA0, tlv(0x86, b"ldap:///CN=x")))))),
        ("lists, none", points()),
        ("lists, an empty point", points(sequence())),
        ("lists, reasons", points(sequence(tlv(0xA0, tlv(0xA0, URI)), tlv(0x81, b"\1\x60")))),
        (
            "lists, an issuer",
            points(
                sequence(tlv(0xA0, tlv(0xA0, URI)), tlv(0xA2, tlv(0xA4, ROOT.name.public_bytes())))
            ),
        ),
        (
            "lists, a relative name",
            points(sequence(tlv(0xA0, tlv(0xA1, sequence(oid("2.5.4.3"), tlv(0x0C, b"x")))))),
        ),
        ("lists broken", ("2.5.29.31", False, b"\5\0")),
        ("lists broken inside", points(b"\5\0")),
        ("lists broken deep inside", points(sequence(tlv(0xA0, b"\5\0")))),
        ("lists broken URI", points(sequence(tlv(0xA0, tlv(0xA0, b"\x86\x30x"))))),
        ("lists twice", good),
        ("constraints permit", constraints(b"example.test")),
        ("constraints permit another", constraints(b"other.test")),
        ("constraints permit another, not critical", constraints(b"other.test", critical=False)),
        ("constraints permit below a dot", constraints(b".example.test")),
        ("constraints permit all", constraints(b"")),
        ("constraints exclude", constraints(None, b"example.test")),
        ("constraints exclude another", constraints(None, b"other.test")),
        ("constraints exclude all", constraints(None, b"")),
        ("constraints on addresses", constraints(b"\x0a\0\0\0\xff\0\0\0", kind=0x87)),
        ("constraints exclude addresses", constraints(None, bytes(8), kind=0x87)),
        ("constraints on mail", constraints(b"example.test", kind=0x81)),
        ("constraints on directories", constraints(ROOT.name.public_bytes(), kind=0xA4)),
        (
            "constraints with a minimum",
            (
                "2.5.29.30",
                True,
                sequence(tlv(0xA0, sequence(tlv(0x82, b"example.test"), tlv(0x80, b"\1")))),
            ),
        ),
        ("constraints of nothing", ("2.5.29.30", True, sequence())),
        ("constraints broken", ("2.5.29.30", False, b"\5\0")),
        ("constraints broken inside", ("2.5.29.30", True, sequence(tlv(0xA0, b"\5\0")))),
        ("for servers and clients", uses(server, client)),
        ("for servers, critical", uses(server, critical=True)),
        ("for clients", uses(client)),
        ("for clients, critical", uses(client, critical=True)),
        ("for anything", uses("2.5.29.37.0")),
        ("for anything, critical", uses("2.5.29.37.0", critical=True)),
        ("for anything and servers", uses("2.5.29.37.0", server)),
        ("for code", uses("1.3.6.1.5.5.7.3.3")),
        ("for nothing", uses()),
        ("for Netscape's gate", uses("2.16.840.1.113730.4.1")),
        ("for Microsoft's gate", uses("1.3.6.1.4.1.311.10.3.3")),
        ("Netscape: a server", ("2.16.840.1.113730.1.1", False, bits(b"\x40", 6))),
        ("Netscape: a client", ("2.16.840.1.113730.1.1", False, bits(b"\x80", 7))),
        ("Netscape: an authority", ("2.16.840.1.113730.1.1", False, bits(b"\x04", 2))),
        ("Netscape: broken", ("2.16.840.1.113730.1.1", False, b"\5\0")),
        ("Netscape: a comment", ("2.16.840.1.113730.1.13", False, tlv(0x16, b"x"))),
        ("usage of nothing", usage(0)),
        ("usage empty", ("2.5.29.15", True, b"\3\1\0")),
        ("usage of no bytes", ("2.5.29.15", True, b"\3\0")),
        ("usage signs", usage(0x80)),
        ("usage enciphers", usage(0x20)),
        ("usage agrees", usage(0x08)),
        ("usage signs certificates", usage(0x04)),
        ("usage signs certificates and all", usage(0xFE, 0x80)),
        ("usage deciphers only", usage(0, 0x80)),
        ("usage in three bytes", usage(0xA4, 0, 0)),
        ("usage, unused bits of 9", ("2.5.29.15", True, b"\3\2\x09\xa4")),
        ("authority", ca()),
        ("authority of 0", ca(0)),
        ("authority of -1", ca(-1)),
        ("authority of 2^80", ca(2**80)),
        ("no authority, but a length", ca(0, authority=False)),
        ("authority said as false", ("2.5.29.19", True, sequence(b"\1\1\0"))),
        ("authority said as 1", ("2.5.29.19", True, sequence(b"\1\1\1"))),
        ("authority broken", ("2.5.29.19", False, b"\5\0")),
        ("authority, not critical", ("2.5.29.19", False, sequence(b"\1\1\xff"))),
        ("a proxy", ("1.3.6.1.5.5.7.1.14", True, sequence(sequence(oid("1.3.6.1.5.5.7.21.1"))))),
        (
            "addresses of a network",
            ("1.3.6.1.5.5.7.1.7", True, sequence(sequence(octets(b"\0\1"), b"\5\0"))),
        ),
        ("addresses of a network broken", ("1.3.6.1.5.5.7.1.7", False, b"\5\0")),
        ("autonomous systems broken", ("1.3.6.1.5.5.7.1.8", False, b"\5\0")),
        ("alternative names of the issuer", ("2.5.29.18", False, sequence(URI))),
        ("alternative names of the issuer, critical", ("2.5.29.18", True, sequence(URI))),
        ("freshest list", ("2.5.29.46", False, sequence(POINT))),
        ("a private period", ("2.5.29.16", False, sequence())),
    ):
        both = (found, found) if name.endswith("twice") else (found,)
        yield Bundle(f"odd extensions: leaf, {name}", leaf(*both) + MIDDLE_PEM, KEY)
        yield Bundle(f"odd extensions: issuer, {name}", LEAF + middle(*both), KEY)
