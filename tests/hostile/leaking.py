"""What the hunt for leaks is about: planted secrets, a launch that touches all of them, faults."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.hostile.canaries import Canaries, planted
from tests.support.hostile import (
    CERTIFICATES,
    INTEGRATIONS,
    SERVER,
    VARIABLES,
    Behaviour,
    Hostile,
    certificate,
    chunked,
    data,
    drop,
    error,
    integration,
    reply,
)
from tests.support.launching import PATH, SCRIPT

LOGIN = "/v1/vpn/login"
_KINDS = "token value wide lines coded auth extra set default dotenv username password stored"
# Who logs in is told; with what is not.
NAME = "alice"
SECRETS = {name: planted() for name in _KINDS.split()}
ONE = certificate()
# Of the key alone: the first line of PKCS#8 says only of what kind it is.
KEY = str(ONE["private_key"]).splitlines()[2]
CANARIES = Canaries({**SECRETS, "key": KEY})
VALUES: Mapping[str, str] = {
    "PLAIN": SECRETS["value"],
    "WIDE": f"é𝄞{SECRETS['wide']}\x1b[31m",
    "LINES": "\n".join(SECRETS["lines"]),
    "CODED": b64encode(SECRETS["coded"].encode()).decode(),
    "USERNAME": SECRETS["username"],
    "PASSWORD": SECRETS["password"],
}
MANIFEST = """
[variables]
defaults = { DEFAULTED = "{default}" }
file_directory = "@/in/variables"
files = { CODED = { target = "@/out/coded", decode = "base64" } }
[environment]
files = ["@/in/app.env"]
set = { LITERAL = "{set}", RENDERED = "{{ variables.PLAIN }}-{set}" }
[[integrations]]
identifier = "s3-backups"
prefix = "S3"
[certificates]
directory = "@/out/pem"
formats = ["pem", "combined"]
[[templates]]
source = "@/in/page.j2"
target = "@/out/page"
check = ["sh", "@/in/check.sh", "{{ staged }}"]
[dotenv]
target = "@/out/env"
reader = "shell"
[last_good]
path = "@/home/copy"
key_file = "@/in/token"
[vpn.login]
username = "USERNAME"
password = "PASSWORD"
"""
TEMPLATE = """{{ variables.PLAIN }} {{ integrations['s3-backups'].auth.secret }} {{ server.id }}
{{ certificates['app.example.test'].privkey }} {{ env.LITERAL }} {{ variables.WIDE | to_json }}
{{ variables.STORED }}
"""
# A check that says all it sees, and fails when it is told to.
CHECK = 'cat "$1"; cat "$1" >&2; env; env >&2; test ! -e "$(dirname "$0")/fail"\n'


class Place(NamedTuple):
    """A folder with inputs that hold secrets (in), targets (out), and what must hold none."""

    folder: Path

    @property
    def named(self) -> list[Path]:
        """Where secrets are at home."""
        return [self.folder / "in", self.folder / "out"]

    def meet(self, api: Hostile) -> None:
        """Where the platform is, for the OpenVPN server's hook; everybody logs in."""
        path = self.folder / "in" / "server.conf"
        path.write_text(path.read_text().replace("<socket>", api.socket))
        api.on(LOGIN, data(True))

    def environ(self, api: Hostile | None, **more: str) -> dict[str, str]:
        """Of a launch."""
        given = {"CYCLE_API_TOKEN": SECRETS["token"]}
        if api is not None:
            given["CYCLE_EXEC_SOCKET"] = api.socket
        homes = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        return {"PATH": PATH, **given, **homes, **more}


def place(folder: Path) -> Place:
    """Everything that a launch needs."""
    for name in ("in", "in/variables", "out", "home", "tmp", "work"):
        (folder / name).mkdir()
    text = MANIFEST.replace("@/", f"{folder}/")
    for name in ("default", "set"):
        text = text.replace("{" + name + "}", SECRETS[name])
    files = {
        "manifest.toml": text,
        "page.j2": TEMPLATE,
        "check.sh": CHECK,
        "app.env": f"FROM_FILE={SECRETS['dotenv']}\n",
        "up": f"{NAME}\n{SECRETS['password']}\n",
        "token": SECRETS["token"],
        "variables/STORED": SECRETS["stored"],
        "server.conf": _server(folder),
        "state.toml": _STATE.format(**SECRETS),
    }
    for name, content in files.items():
        path = folder / "in" / name
        path.write_text(content)
        path.chmod(0o600)
    return Place(folder)


def _server(folder: Path) -> str:
    hook = f"{SCRIPT} vpn-auth --socket <socket> --token-file {folder}/in/token"
    return f'script-security 2\nauth-user-pass-verify "{hook}" via-file\ntmp-dir {folder}/tmp\n'


_STATE = """
token = "{token}"
[variables]
PLAIN = "{value}"
[[integrations]]
identifier = "s3-backups"
vendor = "aws"
auth = {{ secret = "{auth}" }}
[vpn.users]
alice = "{password}"
"""

WORLD: dict[str, Any] = {
    "variables": dict(VALUES),
    "certificates": [ONE],
    "integrations": [
        integration(auth={"secret": SECRETS["auth"]}, extra={"bucket": SECRETS["extra"]})
    ],
}
_ECHO = f"{SECRETS['token']} {SECRETS['value']} {KEY}"


Fault = tuple[str, Callable[[Hostile, Place], object]]


def _on(path: str, behaviour: Behaviour) -> Fault:
    return path, lambda api, _: api.on(path, behaviour)


def _failing_check(_: Hostile, ground: Place) -> None:
    (ground.folder / "in" / "fail").touch()


def _other_key(api: Hostile, _: Place) -> None:
    other = certificate(kind="P-384")["private_key"]
    api.world.certificates = [{**ONE, "bundle": f"{ONE['bundle']}{KEY}"}, {**ONE, "bundle": other}]


def _values_in_templates(_: Hostile, ground: Place) -> None:
    (ground.folder / "in" / "page.j2").write_text(
        "{{ {}[variables.PLAIN] }}\n{{ [1] | map(variables.WIDE) | list }}\n"
    )


# Where it shows, and how it is brought about.
FAULTS: dict[str, Fault] = {
    "none": ("", lambda api, ground: None),
    "an error that repeats secrets": _on(
        VARIABLES, reply(500, {"error": {"code": "500.x", "title": _ECHO, "detail": _ECHO}})
    ),
    "a token refused in its own words": _on(VARIABLES, reply(403, _ECHO.encode())),
    "half an answer": _on(VARIABLES, chunked(data(VALUES), 50, end=False)),
    "a value of the wrong type": _on(VARIABLES, data({**VALUES, "LIST": [SECRETS["value"]]})),
    "a dangerous name": _on(VARIABLES, data({**VALUES, "LD_PRELOAD": SECRETS["value"]})),
    "a NUL": _on(VARIABLES, data({**VALUES, "NUL": SECRETS["value"] + "\0"})),
    "a value that is too large": _on(VARIABLES, data({**VALUES, "L": SECRETS["value"] * 9000})),
    "another integration": _on(INTEGRATIONS, data(integration(SECRETS["auth"]))),
    "keys in the wrong places": (CERTIFICATES, _other_key),
    "a certificate of rubbish": _on(CERTIFICATES, data([{**ONE, "bundle": _ECHO}])),
    "values as names in templates": ("", _values_in_templates),
    "a check that fails": ("", _failing_check),
    "a dropped connection": _on(SERVER, drop),
    "a login that is not known": _on(LOGIN, reply(403, {"data": False, "why": _ECHO})),
    "a login that is an error": _on(LOGIN, error(400, "400.x", {"X-Echo": _ECHO})),
}
