"""G5: a fetched value is placed verbatim, once; undefined names refuse with place and hint."""

from __future__ import annotations

import pytest

from tests.guarantees.conftest import manifest, run

STATE = """
token = "t"
[variables]
SYNTAX = "{{ 7 * 7 }}{% raw %}{# x #}${HOME}$(id)`id`%s{0}"
NESTED = "{{ variables.SYNTAX }}"
database_host = "c4n4ry-host"
[[integrations]]
identifier = "s3"
vendor = "aws"
auth = { secret = "{% include '/etc/passwd' %}" }
"""
SYNTAX = "{{ 7 * 7 }}{% raw %}{# x #}${HOME}$(id)`id`%s{0}"


def rendered(tmp_path, environ, template):
    (tmp_path / "t.j2").write_text(template)
    ran = run(environ, "render", "--integration", "s3", str(tmp_path / "t.j2"))
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_template_syntax_in_a_value_stays_text(tmp_path, environ):
    """Values go through templates, filters and environment.set without being rendered."""
    template = (
        "{{ variables.SYNTAX }}\n{{ variables.NESTED|upper }}\n{{ integrations.s3.auth.secret }}\n"
    )
    assert rendered(tmp_path, environ, template) == (
        f"{SYNTAX}\n{{{{ VARIABLES.SYNTAX }}}}\n{{% include '/etc/passwd' %}}\n"
    )


def test_a_value_in_environment_set_is_rendered_once(tmp_path, environ):
    """What an expression of the manifest gives is not looked at again."""
    path = manifest(tmp_path, '[environment]\nset = { A = "{{ variables.NESTED }}" }\n')
    ran = run(environ, "--manifest", path, "--", "sh", "-c", 'printf %s "$A|$SYNTAX"')
    assert ran.out == "{{ variables.SYNTAX }}|" + SYNTAX


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "\n\n{{ variables.databse_host }}",
            ":3: databse_host is not defined, did you mean database_host",
        ),
        ("{{ varables.x }}", ":1: varables is not defined, did you mean variables"),
        ("{{ {}[variables.database_host] }}", ":1: a computed name is not defined"),
        ("{% if variables.nope %}x{% endif %}", ":1: nope is not defined"),
        ("\n{% for x in nope %}{% endfor %}", ":2: nope is not defined"),
    ],
)  # fmt: skip
def test_undefined_names_refuse_with_place_and_hint(tmp_path, environ, template, said):
    """template:line, the name if it stands in the template, the nearest known one; no value."""
    (tmp_path / "t.j2").write_text(template)
    target = tmp_path / "out"
    ran = run(environ, "--template", f"{tmp_path}/t.j2:{target}", "--", "sh", "-c", "echo started")
    assert (ran.code, ran.out, ran.kinds) == (65, "", {"template-undefined"})
    assert ran.err.startswith(f"cycle-exec: {tmp_path}/t.j2{said}")
    assert "c4n4ry" not in ran.err
    assert not target.exists()
