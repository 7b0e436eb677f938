"""Which notifications concern a launch."""

from __future__ import annotations

import pytest

from cycle_exec.resident.topics import concerns
from cycle_exec.sources.needs import FETCHED_NAMES


@pytest.mark.parametrize(
    ("topic", "asked", "does"),
    [
        ("environment.scoped-variable.task.reconfigured", {"variables"}, True),
        ("environment.scoped-variable.task.reconfigured", {"integration"}, False),
        ("hub.integration.reconfigured", {"variables", "integration"}, True),
        ("dns.zone.certificate.ready", {"certificates"}, True),
        ("dns.certificate.new", {"certificates"}, True),
        ("dns.zone.certificate.ready", {"variables"}, False),
        ("dns.zone.records.reconfigured", {"certificates"}, False),
        ("dns.zone.records.reconfigured", {"domains"}, True),
        ("environment.updated", {"environment"}, True),
        ("environment.updated", {"variables"}, False),
        ("hub.updated", {"hub"}, True),
        ("hub.updated", {"integration"}, False),
        ("container.reconfigured", {"variables"}, True),
        ("container.instances.reconfigured", {"variables"}, False),
        ("container.instances.reconfigured", {"instances"}, True),
        ("environment.services.reconfigured", {"services"}, True),
        ("environment.services.reconfigured", {"metadata"}, True),
        ("sdn.network.created", {"networks"}, True),
        ("virtual-machine.reconfigured", {"variables", "certificates"}, False),
    ],
)
def test_by_what_was_asked(topic, asked, does):
    """By how the topic begins."""
    assert concerns(topic, asked) is does


def test_everything_that_can_be_asked_for_can_change():
    """No resource is without a topic."""
    for name in FETCHED_NAMES | {"variables", "integration"}:
        beginnings = [
            "environment.scoped-variable.x",
            "hub.integration.x",
            "dns.zone.certificate.x",
            "dns.x",
            "environment.reconfigured",
            "container.state.x",
            "container.instances.x",
            "environment.services.x",
            "sdn.network.x",
            "infrastructure.server.x",
            "hub.reconfigured",
        ]
        assert any(concerns(topic, {name}) for topic in beginnings), name
