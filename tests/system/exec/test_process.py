import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.errors import Refused
from cycle_exec.system.clock import Deadline
from cycle_exec.system.exec import process
from cycle_exec.system.signals import Armed
from tests.support import probe

ROOT = str(Path(__file__).parents[3])
DRIVER = f"""
import sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system import invocation, signals
from cycle_exec.system.exec import process
invocation.secure_standard_descriptors()
found = invocation.read()
armed = signals.arm(30)
held = open("/dev/null")
process.replace(found.argv[0], found.argv, found.environ, armed=armed)
"""


def launched(*words: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", DRIVER, *words]


def same_but_for_the_process(left: probe.Report, right: probe.Report) -> None:
    transient = {"pid", "ppid", "pgid", "sid", "argv"}
    one, other = vars(left), vars(right)
    assert {k: v for k, v in one.items() if k not in transient} == {
        k: v for k, v in other.items() if k not in transient
    }


def nothing() -> None:
    pass


def unusual() -> None:
    os.umask(0o027)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.chdir("/")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))


def closed_standard_descriptors() -> None:
    for number in (0, 1, 2):
        os.close(number)


@pytest.mark.parametrize("before", [nothing, unusual, closed_standard_descriptors])
@pytest.mark.parametrize(
    "environ", [{"LC_ALL": "C.UTF-8"}, {"A": "x\ny"}, {"LC_CTYPE": "C"}, {"PYTHONPATH": "/none"}]
)
def test_the_app_starts_as_if_it_had_been_started_directly(tmp_path, before, environ):
    """Environment, mask, dispositions, descriptors, limits, umask and cwd are those of entry."""
    environ = {"PATH": "/usr/bin:/bin", **environ}
    output = str(tmp_path / "report")
    reference = probe.direct(output, ["one word", ""], environ, before)
    assert probe.start(launched(*probe.command(output, "one word", "")), environ, before) == 0
    found = probe.read(output)
    same_but_for_the_process(found, reference)
    assert found.argv == (b"one word", b"")


def test_bytes_that_are_not_utf8_reach_the_app(tmp_path):
    """Arguments and values are bytes; the locale changes none of them."""
    output = str(tmp_path / "report")
    words = [*launched(*probe.command(output)), b"\xff\xfe".decode("utf-8", "surrogateescape")]
    environ = {"PATH": os.environ["PATH"], "LATIN": "caf\udce9", "LC_ALL": "C"}
    assert probe.start(words, environ) == 0
    found = probe.read(output)
    assert found.argv == (b"\xff\xfe",)
    assert found.variables()[b"LATIN"] == b"caf\xe9"


def test_an_alarm_that_was_running_on_entry_stays_the_apps():
    """A timer survives execve, so an inherited one still ends the app, and ours never does."""
    ran = probe.start(launched("/bin/sleep", "5"), before=lambda: signal.setitimer(0, 0.6))
    assert ran == -signal.SIGALRM


def test_the_directory_is_changed_before_the_exec(tmp_path):
    """A relative command is taken from the directory that the app starts in."""
    script = tmp_path / "here"
    script.write_text('#!/bin/sh\npwd > "$1"\n')
    script.chmod(0o755)
    driver = DRIVER.replace("armed=armed", f"armed=armed, directory={str(tmp_path)!r}")
    words = [sys.executable, "-I", "-S", "-c", driver, "./here", str(tmp_path / "out")]
    assert subprocess.run(words, check=False).returncode == 0
    assert (tmp_path / "out").read_text() == f"{tmp_path}\n"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (None, "command-not-found"),
        ("#!/no/such/interpreter\n", "command-not-found"),
        ("no program at all", "command-not-executable"),
    ],
)
def test_what_the_kernel_refuses_becomes_a_problem(tmp_path, content, kind):
    """An exec that fails after all is refused in our words, by its kind."""
    file = tmp_path / "app"
    if content is not None:
        file.write_text(content)
        file.chmod(0o755)
    with pytest.raises(Refused) as refused:
        process.replace(str(file), [str(file)], {})
    assert [problem.kind for problem in refused.value.problems] == [kind]


def test_a_missing_directory_is_refused(tmp_path):
    """The app is not started in the wrong folder."""
    with pytest.raises(Refused) as refused:
        process.replace("/bin/true", ["true"], {}, directory=str(tmp_path / "none"))
    assert refused.value.problems[0].kind == "file-missing"


def fits(argv, environ, stack=None):
    def limit() -> None:
        if stack is not None:
            resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))

    try:
        subprocess.run(argv, env=environ, preexec_fn=limit, check=True)
    except OSError as error:
        if error.errno == errno.E2BIG:
            return False
        raise
    return True


def filled(total_target: int, executable: str) -> dict[str, str]:
    """An environment that makes `measure` arrive at exactly that total."""
    environ: dict[str, str] = {}
    while True:
        left = total_target - process.measure([executable], environ, executable).total
        name = f"V{len(environ):06d}"
        overhead = len(name) + 2 + 8
        if left <= 131_000:
            assert left >= overhead
            environ[name] = "x" * (left - overhead)
            return environ
        environ[name] = "x" * (65_000 - overhead)


@pytest.mark.parametrize("stack", [None, 256 * 1024, 1024 * 1024, resource.RLIM_INFINITY])
def test_what_is_measured_to_fit_is_taken_by_the_kernel(tmp_path, monkeypatch, stack):
    """At the measured maximum a program and a script start; 4 KiB further the kernel refuses."""
    script = tmp_path / ("s" * 100)
    script.write_text("#!/bin/sh -e\nexit 0\n")
    script.chmod(0o755)
    if stack is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        monkeypatch.setattr(process, "getrlimit", lambda _: (stack, hard))
    maximum = process._maximum(None)
    for executable in ("/bin/true", str(script)):
        environ = filled(maximum, executable)
        measured = process.measure([executable], environ, executable)
        assert measured.total == maximum == measured.maximum
        assert fits([executable], environ, stack)
    assert not fits(["/bin/true"], filled(maximum + 4096, "/bin/true"), stack)


def test_a_variable_of_131071_bytes_is_the_longest():
    """NAME=value and its NUL fill exactly what the kernel takes of one string."""
    longest = {"BIG": "x" * (131_071 - 4)}
    assert process.measure(["/bin/true"], longest, "/bin/true").oversized == ()
    assert fits(["/bin/true"], longest)
    longer = {"BIG": "x" * (131_071 - 3)}
    assert process.measure(["/bin/true"], longer, "/bin/true").oversized == ("BIG",)
    assert not fits(["/bin/true"], longer)


def children():
    """Those of this process, zombies too; a fixture of other tests may have one that serves."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = place.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(os.getpid()):
            found.add(place.parent.name)
    return found


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
@pytest.mark.parametrize("ignored", [False, True])
def test_a_check_ends_with_its_exit_code_or_signal(script, code, ignored):
    """The code is known also where SIGCHLD was ignored on entry, and no child is left."""
    others = children()
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        found = process.run_check("/bin/sh", ["sh", "-c", script], {}, Deadline.after(10))
        assert signal.getsignal(signal.SIGCHLD) == (signal.SIG_IGN if ignored else signal.SIG_DFL)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert found == code
    assert children() == others


def test_a_check_that_outlives_the_deadline_is_killed_with_its_children(tmp_path):
    """None is left of its process group."""
    script = f"sleep 60 & echo $! > {tmp_path}/pid; mv {tmp_path}/pid {tmp_path}/done; wait"
    environ = {"PATH": os.environ["PATH"]}
    found = process.run_check("/bin/sh", ["sh", "-c", script], environ, Deadline.after(0.5))
    assert found is None
    assert probe.gone(int((tmp_path / "done").read_text()))


def test_a_check_without_pidfd_is_waited_for_as_well(monkeypatch):
    """Old kernels and sandboxes refuse pidfd_open."""

    def refuse(pid: int) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "pidfd_open", refuse)
    assert process.run_check("/bin/sh", ["sh", "-c", "exit 3"], {}, Deadline.after(10)) == 3
    assert process.run_check("/bin/sleep", ["sleep", "9"], {}, Deadline.after(0.05)) is None


def test_a_check_says_nothing_and_starts_clean(capfd, tmp_path):
    """Its output may quote secrets; mask and dispositions are the defaults."""
    armed = Armed()
    try:
        output = str(tmp_path / "report")
        words = probe.command(output)
        environ = {"PATH": os.environ["PATH"]}
        assert process.run_check(words[0], words, environ, Deadline.after(10)) == 0
        found = probe.read(output)
        assert found.pgid == found.pid
        assert found.blocked == frozenset()
        assert found.ignored & set(range(1, 32)) == set()
        assert [found.fds[number] for number in (0, 1, 2)] == ["/dev/null"] * 3
        loud = ["sh", "-c", "echo secret; echo secret >&2"]
        assert process.run_check("/bin/sh", loud, {}, Deadline.after(10)) == 0
    finally:
        armed.disarm()
    assert capfd.readouterr() == ("", "")


def test_a_check_that_cannot_be_started_is_refused(tmp_path):
    """It is a problem of the check, not a bug."""
    with pytest.raises(Refused) as refused:
        process.run_check(str(tmp_path / "none"), ["none"], {}, Deadline.after(1))
    assert refused.value.problems[0].kind == "check-failed"
