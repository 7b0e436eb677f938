"""umask, limits and drain of an app that is started again."""

from __future__ import annotations

import os
import signal

from tests.launching.reload.conftest import reloading, state

SETTINGS = """
umask = "0137"
limits = { nofile = 99, core = { soft = 0, hard = 5120 } }
drain = "400ms"
"""
APP = """
trap 'echo HUP' HUP; trap 'echo TERM; exit 7' TERM
echo "start $PLAIN $(umask) $(ulimit -n) $(ulimit -Hc)"
while :; do sleep 0.02; done
"""


def test_at_a_restart_as_at_the_start(platform, ground):
    """They are the same; a restart is not held back, the stop of what it has started is."""
    with reloading(platform, ground, SETTINGS, "sh", "-c", APP) as running:
        assert running.app() == "start one 0137 99 10"
        platform.state.write_text(state(plain="two"))
        assert running.app() == "TERM"
        assert running.app() == "start two 0137 99 10"
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGHUP)
        assert (running.app(), running.app()) == ("HUP", "TERM")
        assert running.process.wait() == 7


def test_by_another_watcher(platform, ground):
    """What a watcher that comes later hands over has them, too."""
    with reloading(platform, ground, SETTINGS, "sh", "-c", APP) as running:
        assert running.app() == "start one 0137 99 10"
        watcher, _ = running.children()
        os.kill(watcher, signal.SIGKILL)
        running.says("another watcher starts")
        platform.state.write_text(state(plain="three"))
        assert running.app() == "TERM"
        assert running.app() == "start three 0137 99 10"
