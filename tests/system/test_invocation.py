import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.system import invocation

ROOT = str(Path(__file__).parents[2])
SHOW = f"""
import sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system import invocation
invocation.secure_standard_descriptors()
found = invocation.read()
import json, os
held = [os.readlink(f"/proc/self/fd/{{n}}") for n in (0, 1, 2)]
flags = [os.get_inheritable(n) for n in (0, 1, 2)]
text = json.dumps([found.argv, dict(found.environ), found.cwd, held, flags])
open(os.environ.get("OUT", "/dev/stdout"), "w").write(text)
"""


def shown(environ, *arguments, cwd="/", **options):
    words = [sys.executable, "-I", "-S", "-c", SHOW, *arguments]
    ran = subprocess.run(words, env=environ, cwd=cwd, stdout=subprocess.PIPE, check=True, **options)
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LANG": "C"},
        {"LANG": "C", "LC_CTYPE": "C"},
        {"LC_CTYPE": "POSIX"},
        {"LC_CTYPE": ""},
        {"LC_CTYPE": "C.UTF-8"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C.UTF-8", "LC_CTYPE": "C.UTF-8"},
    ],
)
def test_the_environment_is_that_of_entry(environ):
    """The LC_CTYPE that CPython sets for itself is not there, one that came in is unchanged."""
    assert shown(environ)[1] == environ


@pytest.mark.parametrize("environ", [{}, {"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}])
def test_bytes_survive_the_way_through_text(environ):
    """Whatever the locale, arguments and values give their bytes back."""
    argv, found, *_ = shown({**environ, b"N": b"\xe9\n"}, b"\xff", b"\xc3\xa9", b"")
    assert [invocation.encoded(word) for word in argv] == [b"\xff", b"\xc3\xa9", b""]
    assert invocation.encoded(found["N"]) == b"\xe9\n"


def test_entries_without_a_name_are_dropped(tmp_path):
    """The kernel allows them, getenv(3) never finds them."""
    out = str(tmp_path / "out")
    code = (
        "import ctypes, sys; v = (ctypes.c_char_p * 5)(b'=x', b'A=1', b'plain', sys.argv[1]"
        ".encode(), None); w = sys.argv[2:]; a = (ctypes.c_char_p * (len(w) + 1))("
        "*[x.encode() for x in w], None); ctypes.CDLL(None).execve(a[0], a, v)"
    )
    target = [sys.executable, "-I", "-S", "-c", SHOW]
    subprocess.run([sys.executable, "-c", code, f"OUT={out}", *target], check=True)
    assert json.loads(Path(out).read_text())[1] == {"A": "1", "OUT": out}


MISLEADING = {"PYTHONEXECUTABLE": "/x/python", "A": "1", "__PYVENV_LAUNCHER__": "/y/python"}


def test_what_an_isolated_python_obeys_passes_it_by_another_name():
    """And comes out as it went in, in its place."""
    hidden = invocation.for_interpreter({os.fsencode(k): b"v" for k in MISLEADING})
    assert list(hidden) == [b"\1YTHONEXECUTABLE", b"A", b"\1_PYVENV_LAUNCHER__"]
    found = shown({invocation.decoded(name): "v" for name in hidden})[1]
    assert list(found.items()) == [(name, "v") for name in MISLEADING]


@pytest.mark.parametrize("absolute", [True, False])
def test_the_interpreter_is_this_one_whatever_a_variable_says(absolute):
    """sys.executable is what PYTHONEXECUTABLE says; the next interpreter has to be found anyway."""
    code = (
        f"import sys; sys.path.insert(0, {ROOT!r})\n"
        "from cycle_exec.system import invocation\n"
        "print(sys.executable, invocation.interpreter('main', ['--version'])[:3])\n"
    )
    real = os.path.realpath(sys.executable)
    done = subprocess.run(
        [real if absolute else os.path.basename(real), "-I", "-S", "-c", code],
        env={"PYTHONEXECUTABLE": "/nowhere/python", "PATH": os.path.dirname(real)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # CPython obeys it up to 3.13 at least, also if it is isolated.
    assert done.stdout == f"/nowhere/python {[real, '-I', '-S']}\n"


def test_a_working_directory_that_was_removed_is_empty(tmp_path):
    """The run goes on: a command with an absolute path needs none."""
    (tmp_path / "gone").mkdir()

    def leave():
        os.rmdir(tmp_path / "gone")

    assert shown({}, cwd=tmp_path / "gone", preexec_fn=leave)[2] == ""
    assert shown({}, cwd=tmp_path)[2] == str(tmp_path)


def test_closed_standard_descriptors_get_a_placeholder(tmp_path):
    """A file of ours never lands on 0 to 2, and the app finds them closed as before."""
    out = str(tmp_path / "out")

    def close():
        for number in (0, 1, 2):
            os.close(number)

    words = [sys.executable, "-I", "-S", "-c", SHOW]
    subprocess.run(words, env={"OUT": out}, preexec_fn=close, check=True)
    assert json.loads(Path(out).read_text())[3:] == [["/dev/null"] * 3, [False] * 3]


def test_open_standard_descriptors_are_left_alone():
    """What was given is kept."""
    held, flags = shown({}, stdin=subprocess.DEVNULL)[3:]
    assert held[0] == "/dev/null"
    assert flags == [True] * 3
