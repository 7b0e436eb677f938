"""A reader who pastes a page, block after block, into one shell of a machine with nothing on it.

The machine has the programs of Debian that this one has, in /usr, and a Python; /etc, /home, /run,
/srv, /tmp, /var and the home directory are its own and empty. There is no cycle-exec, no platform,
no token, no network, and no variable is set but PATH and HOME.

ONE thing is supplied, in /etc/pip.conf: a package index with the wheel of this commit, and
PyPI's packages of the versions in the locks.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import machine
from tests.support.waiting import PATIENCE

_HOME = Path(__file__).parent.parent.parent
_CACHE = _HOME / ".cache" / "pages"
_MACHINES = _HOME / ".cache" / "machines"
_PATIENCE = 5 * PATIENCE  # a step may install
# What most pages begin with. Its result is the same for all of them, so it is done once.
INSTALL = (
    "python3 -m venv venv && . venv/bin/activate",
    "pip install -q 'cycle-exec[emulator]'",
)
_INSTALLED = "installed"
_CLONE = "cycle-exec"
_PYTHON = Path(sys.base_prefix)
_LOCKS = ("emulator", "build")
# Of the tests' lock: what pages install beside cycle-exec and its extras.
_PACKAGES = "bcrypt gunicorn iniconfig packaging pluggy pygments pytest pyyaml".split()
# What the wheel is made of.
_MADE_OF = ("cycle_exec/", "templates/", ".ci/", "pyproject.toml", "README.md", "docs/cycle-exec.1")
_CONFIG = "[global]\nno-index = true\nfind-links = /index\n"
_PLACES = ("dev", "home", "index", "proc", "root", "run", "srv", "tmp", "usr", "var/tmp")
# Debian's own in /etc: what makes its programs work, and nginx's, which is installed with it.
_COPIED = ("passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache", "nginx", "openvpn")
_LENT = ("alternatives", "ssl")
_NGINX = ("var/log/nginx", "var/lib/nginx")
_LOOPBACK = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
"""
# In namespaces of its own, so that nothing stays mounted or running; the shell is PID 1 there.
_ENTER = """
mount --make-rprivate /
root=$1 index=$2 python=$3
for place in /usr "$index:/index" "$python" /etc/alternatives /etc/ssl; do
    there=$root${place#*:}
    mount --bind "${place%%:*}" "$there"
    mount -o remount,ro,bind "$there"
done
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
"$python/bin/python3" -I -c "$4"
shift 4
exec chroot "$root" "$@"
"""
_STEP = "\037"
_END = "\036"


class Reader:
    """Use as a context. `run` is what pasting a line does."""

    def __init__(self, index: Path | None = None, *, hurries: bool = False) -> None:
        """index: instead of the one that is made once. hurries: whether the result of the first
        line of INSTALL is that of both, from another time.
        """
        _MACHINES.mkdir(parents=True, exist_ok=True)
        self.root = Path(tempfile.mkdtemp(dir=_MACHINES))
        self.root.chmod(0o755)
        self.home = self.root / "root"
        self._index = index or made()
        self._hurries = hurries
        self._layout()
        self._shell = self._start()
        self._steps = 0

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that runs there, and remove the machine."""
        self._shell.kill()
        self._shell.communicate()
        subprocess.run(["rm", "-rf", "--one-file-system", self.root], check=True)

    def run(self, command: str) -> tuple[int, str]:
        """Paste a line into the shell; return its exit code and what is printed, out and err."""
        self._steps += 1
        step = f"tmp/.step-{self._steps}"
        if command == INSTALL[0] and self._hurries and not (self.home / "venv").exists():
            known = self._index / _INSTALLED / "venv"
            # Links to files that nobody changes: pip and Python replace files as a whole.
            subprocess.run(["cp", "-al", known, self.home], check=True)
            command = ". venv/bin/activate"
        # $? is that of the line before, as at a prompt.
        (self.root / step).write_text(f"(exit ${{story_status:-0}})\n{command}\n")
        self._tell(f". /{step} </dev/null; story_status=$?; printf '{_STEP}%s{_END}' $story_status")
        text, _, status = self._heard().rpartition(_STEP)
        (self.root / step).unlink(missing_ok=True)
        return int(status), text

    def path(self, name: str) -> Path:
        """Where a file of the reader is for us; a relative name: in the home directory."""
        return self.root / name.lstrip("/") if name.startswith("/") else self.home / name

    def checkout(self) -> None:
        """Put a copy of this tree where `git clone` puts it."""
        for name in _tree():
            path = self.home / _CLONE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_HOME / name, path)

    def _layout(self) -> None:
        for name in (*_PLACES, *_NGINX, "etc", *(f"etc/{each}" for each in _LENT)):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / f".{_PYTHON}").mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").chmod(0o1777)
        (self.root / "var" / "run").symlink_to("../run")
        for name in ("bin", "lib", "lib64", "sbin"):
            if os.path.islink(f"/{name}"):
                (self.root / name).symlink_to(os.readlink(f"/{name}"))
        copied = [f"/etc/{name}" for name in _COPIED if os.path.exists(f"/etc/{name}")]
        subprocess.run(["cp", "-a", *copied, self.root / "etc"], check=True)
        (self.root / "etc" / "pip.conf").write_text(_CONFIG)

    def _start(self) -> subprocess.Popen[bytes]:
        machine.need_processes()
        namespaces = [*machine.PROCESSES, "--net"]
        namespaces.remove("--mount-proc")
        namespaces.insert(1, "--mount")
        path = f"{_PYTHON}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ["env", "-i", "--chdir=/root", f"PATH={path}", "HOME=/root"]
        enter = [*namespaces, "sh", "-euc", _ENTER, "sh"]
        places = [str(self.root), str(self._index), str(_PYTHON), _LOOPBACK]
        return subprocess.Popen(
            [*enter, *places, *inside, "bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _tell(self, line: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{line}\n".encode())
        self._shell.stdin.flush()

    def _heard(self) -> str:
        """Everything that is printed up to the end of a step."""
        assert self._shell.stdout is not None
        said = b""
        end = time.monotonic() + _PATIENCE
        while not said.endswith(_END.encode()):
            ready, _, _ = select.select([self._shell.stdout], [], [], end - time.monotonic())
            assert ready, f"it does not end: {said.decode(errors='replace')}"
            chunk = os.read(self._shell.stdout.fileno(), 65536)
            assert chunk, f"the shell has ended: {said.decode(errors='replace')}"
            said += chunk
        return said.decode(errors="replace").removesuffix(_END)


@functools.cache
def made() -> Path:
    """The package index, made once for all workers and runs of one state of the package.

    In it, as `installed`, what INSTALL leaves in an empty home directory.
    """
    key = hashlib.sha256(f"{_PYTHON} {sys.version}".encode())
    for path in _tree():
        if not path.startswith(_MADE_OF):
            continue
        key.update(f"{path}\0".encode() + (_HOME / path).read_bytes())
    folder = _CACHE / key.hexdigest()[:16]
    with _alone():
        if not (folder / _INSTALLED).exists():
            shutil.rmtree(_CACHE, ignore_errors=True)
            folder.mkdir(parents=True)
            _fill(folder)
            with Reader(folder) as reader:
                for line in INSTALL:
                    assert reader.run(line) == (0, ""), line
                (folder / _INSTALLED).mkdir()
                (reader.home / "venv").rename(folder / _INSTALLED / "venv")
    return folder


def _tree() -> list[str]:
    """The files of this tree, as git knows them."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=_HOME, capture_output=True, check=True)
    names = sorted(name for name in done.stdout.decode().split("\0") if name)
    return [name for name in names if (_HOME / name).is_file()]


def _fill(index: Path) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    text = _lock("dev").read_text()
    rows = [re.search(rf"^{name}==.*(?:\n .*)*", text, re.MULTILINE) for name in _PACKAGES]
    (index / "wanted.txt").write_text("\n".join(row[0] for row in rows if row))
    assert all(rows)
    for path in (*map(_lock, _LOCKS), index / "wanted.txt"):
        _done([*pip, "download", "--no-deps", "--require-hashes", "-d", index, "-r", path])
    _done([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", index, _HOME])


def _lock(name: str) -> Path:
    return _HOME / ".ci" / "requirements" / f"{name}.txt"


def _done(words: list[str | Path]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes it."""
    _CACHE.parent.mkdir(parents=True, exist_ok=True)
    with (_CACHE.parent / "pages.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
