"""`cycle-exec explain`."""

from __future__ import annotations

import pytest

from cycle_exec.commands import explain
from cycle_exec.errors import KINDS, STOPPED, Refused


def _printed(capfd, code):
    assert explain.run(code) == 0
    return capfd.readouterr().out


def test_table(capfd):
    """Without a code every kind is explained once, with its way out."""
    text = _printed(capfd, "")
    for name, kind in KINDS.items():
        assert text.count(f"    {kind.sentence} ({name})\n      fix: {kind.fix}\n") == 1
    for code, sentence in STOPPED.items():
        assert f"{code}  {sentence}\n" in text
    assert text.startswith("0  success")
    assert "the command was killed by signal n" in text
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("code", explain.codes())
def test_known(code, capfd):
    """A code of ours is explained by the kinds that have it and by no others."""
    text = _printed(capfd, str(code))
    assert text.startswith(str(code))
    for kind in KINDS.values():
        assert (f"fix: {kind.fix}\n" in text) >= (kind.code == code)
        assert (kind.sentence in text) == (kind.code == code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("0", "0  success; after a launch: the command succeeded\n"),
        ("1", explain._ONE),
        ("3", "3  the command's own exit code: cycle-exec never exits with it\n"),
        ("137", "137  the command was killed by signal 9, or exited with this code\n"),
        ("255", "255  the command's own exit code: cycle-exec never exits with it\n"),
    ],
)
def test_others(code, text, capfd):
    """Any other code is the command's own, or tells the signal that ended it."""
    assert _printed(capfd, code) == text


@pytest.mark.parametrize("name", KINDS)
def test_a_kind(name, capfd):
    """The word in brackets of an error line, alone or as it stands there."""
    kind = KINDS[name]
    text = _printed(capfd, name)
    assert text == (f"{name}  exit code {kind.code}\n    {kind.sentence}\n      fix: {kind.fix}\n")
    assert _printed(capfd, f"({name})") == text
    assert _printed(capfd, name.upper()) == text


@pytest.mark.parametrize("code", ["-1", "256", "99999999999", "6 4", "\u0666\u0664", "64.0"])
def test_no_exit_code(code):
    """A number that is no exit code refuses for usage, without the word."""
    assert _refused(code).reason == "an exit code is a number from 0 to 255"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("variable_mising", ", did you mean variable-missing"),
        ("template-undefind", ", did you mean template-undefined"),
        ("Unavailable-", ", did you mean unavailable"),
        ("zebra", ""),
        ("--", ""),
    ],
)
def test_no_kind(word, near):
    """A word that is no kind refuses for usage, with the nearest one."""
    problem = _refused(word)
    assert problem.reason == f"{word} is neither an exit code nor a kind of error{near}"
    assert problem.fix == "run cycle-exec explain to list all of them"


def test_what_is_not_ascii():
    """Nothing reaches the terminal as it came."""
    assert _refused("\x1b[2J\u00e9").reason.startswith("?[2J? is neither")


def _refused(word):
    with pytest.raises(Refused) as refused:
        explain.run(word)
    (problem,) = refused.value.problems
    assert (problem.kind, problem.subject) == ("usage", "command line")
    return problem
