"""The same ground for every test, however and wherever pytest was started."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.support import machine

pytest_plugins = ("tests.support.quick",)

# Python itself ignores these two, and subprocess gives them back to what it starts.
_PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}


def pytest_configure(config: pytest.Config) -> None:
    """Take back what nohup and its kin did to signals: whatever a test starts would inherit it."""
    config.addinivalue_line(
        "markers", "needs(*programs): what must be installed; see tests/support/machine.py"
    )
    # How long an example takes says more of the machine than of us.
    settings.register_profile(
        "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("any machine")
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - _PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the programs that a test is marked to need."""
    names = [name for marker in item.iter_markers("needs") for name in marker.args]
    if lacking := [name for name in dict.fromkeys(names) if machine.find(name) is None]:
        machine.missing(*lacking)
