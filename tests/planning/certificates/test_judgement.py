"""One certificate under every rule: what clients refuse, what they accept, and the words."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from cycle_exec.errors import refuse
from cycle_exec.planning.certificates import chain as issuers
from cycle_exec.planning.certificates.judgement import is_beyond_doubt, judge
from cycle_exec.planning.certificates.rules import REFUSE, RULES, WARN, Case
from cycle_exec.planning.certificates.selection import choose
from cycle_exec.planning.certificates.x509 import read as x509_of
from cycle_exec.settings.model import CertificateRequest
from tests.planning.certificates.oracle import forge
from tests.support import issued
from tests.support.issued import DAY, MIDDLE, NOW, ROOT, answer

REQUEST = CertificateRequest(directory="/certificates")
SECOND, THIRD = "certificate 2 of the bundle", "certificate 3 of the bundle"


def key_id(own, further=b""):
    digest = x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest + further
    return x509.SubjectKeyIdentifier(digest)


def issuer_id(own):
    return x509.AuthorityKeyIdentifier(key_id(own).digest, None, None)


def usage(**given):
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: given.get(name, False) for name in every.split()})


def leaf(*extensions, names=("a.test",), by=MIDDLE, kind="P-256", **more):
    return issued.certificate(
        issued.name("a.test"),
        issued.key(kind),
        by,
        names=names,
        extensions=extensions,
        **more,
    )


def middle(*extensions, own=MIDDLE, by=ROOT, authority=True, **more):
    dates = {"not_before": issued.EARLY, "not_after": issued.LATE, **more}
    return issued.certificate(
        own.name, own.key, by, extensions=extensions, authority=authority, **dates
    )


RSA_ROOT = issued.Issuer(ROOT.name, issued.key("RSA 2048", 105))
RSA_MIDDLE = issued.Issuer(MIDDLE.name, issued.key("RSA 2048", 106))


def sha_1(one):
    """The same, but it says that its signature is of SHA-1: nobody makes those any more."""
    sha_256_with_rsa = bytes.fromhex("2a864886f70d01010b")
    changed = issued.der(one).replace(sha_256_with_rsa, bytes.fromhex("2a864886f70d010105"))
    return x509.load_der_x509_certificate(changed)


def fits(privkey, fullchain):
    return None


def judged(*chain, request=REQUEST, now=NOW, kind="P-256", mismatch=fits):
    one = answer("a.test", bundle=issued.pem(*chain), kind=kind)
    found = judge(one, request, now=now, mismatch=mismatch)
    parsed = issuers.of([x509_of(issued.der(one)) for one in chain], now)
    if is_beyond_doubt(parsed, request, now):
        case = Case(chain=parsed, request=request, now=now)
        assert [word for rule in RULES for word in rule.check(case)] == []
    assert (found.usable is None) == bool(found.refused)
    return list(found.refused), list(found.warned)


GOOD: tuple[list[str], list[str]] = ([], [])
LEAF, ROOT_ITSELF = leaf(), issued.root()
CA_ISSUERS = x509.AuthorityInformationAccess(
    [
        x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier("http://ca.test/i.crt"),
        )
    ]
)


def named(*texts, **kinds):
    kind = getattr(x509.name._ASN1Type, kinds.get("kind", "UTF8String"))
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one, _type=kind) for one in texts])


CROSS = issued.Issuer(issued.name("Another root"), issued.key("P-256", 102))
NAMED = issued.Issuer(named("Test CA", kind="PrintableString"), MIDDLE.key)
SPELLED = issued.Issuer(named("TEST  ca"), MIDDLE.key)
STRANGE = x509.SubjectAlternativeName([x509.DNSName._init_without_validation("m\xfcller.test")])
OTHER_KEY = issued.Issuer(MIDDLE.name, issued.key("P-256", 103))
ENDED = {"not_before": NOW - 90 * DAY, "not_after": NOW - 5 * DAY - 1}
TO_COME = {"not_before": NOW + DAY, "not_after": NOW + 90 * DAY}
BY_KEY = leaf(issuer_id(MIDDLE.key))
FITTING = middle(key_id(MIDDLE.key))


@pytest.mark.parametrize(
    "chain",
    [
        [LEAF],
        [LEAF, issued.middle()],
        [LEAF, issued.middle(), ROOT_ITSELF],
        [leaf(by=NAMED), middle(own=SPELLED)],
        [leaf(by=SPELLED), middle(own=NAMED)],
        [LEAF, LEAF, issued.middle()],
        [LEAF, LEAF],
        [LEAF, issued.middle(), issued.middle()],
        [LEAF, issued.middle(), middle(by=CROSS)],
        [LEAF, issued.middle(), ROOT_ITSELF, middle(own=CROSS, by=CROSS)],
        [BY_KEY, FITTING],
        [BY_KEY, middle(key_id(OTHER_KEY.key), own=OTHER_KEY), FITTING],
        [BY_KEY, FITTING, middle(key_id(OTHER_KEY.key), own=OTHER_KEY)],
        [LEAF, middle(**ENDED), issued.middle()],
        [LEAF, issued.middle(), middle(authority=False)],
        [leaf(by=ROOT), ROOT_ITSELF],
        [leaf(by=issued.Issuer(issued.name("a.test"), issued.key()), authority=True)],
        [leaf(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])), issued.middle()],
        [leaf(usage(digital_signature=True))],
        [LEAF, middle(usage(key_cert_sign=True))],
        [LEAF, middle(x509.BasicConstraints(True, 0)), ROOT_ITSELF],
        [leaf(CA_ISSUERS), issued.middle()],
        [leaf(names=("my_host.test", "a.test"))],
    ],
)
def test_what_every_client_accepts_is_good(chain):
    """Without a word: duplicates, strangers behind the chain, names in other spellings."""
    assert judged(*chain) == GOOD


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ([LEAF, middle(**ENDED)], f"its issuer, {SECOND}, expired 5 days ago"),
        ([LEAF, middle(**TO_COME)], f"its issuer, {SECOND}, is not valid yet"),
        ([leaf(**ENDED), issued.middle()], "it expired 5 days ago"),
        (
            [leaf(**TO_COME), issued.middle()],
            "it is not valid yet; check the clock of this machine",
        ),
        (
            [BY_KEY, middle(key_id(OTHER_KEY.key), own=OTHER_KEY)],
            f"{SECOND} has the name of the leaf's issuer, but another key",
        ),
        ([LEAF, middle(authority=False)], f"{SECOND} may not sign other certificates"),
        ([LEAF, middle(usage(crl_sign=True))], f"{SECOND} may not sign other certificates"),
        ([leaf(names=())], "it has no DNS name (the common name a.test does not count)"),
    ],
)
def test_what_no_client_accepts_is_refused(chain, reason):
    """The leaf, and the certificate that has to be its issuer."""
    assert judged(*chain) == ([reason], [])


OLD_MIDDLE = issued.Issuer(issued.name("Upper"), issued.key("P-256", 104))
UPPER = middle(own=OLD_MIDDLE)
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


@pytest.mark.parametrize(
    ("chain", "warning"),
    [
        ([leaf(CA_ISSUERS)], "the bundle has no intermediate certificate"),
        (
            [LEAF, ROOT_ITSELF],
            "none of the other certificates of the bundle is the leaf's issuer",
        ),
        ([leaf(CLIENT), issued.middle()], "it is not for servers (extendedKeyUsage)"),
        (
            [leaf(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]))],
            "it is not for servers (extendedKeyUsage)",
        ),
        (
            [LEAF, middle(authority=False), issued.middle()],
            f"{SECOND} has the name of the leaf's issuer, but may not sign others",
        ),
        ([leaf(usage(crl_sign=True))], "its key is not for TLS (keyUsage)"),
        (
            [LEAF, ROOT_ITSELF, issued.middle()],
            "the chain is complete, but out of order: each certificate belongs behind the last",
        ),
        (
            [LEAF, middle(own=CROSS, by=CROSS), issued.middle()],
            "the chain is complete, but out of order: each certificate belongs behind the last",
        ),
        (
            [LEAF, middle(by=OLD_MIDDLE), middle(x509.BasicConstraints(True, 0), own=OLD_MIDDLE)],
            f"{THIRD} allows fewer intermediates below it (pathlen)",
        ),
        (
            [LEAF, middle(by=OLD_MIDDLE), middle(own=OLD_MIDDLE, **ENDED)],
            f"{THIRD} expired 5 days ago",
        ),
        (
            [LEAF, middle(by=OLD_MIDDLE), middle(own=OLD_MIDDLE, **TO_COME)],
            f"{THIRD} is not valid yet",
        ),
        (
            [LEAF, middle(by=OLD_MIDDLE), middle(own=OLD_MIDDLE, authority=False)],
            f"{THIRD} may not sign other certificates",
        ),
        (
            [
                LEAF,
                middle(issuer_id(OLD_MIDDLE.key), by=OLD_MIDDLE),
                middle(key_id(CROSS.key), own=OLD_MIDDLE),
            ],
            f"{THIRD} has the name of an issuer, but another key",
        ),
        ([leaf(kind="RSA 1024")], "its key is weak: RSA 1024"),
        (
            [sha_1(leaf(by=RSA_MIDDLE)), middle(own=RSA_MIDDLE)],
            "its signature is weak: SHA-1",
        ),
        (
            [LEAF, sha_1(middle(by=RSA_ROOT))],
            f"the signature of {SECOND} is weak: SHA-1",
        ),
    ],
)
def test_what_some_clients_refuse_is_warned_of(chain, warning):
    """The app starts, and people know."""
    assert judged(*chain) == ([], [warning])


def test_an_intermediate_is_read_as_far_as_it_matters():
    """A name that is not ASCII, and an extension that stands twice, are nobody's decision."""
    assert judged(LEAF, middle(STRANGE)) == GOOD
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.32"), b"\5\0")
    assert judged(LEAF, middle(broken)) == GOOD
    both = x509.SubjectAlternativeName(
        [x509.DNSName("a.test"), x509.DNSName._init_without_validation("m\xfcller.test")]
    )
    assert judged(leaf(both, names=())) == GOOD


WHOLLY = "cannot be judged wholly: its"


@pytest.mark.parametrize(
    ("oid", "chain", "refused", "warned"),
    [
        ("2.5.29.17", 0, "the leaf cannot be judged: its subjectAltName cannot be read", ""),
        (
            "2.5.29.37",
            0,
            "",
            "the leaf cannot be judged wholly: its extendedKeyUsage cannot be read",
        ),
        ("2.5.29.15", 1, "", f"{SECOND} {WHOLLY} keyUsage cannot be read"),
        (
            "2.5.29.14",
            1,
            "",
            f"{SECOND} {WHOLLY} key identifier cannot be read",
        ),
        ("2.5.29.17", 1, "", f"{SECOND} {WHOLLY} subjectAltName cannot be read"),
        ("2.5.29.37", 2, "", ""),
    ],
)
def test_what_cannot_be_read_is_not_guessed(oid, chain, refused, warned):
    """Only where something is decided by it."""
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\5\0")
    own = leaf(broken, names=() if oid == "2.5.29.17" else ("a.test",)) if chain == 0 else LEAF
    above = middle(broken) if chain == 1 else issued.middle()
    behind = [middle(broken, own=CROSS, by=CROSS)] if chain == 2 else []
    expected = ([refused] if refused else [], [warned] if warned else [])
    assert judged(own, above, *behind) == expected


def test_dates_that_nobody_can_compare_are_not_guessed():
    """A time without its Z is not of RFC 5280: OpenSSL refuses such a leaf and such an issuer."""
    whole = issued.pem(LEAF, issued.middle())
    for one in (LEAF, issued.middle()):
        der = issued.der(one)
        stamp = one.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
        changed = der.replace(stamp, stamp[:-1] + b"X")
        assert changed != der
        text = issued.pem_of(changed)
        bundle = whole.replace(issued.pem(one), text)
        found = judge(answer("a.test", bundle=bundle), REQUEST, now=NOW, mismatch=fits)
        who = "the leaf" if one is LEAF else SECOND
        assert found.refused == (f"{who} cannot be judged: its dates cannot be read",)


def test_the_leaf_has_to_be_first():
    """The key says which it is; what else is wrong with the first is of no interest."""

    def mismatch(privkey, fullchain):
        return None if fullchain.startswith(issued.pem(LEAF)) else "apart"

    assert judged(issued.middle(), LEAF, mismatch=mismatch) == (
        ["the leaf is not first: certificate 2 has this key"],
        [],
    )
    assert judged(issued.middle(), ROOT_ITSELF, mismatch=mismatch)[0] == [
        "it has no DNS name (the common name Test intermediate does not count)",
        "apart",
    ]


def test_days_left_are_those_of_leaf_and_issuer_together():
    """Whichever ends first, and the warning says whose end it is."""
    short = middle(not_after=NOW + 3 * DAY + 5)
    one = answer("a.test", bundle=issued.pem(LEAF, short))
    found = judge(one, REQUEST, now=NOW, mismatch=fits)
    assert found.usable is not None
    assert found.usable.summary.days_left(NOW) == 3
    assert found.warned == (f"its issuer, {SECOND}, expires in 3 days",)
    assert found.usable.summary.warnings == found.warned


@pytest.mark.parametrize(
    ("left", "warned"),
    [(6 * DAY, []), (2 * DAY, []), (2 * DAY - 1, ["it expires in 1 day"])],
)
def test_a_short_lived_certificate_is_warned_of_in_its_last_third(left, warned):
    """A certificate of six days is not about to end on its first."""
    six = leaf(not_before=NOW, not_after=NOW + 6 * DAY)
    assert judged(six, issued.middle(), now=NOW + 6 * DAY - left) == ([], warned)


def test_allow_expired_is_about_the_issuer_too():
    """The same words, as a warning; what is not valid yet stays refused."""
    request = REQUEST.replace(allow_expired=True)
    ended = middle(**ENDED)
    assert judged(leaf(**ENDED), ended, request=request) == (
        [],
        ["it expired 5 days ago", f"its issuer, {SECOND}, expired 5 days ago"],
    )
    assert judged(LEAF, middle(**TO_COME), request=request)[0]


def test_every_rule_has_a_name_of_its_own_and_a_severity():
    """The table of the docs is made of them."""
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert {rule.severity for rule in RULES} == {REFUSE, WARN}


WANTED = REQUEST.replace(domains=("www.example.com",))


@pytest.mark.parametrize(
    "further",
    [
        "old.example.com",
        "my_app.example.com",
        "m\xfcller.example",
        "www.example.com.",
        "192.0.2.1",
        "2001:db8::1",
        "",
    ],
)
def test_further_names_of_the_record_are_passed_over(further):
    """The wanted one is covered, and nothing else was asked for."""
    one = answer("www.example.com", domains=("www.example.com", further))
    chosen, problems, warnings = choose([one], WANTED, now=NOW, mismatch=fits)
    assert (list(chosen), problems, warnings) == (["www.example.com"], [], [])


def test_a_host_name_of_the_record_that_is_not_covered_is_told_where_all_are_wanted():
    """The others have their files."""
    one = answer("a.test", domains=("a.test", "old.test"))
    chosen, problems, warnings = choose([one], REQUEST, now=NOW, mismatch=fits)
    assert (list(chosen), problems) == (["a.test"], [])
    assert warnings == ["certificate a.test: it does not cover old.test, which is left out"]
    alone = answer("a.test", domains=("old.test",))
    chosen, [problem], _ = choose([alone], REQUEST, now=NOW, mismatch=fits)
    assert (chosen, problem.reason) == ({}, "it does not cover old.test")


def test_a_wanted_domain_that_is_not_covered_is_refused():
    """Although the record lists it, and another one is covered."""
    one = answer("a.test", domains=("a.test", "old.test"))
    request = REQUEST.replace(domains=("a.test", "old.test"))
    chosen, [problem], warnings = choose([one], request, now=NOW, mismatch=fits)
    assert (list(chosen), warnings) == (["a.test"], [])
    assert (problem.subject, problem.reason) == ("certificate a.test", "it does not cover old.test")


def test_a_name_with_an_underscore_is_refused_in_words():
    """Browsers and CAs take it for no host name."""
    request = REQUEST.replace(domains=("my_app.example.com",))
    _, [problem], _ = choose([answer("a.test")], request, now=NOW, mismatch=fits)
    assert problem.reason == "a name with an underscore is not a host name"


def test_the_order_of_the_answer_decides_nothing():
    """The longest left, then the newest, then the kind of key."""
    rsa, ecdsa = answer("a.test", kind="RSA 2048"), answer("a.test")
    newer = answer("a.test", kind="RSA 2048", start=0)
    for given in ([rsa, ecdsa], [ecdsa, rsa]):
        chosen, _, _ = choose(given, REQUEST, now=NOW, mismatch=fits)
        assert chosen["a.test"].summary.key_type == "EC P-256"
        kinds = {kind: one.summary.key_type for kind, one in chosen["a.test"].kinds}
        assert kinds == {"rsa": "RSA 2048", "ecdsa": "EC P-256"}
    for given in ([newer, ecdsa], [ecdsa, newer]):
        chosen, _, _ = choose(given, REQUEST, now=NOW, mismatch=fits)
        assert chosen["a.test"].summary.key_type == "RSA 2048"


def test_a_fault_of_the_machine_is_told_once_with_its_own_way_out():
    """The portal cannot mount /proc."""

    def mismatch(privkey, fullchain):
        raise refuse("certificate-refused", "the check", "no /proc", "mount it")

    given = [answer("a.test", kind="Ed25519"), answer("b.test", kind="Ed25519")]
    chosen, [problem], warnings = choose(given, REQUEST, now=NOW, mismatch=mismatch)
    assert (chosen, warnings) == ({}, [])
    assert (problem.reason, problem.way_out) == ("no /proc", "mount it")
    # A pair that is certain needs neither OpenSSL nor what OpenSSL needs.
    chosen, problems, warnings = choose([answer("a.test")], REQUEST, now=NOW, mismatch=mismatch)
    assert (set(chosen), problems, warnings) == ({"a.test"}, [], [])


def test_constraints_that_cannot_be_read_accuse_nobody():
    """Whether it may sign is not known; the doubt is told."""
    broken = forge.certificate(
        "",
        MIDDLE.key,
        ROOT,
        ("2.5.29.19", True, b"\5\0"),
        subject=MIDDLE.name.public_bytes(),
        not_before=forge.moment(NOW - DAY),
        not_after=forge.moment(NOW + 90 * DAY),
    )
    one = answer("a.test", bundle=issued.pem(LEAF) + broken)
    found = judge(one, REQUEST, now=NOW, mismatch=fits)
    assert found.warned == (f"{SECOND} {WHOLLY} basicConstraints cannot be read",)


def test_openssl_passes_over_an_issuer_that_may_sign_no_certificates():
    """So it does no harm in front of the good one, unlike one that is no authority."""
    assert judged(LEAF, middle(usage(crl_sign=True)), issued.middle()) == GOOD


def test_dates_above_the_issuer_that_cannot_be_read_are_told():
    """Of whoever stands there."""
    upper = forge.certificate(
        "",
        OLD_MIDDLE.key,
        ROOT,
        forge.ca(),
        subject=OLD_MIDDLE.name.public_bytes(),
        not_before=forge.utc("nonsense"),
        not_after=forge.moment(NOW + 90 * DAY),
    )
    one = answer("a.test", bundle=issued.pem(LEAF, middle(by=OLD_MIDDLE)) + upper)
    found = judge(one, REQUEST, now=NOW, mismatch=fits)
    assert (found.refused, found.warned) == ((), (f"{THIRD} {WHOLLY} dates cannot be read",))


def test_a_weak_key_of_an_issuer_is_told():
    """By its place."""
    weak = issued.Issuer(MIDDLE.name, issued.key("RSA 1024", 107))
    warned = f"the key of {SECOND} is weak: RSA 1024"
    assert judged(leaf(by=weak), middle(own=weak)) == ([], [warned])


def of_bits(length, *extensions, by, **more):
    """A certificate with an RSA key of so many bits, of which nobody knows the factors."""
    key = forge.sequence(forge.integer(2**length - 1), forge.integer(65537))
    kind = forge.sequence(forge.oid("1.2.840.113549.1.1.1"), b"\5\0")
    return forge.certificate(
        *("a.test", forge.sequence(kind, forge.bits(key)), by, *extensions),
        not_before=forge.moment(NOW - DAY),
        not_after=forge.moment(NOW + 60 * DAY),
        **more,
    )


@pytest.mark.parametrize(("length", "is_refused"), [(16_384, False), (16_385, True)])
def test_a_key_that_is_too_large_is_refused_before_it_signs(length, is_refused):
    """That would take OpenSSL seconds or hours, and clients verify nothing of it."""
    text = of_bits(length, forge.dns("a.test"), by=MIDDLE)
    asked = []

    def refusal(*words):
        asked.append(words)
        return 0

    one = answer("a.test", bundle=text + issued.pem(issued.middle()))
    found = judge(one, REQUEST, now=NOW, mismatch=fits, refusal=refusal)
    words = f"its key is too large: RSA {length}; clients accept RSA keys of up to 16384 bits"
    assert found.refused == ((words,) if is_refused else ())
    assert bool(asked) is not is_refused


def test_a_key_of_the_issuer_that_is_too_large_is_refused():
    """By its place; that of another one is nobody's decision."""
    text = of_bits(20_000, forge.ca(), by=ROOT, subject=MIDDLE.name.public_bytes())
    words = f"the key of {SECOND} is too large: RSA 20000; clients accept RSA keys of up to"
    one = answer("a.test", bundle=issued.pem(LEAF) + text)
    [found] = judge(one, REQUEST, now=NOW, mismatch=fits).refused
    assert found == f"{words} 16384 bits"
    upper = of_bits(20_000, forge.ca(), by=CROSS, subject=ROOT.name.public_bytes())
    one = answer("a.test", bundle=issued.pem(LEAF, issued.middle()) + upper)
    assert judge(one, REQUEST, now=NOW, mismatch=fits).refused == ()


@pytest.mark.parametrize(
    ("chain", "moment", "is_so"),
    [
        ([BY_KEY, FITTING], NOW, True),
        ([BY_KEY, FITTING, ROOT_ITSELF], NOW, True),
        ([BY_KEY, FITTING], NOW + 52 * DAY, True),
        ([BY_KEY, FITTING], NOW + 54 * DAY, False),
        ([LEAF, issued.middle()], NOW, False),
        ([BY_KEY], NOW, False),
        ([BY_KEY, ROOT_ITSELF, FITTING], NOW, False),
        ([BY_KEY, middle(key_id(MIDDLE.key), x509.BasicConstraints(True, 0))], NOW, True),
        (
            [BY_KEY, middle(key_id(MIDDLE.key), x509.BasicConstraints(True, 0)), ROOT_ITSELF],
            NOW,
            False,
        ),
        ([BY_KEY, middle(key_id(MIDDLE.key), CLIENT)], NOW, False),
        ([BY_KEY, middle(key_id(MIDDLE.key), authority=False)], NOW, False),
    ],
)
def test_what_is_plain_is_beyond_doubt(chain, moment, is_so):
    """Rules are loaded where they may have something to say."""
    parsed = issuers.of([x509_of(issued.der(one)) for one in chain], moment)
    assert is_beyond_doubt(parsed, REQUEST, moment) is is_so
    judged(*chain, now=moment)
