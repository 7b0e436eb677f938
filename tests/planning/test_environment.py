"""The app's environment: precedence, what is kept, what goes, what must be there."""

from __future__ import annotations

import pytest

from cycle_exec.planning import environment
from cycle_exec.planning.bindings import Merged
from cycle_exec.planning.model import Inputs
from cycle_exec.settings.model import (
    EnvironmentRules,
    IntegrationRequest,
    Settings,
    VariableFile,
    Variables,
)
from cycle_exec.sources.model import Integration, Snapshot

INHERITED = {"A": "inherited", "HOSTNAME": "h", "CYCLE_API_TOKEN": "t", "CYCLE_X": "x"}
SNAPSHOT = Snapshot(
    variables={"A": "variable", "V": "variable"},
    integrations={
        "s3": Integration(identifier="s3", vendor="v", name="n", fields={"auth.secret": "field"})
    },
)
S3 = IntegrationRequest(identifier="s3", env={"V": "auth.secret", "F": "auth.secret"})


def merged(
    settings: Settings,
    literal: dict[str, str] | None = None,
    dotenv: dict[str, str] | None = None,
    snapshot: Snapshot = SNAPSHOT,
) -> Merged:
    files = ((".env", dotenv),) if dotenv else ()
    layered = environment.layers(
        settings, snapshot, Inputs(inherited=INHERITED, dotenv_files=files, now=0.0)
    )
    assert layered.problems == ()
    return environment.merged(layered, settings.environment, literal or {})


def test_precedence_is_dotenv_inherited_integrations_variables_set():
    """Each layer hides the ones before it, and the provenance says so."""
    settings = Settings(integrations=(S3,))
    found = merged(settings, {"S": "set", "F": "set"}, {"A": "dotenv", "D": "dotenv"})
    assert found.environ == {
        "A": "variable",
        "D": "dotenv",
        "HOSTNAME": "h",
        "CYCLE_X": "x",
        "V": "variable",
        "F": "set",
        "S": "set",
    }
    assert found.sources["V"] == "scoped variable V"
    assert found.overrides["V"] == ("integration s3: auth.secret",)
    assert found.overrides["A"] == ("dotenv file .env", "inherited")
    assert found.overrides["F"] == ("integration s3: auth.secret",)


@pytest.mark.parametrize("precedence", ["platform", "inherited"])
def test_of_a_variable_in_a_file_the_app_has_the_path_alone(precedence):
    """Not what it inherits under that name: official images refuse both. Named, it is kept."""
    file = VariableFile(variable="A", target="/run/a", mode=0o600)
    rules = EnvironmentRules(precedence=precedence)
    settings = Settings(variables=Variables(files=(file,)), environment=rules)
    found = merged(settings, dotenv={"A": "dotenv"}).environ
    assert "A" not in found
    assert found["A_FILE"] == "/run/a"
    kept = settings.replace(environment=rules.replace(preserve=("A",)))
    assert merged(kept).environ["A"] == "inherited"
    assert merged(settings, {"A": "set"}).environ["A"] == "set"
    renamed = Variables(files=(file,), rename={"A": "HOSTNAME"})
    assert "HOSTNAME" not in merged(Settings(variables=renamed)).environ


def test_defaults_of_the_manifest_stand_between_dotenv_and_inherited():
    """A default never hides what the container was started with."""
    settings = Settings(variables=Variables(defaults={"A": "default", "D": "default"}))
    found = merged(settings, dotenv={"D": "dotenv"}, snapshot=Snapshot())
    assert (found.environ["A"], found.environ["D"]) == ("inherited", "default")


@pytest.mark.parametrize(
    "rules",
    [
        EnvironmentRules(precedence="inherited"),
        EnvironmentRules(preserve=("A",)),
        EnvironmentRules(preserve=("*",)),
    ],
)
def test_inherited_values_win_when_asked_to(rules):
    """precedence = inherited, or a preserved name, lays the inherited value on top."""
    found = merged(Settings(environment=rules), {"A": "set"})
    assert found.environ["A"] == "inherited"
    assert found.sources["A"] == "inherited"
    assert found.overrides["A"] == ("scoped variable A", "environment.set")


def test_pristine_inherits_only_what_is_preserved():
    """Nothing of the container's environment passes, but preserved names do."""
    rules = EnvironmentRules(pristine=True, preserve=("HOSTNAME",))
    found = merged(Settings(environment=rules))
    assert found.environ == {"A": "variable", "V": "variable", "HOSTNAME": "h"}


def test_the_token_is_removed_unless_kept():
    """CYCLE_API_TOKEN does not reach the app unless keep_token says so; preserve does not."""
    assert "CYCLE_API_TOKEN" not in merged(Settings()).environ
    preserved = Settings(environment=EnvironmentRules(preserve=("CYCLE_API_TOKEN", "*")))
    assert "CYCLE_API_TOKEN" not in merged(preserved).environ
    kept = Settings(environment=EnvironmentRules(keep_token=True))
    assert merged(kept).environ["CYCLE_API_TOKEN"] == "t"


def test_unset_removes_a_name_from_every_layer_but_set():
    """unset works on inherited and fetched names; set is said later and wins."""
    rules = EnvironmentRules(unset=("A", "V", "S"))
    found = merged(Settings(environment=rules), {"S": "set"})
    assert "A" not in found.environ
    assert "V" not in found.environ
    assert found.environ["S"] == "set"
    assert found.sources.keys() == found.environ.keys()


def test_a_login_is_known_before_integrations_and_templates_are():
    """With the precedence of the whole environment; what unset removes from it is there."""
    settings = Settings(
        integrations=(S3,),
        environment=EnvironmentRules(
            set={"S": "set", "T": "{{ env.A }}", "U": "{% if true %}{% endif %}"},
            unset=("V", "CYCLE_X"),
        ),
    )
    snapshot = SNAPSHOT.replace(integrations={})
    found = environment.early(
        settings,
        snapshot,
        Inputs(inherited=INHERITED, dotenv_files=((".env", {"D": "dotenv"}),), now=0.0),
    )
    assert found == {
        "A": "variable",
        "D": "dotenv",
        "HOSTNAME": "h",
        "CYCLE_X": "x",
        "V": "variable",
        "S": "set",
    }


def test_all_missing_names_come_in_one_message():
    """Required variables that are missing or empty are named together, sorted."""
    settings = Settings(variables=Variables(required=("Z", "A", "E", "B")))
    [problem] = environment.missing(settings, {"A": "1", "E": ""}, Snapshot())
    assert problem.subject == "required variables B, E, Z"
    assert problem.reason == "are missing or empty"


def test_a_required_name_may_be_an_identifier_a_name_or_a_default():
    """Whatever brings a value satisfies the requirement."""
    settings = Settings(
        variables=Variables(required=("db-password", "NAME", "D"), defaults={"D": "1"})
    )
    snapshot = Snapshot(variables={"db-password": "x"})
    assert environment.missing(settings, {"NAME": "1"}, snapshot) == []


def test_problems_of_all_layers_come_together():
    """A dangerous name and a collision are both said."""
    snapshot = Snapshot(variables={"LD_PRELOAD": "x", "a-b": "1", "A_B": "2"})
    layered = environment.layers(Settings(), snapshot, Inputs(inherited={}, now=0.0))
    assert sorted(problem.kind for problem in layered.problems) == [
        "name-collision",
        "name-refused",
    ]
