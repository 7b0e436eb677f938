"""Compiled templates that are made of several files, and the names that they take."""

from __future__ import annotations

import pytest

from cycle_exec.planning.programs import generation, rendering
from cycle_exec.planning.programs.model import Generated, Program
from cycle_exec.planning.templates import rendering as by_jinja2
from cycle_exec.planning.templates.parts import Library
from cycle_exec.system import programs

CONTEXT: dict[str, object] = {"v": {"A": "1", "LIST": "a,b"}, "names": ["x", "y"]}


def library_of(texts: dict[str, str]) -> Library:
    return Library(
        texts={f"d/{name}": text for name, text in texts.items()},
        folders=dict.fromkeys((f"d/{name}" for name in texts), "d/"),
    )


def program_of(texts: dict[str, str]) -> Program:
    library, made = library_of(texts), {}
    for name, text in library.texts.items():
        generated = generation.generated(name, text, library)
        assert isinstance(generated, Generated)
        made[name] = programs.template(programs.stored(generated.code, name))
    return Program(made=made, folders=library.folders, used=frozenset(CONTEXT))


def by_program(texts: dict[str, str]) -> str | None:
    return rendering.render(program_of(texts), "d/t", CONTEXT)


def test_a_program_stands_for_its_template():
    """And where it is not certain, Jinja2 renders what it was made of."""
    for text, expected in (("{{ v.A|upper }}", "1"), ("{{ 1.25|round(1, 'floor') }}", "1.2")):
        texts = {"t": text}
        program = program_of(texts)
        prepared = by_jinja2.prepare(
            {"d/t": text}, {}, library=library_of(texts), programs={"d/t": program}
        )
        assert (prepared.used, prepared.compiled) == (program.used, {})
        assert by_jinja2.render(prepared, "d/t", CONTEXT) == expected


@pytest.mark.parametrize(
    "texts",
    [
        {
            "t": "{% include 'a' %}|{{ v.A }}",
            "a": "{{ v.A }}{% for n in names %}{{ n }}{% endfor %}",
        },
        {"t": "{% for n in names %}{% include 'a' %}{% endfor %}", "a": "<{{ n }}>"},
        {"t": "{% set n = 7 %}{% include 'a' without context %}", "a": "static"},
        {"t": "{% include 'none' ignore missing %}-"},
        {"t": "{% include ['none', 'a'] %}", "a": "second"},
        {"t": "{% include ['none', 'nor'] ignore missing %}-"},
        {
            "t": "{% import 'a' as m %}{{ m.m(2) }}{{ m.x }}",
            "a": "{% set x = 3 %}{% macro m(a) %}<{{ a }}>{% endmacro %}",
        },
        {
            "t": "{% from 'a' import m, x as y with context %}{{ m() }}{{ y }}",
            "a": "{% set x = v.A %}{% macro m() %}{{ v.A }}{% endmacro %}",
        },
        {
            "t": "{% import 'a' as m %}{% import 'a' as n %}{{ m.x }}{{ n.x }}",
            "a": "{% set x = 3 %}",
        },
        {
            "t": "{% extends 'p' %}{% block b %}({{ super() }}){% endblock %}",
            "p": "<{% block b %}{{ v.A }}{% endblock %}>",
        },
        {
            "t": "{% extends 'p' %}{% block b %}own{% endblock %}",
            "p": "{% block b %}{% endblock %}{% block c %}c{% endblock %}",
        },
        {
            "t": "{% extends 'p' %}{% set q = 1 %}{% block b scoped %}{{ q }}{% endblock %}",
            "p": "{% block b %}{% endblock %}",
        },
        {"t": "{{ v.LIST|split(',')|join('+') }}{{ v.nope|default('d')|quote }}"},
    ],
)
def test_files_are_put_together_as_by_jinja2(texts):
    """Included, imported, extended; each sees the names that it sees there."""
    library = library_of(texts)
    prepared = by_jinja2.prepare({"d/t": texts["t"]}, {}, library=library)
    expected = by_jinja2.render(prepared, "d/t", CONTEXT)
    assert by_program(texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        {"t": "{% import 'a' as m %}{{ m.nope }}", "a": "{% set x = 3 %}"},
        {"t": "{% block b %}{{ super() }}{% endblock %}"},
        {"t": "{{ v.A|mandatory(v.nope) }}"},
        {"t": "{{ v is sequence }}{{ v.keys() is sequence }}"},
        {"t": "{{ cycler is mapping }}"},
    ],
)
def test_what_is_not_certain_is_left_to_jinja2(texts):
    """It may be an error, which Jinja2 tells."""
    assert by_program(texts) is None


@pytest.mark.parametrize(
    ("texts", "reasons"),
    [
        ({"t": "{{ servr }}\n{{ v.A }}"}, ["servr is not defined, did you mean server"]),
        (
            {"t": "{{ nope|default('x') }}{{ this is defined }}{{ that or nope2|d('y') }}"},
            ["that is not defined"],
        ),
        (
            {"t": "{% if v %}{% set a = 1 %}{% endif %}{{ a }}{% set b, c = 1, 2 %}{{ b }}{{ c }}"},
            [],
        ),
        ({"t": "{% from 'a' import x, x as y %}{{ x }}{{ y }}{{ gone }}"}, ["gone is not defined"]),
        (
            {"t": "{% extends 'none' %}{% block b %}{{ own }}{% endblock %}"},
            ["own is not defined"],
        ),
        ({"t": "{% set a %}text{% endset %}{{ a }}{% macro m() %}{% endmacro %}{{ m() }}"}, []),
        (
            {
                "t": "{% import 'a' as m %}{% from 'a' import x, x as y %}{{ m.x }}{{ x }}{{ y }}",
                "a": "{% set x = 1 %}",
            },
            [],
        ),
        (
            {
                "t": "{% extends 'p' %}{% block b %}{{ own }}{{ none }}{% endblock %}",
                "p": "{% set own = 1 %}{% block b %}{% endblock %}",
            },
            [],
        ),
        (
            {
                "t": "{% extends 'p' %}{% block b %}{{ other }}{{ other }}{% endblock %}",
                "p": "{% block b %}{% endblock %}",
            },
            ["other is not defined"],
        ),
    ],
)
def test_names_that_are_never_there(texts, reasons):
    """Once for each, with its line; not those that are asked for, or set somewhere."""
    library = library_of(texts)
    found = generation.unknown_names("d/t", texts["t"], ["v", "server"], library)
    assert [each.reason for each in found] == reasons


def test_what_renders_is_bounded():
    """By whom the caller says."""
    begun = []

    class Bound:
        def __enter__(self):
            begun.append("begun")

        def __exit__(self, *_):
            begun.append("ended")

    generated = generation.generated("t", "{{ v.A }}{{ names }}")
    assert isinstance(generated, Generated)
    made = {"t": programs.template(programs.stored(generated.code, "t"))}
    program = Program(made=made, used=frozenset(CONTEXT))
    assert rendering.render(program, "t", CONTEXT, Bound) == "1['x', 'y']"
    assert begun == ["begun", "ended"]
