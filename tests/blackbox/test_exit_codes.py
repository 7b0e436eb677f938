"""Every exit code and every kind of refusal, from the outside: the installed script, its words,
and what it left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cycle_exec.errors import KINDS
from tests.support.hostile import (
    INTEGRATIONS,
    VARIABLES,
    certificate,
    error,
    hang,
    hostile,
    reply,
)
from tests.support.launching import Ground, Ran, without_setuid


class Case(NamedTuple):
    """How to provoke a refusal. It gets the ground and the API and runs the launch."""

    code: int
    words: str
    run: Callable[..., Ran]
    staged: bool = False


def manifest(text, **world):
    """A launch with this manifest and one old target in a platform that knows this."""

    def run(ground, api):
        vars(api.world).update(world)
        ground.target("old.env")
        return ground.launch(api, "--manifest", ground.manifest(text))

    return run


def template(text, **world):
    """A launch that renders this template over an old target."""

    def run(ground, api):
        vars(api.world).update(world)
        target = ground.target("page.html")
        return ground.launch(api, "--template", f"{ground.template(text)}:{target}")

    return run


def vpn_check(text):
    """A look at this configuration of an OpenVPN server."""

    def run(ground, api):
        ground.target("old.env")
        return ground.verb(api, "vpn-check", ground.manifest(text, "server.conf"))

    return run


def options(*words, **more):
    """A launch with these options; @ stands for the folder of targets."""

    def run(ground, api):
        return ground.launch(
            api, *(word.replace("@", str(ground.folder)) for word in words), **more
        )

    return run


def scripted(path, behaviour, *words):
    """A launch with these options while the API behaves so at the path."""

    def run(ground, api):
        api.on(path, behaviour)
        return ground.launch(api, *words)

    return run


def without_token(ground, api):
    return ground.launch(None, "--socket", api.socket)


def with_a_full_list(ground, api):
    """The launch itself just fits; with what is fetched it does not."""
    api.world.variables = {f"PAD{number}": "c4n4ry" * 20_000 for number in range(3)}
    return ground.launch(api, command=["true", *["x" * 1000] * 1800], before=usual_stack)


def usual_stack():
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (8 * 1024 * 1024, hard))


def on_a_full_file_system(ground, api):
    """The second of two targets cannot be written: its limit on file size is reached."""

    def small_files():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    text = "\n".join(
        f'[[templates]]\nsource = "~/{name}.j2"\ntarget = "@/{name}"' for name in ("a", "b")
    )
    ground.target("a")
    ground.target("b")
    ground.template("small", "a.j2")
    ground.template("large" * 4000, "b.j2")
    return ground.launch(api, "--manifest", ground.manifest(text), before=small_files)


CASES = {
    "usage": Case(64, "--nonsense", options("--nonsense")),
    "manifest-missing": Case(78, "none.toml", options("--manifest", "@/none.toml")),
    "manifest-invalid": Case(78, "variables.requird", manifest('[variables]\nrequird = ["A"]')),
    "file-missing": Case(78, "none.j2", options("--template", "@/none.j2:@/new")),
    "offline-refused": Case(
        78,
        "integration s3: only the platform has it",
        options("--offline", "--integration", "s3"),
    ),
    "owner-unknown": Case(
        78, "nobody-here", manifest('[dotenv]\ntarget = "@/old.env"\nowner = "nobody-here"')
    ),
    "vpn-helper": Case(78, "there is no auth-user-pass-verify", vpn_check("port 1194\n")),
    "limit-refused": Case(78, "(fs.nr_open)", options("--limit", "nofile=unlimited")),
    "user-refused": Case(78, "it (EPERM)", options("--user", "1:1", before=without_setuid)),
    "command-not-found": Case(127, "no-such-app", options(command=["no-such-app"])),
    "command-not-executable": Case(126, "/etc/hostname", options(command=["/etc/hostname"])),
    "target-refused": Case(73, "it is a directory", manifest('[dotenv]\ntarget = "@/../ground"')),
    "token-missing": Case(77, "CYCLE_API_TOKEN", without_token),
    "denied": Case(77, "the API answered 403 (403.no)", scripted(VARIABLES, error(403, "403.no"))),
    "login-refused": Case(
        77,
        "the username has a colon",
        manifest(
            '[vpn.login]\nusername = "NAME"\npassword = "PASSWORD"',
            variables={"NAME": "c4n4ry:name", "PASSWORD": "c4n4ry-password"},
        ),
    ),
    "unavailable": Case(69, "503", scripted(VARIABLES, error(503), "--deadline", "1s")),
    "answer-refused": Case(65, "integration absent", scripted("-", b"", "--integration", "absent")),
    "answer-malformed": Case(65, "scoped variables", scripted(VARIABLES, reply(200, b"{"))),
    "variable-unreadable": Case(
        65,
        "scoped variable KEY",
        manifest('[variables]\nfile_directory = "@/../variables"\nrequired = ["KEY"]'),
    ),
    "variable-missing": Case(
        65, "DATABASE_URL", manifest('[variables]\nrequired=["DATABASE_URL"]')
    ),
    "name-refused": Case(65, "LD_PRELOAD", manifest("", variables={"LD_PRELOAD": "c4n4ry"})),
    "name-collision": Case(
        65,
        "DB_PASSWORD",
        manifest("", variables={"DB_PASSWORD": "c4n4ry", "db-password": "c4n4ry"}),
    ),
    "value-refused": Case(65, "variable NUL", manifest("", variables={"NUL": "c4n4ry\0"})),
    "value-too-large": Case(
        65, "variable LARGE", manifest("", variables={"LARGE": "c4n4ry" * 30_000})
    ),
    "certificate-refused": Case(
        65,
        "it expired 3 days ago",
        manifest('[certificates]\ndirectory = "@/pem"', certificates=[certificate(days=-3.5)]),
    ),
    "template-syntax": Case(65, "page.j2:2", template("one\n{% fro x in y %}")),
    "template-undefined": Case(65, "did you mean PLAIN", template("{{ variables.PLAN }}")),
    "template-failed": Case(65, "page.j2:1: division by zero", template("{{ 1 // 0 }}")),
    "arguments-too-long": Case(126, "the kernel accepts", with_a_full_list),
    "wait-failed": Case(
        69, "it does not exist", options("--wait", "file:@/none", "--deadline", "1s")
    ),
    "check-failed": Case(
        65,
        "sh exited with code 9",
        manifest(
            '[[templates]]\nsource = "~/page.j2"\ntarget = "@/old.env"\n'
            'check = ["sh", "-c", "cat {{ staged }} >&2; exit 9"]'
        ),
        staged=True,
    ),
    "before-failed": Case(
        65,
        "before command no-such-program: it is not in",
        manifest('[[before]]\ncommand = ["no-such-program"]'),
    ),
    "target-failed": Case(73, "larger than allowed", on_a_full_file_system, staged=True),
}


@pytest.fixture
def ground(tmp_path):
    (tmp_path / "variables" / "KEY").mkdir(parents=True)
    return Ground(tmp_path)


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def test_every_kind_is_provoked_here():
    """The table below is complete: "internal", a bug, has a test of its own."""
    assert set(CASES) == set(KINDS) - {"internal"}


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_of_refusal_has_its_code_and_does_no_harm(ground, api, kind):
    """The code of the table, the kind in brackets, at most five lines, nothing else happened."""
    case = CASES[kind]
    ground.template("{{ variables.PLAIN }}")
    ran = case.run(ground, api)
    ground.refused(ran, case.code, kind, case.words, staged=case.staged)
    assert KINDS[kind].code == case.code


BROKEN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from cycle_exec.commands import launch
def run(invocation, overrides, command):
    token = invocation.environ["CYCLE_API_TOKEN"]
    raise KeyError(token)
launch.run = run
from cycle_exec.entry import main
main()
"""


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_a_bug_is_70_and_its_words_are_ours(ground, options):
    """An exception that nobody foresaw: 70, its class, and at most its place, never its text."""
    import cycle_exec

    home = str(Path(cycle_exec.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-I", "-c", BROKEN, home, *options, "--", *ground.app],
        env={**ground.environ(None), "CYCLE_API_TOKEN": "c4n4ry"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (70, "")
    assert lines[0] == "cycle-exec: cycle-exec: unexpected KeyError (internal)"
    assert lines[1].startswith("  fix: ")
    assert "c4n4ry" not in done.stderr
    assert (len(lines) > 2) == bool(options)
    assert done.stderr.count(" in run") == len(options)
    assert ground.starts == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_before_the_launch_is_130_or_143(ground, api, number):
    """While the API keeps it waiting, within a second, nothing changed."""
    ground.target("old.env")
    api.on(VARIABLES, hang)
    text = ground.manifest('[dotenv]\ntarget = "@/old.env"')
    running = ground.start(api, "--manifest", text)
    api.wait_for(1, VARIABLES)
    ran = running.send(number).finish()
    ground.stopped(ran, number)
    assert ran.seconds < 1.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_during_a_check_leaves_nothing_of_it(ground, api, number):
    """The check is killed, what was staged is gone, the target is the old one."""
    ground.target("old.env")
    ground.template("new", "page.j2")
    text = ground.manifest(
        '[[templates]]\nsource = "~/page.j2"\ntarget = "@/old.env"\n'
        'check = ["sh", "-c", "cat {{ staged }} >~/seen; echo $$ >~/check; exec sleep 60"]'
    )
    running = ground.start(api, "--manifest", text)
    check = ground.inputs / "check"
    while not (check.exists() and check.read_text().endswith("\n")):
        assert running.process.poll() is None
    ran = running.send(number).finish()
    ground.stopped(ran, number, staged=True)
    assert ran.seconds < 1.0
    with pytest.raises(ProcessLookupError):
        os.kill(int(check.read_text()), 0)


@pytest.mark.parametrize("code", [0, 1, 64, 65, 70, 99, 255])
def test_otherwise_the_code_is_the_apps_own(ground, api, code):
    """Whatever the app ends with, our own codes included."""
    ran = ground.launch(api, command=["sh", "-c", f"exit {code}"])
    assert ran.code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_an_app_that_a_signal_ends_ends_by_that_signal(ground, api, number):
    """The app is the process itself: the parent sees the very signal."""
    ran = ground.launch(api, command=["sh", "-c", f"ulimit -c 0; kill -{int(number)} $$"])
    assert ran.code == -number


@pytest.mark.parametrize(
    "words",
    [("run",), ("--nonsense", "--", "true"), ("--deadline",), ("--deadline", "soon", "--", "true")],
)
def test_wrong_words_are_64_before_anything_is_asked(ground, api, words):
    """Usage errors cost no request."""
    ran = ground.launch(api, *words, command=())
    assert ran.code == 64
    assert api.requests == []


def test_the_code_is_that_of_the_earliest_stage(ground, api):
    """Several problems, one code: a missing file (78) comes before a missing command (127)."""
    ran = ground.launch(api, "--template", f"/none.j2:{ground.folder}/x", command=["no-such-app"])
    assert ran.code == 78
    assert ran.kinds == ["file-missing", "command-not-found"]
    ground.unharmed(ran)
    assert api.asked(INTEGRATIONS) == []
