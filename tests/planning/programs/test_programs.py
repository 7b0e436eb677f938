"""Compiled templates: equal to Jinja2 in all that they render."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from cycle_exec.planning.programs import filters, generation, rendering
from cycle_exec.planning.programs.model import Generated, Program, Uncovered
from cycle_exec.planning.templates.jinja import compiling
from cycle_exec.planning.templates.jinja import environment as environments
from cycle_exec.planning.templates.parts import Library
from cycle_exec.system import programs
from tests.planning.programs.generated import CONTEXT, RENDERED, Maker, both, difference

BUILTINS = Path(__file__).parents[3] / "templates"


def rendered(text, context=CONTEXT, limit=10_000_000):
    """What the compiled template gives."""
    generated = generation.generated("t", text)
    assert isinstance(generated, Generated)
    code = programs.stored(generated.code, "t")
    return rendering.render(
        Program(made={"t": programs.template(code)}, used=generated.used),
        "t",
        context,
        limit=limit,
    )


@pytest.mark.parametrize("seed", range(12))
def test_any_template_means_what_jinja2_says(seed):
    """Whatever is rendered at all: more of the same by python -m tests.planning.programs.generated.

    Some half of them are; the others fail, and are left to Jinja2.
    """
    maker = Maker(Random(seed))
    for _ in range(100):
        text = maker.template()
        assert difference(text) == "", text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% for x in domains %}{{ loop.index }}{{ x }}{% endfor %}", "1www.example.test"),
        ("{% for d, c in certificates|dictsort %}{{ d }};{% endfor %}", "*.a.example.test;A."),
        (
            "{% set n = namespace(a=0) %}{% for i in domains %}{% set n.a = n.a + 1 %}{% endfor %}",
            "",
        ),
        ("{{ variables.nope|default('x') }}{{ variables.EMPTY|default('y', true) }}", "xy"),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m('q', b=3) }}", "12q3"),
        (
            "{% macro m() %}<{{ caller(7) }}>{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}",
            "<7>",
        ),
        (
            "{{ instances|selectattr('container_id', 'equalto', 'c2')|map(attribute='id')|join }}",
            "i1i3",
        ),
        ("{{ instances|groupby('container_id')|map('first')|join(' ') }}", "c1 c2"),
        (
            "{% for i in [1, [2]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}",
            "12",
        ),
        ("{% filter upper %}a{{ domains|last }}{% endfilter %}", "AA.TEST"),
        (
            "{{ '%s-%05d'|format('a', 42) }}{{ '%d%%' % 7 }}{{ 7 // 2 }}{{ 2 * '-=' }}",
            "a-000427%3-=-=",
        ),
        (
            "{{ 'x' if nope is defined else 'y' }}{{ domains[1:3]|length }}{{ domains[-1] }}",
            "y2a.test",
        ),
        ("{{ variables.URL|quote_nginx }}{{ domains|to_json }}", '"http://api:8080/é?x=1"["www'),
        ("{% block b %}{{ number }}{% endblock %}{% with a = 1 %}{{ a }}{% endwith %}", "31"),
    ],
)
def test_rendered(text, expected):
    """These need no Jinja2."""
    found = rendered(text)
    assert found is not None
    assert found.startswith(expected)
    assert difference(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{{ nope }}",
        "{{ nope.x }}",
        "{% if nope %}{% endif %}",
        "{% for x in nope %}{% endfor %}",
        "{{ variables.nope|required('it is missing') }}",
        "{{ gone }}",
        "{{ variables.URL.format(1) }}",
        "{{ variables.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ number() }}",
        "{{ 1 / 0 }}",
        "{{ 2 ** 9 }}",
        "{{ 'x' * 10000000 }}",
        "{{ range(1000000)|length }}",
        "{{ variables.JSON|b64decode }}",
        "{{ lipsum }}",
        "{{ joiner }}",
        "{{ [cycler] }}",
        "{{ '%s' % namespace }}",
        "{% set n = namespace(_a=1) %}{{ n._a }}",
        "{% set n = namespace(_a=1) %}{{ n._a is defined }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}{{ m(1, 2) }}{{ m(b=1) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    ],
)
def test_what_fails_is_left_to_jinja2(text):
    """Jinja2 decides whether it is an error, and says which: it has been told for that already."""
    generated = generation.generated("t", text)
    assert isinstance(generated, Uncovered) or rendered(text) is None


@pytest.mark.parametrize("name", filters.FILTERS)
def test_a_filter_takes_what_generated_code_hands_it(name):
    """Which is what Jinja2's own filter of the name takes before the value."""
    theirs = environments.made(lambda *_: None).filters[name]
    found = getattr(theirs, "jinja_pass_arg", None)
    takes = getattr(filters.FILTERS[name], "takes", "")
    assert takes == (
        found.name.removesuffix("_context").replace("eval", "evaluation") if found else ""
    )


def test_the_limit_is_one_of_bytes():
    """Of the file."""
    text = "{% if 1 %}é{{ variables.URL }}{% endif %}"
    assert rendered(text, limit=25) == "éhttp://api:8080/é?x=1"
    assert rendered(text, limit=23) is None


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{ domains|random }}", 2, "the filter random"),
        ("{{ domains is escaped }}", 1, "the test escaped"),
        ("{% block b %}{% endblock %}\n\n{{ self.b() }}", 3, "the name self"),
    ],
)
def test_what_is_not_covered_is_told(text, line, reason):
    """With the line, so that people can do without it."""
    assert generation.generated("t", text) == Uncovered(line=line, reason=reason)


@pytest.mark.parametrize("path", sorted(BUILTINS.rglob("*.j2")), ids=lambda path: path.name)
def test_every_builtin_is_covered(path):
    """And says what it uses as Jinja2 does."""
    text = path.read_text()
    used: set[str] = set()
    compiling.compiled({"t": text}, used)
    found = generation.generated("t", text)
    assert isinstance(found, Generated)
    assert found.used == used


_VALUES = (
    *("", " ", "8080", "http://api:8080", "api:9187, db:1", "a b", "off", "true", "none", "-1"),
    *(
        'it\'s "quoted" $X ${X} #{x} `id` \\',
        "line\nline\r\n",
        "{{ x }}{% y %}",
        "é東🚀",
        "x" * 5000,
    ),
    *("\0", "/api/ http://api:8080, / http://web", "require", "*.example.test", "01", "\udcff"),
)


_GOOD = {"URL": "http://api:8080", "CONTAINER": "api", "JOBS": "api:80", "NETWORK": "10.8.0.0/24"}
_PATHS = ("cert", "chain", "fullchain", "privkey", "combined", "keystore")


def _context(variables, domains):
    certificate = {
        "domains": ["www.example.test"],
        "fullchain": "LEAF\nCHAIN\n",
        "privkey": "KEY\n",
        "paths": {name: f"/c/{name}.pem" for name in _PATHS},
    }
    return {
        "variables": variables,
        "env": variables,
        "integrations": {},
        "certificates": dict.fromkeys(domains, certificate),
        "containers": [{"identifier": "api", "id": "1"}, {"identifier": "db", "id": "2"}],
        "instances": [{"container_id": "1", "hostname": "web-1", "id": "i1"}],
    }


@pytest.mark.parametrize("path", sorted(BUILTINS.rglob("*.j2")), ids=lambda path: path.name)
def test_every_builtin_renders_as_by_jinja2(path):
    """With values that are there, undefined, empty, huge and hostile."""
    text = path.read_text()
    found = both(text)
    assert found is not None
    names = sorted(set(re.findall(r"variables\.([A-Z_0-9]+)", text)))
    needed = re.findall(r"variables\.([A-Z_0-9]+)\s*\|\s*required", text)
    good = {name: _GOOD.get(name.rpartition("_")[2], "app") for name in needed}
    random = Random(path.name)
    before = len(RENDERED)
    assert found.difference(_context(good, ["www.example.test"])) == ""
    assert len(RENDERED) == before + 1
    for _ in range(60):
        changed = random.sample(names, min(len(names), random.randint(1, 3)))
        variables = good | {name: random.choice(_VALUES) for name in changed}
        if random.random() < 0.2:
            variables.pop(random.choice(names), None)
        domains = random.sample(("www.example.test", "*.example.test", "a.test"), 2)
        assert found.difference(_context(variables, domains)) == ""


def test_rendering_never_imports_jinja2():
    """That is what it is for."""
    generated = generation.generated(
        "t", "{% for x in a|sort %}{{ x|upper|quote_shell }}{% endfor %}"
    )
    assert isinstance(generated, Generated)
    code = (
        f"import sys; code = {programs.stored(generated.code, 't')!r}; "
        "from cycle_exec.planning.programs import rendering as r; "
        "from cycle_exec.system import programs as p; "
        "from cycle_exec.planning.programs import model as m; "
        "program = m.Program(made={'t': p.template(code)}, used=frozenset('a')); "
        "assert r.render(program, 't', {'a': ['b', 'a']}) == \"'A''B'\"; "
        "assert not {'jinja2', 're', 'typing', 'json', 'functools'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)


@pytest.mark.parametrize("name", ["_exported", "_body_stream", "__doc__", "__class__", "_a"])
def test_what_an_import_has_inside_is_left_to_jinja2(name):
    """Its sandbox forbids that; what the file has set is there, and nothing else."""
    made = imported("{% set a = 1 %}{% set _a = 2 %}")
    assert made("{% import '_part.j2' as part %}{{ part.a }}{{ part.b is defined }}") == "1False"
    assert made(f"{{% import '_part.j2' as part %}}{{{{ part.{name} is defined }}}}") is None


def imported(part):
    """What renders a template that may use a file, `_part.j2`."""
    library = Library(texts={"_part.j2": part}, folders={"t": "", "_part.j2": ""})

    def made(text):
        codes = {}
        for name, each in (("t", text), ("_part.j2", part)):
            generated = generation.generated(name, each, library)
            assert isinstance(generated, Generated)
            codes[name] = programs.template(programs.stored(generated.code, name))
        program = Program(made=codes, folders=library.folders, used=frozenset())
        return rendering.render(program, "t", CONTEXT)

    return made


def test_nothing_is_evaluated_while_it_is_compiled():
    """A filter of constants may take more memory than a launch allows, or no end of time."""
    generated = generation.generated("t", "{{ 'a'|upper }}{{ 'b' }}")
    assert isinstance(generated, Generated)
    assert "'A'" not in generated.code
    assert "'b'" in generated.code
    template = compiling.compiled({"t": "{{ 'a'|upper }}"}, set())["t"]
    assert "A" not in template.root_render_func.__code__.co_consts
    assert rendered("{{ 'a'|upper }}{{ 'b' }}") == "Ab"
