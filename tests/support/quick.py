"""Which tests are the quick ones: `pytest -m quick` runs no others, `tests/quick.sh` runs these."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent.parent
# Pure code; what can be read from the source; launches of the installed script, of each kind some.
_QUICK = [
    _TESTS / name
    for name in (
        "settings",
        "sources",
        "planning",
        "presentation",
        "resident",
        "emulator/test_faults.py",
        "emulator/test_routes.py",
        "emulator/test_scenario.py",
        "emulator/test_world.py",
        "vpn/test_config.py",
        "vpn/test_login.py",
        "vpn/test_preflight.py",
        "vpn/test_trial.py",
        "test_errors.py",
        "test_record.py",
        "test_secret.py",
        "test_house.py",
        "docs/test_architecture.py",
        "docs/test_reference.py",
        "packaging/test_locks.py",
        "blackbox/test_exit_codes.py",
        "guarantees/test_g05_values_are_data.py",
        "guarantees/test_g09_byte_exact.py",
        "guarantees/test_g11_modes.py",
        "guarantees/test_g13_clean_exec.py",
    )
]

# Real servers and other programs, which a machine for the quick tests need not have, and what plays
# for many seconds.
_LONGER = [
    _TESTS / name
    for name in (
        "planning/certificates/oracle",
        "planning/certificates/test_vectors.py",
        "planning/files/test_env_files.py",
        "resident/test_exploration.py",
        "resident/test_simulation.py",
    )
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick ones."""
    for item in items:
        if _is_quick(item.path):
            item.add_marker(pytest.mark.quick)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only the quick ones are asked for, do not import the others: that takes seconds."""
    if config.option.markexpr != "quick" or _is_quick(collection_path):
        return None
    return None if any(place.is_relative_to(collection_path) for place in _QUICK) else True


def pytest_configure() -> None:
    """Refuse a place that is not there: its tests have moved, and would no longer be run."""
    if gone := [str(place) for place in (*_QUICK, *_LONGER) if not place.exists()]:
        raise pytest.UsageError(f"{__file__} names what is not there: {', '.join(gone)}")


def _is_quick(path: Path) -> bool:
    if any(path.is_relative_to(place) for place in _LONGER):
        return False
    return any(path.is_relative_to(place) for place in _QUICK)
