"""A template that takes an optional integration, which the platform does not have."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Refused
from cycle_exec.launching.pipeline import expressions
from cycle_exec.planning import build
from cycle_exec.planning.model import Inputs
from cycle_exec.planning.templates import rendering, substitution
from cycle_exec.settings.model import EnvironmentRules, IntegrationRequest, Settings
from cycle_exec.sources.model import Snapshot


def test_it_is_told_what_to_test():
    """It stands in the manifest, so that is not what is lacking; another one's absence is."""
    settings = Settings(
        integrations=(IntegrationRequest(identifier="s3", optional=True),),
        environment=EnvironmentRules(
            set={"A": '{{ integrations["s3"].auth.key }}', "B": '{{ integrations["x"].auth.key }}'}
        ),
    )
    sources = expressions(settings, ())
    prepared = rendering.prepare(sources, substitution.parsed(sources))
    inputs = Inputs(inherited={}, prepared=prepared, now=0.0)
    with pytest.raises(Refused) as caught:
        build.build(settings, Snapshot(integrations={"s3": None}), inputs, None)
    reasons = [problem.reason for problem in caught.value.problems]
    assert "integration s3 is optional, and not there" in reasons[0]
    assert "integration x is not in the manifest" in reasons[1]
    assert '{% if "s3" in integrations %}' in caught.value.problems[0].way_out
