"""`cycle-exec template`, and what `manifest check` says of templates."""

from __future__ import annotations

from pathlib import Path

import pytest

BUILTINS = Path(__file__).parents[2] / "templates"


def test_list_names_every_builtin_with_its_purpose(verb):
    """One line each; the purpose is the first sentence of the header."""
    ran = verb("template")
    assert (ran.code, ran.err) == (0, "")
    names = [line.split()[0] for line in ran.out.splitlines()]
    assert names == sorted(
        f"builtin:{path.relative_to(BUILTINS)}" for path in BUILTINS.rglob("[!_]*.j2")
    )
    assert "builtin:postgres/pg_hba.conf.j2         PostgreSQL: client authentication\n" in ran.out
    assert all(len(line.split()) > 2 for line in ran.out.splitlines())
    assert ran == verb("template", "list")


@pytest.mark.parametrize("name", ["builtin:nginx/tls.conf.j2", "nginx/tls.conf.j2"])
def test_show_prints_one_with_its_header(verb, name):
    """As it is, manifest included."""
    assert verb("template", "show", name) == (0, (BUILTINS / "nginx/tls.conf.j2").read_text(), "")


@pytest.mark.parametrize("name", ["nginx/tls.conf", "../pyproject.toml", "/etc/passwd", ""])
def test_show_knows_no_other(verb, name):
    """Whatever the name leads to."""
    ran = verb("template", "show", name)
    assert (ran.code, ran.out) == (64, "")
    assert "there is no such template" in ran.err or not name


@pytest.fixture
def check(verb, tmp_path):
    def run(manifest, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.j2").write_text(text)
        path = tmp_path / "m.toml"
        path.write_text(manifest.replace("@", str(tmp_path)))
        ran = verb("manifest", "check", path)
        return ran.code, ran.err.replace(str(tmp_path), "@"), ran.out.replace(str(tmp_path), "@")

    return run


def _template(source, target):
    return f'[[templates]]\nsource = "{source}"\ntarget = "{target}"\n'


def test_check_reads_templates(check):
    """A good one is good, whatever the platform will say."""
    text = (
        "{{ variables.X }}{{ y|default(1) }}{% if z is defined %}{{ z }}{% endif %}{% set a = 1 %}"
    )
    manifest = _template("@/a.j2", "@/a") + _template("builtin:nginx/tls.conf.j2", "@/b")
    assert check(manifest, a=text + "{{ a }}{{ range(2) }}") == (0, "", "@/m.toml: ok\n")


@pytest.mark.parametrize(
    "text",
    [
        "{% if env.X %}{% set a, c = 1, 2 %}{% else %}{% set a, c = 3, 4 %}{% endif %}{{ a ~ c }}",
        "{% set a = namespace(c=1) %}{% block d %}{{ a.c }}{% endblock %}",
        "{% set a %}x{% endset %}{% block d %}{{ a }}{% endblock %}",
        "{% if 1 %}{% macro m() %}{% endmacro %}{% endif %}{% block d %}{{ m() }}{% endblock %}",
        "{% import 'b.j2' as a %}{% block d %}{{ a.x }}{% endblock %}",
        "{% from 'b.j2' import x, y as z %}{% block d %}{{ x }}{{ z }}{% endblock %}",
        "{% extends 'b.j2' %}{% block d %}{{ x }}{% endblock %}",
    ],
)
def test_what_a_template_sets_is_known(check, text):
    """In every branch and in blocks, where a launch knows it."""
    part = "{% set x, y = 1, 2 %}{% block d %}{% endblock %}"
    assert check(_template("@/a.j2", "@/a"), a=text, b=part) == (0, "", "@/m.toml: ok\n")


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        (65, "\n{{ x|quote_ngnix }}", "@/a.j2:2: unknown filter quote_ngnix, did you mean"),
        (65, "{% if 1 is odder %}{% endif %}", "@/a.j2:1: unknown test odder, did you mean odd"),
        (65, "\n{% if %}", "@/a.j2:2: "),
        (65, "\n\n{{ varables.X }}", "@/a.j2:3: varables is not defined, did you mean variables"),
        (65, "{% for x in [1] %}{% endfor %}{{ x }}", "@/a.j2:1: x is not defined"),
        (65, "{% macro m(x) %}{% endmacro %}{{ x }}", "@/a.j2:1: x is not defined"),
        (65, "{% include 'none' %}", "@/a.j2:1: include of none: it does not exist"),
        (65, "{% include 'b.j2' %}", "@/b.j2:1: unknown filter nope"),
    ],
)
def test_check_finds_what_is_wrong_with_a_template(check, code, text, words):
    """With file and line, and without the platform."""
    ran = check(_template("@/a.j2", "@/a"), a=text, b="{{ 1|nope }}")
    assert ran[0] == code
    assert words in ran[1]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("@/none.j2", "@/a", "template @/none.j2: it does not exist (file-missing)"),
        ("builtin:nginx/none.j2", "@/a", "builtin:nginx/none.j2: it does not exist (file-missing)"),
        ("@/a.j2", "@/{{ x }}", "@/{{ x }}: it has {{ or {%, but targets are not rendered"),
        ("@/a.j2", "@/a.j2", "@/a.j2: it is the template @/a.j2 itself (target-refused)"),
        ("@/a.j2", "@/link/a.j2", "@/link/a.j2: it is the template @/a.j2 itself"),
        ("@/a.j2", "@/link/b", "@/link/b: it is the same place as @/b (target-refused)"),
    ],
)
def test_check_finds_what_is_wrong_with_a_target(check, tmp_path, source, target, words):
    """Links are followed."""
    (tmp_path / "link").symlink_to(".")
    manifest = _template("@/b.j2", "@/b") + _template(source, target)
    code, err, _ = check(manifest, a="a", b="b")
    assert code in (73, 78)
    assert words in err


def test_environment_set_is_checked_as_well(check):
    """By the name that messages have for it."""
    code, err, _ = check('[environment]\nset = { X = "{{ nope }}" }\n')
    assert (code, err.splitlines()[0]) == (
        65,
        "cycle-exec: environment.set.X:1: nope is not defined (template-undefined)",
    )


@pytest.mark.parametrize("target", ["a.j2", "./a.j2", "link/a.j2"])
def test_no_launch_overwrites_a_template(verb, tmp_path, target):
    """Whatever the path to it is."""
    (tmp_path / "a.j2").write_text("{{ variables.PLAIN }}")
    (tmp_path / "link").symlink_to(".")
    ran = verb("--template", f"{tmp_path}/a.j2:{tmp_path}/{target}", "--", "true")
    assert ran.code == 73
    assert f"it is the template {tmp_path}/a.j2 itself (target-refused)" in ran.err
    assert (tmp_path / "a.j2").read_text() == "{{ variables.PLAIN }}"
