"""`.ci/stub/main.c`, compiled for both processors: which interpreter it starts, and with what.

The interpreter here is a program that writes down what it got. The program for aarch64 runs under
qemu, which passes its execve on to this machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from cycle_exec.system import invocation
from tests.support import machine
from tests.support.stub import OWN, compiled

FAKE = r"""
#include <string.h>
#include <unistd.h>

extern char **environ;

int
main(int argc, char **argv)
{
    for (int n = 0; n < argc; n++) {
        write(1, argv[n], strlen(argv[n]) + 1);
    }
    write(1, "\2", 2);
    for (char **entry = environ; *entry; entry++) {
        write(1, *entry, strlen(*entry) + 1);
    }
    return 42;
}
"""
# One that knows no duplicates would show none.
EXECUTE = """
import ctypes, sys
count = int(sys.argv[1])
words, entries = sys.argv[2 : 2 + count], sys.argv[2 + count :]
def block(given):
    raw = [each.encode("utf-8", "surrogateescape") for each in given]
    return (ctypes.c_char_p * (len(raw) + 1))(*raw, None)
ctypes.CDLL(None).execve(words[0].encode(), block(words), block(entries))
"""


class Ran(NamedTuple):
    """What the stub started, and the words after the interpreter's options."""

    code: int
    err: str
    words: list[bytes]
    environ: list[bytes]


class Stub(NamedTuple):
    """A program for one processor, and what runs it."""

    program: Path
    runner: tuple[str, ...]
    fake: Path

    def install(self, root: Path, package: str = "lib/python3.11/site-packages") -> Path:
        """Put the stub and a package below root, no interpreter."""
        (root / package / "cycle_exec").mkdir(parents=True)
        (root / "bin").mkdir(exist_ok=True)
        return Path(shutil.copy(self.program, root / "bin" / "cycle-exec"))

    def interpreter(self, path: Path) -> Path:
        """Put the program that writes down what it got there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(self.fake, path))

    def run(self, file: Path | str, *words: str, environ: tuple[str, ...] = (), **options) -> Ran:
        """Start it with exactly this environment."""
        command = [*self.runner, str(file), *words]
        return self.started(
            [sys.executable, "-I", "-c", EXECUTE, str(len(command)), *command, *environ], **options
        )

    def inside(self, root: Path, file: str) -> Ran:
        """Start it in a root of its own, which has neither /proc nor /dev."""
        runner = []
        if self.runner:
            shutil.copy(self.runner[0], root / "qemu")
            runner = ["/qemu"]
        return self.started([*machine.MOUNTS, "chroot", str(root), *runner, file])

    def started(self, command: list[str], **options) -> Ran:
        """What the interpreter got, of a command that starts the stub."""
        done = subprocess.run(command, capture_output=True, check=False, **options)
        argv, _, rest = done.stdout.partition(b"\2\0")
        err = done.stderr.decode()
        return Ran(done.returncode, err, argv.split(b"\0")[:-1], rest.split(b"\0")[:-1])


@pytest.fixture(scope="session")
def programs(tmp_path_factory) -> Path:
    """Both programs."""
    folder: Path = tmp_path_factory.mktemp("stub")
    for processor in ("x86_64", "aarch64"):
        compiled(folder, processor)
    return folder


@pytest.fixture(params=["x86_64", "aarch64"])
def stub(request, programs, tmp_path) -> Stub:
    """The program for each processor."""
    (tmp_path / "fake.c").write_text(FAKE)
    words = ["gcc", "-static", "-w", tmp_path / "fake.c", "-o", tmp_path / "fake"]
    subprocess.run(words, check=True)
    runner: tuple[str, ...] = ()
    if request.param != OWN:
        name = f"qemu-{request.param}"
        runner = (machine.find(f"{name}-static") or machine.program(name),)
    return Stub(programs / f"cycle-exec.{request.param}", runner, tmp_path / "fake")


def test_it_is_small_and_static(stub):
    """A few kilobytes, without a dynamic linker."""
    content = stub.program.read_bytes()
    assert len(content) < 16_000
    assert b"ld-linux" not in content


def test_the_words_and_the_interpreter(stub, tmp_path):
    """-I and -S, the folder of the package, the signal mask, then every argument as it came."""
    file = stub.install(tmp_path / "venv")
    python = stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    ran = stub.run(file, "--", "a b", "", "\udcff", "-c")
    assert ran.code == 42, ran.err
    assert ran.words[:4] == [bytes(python), b"-I", b"-S", b"-c"]
    # By which `health` knows a launch.
    assert ran.words[4].decode() == invocation.boots("main")
    home = bytes(tmp_path / "venv" / "lib" / "python3.11" / "site-packages")
    assert ran.words[5:] == [home, b"0" * 16, b"--", b"a b", b"", b"\xff", b"-c"]


def test_the_signals_that_were_blocked_before(stub, tmp_path):
    """As the kernel has them: bit 0 is signal 1."""
    file = stub.install(tmp_path / "venv")
    stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    numbers = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTSTP)
    ran = stub.run(file, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, numbers))
    assert int(ran.words[6], 16) == sum(1 << (number - 1) for number in numbers)


ENTRIES = (
    *("PATH=/usr/bin:/bin", "a.b=dropped by a shell", "TWICE=1", "TWICE=2", "EMPTY="),
    *("=nameless", "plain", "BASH_FUNC_x%%=() { :; }", "RAW=\udcff\udcfe", "PWD=/somewhere else"),
    *("NEWLINE=a\nb", "PYTHONPATH=/nowhere", "PYTHONHOME=/nowhere", "PYTHONEXECUTABLES=not it"),
)


def test_the_environment_is_the_same_byte_for_byte(stub, tmp_path):
    """Also what a shell would drop, change or run: names with dots, duplicates, order."""
    file = stub.install(tmp_path / "venv")
    stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    ran = stub.run(file, environ=ENTRIES)
    expected = [os.fsencode(entry) for entry in ENTRIES]
    if stub.runner:
        # qemu itself keeps neither order nor duplicates, nor what has no name.
        wanted = {each for each in expected if each[:1] not in b"=p" and each[:6] != b"TWICE="}
        assert wanted <= set(ran.environ)
        assert len(ran.environ) <= len(expected)
    else:
        assert ran.environ == expected


def test_what_python_obeys_although_it_is_isolated(stub, tmp_path):
    """Two variables pass by names that mean nothing to it, in their places."""
    file = stub.install(tmp_path / "venv")
    stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    entries = ("A=1", "PYTHONEXECUTABLE=/x/python", "__PYVENV_LAUNCHER__=/y/python", "B=2")
    ran = stub.run(file, environ=entries)
    expected = [b"A=1", b"\1YTHONEXECUTABLE=/x/python", b"\1_PYVENV_LAUNCHER__=/y/python", b"B=2"]
    assert sorted(ran.environ) == sorted(expected)
    if not stub.runner:
        assert ran.environ == expected


@pytest.mark.parametrize("link", ["absolute", "relative", "two", "folder"])
def test_through_links(stub, tmp_path, link):
    """What counts is where the file is, not what it is called or what is beside the link."""
    file = stub.install(tmp_path / "venv")
    python = stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    (tmp_path / "hooks" / "bin").mkdir(parents=True)
    for trap in ("python3.11", "python3", "python"):
        stub.interpreter(tmp_path / "hooks" / "bin" / trap)
    called = tmp_path / "hooks" / "bin" / "openvpn-auth"
    match link:
        case "absolute":
            called.symlink_to(file)
        case "relative":
            called.symlink_to("../../venv/bin/cycle-exec")
        case "two":
            (tmp_path / "hooks" / "cycle-exec").symlink_to(file)
            called.symlink_to("../cycle-exec")
        case _:
            (tmp_path / "linked").symlink_to(tmp_path / "venv")
            called = tmp_path / "linked" / "bin" / "cycle-exec"
    ran = stub.run(called)
    assert ran.words[:1] == [bytes(python)], ran.err


def test_called_by_a_relative_name(stub, tmp_path):
    """And with an argv[0] that is none of its names."""
    file = stub.install(tmp_path / "venv")
    python = stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    ran = stub.run("bin/cycle-exec", cwd=tmp_path / "venv")
    assert ran.words[:1] == [bytes(python)], ran.err
    if stub.runner:
        ran = stub.started([*stub.runner, "-0", "nonsense", str(file)])
    else:
        ran = stub.started(["nonsense"], executable=file)
    assert ran.words[:1] == [bytes(python)], ran.err


def test_the_newest_python_that_has_package_and_interpreter(stub, tmp_path):
    """An upgrade leaves packages of a Python that is gone."""
    root = tmp_path / "usr"
    file = stub.install(root, "lib/python3.9/site-packages")
    for name in ("python3.11", "python3.12", "python3.13t", "python3.14"):
        (root / "lib" / name / "site-packages").mkdir(parents=True)
    for name in ("python3.11", "python3.12", "python3.13t"):
        (root / "lib" / name / "site-packages" / "cycle_exec").mkdir()
    for name in ("python3.9", "python3.11", "python3.12", "python3.14"):
        stub.interpreter(root / "bin" / name)
    ran = stub.run(file)
    assert ran.words[0] == bytes(root / "bin" / "python3.12"), ran.err
    assert ran.words[5] == bytes(root / "lib" / "python3.12" / "site-packages")


def test_a_virtual_environment_without_the_long_name(stub, tmp_path):
    """python3 of its own is as good; elsewhere it could be any version's."""
    file = stub.install(tmp_path / "venv", "lib/python3.99/site-packages")
    python = stub.interpreter(tmp_path / "venv" / "bin" / "python3")
    assert stub.run(file).code == 78
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    assert stub.run(file).words[:1] == [bytes(python)]


def test_a_file_that_is_no_interpreter_is_passed_over(stub, tmp_path):
    """A link that leads nowhere, a file that cannot be executed."""
    file = stub.install(tmp_path / "venv")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "venv" / "bin" / "python3.11").symlink_to("/nowhere/python3.11")
    (tmp_path / "venv" / "bin" / "python3").write_text("no program")
    python = stub.interpreter(tmp_path / "venv" / "bin" / "python")
    assert stub.run(file).words[:1] == [bytes(python)]


LAYOUTS = {
    # Where the script and the package are, and which interpreter is theirs.
    "debian": ("/usr/local", "lib/python3.11/dist-packages", "/usr/bin/python3.11"),
    "own": ("/usr/local", "lib/python3.11/site-packages", "/usr/local/bin/python3.11"),
    "fedora": ("/usr/local", "lib/python3.12/site-packages", "/usr/bin/python3.12"),
    "distribution": ("/usr", "lib/python3/dist-packages", "/usr/bin/python3"),
    "user": ("/home/u/.local", "lib/python3.12/site-packages", "/usr/bin/python3.12"),
    "prefix": ("/opt/x/local", "lib/python3.11/dist-packages", "/usr/bin/python3.11"),
    "target": ("/opt/app", "", "/usr/local/bin/python3"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_a_system(stub, tmp_path, layout):
    """Where pip puts scripts beside no interpreter: the system's, by its full version. There is no
    /proc in this root.
    """
    machine.need_mounts()
    prefix, package, expected = LAYOUTS[layout]
    root = tmp_path / "root"
    stub.install(root / prefix[1:], package)
    for path in ("usr/bin/python3.11", "usr/bin/python3.12", "usr/bin/python3"):
        stub.interpreter(root / path)
    for path in ("usr/local/bin/python3.11", "usr/local/bin/python3"):
        stub.interpreter(root / path)
    ran = stub.inside(root, f"{prefix}/bin/cycle-exec")
    assert ran.words[:1] == [expected.encode()], ran.err
    assert ran.words[5] == f"{prefix}/{package}".rstrip("/").encode()


@pytest.mark.parametrize("package", ["lib/python3.99/site-packages", ""])
def test_the_interpreter_that_has_installed_it(stub, tmp_path, package):
    """Where no other is: `pip install --user`, `--prefix` and `--target` of a Python in /opt, of
    pyenv or of uv. Installers write its path into cycle-exec-python.
    """
    file = stub.install(tmp_path / "home", package)
    name = "python3.99" if package else "python3"
    python = stub.interpreter(tmp_path / "a b" / "bin" / name)
    note = file.with_name("cycle-exec-python")
    if package:
        assert stub.run(file).code == 78
    note.write_text(f"#!{python.with_name('python')}\n# more\n")
    assert stub.run(file).words[:1] == [bytes(python)]
    # Beside the program is nearer.
    beside = stub.interpreter(file.with_name(name))
    assert stub.run(file).words[:1] == [bytes(beside)]


@pytest.mark.parametrize(
    "line",
    [
        *("", "#!python\n", "#! /opt/bin/python3.99\n", "#!/\n", "#!/bin/sh\n", "/opt/python\n"),
        *("#!../bin/python3.99\n", "#!/nowhere/python3.99", "#!/" + "x" * 5000, "\0" * 5000),
    ],
)
def test_a_note_that_names_no_interpreter(stub, tmp_path, line):
    """An uv that makes relocatable scripts writes a shell's line; others may be cut short."""
    file = stub.install(tmp_path / "home", "lib/python3.99/site-packages")
    file.with_name("cycle-exec-python").write_text(line)
    assert stub.run(file).code == 78


@pytest.mark.parametrize("spoil", ["directory", "above", "file", "real file", "link"])
@pytest.mark.parametrize("how", ["mode", "owner"])
def test_a_note_that_leads_where_others_can_write(stub, tmp_path, spoil, how):
    """An image may have been built in a directory of /tmp that is gone, for anybody to make."""
    if how == "owner" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    real = stub.interpreter(tmp_path / "opt" / "real" / "python")
    python = tmp_path / "opt" / "py" / "bin" / "python3.99"
    python.parent.mkdir(parents=True)
    if spoil in ("real file", "link"):
        python.symlink_to(real)
    else:
        shutil.copy(real, python)
    file = stub.install(tmp_path / "home", "lib/python3.99/site-packages")
    file.with_name("cycle-exec-python").write_text(f"#!{python}\n")
    assert stub.run(file).words[:1] == [bytes(python)]
    spoilt = {
        "directory": python.parent,
        "above": python.parent.parent,
        "file": python,
        "real file": real,
        "link": python,
    }[spoil]
    if how == "owner":
        os.lchown(spoilt, 1234, 1234)
    elif spoil == "link":
        python.parent.chmod(0o1777)  # where a link of our own is safe
        assert stub.run(file).words[:1] == [bytes(python)]
        python.parent.chmod(0o777)
    else:
        spoilt.chmod(0o777)
    assert stub.run(file).code == 78


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_a_note_that_is_no_file(stub, tmp_path, kind):
    """It is passed over, and nothing waits for it."""
    file = stub.install(tmp_path / "home", "lib/python3.99/site-packages")
    note = file.with_name("cycle-exec-python")
    os.mkfifo(note) if kind == "fifo" else note.mkdir()
    assert stub.run(file).code == 78


@pytest.mark.parametrize("link", ["/venv/bin/cycle-exec", "../venv/bin/cycle-exec"])
def test_links_without_proc(stub, tmp_path, link):
    """In a chroot, as OpenVPN makes one: along the links."""
    machine.need_mounts()
    root = tmp_path / "root"
    stub.install(root / "venv")
    stub.interpreter(root / "venv" / "bin" / "python3.11")
    (root / "hooks").mkdir()
    (root / "hooks" / "auth").symlink_to(link)
    ran = stub.inside(root, "/hooks/auth")
    assert ran.code == 42, ran.err
    assert os.path.normpath(ran.words[0]) == b"/venv/bin/python3.11"


def test_no_interpreter(stub, tmp_path):
    """Two lines: what is missing, and the way out; a code that OpenVPN takes for a rejection."""
    root = tmp_path / "b\033ad"
    file = stub.install(root, "lib/python3.99/site-packages")
    ran = stub.run(file)
    assert (ran.code, ran.words) == (78, [])
    told, fix = ran.err.splitlines()
    assert told.startswith("cycle-exec: ")
    assert "/b?ad/bin/cycle-exec: no Python interpreter" in told
    assert told.endswith("(file-missing)")
    assert fix.startswith("  fix: ")


def test_no_package(stub, tmp_path):
    """An interpreter alone is none of ours, wherever it is."""
    file = stub.install(tmp_path / "bin", "other")
    stub.interpreter(tmp_path / "bin" / "bin" / "python3.11")
    stub.interpreter(tmp_path / "bin" / "bin" / "python3")
    assert stub.run(file).code == 78


def test_a_package_beside_any_folder_is_none_of_ours(stub, tmp_path):
    """A file that was copied into /tmp takes nothing from beside it."""
    file = stub.install(tmp_path / "venv")
    (tmp_path / "cycle_exec").mkdir()
    (tmp_path / "copied").mkdir()
    copied = shutil.copy(file, tmp_path / "copied" / "cycle-exec")
    stub.interpreter(tmp_path / "copied" / "python3")
    assert stub.run(copied).code == 78


def test_an_interpreter_that_cannot_be_started(stub, tmp_path):
    """What the kernel refuses is said, too."""
    file = stub.install(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python3.11"
    python.write_bytes(b"\x7fELF, but broken")
    python.chmod(0o755)
    ran = stub.run(file)
    assert ran.code == 78
    assert "bin/python3.11: the interpreter cannot be started (file-missing)" in ran.err


def test_paths_of_any_length(stub, tmp_path):
    """Up to the kernel's limit."""
    for count in (180, 500, 3700):
        root = tmp_path / str(count)
        while len(str(root)) + 200 < count:
            root /= "d" * 180
        file = stub.install(root)
        python = stub.interpreter(root / "bin" / "python3.11")
        assert stub.run(file).words[:1] == [bytes(python)]


def test_many_words(stub, tmp_path):
    """As many as the kernel allows, on the small stack of a container."""
    file = stub.install(tmp_path / "venv")
    stub.interpreter(tmp_path / "venv" / "bin" / "python3.11")
    words = [f"{n}" for n in range(50_000)]
    ran = stub.run(file, *words)
    assert ran.code == 42, ran.err
    assert ran.words[7:] == [word.encode() for word in words]
