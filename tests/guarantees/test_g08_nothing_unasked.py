"""G8: dangerous names refuse unless allowed, the token stays, CYCLE_* is never overridden."""

from __future__ import annotations

import os

import pytest

from tests.guarantees.conftest import run

STATE = """
token = "t"
[variables]
LD_PRELOAD = "/c4n4ry.so"
CYCLE_INSTANCE_ID = "c4n4ry"
FINE = "1"
"""
PRINT = ("--", "env")


def test_dangerous_and_platform_names_refuse_together(environ):
    """LD_PRELOAD and CYCLE_* from the API refuse, both named, without their values."""
    ran = run(environ, *PRINT)
    assert (ran.code, ran.out, ran.kinds) == (65, "", {"name-refused"})
    assert "variable LD_PRELOAD: scoped variable LD_PRELOAD may not set it" in ran.err
    assert "variable CYCLE_INSTANCE_ID: scoped variable CYCLE_INSTANCE_ID may not" in ran.err
    assert "c4n4ry" not in ran.err


def test_a_dangerous_name_passes_only_by_name(tmp_path, environ):
    """--allow-variable opens one name; the platform's own stay closed all the same."""
    path = tmp_path / "m.toml"
    path.write_text('[variables]\nexclude = ["CYCLE_*"]\nallow = ["LD_PRELOAD"]\n')
    ran = run(environ, "env", "--manifest", str(path), "--format", "json")
    assert ran.code == 0
    assert '"LD_PRELOAD": "/c4n4ry.so"' in ran.out
    ran = run(environ, "--allow-variable", "CYCLE_INSTANCE_ID", *PRINT)
    assert (ran.code, ran.kinds) == (65, {"name-refused"})


@pytest.mark.parametrize(("options", "there"), [((), False), (("--keep-token",), True)])
def test_the_token_reaches_the_app_only_when_asked(tmp_path, environ, options, there):
    """CYCLE_API_TOKEN is removed unless --keep-token."""
    path = tmp_path / "m.toml"
    path.write_text('[variables]\nonly = ["FINE"]\n')
    ran = run(environ, "--manifest", str(path), *options, *PRINT)
    assert ran.code == 0
    assert ("CYCLE_API_TOKEN=t" in ran.out.splitlines()) is there
    assert "FINE=1" in ran.out.splitlines()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can do more than others")
@pytest.mark.parametrize("whose", ["file", "directory", "link", "mode"])
def test_a_dotenv_file_that_others_can_change_may_not_set_them_either(tmp_path, environ, whose):
    """Root starts programs with it: checks, and commands of on_change. Its other names pass."""
    folder, path = tmp_path / "home", tmp_path / "home/.env"
    folder.mkdir()
    path.write_text("PLAIN=1\nNODE_OPTIONS=--require=/c4n4ry.js\nLANG=C\n")
    manifest = tmp_path / "m.toml"
    manifest.write_text('[variables]\nonly = ["FINE"]\n')
    words = ("--manifest", str(manifest), "--env-file", str(path))
    fine = run(environ, *words, *PRINT)
    assert (fine.code, "NODE_OPTIONS=--require=/c4n4ry.js" in fine.out) == (0, True), fine
    if whose == "mode":
        path.chmod(0o666)
    elif whose == "link":
        path.rename(tmp_path / "real")
        path.symlink_to(tmp_path / "real")
        os.chown(folder, 1234, 1234)
    else:
        os.chown(path if whose == "file" else folder, 1234, 1234)
    ran = run(environ, *words, *PRINT)
    assert (ran.code, ran.out, ran.kinds) == (65, "", {"name-refused"})
    assert f"variable NODE_OPTIONS: env file {path} may not set it: others can change" in ran.err
    assert "c4n4ry" not in ran.err
    allowed = run(environ, *words, "--allow-variable", "NODE_OPTIONS", *PRINT)
    assert allowed.code == 0, allowed
    # What is inherited wins, so the file does not set it.
    given = run({**environ, "NODE_OPTIONS": "--mine"}, *words, *PRINT)
    assert (given.code, "NODE_OPTIONS=--mine" in given.out) == (0, True), given
