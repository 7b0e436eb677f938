"""Templates that only substitute: equal to Jinja2 in all that they accept."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cycle_exec.errors import DeadlinePassed, Problem, Refused
from cycle_exec.planning.templates import rendering, substitution

CONTEXT = {
    "env": {
        "namespace": "ns",
        "*.é }": "star",
        "_x": "private",
        "A": "one",
        "long_Name_2": "{{ env.A }}\r\n",
        "items": "key",
        "empty": "",
        "n": 7,
    },
    "a": "text",
    "if_": {"x-y.z": {"b": True, "c": None, "d": 1.5, "e": ["x"], "f": 10**40}},
    "gone": Problem(kind="unavailable", subject="server", reason="it is down"),
}


def outcome(text, *, plain):
    """The text, or every problem in words; and the names that are used."""
    sources = {"t": text}
    try:
        prepared = rendering.prepare(sources, substitution.parsed(sources) if plain else {})
        return rendering.render(prepared, "t", CONTEXT), prepared.used
    except Refused as refused:
        return refused.problems


_WORDS = st.sampled_from(
    [
        *("{{", "}}", "{{ ", " }}", "{", "}", "%}", "#}", "{%", "{#", "{{-", "-}}", "{{+"),
        *("env", "a", "if_", "gone", "nope", "if", "self", "none", "range", "1", "_x"),
        *(".A", ".items", ".nope", ".long_Name_2", '["x-y.z"]', "['A']", '["nope"]', ".empty"),
        *(".b", ".c", ".d", ".e", ".f", ".n", "[0]", '["', '"]', ".", "[", "]", "'", '"', "|e"),
        *(
            "|upper",
            "|default('x')",
            "|default('', true)",
            "|default('{# x #}')",
            "|quote_nginx",
            "| trim ",
            "|required('')",
        ),
        *(" ", "\n", "\r\n", "\t", "text", "-", "+", "\\", "é", "\x0b", "\xa0", "()", "~"),
    ]
)
_EXPRESSIONS = st.builds(
    "{{{{{}{}{}{}{}}}}}".format,
    st.sampled_from(["", " ", "\n", "\t ", "-", "- "]),
    st.sampled_from(["env", "a", "if_", "gone", "nope", "self", "loop", "dict", "e_1"]),
    st.lists(
        st.sampled_from(
            [
                ".A",
                '["A"]',
                ".items",
                '["x-y.z"]',
                "['x-y.z']",
                ".b",
                ".c",
                ".d",
                ".e",
                ".f",
                ".q",
                "[0]",
            ]
        ),
        max_size=3,
    ).map("".join),
    st.lists(
        st.sampled_from(
            ["|default('x')", '|default("", true)', "|upper", "| int", "|quote_nginx", "|b64decode"]
        ),
        max_size=2,
    ).map("".join),
    st.sampled_from(["", " ", "\n", "-", " -"]),
)
_LITERALS = st.one_of(
    st.text("{}#% \nax\\", max_size=6),
    st.sampled_from(["{# note #}", "\n", "  ", "{##}", "{# a\n b #}\n", "\t{# {{ a }} #}", "\x1c"]),
    st.sampled_from(["{#- a #}", "{# a -#}", "{#+ a #}", "{# a +#}", "{#", "#}", "{", "{#}"]),
)


@settings(deadline=None)
@given(st.lists(_WORDS, max_size=12).map("".join))
@example("{{{{ a }}")
@example("{{ a }}}}")
@example("{ { a } } {{a}}{{a}}\n")
@example("   {{ a }}   \n\n")
@example("{{ env.A }")
@example("{{ env . A }}")
@example('{{ env["A}}"] }}')
def test_any_template_means_what_jinja2_says(text):
    """The same text, the same names, the same problems in the same words."""
    assert outcome(text, plain=True) == outcome(text, plain=False)


@given(st.lists(st.one_of(_LITERALS, _EXPRESSIONS), max_size=8).map("".join))
def test_any_path_means_what_jinja2_says(text):
    """Names that are missing, members of texts, values that are no texts: all alike."""
    assert outcome(text, plain=True) == outcome(text, plain=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("no expression: $x { } } }} %} #}\n\n", "no expression: $x { } } }} %} #}\n\n"),
        ("<{{env.A}}|{{ env.n }}>\n", "<one|7>\n"),
        ("{{ env.long_Name_2 }}", "{{ env.A }}\r\n"),
        ("{{\n if_[\"x-y.z\"].b }} {{ if_['x-y.z'].d }}", "True 1.5"),
        ("{{ env.items }}{{ env.empty }}", "key"),
        ("{# a {{ note }}\n #}\n  {# b #}\n\nx {# c #} y\n", "\nx  y\n"),
        ("{{# c #}{ a }}"[1:], "{ a }}"),
        ("a\r\n{{ a }}\rb\n\r", "a\ntext\nb\n\n"),
        ("x \n {{- a -}} \n y {#c#} {{- a }}", "xtexty text"),
        ('{{ if_["x-y.z"].e[0] }}{{ env.namespace }}{{ env["*.é }"] }}', "xnsstar"),
        ("{{ env.nope|default('d') }}{{ env.empty|default(\"e\", true)|upper }}", "dE"),
        ("{{ env.empty|default('e') }}{{ a|required('it is empty')|quote_nginx }}", '"text"'),
        ("{{ env.n|quote_shell }}{{ env.A | trim|lower }}{{ env._x }}", "'7'oneprivate"),
    ],
)
def test_plain_templates_are_recognised_and_rendered(text, expected):
    """These never need Jinja2."""
    plain = substitution.parse(text)
    assert plain is not None
    assert substitution.render(plain, CONTEXT, 1000) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{% if a %}x{% endif %}",
        "{#- note #}",
        "{# note -#}",
        "{# note",
        "{{# note #}}",
        "{{ a|first }}",
        "{{ a|default }}",
        "{{ a|default(b) }}",
        "{{ a|default('x\\n') }}",
        "{{ a|replace('x', 'y') }}",
        "{{ a|password_hash }}",
        "{{ a|upper.x }}",
        "{{ a|upper() }}",
        "{{ a -}",
        "{{ a() }}",
        "{{ a[-1] }}",
        "{{ a[00] }}",
        "{{ a[0:1] }}",
        "{{ a.0 }}",
        "{{ 'a' }}",
        "{{ a['x\\n'] }}",
        "{{ _private }}",
        "{{ self }}",
        "{{ true }}",
        "{{ a b }}",
        "{{ a",
        "{{ }}",
        "{{{ a }}}",
        "{{ ä }}",
        "{{ a.b. }}",
        "{{ a[] }}",
        "{{ a['b }}",
        "{{ env.nope|default('{# x #}') }}",
        "{{ env['{# x #}']|default('x') }}",
    ],
)
def test_whatever_goes_further_is_left_to_jinja2(text):
    """Filters, calls, blocks, comments, white space control, broken ones."""
    assert substitution.parse(text) is None


@pytest.mark.parametrize(
    "text",
    ["{{ nope }}", "{{ env.nope }}", "{{ a.b }}", "{{ gone }}", "{{ if_['x-y.z'].e|lower }}"],
)
def test_what_is_not_plainly_there_is_left_to_jinja2(text):
    """Jinja2 decides whether that is an error, and which."""
    plain = substitution.parse(text)
    assert plain is not None
    assert substitution.render(plain, CONTEXT, 1000) is None


def test_the_limit_is_one_of_bytes():
    """Of the file."""
    plain = substitution.parsed({"t": "é{{ v }}"})["t"]
    assert substitution.render(plain, {"v": "é"}, 4) == "éé"
    assert substitution.render(plain, {"v": "é"}, 3) is None


def test_a_text_over_the_limit_is_left_to_jinja2():
    """The limit is a matter of refusals, which are not told here."""
    plain = substitution.parse("{{ a }}{{ a }}")
    assert plain is not None
    assert substitution.render(plain, CONTEXT, 8) == "texttext"
    assert substitution.render(plain, CONTEXT, 7) is None


def test_a_launch_without_blocks_and_filters_never_imports_jinja2():
    """That is what it is for."""
    code = (
        "import sys; from cycle_exec.planning.templates import substitution, rendering as t; "
        "s = {'x': '{{ a.b }}'}; p = t.prepare(s, substitution.parsed(s)); "
        "assert t.render(p, 'x', {'a': {'b': 'c'}}) == 'c'; "
        "assert not {'jinja2', 're', 'typing'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


@pytest.mark.parametrize("text", ["{{ a|default('x', 1) }}", "{{ a|lower('x', true) }}"])
def test_what_only_jinja2_can_tell(text):
    """An argument that is no word of the two, a filter that takes none."""
    assert substitution.parsed({"t": text}) == {}


@pytest.mark.parametrize("parsed", [True, False])
def test_a_deadline_that_passes_while_a_failure_is_looked_into(parsed):
    """It is the template's failure; one that was not known to fail was only not ready."""

    def bounded():
        raise DeadlinePassed

    sources = {"t": "{{ env.NOTHING }}"}
    prepared = rendering.prepare(sources, substitution.parsed(sources) if parsed else {})
    with pytest.raises(DeadlinePassed) as caught:
        rendering.render(prepared, "t", CONTEXT, bounded)
    problem = caught.value.problem
    if parsed:
        assert (problem.kind, problem.subject) == ("template-failed", "t")
        assert problem.reason == "it failed, and the deadline passed before the cause was known"
    else:
        assert problem is DeadlinePassed.problem
