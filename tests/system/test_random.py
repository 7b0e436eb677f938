"""Chance, and an instance's own share."""

from __future__ import annotations

from cycle_exec.system.random import number, share


def test_an_instance_keeps_its_share():
    """The same each time, another for another instance, spread over the whole."""
    shares = [share({"CYCLE_INSTANCE_ID": f"instance-{index}"}) for index in range(1000)]
    assert shares == [share({"CYCLE_INSTANCE_ID": f"instance-{index}"}) for index in range(1000)]
    assert len(set(shares)) == 1000
    assert all(0 <= each < 1 for each in shares)
    for tenth in range(10):
        assert 50 < sum(tenth <= each * 10 < tenth + 1 for each in shares) < 150


def test_chance_is_from_zero_to_one():
    """Anew each time; also the share of who has no name."""
    assert len({number() for _ in range(50)}) > 40
    assert all(0 <= number() < 1 for _ in range(50))
    assert share({}) != share({})
