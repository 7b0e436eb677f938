"""What ends a wait, and what it meets on the way: stops, deadlines, shortages, names that nobody
looks up. Whatever it is, no child of it is left.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launching.waiting.conftest import children
from tests.support import machine, seccomp
from tests.support.hostile import CONTAINERS, VARIABLES, data, error, hang
from tests.support.launching import PATH, SCRIPT
from tests.support.tcp import serving
from tests.support.unread import full_pipe
from tests.support.waiting import PATIENCE, Stopwatch, Timed, until

# A name server there takes questions and never answers; other tests have their own.
DEAD = f"127.86.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"


@pytest.fixture
def silent_names(with_file) -> Iterator[tuple[socket.socket, list[str]]]:
    """A name server that never answers, and the words that start the script where it is asked."""
    if os.geteuid() != 0:
        pytest.skip("only root may be a name server")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((DEAD, 53))
        server.settimeout(PATIENCE)
        options = "options timeout:30 attempts:5\n"
        yield server, with_file("/etc/resolv.conf", f"nameserver {DEAD}\n{options}")


@pytest.mark.parametrize("scheme", ["tcp://name.test:80", "http://name.test/", "dns://name.test"])
def test_a_name_server_that_never_answers(ground, api, silent_names, scheme):
    """The deadline holds, and says what it was."""
    _, ground.through = silent_names
    ran = ground.launch(api, "--wait", scheme, "--deadline", "1s")
    ground.refused(ran, 69, "wait-failed", f"{scheme}: the lookup of its name has not ended, the d")
    assert ran.seconds < 2.5


def test_a_stop_while_a_name_is_looked_up(ground, api, silent_names):
    """Within a second, and the lookup ends with it."""
    server, ground.through = silent_names
    run = ground.start(api, "--wait", "dns://name.test")
    server.recv(1000)
    [child] = children(run.process.pid)
    ran = run.send(signal.SIGTERM).finish()
    ground.stopped(ran, signal.SIGTERM)
    assert ran.seconds < 1.0
    assert not Path(f"/proc/{child}").exists()


def test_a_launch_that_is_killed_leaves_nobody_that_holds_its_output(ground, api, silent_names):
    """Who reads it sees the end."""
    server, ground.through = silent_names
    run = ground.start(api, "--wait", "dns://name.test")
    server.recv(1000)
    ran = run.send(signal.SIGKILL).finish()
    assert (ran.code, ran.out, ran.err) == (-9, "", "")


@pytest.mark.parametrize("content", ["", "nameserver 192.0.2.1.1\n", "nonsense\n\0\n"])
def test_no_usable_list_of_name_servers(ground, api, with_file, content):
    """The C library asks this machine, where nobody is."""
    ground.through = with_file("/etc/resolv.conf", content)
    ran = ground.launch(api, "--wait", "dns://name.test", "--deadline", "2s")
    ground.refused(ran, 69, "wait-failed", "dns://name.test: its name ")


def test_no_list_of_name_servers_at_all(ground, api, with_file, tmp_path):
    """Names in /etc/hosts and addresses need none."""
    machine.need_mounts()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").write_text("127.0.0.1 db\n")
    script = 'mount --bind "$0" /etc && exec "$@"'
    own = (*machine.MOUNTS, "sh", "-c", script, str(tmp_path / "etc"), str(SCRIPT))
    ground.through = own
    with serving() as server:
        ran = ground.launch(api, "--wait", f"tcp://127.0.0.1:{server.port}", command=["true"])
        assert ran.code == 0, ran
        ran = ground.launch(api, "--wait", "dns://name.test", "--deadline", "1s")
        ground.refused(ran, 69, "wait-failed", "dns://name.test: its name ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("options", [(), ("--init",)])
def test_a_stop_ends_the_wait(ground, api, number, options):
    """128 plus its number within a second, nothing changed."""
    target = ground.target("page")
    with serving(hang) as server:
        run = ground.start(
            api,
            *("--wait", f"http://127.0.0.1:{server.port}/", "--wait", "file:/none", *options),
            *("--template", f"{ground.template('new')}:{target}"),
        )
        server.wait_for_connections()
        ran = run.send(number).finish()
    ground.stopped(ran, number)
    assert ran.seconds < 1.0


def test_a_stop_as_pid_1(ground, api):
    """Its children end with it."""
    machine.need_processes()
    ground.through = (*machine.PROCESSES, *ground.through)
    with serving(hang) as server:
        run = ground.start(api, "--wait", f"http://127.0.0.1:{server.port}/")
        server.wait_for_connections()
        [first] = children(run.process.pid)
        [looking] = children(first)
        os.kill(first, signal.SIGTERM)
        ran = run.finish()
    ground.stopped(ran, signal.SIGTERM)
    assert until(lambda: not Path(f"/proc/{looking}").exists())


@pytest.fixture
def unread() -> Iterator[int]:
    """A standard error that is full, and whose reader does not read."""
    with full_pipe() as writing:
        yield writing


def test_nobody_reads_standard_error(api, unread):
    """The deadline holds all the same."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    words = ["--wait=file:/none", "--wait=dns://localhost", "--deadline=1s", "--log-level=debug"]
    watch = Stopwatch()
    process = Timed([str(SCRIPT), *words, "--", "true"], env=environ, stderr=unread)
    process.wait(timeout=PATIENCE)
    assert process.returncode == 69
    assert watch.seconds(process) < 2.5


def test_a_child_that_is_killed_is_made_again(ground, api):
    """By the kernel's want of memory, for example."""
    late = ground.inputs / "late"
    run = ground.start(api, "--wait", f"file:{late}")
    assert until(lambda: children(run.process.pid))
    [first] = children(run.process.pid)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: children(run.process.pid) not in ([], [first]))
    late.touch()
    ran = run.finish()
    assert ran.code == 0, ran


def test_no_process_to_look(ground, api):
    """It is tried again until the deadline, and the cause is named."""
    ran = ground.launch(
        api,
        *("--wait", f"file:{ground.inputs}", "--deadline", "1s"),
        before=lambda: seccomp.refuse(("fork", "vfork", "clone", "clone3"), 11),
    )
    ground.refused(ran, 69, "wait-failed", "it cannot be looked for: ", "limit of processes")


@pytest.mark.parametrize("number", range(5, 12))
def test_few_descriptors(ground, api, number):
    """The app starts, or a refusal names them."""
    waits = [f"file:{ground.inputs}", "dns://localhost", f"file:{ground.folder}"]
    ran = ground.launch(
        api,
        *(word for each in waits for word in ("--wait", each)),
        *("--deadline", "2s"),
        command=["true"],
        before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number)),
    )
    assert "internal" not in ran.err, ran
    assert ran.code == 0 or "too many files are open" in ran.err, ran


def test_memory_stays_small(ground, api):
    """A hundred children at once, each of which shares nearly all with the others."""
    waits = [word for number in range(100) for word in ("--wait", f"file:/none-{number}")]
    run = ground.start(api, *waits)
    try:
        assert until(lambda: len(children(run.process.pid)) == 100)
        own = sum(private(each) for each in children(run.process.pid))
    finally:
        ran = run.send(signal.SIGTERM).finish()
    assert ran.code == 143
    assert own < 100 * 3000


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (error(503), "the internal API does not say: containers (GET /v1/environment/containers)"),
        (hang, "no complete response in time"),
    ],
)
def test_a_platform_that_does_not_answer(ground, api, behaviour, reason):
    """It is asked until the deadline, and the last answer is told."""
    api.on(CONTAINERS, behaviour)
    try:
        ran = ground.launch(
            api, "--wait", "container://db", "--deadline", "2s", "--timeout", "300ms"
        )
    finally:
        api.off(CONTAINERS)
    ground.refused(ran, 69, "wait-failed", "container://db: ", reason)


@pytest.mark.parametrize(
    ("behaviour", "code", "kind"),
    [
        (error(401), 77, "denied"),
        (error(403), 77, "denied"),
        (data({}), 65, "answer-malformed"),
        (data(["x"]), 65, "answer-malformed"),
        (error(404), 65, "answer-refused"),
    ],
)
def test_a_platform_that_will_never_say(ground, api, behaviour, code, kind):
    """Nobody waits for that."""
    api.on(CONTAINERS, behaviour)
    try:
        ran = ground.launch(api, "--wait", "container://db", "--wait", "file:/none")
    finally:
        api.off(CONTAINERS)
    ground.refused(ran, code, kind, "containers (GET /v1/environment/containers): ")
    assert ran.seconds < 5


def test_the_platform_is_not_asked_without_a_container(ground, api):
    """Nor is it asked for anything else while a launch waits."""
    asked = len(api.asked())
    ran = ground.launch(api, "--wait", f"file:{ground.inputs}", command=["true"])
    assert ran.code == 0, ran
    assert [each.path for each in api.asked()[asked:]] == [VARIABLES]


def private(pid: int) -> int:
    """Kilobytes of a process that are no other's."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+)", text, re.MULTILINE))
