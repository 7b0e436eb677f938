"""Who decides whether a run goes without the platform, and what it then goes without."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Refused
from cycle_exec.settings.model import (
    NEVER,
    Api,
    CertificateRequest,
    IntegrationRequest,
    Invocation,
    LastGood,
    Manifest,
    Process,
    Report,
    Settings,
)
from cycle_exec.settings.offline import decided
from cycle_exec.settings.resolve import resolve

FLAG, VARIABLE, KEY = "flag --offline", "variable CYCLE_EXEC_OFFLINE", "api.offline"


def asked(
    *,
    flag: bool | None = None,
    variable: str = "",
    key: bool | str = False,
    manifest: Manifest | None = None,
) -> Settings:
    """Settings as `resolve` makes them."""
    overrides = {} if flag is None else {"offline": flag}
    environ = {"CYCLE_EXEC_OFFLINE": variable}
    manifest = (manifest or Manifest()).replace(api=Api(offline=key))
    return resolve(
        Invocation(argv=(), environ=environ, cwd="/"), overrides, manifest, "/m.toml", ()
    )


@pytest.mark.parametrize(
    ("settings", "wish"),
    [
        (asked(), False),
        (asked(flag=True), True),
        (asked(variable="yes"), True),
        (asked(key=True), True),
        (asked(flag=False, variable="yes", key=True), False),
        (asked(variable="no", key=True), False),
        (asked(key=NEVER), NEVER),
        (asked(variable="no", key=NEVER), False),
        (asked(flag=True, key=NEVER), NEVER),
    ],
)
def test_flag_over_variable_over_manifest(settings, wish):
    """As every option; but "never" is not overridden, it is judged with what is there."""
    assert settings.api.offline == wish
    assert settings.is_offline == (wish is True)


@pytest.mark.parametrize(("token", "socket"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize(
    ("settings", "by"),
    [
        (asked(variable="1"), VARIABLE),
        (asked(key=True), KEY),
        (asked(variable="1", key=NEVER), VARIABLE),
    ],
)
def test_where_the_platform_is_a_flag_alone_counts(settings, by, token, socket):
    """What stands in an image, or was left behind in its environment, does no harm there."""
    found = decided(settings, token=token, socket=socket)
    assert not found.settings.is_offline
    assert found.by == by
    there = "CYCLE_API_TOKEN is set" if token else "there is a socket /var/run/cycle/api/api.sock"
    assert (found.ignored, found.skipped) == (there, ())


@pytest.mark.parametrize(
    ("settings", "by", "there"),
    [
        (asked(flag=True), FLAG, True),
        (asked(flag=True), FLAG, False),
        (asked(variable="1"), VARIABLE, False),
        (asked(key=True), KEY, False),
    ],
)
def test_a_wish_that_counts_is_granted(settings, by, there):
    """The flag always, the others where there is no platform."""
    found = decided(settings, token=there, socket=there)
    assert found.settings.is_offline
    assert (found.by, found.ignored, found.skipped) == (by, "", ())


@pytest.mark.parametrize(
    ("settings", "by", "there"),
    [
        (asked(flag=True, key=NEVER), FLAG, True),
        (asked(flag=True, key=NEVER), FLAG, False),
        (asked(variable="1", key=NEVER), VARIABLE, False),
    ],
)
def test_never_beats_all(settings, by, there):
    """The manifest has the last word, and the way out names the platform."""
    with pytest.raises(Refused) as refused:
        decided(settings, token=there, socket=there)
    [problem] = refused.value.problems
    assert (problem.kind, problem.subject, problem.code) == ("offline-refused", by, 78)
    assert problem.reason == 'the manifest does not allow it: api.offline is "never" in /m.toml'


def test_what_needs_the_platform_is_left_out_and_named():
    """Who follows changes stays above the app all the same; nothing is reported or kept."""
    manifest = Manifest(
        integrations=(
            IntegrationRequest(identifier="s3", optional=True),
            IntegrationRequest(vendor="aws"),
        ),
        certificates=CertificateRequest(directory="/run/certificates"),
        process=Process(reload=True),
        report=Report(events=True),
        last_good=LastGood(path="/srv/copy"),
    )
    found = decided(asked(flag=True, manifest=manifest), token=False, socket=False)
    assert found.skipped == (
        "integration s3",
        "certificates",
        "reload",
        "report",
        "last good copy",
    )
    settings = found.settings
    assert (settings.process.init, settings.process.reload) == (True, False)
    assert (settings.certificates, settings.last_good) == (None, None)
    assert settings.report == Report()
    assert settings.integrations == manifest.integrations


def test_certificates_that_are_named_are_insisted_on():
    """They are not skipped: a start without them is refused later, by their names."""
    named = CertificateRequest(directory="/run/c", domains=("www.example.com",))
    manifest = Manifest(certificates=named, report=Report(metrics=True))
    found = decided(asked(flag=True, manifest=manifest), token=False, socket=False)
    assert found.settings.certificates == named
    assert found.skipped == ("report",)
