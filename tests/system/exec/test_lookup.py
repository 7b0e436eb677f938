import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.errors import Problem
from cycle_exec.system.exec import lookup
from tests.support import machine

PATH = os.environ.get("PATH", "/usr/bin:/bin")
TRUE = shutil.which("true") or "/bin/true"


def place(path, content=b"#!/bin/sh\n", mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def judged(command, path=PATH, cwd="/"):
    """(kind, reason) of the problem."""
    found = lookup.find(str(command), path, str(cwd))
    assert isinstance(found, Problem), found
    assert found.way_out
    return found.kind, found.reason


@pytest.mark.parametrize("path", [PATH, None])
def test_a_program_on_the_path_is_found(path):
    """Also without PATH, where execvp takes /bin:/usr/bin."""
    found = lookup.find("sh", path, "/")
    assert isinstance(found, str)
    assert found.endswith("/sh")


def test_the_first_that_can_be_executed_wins(tmp_path):
    """Folders, files without x and scripts without interpreter are passed over, as execvp does."""
    (tmp_path / "1/app").mkdir(parents=True)
    place(tmp_path / "2/app", mode=0o644)
    place(tmp_path / "3/app", b"#!/no/such/interpreter\n")
    good = place(tmp_path / "4/app")
    place(tmp_path / "5/app")
    path = ":".join(str(tmp_path / name) for name in "012345")
    assert lookup.find("app", path, "/") == str(good)


def test_the_choice_is_that_of_execvp(tmp_path):
    """For the same PATH the kernel's caller starts the same file."""
    place(tmp_path / "1/app", mode=0o644)
    place(tmp_path / "2/app", b'#!/bin/sh\necho "$0"\n')
    place(tmp_path / "3/app", b"#!/bin/sh\necho wrong\n")
    path = ":".join(str(tmp_path / name) for name in "123")
    ran = subprocess.run(
        [sys.executable, "-c", "import os; os.execvp('app', ['app'])"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == lookup.find("app", path, "/")


def test_a_word_with_a_slash_and_empty_path_elements_start_at_cwd(tmp_path):
    """Relative results are left relative: the app's $0 is what a direct exec would give."""
    place(tmp_path / "app")
    place(tmp_path / "bin/app")
    assert lookup.find("./app", "/none", str(tmp_path)) == "./app"
    assert lookup.find("app", "/none:", str(tmp_path)) == "app"
    assert lookup.find("app", "", str(tmp_path)) == "app"
    assert lookup.find("app", "bin", str(tmp_path)) == "bin/app"


def test_what_is_nowhere_is_not_found(tmp_path):
    """127, and the words say where it was looked for without showing the variable."""
    kind = "command-not-found"
    assert judged("no-app", "/a:/b") == (kind, "it is not in any of the 2 directories of PATH")
    assert judged("no-app", "/a") == (kind, "it is not in the only directory of PATH")
    assert judged("./no-app") == (kind, "there is no such file")
    assert judged("/bin/sh/app") == (kind, "/bin/sh is not a directory")
    assert judged("/no/such/app") == (kind, "there is no directory /no")
    assert judged("") == (kind, "it is empty")
    assert judged("n" * 5000)[0] == kind


@pytest.mark.parametrize("command", ["nginx -g 'daemon off;'", "/bin/sh -c x"])
def test_a_command_with_its_arguments_in_one_word_is_told_so(command):
    """As a string in the brackets of CMD is, or quotes around everything."""
    problem = lookup.find(command, "/bin", "/")
    assert isinstance(problem, Problem)
    assert problem.fix == "write the program and each argument as a word of its own"


SCRIPTS = [
    (b"", 0o755, "{file} is empty"),
    (b"#!/bin/sh\n", 0o644, "{file} is not executable for user {uid} (mode 0644)"),
    (b"echo hello\n", 0o755, "{file} is neither a program nor a script with a #! line"),
    (b"#!\n", 0o755, "the #! line of {file} has no interpreter"),
    (b"#!/bin/sh\r\n", 0o755, "the #! line of {file} ends in a carriage return"),
    (b"#!/bin/sh -e\r\n", 0o755, "the #! line of {file} ends in a carriage return"),
    (b"#! /no/shell -e\n", 0o755, "{file} needs /no/shell, which is not in the image"),
    (b"#!/usr/bin/env no-py\n", 0o755, "{file} needs no-py, which is not in PATH"),
    (b"#!/etc\n", 0o755, "{file} needs /etc: /etc is a directory"),
]


@pytest.mark.parametrize(("content", "mode", "reason"), SCRIPTS)
def test_a_file_that_cannot_be_executed_is_told_why(tmp_path, content, mode, reason):
    """126, each cause in its own words, by path and by name."""
    file = place(tmp_path / "app", content, mode)
    reason = reason.format(file=file, uid=os.geteuid())
    assert judged(file) == ("command-not-executable", reason)
    assert judged("app", f"/none:{tmp_path}:{PATH}") == ("command-not-executable", reason)
    with pytest.raises((OSError, subprocess.CalledProcessError)):
        subprocess.run([file], check=True, capture_output=True)


@pytest.mark.parametrize(
    "content",
    [
        b"#!/bin/sh\n",
        b"#! /bin/sh -e\n",
        b"#!\t/bin/sh\t-e \n",
        b"#!/bin/sh",
        b"#!/usr/bin/env sh\n",
        b"#!/usr/bin/env -S sh -e\n",
        b"#!/bin/sh\0rubbish\n",
    ],
)
def test_what_the_kernel_starts_is_not_refused(tmp_path, content):
    """Every spelling of a #! line that works passes, and it does work."""
    file = place(tmp_path / "app", content)
    assert lookup.find(str(file), PATH, "/") == str(file)
    assert subprocess.run([file], check=False).returncode == 0


def test_scripts_may_be_interpreted_by_scripts(tmp_path):
    """As deep as the kernel follows, and their faults are found there too."""
    inner = place(tmp_path / "inner", b"#!/bin/sh\n")
    outer = place(tmp_path / "outer", f"#!{inner}\n".encode())
    assert lookup.find(str(outer), PATH, "/") == str(outer)
    loop = tmp_path / "loop"
    place(loop, f"#!{loop}\n".encode())
    assert judged(loop)[0] == "command-not-executable"
    inner.chmod(0o644)
    assert judged(outer)[1].startswith(f"{outer} needs {inner}: {inner} is not executable")


def test_a_folder_is_not_executable(tmp_path):
    """Named by its path; a shell says 126 as well."""
    assert judged(tmp_path) == ("command-not-executable", f"{tmp_path} is a directory")


def changed(tmp_path, change):
    """A copy of a real program with some bytes changed."""
    content = bytearray(Path(TRUE).read_bytes())
    change(content)
    return place(tmp_path / "program", bytes(content))


def test_a_real_program_passes(tmp_path):
    """Dynamic or static, as the machine has them."""
    assert lookup.find(str(changed(tmp_path, lambda content: None)), PATH, "/")
    assert lookup.find(sys.executable, PATH, "/") == sys.executable


def test_a_program_without_its_loader_is_told(tmp_path):
    """The classic: a glibc program in a musl image is `not found` though it is there."""
    with open(TRUE, "rb") as file:
        found = lookup.program(file.fileno())
    assert found is not None
    _, loader = found
    if not loader:
        pytest.skip("the programs of this machine are static")
    other = loader[:-1] + b"~"

    def change(content):
        start = content.index(loader + b"\0")
        content[start : start + len(loader)] = other

    file = changed(tmp_path, change)
    kind, reason = judged(file)
    assert kind == "command-not-executable"
    assert reason == f"{file} needs the loader {other.decode()}, which is not in the image"


@pytest.mark.skipif(lookup.other_formats(), reason="this kernel has been taught other formats")
def test_a_program_of_another_machine_is_told(tmp_path):
    """An arm64 image on amd64, or the other way round, is known before the fetch."""
    other = 62 if lookup.own_machine() != 62 else 183

    def change(content):
        content[18:20] = other.to_bytes(2, "little")

    kind, reason = judged(changed(tmp_path, change))
    assert kind == "command-not-executable"
    assert f"is built for {lookup.machine_name(other)}, this machine is" in reason


@pytest.mark.parametrize("length", [4, 20, 63, 64, 100, 200])
def test_a_truncated_program_is_damaged(tmp_path, length):
    """A copy that ended early is told, and never a traceback."""
    file = place(tmp_path / "app", Path(TRUE).read_bytes()[:length])
    assert judged(file) == ("command-not-executable", f"{file} is a damaged program")


def test_a_static_program_passes():
    """A program without a loader needs none."""
    static = machine.program("catatonit")
    with open(static, "rb") as file:
        found = lookup.program(file.fileno())
    assert found is not None
    assert not found[1]
    assert lookup.find(static, None, "/") == static
