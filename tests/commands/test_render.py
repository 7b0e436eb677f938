"""`cycle-exec render`: templates by hand, with what a launch would give them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def templates(tmp_path):
    """Two templates and one that is wrong."""
    (tmp_path / "a.conf.j2").write_text("plain = {{ variables.PLAIN }}\n")
    (tmp_path / "b.conf.j2").write_text(
        "{% for name in env if name == 'DB_PASSWORD' %}{{ name }}{% endfor %}\n"
    )
    (tmp_path / "wrong.j2").write_text("\n{{ variables.PLAN }}\n")
    return tmp_path


def test_to_standard_output(verb, templates):
    """One after the other, and nothing else."""
    said = verb("render", "a.conf.j2", "b.conf.j2")
    assert said == (0, "plain = c4n4ry-plain\nDB_PASSWORD", "")


def test_to_a_file(verb, templates):
    """As a launch writes it: private, whole."""
    said = verb("render", "-o", "out/a.conf", "a.conf.j2")
    assert said == (0, "", "")
    written = templates / "out" / "a.conf"
    assert written.read_text() == "plain = c4n4ry-plain\n"
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700


def test_into_a_folder(verb, templates):
    """Names without .j2; a folder that is there needs no slash."""
    assert verb("render", "-o", "out/", "a.conf.j2", "b.conf.j2").code == 0
    assert sorted(os.listdir(templates / "out")) == ["a.conf", "b.conf"]
    assert verb("render", "--output", "out", "a.conf.j2").code == 0
    assert sorted(os.listdir(templates / "out")) == ["a.conf", "b.conf"]


def test_a_folder_of_templates(verb, templates):
    """Each *.j2 below it, with its place."""
    (templates / "all" / "deep").mkdir(parents=True)
    (templates / "all" / "deep" / "x.j2").write_text("x")
    (templates / "all" / "not-a-template").write_text("y")
    assert verb("render", "-o", "out/", "all").code == 0
    found = [str(path.relative_to(templates)) for path in (templates / "out").rglob("*")]
    assert sorted(found) == ["out/all", "out/all/deep", "out/all/deep/x"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["wrong.j2"], 65, "wrong.j2:2: PLAN is not defined, did you mean PLAIN"),
        (["none.j2"], 78, "template none.j2: it does not exist (file-missing)"),
        (["-o", "out", "a.conf.j2", "b.conf.j2"], 64, "several templates need a folder"),
        (["-o", "out/", "a.conf.j2", "other/a.conf.j2"], 73, "go to this target (target-refused)"),
        (["-o", "link", "a.conf.j2"], 73, "(target-refused)"),
        ([], 64, "TEMPLATE"),
        (["a.conf.j2", "--", "app"], 64, "takes no command"),
    ],
)
def test_what_cannot_be(verb, templates, words, code, said):
    """Refused, with nothing written."""
    (templates / "other").mkdir()
    (templates / "other" / "a.conf.j2").write_text("")
    (templates / "link").symlink_to(templates / "wrong.j2")
    before = sorted(os.listdir(templates))
    found = verb("render", *words)
    assert (found.code, found.out) == (code, ""), found
    assert said in found.err
    assert sorted(os.listdir(templates)) == before
    assert "c4n4ry" not in found.err


def test_the_manifests_own_templates_stay_out(verb, templates):
    """Its other settings make the context."""
    (templates / "m.toml").write_text(
        f"""
[environment]
set = {{ MORE = "set here" }}
[[templates]]
source = "a.conf.j2"
target = "{templates}/never"
"""
    )
    (templates / "c.j2").write_text("{{ env.MORE }}")
    assert verb("render", "--manifest", "m.toml", "c.j2") == (0, "set here", "")
    assert not (templates / "never").exists()
