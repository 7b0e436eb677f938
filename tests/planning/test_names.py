"""Names of variables: valid, mapped, dangerous, globbed."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning import names

VALID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)


@given(st.text())
def test_valid_is_exactly_what_every_shell_accepts(name):
    """A name is valid if and only if it matches [A-Za-z_][A-Za-z0-9_]*."""
    assert names.is_valid(name) == bool(VALID.match(name))


NAMES = st.lists(
    st.one_of(
        st.from_regex(VALID),
        st.text(max_size=8),
        st.sampled_from(
            ["LD_PRELOAD", "PATH", "CYCLE_X", "LD", "XLD_", "PYTHONPATH", "A\nLD_B", ""]
        ),
    ),
    max_size=5,
)


@given(NAMES)
def test_names_judged_together_are_judged_as_one_by_one(found):
    """The quick look at all names agrees with the rules for each."""
    each = [
        names.is_valid(name) and not names.is_dangerous(name) and not names.is_platform(name)
        for name in found
    ]
    assert names.all_plain(found) == all(each)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("DATABASE_URL", "DATABASE_URL"),
        ("lower", "lower"),
        ("db-password", "DB_PASSWORD"),
        ("9lives", "_9LIVES"),
        ("my.app/key", "MY_APP_KEY"),
        ("größe", "GR__E"),
        ("---", ""),
        ("", ""),
    ],
)
def test_other_identifiers_are_mapped(identifier, name):
    """Odd characters become _, letters upper case, a leading digit gets a _."""
    assert names.mapped(identifier) == name


@given(st.text())
def test_a_mapped_name_is_valid_or_empty(identifier):
    """Mapping never makes a name that a shell refuses, and is stable."""
    name = names.mapped(identifier)
    assert name == "" or VALID.match(name)
    assert names.mapped(name) == name


@pytest.mark.parametrize(
    "name",
    "LD_PRELOAD LD_AUDIT GCONV_PATH GLIBC_TUNABLES BASH_ENV ENV IFS SHELLOPTS PYTHONPATH "
    "PYTHONSTARTUP PERL5OPT RUBYOPT NODE_OPTIONS JAVA_TOOL_OPTIONS PATH HOME PROMPT_COMMAND "
    "BASH_FUNC_ls DYLD_INSERT_LIBRARIES SSLKEYLOGFILE OPENSSL_CONF".split(),
)
def test_names_that_run_code_are_dangerous(name):
    """The loader's, the interpreters' and the shells' own variables are known."""
    assert names.is_dangerous(name)


@pytest.mark.parametrize("name", ["DATABASE_URL", "OLD_PATH", "ENVIRONMENT", "HOMEPAGE", "PATHS"])
def test_ordinary_names_are_not_dangerous(name):
    """A name that merely resembles a dangerous one passes."""
    assert not names.is_dangerous(name)


@given(
    st.text(alphabet="AB_*?", max_size=8).map(lambda text: text.replace("[", "")),
    st.text(alphabet="AB_", max_size=8),
)
def test_globs_match_as_fnmatch_does(pattern, name):
    """`*` and `?` mean what they mean in a shell."""
    assert names.matches(name, pattern) == fnmatch.fnmatchcase(name, pattern)


def test_a_glob_with_many_stars_is_matched_in_linear_steps():
    """A pattern cannot blow up the matching."""
    assert not names.matches("a" * 3000 + "b", "*a" * 200 + "c")
