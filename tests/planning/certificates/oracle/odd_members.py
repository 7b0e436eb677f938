"""Odd dates, and odd members around names and extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.planning.certificates.oracle.bundles import (
    HOST,
    KEY,
    LEAF,
    LEAF_KEY,
    MIDDLE,
    MIDDLE_PEM,
    NOW,
    ROOT,
    Bundle,
)
from tests.planning.certificates.oracle.forge import (
    ca,
    certificate,
    dns,
    general,
    integer,
    issuer_key_id,
    key_id,
    moment,
    oid,
    sequence,
    tlv,
    utc,
)
from tests.planning.certificates.oracle.odd import leaf, middle
from tests.support.issued import DAY

PLAIN = (dns(HOST), ca(authority=False))


def dates() -> Iterator[Bundle]:
    """Times at the limits of their forms."""
    past, later = moment(NOW - DAY), moment(NOW + 60 * DAY)
    for name, before, after in (
        ("year 9999", past, general("99991231235959Z")),
        ("2050", past, general("20500101000000Z")),
        ("2049 as UTC", past, utc("491231235959Z")),
        ("1950 as UTC", utc("500101000000Z"), later),
        ("1949", general("19491231235959Z"), later),
        ("1950 to come", past, utc("500101000000Z")),
        ("general before 2050", past, general("20400101000000Z")),
        ("general in the past", general("20200101000000Z"), later),
        ("fractions", past, general("20400101000000.5Z")),
        ("fractions before", general("20200101000000.123Z"), later),
        ("no seconds", past, utc("4001010000Z")),
        ("no seconds before", utc("2001010000Z"), later),
        ("an offset", past, utc("400101000000+0100")),
        ("no zone", past, general("20400101000000")),
        ("a leap second", past, utc("400101235960Z")),
        ("no such day", past, utc("400230000000Z")),
        ("no such month", past, utc("401330000000Z")),
        ("a leap day", past, utc("400229000000Z")),
        ("no leap day", past, utc("410229000000Z")),
        ("a leap day of 2100", past, general("21000229000000Z")),
        ("year 0000", general("00000101000000Z"), later),
        ("before the epoch", utc("600101000000Z"), later),
        ("24 o'clock", past, utc("400101240000Z")),
        ("end before begin", later, past),
        ("begin is end", past, past),
        ("a text", past, tlv(0x0C, b"400101000000Z")),
        ("empty", past, utc("")),
        ("blanks", past, utc(" 40101000000Z")),
        ("lower case zone", past, utc("400101000000z")),
        ("NUL behind", past, utc("400101000000Z\0")),
        ("three times", past, later + later),
    ):
        yield Bundle(
            f"odd dates: leaf, {name}",
            leaf(ca(authority=False), not_before=before, not_after=after) + MIDDLE_PEM,
            KEY,
        )
        yield Bundle(
            f"odd dates: issuer, {name}", LEAF + middle(not_before=before, not_after=after), KEY
        )


def members() -> Iterator[Bundle]:
    """What stands around names and extensions."""
    sha_1 = sequence(oid("1.2.840.10045.4.1"))
    cases: list[tuple[str, dict[str, Any]]] = [
        ("version 1", {"version": None}),
        ("version 2", {"version": 1}),
        ("version 4", {"version": 3}),
        ("serial 0", {"serial": integer(0)}),
        ("serial -1", {"serial": integer(-1)}),
        ("serial of 21 bytes", {"serial": integer(2**167)}),
        ("serial of 100 bytes", {"serial": integer(2**799)}),
        ("serial padded", {"serial": b"\2\3\0\0\1"}),
        ("serial empty", {"serial": b"\2\0"}),
        ("inner algorithm another", {"inner": sha_1}),
        ("outer algorithm another", {"outer": sha_1}),
        ("algorithm with null", {"inner": sequence(oid("1.2.840.10045.4.3.2"), b"\5\0")}),
        ("signature empty", {"signature": b""}),
        ("signature of zeros", {"signature": bytes(64)}),
        ("bytes behind", {"behind": b"\0"}),
        ("rubbish behind", {"behind": b"rubbish"}),
        ("unique ids", {"unique": tlv(0x81, b"\0x")}),
    ]
    for name, more in cases:
        yield Bundle(f"odd members: leaf, {name}", leaf(*PLAIN, **more) + MIDDLE_PEM, KEY)
        yield Bundle(f"odd members: issuer, {name}", LEAF + middle(**more), KEY)
    yield Bundle(
        "odd members: leaf, no extensions",
        certificate(HOST, LEAF_KEY, MIDDLE, version=None) + MIDDLE_PEM,
        KEY,
    )
    yield Bundle(
        "odd members: issuer, no extensions",
        LEAF + certificate("", MIDDLE.key, ROOT, subject=MIDDLE.name.public_bytes(), version=None),
        KEY,
    )
    ids = (issuer_key_id(MIDDLE.key),)
    yield Bundle(
        "odd members: leaf, signature broken, identifiers fit",
        leaf(*PLAIN, *ids, signature=bytes(64)) + middle(key_id(MIDDLE.key)),
        KEY,
    )
