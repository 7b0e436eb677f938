"""The wheels, installed by pips of four years and by uv, wherever they put scripts: Python starts
with nothing of the image in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cycle_exec import __version__
from tests.packaging.conftest import HOME, Built, alone
from tests.support import machine
from tests.support.emulated import Emulated, emulated
from tests.support.roots import debian, foreign
from tests.support.stub import OWN, share_packages

pytestmark = pytest.mark.timeout(3600)
TOOLS = HOME / ".cache" / "installers"
PIPS = {
    "23.0": "b5f88adff801f5ef052bcdef3daa31b55eb67b0fccd6d0106c206fa248e0463c",
    "24.0": "ba0d021a166865d2265246961bec0152ff124de910c5cc39f1156ce3fa7c69dc",
    "25.1": "13b4aa0aaad055020a11bec8a1c2a70a2b2d080e12d89b962266029fff0a16ba",
    "26.0": "98436feffb9e31bc9339cf369fd55d3331b1580b6a6f1173bacacddcf9c34754",
}
# What editors check TOML with; the wheel for x86_64.
TAPLO = {"0.9.3": "33f12648f273478d7330cb3529c82f48f388501e1122e0bea78bce5ff5972b8b"}
POISON = "import os\nos.write(2, b'poisoned: c4n4ry\\n')\nos._exit(99)\n"
MODULES = "re os json sitecustomize usercustomize encodings click jinja2 cycle_exec".split()
STATE = 'token = "t"\n[variables]\nPLAIN = "plain"\n'


class Tool(NamedTuple):
    """pip of one version, or uv, in an environment of its own."""

    name: str
    version: str
    program: Path

    def install(self, python: Path, *words: str | Path) -> None:
        """Install into the interpreter's environment; no index is asked."""
        if self.name == "uv":
            start: list[str | Path] = [self.program, "pip", "install", "--python", python]
            if "--prefix" not in words and not (python.parent.parent / "pyvenv.cfg").exists():
                start.append("--break-system-packages")
        else:
            start = [self.program, "-m", "pip", "--python", python, "install"]
        done = subprocess.run(
            [*start, "--no-index", "--no-deps", *words],
            env={"PATH": os.defpath, "HOME": "/nonexistent", "UV_CACHE_DIR": str(TOOLS / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def fetched(name: str, version: str) -> Tool:
    """The tool, with its hash verified."""
    folder = TOOLS / f"{name}-{version}"
    with alone():
        if not (folder / "made").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            wanted: Path = HOME / ".ci" / "requirements" / "lock.txt"
            if name != "uv":
                wanted = folder / "wanted.txt"
                pinned = PIPS[version] if name == "pip" else TAPLO[version]
                wanted.write_text(f"{name}=={version} --hash=sha256:{pinned}\n")
            words = ["-m", "pip", "-q", "install", "--require-hashes", "-r", str(wanted)]
            subprocess.run([folder / "bin" / "python", *words], check=True)
            (folder / "made").touch()
    return Tool(name, version, folder / "bin" / ("python" if name == "pip" else name))


@pytest.fixture(scope="module", params=[*PIPS, "uv"])
def tool(request) -> Tool:
    """Each installer."""
    if request.param == "uv":
        return fetched("uv", "locked")
    return fetched("pip", request.param)


@pytest.fixture(scope="module")
def platform():
    """The platform."""
    with emulated(STATE) as running:
        yield running


@pytest.fixture
def poison(tmp_path) -> dict[str, str]:
    """Variables with which an image reaches a Python, and modules for them."""
    folder = tmp_path / "poison"
    folder.mkdir()
    for name in MODULES:
        (folder / f"{name}.py").write_text(POISON)
    return {
        "PYTHONPATH": str(folder),
        "PYTHONHOME": str(folder),
        "PYTHONINSPECT": "1",
        "PYTHONVERBOSE": "1",
        "PYTHONSTARTUP": str(folder / "re.py"),
        "PYTHONEXECUTABLE": str(folder / "bin" / "python3"),
        "a.b": "kept",
    }


def environment_of(platform: Emulated) -> dict[str, str]:
    """The least that a launch needs."""
    return {
        "PATH": os.defpath,
        "CYCLE_API_TOKEN": platform.token,
        "CYCLE_EXEC_SOCKET": platform.socket,
    }


def starts(script: Path | str, platform: Emulated, poison: dict[str, str]) -> None:
    """A launch and a verb work, and the app alone sees the image's variables."""
    environ = {**environment_of(platform), **poison}
    words = [script, "--", "env", "-0"]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("cycle-exec: ready in"), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    entries = dict(entry.split("=", 1) for entry in done.stdout.split("\0")[:-1])
    del environ["CYCLE_API_TOKEN"]
    assert entries == {**environ, "PLAIN": "plain"}
    words = [script, "--version"]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout.split()[:2] == ["cycle-exec", __version__], done.stderr


def venv(folder: Path) -> Path:
    """The interpreter of a new environment, with hostile .pth files beside what a launch needs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = next(folder.glob("lib/python3*/site-packages"))
    share_packages(packages)
    (packages / "ddtrace.pth").write_text(POISON.replace("\n", ";") + "\n")
    return folder / "bin" / "python"


def wheel(built: Built, folder: Path) -> tuple[str | Path, ...]:
    """All wheels of this version to choose from, as on an index."""
    for each in built.one.glob("*.whl"):
        shutil.copy(each, folder)
    return ("--find-links", folder, f"cycle-exec=={__version__}")


def test_in_a_virtual_environment(built, tool, tmp_path, platform, poison):
    """The installer chooses the wheel with the program; also below links, and as pipx does it."""
    # pip itself starts in this environment; what is hostile there comes later.
    python = venv(tmp_path / "venvs" / "cycle-exec")
    packages = next((tmp_path / "venvs").glob("*/lib/*/site-packages"))
    (packages / "ddtrace.pth").rename(tmp_path / "ddtrace.pth")
    tool.install(python, *wheel(built, tmp_path))
    (tmp_path / "ddtrace.pth").rename(packages / "ddtrace.pth")
    script = python.with_name("cycle-exec")
    assert script.read_bytes()[:4] == b"\x7fELF"
    assert script.stat().st_mode & 0o777 == 0o755
    starts(script, platform, poison)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cycle-exec").symlink_to("../venvs/cycle-exec/bin/cycle-exec")
    (tmp_path / "openvpn-auth").symlink_to(tmp_path / "bin" / "cycle-exec")
    starts(tmp_path / "openvpn-auth", platform, poison)


def test_in_a_python_of_its_own(built, tool, tmp_path, platform, poison):
    """As in /usr/local of an image: no virtual environment."""
    real = Path(os.path.realpath(sys.executable))
    root = tmp_path / "local"
    standard = root / "lib" / f"python3.{sys.version_info[1]}"
    (standard / "site-packages").mkdir(parents=True)
    (root / "bin").mkdir()
    for each in Path(sysconfig.get_path("stdlib")).iterdir():
        if each.name not in ("site-packages", "EXTERNALLY-MANAGED"):
            (standard / each.name).symlink_to(each)
    python = Path(shutil.copy(real, root / "bin" / real.name))
    tool.install(python, *wheel(built, tmp_path))
    (script,) = root.rglob("bin/cycle-exec")
    assert script.read_bytes()[:4] == b"\x7fELF"
    (package,) = root.rglob("cycle_exec/entry.py")
    share_packages(package.parent.parent)
    (package.parent.parent / "ddtrace.pth").write_text(POISON.replace("\n", ";") + "\n")
    starts(script, platform, poison)


def test_beside_no_interpreter(built, tool, tmp_path, platform, poison):
    """--prefix, and as well --user, with a Python that is in no folder of the system: the program
    starts the one that has installed it.
    """
    name = f"python3.{sys.version_info[1]}"
    python = tmp_path / "opt" / "bin" / name
    python.parent.mkdir(parents=True)
    python.symlink_to(os.path.realpath(sys.executable))
    root = tmp_path / "home"
    tool.install(python, *wheel(built, tmp_path), "--prefix", root)
    (script,) = root.rglob("bin/cycle-exec")
    (package,) = root.rglob("cycle_exec/entry.py")
    share_packages(package.parent.parent)
    starts(script, platform, poison)
    python.unlink()
    python.write_text("#!/bin/sh\necho the one that has installed it\n")
    python.chmod(0o755)
    done = subprocess.run([script], capture_output=True, text=True, check=False)
    assert done.stdout == "the one that has installed it\n"


def test_the_wheel_for_any_platform(built, tool, tmp_path, platform, poison):
    """Its script imports nothing before Python starts again; what runs before it is not stopped."""
    python = venv(tmp_path / "venv")
    packages = next((tmp_path / "venv").glob("lib/*/site-packages"))
    (packages / "ddtrace.pth").unlink()
    tool.install(python, built.file("any.whl"))
    script = python.with_name("cycle-exec")
    lines = script.read_text().splitlines()
    assert lines[0] == f"#!{python}"
    folder = Path(poison["PYTHONPATH"])
    for name in ("sitecustomize", "usercustomize", "encodings", "os"):
        (folder / f"{name}.py").unlink()
    for name in ("PYTHONHOME", "PYTHONVERBOSE", "PYTHONEXECUTABLE"):
        del poison[name]
    starts(script, platform, poison)


def test_a_wheel_for_any_platform_from_a_checkout(built, checkout, tmp_path, platform, poison):
    """`pip install .` needs no compiler; with CYCLE_EXEC_STUB it has one."""
    words = ["wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, checkout]
    for stub, path, ending in (("", "/nowhere", "any"), ("native", os.defpath, OWN)):
        environ = {"PATH": path, "CYCLE_EXEC_STUB": stub}
        subprocess.run([built.python, "-m", "pip", *words], env=environ, check=True)
        (made,) = tmp_path.glob(f"*{ending}.whl")
        with zipfile.ZipFile(made) as archive:
            head = archive.read(f"cycle_exec-{__version__}.data/scripts/cycle-exec")[:8]
        assert head == b"#!python" if ending == "any" else head[:4] == b"\x7fELF"
    for stub, words_of in (("native", "needs a C compiler"), ("vax", "set CC")):
        environ = {"PATH": "/nowhere" if stub == "native" else os.defpath, "CYCLE_EXEC_STUB": stub}
        done = subprocess.run(
            [built.python, "-m", "pip", *words],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert words_of in done.stdout + done.stderr


@pytest.fixture(params=["bookworm", "trixie"])
def root(request) -> Path:
    """A Debian with its own pip."""
    return debian(request.param, "python3", "python3-pip")


# In namespaces of its own; what is written into the root is gone afterwards.
_OVERLAY = """
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" none "$1/root"
mkdir -p "$1/root/job" "$1/root/run/cycle/api"
mount --bind "$3" "$1/root/job"
mount --bind "$4" "$1/root/run/cycle/api"
mount -t proc proc "$1/root/proc"
exec chroot "$1/root" sh -euc "$5"
"""


def in_debian(root: Path, work: Path, socket: Path, script: str, environ: dict[str, str]) -> str:
    """What a script prints in a Debian that forgets it."""
    machine.need_mounts()
    place = work.parent / "place"
    place.mkdir()
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    done = subprocess.run(
        [*unshare, "sh", "-euc", _OVERLAY, "sh", place, root, work, socket.parent, script],
        env={**environ, "PATH": f"/usr/local/bin:{os.defpath}:/usr/sbin:/sbin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "c4n4ry" not in done.stdout + done.stderr
    return done.stdout


# What a job needs of others is Debian's own, or lies where Debian's pip puts it.
_DEBIAN = """
pip install -q --break-system-packages --no-deps --no-index --root-user-action ignore /job/*.whl
test -f /usr/local/bin/cycle-exec
cp -r /job/packages/* /usr/lib/python3/dist-packages
ln -s /usr/local/bin/cycle-exec /root/hook
export PYTHONPATH=/job/poison PYTHONHOME=/job/poison PYTHONINSPECT=1 PYTHONVERBOSE=1
export PYTHONEXECUTABLE=/job/poison/bin/python3
cycle-exec --version
/root/hook -- env
"""


def test_by_the_pip_of_debian(built, root, tmp_path, platform, poison):
    """--break-system-packages: the script in /usr/local/bin, the interpreter in /usr/bin."""
    work = tmp_path / "job"
    (work / "packages").mkdir(parents=True)
    shutil.copy(built.file(f"{OWN}.whl"), work)
    shutil.copytree(poison["PYTHONPATH"], work / "poison")
    shutil.copytree(Path(sysconfig.get_path("purelib")) / "click", work / "packages" / "click")
    socket = Path(platform.socket)
    environ = {
        "CYCLE_API_TOKEN": platform.token,
        "CYCLE_EXEC_SOCKET": f"/run/cycle/api/{socket.name}",
        "a.b": "kept",
    }
    # The shell in between is this test's own, and drops the name with the dot.
    said = in_debian(root, work, socket, _DEBIAN, environ).splitlines()
    assert said[0].startswith(f"cycle-exec {__version__}")
    assert {"PLAIN=plain", "PYTHONHOME=/job/poison", "PYTHONVERBOSE=1"} <= set(said)


# The kernel starts programs for the other processor by qemu, in this namespace alone.
_EMULATED = r"""
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00'"$4"
mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
printf '%s' ":other:M::$magic:$mask:$3:F" >/proc/sys/fs/binfmt_misc/register
mount --rbind /proc "$1/proc"
mount --bind "$2" "$1/run/cycle/api"
root=$1
shift 4
exec chroot "$root" "$@"
"""
_MACHINES = {"aarch64": r"\xb7\x00", "x86_64": r"\x3e\x00"}


@pytest.fixture
def emulated_root(built, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs of the wheel for the other processor, in a Debian for it."""
    other = "aarch64" if OWN == "x86_64" else "x86_64"
    qemu = machine.find(f"qemu-{other}-static") or machine.program(f"qemu-{other}")
    root = tmp_path / "root"
    subprocess.run(["cp", "-a", foreign("trixie", other, "python3"), root], check=True)
    packages = root / "usr" / "local" / "lib" / "python3.13" / "dist-packages"
    with zipfile.ZipFile(built.file(f"{other}.whl")) as archive:
        for name in archive.namelist():
            if name.startswith("cycle_exec/"):
                archive.extract(name, packages)
        script = root / "usr" / "local" / "bin" / "cycle-exec"
        script.parent.mkdir(exist_ok=True)
        script.write_bytes(archive.read(f"cycle_exec-{__version__}.data/scripts/cycle-exec"))
        script.chmod(0o755)

    def run(socket: Path, environ: dict[str, str], *words: str):
        unshare = ["unshare", "--user", "--map-root-user", "--mount"]
        start = ["sh", "-euc", _EMULATED, "sh", root, socket.parent, qemu, _MACHINES[other]]
        return subprocess.run(
            [*unshare, *start, *words],
            env={**environ, "PATH": f"/usr/local/bin:{os.defpath}:/usr/sbin:/sbin"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_on_the_other_processor(emulated_root, platform, poison):
    """Its own Python 3.13 of Debian, with everything hostile."""
    machine.need_mounts()
    socket = Path(platform.socket)
    del poison["a.b"]  # which the shell that enters the root would drop
    environ = {**environment_of(platform), **poison}
    environ["CYCLE_EXEC_SOCKET"] = f"/run/cycle/api/{socket.name}"
    done = emulated_root(socket, environ, "cycle-exec", "--", "env", "-0")
    assert done.returncode == 0, done.stderr
    entries = dict(entry.split("=", 1) for entry in done.stdout.split("\0")[:-1])
    assert entries.items() >= poison.items()
    assert entries["PLAIN"] == "plain"
