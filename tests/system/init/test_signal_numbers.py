"""Signals by name."""

from __future__ import annotations

import signal

import pytest

from cycle_exec.settings import rules
from cycle_exec.system.init.signal_numbers import name_of, number_of


def test_there_and_back():
    """Every signal of this machine has a name that gives its number back."""
    for number in signal.valid_signals():
        assert number_of(name_of(number)) == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("TERM", signal.SIGTERM),
        ("15", 15),
        ("RTMIN", signal.SIGRTMIN),
        ("RTMIN+3", signal.SIGRTMIN + 3),
        ("RTMAX", signal.SIGRTMAX),
        ("RTMAX-1", signal.SIGRTMAX - 1),
        ("ABRT", signal.SIGABRT),
    ],
)
def test_names(name, number):
    """As kill(1) writes them."""
    assert number_of(name) == number


def test_what_settings_accept_has_a_number():
    """No name passes the settings and is unknown here."""
    names = [*rules.SIGNALS, "RTMIN+30", "RTMAX-30"]
    for name in names:
        assert rules.is_signal(name)
        assert number_of(name) in signal.valid_signals()
