"""What is asked for, and in which words."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.settings.model import CertificateRequest, IntegrationRequest, Settings
from cycle_exec.sources.needs import FETCHED_NAMES, RESOURCES, needs


def targets(settings: Settings, mentioned: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    found = needs(settings, frozenset(mentioned))
    return [(need.request.target, need.request.essential) for need in found]


def test_no_manifest_asks_for_scoped_variables_alone():
    """The base case is one request."""
    assert targets(Settings()) == [("/v1/environment/scoped-variables", True)]


def test_integrations_are_asked_by_identifier_vendor_or_both():
    """One request each; an optional one is not essential."""
    settings = Settings(
        integrations=(
            IntegrationRequest(identifier="s3-backups"),
            IntegrationRequest(vendor="aws", optional=True),
            IntegrationRequest(identifier="a b&c", vendor="x"),
        )
    )
    assert targets(settings)[1:] == [
        ("/v1/hub/integrations?identifier=s3-backups", True),
        ("/v1/hub/integrations?vendor=aws", False),
        ("/v1/hub/integrations?identifier=a%20b%26c&vendor=x", True),
    ]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_identifier_survives_the_query(identifier):
    """Whatever the identifier, the server reads it back exactly."""
    [_, need] = needs(Settings(integrations=(IntegrationRequest(identifier=identifier),)), ())
    query = urlsplit("http://localhost" + need.request.target).query
    assert parse_qsl(query, strict_parsing=True) == [("identifier", identifier)]


def test_certificates_of_another_container_are_asked_by_its_id():
    """container_id goes into the query."""
    settings = Settings(certificates=CertificateRequest(container_id="abc"))
    assert targets(settings)[1:] == [("/v1/containers/certificates?container-id=abc", True)]


def test_a_mention_is_a_suspicion():
    """What only a template mentions is asked for, but never essential."""
    assert targets(Settings(), ("certificates", "server", "domains"))[1:] == [
        ("/v1/containers/certificates", False),
        ("/v1/containers/domains", False),
        ("/v1/server", False),
    ]


def test_an_answer_matters_if_it_is_essential_or_used():
    """A mention that turned out to be none does not; an optional integration always does."""
    settings = Settings(integrations=(IntegrationRequest(identifier="s3", optional=True),))
    found = needs(settings, {"server", "hub"})
    assert [need.name for need in found if need.is_used({"hub"})] == ["variables", "s3", "hub"]


def test_every_resource_can_be_mentioned():
    """Each fetched name leads to exactly one request, but the metadata file to none."""
    for name in sorted(FETCHED_NAMES - {"metadata"}):
        [_, need] = needs(Settings(), {name})
        assert need.name == name
        assert need.request.operation == RESOURCES.get(name, need.request.operation)
    assert len(needs(Settings(), {"metadata"})) == 1
