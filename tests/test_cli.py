"""The click tree: what words ask for, what is refused, and agreement with the lean parser."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec import __version__, cli
from cycle_exec.dispatch import _VERBS, Call
from cycle_exec.errors import Refused
from cycle_exec.presentation import help as pages
from cycle_exec.settings import argv
from cycle_exec.settings.model import Invocation
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import VERBS

EMULATOR = dict.fromkeys(
    ("socket", "state", "env_file", "latency", "fail", "drop", "slow_body", "fail_path"), ""
)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("-- app -x", Call(verb="run", command=("app", "-x"))),
        ("run --debug -- run", Call(verb="run", overrides={"debug": True}, command=("run",))),
        ("plan", Call(verb="plan", values={"json": False})),
        (
            "plan --json --manifest m -- app",
            Call(verb="plan", values={"json": True}, overrides={"manifest": "m"}, command=("app",)),
        ),
        ("render a", Call(verb="render", values={"templates": ("a",), "output": ""})),
        (
            "render a -o d/ b --no-pristine",
            Call(
                verb="render",
                values={"templates": ("a", "b"), "output": "d/"},
                overrides={"pristine": False},
            ),
        ),
        ("env", Call(verb="env", values={"format": "", "reader": "", "all": False})),
        (
            "env --format=shell --reader docker --all --env-file x",
            Call(
                verb="env",
                values={"format": "shell", "reader": "docker", "all": True},
                overrides={"env-file": ("x",)},
            ),
        ),
        ("certificates", Call(verb="certificates list", values={"json": False})),
        ("certificates --json", Call(verb="certificates list", values={"json": True})),
        (
            "certificates list --socket s",
            Call(verb="certificates list", values={"json": False}, overrides={"socket": "s"}),
        ),
        (
            "certificates write --directory d",
            Call(verb="certificates write", values={"directory": "d"}),
        ),
        ("manifest check", Call(verb="manifest check", values={"path": ""})),
        ("manifest check m", Call(verb="manifest check", values={"path": "m"})),
        ("manifest schema", Call(verb="manifest schema")),
        ("manifest new", Call(verb="manifest new")),
        ("explain", Call(verb="explain", values={"code": ""})),
        ("explain 78", Call(verb="explain", values={"code": "78"})),
        ("emulator", Call(verb="emulator", values=EMULATOR)),
        (
            "emulator --socket s --state f --latency 1s --fail 500:1 --fail-path /v1 --drop 2"
            " --slow-body 5s --env-file e",
            Call(
                verb="emulator",
                values={
                    "socket": "s",
                    "state": "f",
                    "env_file": "e",
                    "latency": "1s",
                    "fail": "500:1",
                    "fail_path": "/v1",
                    "drop": "2",
                    "slow_body": "5s",
                },
            ),
        ),
        (
            "dev --env-file .env --deadline 1s -- app",
            Call(
                verb="dev",
                values={"state": "", "env_file": ".env"},
                overrides={"deadline": "1s"},
                command=("app",),
            ),
        ),
        ("completion zsh", Call(verb="completion", values={"shell": "zsh"})),
    ],
)
def test_calls(line, call):
    """Each verb gets its own values, the launch options as raw text, and the command."""
    assert cli.parse(line.split()) == call


def test_every_verb_is_done():
    """Every verb of the table has someone who does it."""
    assert {verb.name for verb in VERBS} == {*_VERBS, "completion"}


def _refused(*words):
    with pytest.raises(Refused) as refused:
        cli.parse(words)
    (problem,) = refused.value.problems
    assert (problem.kind, problem.subject, problem.code) == ("usage", "command line", 64)
    assert problem.reason.isascii()
    assert problem.reason.isprintable()
    return problem


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "there is nothing to do, write cycle-exec -- COMMAND to start one"),
        ("--", "there is no command to start, write cycle-exec -- COMMAND"),
        ("run", "there is no command to start, write cycle-exec -- COMMAND"),
        ("--debug", "there is no command to start, write cycle-exec -- COMMAND"),
        ("dev", "there is no command to start, write cycle-exec dev -- COMMAND"),
        ("nginx", "nginx is not a command of cycle-exec, write cycle-exec -- nginx to start it"),
        (
            "nginx -- x",
            "nginx is not a command of cycle-exec, write cycle-exec -- nginx to start it",
        ),
        ("pln", "pln is not a command of cycle-exec, did you mean plan"),
        ("pla", "pla is not a command of cycle-exec, did you mean plan"),
        ("--debug app", "app is no option, write cycle-exec [OPTIONS] -- app to start it"),
        ("--debug plan", "plan must be the first word: cycle-exec plan [OPTIONS]"),
        ("plan app", "app is no option, write cycle-exec plan [OPTIONS] -- app to start it"),
        ("--dead 5s -- a", "--dead is not an option of cycle-exec run, did you mean --deadline"),
        ("--bogus=x -- a", "--bogus is not an option of cycle-exec run"),
        ("-vx -- a", "-v is not an option of cycle-exec run"),
        ("--vpn-hlper -- a", "--vpn-hlper is not an option of cycle-exec run, did you mean --vpn"),
        ("plan --format x", "--format is not an option of cycle-exec plan"),
        ("--socket", "--socket needs a value"),
        ("--socket -- a", "--socket needs a value"),
        (
            "--socket --debug -- a",
            "--socket needs a value; write --socket=VALUE when it begins with --",
        ),
        ("--debug=1 -- a", "--debug takes no value"),
        ("--preserve-env HOME -- a", "HOME is no option, write cycle-exec [OPTIONS] -- HOME"),
        ("env --format xml", "--format expects dotenv, json, shell or yaml"),
        ("env --format=", "--format needs a value, it is empty"),
        ("env --all=x", "--all takes no value"),
        ("env -- app", "cycle-exec env takes no command after --"),
        ("render", "TEMPLATE is missing"),
        ("render a -o", "-o needs a value"),
        ("explain 1 2", "2 is one word too many"),
        ("manifest", "cycle-exec manifest expects check, schema or new"),
        ("manifest chek", "chek is not a command of cycle-exec manifest, did you mean check"),
        ("manifest x", "x is not a command of cycle-exec manifest, there are check, schema or new"),
        ("certificates write", "--directory is missing"),
        ("certificates --jsn", "--jsn is not an option of cycle-exec certificates list, did you"),
        ("completion", "SHELL is missing"),
        ("completion tcsh", "SHELL expects bash, zsh or fish"),
        ("--help=x", "--help takes no value"),
    ],
)
def test_refused(line, reason):
    """A wrong word refuses in our words, with the nearest known one."""
    assert _refused(*line.split()).reason.startswith(reason)


def test_way_to_start_it():
    """Where a word is close to a verb, the way to a program of that name is told."""
    assert _refused("pln").way_out == "write cycle-exec -- pln to start a program of that name"


def test_foreign_characters():
    """Words that are not printable ASCII are not echoed as they came."""
    assert _refused("\x1b[2J\u00e9").reason.startswith("?[2J? is not a command")
    assert len(_refused("x" * 5000).reason) < 300


@pytest.mark.parametrize(
    ("words", "page"),
    [
        (["--help"], pages.root_page()),
        (["-h"], pages.root_page()),
        (["--help", "--", "app"], pages.root_page()),
        (["manifest", "--help"], pages.group_page("manifest")),
        (["certificates", "-h"], pages.group_page("certificates")),
        (["--version"], cli.version_line()),
        *((f"{verb.name} --help".split(), pages.verb_page(verb)) for verb in VERBS),
        (["--debug", "--help"], pages.verb_page(VERBS[0])),
        (["env", "--format", "wrong", "--help"], pages.verb_page(VERBS[3])),
    ],
)
def test_help(words, page):
    """--help and --version print, whatever else is wrong with the line."""
    assert cli.parse(words) == Call(verb="print", values={"text": page})


def test_main_prints(capfd):
    """Help goes to stdout and the exit code is 0."""
    assert cli.main(Invocation(argv=("--version",), environ={}, cwd="/")) == 0
    assert capfd.readouterr() == (cli.version_line(), "")


_FLAGS = [
    word
    for option in OPTIONS
    for word in (
        option.flag,
        option.opposite,
        option.flag + "=",
        option.flag + "=v",
        option.flag[:-1],
    )
]
_WORDS = st.sampled_from(_FLAGS) | st.sampled_from(
    [
        "--",
        "--",
        "--",
        "run",
        "plan",
        "app",
        "x=y",
        "-",
        "-o",
        "--help",
        "",
        "*",
        "5s",
        "-5s",
        "a:b",
    ]
)


@settings(max_examples=600)
@given(st.lists(_WORDS, max_size=7))
def test_parsers_agree(words):
    """Whatever the lean parser reads click reads the same; what click refuses it leaves to it."""
    lean = argv.parse(words)
    call = None
    try:
        call = cli.parse(words)
    except Refused as refused:
        assert refused.problems[0].kind == "usage"  # noqa: PT017 - and not another exception
    if lean is not None:
        assert call == Call(verb="run", overrides=lean.overrides, command=lean.command)


_OPTION = st.sampled_from(OPTIONS)


@st.composite
def _good(draw):
    words = []
    for option in draw(st.lists(_OPTION, max_size=5)):
        value = draw(st.text(max_size=5).filter(lambda text: not text.startswith("-")))
        forms = [[f"{option.flag}={value}"], [option.flag, value]]
        if option.kind == "names":
            forms[1] = [option.flag]
        if option.kind == "switch":
            forms = [[option.flag], [option.opposite]]
        words += draw(st.sampled_from(forms))
    verb = draw(st.sampled_from([[], ["run"]]))
    return [*verb, *words, "--", *draw(st.lists(st.text(max_size=4), min_size=1, max_size=3))]


@given(_good())
def test_parsers_agree_on_good_lines(words):
    """Every complete line of known flags is read by both, and to the same."""
    lean = argv.parse(words)
    assert lean is not None
    assert cli.parse(words) == Call(verb="run", overrides=lean.overrides, command=lean.command)


def _program(*words, **environ):
    return subprocess.run(
        [sys.executable, "-m", "cycle_exec", *words],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(shell):
    """The script names the program, the function and the variable that asks for words."""
    result = _program("completion", shell)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"_CYCLE_EXEC_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.parametrize(
    ("line", "offered", "absent"),
    [
        ("cycle-exec ", "plain,plan", "plain,--socket"),
        ("cycle-exec --so", "plain,--socket", "plain,plan"),
        ("cycle-exec plan --log-level ", "plain,notice", "plain,text"),
        ("cycle-exec env --format d", "plain,dotenv", "plain,json"),
        ("cycle-exec manifest ", "plain,check", "plain,plan"),
        ("cycle-exec render ", "file,", "plain,plan"),
        ("cycle-exec run --manifest ", "file,", "plain,plan"),
        ("cycle-exec run --preserve-env --de", "plain,--deadline", "plain,--socket"),
    ],
)
def test_completion(line, offered, absent):
    """A shell is offered verbs, flags, choices and files."""
    words = line.split(" ")
    result = _program(
        _CYCLE_EXEC_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert offered in result.stdout.splitlines()
    assert absent not in result.stdout.splitlines()


@pytest.mark.parametrize(
    "line", ["cycle-exec -- app ", "cycle-exec nonsense ", "cycle-exec env -x"]
)
def test_completion_of_anything(line):
    """An unfinished or wrong line completes without a word of complaint."""
    words = line.split(" ")
    result = _program(
        _CYCLE_EXEC_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_completion_variable_does_not_touch_a_command_line():
    """With words on the command line the completion variable has no effect."""
    result = _program("--version", _CYCLE_EXEC_COMPLETE="bash_complete")
    assert result.stdout.startswith(f"cycle-exec {__version__}")


def test_completion_variable_refused():
    """An unknown wish refuses."""
    assert _program(_CYCLE_EXEC_COMPLETE="csh_source").returncode == 64
