"""Layers: who decides a variable, and which names are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import KINDS
from cycle_exec.planning import bindings
from cycle_exec.planning.bindings import Layer
from cycle_exec.settings.model import EnvironmentRules, IntegrationRequest, Variables
from cycle_exec.sources.model import Integration


def layer(rules: Variables, **fetched: str) -> dict[str, str]:
    gathered = bindings.variables_layer(rules, fetched)
    assert gathered.problems == []
    return gathered.values


def test_without_rules_every_variable_passes():
    """No manifest means: all of them, byte for byte."""
    assert layer(Variables(), A="1", b="") == {"A": "1", "b": ""}


def test_only_and_exclude_are_globs_on_identifiers():
    """`only` chooses, `exclude` takes away again."""
    rules = Variables(only=("DB_*", "KEY"), exclude=("*_OLD",))
    assert layer(rules, DB_A="1", DB_OLD="2", KEY="3", X="4") == {"DB_A": "1", "KEY": "3"}


def test_renamed_names_are_literal_and_others_get_the_prefix():
    """rename decides the whole name; prefix stands before all others."""
    rules = Variables(rename={"db": "DATABASE"}, prefix="APP_")
    gathered = bindings.variables_layer(rules, {"db": "1", "x-y": "2", "Z": "3"})
    assert gathered.values == {"DATABASE": "1", "APP_X_Y": "2", "APP_Z": "3"}
    assert gathered.notes == [
        "scoped variable x-y is exported as APP_X_Y",
        "scoped variable Z is exported as APP_Z",
    ]


def test_two_identifiers_of_one_name_collide():
    """Neither wins silently; both are named."""
    gathered = bindings.variables_layer(Variables(), {"a-b": "1", "A_B": "2"})
    [problem] = gathered.problems
    assert problem.kind == "name-collision"
    assert problem.subject == "variable A_B"
    assert problem.reason == ("both scoped variable a-b and scoped variable A_B produce this name")


def test_rename_parts_a_collision():
    """The way out that the message names works."""
    assert layer(Variables(rename={"a-b": "OTHER"}), **{"a-b": "1", "A_B": "2"}) == {
        "OTHER": "1",
        "A_B": "2",
    }


def test_an_identifier_without_letters_is_refused():
    """No name can be made of dashes."""
    [problem] = bindings.variables_layer(Variables(), {"--": "1"}).problems
    assert (problem.kind, problem.subject) == ("name-refused", "scoped variable --")


def test_an_empty_value_gives_way_to_a_default():
    """The platform answers a failed URL source with an empty string."""
    rules = Variables(defaults={"LEVEL": "info"})
    assert layer(rules, LEVEL="") == {}
    assert bindings.defaults_layer(rules).values == {"LEVEL": "info"}
    assert layer(rules, LEVEL="debug") == {"LEVEL": "debug"}


INTEGRATION = Integration(
    identifier="s3", vendor="aws", name="n", fields={"auth.api_key": "k", "extra.my-bucket": "b"}
)


def test_a_prefix_exports_every_field():
    """Each field that has a value is exported under PREFIX_FIELD."""
    request = IntegrationRequest(identifier="s3", prefix="S3")
    gathered = bindings.integrations_layer([request], {"s3": INTEGRATION})
    assert gathered.values == {"S3_API_KEY": "k", "S3_MY_BUCKET": "b"}
    assert gathered.origins["S3_API_KEY"] == "integration s3: auth.api_key"


def test_fields_can_be_named_one_by_one():
    """env maps names to fields; a field that is not there is a problem, with the known ones."""
    request = IntegrationRequest(identifier="s3", env={"KEY": "auth.api_key", "NO": "auth.secret"})
    gathered = bindings.integrations_layer([request], {"s3": INTEGRATION})
    assert gathered.values == {"KEY": "k"}
    [problem] = gathered.problems
    assert problem.reason == "auth.secret is not set, its fields are: auth.api_key, extra.my-bucket"


def test_an_absent_optional_integration_exports_nothing():
    """None stands for an integration that may be missing, and is."""
    request = IntegrationRequest(identifier="s3", optional=True, prefix="S3")
    assert bindings.integrations_layer([request], {"s3": None}).values == {}


def refused(
    values: dict[str, str], allowed: tuple[str, ...] = (), kept: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    layer = Layer(values=values, origin="scoped variable X")
    return [
        (problem.kind, problem.subject)
        for problem in bindings.refused_names(layer, frozenset(allowed), frozenset(kept))
    ]


def test_dangerous_names_pass_only_by_name():
    """LD_PRELOAD from the API refuses unless it is allowed, or the inherited one wins."""
    assert refused({"LD_PRELOAD": "x"}) == [("name-refused", "variable LD_PRELOAD")]
    assert refused({"LD_PRELOAD": "x"}, allowed=("LD_PRELOAD",)) == []
    assert refused({"PATH": "x"}, kept=("PATH",)) == []


def test_what_no_name_can_be_made_of_is_refused():
    """A prefix of underscores alone gives nothing to a field without letters."""
    odd = INTEGRATION.replace(fields={"extra.--": "v"})
    gathered = bindings.integrations_layer(
        [IntegrationRequest(identifier="s3", prefix="_")], {"s3": odd}
    )
    [problem] = bindings.refused_names(gathered.layer(), frozenset(), frozenset())
    assert problem.kind == "name-refused"
    assert problem.reason == "this is not a name that every shell accepts"


def test_the_platforms_names_are_never_overridden():
    """CYCLE_* refuses even when allowed by name."""
    assert refused({"CYCLE_X": "x"}, allowed=("CYCLE_X",)) == [("name-refused", "variable CYCLE_X")]


def test_a_nul_is_refused_with_the_name():
    """No environment carries a NUL."""
    assert refused({"A": "x\0y"}) == [("value-refused", "variable A")]


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("x" * (131_071 - 2), []),
        ("x" * (131_071 - 1), ["value-too-large"]),
        ("é" * 65_534, []),
        ("é" * 65_535, ["value-too-large"]),
    ],
)
def test_the_kernels_limit_is_counted_in_bytes(value, kinds):
    """NAME=value may be 131,071 bytes long, not one more."""
    assert [kind for kind, _ in refused({"A": value})] == kinds


def test_later_layers_hide_earlier_ones_and_say_so():
    """The provenance of a name lists what it hid, lowest first."""
    merged = bindings.merge(
        [
            Layer(values={"A": "1"}, origin="dotenv file .env"),
            Layer(values={"A": "2", "B": "2"}, origin="inherited"),
            Layer(values={"A": "3"}, origins={"A": "scoped variable a"}),
        ]
    )
    assert merged.environ == {"A": "3", "B": "2"}
    assert merged.sources == {"A": "scoped variable a", "B": "inherited"}
    assert merged.overrides == {"A": ("dotenv file .env", "inherited")}


def test_a_source_does_not_hide_itself():
    """A dotenv file that is listed twice is no news to anybody."""
    merged = bindings.merge([Layer(values={"A": "1"}, origin="dotenv file .env")] * 2)
    assert merged.sources == {"A": "dotenv file .env"}
    assert merged.overrides == {}


@given(st.lists(st.dictionaries(st.sampled_from("ABCD"), st.text(max_size=3)), max_size=5))
def test_merging_is_updating_in_order(values):
    """Whatever the layers, the environment is that of dict.update."""
    expected: dict[str, str] = {}
    for part in values:
        expected.update(part)
    layers = [Layer(values=part, origin=str(index)) for index, part in enumerate(values)]
    merged = bindings.merge(layers)
    assert merged.environ == expected
    assert merged.sources.keys() == expected.keys()


def test_kept_names_are_the_preserved_ones_that_exist():
    """preserve names some, `*` or precedence = inherited names all."""
    inherited = {"A": "1", "B": "2"}
    assert bindings.kept_names(EnvironmentRules(preserve=("A", "C")), inherited) == {"A"}
    assert bindings.kept_names(EnvironmentRules(preserve=("*",)), inherited) == {"A", "B"}
    everything = EnvironmentRules(precedence="inherited")
    assert bindings.kept_names(everything, inherited) == {"A", "B"}


@pytest.mark.parametrize(
    ("allowed", "passes"),
    [((), False), (("NODE_OPTIONS",), True), (("NODE_*",), True), (("PIP_*",), False)],
)
def test_dangerous_names_are_allowed_by_name_or_glob(allowed, passes):
    """An entry of variables.allow covers one name, or all that its wildcards match."""
    layer = Layer(values={"NODE_OPTIONS": "-v"}, origin="scoped variable")
    refused = list(bindings.refused_names(layer, allowed, frozenset()))
    assert (refused == []) == passes
    assert passes or "variables.allow" in KINDS[refused[0].kind].fix
