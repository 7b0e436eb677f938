"""What a person at a terminal sees, and what nobody else does."""

import os
import re
import select
import subprocess
import threading
import time

import pytest

from tests.support import machine
from tests.support.hostile import VARIABLES, data, hostile
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE

ESCAPE = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


def at_a_terminal(words, environ, *, columns=80):
    """What a terminal of that width gets, and the exit code."""
    ours, theirs = machine.terminal()
    os.set_blocking(ours, False)
    subprocess.run(["stty", "cols", str(columns)], stdin=theirs, check=True)
    process = subprocess.Popen(
        [SCRIPT, *words], env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return process.wait(PATIENCE), seen.decode().replace("\r\n", "\n")


def environ(api, **more):
    return {
        "PATH": PATH,
        "TERM": "xterm-256color",
        "CYCLE_API_TOKEN": api.token,
        "CYCLE_EXEC_SOCKET": api.socket,
        **more,
    }


def slow(talk):
    talk.pause(2.3)
    talk.send(data({"PLAIN": "x"}))


def test_a_wait_is_told_after_a_second_and_leaves_no_trace():
    """Who sits there sees that something is going on; the line is gone before the next one."""
    with hostile(variables={"PLAIN": "x"}) as api:
        api.on(VARIABLES, slow)
        code, seen = at_a_terminal(["--deadline", "20s", "--", "true"], environ(api))
    assert code == 0
    said = re.findall(r"\r\x1b\[K(cycle-exec: waiting for the API, \d+ s of 20 s)", seen)
    assert [line.split()[5] for line in said] == ["1", "2"]
    assert re.search(r"\r\x1b\[Kcycle-exec: ready in \d+ ms: 1 variable\n$", seen)


def test_a_wait_for_others_is_told_with_what_is_missing():
    """Whatever is there by then is not named any more; a long address does not break the line."""
    long = "tcp://{{ variables.PLAIN }}.a-host-with-a-long-name.test:5432"
    with hostile(variables={"PLAIN": "127.0.0.1"}) as api:
        words = [f"--wait={long}", "--wait=dns://localhost", "--wait=file:/none", "--deadline=5s"]
        code, seen = at_a_terminal([*words, "--", "true"], environ(api), columns=80)
    assert code == 69
    said = re.findall(r"\r\x1b\[K(cycle-exec: waiting for .*?, \d s of 5 s)", seen)
    start = "cycle-exec: waiting for tcp://{{ variables.PLAIN }}.... and 1 more"
    assert said[:2] == [f"{start}, {second} s of 5 s" for second in (1, 2)]
    assert max(map(len, said)) < 80
    assert "\r\x1b[Kcycle-exec: tcp://{{ variables.PLAIN }}.a-host-with-a-long-name.test" in seen


def test_what_has_come_is_said_on_a_line_of_its_own(tmp_path):
    """Not behind the one that tells of the wait, which goes on for the rest."""
    with hostile(variables={"PLAIN": "x"}) as api:
        late = threading.Timer(1.3, (tmp_path / "late").touch)
        late.start()
        words = [f"--wait=file:{tmp_path}/late", "--wait=file:/none", "--deadline=6s"]
        _, seen = at_a_terminal([*words, "--log-level=info", "--", "true"], environ(api))
        late.join()
    assert re.search(r" of 6 s\r\x1b\[Kcycle-exec: file:\S+/late: there after \d+ ms\n", seen)
    assert re.search(r"\n\r\x1b\[Kcycle-exec: waiting for file:/none, \d s of 6 s", seen)


@pytest.mark.parametrize("how", ["piped", "json"])
def test_nobody_else_is_told_of_a_wait(how):
    """Logs have no such line, nor has a terminal that shows JSON."""
    with hostile(variables={"PLAIN": "x"}) as api:
        api.on(VARIABLES, slow)
        if how == "json":
            given = environ(api, CYCLE_EXEC_LOG_FORMAT="json")
            _, seen = at_a_terminal(["--", "true"], given)
        else:
            ran = subprocess.run(
                [SCRIPT, "--", "true"],
                env=environ(api),
                capture_output=True,
                text=True,
                check=True,
            )
            seen = ran.stderr
    assert "waiting" not in seen
    assert "\x1b" not in seen
    assert len(seen.splitlines()) == 1


def test_a_plan_fits_the_terminal_and_has_colours():
    """Long names lose their middle, marks are green and red; NO_COLOR and a pipe have neither."""
    name = "A_VERY_LONG_NAME_OF_A_VARIABLE_THAT_NOBODY_WOULD_LIKE_TO_TYPE"
    with hostile(variables={name: "x"}) as api:
        code, seen = at_a_terminal(["plan"], environ(api), columns=70)
        _, grey = at_a_terminal(["plan"], environ(api, NO_COLOR="1"), columns=70)
        _, wide = at_a_terminal(["plan"], environ(api), columns=200)
    assert code == 0
    assert "\x1b[32m+\x1b[0m" in seen
    assert "\x1b[31m-\x1b[0m  CYCLE_API_TOKEN" in seen
    assert "\x1b" not in grey
    assert ESCAPE.sub("", seen).replace("3 inherited", "4 inherited") == grey
    assert max(map(len, grey.splitlines())) <= 70
    assert "\N{HORIZONTAL ELLIPSIS}" in grey
    assert name in wide
