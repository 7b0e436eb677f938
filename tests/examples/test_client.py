"""examples/client: services on one emulated platform, run as their reader would."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cycle_exec.testing import platform
from tests.support.waiting import PATIENCE, until

HOME = Path(__file__).parent.parent.parent


def _says(log, word):
    return word in log.read_text()


def _service(platform, name, log):
    return subprocess.Popen(
        [sys.executable, HOME / "examples" / "client" / "service.py"],
        env={**platform.environ, "SERVICE_NAME": name, "SERVICE_CHANGES": "1"},
        stdout=log,
        stderr=log,
    )


def test_services_find_each_other_and_follow_the_platform(tmp_path):
    """Two instances of the example's service, one change, two reports."""
    state = (HOME / "examples" / "client" / "state.toml").read_text()
    logs = [tmp_path / name for name in ("0", "1")]
    with platform(state) as cycle, ExitStack() as stack:
        running = []
        for place, log in enumerate(logs):
            words = stack.enter_context(log.open("wb"))
            running.append(stack.enter_context(_service(cycle, f"service-{place}", words)))
            assert until(partial(_says, log, "peers")), log.read_text()
        cycle.write(state.replace("hello", "goodbye"))
        assert [process.wait(PATIENCE) for process in running] == [0, 0]
        reports = cycle.kept("metrics")
        keys = {item["key"] for item in cycle.kept("cache")}
    assert logs[0].read_text() == (
        "service-0: peers []\nservice-0: environment.scoped-variable.updated\n"
    )
    assert logs[1].read_text().startswith("service-1: peers ['service-0']\n")
    assert keys == {"service/service-0", "service/service-1"}
    assert [report["metric"] for report in reports] == ["service.changes"] * 2
    assert reports[0]["points"][0]["values"] == [1]
