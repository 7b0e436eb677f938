"""The click tree: what words ask for, what is refused, and agreement with the lean parser."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec import __version__, cli
from cycle_exec.cli.syntax import LaunchOption
from cycle_exec.cli.verbs import root, version_line
from cycle_exec.errors import Refused
from cycle_exec.settings import argv
from cycle_exec.settings.model import Invocation
from cycle_exec.settings.options import OPTIONS
from tests.support.calls import Call, call, page

EMULATOR = dict.fromkeys(
    ("socket", "state", "env_file", "latency", "fail", "drop", "slow_body", "fail_path"), ""
)


def _call(function, **values):
    """With the launch options that were given, by default none."""
    return Call(function, {"overrides": {}, **values})


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("-- app -x", _call("launch.run", command=("app", "-x"))),
        ("run -- app", _call("launch.run", command=("app",))),
        (
            "run --debug -- run",
            _call("launch.run", overrides={"debug": True}, command=("run",)),
        ),
        ("--socket -x -- a", _call("launch.run", overrides={"socket": "-x"}, command=("a",))),
        ("--socket=--x -- a", _call("launch.run", overrides={"socket": "--x"}, command=("a",))),
        ("plan", _call("plan.run", command=(), as_json=False)),
        (
            "plan --json --manifest m -- app",
            _call("plan.run", overrides={"manifest": "m"}, command=("app",), as_json=True),
        ),
        ("plan --", _call("plan.run", command=(), as_json=False)),
        ("render a", _call("render.run", templates=("a",), output="")),
        (
            "render a -o d/ b --no-pristine",
            _call("render.run", overrides={"pristine": False}, templates=("a", "b"), output="d/"),
        ),
        ("render -o -o t", _call("render.run", templates=("t",), output="-o")),
        ("render -o = t", _call("render.run", templates=("t",), output="=")),
        ("render -o -o= t", _call("render.run", templates=("t",), output="-o=")),
        ("render --output== t", _call("render.run", templates=("t",), output="=")),
        (
            "env",
            _call("env.run", format="dotenv", reader="python-dotenv", everything=False),
        ),
        (
            "env --format=shell --reader docker --all --env-file x",
            _call(
                "env.run",
                overrides={"env-file": ("x",)},
                format="shell",
                reader="docker",
                everything=True,
            ),
        ),
        (
            "certificates --state s",
            _call("certificates.list_", overrides={"socket": "of s"}, as_json=False),
        ),
        ("certificates", _call("certificates.list_", as_json=False)),
        ("certificates --json", _call("certificates.list_", as_json=True)),
        (
            "certificates list --socket s",
            _call("certificates.list_", overrides={"socket": "s"}, as_json=False),
        ),
        (
            "certificates write --directory d",
            _call("certificates.write", directory="d"),
        ),
        ("vpn-auth --deferred file", Call("vpn_auth.run", {})),
        ("doctor --json -- a", _call("doctor.run", command=("a",), as_json=True)),
        (
            "vpn-check",
            _call("vpn_check.run", command=(), path="", as_json=False, probe=False),
        ),
        (
            "vpn-check c --json --probe -- openvpn",
            _call("vpn_check.run", command=("openvpn",), path="c", as_json=True, probe=True),
        ),
        ("manifest check", Call("manifest.check", {"path": "", "asking": None})),
        ("manifest check m", Call("manifest.check", {"path": "m", "asking": None})),
        (
            "manifest check m --state s",
            Call("manifest.check", {"path": "m", "asking": {"socket": "of s"}}),
        ),
        ("manifest schema", Call("manifest.schema", {})),
        ("manifest new", Call("manifest.new", {})),
        (
            "health --strict --json --max-age 5m",
            Call("health.run", {"as_json": True, "strict": True, "max_age": "5m"}),
        ),
        ("explain", Call("explain.run", {"what": ""})),
        ("explain 78", Call("explain.run", {"what": "78"})),
        ("emulator", Call("emulator.run", EMULATOR)),
        (
            "emulator --socket s --state f --latency 1s --fail 500:1 --fail-path /v1 --drop 2"
            " --slow-body 5s --env-file e",
            Call(
                "emulator.run",
                {
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
        ("state schema", Call("state.schema", {})),
        (
            "state new --from .env",
            _call("state.new", source=".env", from_platform=False),
        ),
        (
            "state new --from-platform --deadline 1s",
            _call("state.new", overrides={"deadline": "1s"}, source="", from_platform=True),
        ),
        (
            "dev --env-file .env --deadline 1s -- app",
            _call(
                "dev.run",
                overrides={"deadline": "1s"},
                command=("app",),
                state="",
                env_file=".env",
            ),
        ),
    ],
)
def test_calls(line, wanted):
    """Each verb gets its own values, the launch options as raw text, and the command."""
    assert call(*line.split()) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("api", {}),
        ("api --list", {"list": True}),
        (
            "api POST /v1/x -q a=b --query c= -d {} --raw",
            {"method": "POST", "path": "/v1/x", "query": ("a=b", "c="), "data": "{}", "raw": True},
        ),
        (
            "api POST /v1/vpn/login --user alice --password-file f",
            {
                "method": "POST",
                "path": "/v1/vpn/login",
                "user": "alice",
                "password_file": "f",
            },
        ),
        ("api notifications --topic t", {"method": "notifications", "topic": "t"}),
    ],
)
def test_calls_of_the_api(line, wanted):
    """They are a record of their own."""
    empty = {"method": "", "path": "", "query": (), "data": "", "raw": False, "topic": ""}
    empty |= {"user": "", "password_file": ""}
    done = call(*line.split())
    assert (done.function, done.values["overrides"]) == ("api.run", {})
    assert vars(done.values["wish"]) == {**empty, "list": False, **wanted}


def test_every_launch_option_is_offered():
    """By each verb that takes them, in full; `dev` has an --env-file of its own, `api` a --user."""
    every = {option.name for option in OPTIONS}
    for name, verb in [("", root), *root.verbs()]:
        offered = {param.row.name for param in verb.params if isinstance(param, LaunchOption)}
        own = {"dev": {"env-file"}, "api": {"user"}}.get(name, set())
        assert offered in (set(), every - own)
        if name in ("", "run", "plan", "dev"):
            assert offered


def _refused(*words):
    with pytest.raises(Refused) as refused:
        call(*words)
    (problem,) = refused.value.problems
    assert (problem.kind, problem.subject, problem.code) == ("usage", "command line", 64)
    assert problem.reason.isascii()
    assert problem.reason.isprintable()
    return problem


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "no command to start, write cycle-exec -- COMMAND"),
        ("--", "no command to start, write cycle-exec -- COMMAND"),
        ("run", "no command to start, write cycle-exec -- COMMAND"),
        ("--debug", "no command to start, write cycle-exec -- COMMAND"),
        ("dev", "no command to start, write cycle-exec dev -- COMMAND"),
        ("nginx", "nginx is not a verb of cycle-exec"),
        ("nginx -- x", "nginx is not a verb of cycle-exec"),
        ("pln", "pln is not a verb of cycle-exec, did you mean plan"),
        ("pla", "pla is not a verb of cycle-exec, did you mean plan"),
        ("--debug app", "too many arguments for cycle-exec run"),
        ("--debug plan", "too many arguments for cycle-exec run"),
        ("plan app", "too many arguments for cycle-exec plan"),
        ("dev sh -c x", "too many arguments for cycle-exec dev"),
        ("doctor app --port 1", "too many arguments for cycle-exec doctor"),
        ("--debug app -x", "too many arguments for cycle-exec run"),
        ("--dead 5s -- a", "no such option: --dead, did you mean --deadline"),
        ("--bogusly=x -- a", "no such option: --bogusly"),
        ("-vx -- a", "no such option: -v"),
        ("--vpn-hlper -- a", "no such option: --vpn-hlper, did you mean --vpn-helper"),
        ("plan --format x", "no such option: --format, did you mean --log-format"),
        ("plan --version", "no such option: --version, did you mean --json"),
        ("--socket", "option '--socket' requires an argument"),
        ("--socket -- a", "option '--socket' requires an argument"),
        (
            "--socket --debug -- a",
            "option '--socket' requires a value (write --socket=VALUE if it begins with --)",
        ),
        (
            "render -o --debug t",
            "option '-o' requires a value (write --output=VALUE if it begins with --)",
        ),
        ("--debug=1 -- a", "option '--debug' does not take a value"),
        ("--preserve-env HOME -- a", "too many arguments for cycle-exec run"),
        ("--no-socket -- a", "no such option: --no-socket, did you mean --socket"),
        (
            "env --format xml",
            "invalid value for '--format', choose from dotenv, json, shell, yaml",
        ),
        ("env --format=", "invalid value for '--format', choose from dotenv, json, shell, yaml"),
        ("env --all=x", "option '--all' does not take a value"),
        ("env -- app", "cycle-exec env takes no command after --"),
        ("env --", "cycle-exec env takes no command after --"),
        ("render", "missing argument 'TEMPLATES...'"),
        ("render a -o", "option '-o' requires an argument"),
        ("render a --output=", "option '-o' / '--output' requires a value, it is empty"),
        ("render a -o=", "option '-o' / '--output' requires a value, it is empty"),
        ("render -o= a", "option '-o' / '--output' requires a value, it is empty"),
        ("api GET / -q=", "option '-q' / '--query' requires a value, it is empty"),
        ("explain 1 2", "too many arguments for cycle-exec explain"),
        ("manifest", "missing verb, choose from check, schema, new"),
        ("manifest chek", "chek is not a verb of cycle-exec manifest, did you mean check"),
        ("manifest x", "x is not a verb of cycle-exec manifest"),
        ("certificates write", "missing option '--directory'"),
        ("certificates --jsn", "no such option: --jsn, did you mean --json"),
        ("certificates --json list", "too many arguments for cycle-exec certificates list"),
        ("completion", "missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish"),
        ("completion tcsh", "invalid value for '{bash|zsh|fish}', choose from bash, zsh, fish"),
        ("--help=x", "option '--help' does not take a value"),
    ],
)
def test_refused(line, reason):
    """A wrong word is refused on one line, with the nearest known name."""
    assert _refused(*line.split()).reason == reason


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("pln", "to start a program of that name, write cycle-exec -- pln"),
        ("manifest chek", "see cycle-exec manifest --help"),
        ("env --format x", "see cycle-exec env --help"),
        ("render a -o", "see cycle-exec render --help"),
        ("certificates -x", "see cycle-exec certificates list --help"),
        (
            "dev sh -c x",
            "a command comes after --: cycle-exec dev -- COMMAND; see cycle-exec dev --help",
        ),
        (
            "--debug plan",
            "a verb is the first word, a command comes after --; see cycle-exec run --help",
        ),
    ],
)
def test_ways_out(line, fix):
    """Each refusal names the page that helps, or the way to start the program."""
    assert _refused(*line.split()).way_out == fix


@pytest.mark.parametrize(
    "line",
    [
        "api POST /v1/x --data={} c4n4ry",
        "api POST /v1/x c4n4ry --data {}",
        "api POST /v1/x --data c4n4ry --query",
        "api POST /v1/x -dc4n4ry --query=",
        "api POST /v1/x --daat=c4n4ry",
        "api POST /v1/x --raw=c4n4ry",
        "api POST /v1/x -zc4n4ry",
        "env --format c4n4ry",
        "env --reader=c4n4ry",
        "completion c4n4ry",
        "explain 1 c4n4ry",
        "manifest new c4n4ry",
        "--debug=c4n4ry -- a",
        "--bogus=c4n4ry -- a",
        "--preserve-env c4n4ry -- a",
        "--socket --c4n4ry -- a",
        "env -- c4n4ry",
    ],
)
def test_no_value_is_shown(line):
    """A value that was given may be a secret."""
    problem = _refused(*line.split())
    assert "c4n4ry" not in f"{problem.reason} {problem.way_out}"


def test_foreign_characters():
    """Words that are not printable ASCII are not echoed as they came."""
    assert _refused("\x1b[2J\u00e9").reason.startswith("?[2J? is not a verb")
    assert _refused("plan", "--\x1b[2J\u00e9").reason == "no such option: --?[2J?"
    assert len(_refused("x" * 5000).reason) < 300
    assert len(_refused("plan", "--" + "x" * 5000).reason) < 300


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--help"], ""),
        (["help"], ""),
        (["help", "manifest"], "manifest"),
        (["help", "manifest", "check"], "manifest check"),
        (["--help", "--", "app"], ""),
        (["--version", "--help"], "version"),
        (["--version"], "version"),
        (["--version", "nonsense"], "version"),
        (["manifest", "--help"], "manifest"),
        (["certificates", "--help"], "certificates"),
        *((f"{name} --help".split(), name) for name, _ in root.verbs()),
        (["--debug", "--help"], "run"),
        (["env", "--format", "wrong", "--help"], "env"),
        (["env", "--format=", "--help", "--", "app"], "env"),
        (["render", "--help"], "render"),
        (["completion", "--help"], "completion"),
    ],
)
def test_help(words, name):
    """--help and --version print, whatever else is wrong with the line."""
    text = page(*words)
    if name == "version":
        assert text == version_line() + "\n"
    else:
        assert text.startswith(f"Usage: cycle-exec {name}".rstrip() + " ")
        # The page of a group or of the program is not that of a verb.
        assert ("\nVerbs:\n" in text) == (name in ("", "manifest", "certificates"))


def test_help_without_docstrings():
    """python -OO drops docstrings, and no page."""
    code = (
        "import sys; from cycle_exec.cli import main; from cycle_exec.settings.model import *\n"
        "for line in sys.argv[1:]:\n"
        "    main(Invocation(argv=tuple(line.split()), environ={}, cwd='/'))\n"
    )
    names = ["", "certificates", "manifest", *(name for name, _ in root.verbs())]
    lines = [f"{name} --help" for name in names]
    pages = [
        subprocess.run(
            [sys.executable, *flags, "-c", code, *lines], capture_output=True, text=True, check=True
        ).stdout
        for flags in ((), ("-OO",))
    ]
    assert pages[0].count("\nExamples:\n") == len(lines)
    assert pages[1] == pages[0]


def test_main_prints(capfd):
    """Help goes to stdout and the exit code is 0."""
    assert cli.main(Invocation(argv=("--version",), environ={}, cwd="/")) == 0
    assert capfd.readouterr() == (version_line() + "\n", "")


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
    done = None
    try:
        done = call(*words)
    except Refused as refused:
        assert refused.problems[0].kind == "usage"  # noqa: PT017 - and not another exception
    if lean is not None:
        assert done == _launch(lean)


def _launch(lean):
    overrides, command = lean
    return _call("launch.run", overrides=overrides, command=command)


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
    assert call(*words) == _launch(lean)


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
        ("cycle-exec api -q x=y GET /v1/hu", "plain,/v1/hub", "plain,/v1/vpn/login"),
    ],
)
def test_completion(line, offered, absent):
    """A shell is offered verbs, flags, choices and files."""
    word = line.rpartition(" ")[2]
    result = _program(_CYCLE_EXEC_COMPLETE="bash_complete", COMP_LINE=line, COMP_WORD=word)
    assert (result.returncode, result.stderr) == (0, "")
    assert offered in result.stdout.splitlines()
    assert absent not in result.stdout.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        *("", "cycle-exec", "cycle-exec -- app ", "cycle-exec nonsense ", "cycle-exec env -x"),
        *("cycle-exec explain 'un", "cycle-exec render \\", "cycle-exec help nonsense "),
    ],
)
def test_completion_of_anything(line):
    """An unfinished or wrong line completes without a word of complaint."""
    word = line.rpartition(" ")[2]
    result = _program(_CYCLE_EXEC_COMPLETE="bash_complete", COMP_LINE=line, COMP_WORD=word)
    assert (result.returncode, result.stderr) == (0, "")


def test_completion_variable_does_not_touch_a_command_line():
    """With words on the command line the completion variable has no effect."""
    result = _program("--version", _CYCLE_EXEC_COMPLETE="bash_complete")
    assert result.stdout.startswith(f"cycle-exec {__version__}")


@pytest.mark.parametrize("wish", ["csh_source", "bash_source", "powershell_complete", "x"])
def test_completion_variable_refused(wish):
    """An unknown wish refuses."""
    assert _program(_CYCLE_EXEC_COMPLETE=wish).returncode == 64
