"""From the first moment to the last: exit codes, orphans, descriptors, secrets, idleness."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.hostile import VARIABLES, error, hostile
from tests.support.inits import ignored, ours, python, run, running
from tests.support.waiting import PATIENCE, until

ORPHANS = """
import os, sys, time
for _ in range(500):
    if os.fork() == 0:
        if os.fork() == 0:
            os._exit(0)
        os._exit(0)
    os.wait()
sys.stdout.write("done\\n")
sys.stdout.flush()
sys.stdin.read()
"""
# Leaves the script of its first word behind, and ends once that has made the file of the second.
LEAVING = 'sh -c "$0" "$1" & while ! [ -e "$1" ]; do sleep 0.02; done; exit {}'
# Says by its exit code which of the first three descriptors are closed.
CLOSED = """
import os
mask = 0
for descriptor in range(3):
    try:
        os.fstat(descriptor)
    except OSError:
        mask |= 1 << descriptor
os._exit(40 + mask)
"""
FACTS = """
import os, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
fds = sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]
group = os.getpgrp() == os.getpid()
print({"fds": fds, "blocked": int(status["SigBlk"], 16), "ignored": int(status["SigIgn"], 16),
       "caught": int(status["SigCgt"], 16), "leads": group, "parent": os.getppid(),
       "plain": os.environ.get("PLAIN", ""), "token": "CYCLE_API_TOKEN" in os.environ})
"""


@pytest.mark.parametrize(
    ("app", "code"),
    [
        (("sh", "-c", "exit 0"), 0),
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "exit 255"), 255),
        (("sh", "-c", "kill -TERM $$"), 143),
        (("sh", "-c", "kill -KILL $$"), 137),
        (("sh", "-c", "kill -SEGV $$"), 139),
        (("/nonexistent/app",), 127),
        (("/etc/passwd",), 126),
        (("/etc",), 126),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_the_exit_code_is_the_apps(init, app, code):
    """Or 128 and the signal's number; 127 and 126 for what cannot be started."""
    assert run(init, *app).code == code


def test_a_refusal_has_its_own_code():
    """What the launch refuses ends the whole container, in its own words."""
    with hostile() as api:
        api.on(VARIABLES, error(403))
        ended = run(ours(api), "sh", "-c", "echo started")
    assert (ended.code, ended.out) == (77, "")
    assert " (denied)\n" in ended.err


def test_five_hundred_orphans_leave_no_zombie(init):
    """They become PID 1's children, and it takes their exit codes."""
    with running(init, *python(ORPHANS), stdin=subprocess.PIPE) as app:
        assert app.line() == "done"
        assert until(lambda: children(app.pid) == 1)
        assert app.process.poll() is None


def test_elsewhere_than_as_pid_1_orphans_are_adopted_too(init):
    """The supervisor asks the kernel for them."""
    with running(init, *python(ORPHANS), namespace=False, stdin=subprocess.PIPE) as app:
        assert app.line() == "done"
        assert until(lambda: children(app.pid) == 1)


def children(pid: int) -> int:
    """How many children a process has, zombies too."""
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_nobody_waits_for_orphans(api):
    """The container ends with the app; what it left behind is the namespace's business."""
    assert run(ours(api), "sh", "-c", "sleep 600 & exit 3").code == 3


def test_what_is_left_gets_the_grace_it_was_given(api, tmp_path):
    """--grace: TERM, and an end as soon as everyone is gone."""
    left = 'trap "echo bye; exit" TERM; echo up; : >"$0"; while :; do sleep 0.05; done'
    app = ("sh", "-c", LEAVING.format(4), left, str(tmp_path / "up"))
    ended = run(ours(api, "--grace", "1h"), *app)
    assert (ended.code, ended.out) == (4, "up\nbye\n")


def test_who_does_not_listen_is_killed_at_its_end(api, tmp_path):
    """--grace: after it KILL, and the app's code."""
    left = 'trap "" TERM; echo up; : >"$0"; while :; do sleep 0.05; done'
    words = ("sh", "-c", LEAVING.format(5), left, str(tmp_path / "up"))
    with running(ours(api, "--grace", "500ms"), *words, namespace=False) as app:
        assert app.line() == "up"
        group = int(Path(f"/proc/{app.pid}/task/{app.pid}/children").read_text().split()[0])
        ended = app.finish()
    assert ended.code == 5
    assert until(lambda: not group_exists(group))


def group_exists(group: int) -> bool:
    """Whether a process group has members. Zombies are none: some machines' PID 1 reaps nobody."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, member_of = path.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(member_of) == group and state not in "ZX":
            return True
    return False


def test_the_app_starts_as_if_nobody_were_above(init):
    """Descriptors, mask and dispositions are those of a plain start; it leads its own group."""
    ended = run(init, *python(FACTS))
    found = json.loads(
        ended.out.replace("'", '"').replace("True", "true").replace("False", "false")
    )
    assert found["fds"] == [0, 1, 2]
    assert found["blocked"] == 0
    # Python's own: PIPE and XFSZ ignored, INT caught.
    assert ignored(hex(found["ignored"])) == 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert found["caught"] == 1 << (signal.SIGINT - 1)
    assert found["leads"]
    assert found["parent"] == 1
    assert found["plain"] == "fetched-value"
    assert not found["token"]


@pytest.mark.parametrize("closed", [(0,), (0, 1, 2)])
def test_closed_descriptors_do_no_harm(init, closed):
    """The app finds closed what was closed, and its code arrives."""

    def close() -> None:
        for descriptor in closed:
            os.close(descriptor)

    mask = sum(1 << descriptor for descriptor in closed)
    assert run(init, *python(CLOSED), before=close, namespace=False).code == 40 + mask


def test_sigchld_ignored_on_entry(init):
    """The code is known all the same."""
    ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # noqa: E731
    assert run(init, "sh", "-c", "exit 9", before=ignore, namespace=False).code == 9
    through = init._replace(words=("env", "--ignore-signal=CHLD", *init.words))
    assert run(through, "sh", "-c", "exit 9").code == 9


def test_streams_are_untouched(init):
    """stdin reaches the app and nobody else, stdout is its own, no flag of them changes."""
    with running(init, "cat", stdin=subprocess.PIPE) as app:
        out, _ = app.process.communicate("line\n" * 1000, timeout=PATIENCE)
    assert out == "line\n" * 1000


def test_pid_1_tells_no_secret(init, api):
    """Neither its environment nor its arguments hold the token or what was fetched."""
    with running(init, "sh", "-c", "echo up; cat", stdin=subprocess.PIPE) as app:
        assert app.line() == "up"
        proc = Path(f"/proc/{app.pid}")
        assert (proc / "environ").read_bytes() == b""
        assert api.token.encode() not in (proc / "cmdline").read_bytes()
        held = memory(app.pid)
    assert held
    for secret in (api.token.encode(), b"fetched-value"):
        assert secret not in held


def memory(pid: int) -> bytes:
    """Everything a process can write to."""
    found = b""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, mode, *_ = line.split()
            if mode.startswith("rw") and "[v" not in line:
                begin, end = (int(word, 16) for word in place.split("-"))
                mem.seek(begin)
                found += mem.read(end - begin)
    return found


def test_it_sleeps(init):
    """Idle, it is never woken and takes no processor time, and it is small."""
    with running(init, "sh", "-c", "echo up; cat", stdin=subprocess.PIPE) as app:
        assert app.line() == "up"
        assert until(lambda: status(app.pid, "State").startswith("S"))
        assert until(lambda: quiet(app.pid, 1))
        rollup = Path(f"/proc/{app.pid}/smaps_rollup").read_text()
        pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        assert pss <= 7.5 * 1024


def status(pid: int, key: str) -> str:
    """A line of /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return line.partition(":")[2].strip()
    raise KeyError(key)


def switches(pid: int) -> tuple[str, str]:
    """How often it was scheduled."""
    return status(pid, "voluntary_ctxt_switches"), status(pid, "nonvoluntary_ctxt_switches")


def quiet(pid: int, seconds: float) -> bool:
    """Whether a process is not woken for so long. After a start it may have something to do."""
    before = switches(pid), ticks(pid)
    time.sleep(seconds)
    return (switches(pid), ticks(pid)) == before


def ticks(pid: int) -> list[str]:
    """Processor time, user and system."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]


def test_what_is_for_init_alone_is_not_ignored_in_silence(api):
    """--grace and --signal-map without --init: a warning, and the launch."""
    plain = ours(api)
    for words in (("--grace", "1s"), ("--signal-map", "TERM:QUIT")):
        told = plain._replace(words=(plain.words[0], *words, "--"))
        ended = run(told, "true", namespace=False)
        assert ended.code == 0
        assert "have no effect without --init" in ended.err
