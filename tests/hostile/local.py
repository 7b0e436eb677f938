"""This side of the socket: a token that cannot be sent, targets and commands that cannot be."""

from __future__ import annotations

import os
from typing import Any

from tests.hostile.model import FETCHED, JOB, PAGE, Refuses, Scenario, Starts
from tests.support.hostile import CANARY, Hostile
from tests.support.launching import Ground

TOKEN = "CYCLE_API_TOKEN"
LINE_BREAK = ("check how it is set: a newline at its end is not part of the token",)


def _token(name: str, token: str, reason: str, fixes: tuple[str, ...] = LINE_BREAK) -> Scenario:
    return Scenario(
        f"a token {name}",
        Refuses(77, (f"{TOKEN}: {reason} (token-missing)",), fixes),
        environ={TOKEN: token},
        asked={},
    )


def _denied(name: str, token: str) -> Scenario:
    problem = (
        "scoped variables (GET /v1/environment/scoped-variables): the API answered 401 "
        "(401.unauthorized) (denied)"
    )
    return Scenario(f"a token {name}", Refuses(77, (problem,)), environ={TOKEN: token})


def _target(name: str, made: Any, reason: str, target: str = "@/odd") -> Scenario:
    manifest = JOB + f'[dotenv]\ntarget = "{target}"\n'
    problem = f"{target}: {reason} (target-refused)"
    outcome = Refuses(73, (problem,))
    return Scenario(f"a target that is {name}", outcome, manifest=manifest, asked={}, arrange=made)


def _link(_: Hostile, ground: Ground) -> None:
    (ground.folder / "odd").symlink_to("bystander")


def _dangling(_: Hostile, ground: Ground) -> None:
    (ground.folder / "odd").symlink_to("nowhere")


def _fifo(_: Hostile, ground: Ground) -> None:
    os.mkfifo(ground.folder / "odd")


def _folder(_: Hostile, ground: Ground) -> None:
    (ground.folder / "odd").mkdir()


def _nothing(_: Hostile, __: Ground) -> None:
    pass


NO_HEADER = "it contains a character that is not allowed in an HTTP header"

SCENARIOS = (
    _token("that is empty", "", "it is not set, or empty", ()),
    _token("with a line break at its end", f"{CANARY}\n", NO_HEADER),
    _token("with another header", f"{CANARY}\r\nX-Evil: {CANARY}", NO_HEADER),
    _token("beyond ASCII", f"{CANARY}\xe9", NO_HEADER),
    _token("with a byte that is no text", f"{CANARY}\udcff", NO_HEADER),
    _denied("that is wrong", f"{CANARY}-wrong"),
    _denied("that is a space too long", f"t0ken-{CANARY} x"),
    _target("a link", _link, "it is a symbolic link"),
    _target("a link to nowhere", _dangling, "it is a symbolic link"),
    _target("a pipe", _fifo, "it is a named pipe"),
    _target("a directory", _folder, "it is a directory"),
    _target("a device", _nothing, "it is a device", "/dev/null"),
    Scenario(
        "poisonous words in every variable of the launch",
        Starts(FETCHED, {"page.html": PAGE}),
        environ={
            "http_proxy": "http://127.0.0.1:1",
            "ALL_PROXY": "socks5://127.0.0.1:1",
            "SSL_CERT_FILE": "/nonexistent",
            "OPENSSL_CONF": "/nonexistent",
            "HOME": "/nonexistent",
            "TMPDIR": "/nonexistent",
            "IFS": "c4n4ry",
            "ENV": "/nonexistent",
            "TZ": "../../etc/shadow",
            "LC_ALL": "xx_XX.nothing",
        },
    ),
)
