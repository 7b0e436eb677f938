"""Templates that are made of several files, from outside."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def folder(tmp_path):
    """A folder of templates beside which lies what none may reach."""
    (tmp_path / "secret").write_text("out of reach\n")
    found = tmp_path / "templates"
    (found / "parts").mkdir(parents=True)
    (found / "_head.j2").write_text("# {{ variables.PLAIN }}\n")
    (found / "parts" / "body").write_text("{% for each in domains %}\n{{ each }}\n{% endfor %}\n")
    (found / "_macros.j2").write_text("{% macro of(x) %}\n[{{ x }}]\n{% endmacro %}\n")
    (found / "_base.j2").write_text("base\n{% block inside %}\nnothing\n{% endblock %}\nend\n")
    return found


def test_a_template_is_made_of_files_of_its_folder(verb, folder):
    """By include, import, from and extends; what is named in a part alone is fetched as well."""
    (folder / "a.conf.j2").write_text(
        '{% extends "_base.j2" %}\n{% import "_macros.j2" as macros %}\n'
        '{% from "_macros.j2" import of %}\n{% block inside %}\n{% include "_head.j2" %}\n'
        '{{ of(1) }}{{ macros.of("x") }}{% include "parts/body" %}\n'
        '{% include ["none.j2", "_head.j2"] %}\n{% include "none.j2" ignore missing %}\n'
        "{% endblock %}\n"
    )
    made = "base\n# c4n4ry-plain\n[1]\n[x]\napp.example.test\n# c4n4ry-plain\nend\n"
    assert verb("render", "templates/a.conf.j2") == (0, made, "")
    assert verb("render", "templates", "-o", "made/") == (0, "", "")
    assert os.listdir(folder.parent / "made" / "templates") == ["a.conf"]
    assert (folder.parent / "made" / "templates" / "a.conf").read_text() == made


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.j2", "it does not exist"),
        ("../secret", "it leads out of the directory of the template"),
        ("parts/../../secret", "it leads out of the directory of the template"),
        ("/etc/passwd", "it is absolute: name it relative to the directory of the template"),
        ("./_head.j2", "it is not the plain name of a file"),
        ("parts//body", "it is not the plain name of a file"),
        ("", "it is not the plain name of a file"),
        ("%2e%2e/secret", "there is no directory templates/%2e%2e"),
        ("\\x2e\\x2e/secret", "it leads out of the directory of the template"),
        ("..\\\\secret", "write its name without a backslash"),
        ("\\x5fhead.j2", "write its name without a backslash"),
        ("linked", "its path has a symbolic link where none may be"),
        ("parts/up/secret", "a part of its path is not a directory"),
        ("parts", "it is a directory"),
        ("pipe", "it is a named pipe"),
        ("latin", "it is not UTF-8 text: see line 2"),
    ],
)
def test_there_is_no_way_out_of_the_folder(verb, folder, name, reason):
    """Neither by steps, nor by links, nor by another spelling; the file and the line are named."""
    (folder / "linked").symlink_to(folder.parent / "secret")
    (folder / "parts" / "up").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    (folder / "latin").write_bytes(b"\n\xe9")
    (folder / "a.j2").write_text(f'\n{{% include "{name}" %}}\n')
    said = verb("render", "templates/a.j2")
    assert (said.code, said.out) == (65, "")
    assert said.err.startswith("cycle-exec: templates/a.j2:2: include of ")
    assert f": {reason} (template-syntax)\n" in said.err
    assert "out of reach" not in said.err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{% include variables.PLAIN %}", "include takes the name of a file as a text in quotes"),
        ("{% import 'a' ~ 'b' as c %}", "import takes the name of a file as a text in quotes"),
        ("{% include [] %}", "include takes the name of a file as a text in quotes"),
        ("{% extends 'a' if true else 'b' %}", "extends takes the name of a file as a text"),
    ],
)
def test_a_name_is_given_in_quotes(verb, folder, text, reason):
    """Or nobody could know before a start which files and which answers it needs."""
    (folder / "a.j2").write_text(text)
    said = verb("render", "templates/a.j2")
    assert (said.code, said.out) == (65, "")
    assert reason in said.err


def test_what_is_wrong_in_a_part_is_told_of_the_part(verb, folder):
    """Its file and its line, of syntax and of names; and once."""
    (folder / "a.j2").write_text('\n{% include "_wrong.j2" %}\n')
    (folder / "_wrong.j2").write_text("\n\n{{ variables.PLAN }}\n")
    said = verb("render", "templates/a.j2")
    assert said.err.startswith(
        "cycle-exec: templates/_wrong.j2:3: PLAN is not defined, did you mean PLAIN"
    )
    (folder / "_wrong.j2").write_text("\n{{ x | uper }}\n")
    (folder / "b.j2").write_text('{% include "_wrong.j2" %}\n')
    said = verb("render", "templates/a.j2", "templates/b.j2")
    assert said.err.count("templates/_wrong.j2:2: unknown filter uper, did you mean upper") == 1


def test_a_part_that_is_imported_knows_no_names(verb, folder):
    """As in Jinja2; the message says how it does."""
    (folder / "_m.j2").write_text("{% macro m() %}\n{{ variables.PLAIN }}\n{% endmacro %}\n")
    (folder / "a.j2").write_text('{% from "_m.j2" import m %}{{ m() }}')
    said = verb("render", "templates/a.j2")
    assert "templates/_m.j2:2: variables is not known in a file that is imported" in said.err
    assert "with context" in said.err
    (folder / "a.j2").write_text('{% from "_m.j2" import m with context %}{{ m() }}')
    assert verb("render", "templates/a.j2") == (0, "c4n4ry-plain\n", "")


def test_a_folder_of_parts_alone_has_no_template(verb, folder):
    """Which is told, for nothing would be written."""
    said = verb("render", "templates", "-o", "made/")
    assert said.code != 0
    assert "the directory has no *.j2 file but parts, which begin with _" in said.err


def test_a_comment_names_nothing(verb, folder):
    """What is not there is told only where a template would use it."""
    (folder / "a.j2").write_text(
        '{# {% include "none.j2" %} #}{% raw %}{% include "no" %}{% endraw %}x'
    )
    assert verb("render", "templates/a.j2") == (0, '{% include "no" %}x', "")


def test_a_builtin_may_be_made_of_its_own_folder(verb, folder):
    """There is no way from it to the file system."""
    (folder / "a.j2").write_text('{% include "builtin:nginx/tls.conf.j2" %}')
    said = verb("render", "templates/a.j2")
    assert "include of builtin:nginx/tls.conf.j2: there is no directory " in said.err


def test_a_file_that_uses_itself_is_refused(verb, folder):
    """In words, without a traceback."""
    (folder / "a.j2").write_text('{% include "a.j2" %}')
    said = verb("render", "templates/a.j2")
    assert said.code == 65
    assert "templates/a.j2:1: it recurses without end (template-failed)" in said.err


def test_an_expression_of_the_manifest_uses_no_file(verb, folder):
    """It lies in no folder of templates."""
    (folder.parent / "m.toml").write_text(
        "[environment]\nset = { A = '{% include \"secret\" %}' }\n"
    )
    said = verb("--manifest", "m.toml", "--", "true")
    assert said.code == 65
    assert "include is only available in files" in said.err
