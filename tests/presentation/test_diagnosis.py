"""The judgements of `doctor` that need no kernel."""

import pytest

from cycle_exec.errors import KINDS, Problem
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


def test_a_problem_is_a_line_with_its_way_out():
    """That of its kind, where it has none of its own."""
    found = diagnosis.bad(
        "manifest",
        [
            Problem(kind="denied", subject="the API", reason="it answered 401"),
            Problem(kind="usage", subject="flag --x", reason="is bad", fix="leave it out"),
        ],
    )
    assert found == [
        Finding(
            state=BAD,
            about="manifest",
            says="the API: it answered 401 (denied)",
            fix=KINDS["denied"].fix,
            kind="denied",
        ),
        Finding(
            state=BAD,
            about="manifest",
            says="flag --x: is bad (usage)",
            fix="leave it out",
            kind="usage",
        ),
    ]


FINDINGS = [
    diagnosis.good("PATH", "2 directories"),
    diagnosis.doubtful("clock", "61 s behind", "set it"),
    *diagnosis.bad("API", [Problem(kind="unavailable", subject="/s", reason="is not there")]),
]


def test_the_list_has_a_sum():
    """A mark for each state, the way out below what it is for, the numbers of each."""
    fix = KINDS["unavailable"].fix
    assert diagnosis.text(FINDINGS, Style(width=200)) == (
        "\N{CHECK MARK} PATH            2 directories\n"
        "! clock           61 s behind\n"
        "                  -> set it\n"
        "\N{BALLOT X} API             /s: is not there (unavailable)\n"
        f"                  -> {fix}\n"
        "1 error, 1 warning, 1 ok\n"
    )


def test_the_list_is_plain_data_for_programs():
    """With the code that a launch would end with."""
    assert diagnosis.document(FINDINGS) == {
        "version": 1,
        "findings": [
            {"state": GOOD, "about": "PATH", "says": "2 directories", "fix": "", "kind": ""},
            {
                "state": DOUBTFUL,
                "about": "clock",
                "says": "61 s behind",
                "fix": "set it",
                "kind": "",
            },
            {
                "state": BAD,
                "about": "API",
                "says": "/s: is not there (unavailable)",
                "fix": KINDS["unavailable"].fix,
                "kind": "unavailable",
            },
        ],
        "code": 69,
    }


def test_what_is_in_a_manifest():
    """Every table that says something is named, and how many there are of those in plural."""
    assert diagnosis.contents({}) == diagnosis.contents({"process": {}}) == "nothing"
    tables = {"templates": [{}, {}], "process": {"init": True}, "log": {}, "integrations": [{}]}
    assert diagnosis.contents(tables) == "2 templates, [process], 1 integration"


def test_modules_without_bytecode_slow_a_start_down():
    """With the line that compiles them, for the image's build."""
    found = diagnosis.compiled(3, 64, ["/opt/a", "/opt/b"])
    assert (found.state, found.says.partition(":")[0]) == (
        DOUBTFUL,
        "3 of 64 modules have no .pyc file",
    )
    assert found.fix.endswith("RUN python -m compileall -q -x '/tests?/' /opt/a /opt/b")
    assert diagnosis.compiled(0, 64, []).says == "all 64 modules are compiled"


@pytest.mark.parametrize(
    ("folders", "begins"),
    [(["/etc/a"], "/etc/a on a disk: "), (["/etc/a", "/b", "/c"], "/etc/a and 2 more on a disk: ")],
)
def test_secrets_on_a_disk_stay_there(folders, begins):
    """The first folder is named, the others are counted."""
    found = diagnosis.storage(folders)
    assert (found.state, found.says.startswith(begins)) == (DOUBTFUL, True)
    assert "tmpfs" in found.fix


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


def test_what_a_script_leaves_open_is_named():
    """The wheel with a program has no such gap, whatever the environment has."""
    found = diagnosis.interpreter([], alone=False)
    assert found.state == DOUBTFUL
    assert "sitecustomize" in found.says
    assert "x86_64" in found.fix
    assert diagnosis.interpreter(["PYTHONPATH"], alone=True).state == GOOD


def test_names_of_interpreter_variables_come_in_order():
    """So that two runs say the same."""
    assert diagnosis.interpreter(["PYTHONPATH", "PYTHONHOME"], alone=False).says.startswith(
        "PYTHONHOME, PYTHONPATH: "
    )
    assert diagnosis.privileges(0, ["NET_RAW", "KILL", "CHOWN"]).says == (
        "user 0, capabilities CHOWN, KILL, 1 more"
    )
    assert "sitecustomize" in diagnosis.interpreter([], alone=False).says
    assert diagnosis.privileges(1000, []).says == "user 1000, no capabilities"
    assert diagnosis.storage([]).state == GOOD
