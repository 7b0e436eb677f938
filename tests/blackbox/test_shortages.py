"""Limits of processes and descriptors: words and codes of a refusal, never a bug of ours."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from tests.support import seccomp
from tests.support.hostile import data, hostile
from tests.support.launching import Ground, launch

SPAWNING = ("fork", "vfork", "clone", "clone3")


@pytest.fixture(scope="module")
def api():
    """A platform with one variable that accepts every login."""
    with hostile(variables={"PLAIN": "x"}) as platform:
        platform.on("/v1/vpn/login", data(True))
        yield platform


@pytest.fixture
def ground(tmp_path):
    """Inputs and targets."""
    return Ground(tmp_path)


def descriptors(number: int):
    """For `before`: so many can be open."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def no_processes() -> None:
    """For `before`: no process can be made, as at the limit of the user or of the container."""
    seccomp.refuse(SPAWNING, 11)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_no_process_to_try_the_user(ground, api):
    """Nothing is fetched, and the cause is named."""
    ran = ground.launch(api, "--user", "65534:65534", before=no_processes)
    ground.refused(ran, 78, "user-refused", "no process can be made to try it: the user's or")


def test_no_process_for_the_app(ground, api):
    """Of a supervisor."""
    ran = ground.launch(api, "--init", before=no_processes)
    ground.refused(ran, 73, "target-failed", "the limit of processes")


def test_no_process_for_a_check(ground, api):
    """The target stays as it is."""
    target = ground.target("page")
    ground.template("{{ variables.PLAIN }}")
    manifest = ground.manifest(
        '[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\ncheck = ["true"]\n'
    )
    ran = ground.launch(api, "--manifest", manifest, before=no_processes)
    ground.refused(ran, 65, "check-failed", "limit of processes", staged=True)
    assert target.read_bytes() == b"old\n"


@pytest.mark.parametrize("number", range(5, 9))
@pytest.mark.parametrize("options", [(), ("--init",), ("--user", "65534:65534"), ("--template",)])
def test_few_descriptors(ground, api, number, options):
    """The app starts, or a refusal names them: an interpreter itself needs five."""
    if "--user" in options and os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    if options == ("--template",):
        options = ("--template", f"{ground.template('{{ variables.PLAIN }}')}:{ground.folder}/page")
    ran = ground.launch(api, *options, command=["true"], before=descriptors(number))
    assert "internal" not in ran.err, ran
    assert ran.code == 0 or "too many files are open" in ran.err, ran


@pytest.mark.parametrize("megabytes", range(24, 64))
def test_little_memory(ground, api, megabytes):
    """Where there is no room for a library that is to be loaded, too."""
    manifest = ground.manifest(
        f'''
        [[templates]]
        source = "{ground.template("{% for name in variables %}{{ name }}{% endfor %}")}"
        target = "{ground.folder}/page"
        [certificates]
        directory = "{ground.folder}/certificates"
        formats = ["pkcs12"]
        password_from = "PLAIN"
        '''
    )
    limit = megabytes * 1_000_000
    ran = ground.launch(
        api,
        *("--manifest", manifest),
        command=["true"],
        before=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    if ran.code == 0:
        assert (ground.folder / "certificates/app.example.test/keystore.p12").is_file()
    else:
        ground.refused(ran, 73, "target-failed", "out of memory")


def hook(api, place: Path, *words: str, before) -> tuple[int, str, str]:
    """Run OpenVPN's hook: its code, its words, and what it told the server later."""
    (place / "token").write_text(api.token)
    (place / "up").write_text("alice\npassword\n")
    (place / "control").write_bytes(b"")
    arguments = ["vpn-auth", "--socket", api.socket, "--token-file", str(place / "token"), *words]
    environ = {"auth_control_file": str(place / "control")}
    ran = launch([*arguments, str(place / "up")], environ, before=before)
    return ran.code, ran.err, (place / "control").read_text()


def test_a_hook_that_cannot_fork_asks_at_once(tmp_path, api):
    """It does not defer, and rejects nobody for that."""
    code, err, later = hook(api, tmp_path, "--deferred", before=no_processes)
    assert (code, later) == (0, "")
    assert "the verdict cannot be deferred: too many processes are running" in err
    assert err.endswith('cycle-exec: vpn-auth: accepted, user "alice"\n')


@pytest.mark.parametrize("number", range(5, 9))
@pytest.mark.parametrize("options", [(), ("--deferred",)])
def test_a_hook_with_few_descriptors(tmp_path, api, number, options):
    """It accepts, with words of its own otherwise."""
    code, err, _ = hook(api, tmp_path, *options, before=descriptors(number))
    assert "bug" not in err
    assert (code, "accepted" in err) == (0, True), err
