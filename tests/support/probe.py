"""A child that tells how it was started, and the reading of what it told.

It is a POSIX shell, not Python: CPython changes dispositions and LC_CTYPE of its own process. The
shell's own facts are read from /proc by children, so what they print is the shell's, untouched. Its
status it reads itself, first: a shell with children blocks all signals for moments.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.waiting import until

SHELL = "/bin/sh"
SCRIPT = r"""while read -r line; do status="$status$line
"; done < /proc/$$/status
(
echo "@argv"; base64 /proc/$$/cmdline
echo "@environ"; base64 /proc/$$/environ
echo "@status"; echo "$status"
echo "@limits"; cat /proc/$$/limits
echo "@stat"; cat /proc/$$/stat
echo "@cwd"; readlink /proc/$$/cwd
echo "@umask"; umask
echo "@fds"; for fd in /proc/$$/fd/*; do echo "${fd##*/} $(readlink $fd)"; done
echo "@end"
) > "$0" 2>&1
"""


@dataclass(frozen=True)
class Report:
    """How the probe was started. Masks are sets of signal numbers."""

    argv: tuple[bytes, ...]
    environ: tuple[bytes, ...]
    fds: Mapping[int, str]
    blocked: frozenset[int]
    ignored: frozenset[int]
    umask: int
    cwd: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    limits: str
    pid: int
    ppid: int
    pgid: int
    sid: int

    def variables(self) -> dict[bytes, bytes]:
        """The environment by name."""
        return dict((name, value) for name, _, value in (e.partition(b"=") for e in self.environ))


def command(output: str, *arguments: str) -> list[str]:
    """The words that start the probe; it writes its report to the file `output`."""
    return [SHELL, "-c", SCRIPT, output, *arguments]


def report(text: str) -> Report:
    """What the probe wrote."""
    sections: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("@"):
            current = sections.setdefault(line[1:], [])
        else:
            current.append(line)
    assert "end" in sections, text
    status = dict(line.split(":", 1) for line in sections["status"] if line)
    numbers = sections["stat"][0].rpartition(")")[2].split()
    fds = dict(line.split(" ", 1) for line in sections["fds"] if not line.endswith(" "))
    return Report(
        argv=_words(sections["argv"])[4:],
        environ=_words(sections["environ"]),
        fds={int(number): target for number, target in fds.items()},
        blocked=_mask(status["SigBlk"]),
        ignored=_mask(status["SigIgn"]),
        umask=int(sections["umask"][0], 8),
        cwd=sections["cwd"][0],
        uid=int(status["Uid"].split()[1]),
        gid=int(status["Gid"].split()[1]),
        groups=tuple(int(group) for group in status["Groups"].split()),
        limits="\n".join(sections["limits"]),
        pid=int(status["Pid"]),
        ppid=int(numbers[1]),
        pgid=int(numbers[2]),
        sid=int(numbers[3]),
    )


def read(output: str | os.PathLike[str]) -> Report:
    """The report in a file."""
    with open(output, encoding="utf-8", errors="surrogateescape") as file:
        return report(file.read())


def start(
    words: Sequence[str],
    environ: Mapping[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
    cwd: str | None = None,
) -> int:
    """Fork, run `before` in the child, exec; the exit code. Descriptors are inherited.

    glibc's posix_spawn, which subprocess may use, leaves signals 32 and 33 ignored: not here.
    """
    done = subprocess.run(
        list(words),
        env=None if environ is None else dict(environ),
        cwd=cwd,
        close_fds=False,
        preexec_fn=before,
        check=False,
    )
    return done.returncode


def direct(
    output: str,
    arguments: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    before: Callable[[], object] = lambda: None,
) -> Report:
    """The probe started without anything between, as the reference."""
    assert start(command(output, *arguments), environ, before) == 0
    return read(output)


def as_user(uid: int, folder: str | os.PathLike[str], body: Callable[[], object]) -> str:
    """What `body` returns, as text, in a child that is another user in that folder.

    The child imports nothing: the interpreter may lie where only root can read.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.setgroups([77])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writing, str(body()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        text = file.read()
    os.waitpid(child, 0)
    return text


def gone(pid: int) -> bool:
    """Whether the process ends by itself: a killed one takes a moment."""

    def ended() -> bool:
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return True

    return until(ended)


def _words(lines: Sequence[str]) -> tuple[bytes, ...]:
    raw = base64.b64decode("".join(lines))
    return tuple(raw.split(b"\0")[:-1])


def _mask(text: str) -> frozenset[int]:
    bits = int(text, 16)
    return frozenset(number for number in range(1, 65) if bits & 1 << (number - 1))
