"""What reaches the app: every signal, once, from the first moment on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

from tests.support.hostile import VARIABLES, hang, hostile
from tests.support.inits import LISTENER, ignored, names_of, ours, python, run, running
from tests.support.waiting import until

# Those that a handler can get; CHLD is about our own children, TERM ends the listener.
FORWARDABLE = sorted(
    signal.valid_signals()
    - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTERM, signal.SIGCONT}
)


def test_every_signal_arrives_once(init):
    """Job control's and real-time ones too, and TERM ends the app, whose code is ours."""
    with running(init, *python(LISTENER)) as app:
        assert app.line() == "up"
        for number in FORWARDABLE:
            app.send(number)
            assert app.line() == names_of([number])[0]
        app.send(signal.SIGCONT)
        assert app.line() == "CONT"
        app.send(signal.SIGTERM)
        ended = app.finish()
    assert (ended.code, ended.out) == (7, "TERM\n")


def test_real_time_signals_are_not_merged(init):
    """Ten of one kind arrive as ten."""
    with running(init, *python(LISTENER)) as app:
        assert app.line() == "up"
        for _ in range(10):
            app.send(signal.SIGRTMIN + 3)
        app.send(signal.SIGTERM)
        # TERM has the lower number, so it may overtake: what is counted is what came before it.
        lines = [app.line()]
        while lines[-1] == "RTMIN+3":
            lines.append(app.line())
    assert lines[-1] == "TERM"


def test_many_real_time_signals_all_arrive(init):
    """However fast they come, each of them arrives."""
    with running(init, *python(LISTENER)) as app:
        assert app.line() == "up"
        for _ in range(50):
            app.send(signal.SIGRTMIN + 3)
        assert [app.line() for _ in range(50)] == ["RTMIN+3"] * 50
        app.send(signal.SIGTERM)
        assert app.finish().code == 7


@pytest.mark.parametrize("seed", range(12))
def test_an_early_stop_is_never_lost(init, seed):
    """TERM at any moment from the start on ends everything, with 143."""
    pause = random.Random(seed).uniform(0.0, 0.12)
    with running(init, "sleep", "600") as app:
        # The kernel hides from PID 1 what it has not asked for: that is the interpreter's start.
        assert until(lambda: hears(app.pid, signal.SIGTERM))
        time.sleep(pause)
        app.send(signal.SIGTERM)
        ended = app.finish()
    assert ended.code == 143, ended


def test_a_stop_while_the_platform_is_silent():
    """During the fetch TERM ends launcher and supervisor; nothing was started."""
    with hostile() as api:
        api.on(VARIABLES, hang)
        with running(ours(api), "sh", "-c", "echo started") as app:
            assert until(lambda: api.requests)
            app.send(signal.SIGTERM)
            ended = app.finish()
    assert ended.code == 143, ended
    assert ended.out == ""
    assert ended.err == "cycle-exec: stopped by SIGTERM before the launch\n"


def test_the_whole_group_hears_it(init):
    """A child of a shell that does not pass signals on hears them too."""
    script = "sh -c 'echo up; exec sleep 600' & wait $!; wait $!; echo $?"
    with running(init, "sh", "-c", f"trap 'echo shell' TERM; {script}") as app:
        assert app.line() == "up"
        app.send(signal.SIGTERM)
        ended = app.finish()
    assert "shell" in ended.out
    assert ended.out.splitlines()[-1] == "143", ended


@pytest.mark.parametrize(
    ("options", "sent", "arrives"),
    [
        (["--signal-map", "TERM:QUIT"], ["TERM"], ["QUIT"]),
        (["--signal-map", "SIGTERM:SIGUSR1", "--signal-map=1:2"], ["TERM", "HUP"], ["USR1", "INT"]),
        (["--signal-map", "HUP:NONE"], ["HUP", "USR2"], ["USR2"]),
        (["--signal-map", "RTMIN+1:HUP"], ["RTMIN+1"], ["HUP"]),
        (["--signal-map", "USR1:USR2", "--signal-map", "10:HUP"], ["USR1"], ["HUP"]),
    ],
)
def test_another_signal_instead(api, options, sent, arrives):
    """--signal-map by name or number; NONE keeps a signal away; the last word counts."""
    with running(ours(api, *options), *python(LISTENER)) as app:
        assert app.line() == "up"
        for name in sent:
            app.send(signal.SIGRTMIN + 1 if name == "RTMIN+1" else getattr(signal, f"SIG{name}"))
        assert sorted(app.line() for _ in arrives) == sorted(arrives)


def test_ignored_signals_stay_ignored_for_the_app(init):
    """What was ignored on entry is so in the app, and everything else is not."""

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    words = ("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status")
    ended = run(init, *words, before=ignore, namespace=False)
    found = dict(line.split(":\t") for line in ended.out.splitlines())
    assert int(found["SigBlk"], 16) == 0
    expected = (1 << (signal.SIGHUP - 1)) | (1 << (signal.SIGCHLD - 1))
    assert ignored(found["SigIgn"]) == expected


def test_a_stopped_supervisor_goes_on_where_it_was(init):
    """SIGSTOP and SIGCONT from outside: signals that came meanwhile are passed on after."""
    with running(init, *python(LISTENER)) as app:
        assert app.line() == "up"
        app.send(signal.SIGSTOP)
        assert until(lambda: state(app.pid) == "T")
        app.send(signal.SIGUSR1)
        app.send(signal.SIGRTMIN + 2)
        app.send(signal.SIGCONT)
        assert sorted(app.line() for _ in range(3)) == ["CONT", "RTMIN+2", "USR1"]
        app.send(signal.SIGTERM)
        assert app.finish().code == 7


def hears(pid: int, number: int) -> bool:
    """Whether the signal is blocked or caught there, and by Python, so that it is not lost."""
    if "python" not in os.readlink(f"/proc/{pid}/exe"):
        return False
    with open(f"/proc/{pid}/status") as file:
        masks = [int(line.split()[1], 16) for line in file if line[:7] in ("SigBlk:", "SigCgt:")]
    return any(mask & 1 << (number - 1) for mask in masks)


def state(pid: int) -> str:
    """The letter of /proc/PID/stat."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_signals_of_another_kind_are_refused(api):
    """KILL and STOP cannot be passed on, so they cannot be mapped either."""
    for words in ("KILL:TERM", "TERM:STOP", "TERM", "TERM:CHLD", "NONSENSE:TERM"):
        ended = run(ours(api, "--signal-map", words), "true", namespace=False)
        assert ended.code == 64, ended
        assert "--signal-map" in ended.err


def test_without_init_there_is_nobody_above(api):
    """The default stays plain exec: the app is the process that was started."""
    plain = ours(api)._replace(words=(ours(api).words[0], "--"))
    with running(plain, "sh", "-c", "echo $$; cat", namespace=False, stdin=subprocess.PIPE) as app:
        assert app.line() == str(app.pid)
