"""Templates: what they can do, what they refuse, and that no message holds a value."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.model import Prepared
from cycle_exec.planning.templates import rendering, substitution

CANARY = "c4n4ry-value"


def prepare(sources: dict[str, str]) -> Prepared:
    return rendering.prepare(sources, substitution.parsed(sources))


def rendered(text: str, **context: object) -> str:
    prepared = prepare({"t.j2": text})
    return rendering.render(prepared, "t.j2", context)


def refusal(text: str, **context: object) -> Problem:
    with pytest.raises(Refused) as caught:
        rendered(text, **context)
    [problem] = caught.value.problems
    assert CANARY not in repr(problem)
    return problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\n", "plain\n"),
        ("{{ v.A }}\n", "1\n"),
        ("{{ v['A'] }}", "1"),
        ("{% for k in v|sort %}\n{{ k }}\n{% endfor %}\n", "A\nb\nitems\n"),
        ("    {% if true %}\nx\n    {% endif %}\n", "x\n"),
        ("{{ v.items }}", "data"),
        ("{{ w.items()|list|length }}", "1"),
        ("{{ nope is defined }} {{ nope|default('d') }}", "False d"),
        ("{{ v.nope is defined }} {{ v.nope|default('d') }}", "False d"),
        ("<{{ '<&>' }}>", "<<&>>"),
        ("{{ '-' * 3 }}{{ 2 ** 8 }}{{ '%s-%d' % ('a', 5) }}", "---256a-5"),
        ("{{ 7 % 4 }}", "3"),
        ("{% set x = [] %}{{ x|length }}", "0"),
        ("{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m(1) }}", "[1]"),
        ("{{ v.A|indent }}{{ 'a\nb'|indent(2) }}", "1a\n  b"),
        ("{{ v.A|required('why') }}", "1"),
    ],
)
def test_templates_are_jinja2_with_blocks_trimmed(text, expected):
    """The language is Jinja2's; keys win over methods; nothing is escaped."""
    assert rendered(text, v={"A": "1", "b": "2", "items": "data"}, w={"a": 1}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ [1, 2]|map('string')|to_json }}", '["1", "2"]'),
        ("{{ [1, 2]|select('odd')|to_yaml }}", "[1]"),
        ("{{ {'a': 1}|items|to_json }}", '[["a", 1]]'),
        ("{{ range(3)|to_toml }}", "[0, 1, 2]"),
        ("{{ {'a': [1, 2]|map('string')}|to_json }}", '{"a": ["1", "2"]}'),
        ("{{ {'a': range(2)}|to_nice_yaml(indent=2) }}", "a:\n  - 0\n  - 1\n"),
        ("{{ [{'n': 'a'}, {'n': 'b'}]|groupby('n')|to_json }}",
         '[["a", [{"n": "a"}]], ["b", [{"n": "b"}]]]'),
        ("{{ d.keys()|to_json }}{{ d.values()|to_json }}{{ d.items()|to_json }}",
         '["k"]["v"][["k", "v"]]'),
        ("{{ nope|default(8080)|bare_word }}", "8080"),
        ("{{ nope|default(true)|quote_nginx }}", '"true"'),
        ("{{ 1.5|quote_postgres }}{{ 5|b64encode }}", "'1.5'NQ=="),
        ("{{ ['a b', 'c']|map('quote')|join(' ') }}", "'a b' c"),
        ("{{ (d.k is defined)|ternary(d.k, d.nope) }}", "v"),
        ("{{ nope|mandatory is defined }}", None),
        ("{{ ['db1', 'x']|select('match', 'db[0-9]')|list }}", "['db1']"),
        ("{{ [[1]|map('string'), 2]|flatten|to_json }}", '["1", 2]'),
        ("{{ {'a': nope}|to_json }}", None),
    ],
)  # fmt: skip
def test_filters_take_what_other_filters_make(text, expected):
    """What is made while it is read, numbers and booleans; an undefined name inside refuses."""
    if expected is None:
        assert refusal(text, d={}).kind in {"template-undefined", "template-failed"}
    else:
        assert rendered(text, d={"k": "v"}) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_is_placed_verbatim(value):
    """Template syntax, markup, anything: a value is text."""
    assert rendered("<{{ v }}>", v=value) == f"<{value}>"


def test_used_is_what_the_templates_take_from_the_context():
    """Names the template sets itself are not used names."""
    prepared = prepare(
        {"a": "{% set x = server %}{{ x.y }}", "b": "{% for i in instances %}{{ i }}{% endfor %}"}
    )
    assert prepared.used == {"server", "instances"}


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        ("{{ variables.DATABSE_URL }}", "t.j2:1",
         "DATABSE_URL is not defined, did you mean DATABASE_URL"),
        ("\n\n{{ variabels.A }}", "t.j2:3", "variabels is not defined, did you mean variables"),
        ("{{ secret.x.y }}", "t.j2:1", "x is not defined: what stands before it is text"),
        ("{{ {}[secret] }}", "t.j2:1", "a computed name is not defined"),
        ("{{ variables[secret] }}", "t.j2:1", "a computed name is not defined"),
        ("{{ secret[secret] }}", "t.j2:1", "a computed name is not defined"),
        ("\n{% for x in nope %}{% endfor %}", "t.j2:2", "nope is not defined"),
        ("{{ 'a' if nope else 'b' }}", "t.j2:1", "nope is not defined"),
        ("\n{{ 'a'.nope ~ 'b' }}", "t.j2:2",
         "nope is not defined: what stands before it is text"),
        ("\n{{ {}.nope and 1 }}", "t.j2:2", "nope is not defined"),
        ("{{ nope + 1 }}", "t.j2:1", "nope is not defined"),
        ("{{ nope|b64encode }}", "t.j2:1", "nope is not defined"),
        ("{{ nope == 1 }}", "t.j2:1", "nope is not defined"),
        ("{% macro m(a) %}\n{{ a.q }}\n{% endmacro %}\n{{ m({}) }}", "t.j2:2", "q is not defined"),
    ],
)  # fmt: skip
def test_an_undefined_name_refuses_with_place_and_nearest(text, subject, reason):
    """The name is printed only where it stands in the template itself."""
    context = {"variables": {"DATABASE_URL": CANARY, "A": "1"}, "secret": CANARY}
    problem = refusal(text, **context)
    assert (problem.kind, problem.subject, problem.reason) == (
        "template-undefined",
        subject,
        reason,
    )


def test_keys_of_a_parsed_value_are_not_suggested():
    """A document inside a variable is secret, its keys as well."""
    problem = refusal("{{ (v|from_json).passwrd }}", v='{"passwrd-c4n4ry-value": 1}')
    assert problem.reason == "passwrd is not defined"


def test_keys_are_suggested_where_templates_go():
    """In lists too; what lies deeper than any resource of the platform is not searched."""
    server = {"nodes": [{"features": {"arch": "amd64", "more": {"kind": {"x": "y"}}}}]}
    problem = refusal("{{ server.nodes[0].features.arhc }}", server=server)
    assert problem.reason == "arhc is not defined, did you mean arch"
    deep = "{{ server.nodes[0].features.more.kidn }}"
    assert refusal(deep, server=server).reason == "kidn is not defined"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{ 1/0 }}", "division by zero"),
        ("{{ s + 1 }}",
         "a text and a number are not computed with each other: every variable is text"),
        ("{{ s() }}", "what is called is no function"),
        ("{{ s.__class__.__mro__ }}", "the sandbox forbids this access"),
        ("{{ (s|attr('__class__')).x }}", "the sandbox forbids this access"),
        ("{{ d.update({'a': 1}) }}",
         "update would change a list or a mapping, which templates cannot"),
        ("{{ '-' * 10**9 }}", "the result would be larger than 16 MiB"),
        ("{{ [1] * 10**9 }}", "the result would be larger than 16 MiB"),
        ("{{ 9 ** 1000000 }}", "the result would be larger than 16 MiB"),
        ("{% set x = 9 ** 9999 %}{{ x * x * x * x }}", "the result would be larger than 16 MiB"),
        ("{{ s.encode().hex()|int(base=16) * 2 // ('-' * 99999)|replace('-', 'f')|int(base=16) }}",
         "the result would be larger than 16 MiB"),
        ("{{ 5|round(-100000000) }}", "the result would be larger than 16 MiB"),
        ("{{ 5|round(100000000, 'floor') }}", "the result would be larger than 16 MiB"),
        ("{% for i in range(99999) %}{{ '-' * 9000 }}{% endfor %}",
         "the result would be larger than 16 MiB"),
        ("{{ '§' * (9 * 2**20) }}", "the result would be larger than 16 MiB"),
        ("{{ '\"\\\\ud800\"'|from_json }}", "a text cannot be encoded"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "it recurses without end"),
        ("{{ s|int('x')|round(s) }}", "an operation on values of the wrong type"),
        ("{{ s|from_json }}", "from_json: the value is not JSON"),
        ("{{ s|b64decode }}", "b64decode: the value is not base64"),
        ("{{ ''|required('give me a name') }}", "give me a name"),
        ("{{ nope|required('give me a name') }}", "give me a name"),
        ("{{ nope|required(s) }}", "a required value is missing or empty"),
        ("{{ ''|required('no ' ~ s) }}", "a required value is missing or empty"),
        ("{{ s|required(s)|map(s)|list }}", "a filter or a test that does not exist is named"),
        ("{{ [1]|map(s)|list }}", "a filter or a test that does not exist is named"),
        ("{{ s.format(1).nope.x }}", None),
        ("{{ s|dictsort }}", None),
        ("{{ {}|first }}", None),
        ("{{ '{0.x}'.format(s) }}", None),
        ("{{ s|groupby(s) }}", None),
        ("{{ s|tojson|from_json|sum }}", None),
    ],
)  # fmt: skip
def test_a_failing_expression_refuses_in_our_words(text, reason):
    """Whatever goes wrong, the line is named and no value is told."""
    problem = refusal("\n" + text, s=CANARY, d={"k": CANARY})
    assert problem.kind in {"template-failed", "template-undefined"}
    assert problem.subject in {"t.j2:2", "t.j2"}
    if reason is not None:
        assert problem.reason == reason


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        ("a\n{{ x", "t.j2:2", "a block or an expression is not closed"),
        ("{% if x %}", "t.j2:1", "if, from line 1, is not closed: endif is missing"),
        ("{% fro x in y %}", "t.j2:1", "unknown tag fro, did you mean from"),
        ("{{ x|uper }}", "t.j2:1", "unknown filter uper, did you mean upper"),
        ("{{ x is defned }}", "t.j2:1", "unknown test defned, did you mean defined"),
        (
            "\n{% include 'a' %}",
            "t.j2:2",
            "include is only available in files: there is no directory to look in",
        ),
        (
            "{% import 'a' as b %}",
            "t.j2:1",
            "import is only available in files: there is no directory to look in",
        ),
        (
            "{% from 'a' import b %}",
            "t.j2:1",
            "import is only available in files: there is no directory to look in",
        ),
        (
            "{% extends 'a' %}",
            "t.j2:1",
            "extends is only available in files: there is no directory to look in",
        ),
        ("{{ a b }}", "t.j2:1", "the expression is invalid: something is missing or superfluous"),
        ("{{ \\ }}", "t.j2:1", "a character that is not allowed in an expression"),
        ("{{ " + "9" * 5000 + " }}", "t.j2", "a number has too many digits"),
        ("{{ m(a=1, a=2) }}", "t.j2", "an argument is repeated"),
        ("{% macro m(a, a) %}{% endmacro %}", "t.j2", "an argument is repeated"),
        ("{{ m(__debug__=1) }}", "t.j2", "this is not valid Jinja2"),
        ("{{ " + "(" * 500 + "a" + ")" * 500 + " }}", "t.j2", "it is nested too deeply"),
        ("{{ a" + "|upper" * 250 + " }}", "t.j2", "it is nested too deeply"),
        ("{% for a in b %}" * 25 + "{% endfor %}" * 25, "t.j2", "it is nested too deeply"),
        ("{% if a %}" * 120 + "{% endif %}" * 120, "t.j2", "it is nested too deeply"),
    ],
)
def test_a_broken_template_refuses_with_its_line(text, subject, reason):
    """Syntax is found when the templates are prepared, before anything is rendered."""
    with pytest.raises(Refused) as caught:
        prepare({"t.j2": text})
    [problem] = caught.value.problems
    assert (problem.kind, problem.subject, problem.reason) == ("template-syntax", subject, reason)


def test_what_is_made_is_made_inside_its_bound():
    """A launch bounds the memory that way."""
    seen: list[str] = []

    @contextmanager
    def bounded():
        seen.append("begun")
        yield
        seen.append("ended")

    prepared = prepare({"t.j2": "{% if a %}{{ a }}{% endif %}"})
    assert rendering.render(prepared, "t.j2", {"a": "x"}, bounded) == "x"
    assert seen == ["begun", "ended"]


def test_all_broken_templates_are_told_at_once():
    """Every template is parsed, and every problem in it that parsing survives."""
    with pytest.raises(Refused) as caught:
        prepare({"a": "{{ x|p }}{{ x|q }}", "b": "{{", "c": "fine"})
    assert [problem.subject for problem in caught.value.problems] == ["a:1", "a:1", "b:1"]


def test_what_could_not_be_fetched_refuses_at_its_first_use():
    """Even `is defined` is a use: the answer would be a guess."""
    problem = Problem(kind="unavailable", subject="server", reason="it is down")
    for text in ("{{ server.id }}", "{{ server is defined }}", "{% set x = server %}"):
        found = refusal(text, server=problem)
        assert (found.kind, found.reason) == ("unavailable", "it is down")
    assert rendered("{{ other }}", other=1, server=problem) == "1"


@given(st.text(alphabet="{}%#ab |.'\"()[]~+*\n\\-", max_size=40))
def test_any_text_is_a_template_or_a_refusal(text):
    """No template makes the launcher stumble."""
    try:
        rendered(text, a={"b": CANARY}, b=[1])
    except Refused as refused:
        assert {problem.code for problem in refused.problems} == {65}  # noqa: PT017
        assert CANARY not in repr(refused.problems)  # noqa: PT017
