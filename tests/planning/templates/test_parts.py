"""Files that templates are made of: which ones, and what is wrong with their names."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.model import Prepared
from cycle_exec.planning.templates import parts, rendering
from cycle_exec.planning.templates.parts import Library

CONTEXT: dict[str, object] = {"v": {"A": "1", "NAME": "2"}}


def prepare(text: str, texts: dict[str, str], unreadable: dict[str, str] | None = None) -> Prepared:
    names = ["d/t", *(f"d/{name}" for name in texts)]
    library = Library(
        texts={f"d/{name}": each for name, each in texts.items()},
        unreadable={f"d/{name}": each for name, each in (unreadable or {}).items()},
        folders=dict.fromkeys(names, "d/"),
    )
    return rendering.prepare({"d/t": text}, {}, library=library)


def rendered(text: str, **texts: str) -> str:
    return rendering.render(prepare(text, texts), "d/t", CONTEXT)


def problem(text: str, **texts: str) -> Problem:
    with pytest.raises(Refused) as caught:
        rendered(text, **texts)
    [found] = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{% include \"a\" %}{%- import 'b/c' as x -%}", ["a", "b/c"]),
        ("{%+ from \"a\" import b, c with context %}{% extends 'd' %}", ["a", "d"]),
        ('{% include ["a", "b"] ignore missing %}', ["a", "b"]),
        ('{% include\n  "a"\n%}', ["a"]),
        ('{% include "" %}', [""]),
        ('{% include x %}{{ "include" }} {% set include = "y" %}', []),
        ('include "a"', []),
        ('{# {% include "a" %} #}', ["a"]),
    ],
)
def test_every_name_is_found_without_jinja2(text, names):
    """In doubt more than are used: they are only read."""
    assert list(parts.named(text)) == names


@pytest.mark.parametrize("name", ["", "/a", "..", "../a", "a/../b", "./a", "a//b", "a/", "a\0"])
def test_what_is_no_name_of_a_file_of_the_folder(name):
    """Whatever could lead elsewhere."""
    assert parts.unfit(name)


@pytest.mark.parametrize("name", ["a", "a/b.j2", "_a", "..a", "a..b", "%2e%2e", "é"])
def test_what_is_one(name):
    """Also names that look odd."""
    assert parts.unfit(name) == ""


def test_a_part_of_others_begins_with_an_underscore():
    """In whatever folder; a folder's own name says nothing."""
    assert parts.is_part("_a.j2")
    assert parts.is_part("b/_a.j2")
    assert not parts.is_part("_b/a.j2")


def test_templates_are_made_of_files():
    """Each way; one that includes others itself; the first that is there; macros with values."""
    assert rendered('{% include "a" %}', a='<{% include "b" %}>', b="{{ v.A }}") == "<1>"
    assert rendered('{% include ["no", "a"] %}', a="x") == "x"
    assert rendered('{% include "no" ignore missing %}{% include ["n"] ignore missing %}y') == "y"
    assert (
        rendered('{% import "a" as a %}{{ a.m(v.A) }}', a="{% macro m(x) %}[{{ x }}]{% endmacro %}")
        == "[1]"
    )
    assert (
        rendered('{% extends "a" %}{% block b %}1{% endblock %}', a="<{% block b %}{% endblock %}>")
        == "<1>"
    )


def test_names_of_parts_are_used_names():
    """Only of those that are really used."""
    used = prepare('{# "b" #}{% include "a" %}', {"a": "{{ server.id }}", "b": "{{ hub }}"}).used
    assert used == {"server"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{% include "no" %}', "include of no: write its name without a backslash"),
        ('{% include ["no", "../b"] %}', "include of no: write its name without a backslash"),
        ('{% include "../b" ignore missing %}',
         "include of ../b: it leads out of the directory of the template"),
        ('{% include "/b" %}',
         "include of /b: it is absolute: name it relative to the directory of the template"),
        ("{% import v.A as x %}",
         "import takes the name of a file as a text in quotes, nothing computed"),
        ("{% include [] %}",
         "include takes the name of a file as a text in quotes, nothing computed"),
        ("{% include 5 %}",
         "include takes the name of a file as a text in quotes, nothing computed"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_refuses(text, reason):
    """With the line of the template."""
    found = problem("\n" + text)
    assert (found.kind, found.subject, found.reason) == ("template-syntax", "d/t:2", reason)


def test_why_a_file_was_not_read_is_told():
    """In the words of whoever tried."""
    with pytest.raises(Refused) as caught:
        prepare('{% include "a" %}', {}, {"a": "permission denied"})
    [found] = caught.value.problems
    assert found.reason == "include of a: permission denied"


def test_a_mistake_is_told_of_its_file():
    """Syntax, names, and what an import without context does not know."""
    assert problem('{% include "a" %}', a="\n{% if %}").subject == "d/a:2"
    found = problem('\n\n{% include "a" %}', a="{{ v.NAMED }}")
    assert (found.subject, found.reason) == ("d/a:1", "NAMED is not defined, did you mean NAME")
    found = problem('{% from "a" import m %}{{ m() }}', a="{% macro m() %}{{ v.A }}{% endmacro %}")
    assert found.subject == "d/a:1"
    assert found.reason == "v is not known in a file that is imported without context"
    assert "with context" in found.way_out


def test_files_that_use_each_other_end_in_a_refusal():
    """Nothing is rendered for ever."""
    found = problem('{% include "a" %}', a='{% include "b" %}', b='{% include "a" %}')
    assert found.reason == "it recurses without end"


def test_each_template_begins_anew():
    """Whatever another one has done with a file that both import."""
    macro = "{% macro item(n) %}{{ comma() }}{{ n }}{% endmacro %}"
    texts = {"_list.j2": "{% set comma = joiner() %}" + macro}
    text = "{% from '_list.j2' import item %}{{ item(1) }}{{ item(2) }}"
    prepared = prepare(text, texts)
    assert [rendering.render(prepared, "d/t", CONTEXT) for _ in range(2)] == ["1, 2", "1, 2"]
