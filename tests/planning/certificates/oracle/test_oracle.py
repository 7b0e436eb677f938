"""Our verdict beside that of nginx, `openssl s_client`, curl and haproxy, bundle by bundle."""

from __future__ import annotations

import time

import pytest

from cycle_exec.planning.certificates import chain, judgement, pem, rules, x509
from cycle_exec.planning.certificates.selection import choose
from cycle_exec.secret import Secret
from cycle_exec.settings.model import CertificateRequest
from cycle_exec.sources.model import Certificate
from cycle_exec.system.crypto import handshake, key_matches
from tests.planning.certificates.oracle import bundles, gathered, servers
from tests.planning.certificates.oracle.differences import DIFFERENCES

pytestmark = pytest.mark.needs("nginx", "openssl", "curl", "haproxy")

EVERY = gathered.every()
DIFFERENT = {name: found for found in DIFFERENCES for name in found.bundles}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A folder for servers, short enough for the name of a socket, with the roots of clients."""
    home = tmp_path_factory.mktemp("o")
    (home / "roots.pem").write_text(bundles.ROOTS)
    return home


def chosen_of(bundle: bundles.Bundle):
    """What a start with this pair would do: the certificate it writes, refusals and warnings."""
    given = Certificate(
        id="1",
        domains=(bundle.host,),
        bundle=Secret(bundle.bundle),
        private_key=Secret(bundle.key),
    )
    request = CertificateRequest(directory="/c", domains=(bundle.host,))
    return choose(
        [given],
        request,
        now=time.time(),
        mismatch=key_matches.mismatch,
        refusal=handshake.refusal,
    )


@pytest.mark.parametrize("name", EVERY)
def test_our_verdict_is_that_of_servers_and_clients(ground, name):
    """What all accept starts, what no client accepts is refused or warned of; else a row says so.

    Where some accept it and some do not, any verdict is one of them.
    """
    bundle = gathered.of(name)
    chosen, problems, warnings = chosen_of(bundle)
    ours = "refuse" if problems else "warn" if warnings else "start"
    raw = servers.ask(ground, bundle.bundle, bundle.key, bundle.host, ground / "roots.pem")
    theirs = "all" if raw.all else "none" if raw.none else "some"
    agreed = {"all": ("start",), "none": ("refuse", "warn")}.get(theirs, (ours,))
    if name in DIFFERENT:
        assert (theirs, ours) == (DIFFERENT[name].clients, DIFFERENT[name].ours)
    else:
        assert ours in agreed, (raw, problems, warnings)
    if bundle.host not in chosen:
        return
    usable = chosen[bundle.host]
    if (usable.fullchain, usable.privkey) != (bundle.bundle, bundle.key):
        written = servers.ask(
            ground, usable.fullchain, usable.privkey, bundle.host, ground / "roots.pem"
        )
        # Nothing that was accepted is spoilt by writing it as we do.
        assert written.all or not raw.all
        assert written.all or not name.startswith("wrapping")


def test_every_difference_is_shown_by_a_bundle():
    """A row without one would be a guess."""
    assert set(DIFFERENT) <= set(EVERY)
    assert len(DIFFERENT) == sum(len(found.bundles) for found in DIFFERENCES)


def test_what_is_beyond_doubt_is_what_no_rule_speaks_of():
    """The rules are not even loaded for it."""
    request = CertificateRequest(directory="/c")
    plain = 0
    for bundle in map(gathered.of, EVERY):
        try:
            parsed = [x509.read(block.der) for block in pem.certificates(bundle.bundle)]
        except (pem.NotPem, x509.NotX509):
            continue
        for now in (time.time(), time.time() + 55 * 86_400, time.time() + 900 * 86_400):
            found = chain.of(parsed, now)
            if not judgement.is_beyond_doubt(found, request, now):
                continue
            plain += 1
            case = rules.Case(chain=found, request=request, now=now)
            assert [word for rule in rules.RULES for word in rule.check(case)] == []
    assert plain > 5
