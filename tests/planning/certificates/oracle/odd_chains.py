"""Odd chains: loops, rollovers, identifiers that are missing or wrong, very many certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.planning.certificates.oracle.bundles import (
    ENDED,
    KEY,
    MIDDLE,
    OTHER_ROOT,
    OTHER_ROOT_PEM,
    ROOT,
    ROOT_PEM,
    TO_COME,
    UPPER,
    Bundle,
)
from tests.planning.certificates.oracle.forge import (
    ca,
    constraints,
    integer,
    issuer_key_id,
    issuer_serial,
    key_id,
    moment,
    octets,
    usage,
    uses,
)
from tests.planning.certificates.oracle.odd import leaf, middle
from tests.support import issued
from tests.support.issued import Issuer

CLIENT, SERVER = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"
NEW_KEY = issued.key("P-256", 301)
RENEWED, RSA_KEYED = Issuer(MIDDLE.name, NEW_KEY), Issuer(MIDDLE.name, issued.key("RSA 2048", 302))
NEW_UPPER = Issuer(UPPER.name, NEW_KEY)
OLD: dict[str, Any] = {"not_before": moment(ENDED[0]), "not_after": moment(ENDED[1])}
NEW: dict[str, Any] = {"not_before": moment(TO_COME[0]), "not_after": moment(TO_COME[1])}
STRANGER = Issuer(issued.name("Nobody knows it"), issued.key("P-256", 303))


def _tower(height: int) -> list[str]:
    """Intermediates above each other, the lowest last."""
    found, below = [], ROOT
    for number in range(height):
        own = Issuer(issued.name(f"Floor {number}"), issued.key("P-256", 400 + number))
        own = MIDDLE if number == height - 1 else own
        found.append(middle(own=own, by=below))
        below = own
    return found


def chains() -> Iterator[Bundle]:
    """Each with the key of its leaf."""
    good, crossed = middle(), middle(by=OTHER_ROOT)
    low, upper = middle(by=UPPER), middle(own=UPPER)
    by_id, with_id = leaf(issuer_key_id(MIDDLE.key)), middle(key_id(MIDDLE.key))
    another = middle(key_id(NEW_KEY), own=RENEWED)
    by_serial = issuer_serial(ROOT.name.public_bytes(), 4711)
    for name, text in (
        ("identifiers: none of the issuer", by_id + good),
        ("identifiers: none of the leaf", leaf() + with_id),
        ("identifiers: both", by_id + with_id),
        ("identifiers: serial fits", leaf(by_serial) + good),
        ("identifiers: serial of another", leaf(by_serial) + middle(serial=integer(4712))),
        (
            "identifiers: serial fits, its issuer does not",
            leaf(issuer_serial(OTHER_ROOT.name.public_bytes(), 4711)) + good,
        ),
        ("identifiers: of its own", leaf(key_id(NEW_KEY), issuer_key_id(MIDDLE.key)) + with_id),
        (
            "identifiers: odd, but alike",
            leaf(("2.5.29.35", False, b"\x30\3\x80\1x"))
            + middle(("2.5.29.14", False, octets(b"x"))),
        ),
        (
            "identifiers lie: another key of the same one",
            by_id + middle(key_id(MIDDLE.key), own=RENEWED),
        ),
        ("another key before the good one", leaf() + middle(own=RENEWED) + good),
        ("another key behind the good one", leaf() + good + middle(own=RENEWED)),
        (
            "another key without an identifier before the good one",
            by_id + middle(own=RENEWED) + with_id,
        ),
        ("another key with an identifier before the good one", by_id + another + with_id),
        ("a key of another kind", leaf() + middle(own=RSA_KEYED)),
        ("a key of another kind before the good one", leaf() + middle(own=RSA_KEYED) + good),
        ("another key above", leaf() + low + middle(own=NEW_UPPER)),
        ("another key above, before the good one", leaf() + low + middle(own=NEW_UPPER) + upper),
        ("another key above, behind the good one", leaf() + low + upper + middle(own=NEW_UPPER)),
        ("an expired one of another key before", leaf() + middle(own=RENEWED, **OLD) + good),
        ("a loop", leaf() + middle(by=UPPER) + middle(own=UPPER, by=MIDDLE)),
        ("a loop, and a way out", leaf() + middle(by=UPPER) + middle(own=UPPER, by=MIDDLE) + upper),
        (
            "a loop behind the way out",
            leaf() + good + middle(by=UPPER) + middle(own=UPPER, by=MIDDLE),
        ),
        (
            "rollover: the old key signs the new",
            leaf(by=RENEWED) + middle(own=RENEWED, by=MIDDLE) + good,
        ),
        (
            "rollover: with identifiers",
            leaf(issuer_key_id(NEW_KEY), by=RENEWED)
            + middle(key_id(NEW_KEY), issuer_key_id(MIDDLE.key), own=RENEWED, by=MIDDLE)
            + with_id,
        ),
        ("signed by itself in between", leaf() + middle(by=MIDDLE)),
        ("signed by itself, then the good one", leaf() + middle(by=MIDDLE) + good),
        ("the good one, then signed by itself", leaf() + good + middle(by=MIDDLE)),
        ("signed by itself, expired, then the good one", leaf() + middle(by=MIDDLE, **OLD) + good),
        ("crossed, the trusted way expired", leaf() + middle(**OLD) + crossed),
        ("crossed, the trusted way to come", leaf() + middle(**NEW) + crossed),
        ("crossed, one by nobody", leaf() + middle(by=STRANGER) + good),
        ("crossed, one by nobody behind", leaf() + good + middle(by=STRANGER)),
        ("crossed, by nobody alone", leaf() + middle(by=STRANGER)),
        ("crossed above, by nobody", leaf() + low + middle(own=UPPER, by=STRANGER) + upper),
        ("crossed root", leaf() + good + middle(own=ROOT, by=OTHER_ROOT)),
        ("crossed root, expired", leaf() + good + middle(own=ROOT, by=OTHER_ROOT, **OLD)),
        ("crossed root by nobody", leaf() + good + middle(own=ROOT, by=STRANGER)),
        (
            "crossed root by nobody, with it",
            leaf() + good + middle(own=ROOT, by=STRANGER) + middle(own=STRANGER, by=STRANGER),
        ),
        (
            "crossed root by nobody, expired, with it",
            leaf()
            + good
            + middle(own=ROOT, by=STRANGER)
            + middle(own=STRANGER, by=STRANGER, **OLD),
        ),
        (
            "another root of the same name",
            leaf() + good + middle(own=Issuer(ROOT.name, NEW_KEY), by=Issuer(ROOT.name, NEW_KEY)),
        ),
        (
            "the root is no authority",
            leaf() + good + middle(ca(authority=False), own=ROOT, by=ROOT),
        ),
        (
            "the root is broken",
            leaf() + good + middle(("2.5.29.15", False, b"\5\0"), own=ROOT, by=ROOT),
        ),
        (
            "the root's lists are broken",
            leaf() + good + middle(("2.5.29.31", False, b"\5\0"), own=ROOT, by=ROOT),
        ),
        (
            "the root has an unknown extension",
            leaf() + good + middle(("1.2.3.4", True, b"\5\0"), own=ROOT, by=ROOT),
        ),
        (
            "the root limits names",
            leaf() + good + middle(constraints("other.test"), own=ROOT, by=ROOT),
        ),
        (
            "a stranger has an unknown extension",
            leaf() + good + middle(("1.2.3.4", True, b"\5\0"), own=STRANGER, by=STRANGER),
        ),
        ("the upper limits names", leaf() + low + middle(constraints("other.test"), own=UPPER)),
        ("the upper permits names", leaf() + low + middle(constraints("example.test"), own=UPPER)),
        (
            "the upper has an unknown extension",
            leaf() + low + middle(("1.2.3.4", True, b"\5\0"), own=UPPER),
        ),
        ("the upper is broken", leaf() + low + middle(("2.5.29.31", False, b"\5\0"), own=UPPER)),
        (
            "the upper is broken, another is not",
            leaf() + low + middle(("2.5.29.31", False, b"\5\0"), own=UPPER) + upper,
        ),
        (
            "the issuer is broken, another is not",
            leaf() + middle(("2.5.29.31", False, b"\5\0")) + good,
        ),
        (
            "the issuer has an unknown extension, another has not",
            leaf() + middle(("1.2.3.4", True, b"\5\0")) + good,
        ),
        (
            "the issuer limits names, another does not",
            leaf() + middle(constraints("other.test")) + good,
        ),
        ("another issuer limits names", leaf() + good + middle(constraints("other.test"))),
        ("the upper is for clients", leaf() + low + middle(uses(CLIENT), own=UPPER)),
        ("the root is for clients", leaf() + good + middle(uses(CLIENT), own=ROOT, by=ROOT)),
        (
            "the issuer is for clients, another for servers",
            leaf() + middle(uses(CLIENT)) + middle(uses(SERVER)),
        ),
        ("the upper signs lists alone", leaf() + low + middle(usage(0x02), own=UPPER)),
        ("the upper signs no lists", leaf() + low + middle(usage(0x04), own=UPPER)),
        ("pathlen 0 above one", leaf() + low + middle(ca(0), own=UPPER)),
        ("pathlen 1 above one", leaf() + low + middle(ca(1), own=UPPER)),
        ("pathlen 0 of the root", leaf() + good + middle(ca(0), own=ROOT, by=ROOT)),
        ("pathlen 0 of both", leaf() + middle(ca(0), by=UPPER) + middle(ca(0), own=UPPER)),
        (
            "pathlen 0 above one that is its own",
            leaf(by=RENEWED) + middle(own=RENEWED, by=MIDDLE) + middle(ca(0)),
        ),
        ("two leaves", leaf() + leaf(serial=integer(9)) + good),
        ("another leaf in between", leaf() + middle(own=STRANGER, by=MIDDLE) + good),
        ("another leaf behind", leaf() + good + middle(own=STRANGER, by=MIDDLE)),
        ("the leaf's name is that of its issuer", leaf(subject=MIDDLE.name.public_bytes()) + good),
        ("the leaf's name is that of its root", leaf(subject=ROOT.name.public_bytes()) + good),
        ("the leaf is an authority", leaf(ca()) + good),
        ("the leaf twice, the issuer twice, the root twice", (leaf() + good + ROOT_PEM) * 2),
        ("issuer, leaf, issuer", good + leaf() + good),
        ("three, in the wrong order", leaf() + ROOT_PEM + upper + low),
        ("three, the middle missing", leaf() + ROOT_PEM + low),
        ("both roots", leaf() + good + OTHER_ROOT_PEM + ROOT_PEM),
        ("five floors", leaf() + "".join(reversed(_tower(5)))),
        ("five floors, upside down", leaf() + "".join(_tower(5))),
        ("nine floors", leaf() + "".join(reversed(_tower(9)))),
        ("fifteen floors", leaf() + "".join(reversed(_tower(15)))),
        ("twenty copies", leaf() + good * 20),
        (
            "thirty others of its name before it",
            leaf()
            + "".join(middle(own=RENEWED, serial=integer(100 + number)) for number in range(28))
            + good,
        ),
        ("forty blocks", leaf() + good * 39),
    ):
        yield Bundle(f"odd chains: {name}", text, KEY)
