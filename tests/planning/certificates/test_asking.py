"""Chains that identifiers and our own reading do not decide: OpenSSL is asked."""

from __future__ import annotations

import pytest
from cryptography import x509

from cycle_exec.planning.certificates.judgement import judge
from tests.planning.certificates.test_judgement import (
    BY_KEY,
    CLIENT,
    CROSS,
    ENDED,
    FITTING,
    GOOD,
    LEAF,
    OLD_MIDDLE,
    OTHER_KEY,
    REQUEST,
    ROOT_ITSELF,
    SECOND,
    THIRD,
    fits,
    issuer_id,
    judged,
    key_id,
    leaf,
    middle,
    usage,
)
from tests.support import issued
from tests.support.issued import MIDDLE, NOW, ROOT, answer

UNFIT = "a key that does not fit the signature"


def asked(*chain, refusal):
    """What is said where OpenSSL is asked: it is a function of what is sent and what is trusted."""
    order = list(chain)

    def answer_of(key, sent, trusted):
        blocks = [issued.pem(one) for one in order]
        places = tuple(place for place, text in enumerate(blocks, start=1) if text in sent)
        return refusal(places, blocks.index(trusted) + 1)

    one = answer("a.test", bundle=issued.pem(*chain))
    found = judge(one, REQUEST, now=NOW, mismatch=fits, refusal=answer_of)
    return list(found.refused), list(found.warned)


def test_a_plain_chain_is_decided_without_openssl():
    """Identifiers say who signed; that is what public authorities issue."""

    def nobody(places, trusted):
        raise AssertionError("asked")

    assert asked(BY_KEY, FITTING, refusal=nobody) == GOOD
    assert asked(BY_KEY, FITTING, ROOT_ITSELF, refusal=nobody) == GOOD


@pytest.mark.parametrize(
    ("code", "refused", "warned"),
    [
        (0, "", ""),
        (7, f"{SECOND} has the name of the leaf's issuer, but did not sign it", ""),
        (20, f"{SECOND} has the name of the leaf's issuer, but {UNFIT}", ""),
        (34, "a certificate of the bundle has a critical extension that clients do not know", ""),
        (47, "a certificate of the bundle does not permit its names (nameConstraints)", ""),
        (26, "", "openssl rejects the chain: a certificate has another purpose"),
        (53, "", "openssl rejects the chain: it does not support these nameConstraints"),
        (99, "", "openssl rejects the chain: verify error 99"),
        (-1, "", "openssl makes no connection with it"),
    ],
)
def test_openssl_decides_where_nothing_else_does(code, refused, warned):
    """Without identifiers it is asked, and its codes become words."""
    expected = ([refused] if refused else [], [warned] if warned else [])
    assert asked(LEAF, issued.middle(), refusal=lambda places, trusted: code) == expected


def test_whoever_did_not_sign_is_passed_over_for_whoever_did():
    """OpenSSL takes the first of the name, so the order is worth a word."""
    false = middle(own=OTHER_KEY)

    def refusal(places, trusted):
        return 7 if trusted == false_at else 0

    false_at = 2
    warned = f"{SECOND} has the name of the leaf's issuer, but did not sign it"
    assert asked(LEAF, false, issued.middle(), refusal=refusal) == ([], [warned])
    false_at = 3
    low, upper = middle(by=OLD_MIDDLE), middle(own=OLD_MIDDLE)
    other_upper = middle(own=issued.Issuer(OLD_MIDDLE.name, OTHER_KEY.key))
    warned = f"{THIRD} has the name of an issuer, but did not sign it"
    assert asked(LEAF, low, other_upper, upper, refusal=refusal) == ([], [warned])
    assert asked(LEAF, low, other_upper, refusal=refusal) == ([], [warned])
    assert asked(LEAF, issued.middle(), false, refusal=refusal) == GOOD


def test_a_malformed_issuer_is_passed_over_without_a_word():
    """OpenSSL does not take it for one; alone it is refused."""
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.31"), b"\5\0")
    malformed = middle(broken)

    def refusal(places, trusted):
        return 20 if trusted == 2 else 0

    assert asked(LEAF, malformed, issued.middle(), refusal=refusal) == GOOD
    reason = f"{SECOND} has the name of the leaf's issuer, but an extension of it is malformed"
    assert asked(LEAF, malformed, refusal=refusal) == ([reason], [])


def test_openssl_may_stop_at_what_is_not_in_our_chain():
    """Then its word is passed on."""

    def refusal(places, trusted):
        return 7 if len(places) == 3 else 0

    chain = (LEAF, issued.middle(), middle(own=CROSS, by=CROSS))
    assert asked(*chain, refusal=refusal) == ([], ["openssl rejects the chain: verify error 7"])


def test_who_has_the_extension_is_named():
    """The first one that has such a one."""
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)
    limits = x509.NameConstraints([x509.DNSName("b.test")], None)
    assert asked(LEAF, middle(limits), refusal=lambda places, trusted: 47) == (
        [f"{SECOND} does not permit its names (nameConstraints)"],
        [],
    )
    own = issued.certificate(
        issued.name("a.test"),
        issued.key(),
        MIDDLE,
        names=("a.test",),
        critical=(unknown[0],),
    )
    assert asked(own, issued.middle(), refusal=lambda places, trusted: 34) == (
        ["the leaf has a critical extension that clients do not know"],
        [],
    )


def test_a_root_in_the_bundle_is_a_warning_where_it_permits_less():
    """Clients have their own copy, perhaps the same."""
    limits = x509.NameConstraints([x509.DNSName("b.test")], None)
    root = issued.certificate(
        ROOT.name,
        ROOT.key,
        ROOT,
        authority=True,
        extensions=(limits,),
        not_before=issued.EARLY,
        not_after=issued.LATE,
    )

    def refusal(places, trusted):
        return 47 if trusted == 3 else 0

    warned = f"{THIRD}, a root, does not permit this chain: clients that have the same reject it"
    assert asked(BY_KEY, FITTING, root, refusal=refusal) == ([], [warned])


def test_a_key_that_follows_another_of_the_same_name_is_no_root():
    """The identifiers say so, and the chain goes on."""
    new = issued.Issuer(MIDDLE.name, OTHER_KEY.key)
    rollover = middle(key_id(new.key), issuer_id(MIDDLE.key), own=new, by=MIDDLE)
    ended = middle(key_id(MIDDLE.key), **ENDED)
    assert judged(leaf(issuer_id(new.key)), rollover, FITTING) == GOOD
    assert judged(leaf(issuer_id(new.key)), rollover, ended) == (
        [],
        [f"{THIRD} expired 5 days ago"],
    )


@pytest.mark.parametrize(
    ("kind", "member", "good"),
    [
        ("P-256", "digital_signature", True),
        ("P-256", "key_encipherment", False),
        ("P-256", "key_agreement", False),
        ("RSA 2048", "key_encipherment", True),
        ("RSA 2048", "digital_signature", True),
        ("RSA 2048", "crl_sign", False),
    ],
)
def test_what_a_key_may_do_has_to_be_of_use_to_tls(kind, member, good):
    """Keys of curves sign; RSA may encipher instead."""
    found = judged(leaf(usage(**{member: True}), kind=kind), issued.middle(), kind=kind)
    assert found == (GOOD if good else ([], ["its key is not for TLS (keyUsage)"]))


def test_an_issuer_that_is_not_for_servers_is_warned_of():
    """Its extendedKeyUsage holds for what it issues."""
    warned = f"{SECOND} is not for servers (extendedKeyUsage)"
    assert judged(LEAF, middle(CLIENT)) == ([], [warned])
