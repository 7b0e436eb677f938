"""Every scenario, by name."""

from __future__ import annotations

from tests.hostile import (
    absent_integrations,
    bad_certificates,
    certificates,
    envelopes,
    framing,
    integrations,
    local,
    resources,
    statuses,
    transport,
    variables,
)

_ALL = [
    *transport.SCENARIOS,
    *framing.SCENARIOS,
    *statuses.SCENARIOS,
    *envelopes.SCENARIOS,
    *variables.SCENARIOS,
    *integrations.SCENARIOS,
    *absent_integrations.SCENARIOS,
    *certificates.SCENARIOS,
    *bad_certificates.SCENARIOS,
    *resources.SCENARIOS,
    *local.SCENARIOS,
]
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
assert len(SCENARIOS) == len(_ALL), "two scenarios have one name"
