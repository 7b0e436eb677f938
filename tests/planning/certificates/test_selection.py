"""Certificates: usable or refused, each domain with the best one."""

from __future__ import annotations

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from cycle_exec.planning.certificates.host_names import (
    covers,
    folded,
    folder_name,
    is_host_name,
)
from cycle_exec.planning.certificates.judgement import judge
from cycle_exec.planning.certificates.selection import choose
from cycle_exec.planning.model import CertificateSummary
from cycle_exec.settings.model import CertificateRequest
from tests.support import issued
from tests.support.issued import DAY, NOW, answer

DIRECTORY = CertificateRequest(directory="/certificates")


def fits(privkey, fullchain):
    return None


def chosen_of(given, request=DIRECTORY, now=NOW, mismatch=fits):
    chosen, problems, warnings = choose(given, request, now=now, mismatch=mismatch)
    assert {problem.kind for problem in problems} <= {"certificate-refused"}
    return chosen, [(problem.subject, problem.reason) for problem in problems], warnings


def reasons_of(one, request=DIRECTORY, now=NOW, mismatch=fits):
    found = judge(one, request, now=now, mismatch=mismatch)
    assert found.usable is None
    return list(found.refused)


def test_a_good_certificate_becomes_the_texts_of_certbots_files():
    """Leaf, chain, both, key, and the key behind the full chain for haproxy."""
    leaf, middle = issued.pem(issued.leaf("a.test", "*.b.test")), issued.pem(issued.middle())
    key = issued.key_pem(issued.key())
    one = answer("a.test", "*.b.test")
    chosen, problems, warnings = chosen_of([one])
    assert (problems, warnings) == ([], [])
    assert list(chosen) == ["a.test", "*.b.test"]
    usable = chosen["a.test"]
    assert (usable.cert, usable.chain, usable.fullchain) == (leaf, middle, leaf + middle)
    assert (usable.privkey, usable.combined) == (key, leaf + middle + key)
    assert usable.summary == CertificateSummary(
        domains=("a.test", "*.b.test"),
        issuer="Test intermediate",
        not_before=NOW - DAY,
        not_after=NOW + 60 * DAY,
        key_type="EC P-256",
        lifetime=61 * DAY,
    )
    assert key not in repr(usable)


def test_base64_and_line_ends_make_no_difference():
    """What the platform gives as base64 or with CRLF ends in the same texts."""
    plain = answer("a.test")
    bundle, key = plain.bundle.reveal(), plain.private_key.reveal()
    encoded = answer(
        "a.test", bundle=issued.base64(bundle), private_key=issued.base64(key.replace("\n", "\r\n"))
    )
    assert chosen_of([encoded]) == chosen_of([plain])


def test_a_leaf_alone_has_an_empty_chain():
    """All four names exist whatever came: chain.pem is then empty."""
    one = answer("a.test", bundle=issued.pem(issued.leaf("a.test")))
    usable = chosen_of([one])[0]["a.test"]
    assert usable.chain == ""


def test_a_self_signed_root_at_the_end_is_tolerated():
    """It is useless to send, but harmless."""
    bundle = issued.pem(issued.leaf("a.test"), issued.middle(), issued.root())
    assert "a.test" in chosen_of([answer("a.test", bundle=bundle)])[0]


SECOND = "certificate 2 of the bundle"


def test_all_reasons_of_all_certificates_come_together():
    """Key, dates and names of one, and the broken bundle of another, in one refusal."""
    bad = answer(
        "a.test",
        domains=("a.test", "other.test"),
        bundle=issued.pem(issued.leaf("a.test", days=-3, start=-90)),
        private_key="",
    )
    worse = answer("b.test", bundle="c4n4ry")
    apart = answer("c.test", kind="Ed25519")
    chosen, problems, warnings = chosen_of(
        [bad, worse, apart], mismatch=lambda privkey, fullchain: "it does not fit"
    )
    assert (chosen, warnings) == ({}, [])
    assert problems == [
        ("certificate a.test", "the private key is empty"),
        ("certificate a.test", "it expired 3 days ago"),
        ("certificate a.test", "it does not cover other.test"),
        ("certificate b.test", "the bundle is neither PEM nor base64-encoded PEM"),
        ("certificate c.test", "it does not fit"),
    ]


def test_the_pair_is_checked_with_the_texts_that_are_written():
    """The key and the full chain, both normalised, go to the check of what is not certain."""
    seen = []
    given = [answer("a.test", kind="Ed25519")]
    chosen, _, _ = chosen_of(given, mismatch=lambda *pair: seen.append(pair))
    usable = chosen["a.test"]
    assert seen == [(usable.privkey, usable.fullchain)]


def test_a_block_that_is_no_certificate_is_refused_by_its_position():
    """PEM around anything else is not enough."""
    bundle = issued.pem(issued.leaf("a.test"))
    junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert reasons_of(answer("a.test", bundle=bundle + junk)) == [f"{SECOND} is not X.509"]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (0, None),
        (1, "it has expired"),
        (DAY, "it expired 1 day ago"),
        (9 * DAY + 5, "it expired 9 days ago"),
    ],
)
def test_an_expired_certificate_is_refused_unless_allowed(after, reason):
    """The last second counts as valid; allowed, the expiry is a warning."""
    now = NOW + 60 * DAY + after
    one = answer("a.test")
    chosen, problems, _ = chosen_of([one], now=now)
    assert ("a.test" in chosen) == (reason is None)
    assert problems == ([("certificate a.test", reason)] if reason else [])
    chosen, problems, warnings = chosen_of([one], DIRECTORY.replace(allow_expired=True), now=now)
    assert "a.test" in chosen
    assert problems == []
    assert warnings == [f"certificate a.test: {reason or 'it expires within a day'}"]


def test_a_certificate_of_the_future_is_refused_even_if_expired_ones_are_allowed():
    """Its first second counts as valid; before it a clock is wrong."""
    request = DIRECTORY.replace(allow_expired=True)
    reason = "it is not valid yet; check the clock of this machine"
    assert reasons_of(answer("a.test"), request, now=NOW - DAY - 1) == [reason]
    assert "a.test" in chosen_of([answer("a.test")], now=NOW - DAY)[0]


@pytest.mark.parametrize(
    ("left", "warning"),
    [
        (7 * DAY, []),
        (7 * DAY - 1, ["it expires in 6 days"]),
        (DAY, ["it expires in 1 day"]),
        (DAY - 1, ["it expires within a day"]),
    ],
)
def test_few_days_left_are_a_warning(left, warning):
    """Fewer whole days than minimum_days."""
    _, problems, warnings = chosen_of([answer("a.test")], now=NOW + 60 * DAY - left)
    assert problems == []
    assert warnings == [f"certificate a.test: {line}" for line in warning]


def test_named_domains_must_be_there():
    """A refusal says the nearest there is, else what there is."""
    request = DIRECTORY.replace(domains=("www.exmple.test", "qqq", "*.b.test"))
    given = [answer("www.example.test", "*.b.test"), answer("c.test")]
    chosen, problems, _ = chosen_of(given, request)
    assert list(chosen) == ["*.b.test"]
    assert problems == [
        (
            "certificate www.exmple.test",
            "there is no certificate for it, did you mean www.example.test",
        ),
        (
            "certificate qqq",
            "there is no certificate for it, only for www.example.test, *.b.test, c.test",
        ),
    ]
    none = "the platform has no certificate for this container"
    assert chosen_of([], request)[1][1] == ("certificate qqq", none)


def test_many_domains_are_not_all_told():
    """Five, then how many more."""
    names = tuple(f"host-{number}.test" for number in range(8))
    _, [(_, reason)], _ = chosen_of([answer(*names)], DIRECTORY.replace(domains=("zzz",)))
    assert reason.endswith("host-4.test and 3 more")


def test_no_certificates_at_all_are_refused_where_files_were_asked_for():
    """A folder that stays empty would be found by the app, too late."""
    assert chosen_of([]) == (
        {},
        [("certificate", "the platform has no certificate for this container")],
        [],
    )
    assert chosen_of([], CertificateRequest()) == ({}, [], [])


def test_a_certificate_of_no_domain_is_refused_where_all_are_wanted():
    """Nothing says where it should go; named domains do not need it."""
    given = [answer("a.test", domains=()), answer("b.test")]
    assert chosen_of(given)[1] == [("certificate id-1", "the platform lists no domain for it")]
    assert chosen_of(given, DIRECTORY.replace(domains=("b.test",)))[1] == []


def test_the_exact_name_goes_before_a_wildcard_and_then_the_later_expiry():
    """Even if the wildcard's certificate lives longer."""
    wildcard = answer("*.b.test", days=300)
    old, new = answer("www.b.test", days=20), answer("www.b.test", days=40)
    request = DIRECTORY.replace(domains=("WWW.b.test", "mail.b.test"))
    for given in ([wildcard, old, new], [new, old, wildcard]):
        chosen, problems, _ = chosen_of(given, request)
        assert problems == []
        assert chosen["www.b.test"].summary.not_after == NOW + 40 * DAY
        assert chosen["mail.b.test"].summary.domains == ("*.b.test",)


def test_an_unusable_certificate_that_another_stands_in_for_is_a_warning():
    """An expired one beside its renewal refuses nothing, nor does one with a wildcard behind it."""
    expired = answer("a.b.test", days=-1, start=-90)
    line = "certificate a.b.test: another certificate is used instead: it expired 1 day ago"
    request = DIRECTORY.replace(domains=("a.b.test",))
    for other in (answer("a.b.test"), answer("*.b.test")):
        chosen, problems, warnings = chosen_of([expired, other], request)
        assert chosen["a.b.test"].summary.domains == other.domains
        assert (problems, warnings) == ([], [line])


def test_a_certificate_that_is_not_needed_is_not_judged():
    """Only what a wanted domain needs can refuse the run."""
    given = [answer("a.test"), answer("b.test", bundle="broken")]
    chosen, problems, warnings = chosen_of(given, DIRECTORY.replace(domains=("a.test",)))
    assert (list(chosen), problems, warnings) == (["a.test"], [], [])


def test_a_domain_that_no_record_lists_is_found_by_the_names_of_the_certificates():
    """What clients look at are those names; a record of the platform may be behind."""
    given = [
        answer("a.test"),
        answer("*.b.test", days=300, domains=("old.test",)),
        answer("www.b.test", domains=("old.test",)),
        answer("c.test", bundle="broken"),
    ]
    request = DIRECTORY.replace(domains=("www.b.test", "mail.b.test"))
    for records in (given, given[::-1]):
        chosen, problems, warnings = chosen_of(records, request)
        assert (problems, warnings) == ([], [])
        assert chosen["www.b.test"].names == ("www.b.test",)
        assert chosen["mail.b.test"].names == ("*.b.test",)


def test_a_record_that_lists_the_domain_goes_first():
    """Whatever else covers it, and however long."""
    given = [answer("www.b.test", days=300, domains=("x.test",)), answer("*.b.test")]
    chosen, problems, _ = chosen_of(given, DIRECTORY.replace(domains=("www.b.test",)))
    assert (chosen["www.b.test"].names, problems) == (("*.b.test",), [])
    given[1] = answer("*.b.test", days=-1, start=-90)
    chosen, problems, warnings = chosen_of(given, DIRECTORY.replace(domains=("www.b.test",)))
    assert (chosen["www.b.test"].names, problems) == (("www.b.test",), [])
    line = "certificate *.b.test: another certificate is used instead: it expired 1 day ago"
    assert warnings == [line]


def test_where_all_are_wanted_another_certificate_covers_what_the_listed_one_does_not():
    """Nothing is left out then."""
    given = [answer("a.test", domains=("a.test", "old.test")), answer("b.test", "old.test")]
    given[1] = given[1].replace(domains=("b.test",))
    chosen, problems, warnings = chosen_of(given)
    assert (sorted(chosen), problems, warnings) == (["a.test", "b.test", "old.test"], [], [])


def test_what_is_wrong_with_the_one_that_covers_an_unlisted_domain_is_told():
    """It is what there is."""
    given = [answer("a.test"), answer("www.b.test", days=-1, start=-90, domains=("c.test",))]
    chosen, problems, _ = chosen_of(given, DIRECTORY.replace(domains=("www.b.test",)))
    assert (chosen, problems) == ({}, [("certificate c.test", "it expired 1 day ago")])


def test_a_certificate_is_judged_once_for_all_its_domains():
    """The pair check is not repeated."""
    calls = []
    given = [answer("a.test", "b.test", "c.test", kind="Ed25519")]
    chosen_of(given, mismatch=lambda *pair: calls.append(pair[0]))
    assert len(calls) == 1


NO_HOST_NAMES = """
../../etc a/b -a.test a-.test a..test .a.test a.test. * *. a.*.test **.test _wildcard.test a_b.test
mü.test \u212a.test a\0b a\x1b[31m.test
""".split()


@pytest.mark.parametrize("domain", ["", "a b", *NO_HOST_NAMES])
def test_no_folder_is_named_by_what_is_no_host_name(domain):
    """File names come only from strictly valid host names, and the refusal is printable."""
    assert not is_host_name(folded(domain))
    one = answer("a.test", domains=("a.test", domain))
    for given, request in (
        ([one], DIRECTORY.replace(domains=(domain,))),
        ([answer("a.test", domains=(domain,))], DIRECTORY),
    ):
        chosen, [(subject, reason)], _ = chosen_of(given, request)
        assert chosen == {}
        assert "host name" in reason
        assert (subject + reason).isascii()
        assert (subject + reason).isprintable()
    # A further name of the record is nobody's problem.
    chosen, problems, warnings = chosen_of([one])
    assert (list(chosen), problems, warnings) == (["a.test"], [], [])


@pytest.mark.parametrize(
    ("domain", "folder"),
    [
        ("www.Example.TEST", "www.example.test"),
        ("*.example.test", "_wildcard.example.test"),
        ("localhost", "localhost"),
        ("xn--mller-kva.test", "xn--mller-kva.test"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
    ],
)
def test_the_folder_of_a_domain_is_its_name(domain, folder):
    """Lower case; the wildcard gets a word that no host name can be."""
    assert is_host_name(folded(domain))
    assert folder_name(folded(domain)) == folder


def test_a_host_name_has_its_limits():
    """63 characters a label, 253 together, and a wildcard's folder must fit a file system."""
    longest = ".".join(["a" * 61] * 4) + ".test"
    assert len(longest) == 252
    assert is_host_name(longest)
    assert not is_host_name(longest + "aa")
    assert not is_host_name("a" * 64 + ".test")
    assert not is_host_name("*." + longest)
    assert is_host_name("*." + longest[7:])


@any_of(st.text(max_size=60))
def test_a_folder_is_one_plain_file_name(text):
    """Whatever comes: a single safe name, or it is no host name."""
    if not is_host_name(folded(text)):
        return
    folder = folder_name(folded(text))
    assert folder.isascii()
    assert not set(folder) & set("/\0 ")
    assert folder[0] not in ".-"
    assert 0 < len(folder) <= 255


@pytest.mark.parametrize(
    ("name", "domain", "does"),
    [
        ("a.test", "a.test", True),
        ("*.a.test", "www.a.test", True),
        ("*.a.test", "*.a.test", True),
        ("*.a.test", "a.test", False),
        ("*.a.test", "x.www.a.test", False),
        ("*.a.test", ".a.test", False),
        ("*.test", "*.a.test", False),
        ("*.com", "example.com", False),
        ("*.com", "*.com", True),
        ("*.", "a", False),
        ("*.", "a.", False),
        ("", "a", False),
        ("a.test", "*.a.test", False),
        ("w*.a.test", "www.a.test", False),
    ],
)
def test_a_wildcard_covers_one_label(name, domain, does):
    """The first one, whole."""
    assert covers({name}, domain) is does


def test_coverage_does_not_mind_case():
    """Neither the platform's spelling nor the certificate's matters."""
    leaf = issued.leaf("WWW.A.test")
    one = answer("www.a.TEST", bundle=issued.pem(leaf))
    assert list(chosen_of([one])[0]) == ["www.a.test"]


def test_a_common_name_alone_covers_nothing():
    """Clients have not looked at it for years (RFC 9525)."""
    made = issued.certificate(issued.name("a.test"), issued.key(), issued.MIDDLE)
    one = answer("a.test", bundle=issued.pem(made))
    reason = "it has no DNS name (the common name a.test does not count)"
    assert reasons_of(one) == [reason]
