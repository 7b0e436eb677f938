"""G4: token, values and keys leave by no side way: not in words at any level, not in argv, not in
a staged file wider than its target."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import stat
import threading
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.blackbox.test_exit_codes import CASES
from tests.support import seccomp
from tests.support.hostile import (
    CERTIFICATES,
    VARIABLES,
    certificate,
    chunked,
    hang,
    hostile,
    reply,
)
from tests.support.launching import Ground

LOUDEST = {"CYCLE_EXEC_LOG_LEVEL": "debug", "CYCLE_EXEC_DEBUG": "true"}
MANIFEST = """
[variables]
files = { FILE = { target = "@/variable" } }
[[integrations]]
identifier = "s3-backups"
prefix = "S3"
[certificates]
directory = "@/pem"
formats = ["pem", "combined"]
[[templates]]
source = "~/page.j2"
target = "@/page.html"
mode = "0644"
check = ["sh", "~/look.sh", "{{ staged }}"]
[dotenv]
target = "@/dotenv"
mode = "0640"
"""


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.template("{{ variables.PLAIN }} {{ certificates['app.example.test'].privkey }}")
    return made


@pytest.fixture
def api():
    with hostile(variables={"PLAIN": "c4n4ry", "FILE": "c4n4ry"}) as running:
        yield running


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("kind", CASES)
def test_no_refusal_says_a_secret_at_any_level(ground, api, kind, form):
    """Every kind of refusal, at the loudest level, in both formats."""
    ground.always = {**LOUDEST, "CYCLE_EXEC_LOG_FORMAT": form}
    ran = CASES[kind].run(ground, api)
    assert ran.code == CASES[kind].code, ran
    ground.unharmed(ran, staged=CASES[kind].staged)
    if form == "json":
        for line in ran.err.splitlines():
            assert json.loads(line)["level"] in ("error", "warning", "notice", "info", "debug")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("level", ["error", "warning", "notice", "info", "debug"])
def test_no_success_says_a_secret_at_any_level(ground, api, level, form):
    """A launch with every kind of target, in every voice."""
    (ground.inputs / "look.sh").write_text("")
    text = ground.manifest(MANIFEST)
    ran = ground.launch(
        api, "--manifest", text, "--log-level", level, "--log-format", form, "--debug"
    )
    assert (ran.code, ran.out, ground.starts) == (0, "", 1), ran
    ground.silent_about_secrets(ran)


@pytest.mark.parametrize("words", [("plan",), ("plan", "--json"), ("certificates",)])
def test_a_plan_and_a_list_show_no_value(ground, api, words):
    """What describes the launch shows lengths and names, never a value or a key."""
    (ground.inputs / "look.sh").write_text("")
    verb, *rest = words
    text = ground.manifest(MANIFEST)
    ran = ground.verb(api, verb, "--manifest", text, *rest, environ=LOUDEST)
    assert ran.code == 0, ran
    assert ran.out
    ground.silent_about_secrets(ran)


FOREIGN = {
    "a status line": b"HTTP/1.1 200 c4n4ry\x1b[31m\r\n\r\n",
    "a header": reply(500, b"c4n4ry", {"X-C4n4ry": "c4n4ry", "c4n4ry": "c4n4ry"}),
    "a redirect": reply(302, b"c4n4ry", {"Location": "http://c4n4ry/"}),
    "an error page": reply(418, b"<html>c4n4ry</html>", content_type="text/html"),
    "an error code": reply(400, {"error": {"code": "c4n4ry", "title": "c4n4ry"}}),
    "nearly an error code": reply(400, {"error": {"code": "400.c4n4ry\n"}}),
    "half a body": reply(200, b'{"data": {"A": "c4n4ry'),
    "a chunk extension": chunked(b"{", extension=";c4n4ry=\x1b[31m"),
    "garbage": b"c4n4ry" * 1000,
}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("where", FOREIGN)
def test_foreign_text_is_never_repeated(ground, api, where, form):
    """Whatever part of an answer is wrong, its text is not quoted, not even a piece of it."""
    api.on(VARIABLES, FOREIGN[where])
    ground.always = {**LOUDEST, "CYCLE_EXEC_LOG_FORMAT": form}
    ran = ground.launch(api, "--deadline", "300ms")
    assert ran.code in (65, 69), ran
    ground.unharmed(ran)
    assert "31m" not in ran.err


def test_a_secret_is_in_no_argument_list_and_no_shown_form(ground, api):
    """While a check runs: no process has the token, a value or a key among its words, the check
    does not get the token at all, and what it prints about the file is not passed on."""
    unique = secrets.token_hex(16)
    api.token = f"token-{unique}"
    api.world.variables = {"PLAIN": f"value-{unique}", "FILE": f"file-{unique}"}
    (ground.inputs / "look.sh").write_text(
        'cat /proc/[0-9]*/cmdline 2>/dev/null >"$(dirname "$0")/cmdlines"\n'
        'cat /proc/$$/environ >"$(dirname "$0")/environ"\n'
        'cat "$1"; cat "$1" >&2\n'
    )
    ran = ground.launch(api, "--manifest", ground.manifest(MANIFEST), environ=LOUDEST)
    assert (ran.code, ground.starts) == (0, 1), ran
    words = (ground.inputs / "cmdlines").read_bytes()
    assert b"look.sh" in words
    assert unique.encode() not in words
    environ = (ground.inputs / "environ").read_bytes()
    assert f"PLAIN=value-{unique}".encode() in environ
    assert b"CYCLE_API_TOKEN" not in environ
    for form in (unique, b64encode(unique.encode()).decode()[:20], quote(unique)):
        assert form not in ran.out + ran.err
    ground.silent_about_secrets(ran)


def test_the_token_reaches_the_api_and_nothing_else(ground, api):
    """It is in one header of each request: not in a target, not in another header."""
    (ground.inputs / "look.sh").write_text("")
    ran = ground.launch(api, "--manifest", ground.manifest(MANIFEST))
    assert ran.code == 0, ran
    for asked in api.requests:
        assert api.token not in asked.target
        holding = [name for name, value in asked.headers.items() if api.token in value]
        assert holding == ["x-cycle-token"]


MODES = {"variable": 0o600, "page.html": 0o644, "dotenv": 0o640, "privkey.pem": 0o600}


@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize("refused", [(), ("unshare",)], ids=["namespace", "mirror"])
def test_a_staged_file_is_never_wider_than_its_target(ground, api, umask, refused):
    """When all is staged, each stage file has its target's mode, and their folders are ours; the
    files of a check's mirror, too."""
    (ground.inputs / "look.sh").write_text(
        f'cat "$1"; cd "/proc/$PPID/root{ground.folder}"\n'
        'find . -type f -printf "%m %p\\n" >"$(dirname "$0")/modes"\n'
    )
    ground.target("variable", mode=0o666)

    def before() -> None:
        os.umask(umask)
        seccomp.refuse(refused)

    ran = ground.launch(api, "--manifest", ground.manifest(MANIFEST), before=before)
    assert ran.code == 0, ran
    lines = (ground.inputs / "modes").read_text().splitlines()
    found = dict(reversed(line.split(" ", 1)) for line in lines if ".cycle-exec-" in line)
    names = {path: path.rpartition("/")[2] for path in found}
    staged = {
        re.sub(r"^\.|\.cycle-exec-.*$", "", names[path]): int(mode, 8)
        for path, mode in found.items()
    }
    assert {name: staged[name] for name in MODES} == MODES
    assert {mode for name, mode in staged.items() if name.endswith(".pem")} == {0o600}
    assert stat.S_IMODE((ground.folder / "pem").stat().st_mode) == 0o700


def test_whoever_watches_the_folder_never_sees_a_wide_file(ground, api):
    """An observer that looks as fast as it can while many targets are staged under umask 0."""
    for number in range(150):
        ground.template("{{ variables.PLAIN }}" * 100, f"{number}.j2")
    text = "\n".join(
        f'[[templates]]\nsource = "~/{number}.j2"\ntarget = "@/{number}"' for number in range(150)
    )
    widest = 0
    seen = 0
    running = ground.start(api, "--manifest", ground.manifest(text), before=lambda: os.umask(0))
    ended = threading.Event()

    def look():
        nonlocal widest, seen
        while not ended.is_set():
            for entry in os.scandir(ground.folder):
                try:
                    widest |= stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
                    seen += 1
                except FileNotFoundError:
                    continue

    observer = threading.Thread(target=look)
    observer.start()
    try:
        ran = running.finish()
    finally:
        ended.set()
        observer.join()
    assert ran.code == 0, ran
    assert seen > 150
    assert widest == 0o600


def test_a_key_is_in_no_word_about_a_certificate(ground, api):
    """Broken pairs, keys in bundles, keys where certificates should be."""
    good, another = certificate(), certificate(kind="P-384")["private_key"]
    for one in (
        certificate(private_key=another),
        certificate(bundle=f"{good['bundle']}{good['private_key']}"),
        certificate(bundle=good["private_key"]),
        certificate(private_key=f"{good['private_key']}{another}"),
        certificate(private_key=str(good["private_key"])[:100]),
    ):
        api.world.certificates = [one]
        ran = ground.launch(api, "--certificates", ground.folder / "pem", environ=LOUDEST)
        assert "certificate-refused" in ran.kinds, ran
        body = str(good["private_key"]).splitlines()[1:-1]
        assert not any(line in ran.err for line in body)
        ground.silent_about_secrets(ran)
    assert api.asked(CERTIFICATES)


def all_cores():
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.parametrize("options", [(), ("--init",)])
def test_a_launcher_that_crashes_leaves_no_core_file(ground, api, options):
    """While it holds values: below one page, the kernel makes none and starts no handler."""
    api.on(CERTIFICATES, hang)
    running = ground.start(
        api, *options, "--certificates", f"{ground.folder}/pem", before=all_cores
    )
    api.wait_for(1, CERTIFICATES)
    process = running.process.pid
    if options:
        [process] = children(process)
    limits = Path(f"/proc/{process}/limits").read_text()
    assert re.search(r"^Max core file size +1 ", limits, re.MULTILINE), limits
    os.kill(process, signal.SIGSEGV)
    ran = running.finish()
    assert ran.code in (-signal.SIGSEGV, 128 + signal.SIGSEGV)
    assert not [name for name in os.listdir(ground.inputs) if name.startswith("core")]


def children(process):
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(each) for each in found]


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_a_command_before_the_app_prints_shows_no_value(ground, api, form):
    """Line by line as it comes, however it is written; what is no part of a value is shown."""
    api.world.variables["LONG"] = 'c4n4ry with a blank, a "quote" and\na second c4n4ry line'
    script = (
        "env; echo plain words; printf %s \"$LONG\" | base64; printf 'c4n'; sleep 0.2; "
        "printf '4ry'; cat ~/page.j2"
    )
    ground.always = {**LOUDEST, "CYCLE_EXEC_LOG_FORMAT": form}
    text = f"[[before]]\ncommand = {json.dumps(['sh', '-c', script])}\n"
    ran = ground.launch(api, "--manifest", ground.manifest(text))
    assert (ran.code, ground.starts) == (0, 1), ran
    assert "c4n4ry" not in ran.err
    assert b64encode(b"c4n4ry with a blank").decode()[:20] not in ran.err
    assert "plain words" in ran.err
    ground.silent_about_secrets(ran)
