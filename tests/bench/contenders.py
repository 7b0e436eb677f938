"""Who competes, and the gate: a run counts only if its app got the right environment and files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.jobs import Job, Target

_HERE = Path(__file__).resolve().parent
_CAT = shutil.which("cat", path=os.defpath) or "/bin/cat"
APP = (_CAT, "/proc/self/environ")  # prints the environment it got
_EXEC_ONLY = f"import posix; posix.execv({_CAT!r}, {list(APP)!r})"
# What shells and CPython's start-up add for themselves.
BY_SHELLS = frozenset(("PWD", "OLDPWD", "SHLVL", "_"))
_BY_PYTHON = frozenset(("LC_CTYPE",))


class Contender(NamedTuple):
    """A way to do a job.

    argv: what is started. environ: all that it inherits. expected: what the app must print.
    tolerated: names that it may print on top. targets: every file that must be there.
    """

    name: str
    job: Job
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    expected: Mapping[str, str]
    tolerated: frozenset[str]
    targets: Mapping[str, Target]


class Wrong(Exception):
    """A contender did not do its job; the text says which and how."""


def direct(job: Job) -> Contender:
    """The app alone."""
    return Contender("the app alone", job, APP, job.environ, job.environ, frozenset(), {})


def exec_only(job: Job, python: str) -> Contender:
    """The least that a Python can do: start, and become the app."""
    argv = (python, "-I", "-S", "-c", _EXEC_ONLY)
    name = "python -I -S, exec only"
    return Contender(name, job, argv, job.environ, job.environ, _BY_PYTHON, {})


def importing(job: Job, python: str, module: str) -> Contender:
    """The same, isolated but with the environment's packages, after one import."""
    wanted = f"import {module}; " if module else ""
    argv = (python, "-I", "-c", wanted + _EXEC_ONLY)
    name = f"python -I, import {module}" if module else "python -I, exec only"
    return Contender(name, job, argv, job.environ, job.environ, _BY_PYTHON, {})


def ours(job: Job, script: str, socket: str) -> Contender:
    """cycle-exec by its console script; with the manifest if the job has more than variables."""
    manifest = ("--manifest", job.manifest) if job.targets else ()
    argv = (script, "--socket", socket, *manifest, "--", *APP)
    targets = {**job.targets, **job.optional}
    return Contender("cycle-exec", job, argv, job.environ, _prepared(job), frozenset(), targets)


def compile_(job: Job, script: str) -> None:
    """Compile manifest and templates, as the build of an image does."""
    words = [script, "compile", "--manifest", job.manifest]
    subprocess.run(words, check=True, env=dict(job.environ), stdout=subprocess.DEVNULL)


def shell(job: Job, socket: str, *, batched: bool = False) -> Contender:
    """The entrypoint in shell."""
    script = _HERE / ("entrypoint-batched.sh" if batched else "entrypoint.sh")
    return _entrypoint("shell, batched" if batched else "shell", str(script), job, socket)


def compiled(job: Job, program: str, socket: str) -> Contender:
    """The entrypoint as a static Go program."""
    return _entrypoint("static Go program", program, job, socket)


def _entrypoint(name: str, program: str, job: Job, socket: str) -> Contender:
    environ = {**job.environ, "API_SOCKET": socket}
    expected = {**_prepared(job), "API_SOCKET": socket}
    return Contender(name, job, (program, *APP), environ, expected, BY_SHELLS, job.targets)


def _prepared(job: Job) -> dict[str, str]:
    kept = {name: value for name, value in job.environ.items() if name != "CYCLE_API_TOKEN"}
    return {**kept, **job.variables}


def missing_tools() -> Sequence[str]:
    """The programs that the other entrypoints need and this machine lacks."""
    return [name for name in ("curl", "jq", "envsubst", "go") if shutil.which(name) is None]


def check(contender: Contender, code: int, printed: bytes) -> None:
    """The gate, after each run. Raises Wrong."""
    if code != 0:
        raise Wrong(f"{contender.name} ({contender.job.name}) ended with {code}")
    got = dict(
        entry.decode("utf-8", "surrogateescape").split("=", 1)
        for entry in printed.split(b"\0")
        if entry
    )
    differing = sorted(
        name
        for name in {*got, *contender.expected}
        if got.get(name) != contender.expected.get(name)
        and not (name in contender.tolerated and name not in contender.expected)
    )
    if differing:
        raise Wrong(f"{contender.name} ({contender.job.name}): wrong variables: {differing[:5]}")
    for path, target in contender.targets.items():
        _check_file(contender, path, target)


def _check_file(contender: Contender, path: str, target: Target) -> None:
    try:
        content = Path(path).read_bytes()
        mode = stat.S_IMODE(os.lstat(path).st_mode)
    except OSError as error:
        raise Wrong(f"{contender.name} ({contender.job.name}): {error}") from None
    if (content, mode) != target:
        what = "content" if content != target.content else f"mode {mode:04o}"
        raise Wrong(f"{contender.name} ({contender.job.name}): wrong {what} of {path}")


def clear(job: Job) -> None:
    """Take away what a run has written: each container starts without it."""
    shutil.rmtree(job.output, ignore_errors=True)
