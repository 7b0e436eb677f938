"""The sentence a person needs, for mistakes that people make."""

from __future__ import annotations

import warnings

import pytest

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.templates import rendering, syntax, text_use
from tests.planning.test_build import planned, text

CONTEXT: dict[str, object] = {
    "variables": {"A": "1", "DATABASE_URL": "u", "db-password": "p", "LIST": '["a"]'},
    "env": {"INHERITED": "1"},
    "integrations": {"s3-backups": {"auth": {}}},
    "certificates": {"h": {"cert": "c"}},
    "x": "text",
}
NUMBER = "a text and a number are not computed with each other: every variable is text"
GO = "this is a Go template"
BRACKET = "the expression is invalid: a bracket is missing or superfluous"

SYNTAX = [
    ("a\n{% if x %}\nb\n", 3, "if, from line 2, is not closed: endif is missing"),
    ("{% for a in x %}\n{% if a %}", 2, "if, from line 2, is not closed: endif is missing"),
    ("{% set a %}{% set b = 1 %}", 1, "set, from line 1, is not closed: endset is missing"),
    (
        "{% for a in x %}\n{% if a %}\n{% endfor %}",
        3,
        "endfor closes no for: the block that is open is if, from line 2",
    ),
    (
        "{% if a %}{% for b in a %}{% endfor %}{% for b in a %}{% endif %}",
        1,
        "endif closes no if: the block that is open is for, from line 1",
    ),
    ("x\n{% endif %}", 2, "endif closes nothing: no if is open"),
    ("{% if a %}{% endif %}{% endif %}", 1, "endif closes nothing: no if is open"),
    ("{# {% if a %} #}{% raw %}\n{% if a %}{% endraw %}{% endfor %}", 2,
     "endfor closes nothing: no for is open"),
    ("{% endraw %}", 1, "endraw closes nothing: no raw is open"),
    ("{% else %}", 1, "else stands outside of if and for"),
    (
        "{% for a in x %}\n{% elif a %}{% endfor %}",
        2,
        "elif stands outside of if: the open block is for, from line 1",
    ),
    ("{% if a %}{% elseif b %}{% endif %}", 1, "unknown tag elseif: Jinja2 writes elif"),
    ("{% if a %}{% else if b %}{% endif %}", 1, "else if is no tag: Jinja2 writes elif"),
    ("{% end %}", 1, "unknown tag end: Jinja2 names what it ends: endif, endfor"),
    ("{% if a %}{% endfi %}", 1, "unknown tag endfi, did you mean endif"),
    ("{% include_role %}", 1, "unknown tag include_role, did you mean include"),
    (
        "{% do a.append(1) %}",
        1,
        "unknown tag do: it is not available: nothing can be changed, "
        "make a new value with {% set %}",
    ),
    ("{{ .Env.X }}", 1, GO),
    ("a\n{{ env `X` }}", 2, GO),
    ("{{- range $i, $e := .X }}", 1, GO),
    ('{{ key "a/b" }}', 1, GO),
    ('{{ getv "/a/b" "x" }}', 1, GO),
    ('{{ default .Env.PORT "80" }}', 1, GO),
    ('{{ env.Getenv "PORT" }}', 1, GO),
    ('{{ (ds "config").host }}', 1, GO),
    ('{{- join (slice "a" "b") "," }}', 1, GO),
    ("{{ tpl .Values.x . }}", 1, GO),
    ("{{/* a comment */}}", 1, GO),
    ('{{ not "a" b }}', 1, "the expression is invalid: something is missing or superfluous"),
    ("{{#if a}}", 1,
     "# is not allowed in an expression: a comment is written {# ... #}, a tag {% ... %}"),
    ("{{ x", 1, "a block or an expression is not closed"),
    ("{{ x }", 1, "an expression is not closed: }} is missing"),
    ('{{ "abc }}', 1, "a text in quotes is not closed"),
    ("{{ 'abc }}", 1, "a text in quotes is not closed"),
    ('{% if "{#" %}\n{# #}', 1, "a block or an expression is not closed"),
    ("{# abc", 1, "a comment is not closed: #} is missing"),
    ("{% raw %}{{ a", 1, "a raw block is not closed: endraw is missing"),
    ("{% if x }}a", 1, "a tag begins with {% and ends with }}"),
    ("{{ x %}", 1, "an expression begins with {{ and ends with %}"),
    ("{{ a && b }}", 1,
     "& is not allowed in an expression: and is written in letters: and"),
    ("{{ a ? b : c }}", 1,
     "? is not allowed in an expression: a choice is written {{ a if condition else b }}"),
    ("{{ a € b }}", 1, "a character that is not allowed in an expression"),
    ("{% if a = b %}{% endif %}", 1, "= assigns: write == to compare"),
    ("{{ foo({{ a }}) }}", 1, "braces stand inside braces: a name needs none there"),
    ("{% if {{ a }} %}{% endif %}", 1, "braces stand inside braces: a name needs none there"),
    ("{% if %}{% endif %}", 1, "an expression is missing, or what it ends with"),
    ("{% for a in %}{% endfor %}", 1, "an expression is missing, or what it ends with"),
    ("{{ }}", 1, "an expression is missing, or what it ends with"),
    ("{{ 1 + }}", 1, "an expression is missing, or what it ends with"),
    ("{{ [1, 2 }}", 1, BRACKET),
    ("{{ (a }}", 1, BRACKET),
    ("{{ a b }}", 1, "the expression is invalid: something is missing or superfluous"),
    ('{{ x | map("nofilter") }}', 1, "unknown filter nofilter"),
    ("{{ x | ansible.builtin.to_json }}", 1,
     "unknown filter ansible.builtin.to_json: write to_json"),
    ("{{ x | ansible.utils.ipwrap }}", 1,
     "unknown filter ansible.utils.ipwrap: there are none of Ansible's collections"),
    ("{{ x is ansible.builtin.match('a') }}", 1,
     "unknown test ansible.builtin.match: write match"),
    ('{{ x | map("uper") }}', 1, "unknown filter uper, did you mean upper"),
    ('{{ x | selectattr("a", "equl", 1) }}', 1, "unknown test equl, did you mean equalto"),
    ("{{ x is bool }}", 1, "unknown test bool: it is a filter, which stands behind |"),
    ("{{ x | defined }}", 1, "unknown filter defined: it is a test, which stands behind is"),
    ("{{ x | to_yaml(colour=1) }}", 1, "to_yaml takes no argument colour"),
    ("{{ x | to_yaml(indnet=1) }}", 1, "to_yaml takes no argument indnet, did you mean indent"),
    ("{{ x | to_yaml(1, 2) }}", 1, "to_yaml takes at most 1 argument without a name"),
    ("{{ x | default(1, true, 2) }}", 1, "default takes at most 2 arguments without a name"),
    ("{{ x | upper(1) }}", 1, "upper takes no argument"),
    ("{{ x | join(',', d=1) }}", 1, "join takes no argument d"),
    ("{{ x | union }}", 1, "union needs an argument more: other"),
    ("{{ x is divisibleby }}", 1, "divisibleby needs an argument more: num"),
    ("{{ x is version('1', opertor='>') }}", 1,
     "version takes no argument opertor, did you mean operator"),
    ("{{ x | password_hash(template='x') }}", 1, "password_hash takes no argument template"),
    ("{{ variables.A == 8080 }}", 1, "variables.A is text, which never equals a number"),
    ("{% set a = env['A'] %}{{ 1 != a }}", 1, "env.A is text, which never equals a number"),
    ("{% if variables['a b'] == true %}{% endif %}", 1,
     'variables["a b"] is text, which never equals a boolean'),
]  # fmt: skip

RUNNING = [
    ("{{ if .X }}", GO),
    ("{{ range .X }}", GO),
    ("{{ end }}", GO),
    ('{{ [1] | map("no" ~ "filter") | list }}',
     "a filter or a test that does not exist is named"),
    ("{{ none[1:3] }}", "a member is taken of what has none"),
    ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
     "a call has arguments that it does not take, or lacks one"),
    ("{{ 5() }}", "what is called is no function"),
    ("{% for a in 5 %}{% endfor %}", "a loop, or a filter of lists, has no list"),
    ("{{ variables.A + 1 }}", NUMBER),
    ("{{ 1 + variables.A }}", NUMBER),
    ("{{ variables.A > 1 }}", NUMBER),
    ("{{ 1.5 <= variables.A }}", NUMBER),
    ("{{ variables.A * 2 }}", NUMBER),
    ("{{ 2 * variables.A }}", NUMBER),
    ("{{ variables.A * 1.5 }}", NUMBER),
    ("{{ variables.A - 1 }}", NUMBER),
    ("{{ variables.A / 2 }}", NUMBER),
    ("{{ 4 // variables.A }}", NUMBER),
    ("{{ '' * 2 }}", NUMBER),
    ("{{ variables.A % 2 }}",
     "a text before % is a format, and this one has no place for a value"),
    ("{{ '%d' % variables.A }}", "a format of numbers has a text: every variable is text"),
    ("{{ '%x' % variables.A }}", "a format of numbers has a text: every variable is text"),
    ("{{ '%.1f' | format(variables.A) }}",
     "a format of numbers has a text: every variable is text"),
    ("{{ '' | first }}", "the list or text is empty, and has no such item"),
    ("{{ [] | max + 1 }}", "the list or text is empty, and has no such item"),
    ("{{ [1][2] }}", "the list or text has no item of this number"),
    ("{{ variables.A[x | length] }}", "the list or text has no item of this number"),
    ("{{ none * 2 }}", "an operation on values of the wrong type"),
    ("{{ 'a' in 5 }}", "an operation on values of the wrong type"),
    ("{% set a = [] %}{{ a.append(1) }}",
     "append would change a list or a mapping, which templates cannot"),
    ("{{ lookup('env', 'X') }}",
     "lookup is Ansible's; here nothing is read while rendering: "
     "use variables.X, env.X or include"),
    ("{{ hostvars }}", "hostvars is Ansible's; see the names in templates: instances, "
     "containers, domains, env, variables"),
    ("{{ ansible_managed | comment }}", "ansible_managed is Ansible's; write a text of your own"),
    ("{{ ansible_fqdn }}", "ansible_fqdn is Ansible's; see the names in templates: instances, "
     "containers, domains, env, variables"),
    ("{{ pillar['a'] }}", "pillar is Salt's; a value is variables.X or env.X"),
    ("{{ variables.db-password }}",
     "db is not defined: a name with a dash stands in brackets"),
    ("{{ variables.INHERITED }}",
     "INHERITED is no scoped variable, but in the environment: did you mean env.INHERITED"),
    ("{{ env.A }}", "A is not in the environment: did you mean variables.A"),
    ("{{ A }}", "A is not defined, did you mean variables.A"),
    ("{{ INHERITED }}", "INHERITED is not defined, did you mean env.INHERITED"),
    ("{{ DATABSE_URL }}", "DATABSE_URL is not defined, did you mean variables.DATABASE_URL"),
    ("{{ db_password }}", 'db_password is not defined, did you mean variables["db-password"]'),
    ("{{ certificate.h }}", "certificate is not defined, did you mean certificates"),
    ("{{ integrations.s3.auth }}", "integration s3 is not in the manifest"),
    ('{{ integrations["s3-backup"] }}',
     "integration s3-backup is not in the manifest, did you mean s3-backups"),
    ('{{ certificates["h"].paths.fullchain }}',
     "paths is not defined: certificates are written to no directory"),
    ("{{ x.y }}", "y is not defined: what stands before it is text"),
]  # fmt: skip


def refusal(template: str) -> Problem:
    with pytest.raises(Refused) as caught:
        rendering.render(rendering.prepare({"t": template}, {}), "t", CONTEXT)
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(("template", "line", "reason"), SYNTAX)
def test_a_mistake_in_the_text_is_told(template, line, reason):
    """With the line, before anything is rendered."""
    problem = refusal(template)
    assert (problem.kind, problem.subject, problem.reason) == (
        "template-syntax",
        f"t:{line}",
        reason,
    )
    assert problem.way_out


@pytest.mark.parametrize(("template", "reason"), RUNNING)
def test_a_mistake_with_values_is_told(template, reason):
    """With the line, and never with a value."""
    problem = refusal("\n" + template)
    assert problem.kind in ("template-failed", "template-undefined")
    assert (problem.subject, problem.reason) == ("t:2", reason)
    assert problem.way_out


@pytest.mark.parametrize(
    ("template", "way_out"),
    [
        ("{{ variables.A * 2 }}", "make a number of it: variables.NAME | int"),
        ("{{ variables.db-password }}", 'write ["db-password"]'),
        ("{{ integrations.s3.auth }}", 'add [[integrations]] identifier = "s3"'),
        ("{{ variables.A == 1 }}", "write variables.A | int"),
        ("{{ nginx_user }}", "a variable is written variables.NAME, the environment env.NAME"),
        ("{{ env.A == false }}", "write env.A | bool"),
        (
            "{{ .Env.X }}",
            "write {{ env.NAME }}, {% if ... %}, {% for ... in ... %}, {% endif %}, {% endfor %}",
        ),
    ],
)
def test_the_way_out_is_what_to_write(template, way_out):
    """Where it is known."""
    assert refusal(template).way_out == way_out


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' + variables.A }}{{ '%s-%d' % ('a', 5) }}{{ '-' * 20 }}{{ ' ' * 4 }}{{ [1] * 2 }}",
        "{{ variables.A | int + 1 }}{{ variables.A | int == 1 }}{{ variables.A == '1' }}",
        "{{ variables.A | default(8080) == 8080 }}{{ variables == 1 }}{{ variables.A ~ 1 }}",
        "{% set variables = {'A': 1} %}{{ variables.A == 1 }}",
        "{% for env in [{'A': 1}] %}{{ env.A == 1 }}{% endfor %}",
        '{{ [3] | sum(start=1) }}{{ "a" | indent(2, first=true) }}{{ [1] | map("string") | list }}',
        '{{ [{"a": 1}] | selectattr("a") | list }}{{ "a" | default(*[1, true]) }}',
        '{{ [1] | map(attribute="real") | list }}{{ [1, 2] | select("odd") | list }}',
    ],
)
def test_what_is_right_stays_allowed(template):
    """Joined texts, formats, ornaments, converted values, names of the template's own."""
    assert rendering.render(rendering.prepare({"t": template}, {}), "t", CONTEXT)


def test_pythons_own_warnings_are_not_heard():
    """Of code that Jinja2 made: `none[1:3]` is refused when it is rendered, once."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        refusal("{{ none[1:3] }}{{ 5() }}")
    assert heard == []


def snapshot(**variables: str):
    from cycle_exec.sources.model import Snapshot

    return Snapshot(variables=variables)


@pytest.mark.parametrize(
    ("template", "warned"),
    [
        ("{% if variables.DEBUG %}{% endif %}", True),
        ("{{ 1 if env.DEBUG else 2 }}", True),
        ("{% if not variables['DEBUG'] and 1 %}{% endif %}", True),
        ("{% if variables.DEBUG | default('') %}{% endif %}", True),
        ("{% set debug = variables.DEBUG %}{% if debug %}{% endif %}", True),
        ("{% for a in [1] if variables.DEBUG %}{% endfor %}", True),
        ("{% if 0 %}{% elif variables.DEBUG %}{% endif %}", True),
        ("{% if variables.DEBUG | bool %}{% endif %}", False),
        ("{% if variables.DEBUG == 'false' %}{% endif %}", False),
        ("{% if variables.DEBUG is defined %}{% endif %}", False),
        ("{% if variables.OTHER %}{% endif %}", False),
        ("{% set debug = variables.DEBUG | bool %}{% if debug %}{% endif %}", False),
    ],
)
@pytest.mark.parametrize("value", ["false", "No", "OFF", "0"])
def test_a_text_that_reads_like_a_boolean_draws_a_warning(template, warned, value):
    """Where it decides; the warning names the place and what to write."""
    plan = planned(None, snapshot(DEBUG=value, OTHER="x"), text(template))
    assert bool(plan.warnings) is warned
    for warning in plan.warnings:
        assert warning.startswith("a.j2:1: ")
        assert warning.endswith(".DEBUG | bool")
        assert value not in warning.replace("DEBUG", "").replace("boolean", "")


def test_a_loop_over_text():
    """Of JSON it is refused, with what to write; of other text it draws a warning."""
    template = "\n{% for each in variables.LIST %}{{ each.name }}{% endfor %}"
    with pytest.raises(Refused) as caught:
        planned(None, snapshot(LIST='[{"name": "c4n4ry"}]'), text(template))
    [problem] = caught.value.problems
    assert problem.subject == "a.j2:2"
    assert problem.reason == (
        "a loop over variables.LIST, which is text: the text of a JSON document"
    )
    assert problem.way_out == "write variables.LIST | from_json"
    template = "{% for each in variables.LIST %}{{ each }}{% endfor %}"
    [warning] = planned(None, snapshot(LIST="a,b"), text(template)).warnings
    assert warning.endswith('write variables.LIST | split(",")')
    assert planned(None, snapshot(LIST=""), text(template)).warnings == ()
    split = "{% for each in variables.LIST | split(',') %}{{ each }}{% endfor %}"
    assert planned(None, snapshot(LIST="[a"), text(split)).warnings == ()
    assert len(planned(None, snapshot(LIST="[a"), text(template)).warnings) == 1


def test_a_path_is_shown_as_it_is_written():
    """In brackets where it must be."""
    assert text_use.shown(("variables", "A")) == "variables.A"
    assert text_use.shown(("variables", "a-b")) == 'variables["a-b"]'


def test_a_message_that_a_later_jinja2_may_have():
    """It is not repeated: it could quote the template."""
    assert syntax.reason("c4n4ry", "text", 1) == ("this is not valid Jinja2", "")


def test_the_name_of_a_template_is_handed_to_a_filter_that_takes_it():
    """Also by Jinja2, for the salt of a password's hash."""
    text = {"t": "{{ 'secret'|password_hash('bcrypt', rounds=4) }}"}
    prepared = rendering.prepare(text, {})
    first = rendering.render(prepared, "t", {})
    assert first.startswith("$2")
    assert rendering.render(prepared, "t", {}) == first
