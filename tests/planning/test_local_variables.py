"""What templates find as scoped variables where the platform is not asked."""

from __future__ import annotations

from cycle_exec.planning.local_variables import found
from cycle_exec.planning.model import Inputs
from cycle_exec.settings.model import EnvironmentRules, Settings, VariableFile, Variables


def inputs(*dotenv: dict[str, str], **inherited: str) -> Inputs:
    files = tuple((f"{number}.env", content) for number, content in enumerate(dotenv))
    return Inputs(inherited=inherited, dotenv_files=files, now=0.0)


def test_inherited_over_dotenv_files_later_over_earlier():
    """The same precedence as in the environment."""
    given = inputs({"A": "1", "B": "1", "C": "1"}, {"B": "2", "C": "2"}, C="3")
    assert found(Settings(), given) == {"A": "1", "B": "2", "C": "3"}


def test_without_what_no_scoped_variable_would_be():
    """The platform's own names, and what a shell has anyway, unless they are allowed."""
    given = inputs(
        {"NODE_OPTIONS": "x"}, PATH="/bin", HOME="/root", USER="root", CYCLE_API_TOKEN="t", A="1"
    )
    assert found(Settings(), given) == {"A": "1"}
    allowing = Settings(variables=Variables(allow=("NODE_*",)))
    assert found(allowing, given) == {"A": "1", "NODE_OPTIONS": "x"}


def test_a_pristine_environment_has_only_what_is_preserved():
    """What the app does not get is not there for its files either."""
    rules = EnvironmentRules(pristine=True, preserve=("B",))
    given = inputs({"A": "1"}, B="2", C="3")
    assert found(Settings(environment=rules), given) == {"A": "1", "B": "2"}


def test_identifiers_are_found_under_the_names_that_the_app_reads():
    """rename, a mapped name, a prefix; an identifier of its own name wins."""
    rules = Variables(
        rename={"db-password": "PGPASSWORD", "gone": "GONE", "own": "OTHER"},
        required=("api-key",),
        defaults={"level": "info"},
        files=(VariableFile(variable="tls-key", target="/run/key"),),
    )
    given = inputs(PGPASSWORD="p", API_KEY="k", TLS_KEY="t", OTHER="no", own="yes")
    assert found(Settings(variables=rules), given) == {
        "PGPASSWORD": "p",
        "API_KEY": "k",
        "TLS_KEY": "t",
        "OTHER": "no",
        "own": "yes",
        "db-password": "p",
        "api-key": "k",
        "tls-key": "t",
    }
    prefixed = found(Settings(variables=Variables(prefix="APP_")), inputs(APP_URL="u", X="x"))
    assert prefixed == {"APP_URL": "u", "URL": "u", "X": "x"}
