"""Targets that carry a value as it is."""

from __future__ import annotations

import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning.bindings import Merged
from cycle_exec.planning.files import value_files
from cycle_exec.planning.outputs import Outputs
from cycle_exec.settings.model import (
    DotenvOutput,
    IntegrationFile,
    IntegrationRequest,
    Settings,
    VariableFile,
    Variables,
)
from cycle_exec.sources.model import Integration, Snapshot


def variable(decode: str = "", **defaults: str) -> Settings:
    file = VariableFile(variable="key", target="/t", decode=decode, mode=0o640, owner="app")
    return Settings(variables=Variables(files=(file,), defaults=defaults))


def test_a_variable_goes_to_its_file_byte_for_byte():
    """Target, mode and owner are those of the manifest, the content is the value."""
    gathered = Outputs({})
    value_files.variable_files(gathered, variable(), Snapshot(variables={"key": "a\r\nü\0"}))
    [write] = gathered.writes
    assert write.content == b"a\r\n\xc3\xbc\0"
    assert (write.path, write.mode, write.owner) == ("/t", 0o640, "app")
    assert write.origin == "scoped variable key"


@pytest.mark.parametrize("text", ["AAECAw==", "AAEC\nAw==\n", " AAECAw== "])
def test_base64_is_decoded_white_space_aside(text):
    """decode = base64 writes the bytes."""
    gathered = Outputs({})
    value_files.variable_files(gathered, variable("base64"), Snapshot(variables={"key": text}))
    assert gathered.writes[0].content == b"\0\1\2\3"


@pytest.mark.parametrize("text", ["AAECAw=", "AAE!", "c4n4ry ü", "A"])
def test_what_is_not_base64_refuses(text):
    """Strict decoding; the message holds no value."""
    gathered = Outputs({})
    value_files.variable_files(gathered, variable("base64"), Snapshot(variables={"key": text}))
    [problem] = gathered.problems
    assert (problem.kind, problem.subject) == ("value-refused", "scoped variable key")
    assert "c4n4ry" not in repr(problem)


def test_a_missing_variable_of_a_file_refuses_unless_it_has_a_default():
    """A target is never silently left out."""
    gathered = Outputs({})
    value_files.variable_files(gathered, variable(), Snapshot(variables={"key": ""}))
    assert [problem.kind for problem in gathered.problems] == ["variable-missing"]
    gathered = Outputs({})
    value_files.variable_files(gathered, variable(key="d"), Snapshot())
    assert gathered.writes[0].content == b"d"


def test_an_integration_field_goes_to_its_file():
    """An absent field refuses, and one that is not base64; an absent integration writes nothing."""
    request = IntegrationRequest(
        identifier="gcp",
        files=(IntegrationFile(target="/t", field="auth.base64_config", decode="base64"),),
    )
    settings = Settings(integrations=(request,))
    answer = Integration(
        identifier="gcp", vendor="gcp", name="n", fields={"auth.base64_config": "e30="}
    )
    gathered = Outputs({})
    value_files.integration_files(gathered, settings, Snapshot(integrations={"gcp": answer}))
    assert gathered.writes[0].content == b"{}"
    gathered = Outputs({})
    bare = answer.replace(fields={})
    value_files.integration_files(gathered, settings, Snapshot(integrations={"gcp": bare}))
    assert [problem.kind for problem in gathered.problems] == ["variable-missing"]
    gathered = Outputs({})
    broken = answer.replace(fields={"auth.base64_config": "c4n4ry!"})
    value_files.integration_files(gathered, settings, Snapshot(integrations={"gcp": broken}))
    [problem] = gathered.problems
    assert problem.subject == "integration gcp: auth.base64_config"
    assert problem.reason == "is not base64, although the manifest says so"
    assert gathered.writes == []
    gathered = Outputs({})
    value_files.integration_files(gathered, settings, Snapshot(integrations={"gcp": None}))
    assert (gathered.writes, gathered.problems) == ([], [])


def test_exported_is_everything_that_is_not_merely_inherited():
    """The dotenv file and `env` hold what the launch adds or changes."""
    merged = Merged(
        environ={"A": "1", "B": "2"}, sources={"A": "inherited", "B": "default"}, overrides={}
    )
    assert value_files.exported(merged) == {"B": "2"}


def test_the_dotenv_file_is_written_for_its_reader():
    """Docker's reader takes the value verbatim after the equals sign."""
    gathered = Outputs({})
    value_files.dotenv_file(gathered, DotenvOutput(target="/t", reader="docker"), {"A": "x y"})
    assert gathered.writes[0].content == b"A=x y\n"


def test_a_value_its_reader_cannot_carry_refuses():
    """A newline in docker's format is refused with the name, not the value."""
    gathered = Outputs({})
    value_files.dotenv_file(gathered, DotenvOutput(target="/t", reader="docker"), {"A": "c4n4ry\n"})
    [problem] = gathered.problems
    assert (problem.kind, problem.subject) == ("value-refused", "variable A")
    assert "c4n4ry" not in repr(problem)


def test_two_sources_of_one_target_refuse():
    """A target has one source."""
    gathered = Outputs({})
    for _ in range(2):
        value_files.variable_files(gathered, variable(), Snapshot(variables={"key": "v"}))
    with pytest.raises(Refused) as caught:
        gathered.require_good()
    [problem] = caught.value.problems
    assert (problem.kind, problem.subject) == ("target-refused", "/t")
