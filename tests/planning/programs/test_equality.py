"""Each filter, test and object that compiled templates have, with all its arguments: rendered
without Jinja2, and as Jinja2 renders it."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from cycle_exec.planning.programs import rendering
from tests.planning.programs.generated import CONTEXT, both

RENDERED = """
{{ domains|list }} {{ 'abc'|list }}
{{ instances|map(attribute='id')|list }} {{ instances|map(attribute='nope', default='d')|list }}
{{ [[1, 2], [3, 4]]|map(attribute=1)|list }} {{ [{'a': {'b': 1}}]|map(attribute='a.b')|list }}
{{ empty|map('upper')|list }} {{ domains|map('upper')|join(',') }}
{{ domains|batch(3)|list }} {{ domains|batch(3, '-')|list }} {{ empty|batch(2)|list }}
{{ domains|slice(3)|list }} {{ domains|slice(3, '-')|list }}
{{ 'ab cd'|capitalize }} {{ 'ab'|center(9) }} {{ 'ab'|center }}
{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2.5) }} {{ '7'|int }} {{ 'x'|int(3) }}
{{ '%s-%s'|format(1, 'a') }} {{ '%(a)s'|format(a=1) }}
{{ 'a\\nb'|indent }} {{ 'a\\n\\nb'|indent(2, true) }} {{ 'a\\n\\nb'|indent('> ', true, true) }}
{{ {'k': 1}|items|list }} {{ {'b': 1, 'a': 2}|dictsort }}
{{ {'b': 1, 'a': 2}|dictsort(by='value') }}
{{ domains|max }} {{ domains|min }} {{ instances|max(attribute='id') }} {{ [3, 1]|min }}
{{ ['a', 'B']|max(case_sensitive=true) }}
{{ [1, 2, 3]|select('odd')|list }} {{ [1, 2, 3]|reject('odd')|list }} {{ [0, 1]|select|list }}
{{ instances|selectattr('id', 'equalto', 'i1')|map(attribute='hostname')|list }}
{{ instances|rejectattr('hostname', 'in', ['api'])|map(attribute='id')|list }}
{{ instances|selectattr('id')|map(attribute='id')|list }}
{{ 'aXbX'|replace('X', '-') }} {{ 'aXbX'|replace('X', '-', 1) }}
{{ 'abc'|reverse }} {{ {}|max is undefined }} {{ variables.LIST|attr('nope') is undefined }}
{{ 'secret'|password_hash('bcrypt') }}
{{ 'one line'|indent }} {{ nope|items|list }} {{ ['A', 'b']|map('list')|list }}
{{ [[2, 1], [4]]|map('sum')|list }} {{ [['a'], ['b']]|map('join')|list }}
{{ domains|map('upper')|reverse|list }}
{{ 'abc'|reverse }} {{ [1, 2]|reverse|list }} {{ {'a': 1, 'b': 2}|reverse|list }}
{{ 1.256|round }} {{ 1.256|round(2) }} {{ [1, 2]|sum }} {{ instances|map(attribute='id')|first }}
{{ [{'n': 1}, {'n': 2}]|sum(attribute='n') }} {{ [1, 2]|sum(start=10) }}
{{ 42|string }} {{ 'ab-cd (ef'|title }} {{ variables.LONG|title }}
{{ variables.LONG|truncate(20) }} {{ variables.LONG|truncate(20, true) }} {{ 'short'|truncate(9) }}
{{ variables.LONG|truncate(20, false, '..', 0) }}
{{ domains|unique|list }} {{ domains|unique(true)|list }}
{{ instances|unique(attribute='container_id')|list }}
{{ instances|groupby('container_id')|map(attribute='grouper')|list }}
{% for kind, found in instances|groupby('container_id') %}{{ kind }}{{ found|length }}{% endfor %}
{{ domains|sort }} {{ domains|sort(reverse=true) }} {{ domains|sort(case_sensitive=true) }}
{{ instances|sort(attribute='hostname,id')|map(attribute='id')|list }}
{{ ' a '|trim }} {{ 'xax'|trim('x') }} {{ 'AbC'|lower }} {{ 5|abs }}
{{ domains|first }} {{ domains|last }} {{ domains|count }}
{{ 'a b/ä&~'|urlencode }} {{ {'a b': 'c/d', 'e': 1}|urlencode }}
{{ 5|urlencode }}
{{ 3 is odd }} {{ nope is undefined }} {{ nope is defined }} {{ {} is mapping }}
{{ [] is sequence }}
{{ 'a' is mapping }} {{ number is mapping }} {{ none is none }} {{ 1 is number }}
{{ 'a' is string }}
{{ nope is mapping }} {{ 'a' if false is mapping }}
{{ 6 is divisibleby(3) }} {{ 1 is in([1, 2]) }} {{ 'A' is upper }} {{ 'a' is lower }}
{{ [] is iterable }}
{{ true is boolean }} {{ 1 is integer }} {{ 1.5 is float }} {{ 1 is sameas(1) }}
{{ 'a' is eq('a') }}
{% for x in [1, 2] %}{{ loop.last }}{{ loop.last }}{% endfor %} {{ 5 is sequence }}
{{ [['a'], ['b']]|map('map', 'upper')|map('list')|list }}
{{ 'a'|upper }}{% block c %}{{ 'c'|upper }}{% endblock %}
{{ 'a'|upper }}{% macro m() %}{{ 'b'|upper }}{% endmacro %}{{ m() }}
{% for x in [1, 2] %}{{ loop.first }}{{ loop.last }}{{ loop.length }}{% endfor %}
{% for x in [1, 2, 3] %}{{ loop.revindex }}{% endfor %}
{% for x in [1, 2] %}{{ loop.revindex0 }}{{ loop.previtem|default('-') }}{% endfor %}
{% for x in [1, 2] %}{{ loop.nextitem|default('-') }}{% endfor %}
{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{% endfor %}
{% for x in domains|map('upper') %}{{ loop.length }}{{ loop.last }}{{ x }}{% endfor %}
{% for x in domains|map('upper') %}{{ loop.last }}{{ loop.length }}{{ loop|length }}{% endfor %}
{% for x in [1, [2]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}
{% for x in [1, [2]] recursive %}{{ loop.depth0 }}{% endfor %}
{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}
{% set n = namespace(a=1) %}{% set n.a = n.a + 1 %}{{ n.a }} {{ n.b is defined }}
{% for x in [1, 2] %}{% block b scoped %}{{ x }}{{ number }}{% endblock %}{% endfor %}
{% macro m(a, b=1) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, c=4) }}
{{ domains[0] }} {{ domains[-1] }} {{ domains[1:] }} {{ variables['URL'] }} {{ env.n + 1 }}
{{ 7 // 2 }} {{ 7 % 4 }} {{ 7 / 2 }} {{ [1] * 3 }} {{ [1] + [2] }} {{ 'a' ~ 1 }} {{ 2 in [1, 2] }}
a{{ 'b' if false }}c{{ ('x' + nope) if nope is defined }}{{ 'd' if ('e' if false) else 'f' }}
{{ ('a' if false) ~ 'b' }} {{ ('a' if false)|upper }}c {{ (1 if false)|default('d') }}
{{ dict(a=1).a }} {{ range(3)|list }} {{ 'a' if false else 'b' }} {{ (1, 2)|length }} {{ -number }}
{% filter upper %}a{{ number }}{% endfilter %} {% with a = 1 %}{{ a }}{% endwith %}
{% for k, v in env|dictsort %}{{ k }}{{ v }}{% else %}none{% endfor %}
{% for x in empty %}{{ x }}{% else %}none{% endfor %}
{% for x in [1, 2] if x > 1 %}{{ x }}{% endfor %}
{{ instances[0].state|default('s') }} {{ instances[2].state.current }}
{{ variables.EMPTY|default('e', true) }}
"""


@pytest.mark.parametrize("text", RENDERED.strip().splitlines())
def test_it_is_rendered_without_jinja2_and_equal(text):
    """Whatever Jinja2 would have to render costs a launch its import."""
    found = both(text)
    assert found is not None
    assert rendering.render(found.program, "t", CONTEXT) is not None
    assert found.difference() == ""
    assert rendering.render(found.program, "t", CONTEXT, bounded=nullcontext) is not None


LEFT = """
{{ [1, 2]|sum('x', 'y', 'z') }}
{{ '%s'|format(1, a=2) }}
{{ domains|map(attribute='x', more=1)|list }}
{{ domains|items|list }}
{{ number|float|round(1, 'ceil') }}
{{ 'abc'|truncate(1) }}
{{ cycler() }}
{{ loop }}
{{ [1] * 99999999 }}
{{ variables|attr('keys') }}
{% for x in [1] %}{{ loop(x) }}{% endfor %}
{{ lipsum() }}
{{ [1, 2]|urlencode }}
{{ 'a' * 99999999 }}
{{ domains|batch(2) is sequence }}
{{ cycler(1)|attr('x') }}
{{ [domains|map('upper')] }}
{{ [1] * 1500000 }}
{{ (empty + [1]) * 1500000 }}
"""


@pytest.mark.parametrize("text", LEFT.strip().splitlines())
def test_what_is_not_certain_is_left_to_jinja2(text):
    """It is refused when it is compiled, not covered, or given up while it is rendered."""
    found = both(text)
    assert found is None or rendering.render(found.program, "t", CONTEXT) is None
