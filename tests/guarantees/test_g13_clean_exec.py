"""G13: the app gets exactly the planned environment, argv, cwd, umask, limits, descriptors,
signal mask and dispositions, as if it had been exec'ed directly."""

from __future__ import annotations

import os
import signal

import pytest

from tests.guarantees.conftest import SCRIPT, run
from tests.support import probe

ARGUMENTS = ["", "two words", "--", "-x", "é\n$HOME"]


def nothing() -> None:
    pass


def odd_umask() -> None:
    os.umask(0o137)


def ignored_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)


def blocked_signals() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGTERM, signal.SIGRTMIN})


def inherited_descriptors() -> None:
    reading, writing = os.pipe()
    os.dup2(reading, 7)
    os.dup2(writing, 200)


def closed_standard_descriptors() -> None:
    for number in (0, 1, 2):
        os.close(number)


def small_limits() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def unlimited_cores() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


WORLDS = [
    nothing,
    odd_umask,
    ignored_signals,
    blocked_signals,
    inherited_descriptors,
    closed_standard_descriptors,
    small_limits,
    unlimited_cores,
]


def launched(tmp_path, environ, before=nothing, options=()) -> probe.Report:
    output = str(tmp_path / "report")
    words = [str(SCRIPT), *options, *("--", *probe.command(output, *ARGUMENTS))]
    assert probe.start(words, environ, before) == 0
    return probe.read(output)


@pytest.mark.parametrize("before", WORLDS)
def test_the_app_finds_the_process_as_it_was(tmp_path, environ, before):
    """Whatever the process was given, the app is given, and nothing of Python's besides."""
    reference = probe.direct(str(tmp_path / "direct"), ARGUMENTS, environ, before)
    found = launched(tmp_path, environ, before)
    assert found.argv == reference.argv
    assert found.blocked == reference.blocked
    # CPython ignores these two before its first line; whether they were so cannot be known.
    unknowable = {signal.SIGPIPE, signal.SIGXFSZ}
    assert found.ignored - unknowable == reference.ignored - unknowable
    assert found.ignored & unknowable == set()
    assert (found.umask, found.cwd) == (reference.umask, reference.cwd)
    assert (found.uid, found.gid, found.groups) == (
        reference.uid,
        reference.gid,
        reference.groups,
    )
    assert found.limits == reference.limits
    assert found.fds.keys() == reference.fds.keys()


def test_a_umask_and_limits_that_are_asked_for_and_no_others(tmp_path, environ):
    """[process] umask and limits change these, and nothing else about the process."""
    reference = probe.direct(str(tmp_path / "direct"), ARGUMENTS, environ, small_limits)
    options = ["--umask", "0137", "--limit", "nofile=32", "--limit", "core=0:0"]
    found = launched(tmp_path, environ, small_limits, options)
    assert found.umask == 0o137
    changed = [
        line.split()[3] if line.startswith("Max open files") else line
        for line in found.limits.splitlines()
    ]
    expected = [
        "32" if line.startswith("Max open files") else line
        for line in reference.limits.splitlines()
    ]
    assert changed == expected
    assert (found.blocked, found.cwd, found.fds.keys()) == (
        reference.blocked,
        reference.cwd,
        reference.fds.keys(),
    )


def test_the_environment_is_exactly_the_planned_one(tmp_path, environ):
    """Inherited, then fetched, without the token; each name once; no LC_CTYPE of Python's."""
    environ |= {"OWN": "é=x", "PYTHONPATH": "/nowhere", "LANG": "C", "PLAIN": "inherited"}
    found = launched(tmp_path, environ)
    assert sorted(name.partition(b"=")[0] for name in found.environ) == sorted(
        [b"CYCLE_EXEC_SOCKET", b"LANG", b"OWN", b"PATH", b"PLAIN", b"PYTHONPATH", b"TRICKY"]
    )
    variables = found.variables()
    assert variables[b"PLAIN"] == b"plain"
    assert variables[b"OWN"] == "é=x".encode()
    assert variables[b"PYTHONPATH"] == b"/nowhere"


def test_bytes_that_are_not_utf8_pass_through(tmp_path, environ):
    """Inherited values and arguments are bytes, not text."""
    output = str(tmp_path / "report")
    raw = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    raw[b"RAW"] = b"\xff\xfe\x80"
    child = os.fork()
    if child == 0:
        words = [os.fsencode(word) for word in (str(SCRIPT), "--", *probe.command(output))]
        try:
            os.execve(str(SCRIPT), [*words, b"\xff\xfe"], raw)
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found = probe.read(output)
    assert found.variables()[b"RAW"] == b"\xff\xfe\x80"
    assert found.argv == (b"\xff\xfe",)


def test_the_process_itself_becomes_the_app(tmp_path, environ):
    """The app has the very pid that was started: no process is left above it."""
    output = str(tmp_path / "report")
    words = [str(SCRIPT), "--", *probe.command(output)]
    child = os.posix_spawn(words[0], words, environ)
    os.waitpid(child, 0)
    found = probe.read(output)
    assert (found.pid, found.ppid) == (child, os.getpid())


def test_a_directory_of_the_manifest_is_the_apps_cwd(tmp_path, environ):
    """process.directory is entered at the last moment."""
    (tmp_path / "work").mkdir()
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(f'[process]\ndirectory = "{tmp_path}/work"\n')
    found = launched(tmp_path, environ, options=["--manifest", str(manifest)])
    assert found.cwd == f"{tmp_path}/work"


def test_it_may_be_a_link(tmp_path, environ):
    """As the one that points to the release in use."""
    (tmp_path / "release-7").mkdir()
    (tmp_path / "current").symlink_to("release-7")
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(f'[process]\ndirectory = "{tmp_path}/current"\n')
    found = launched(tmp_path, environ, options=["--manifest", str(manifest)])
    assert found.cwd == f"{tmp_path}/release-7"


@pytest.mark.parametrize("mode", ["--init", "--reload"])
def test_pid_1_tells_nothing_in_init_and_reload_mode(environ, platform, mode):
    """/proc/1/environ is empty: neither token nor fetched values."""
    words = ("--", "sh", "-c", "cat /proc/$PPID/environ | wc -c")
    ran = run(environ, mode, *words)
    assert (ran.code, ran.out.strip()) == (0, "0"), ran
