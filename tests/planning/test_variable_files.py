"""Scoped variables of access kind file in a plan: where they may be, and where not."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning import build, variable_files
from cycle_exec.planning.model import Crypto, Inputs, Plan, TemplateText
from cycle_exec.planning.templates import rendering, substitution
from cycle_exec.settings.model import (
    CertificateRequest,
    DotenvOutput,
    EnvironmentRules,
    Login,
    Settings,
    VariableFile,
    Variables,
    Vpn,
)
from cycle_exec.sources.model import Snapshot, VariableFiles


def planned(
    settings: Settings | None = None,
    files: VariableFiles | None = None,
    body: str = "",
    inherited: dict[str, str] | None = None,
    **variables: str,
) -> Plan:
    """A plan of these answers and of one template."""
    settings = settings or Settings()
    sources = {"a.j2": body} if body else {}
    for name, value in settings.environment.set.items():
        sources[f"environment.set.{name}"] = value
    texts = (TemplateText(name="a.j2", text=body, target="/a", mode=0o600),) if body else ()
    inputs = Inputs(
        inherited=inherited or {},
        texts=texts,
        prepared=rendering.prepare(sources, substitution.parsed(sources)) if sources else None,
        now=0.0,
    )
    snapshot = Snapshot(variables=variables, files=files or VariableFiles())
    crypto = Crypto(mismatch=lambda *_: None, keystore=lambda *_: b"")
    return build.build(settings, snapshot, inputs, crypto)


def refusal(*args: object, **more: object) -> tuple[str, str, str]:
    """The one problem: kind, subject, reason."""
    with pytest.raises(Refused) as refused:
        planned(*args, **more)  # type: ignore[arg-type]
    [problem] = refused.value.problems
    return problem.kind, problem.subject, problem.reason


def stored(**values: str) -> VariableFiles:
    return VariableFiles(values=values)


def content(plan: Plan) -> dict[str, bytes]:
    return {write.path: write.content for write in plan.writes}


def test_templates_have_it_and_the_environment_has_not():
    """Nor has a dotenv file, which holds what the environment has."""
    settings = Settings(dotenv=DotenvOutput(target="/.env"))
    plan = planned(settings, stored(KEY="k"), "{{ variables.KEY }} {{ variables.A }}", A="1")
    assert plan.environ == {"A": "1"}
    assert content(plan) == {"/a": b"k 1", "/.env": b'A="1"\n'}
    [found] = plan.file_variables
    assert (found.name, found.path, found.used) == ("KEY", "/var/run/cycle/variables/KEY", True)
    assert "k" not in repr(found).replace("KEY", "")


def test_an_expression_of_the_environment_is_the_environment():
    """Whoever chose a file did so to keep the value out; the message says so."""
    settings = Settings(environment=EnvironmentRules(set={"X": "{{ variables.KEY }}"}))
    kind, subject, reason = refusal(settings, stored(KEY="k"))
    assert (kind, subject) == ("template-undefined", "environment.set.X:1")
    assert reason == "KEY is a file, and so is kept out of the environment"
    other = Settings(environment=EnvironmentRules(set={"X": "{{ variables.OTHER }}"}))
    assert refusal(other, stored(KEY="k"))[2] == "OTHER is not defined"
    lenient = "{{ variables.KEY | default('none') }} {{ variables.A }}"
    settings = Settings(environment=EnvironmentRules(set={"X": lenient}))
    plan = planned(settings, stored(KEY="k"), "{{ variables.KEY }} {{ env.X }}", A="1")
    assert plan.environ == {"A": "1", "X": "none 1"}
    assert content(plan) == {"/a": b"k none 1"}


def test_what_the_api_has_too_is_newer():
    """And exported, since that is what its access says; an empty answer is as none."""
    plan = planned(None, stored(KEY="old", E="file"), "{{ variables.KEY }} {{ variables.E }}",
                   KEY="new", E="")  # fmt: skip
    assert plan.environ == {"KEY": "new", "E": ""}
    assert content(plan) == {"/a": b"new file"}
    assert [(each.name, each.used) for each in plan.file_variables] == [("KEY", False), ("E", True)]


def test_a_default_is_for_what_is_missing():
    """It is neither exported nor rendered where there is a file with content."""
    settings = Settings(variables=Variables(defaults={"KEY": "dev", "E": "dev"}))
    plan = planned(settings, stored(KEY="k", E=""), "{{ variables.KEY }} {{ variables.E }}")
    assert plan.environ == {"E": "dev"}
    assert content(plan) == {"/a": b"k dev"}


def test_a_file_of_variables_has_it_byte_for_byte():
    """Also what is no text; its provenance stands in the target."""
    rules = Variables(
        file_directory="/v/",
        files=(
            VariableFile(variable="KEY", target="/k"),
            VariableFile(variable="BIN", target="/b"),
            VariableFile(variable="API", target="/c"),
        ),
    )
    plan = planned(Settings(variables=rules), stored(KEY="k", BIN="\udcff"), API="x")
    assert content(plan) == {"/k": b"k", "/b": b"\xff", "/c": b"x"}
    assert plan.environ == {"KEY_FILE": "/k", "BIN_FILE": "/b", "API_FILE": "/c"}
    assert [write.origin for write in plan.writes] == [
        "scoped variable KEY in /v/KEY",
        "scoped variable BIN in /v/BIN",
        "scoped variable API",
    ]


def test_a_required_variable_may_be_a_file():
    """Of bytes, too; an empty one is missing."""
    rules = Variables(required=("KEY", "BIN"))
    assert planned(Settings(variables=rules), stored(KEY="k", BIN="\udcff")).environ == {}
    kind, subject, _ = refusal(Settings(variables=rules), stored(KEY="", BIN="\udcff"))
    assert (kind, subject) == ("variable-missing", "variable KEY")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{{ variables.BAD }}", True),
        ('{{ variables["BAD"] }}', True),
        ("{% if variables.get('BAD') %}{% endif %}", True),
        ("BAD {{ env.BAD }} {{ variables.BADGE }} {{ my_variables.BAD }}", False),
    ],
)
def test_a_file_without_a_value_refuses_where_it_is_named(body, named):
    """Elsewhere it is a note: a volume may have more than variables."""
    files = VariableFiles(values={"BADGE": "b"}, unfit={"BAD": "it is a directory"})
    subject = "scoped variable BAD (/var/run/cycle/variables/BAD)"
    text = body.replace("{{ my_variables.BAD }}", "{# my_variables.BAD #}")
    if named:
        assert refusal(None, files, text) == ("variable-unreadable", subject, "it is a directory")
        assert planned(None, files, text, BAD="api")
        return
    plan = planned(None, files, text, inherited={"BAD": "e"})
    assert content(plan) == {"/a": b"BAD e b "}
    assert plan.notes == (f"{subject} has no value: it is a directory",)


def test_many_files_without_a_value_are_a_number():
    """A volume may be anything."""
    files = VariableFiles(unfit=dict.fromkeys(map(str, range(8)), "it is a directory"))
    *named, last = planned(None, files, "x").notes
    assert len(named) == 5
    assert last == "3 more files in /var/run/cycle/variables have no value"


@pytest.mark.parametrize(
    "settings",
    [
        Settings(variables=Variables(required=("BAD",))),
        Settings(variables=Variables(files=(VariableFile(variable="BAD", target="/t"),))),
        Settings(certificates=CertificateRequest(password_from="BAD")),
        Settings(vpn=Vpn(login=Login(username="BAD", password="P"))),
        Settings(vpn=Vpn(login=Login(username="U", password="BAD"))),
    ],
)
def test_the_settings_name_it_as_well(settings):
    """It is refused with its cause, before anything else is said of it."""
    files = VariableFiles(unfit={"BAD": "others can write it"})
    assert refusal(settings, files)[0] == "variable-unreadable"
    snapshot = Snapshot(files=files)
    assert len(variable_files.problems(settings, snapshot, None)) == 1
    assert variable_files.problems(Settings(vpn=Vpn()), snapshot, None) == []


def test_what_is_no_text_is_nothing_for_a_template():
    """Where one names it; a loop over all variables does not have it."""
    found = refusal(None, stored(BIN="\udcff"), "{{ variables.BIN }}")
    assert found[0] == "value-refused"
    assert found[2] == "it is not UTF-8 text, and a template names it"
    plan = planned(None, stored(BIN="\udcff", A="1"), "{% for n in variables %}{{ n }}{% endfor %}")
    assert content(plan) == {"/a": b"A"}
    assert planned(None, stored(BIN="\udcff"), "{{ variables.BIN }}", BIN="text")


def test_what_is_in_the_environment_alone_is_hinted_at():
    """Where a template, or a file of variables, looks for it among the scoped ones."""
    kind, _, reason = refusal(None, None, "{{ variables.DB }}", {"DB": "x"})
    assert kind == "template-undefined"
    assert reason == "DB is no scoped variable, but in the environment: did you mean env.DB"
    rules = Variables(files=(VariableFile(variable="DB", target="/t"),))
    kind, subject, reason = refusal(Settings(variables=rules), None, "", {"DB": "x"})
    assert (kind, subject) == ("variable-missing", "scoped variable DB")
    assert reason == "is in the environment alone, but is to be written to a file"
