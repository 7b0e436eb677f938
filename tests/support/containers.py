"""Images of Dockerfiles, really built, and started in namespaces of their own: by Debian's buildah,
which needs no daemon.

with store.built(text, context) as image, image.running(socket=folder) as container:
    ...

The bases are made here, as like as Debian can make them to what their names mean, and no registry
is asked. One thing is supplied while an image is built: a package index with the wheel of this
commit, and PyPI's packages of the versions in the locks.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support import machine
from tests.support.early import child_of
from tests.support.roots import PATH, debian
from tests.support.waiting import PATIENCE, until

HOME = Path(__file__).parent.parent.parent
CACHE = HOME / ".cache" / "images"
SOCKET = "/run/cycle/api"
PYTHON_ROOT = ("trixie", "python3", "python3-pip", "python3-venv", "pipx")
# What a base has beside the packages of its root. Debian's Python has its own folders; a virtual
# environment in /usr/local is as near to the official image as it comes: pip installs there. Where
# that has the standard library, this has a file that no Python compiles, as its tests have some.
_AS_OFFICIAL = """
python3 -m venv /usr/local
cp -r /job/unfit /usr/local/lib/python3.13/test
rm -rf /usr/local/lib/python3.13/site-packages/__pycache__
"""
_NODE = "apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs >/dev/null"
_APP = """
printf '#!/bin/sh\\necho "the app starts: $0 $*"\\n' >/usr/local/bin/app
chmod 755 /usr/local/bin/app
"""
# What slim images leave out, too.
_NEEDLESS = (
    *("usr/share/doc", "usr/share/locale", "usr/share/man", "var/lib/apt/lists"),
    "var/cache/apt/archives",
)
BASES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "python:3.13-slim": (PYTHON_ROOT, _AS_OFFICIAL),
    "debian:13-slim": (("trixie",), ""),
    "node:22-bookworm-slim": (("bookworm",), _NODE),
    "your/app": (("trixie",), _APP),
}
# In namespaces of its own, so that nothing stays mounted; the command is PID 1 there.
_ENTER = """
mount --make-rprivate /
root=$1 folder=$2 python=$3
while [ "$4" ]; do
    if [ -d "$4" ]; then mkdir -p "$root$5"; else : >>"$root$5"; fi
    mount --bind "$4" "$root$5"
    shift 2
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
"$python" -I -c "$5"
shift 5
exec unshare --root "$root" --wd "$folder" -- "$@"
"""
# What a network namespace lacks: to be run there by a Python.
LOOPBACK = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""


class Container(NamedTuple):
    """A started image, under way. log: what it says, out and err."""

    process: subprocess.Popen[str]
    log: Path
    environ: Mapping[str, str]
    health: list[str]

    @property
    def said(self) -> str:
        """Everything that was said so far."""
        return self.log.read_text()

    def says(self, words: str) -> None:
        """Wait for these words; fail where it ends without them."""
        assert until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, as `docker exec` does."""
        inside = ["nsenter", "--target", str(child_of(self.process)), "--all", "--root", "--wd"]
        return subprocess.run(
            [*inside, "--", *argv],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def is_healthy(self) -> bool:
        """Whether what HEALTHCHECK says succeeds, now."""
        kind, *words = self.health
        assert kind == "CMD", "a shell is started at each check"
        return self.run(*words).returncode == 0

    def stop(self) -> int:
        """Send TERM to PID 1, as `docker stop` does; return the exit code."""
        try:
            os.kill(child_of(self.process), signal.SIGTERM)
        except (AssertionError, OSError):
            assert self.process.poll() is not None
        return self.process.wait(PATIENCE)


class Image(NamedTuple):
    """A built image. root: its files, which a container may change."""

    root: Path
    config: Mapping[str, object]
    health: list[str]

    @property
    def environ(self) -> dict[str, str]:
        """What ENV says."""
        given = dict(each.split("=", 1) for each in self._words("Env"))
        return {"PATH": PATH, **given}

    @property
    def command(self) -> list[str]:
        """ENTRYPOINT and CMD."""
        return [*self._words("Entrypoint"), *self._words("Cmd")]

    def _words(self, name: str) -> list[str]:
        found = self.config.get(name) or []
        assert isinstance(found, list)
        return found

    @contextmanager
    def running(
        self,
        *words: str,
        mounts: Mapping[str, Path] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Iterator[Container]:
        """ENTRYPOINT and CMD, or other words; mounts: by their places inside."""
        machine.need_mounts()
        places = [str(each) for inside, from_ in (mounts or {}).items() for each in (from_, inside)]
        folder = str(self.config.get("WorkingDir") or "/")
        namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
        enter = ["unshare", *namespaces, "sh", "-euc", _ENTER, "sh", str(self.root), folder]
        python = os.path.realpath(sys.executable)
        variables = {**self.environ, **(environ or {})}
        with tempfile.TemporaryDirectory(prefix="cx-") as said:
            log = Path(said) / "log"
            with log.open("w") as file:
                process = subprocess.Popen(
                    [*enter, python, *places, "", LOOPBACK, *(words or self.command)],
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    text=True,
                )
            try:
                yield Container(process, log, variables, self.health)
            finally:
                process.kill()
                process.wait(PATIENCE)


class Store:
    """Images, kept in this tree. index: the wheels that pip finds while an image is built."""

    def __init__(self, index: Path) -> None:
        self._index = index
        CACHE.mkdir(parents=True, exist_ok=True)
        self._config = CACHE / "pip.conf"
        self._config.write_text("[global]\nno-index = true\nfind-links = /index\n")

    @contextmanager
    def built(self, dockerfile: str, context: Path, *names: str) -> Iterator[Image]:
        """Build an image of a Dockerfile's text and a folder. names: its other names, by which
        another Dockerfile may begin.
        """
        for name in _bases(dockerfile):
            self._base(name)
        tag = f"localhost/{os.getpid()}-{id(context)}"
        tags = [word for each in (tag, *names) for word in ("--tag", each)]
        index = [f"{self._index}:/index:ro", f"{self._config}:/etc/pip.conf:ro"]
        volumes = [word for each in index for word in ("--volume", each)]
        options = ["--pull-never", "--format", "docker", "--file", "-"]
        _buildah("build", *options, *tags, *volumes, str(context), given=dockerfile)
        try:
            with self._mounted(tag) as image:
                yield image
        finally:
            _buildah("rmi", "--force", *names, tag)

    @contextmanager
    def _mounted(self, tag: str) -> Iterator[Image]:
        told = json.loads(_buildah("inspect", "--type", "image", tag))
        check = told["Docker"]["config"].get("Healthcheck") or {}
        container = _buildah("from", "--pull-never", tag)
        try:
            root = Path(_buildah("mount", container))
            yield Image(root, told["OCIv1"]["config"], check.get("Test") or [])
        finally:
            _buildah("rm", container)

    def _base(self, name: str) -> None:
        """Make a base of this name, once; it stays."""
        packages, more = BASES[name]
        with _alone(name.replace("/", "-")):
            if _is_there(name):
                return
            root = debian(packages[0], *packages[1:])
            container = _buildah("from", "scratch")
            try:
                place = Path(_buildah("mount", container))
                subprocess.run(["cp", "-a", f"{root}/.", place], check=True)
                (place / "made").unlink()
                for each in _NEEDLESS:
                    shutil.rmtree(place / each, ignore_errors=True)
                if more:
                    self._prepare(container, place, more)
                _buildah("commit", "--quiet", container, name)
            finally:
                _buildah("rm", container)

    def _prepare(self, container: str, place: Path, script: str) -> None:
        unfit = place / "job" / "unfit"
        unfit.mkdir(parents=True)
        (unfit / "bad.py").write_text("print 'as in the tests of the standard library'\n")
        _buildah("run", container, "--", "sh", "-euc", script)
        shutil.rmtree(place / "job")


def _bases(dockerfile: str) -> list[str]:
    """Return what a Dockerfile begins with, and copies from, of what is made here."""
    words = dockerfile.replace("--from=", " ").split()
    return [name for name in BASES if name in words]


def _is_there(name: str) -> bool:
    return _run("inspect", "--type", "image", name).returncode == 0


def _buildah(*words: str, given: str | None = None) -> str:
    done = _run(*words, given=given)
    assert done.returncode == 0, f"buildah {' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def _run(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    places = ["--root", str(CACHE / "storage"), "--runroot", str(CACHE / "run")]
    places += ["--storage-driver", "vfs"]
    environ = {
        "PATH": PATH,
        "HOME": str(CACHE),
        "BUILDAH_ISOLATION": "chroot",
        "STORAGE_DRIVER": "vfs",
    }
    return subprocess.run(
        [machine.program("buildah"), *places, *words],
        env=environ,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time makes a base of this name."""
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wheels(folder: Path, locks: Sequence[str], more: Sequence[str] = ()) -> None:
    """Fetch what is locked, for Python 3.11 and 3.13. more: names in the lock of the tests."""
    text = (HOME / ".ci" / "requirements" / "dev.txt").read_text()
    rows = [f"{name}=={text.split(f'{name}==')[1].partition(' ')[0]}" for name in more]
    wanted = [word for name in locks for word in ("-r", f"{HOME}/.ci/requirements/{name}.txt")]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "-q",
        "--disable-pip-version-check",
        "download",
        "--no-deps",
    ]
    for version in ("3.11", "3.13"):
        fit = ["--python-version", version, "--only-binary", ":all:", "-d", str(folder)]
        for words in (wanted, rows):
            if words:
                subprocess.run([*pip, *fit, *words], check=True)
