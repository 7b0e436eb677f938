"""This side of the socket: a token that cannot be sent, targets and commands that cannot be."""

from __future__ import annotations

import os
import resource
from typing import Any

from tests.hostile.model import FETCHED, JOB, PAGE, Refuses, Scenario, Starts
from tests.support import seccomp
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


USER = 12345


def _theirs(ground: Ground) -> Any:
    folder = ground.folder / "theirs"
    folder.mkdir()
    os.chown(folder, USER, USER)
    return folder


def _with_folder_of_root(_: Hostile, ground: Ground) -> None:
    (_theirs(ground) / "conf").mkdir()


def _with_link_to_root(_: Hostile, ground: Ground) -> None:
    link = _theirs(ground) / "conf"
    link.symlink_to("../pem")
    os.lchown(link, USER, USER)


def _of_two_users(_: Hostile, ground: Ground) -> None:
    (_theirs(ground) / "conf").mkdir()
    os.chown(ground.folder / "theirs" / "conf", USER + 1, USER + 1)


def _unsafe(name: str, made: Any, reason: str, fix: str) -> Scenario:
    """A step that its owner can redirect; nobody without privileges is refused it."""
    target = "@/theirs/conf/odd"
    problem = f"{target}: {reason} (target-refused)"
    return Scenario(
        f"a target {name}",
        Refuses(73, (problem,), (fix,)),
        manifest=JOB + f'[dotenv]\ntarget = "{target}"\n',
        asked={},
        arrange=made,
        root=True,
    )


_CAN = "is unsafe: user 12345 can redirect it to what belongs to"
_STEP = f"the step from @/theirs to @/theirs/conf {_CAN}"
_LINK = f"the step from @/theirs/conf to @/theirs/.. {_CAN} root"
_OR = ", or use a path whose directories and links all belong to root"
PRIVILEGED = (
    _unsafe(
        "in a directory of root's in one of somebody else",
        _with_folder_of_root,
        f"{_STEP} root",
        f"chown @/theirs/conf to user 12345{_OR}",
    ),
    _unsafe(
        "in a directory of another user's in one of somebody else",
        _of_two_users,
        f"{_STEP} user 12346",
        f"chown @/theirs/conf to user 12345{_OR}",
    ),
    _unsafe(
        "behind a link of somebody else",
        _with_link_to_root,
        _LINK,
        f"remove the symbolic link @/theirs/conf{_OR}",
    ),
)


def _shortage(name: str, before: Any, outcome: Refuses, **more: Any) -> Scenario:
    return Scenario(f"a host with {name}", outcome, before=before, **more)


NO_HEADER = "it contains a character that is not allowed in an HTTP header"

SCENARIOS = (
    *PRIVILEGED,
    _shortage(
        "no process for a check",
        lambda: seccomp.refuse(("fork", "vfork", "clone", "clone3"), 11),
        Refuses(
            65,
            (
                "check of @/page.html: the user's limit of processes (RLIMIT_NPROC) is reached"
                " (check-failed)",
            ),
            staged=True,
        ),
        manifest=JOB + 'check = ["true"]\n',
    ),
    _shortage(
        "no descriptor for a target",
        lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)),
        Refuses(73, ("@/page.html: too many files are open (target-failed)",), staged=True),
    ),
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
