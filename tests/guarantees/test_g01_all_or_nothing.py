"""G1: a run that refuses leaves every target byte-, mode-, owner- and time-identical, and starts
nothing, whatever the stage in which it refuses."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.hostile import (
    CERTIFICATES,
    SERVER,
    VARIABLES,
    certificate,
    data,
    drop,
    error,
    hostile,
    reply,
)
from tests.support.launching import Ground, without_privileges

# Every kind of target: old ones of several modes and owners, new ones in new folders.
MANIFEST = """
[variables]
files = { FILE = { target = "@/variable" } }
[[integrations]]
identifier = "s3-backups"
files = { "@/new/integration" = { field = "auth.secret" } }
[certificates]
directory = "@/pem"
[[templates]]
source = "~/checked.j2"
target = "@/checked"
check = ["sh", "-c", "echo >>~/checks; grep -q good {{ staged }}"]
[[templates]]
source = "~/tree"
target = "@/tree"
[[templates]]
source = "~/last.j2"
target = "@/sticky/last"
[dotenv]
target = "@/deep/er/dotenv"
"""
WORLD = {"FILE": "c4n4ry-file", "PLAIN": "good"}


@pytest.fixture
def api():
    with hostile(variables=dict(WORLD)) as running:
        yield running


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.target("variable", b"", mode=0o666)
    made.target("checked", b"old\0bytes\xff", mode=0o400, owner=12345)
    made.target("pem/app.example.test/privkey.pem", b"old key", mode=0o600)
    made.target("pem/app.example.test/cert.pem", b"old certificate", mode=0o644)
    made.target("tree/one", b"old one", mode=0o4755)
    made.target("bystander", mode=0o777)
    os.link(made.target("first-name"), made.folder / "second-name")
    (made.folder / "link").symlink_to("bystander")
    # In a sticky folder of somebody else a file of a third one can be staged, but not replaced.
    made.target("sticky/last", b"old last", mode=0o644, owner=12346)
    made.template("{{ variables.PLAIN }} {{ server.id }}", "checked.j2")
    made.template("{{ certificates['app.example.test'].paths.privkey }}", "last.j2")
    (made.inputs / "tree").mkdir()
    for name in ("one", "two"):
        made.template(f"{name} {{{{ variables.PLAIN }}}}", f"tree/{name}.j2")
    return made


def launched(ground, api, *options, text=MANIFEST, **more):
    return ground.launch(api, "--manifest", ground.manifest(text), *options, **more)


def checks(ground):
    """How often the check was started."""
    mark = ground.inputs / "checks"
    return len(mark.read_text().splitlines()) if mark.exists() else 0


def test_without_a_fault_every_target_is_new_and_the_app_starts(ground, api):
    """The control of all the other tests here: this very job succeeds, twice."""
    for expected in (1, 2):
        ran = launched(ground, api)
        assert (ran.code, ground.starts) == (0, expected), ran
    assert checks(ground) == 2
    assert (ground.folder / "checked").read_text() == "good s1"
    assert (ground.folder / "tree" / "two").read_text() == "two good"
    assert (ground.folder / "bystander").read_bytes() == b"old\n"


STAGES: dict[str, tuple[int, str, dict[str, Any]]] = {
    "settings": (78, "manifest-invalid", {"text": f"{MANIFEST}unknown = 1\n"}),
    "preflight": (127, "command-not-found", {"command": ["no-such-app"]}),
    "fetch": (69, "unavailable", {VARIABLES: drop}),
    "token": (77, "denied", {CERTIFICATES: error(401)}),
    "decode": (65, "answer-malformed", {CERTIFICATES: reply(200, b'{"data": [{}]}')}),
    "suspicion": (65, "answer-refused", {SERVER: error(404)}),
    "names": (65, "name-refused", {VARIABLES: data({**WORLD, "PATH": "c4n4ry"})}),
    "variables": (65, "variable-missing", {VARIABLES: data({"PLAIN": "good"})}),
    "certificates": (
        65,
        "certificate-refused",
        {CERTIFICATES: data([certificate(private_key=certificate(kind="P-384")["private_key"])])},
    ),
    "rendering": (65, "template-undefined", {VARIABLES: data({"FILE": "c4n4ry"})}),
    "sizes": (65, "value-too-large", {VARIABLES: data({**WORLD, "LARGE": "c4n4ry" * 30_000})}),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_refusal_before_staging_touches_nothing(ground, api, stage):
    """Not even the times of the folders change, and no check is run."""
    code, kind, faults = STAGES[stage]
    more = {name: value for name, value in faults.items() if not name.startswith("/")}
    for where, behaviour in faults.items():
        if where.startswith("/"):
            api.on(where, behaviour)
    ran = launched(ground, api, "--deadline", "1s", **more)
    # A template that needs what is refused has a problem, too.
    ground.refused(ran, code, kind, also={"template-undefined"})
    assert ran.kinds[0] == kind
    assert checks(ground) == 0


def test_a_refusal_while_staging_takes_everything_away(ground, api):
    """One of the targets is too large for the file system: those staged before it go too."""

    def small_files():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))

    ground.template("{% for _ in range(20000) %}{{ variables.PLAIN }}{% endfor %}", "last.j2")
    ran = launched(ground, api, before=small_files)
    ground.refused(ran, 73, "target-failed", "sticky/last", staged=True)
    assert checks(ground) == 0


def test_a_refusal_by_a_link_that_came_late_takes_everything_away(ground, api):
    """A target's folder from data turns out to be a link: nothing is written through it."""
    folder = ground.folder / "pem" / "app.example.test"
    folder.rename(ground.folder / "elsewhere")
    folder.symlink_to(ground.folder / "elsewhere")
    ran = launched(ground, api)
    ground.refused(ran, 73, "target-refused", "symbolic link", staged=True)


def test_a_refusal_by_a_check_takes_everything_away(ground, api):
    """All is staged, one check says no."""
    api.world.variables["PLAIN"] = "bad"
    ran = launched(ground, api)
    ground.refused(ran, 65, "check-failed", staged=True)
    assert checks(ground) == 1


def test_a_refusal_while_swapping_puts_everything_back(ground, api):
    """The last of ten targets cannot be replaced: all that were swapped before it come back."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that belongs to somebody else")
    folder = ground.folder / "sticky"
    folder.chmod(0o1777)
    os.chown(folder, 12345, 12345)
    # Two files of others would be refused before the first swap.
    os.chown(ground.folder / "checked", os.geteuid(), os.getegid())
    ran = launched(ground, api, before=without_privileges)
    ground.refused(ran, 73, "target-failed", "sticky/last", "not permitted", staged=True)
    assert checks(ground) == 1
    folder.chmod(0o777)
    ran = launched(ground, api, before=without_privileges)
    assert (ran.code, ground.starts) == (0, 1), "only the sticky bit was in the way"


def test_a_command_before_the_app_that_fails_leaves_the_files_and_starts_nothing(ground, api):
    """It runs when all are new; they stay, and the app is not started."""
    text = MANIFEST + '[[before]]\ncommand = ["sh", "-c", "cp @/checked ~/seen; exit 3"]\n'
    ran = ground.launch(api, "--manifest", ground.manifest(text))
    assert (ran.code, ran.kinds, ground.starts) == (65, ["before-failed"], 0), ran
    assert "it exited with code 3; the app is not started, the files are written" in ran.err
    assert (ground.inputs / "seen").read_bytes() == (ground.folder / "checked").read_bytes()
    assert (ground.folder / "deep" / "er" / "dotenv").exists()
    assert not [path for path in ground.folder.rglob("*") if path.name.startswith(".cycle-exec")]


def test_one_that_cannot_be_started_changes_nothing(ground, api):
    """Which is known before anything is asked."""
    text = MANIFEST + '[[before]]\ncommand = ["@/no-such-program"]\n'
    ran = ground.launch(api, "--manifest", ground.manifest(text))
    ground.refused(ran, 65, "before-failed", "no-such-program")
