"""`cycle-exec render`: templates by hand, with what a launch would give them."""

from __future__ import annotations

import os

import pytest

from tests.support.launching import photograph

# A job that names every part of a context and writes far more than one template.
MANIFEST = """
[variables]
defaults = {{ LEVEL = "info", KEPT = "no" }}
[variables.files.TRICKY]
target = "{0}/tricky"
[environment]
set = {{ MORE = "{{{{ env.PLAIN }}}} and more" }}
[[integrations]]
identifier = "s3-backups"
prefix = "S3"
[integrations.files."{0}/key"]
field = "auth.api_key"
[certificates]
directory = "{0}/certificates"
formats = ["combined"]
[dotenv]
target = "{0}/app.env"
"""
EVERYTHING = """
{% for name in env | sort %}{{ name }}={{ env[name] }}
{% endfor %}
{{ variables | to_json }}
{{ integrations | to_json }}
{{ certificates | to_json }}
{{ [container.id, server.id, hub.id, environment.id, domains] | to_json }}
"""


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


def test_the_text_around_stays_as_it_is(verb, templates):
    """Marks at its beginning, blank lines, blanks, an end without a line end."""
    (templates / "odd.j2").write_text("\ufeff\n{{ variables.PLAIN }}\n\n\t é 𝄞 ")
    assert verb("render", "odd.j2") == (0, "\ufeff\nc4n4ry-plain\n\n\t é 𝄞 ", "")


def test_the_context_is_the_launchs(verb, templates):
    """The same bytes, whatever else the manifest has; nothing else of it is written."""
    (templates / "m.toml").write_text(MANIFEST.format(templates))
    (templates / "all.j2").write_text(EVERYTHING)
    said = verb("render", "--manifest", "m.toml", "all.j2")
    assert (said.code, said.err) == (0, "")
    assert verb("render", "--manifest", "m.toml", "-o", "mine", "all.j2") == (0, "", "")
    assert sorted(os.listdir(templates)) == sorted(
        ["a.conf.j2", "b.conf.j2", "wrong.j2", "m.toml", "all.j2", "mine"]
    )
    launched = f"--template=all.j2:{templates}/launched"
    assert verb("--manifest", "m.toml", launched, "--", "true").code == 0
    expected = (templates / "launched").read_text()
    assert (templates / "mine").read_text() == said.out == expected
    assert f"TRICKY_FILE={templates}/tricky\n" in expected
    assert f"{templates}/certificates/app.example.test/combined.pem" in expected


def test_other_targets_do_not_matter(verb, templates):
    """What only the launch will write may be out of reach while a template is tried."""
    text = MANIFEST.format(templates).replace(f'"{templates}/', '"/dev/null/')
    (templates / "m.toml").write_text(text)
    for words in ((), ("-o", "mine")):
        assert verb("render", "--manifest", "m.toml", *words, "a.conf.j2").code == 0
    assert verb("--manifest", "m.toml", "--", "true").code == 73


def test_to_a_file(verb, templates):
    """As a launch writes it: private, whole."""
    said = verb("render", "-o", "out/a.conf", "a.conf.j2")
    assert said == (0, "", "")
    written = templates / "out" / "a.conf"
    assert written.read_text() == "plain = c4n4ry-plain\n"
    assert written.stat().st_mode & 0o777 == 0o600
    assert written.parent.stat().st_mode & 0o777 == 0o700


def test_over_a_file(verb, templates):
    """An old mode is not inherited; of a refusal nothing is seen; the same is not touched."""
    old = templates / "old.conf"
    old.write_text("old")
    old.chmod(0o644)
    before = photograph(templates)
    assert verb("render", "-o", "old.conf", "wrong.j2").code == 65
    assert photograph(templates) == before
    assert verb("render", "-o", "old.conf", "a.conf.j2").code == 0
    assert old.read_text() == "plain = c4n4ry-plain\n"
    assert old.stat().st_mode & 0o777 == 0o600
    before = photograph(templates)
    assert verb("render", "-o", "old.conf", "a.conf.j2").code == 0
    assert photograph(templates) == before


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
    assert verb("render", "-o", "as", "all").code == 0
    assert (templates / "as" / "deep" / "x").read_text() == "x"
    assert verb("render", "all", "a.conf.j2") == (0, "xplain = c4n4ry-plain\n", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["wrong.j2"], 65, "wrong.j2:2: PLAN is not defined, did you mean PLAIN"),
        (["none.j2"], 78, "template none.j2: it does not exist (file-missing)"),
        (["-o", "out", "a.conf.j2", "b.conf.j2"], 64, "several templates need a directory"),
        (
            ["-o", "out/", "a.conf.j2", "other/a.conf.j2"],
            73,
            "use this target (target-refused)",
        ),
        (["-o", "link", "a.conf.j2"], 73, "(target-refused)"),
        (["-o", "pipe", "a.conf.j2"], 73, "(target-refused)"),
        (["-o", "out/", "a.conf.j2", "wrong.j2"], 65, "did you mean PLAIN"),
        (["a.conf.j2", "wrong.j2"], 65, "did you mean PLAIN"),
        (["-o", "", "a.conf.j2"], 64, "requires a value, it is empty"),
        (["--output", "", "a.conf.j2"], 64, "requires a value, it is empty"),
        (["--output=", "a.conf.j2"], 64, "requires a value, it is empty"),
        ([], 64, "TEMPLATE"),
        (["a.conf.j2", "--", "app"], 64, "takes no command"),
    ],
)
def test_what_cannot_be(verb, templates, words, code, said):
    """Refused, with nothing written."""
    (templates / "other").mkdir()
    (templates / "other" / "a.conf.j2").write_text("")
    (templates / "link").symlink_to(templates / "wrong.j2")
    os.mkfifo(templates / "pipe")
    before = photograph(templates)
    found = verb("render", *words)
    assert (found.code, found.out) == (code, ""), found
    assert said in found.err
    assert photograph(templates) == before
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


def test_a_file_that_is_not_utf8_is_told_with_its_line(verb, templates):
    """Template and dotenv file alike."""
    (templates / "latin.j2").write_bytes(b"a\nb\n\xe9\n")
    said = verb("render", "latin.j2")
    assert said.code != 0
    assert "template latin.j2: it is not UTF-8 text: see line 3 (" in said.err
    (templates / "latin.env").write_bytes(b"A=1\nB=\xe9\n")
    said = verb("render", "--env-file", "latin.env", "a.conf.j2")
    assert said.code != 0
    assert "env file latin.env: it is not UTF-8 text: see line 2 (" in said.err


def test_a_metadata_file_that_is_not_there_is_told(verb, templates):
    """With the names that say the same, and the setting of its path."""
    (templates / "m.j2").write_text("{{ metadata.id }}")
    said = verb("render", "--deadline", "300ms", "--metadata", f"{templates}/none", "m.j2")
    assert said.code == 69
    assert f"metadata file {templates}/none: it does not exist (unavailable)" in said.err
    assert "  fix: use environment, container or instance, or set api.metadata" in said.err


def test_nothing_is_waited_for(verb, templates):
    """A line says what a launch would wait for, whatever that would become."""
    waits = ("--wait", "file:/none", "--wait", "tcp://{{ variables.NONE }}:1")
    ran = verb("render", *waits, templates / "a.conf.j2")
    assert (ran.code, ran.out) == (0, "plain = c4n4ry-plain\n")
    said = "a launch waits for file:/none, tcp://{{ variables.NONE }}:1; render does not"
    assert ran.err == f"cycle-exec: {said}\n"


def test_other_verbs_do_not_wait_either(verb):
    """Nor do they say so."""
    ran = verb("env", "--format", "json", CYCLE_EXEC_WAIT="file:/none,dns://{{ variables.NONE }}")
    assert (ran.code, ran.err) == (0, "")
    ran = verb("certificates", CYCLE_EXEC_WAIT="file:/none,dns://{{ variables.NONE }}")
    assert (ran.code, ran.err) == (0, "")
