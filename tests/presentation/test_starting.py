"""How the command is started, in words and as plain data."""

from __future__ import annotations

import json

from cycle_exec.presentation import diagnosis, starting
from cycle_exec.presentation.diagnosis import DOUBTFUL, GOOD
from cycle_exec.settings.model import Before, Limit, Process

PROCESS = Process(umask=0o027, limits={"nofile": Limit(soft=1024, hard=2048)}, drain=5.0)
BEFORE = (
    Before(command=("migrate", "--all"), timeout=120.0, on_restart=True),
    Before(command=("seed",)),
)
ROWS = [
    ("umask", "0027"),
    ("limits", "nofile=1024:2048"),
    ("drain", "5 s"),
    ("before", "migrate --all (at most 120 s, at restarts too)"),
    ("before", "seed (at most 60 s)"),
]


def test_what_is_set_is_told():
    """And nothing else."""
    assert starting.rows(PROCESS, BEFORE) == ROWS
    assert starting.rows(Process(), ()) == []


def test_plain_data_have_one_shape():
    """Set or not."""
    found = starting.document(PROCESS, BEFORE)
    assert json.loads(json.dumps(found)).keys() == starting.document(Process(), ()).keys()
    assert (found["umask"], found["drain_seconds"]) == ("0027", 5.0)


def test_drain_is_doubted_where_nobody_holds_a_stop_back():
    """It takes a supervisor."""
    alone = {each.about: each.state for each in diagnosis.starting(PROCESS, BEFORE)}
    above = [each.state for each in diagnosis.starting(PROCESS.replace(init=True), BEFORE)]
    assert alone == {"umask": GOOD, "limits": GOOD, "drain": DOUBTFUL, "before": GOOD}
    assert set(above) == {GOOD}
