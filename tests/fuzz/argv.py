"""Flags and variables: the lean parser agrees with click wherever it is certain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cycle_exec.cli.verbs import root
from cycle_exec.errors import Refused
from cycle_exec.settings import argv, resolve
from cycle_exec.settings.model import Invocation
from cycle_exec.settings.options import OPTIONS
from tests.fuzz.wording import assert_told
from tests.support.calls import Call, call

_VARIABLE = "CYCLE_EXEC_"

WORDS = (
    *(f"{option.flag}\n".encode() for option in OPTIONS),
    *(f"{option.flag}=".encode() for option in OPTIONS),
    *(f"{option.variable}=".encode() for option in OPTIONS),
    *(f"{name}\n".replace(" ", "\n").encode() for name, _ in root.verbs()),
    *(flag.encode() for _, verb in root.verbs() for param in verb.params for flag in param.opts),
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
        done = call(*words)
    except Refused as refused:
        assert found is None
        assert_told(refused.problems, kinds=("usage",))
        return
    if found is not None:
        wanted = dict(zip(("overrides", "command"), found, strict=True))
        assert done == Call("launch.run", wanted)
    _resolved(Invocation(argv=tuple(words), environ=environ, cwd="/"), done.values)


def _resolved(invocation: Invocation, values: Mapping[str, Any]) -> None:
    """Whatever the words were, the settings are there or every wrong one is named."""
    resolve.unknown_variables(invocation.environ)
    try:
        overrides = values.get("overrides", {})
        path, _ = resolve.manifest_path(invocation, overrides)
        resolve.resolve(invocation, overrides, None, path, values.get("command", ()))
    except Refused as refused:
        assert_told(refused.problems, kinds=("usage",))
