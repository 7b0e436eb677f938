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

# They stand for the others where all of them would take too long.
REPRESENTATIVE = (
    "whole: in chunks",
    "503 twice, then well",
    "an answer with open files",
    "json: ten megabytes beside the data",
    "a value: beyond ASCII",
    "a value: line ends of every kind",
    "a file of any bytes",
    "integration: as it should be",
    "certificate: two names",
    "certificate: one that ends soon",
    "resource: a member named as a method",
    "no socket appears",
    "not a word",
    "cut: in a chunk",
    "doubtful: length and chunks",
    "403 is final",
    "json: a key twice",
    "envelope: an error beside data",
    "a value that is null",
    "the name LD_PRELOAD",
    "integration: another one",
    "certificate: another key",
    "template: a value as a name",
    "a target that is a link",
)
