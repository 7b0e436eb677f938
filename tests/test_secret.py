"""Secrets will not show, whatever is done to them but reveal()."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from cycle_exec.secret import Secret, SecretBytes


@pytest.mark.parametrize("secret", [Secret("canary"), SecretBytes(b"canary")])
@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{:>20}".format,
        "{!r}".format,
        lambda value: f"{value}",
        "%s".__mod__,
    ],
)
def test_no_formatting_shows_a_secret(secret, show):
    """repr, str, format and % all give the same placeholder."""
    assert "canary" not in show(secret)


@pytest.mark.parametrize("secret", [Secret("canary"), SecretBytes(b"canary")])
@pytest.mark.parametrize("export", [pickle.dumps, json.dumps, copy.deepcopy])
def test_a_secret_is_not_serialised(secret, export):
    """pickle, json and deepcopy refuse."""
    with pytest.raises(TypeError) as caught:
        export(secret)
    assert "canary" not in str(caught.value)


def test_reveal_gives_the_value_back():
    """reveal is the one way to the value."""
    assert Secret("canary").reveal() == "canary"
    assert SecretBytes(b"canary").reveal() == b"canary"


def test_secrets_compare_by_value_and_kind():
    """Equality and truth are those of the value; text is never equal to bytes."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != SecretBytes(b"a")
    assert not Secret("")
    assert Secret("a")
