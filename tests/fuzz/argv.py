"""Flags and variables: the lean parser agrees with click wherever it is certain."""

from __future__ import annotations

from cycle_exec import cli
from cycle_exec.dispatch import Call
from cycle_exec.errors import Refused
from cycle_exec.settings import argv, resolve
from cycle_exec.settings.model import Invocation
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import VERBS
from tests.fuzz.wording import assert_told

_VARIABLE = "CYCLE_EXEC_"

WORDS = (
    *(f"{option.flag}\n".encode() for option in OPTIONS),
    *(f"{option.flag}=".encode() for option in OPTIONS),
    *(f"{option.variable}=".encode() for option in OPTIONS),
    *(f"{verb.name}\n".replace(" ", "\n").encode() for verb in VERBS),
    *(flag.flag.encode() for verb in VERBS for flag in verb.flags),
    *(b"--\n", b"--", b"-", b"=", b"app\n", b"\n", b"--no-debug\n", b"-h\n", b"--version\n"),
    *(b"5s", b"1", b"/x", b"a:/b", b"a=B", b"*", b"A,B", b"true", b"json", b"debug", b"user:group"),
)


def target(data: bytes) -> None:
    """A word a line; a line that begins as our variables do is one of the environment."""
    words: list[str] = []
    environ: dict[str, str] = {}
    for line in data.replace(b"\0", b"").decode("utf-8", "surrogateescape").split("\n"):
        name, equals, value = line.partition("=")
        if equals and name.startswith(_VARIABLE):
            environ[name] = value
        else:
            words.append(line)
    found = argv.parse(words)
    try:
        call = cli.parse(words)
    except Refused as refused:
        assert found is None
        assert_told(refused.problems, kinds=("usage",))
        return
    if found is not None:
        assert call.verb == "run"
        assert (dict(call.overrides), call.command) == (dict(found.overrides), found.command)
    _resolved(Invocation(argv=tuple(words), environ=environ, cwd="/"), call)


def _resolved(invocation: Invocation, call: Call) -> None:
    """Whatever the words were, the settings are there or every wrong one is named."""
    resolve.unknown_variables(invocation.environ)
    try:
        path, _ = resolve.manifest_path(invocation, call.overrides)
        resolve.resolve(invocation, call.overrides, None, path, call.command)
    except Refused as refused:
        assert_told(refused.problems, kinds=("usage",))
