"""What stands for the answers where the platform is not asked."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Refused, refuse
from cycle_exec.settings.model import CertificateRequest, IntegrationRequest, Settings, Vpn
from cycle_exec.sources import offline
from cycle_exec.sources.needs import FETCHED_NAMES, RESOURCES, needs


def test_what_is_insisted_on_is_refused_by_its_name():
    """An optional integration is not."""
    settings = Settings(
        integrations=(
            IntegrationRequest(identifier="s3"),
            IntegrationRequest(vendor="aws"),
            IntegrationRequest(identifier="gone", optional=True),
        ),
        certificates=CertificateRequest(domains=("a.example", "b.example")),
        vpn=Vpn(),
    )
    found = offline.lacking(settings)
    assert [problem.subject for problem in found] == [
        "integration s3",
        "integration aws",
        "certificate a.example",
        "certificate b.example",
        "vpn",
    ]
    assert {problem.kind for problem in found} == {"offline-refused"}
    assert "optional = true" in found[0].way_out
    assert "certificates.domains" in found[2].way_out
    assert "cycle-exec dev" in found[4].way_out


def test_nothing_is_insisted_on():
    """Certificates without names are for whoever has them."""
    assert offline.lacking(Settings()) == []
    assert offline.lacking(Settings(certificates=CertificateRequest(directory="/c"))) == []


def test_resources_refuse_only_where_a_template_uses_them():
    """They are there as problems, which a template meets when it looks at one."""
    settings = Settings(integrations=(IntegrationRequest(identifier="s3", optional=True),))
    found = offline.snapshot(needs(settings, FETCHED_NAMES - {"metadata"}))
    assert found.offline
    assert (found.variables, found.integrations, found.certificates) == ({}, {"s3": None}, ())
    assert (found.domains, found.resources) == (None, {})
    assert found.unusable.keys() == RESOURCES.keys() | {"domains"}
    assert {problem.kind for problem in found.unusable.values()} == {"offline-refused"}


def test_nothing_is_there_that_nobody_mentions():
    """No certificates, no resources."""
    found = offline.snapshot(needs(Settings(), ()))
    assert (found.certificates, found.unusable, found.integrations) == (None, {}, {})


def test_the_metadata_file_may_be_there_all_the_same():
    """It is a file, and no answer."""
    assert offline.snapshot((), lambda: {"a": 1}).resources == {"metadata": {"a": 1}}


def test_a_metadata_file_that_is_not_there_is_a_problem_of_who_uses_it():
    """In the words of whoever has read it."""

    def read() -> object:
        raise refuse("unavailable", "metadata file /m", "it does not exist")

    found = offline.snapshot((), read)
    assert (found.resources, found.unusable["metadata"].subject) == ({}, "metadata file /m")
    with pytest.raises(Refused):
        read()
