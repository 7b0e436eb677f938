"""The judgements of `doctor` that need no kernel."""

import pytest

from cycle_exec.planning.model import CertificateSummary
from cycle_exec.presentation import diagnosis
from cycle_exec.presentation.diagnosis import BAD, DOUBTFUL, GOOD, Finding
from cycle_exec.presentation.model import Style

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("now", "platform", "state", "says"),
    [
        (NOW, NOW, GOOD, "the same as the API's"),
        (NOW, NOW + 60, GOOD, "the same as the API's"),
        (NOW, NOW + 61, DOUBTFUL, "61 s behind the API's"),
        (NOW, NOW - 3600, DOUBTFUL, "3600 s ahead of the API's"),
        (NOW, None, GOOD, "plausible"),
        (0.0, None, DOUBTFUL, "it is before 2026"),
    ],
)
def test_the_clock(now, platform, state, says):
    """Against the API's own, where it says one."""
    found = diagnosis.clock(now, platform)
    assert (found.state, found.says.startswith(says)) == (state, True)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/bin:/usr/bin", GOOD),
        (None, DOUBTFUL),
        ("", DOUBTFUL),
        ("/bin:", DOUBTFUL),
        (".", DOUBTFUL),
    ],
)
def test_the_path(path, state):
    """Absolute folders only."""
    assert diagnosis.search_path(path).state == state


@pytest.mark.parametrize(
    ("own", "name", "state"),
    [
        (True, "cycle-exec", GOOD),
        (False, "sh", DOUBTFUL),
        (False, "nginx", GOOD),
        (False, "tini", GOOD),
        (False, "", GOOD),
    ],
)
def test_pid_1(own, name, state):
    """A shell there is what nobody wants."""
    assert diagnosis.first_process(own, name).state == state


@pytest.mark.parametrize(("days", "state"), [(30, GOOD), (7, GOOD), (6, DOUBTFUL), (-1, DOUBTFUL)])
def test_a_certificate(days, state):
    """Measured by what the manifest asks for."""
    summary = CertificateSummary(
        domains=("a.test",),
        issuer="CA",
        not_before=0,
        not_after=int(NOW + days * 86_400 + 60),
        key_type="EC P-256",
    )
    found = diagnosis.certificate(summary, 7, NOW)
    assert (found.state, found.says) == (state, f"a.test: {days} days left, EC P-256")


def test_the_code_is_that_of_the_earliest_stage():
    """Whatever the order in which things were found."""
    found = [
        Finding(state=BAD, about="a", says="", kind="template-undefined"),
        Finding(state=BAD, about="b", says="", kind="token-missing"),
        Finding(state=DOUBTFUL, about="c", says="", fix="x"),
    ]
    assert diagnosis.exit_code(found) == 77
    assert diagnosis.exit_code(found[2:]) == 0


def test_long_words_are_wrapped_beside_their_column():
    """At the width of the terminal; marks in colour where they are wanted."""
    found = [Finding(state=DOUBTFUL, about="storage", says="word " * 30, fix="do " * 30)]
    lines = diagnosis.text(found, Style(width=60)).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert all(line.startswith(" " * 18) for line in lines[1:-1])
    assert diagnosis.text(found, Style(width=60, colours=True)).startswith("\x1b[33m!\x1b[0m ")


def test_names_of_interpreter_variables_come_in_order():
    """So that two runs say the same."""
    assert diagnosis.interpreter(["PYTHONPATH", "PYTHONHOME"]).says.startswith(
        "PYTHONHOME, PYTHONPATH: "
    )
    assert diagnosis.privileges(0, ["NET_RAW", "KILL", "CHOWN"]).says == (
        "user 0, capabilities CHOWN, KILL, 1 more"
    )
    assert diagnosis.storage([]).state == GOOD
