"""Runs of the installed script in a controlled environment, and the ground they must not harm.

ground = Ground(tmp_path)
target = ground.target("app.conf", b"old")
ran = ground.launch(api, "--template", f"{ground.template('{{ nothing }}')}:{target}")
ground.refused(ran, 65, "template-undefined", "nothing is not defined")
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.support.hostile import CANARY, Hostile
from tests.support.waiting import PATIENCE, Stopwatch, Timed

SCRIPT = Path(sys.executable).with_name("cycle-exec")
PATH = os.defpath + ":/usr/sbin:/sbin"
_KIND = re.compile(r" \(([a-z-]+)\)$", re.MULTILINE)
_PR_CAPBSET_DROP = 24
_CAP_SETUID = 7
_PRIVILEGES = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2, "CAP_FOWNER": 3}


class Ran(NamedTuple):
    """How a run ended.

    code: minus the number for a signal. seconds: how long it took, without its waits for a
    processor; wall: with them.
    """

    code: int
    out: str
    err: str
    seconds: float
    wall: float

    @property
    def kinds(self) -> list[str]:
        """The kinds in brackets, one for each problem."""
        return _KIND.findall(self.err)


class Running:
    """A run under way."""

    def __init__(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        *,
        cwd: str | os.PathLike[str] | None = None,
        before: Callable[[], object] | None = None,
        through: Sequence[str] = (str(SCRIPT),),
    ) -> None:
        self._watch = Stopwatch()
        self.process = Timed(
            [*through, *words],
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=before,
        )

    def send(self, number: int) -> Running:
        """Send it a signal; the time counts from here."""
        self._watch = Stopwatch(self.process)
        self.process.send_signal(number)
        return self

    def finish(self, timeout: float = PATIENCE) -> Ran:
        """Wait for its end; kill it if it does not come."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        code, watch = self.process.returncode, self._watch
        return Ran(code, _text(out), _text(err), watch.seconds(self.process), watch.wall)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def launch(
    words: Sequence[str],
    environ: Mapping[str, str],
    *,
    cwd: str | os.PathLike[str] | None = None,
    before: Callable[[], object] | None = None,
) -> Ran:
    """Run the installed script with exactly this environment."""
    return Running(words, environ, cwd=cwd, before=before).finish()


def without_privileges() -> None:
    """For `before`: a root whose access follows modes, as any other user's does."""
    _drop(_PRIVILEGES.values())


def without_setuid() -> None:
    """For `before`: a root that can become nobody else."""
    _drop((_CAP_SETUID,))


def _drop(capabilities: Iterable[int]) -> None:
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in capabilities:
            if library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")


class Fact(NamedTuple):
    """All that is known of something on disk; folders have no content, links have their goal."""

    kind: int
    mode: int
    owner: tuple[int, int]
    inode: int
    links: int
    changed: int
    content: bytes


def photograph(folder: str | os.PathLike[str]) -> dict[str, Fact]:
    """Everything below a folder."""
    found = {}
    for here, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            path = os.path.join(here, name)
            status = os.lstat(path)
            content = b""
            if stat.S_ISREG(status.st_mode):
                content = Path(path).read_bytes()
            elif stat.S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(path))
            is_folder = stat.S_ISDIR(status.st_mode)
            found[os.path.normpath(path)] = Fact(
                kind=stat.S_IFMT(status.st_mode),
                mode=stat.S_IMODE(status.st_mode),
                owner=(status.st_uid, status.st_gid),
                inode=status.st_ino,
                links=0 if is_folder else status.st_nlink,
                changed=status.st_mtime_ns,
                content=content,
            )
    return found


class Ground:
    """A folder of targets, a folder of inputs, and an app that leaves a mark when it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ground"
        self.inputs = folder / "inputs"
        for each in (self.folder, self.inputs):
            each.mkdir()
        self._mark = folder / "started"
        self._before: dict[str, Fact] = {}
        self._secrets: list[str] = [CANARY]

    # What is there before a run

    def target(
        self, name: str, content: bytes = b"old\n", mode: int = 0o640, owner: int | None = None
    ) -> Path:
        """A target that exists, last changed long ago."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        if owner is not None and os.geteuid() == 0:
            os.chown(path, owner, owner)
        os.utime(path, ns=(1_600_000_000_123_456_789, 1_600_000_000_987_654_321))
        return path

    def template(self, text: str, name: str = "page.j2") -> Path:
        """A template among the inputs."""
        path = self.inputs / name
        path.write_text(text)
        return path

    def manifest(self, text: str, name: str = "manifest.toml") -> Path:
        """A manifest; @/ stands for the folder of targets, ~/ for the one of inputs."""
        path = self.inputs / name
        path.write_text(text.replace("@/", f"{self.folder}/").replace("~/", f"{self.inputs}/"))
        return path

    @property
    def app(self) -> tuple[str, ...]:
        """The words of the app."""
        return ("sh", "-c", f'echo "$$" >>"$0"; {self.script}', str(self._mark))

    script = "exit 0"
    # Variables of every run on this ground.
    always: Mapping[str, str] = MappingProxyType({})
    # The words that start cycle-exec.
    through: Sequence[str] = (str(SCRIPT),)

    # The run

    def environ(self, api: Hostile | None, **more: str) -> dict[str, str]:
        """The least environment of a launch."""
        given = {"CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket} if api else {}
        return {"PATH": PATH, **given, **self.always, **more}

    def start(
        self,
        api: Hostile | None,
        *options: str | os.PathLike[str],
        command: Iterable[str] | None = None,
        environ: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> Running:
        """Begin a run of the app, or of another command; remember how the ground was."""
        words = [*map(str, options), "--", *(self.app if command is None else command)]
        return self._start(api, words, environ, before)

    def _start(
        self,
        api: Hostile | None,
        words: Sequence[str],
        environ: Mapping[str, str] | None,
        before: Callable[[], object] | None,
    ) -> Running:
        if api is not None:
            self._secrets = api.secrets()
        self._before = photograph(self.folder)
        given = self.environ(api, **dict(environ or {}))
        return Running(words, given, cwd=self.inputs, before=before, through=self.through)

    def verb(
        self,
        api: Hostile | None,
        *words: str | os.PathLike[str],
        environ: Mapping[str, str] | None = None,
    ) -> Ran:
        """A whole run of these very words, which need not be a launch."""
        return self._start(api, [*map(str, words)], environ, None).finish()

    def launch(
        self,
        api: Hostile | None,
        *options: str | os.PathLike[str],
        command: Iterable[str] | None = None,
        environ: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> Ran:
        """A whole run."""
        running = self.start(api, *options, command=command, environ=environ, before=before)
        return running.finish()

    # What must be true after it

    @property
    def starts(self) -> int:
        """How often the app was started."""
        return len(self._mark.read_text().splitlines()) if self._mark.exists() else 0

    def refused(
        self,
        ran: Ran,
        code: int,
        kind: str,
        *words: str,
        also: Collection[str] = (),
        staged: bool = False,
    ) -> None:
        """The run refused with this code and kind, its words name these, and it did no harm.

        also: kinds that other problems may have. staged: whether it came as far as staging, which
        shows in the times of folders.
        """
        assert ran.code == code, ran
        assert kind in ran.kinds, ran
        assert set(ran.kinds) <= {kind, *also}, ran
        lines = ran.err.splitlines()
        assert 2 <= len(lines) <= 5, ran.err
        assert lines[0].startswith("cycle-exec: "), ran.err
        assert lines[-1].startswith("  fix: "), ran.err
        for word in words:
            assert word in ran.err, f"{word!r} is not in: {ran.err}"
        self.unharmed(ran, staged=staged)

    def stopped(self, ran: Ran, number: int, *, staged: bool = False) -> None:
        """A stop signal ended the run before the launch, and it did no harm."""
        name = signal.Signals(number).name
        expected = (128 + number, f"cycle-exec: stopped by {name} before the launch\n")
        assert (ran.code, ran.err) == expected, ran
        self.unharmed(ran, staged=staged)

    def unharmed(self, ran: Ran, *, staged: bool = False) -> None:
        """Nothing started, nothing changed, nothing on stdout, only printable ASCII, no secret."""
        assert ran.out == "", ran
        assert self.starts == 0, ran
        assert all(line.isascii() and line.isprintable() for line in ran.err.splitlines()), ran
        self.silent_about_secrets(ran)
        changes = self.changes(times=not staged)
        assert not changes, "\n".join(changes)

    def changes(self, *, times: bool = True) -> list[str]:
        """What is different from before the run, in words; times: those of folders, too."""
        found = photograph(self.folder)
        words = []
        for path in sorted(found.keys() | self._before.keys()):
            before, now = self._before.get(path), found.get(path)
            if before is None or now is None:
                words.append(f"{path} is {'new' if before is None else 'gone'}")
                continue
            if not times and now.kind == stat.S_IFDIR:
                now = now._replace(changed=before.changed)
            words.extend(
                f"{path}: {name} was {was!r}, is {is_now!r}"
                for name, was, is_now in zip(Fact._fields, before, now, strict=True)
                if was != is_now
            )
        return words

    def silent_about_secrets(self, ran: Ran) -> None:
        """No token, value or key is in what the run said."""
        for secret in self._secrets:
            assert secret not in ran.out + ran.err, f"a secret is in: {ran}"
