import json
import os
import re
import signal
import socket
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Problem, Refused
from cycle_exec.system.output import stderr, stdout
from cycle_exec.system.output.stderr import Log
from tests.support import machine, seccomp
from tests.support.unread import fill
from tests.support.waiting import PATIENCE

ROOT = str(Path(__file__).parents[3])


def problem(number=1, kind="target-refused", fix=""):
    return Problem(kind=kind, subject=f"/etc/{number}", reason="it is a directory", fix=fix)


def test_a_problem_is_subject_reason_kind_and_way_out(capfd):
    """Two lines, the subject first."""
    Log().problems([problem(fix="remove it")])
    assert capfd.readouterr() == (
        "",
        "cycle-exec: /etc/1: it is a directory (target-refused)\n  fix: remove it\n",
    )


def test_one_way_out_is_said_once_after_its_last_problem(capfd):
    """Problems with the same cure do not repeat it."""
    Log().problems([problem(1, fix="a"), problem(2, fix="b"), problem(3, fix="a")])
    lines = capfd.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "/etc/1",
        "/etc/2",
        "b",
        "/etc/3",
        "a",
    ]


def test_what_a_command_has_printed_stands_below_its_problem(capfd):
    """Marked as words of somebody else; as JSON in a member of its own."""
    one = problem(fix="mend").replace(lines=("first", 'the "second"'))
    Log().problems([one])
    lines = capfd.readouterr().err.splitlines()
    assert lines[1:] == ["  | first", '  | the "second"', "  fix: mend"]
    Log("notice", "json").problems([one])
    assert json.loads(capfd.readouterr().err)["output"] == 'first\nthe "second"'


def test_five_problems_are_shown_and_the_others_counted(capfd):
    """A long list does not push the first problem off the screen."""
    Log().problems([problem(number) for number in range(8)])
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 7
    assert lines[-1] == "  and 3 more"


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("debug", ["debug", "info", "notice", "warning: warning"]),
        ("info", ["info", "notice", "warning: warning"]),
        ("notice", ["notice", "warning: warning"]),
        ("warning", ["warning: warning"]),
        ("error", []),
        ("nonsense", ["notice", "warning: warning"]),
    ],
)
def test_only_the_level_and_above_is_said(capfd, level, words):
    """A level that is not known counts as the default."""
    log = Log(level)
    for name in ("debug", "info", "notice", "warning"):
        getattr(log, name)(name)
    assert capfd.readouterr().err.splitlines() == [f"cycle-exec: {word}" for word in words]


def test_json_lines_have_the_members_of_a_problem(capfd):
    """One object a line, for log collectors."""
    log = Log("info", "json")
    log.problems([problem(fix='say "x" \\ y')])
    log.warning("caf\xe9\n")
    first, second = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert first == {
        "level": "error",
        "message": "/etc/1: it is a directory",
        "kind": "target-refused",
        "code": 73,
        "subject": "/etc/1",
        "reason": "it is a directory",
        "fix": 'say "x" \\ y',
    }
    assert (second["level"], second["message"]) == ("warning", "caf\\xe9\\x0a")


@given(st.text(st.characters()))
def test_everything_is_printable_ascii(text):
    """No terminal escape, no line break and no byte that was not UTF-8 gets out."""
    shown = stderr.printable(text)
    assert re.fullmatch(r"[ -~]*", shown)
    assert json.loads(stderr._quoted(text)) == stderr._line(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \\ text", "plain \\ text"),
        ("\x1b[31m\x7f", "\\x1b[31m\\x7f"),
        ("caf\udce9 caf\xe9", "caf\\xe9 caf\\xe9"),
        ("\u2028 \U0001f600", "\\u2028 \\U0001f600"),
    ],
)
def test_other_characters_are_escaped(text, shown):
    """As Python would write them."""
    assert stderr.printable(text) == shown


def test_an_endless_line_is_cut(capfd):
    """Names come from outside and may be of any length."""
    Log().notice("x" * 100_000)
    assert len(capfd.readouterr().err) < 1100


def test_time_is_utc():
    """RFC 3339 with milliseconds."""
    assert stderr.timestamp(0.0) == "1970-01-01T00:00:00.000Z"
    assert stderr.timestamp(1_767_225_599.9996) == "2025-12-31T23:59:59.999Z"


SPEAK = f"""
import sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system.output.stderr import Log
for _ in range(200):
    Log().notice("x" * 900)
"""


def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def full_device():
    return os.open("/dev/full", os.O_WRONLY)


def full_pipe():
    _reading, writing = os.pipe()
    os.set_blocking(writing, False)
    return writing


def full_blocking_pipe():
    # Its other end stays open, in us; nobody reads.
    return fill(os.pipe()[1])


def full_socket():
    ours, theirs = socket.socketpair()
    _KEPT.append(ours)
    return fill(theirs.detach())


def stopped_terminal():
    ours, theirs = machine.terminal()
    _KEPT.append(ours)
    termios.tcflow(theirs, termios.TCOOFF)
    return theirs


_KEPT: list[object] = []


@pytest.mark.parametrize("sandboxed", [False, True])
@pytest.mark.parametrize("make", [full_blocking_pipe, full_socket, stopped_terminal])
def test_words_that_nobody_reads_are_given_up(make, sandboxed):
    """In a quarter of a second, once; the next ones at once, and a blocking write never."""
    descriptor = make()

    def place():
        os.dup2(descriptor, 2)
        if sandboxed:
            seccomp.refuse(["pwritev2"])

    ended = f"""{SPEAK}
from cycle_exec.system.output import stderr
assert stderr.log.is_unheard
assert os.get_blocking(2)
"""
    words = [sys.executable, "-I", "-S", "-c", f"import os\n{ended}"]
    assert subprocess.run(words, preexec_fn=place, check=False, timeout=PATIENCE).returncode == 0
    assert os.get_blocking(descriptor)


def test_a_reader_that_comes_back_is_told_again():
    """After what it has missed."""
    reading, writing = os.pipe()
    fill(writing)
    kept = os.dup(2)
    os.dup2(writing, 2)
    states = []
    try:
        for word in ("missed", "heard"):
            stderr.log.notice(word)
            states.append(stderr.log.is_unheard)
            if word == "missed":
                os.read(reading, 1 << 20)
    finally:
        os.dup2(kept, 2)
    assert os.read(reading, 100) == b"cycle-exec: heard\n"
    assert states == [True, False]
    for each in (reading, writing, kept):
        os.close(each)


@pytest.mark.parametrize("make", [closed_pipe, full_device, full_pipe, lambda: -1])
def test_nothing_that_happens_to_stderr_ends_the_launch(make):
    """No reader, no room, a reader that does not keep up, closed."""
    descriptor = make()

    def place():
        if descriptor < 0:
            os.close(2)
        else:
            os.dup2(descriptor, 2)

    words = [sys.executable, "-I", "-S", "-c", SPEAK.replace("200", "4")]
    if make is full_pipe:
        words[-1] = SPEAK.replace("200", "80")
        words[-1] = words[-1].replace(
            "for", "from cycle_exec.system.output import stderr\nstderr._PATIENCE = 0.001\nfor", 1
        )
    assert subprocess.run(words, preexec_fn=place, check=False).returncode == 0


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        ((), {}, (2, False, False)),
        (("--log-level", "debug", "--", "x"), {}, (0, False, False)),
        (("--log-level=error", "--log-format=json", "--debug"), {}, (4, True, True)),
        (("--", "--log-level=error"), {}, (2, False, False)),
        ((), {"CYCLE_EXEC_LOG_LEVEL": "info", "CYCLE_EXEC_LOG_FORMAT": "json"}, (1, True, False)),
        (("--log-level",), {"CYCLE_EXEC_DEBUG": "1"}, (2, False, True)),
    ],
)
def test_the_log_follows_flags_before_the_settings_are_known(argv, environ, expected):
    """A refusal of the settings is already said as wished; words after -- are the app's."""
    stderr.configure_early(argv, environ)
    found = (stderr.log._threshold, stderr.log.is_json, stderr.log.debugging)
    stderr.log.configure("notice", "text")
    assert found == expected


def test_a_trace_names_places_and_never_the_exceptions_text(capfd):
    """An exception's text may hold a value."""
    try:
        raise ValueError("SECRET")
    except ValueError as error:
        Log(debug=True).trace(error)
    shown = capfd.readouterr().err
    assert "ValueError" in shown
    assert "test_a_trace_names_places" in shown
    assert "SECRET" not in shown


PRINT = f"""
import sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system.output import stdout
stdout.write("line\\n" * 100_000)
"""


def test_output_is_written_whole(capfdbinary):
    """As UTF-8, with bytes that were none as they came."""
    stdout.write("caf\xe9\udcff\n")
    assert capfdbinary.readouterr().out == b"caf\xc3\xa9\xff\n"


def test_a_slow_reader_of_a_non_blocking_pipe_gets_everything():
    """Output is waited for, not lost."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", PRINT], stdout=writing) as child:
        os.close(writing)
        with open(reading, "rb") as file:
            assert file.read() == b"line\n" * 100_000
        assert child.wait() == 0


def test_a_reader_that_went_away_ends_the_process_as_it_ends_cat():
    """`cycle-exec env | head -1` is silent; a shell sees 141."""
    writing = closed_pipe()
    words = [sys.executable, "-I", "-S", "-c", PRINT]
    ran = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, check=False)
    assert (ran.returncode, ran.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_output_without_room_is_refused(monkeypatch):
    """Half an answer must not pass for one."""
    descriptor = full_device()
    real = os.write
    monkeypatch.setattr(os, "write", lambda _, data: real(descriptor, data))
    with pytest.raises(Refused) as refused:
        stdout.write("text")
    os.close(descriptor)
    assert refused.value.problems[0].reason == "no space is left on the file system"
