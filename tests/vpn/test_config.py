"""OpenVPN's configuration, read as OpenVPN reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.vpn.config import Directive, Unparsable, of_command, parse, read, split


def words(text):
    return [directive.words for directive in parse(text, "s.conf")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", []),
        ("   \t", []),
        ("# port 1", []),
        ("; port 1", []),
        ("port 1194", ["port", "1194"]),
        ("port 1194 # here", ["port", "1194"]),
        ("port 1194#here", ["port", "1194#here"]),
        ('verify "/bin/a b" via-file', ["verify", "/bin/a b", "via-file"]),
        ("verify '/bin/a \\ b'", ["verify", "/bin/a \\ b"]),
        ('verify "a \\"b\\" \\\\"', ["verify", 'a "b" \\']),
        ("verify a\\ b", ["verify", "a b"]),
        ('empty ""', ["empty", ""]),
        ("x 'a'\"b\"", ["x", "a", "b"]),
        ("user nobody\r", ["user", "nobody"]),
    ],
)
def test_words(line, found):
    """Quotes, backslashes, comments."""
    assert split(line, "s.conf:1") == found


@pytest.mark.parametrize("line", ['x "a', "x 'a", "x a\\"])
def test_what_openvpn_would_refuse(line):
    """With its place."""
    with pytest.raises(Unparsable, match=r"s\.conf:1: "):
        split(line, "s.conf:1")


def test_directives_and_inline_blocks():
    """Two dashes are none; a block's content is no directive."""
    text = "--port 1\n<ca>\nuser root\n-----BEGIN\n</ca>\nuser nobody\n"
    assert words(text) == [("port", "1"), ("ca", "[inline]"), ("user", "nobody")]
    with pytest.raises(Unparsable, match="<ca> is never closed"):
        words("<ca>\nport 1\n")


def test_files_that_include_files():
    """In their place, with their own lines; not for ever."""
    files = {"a": "port 1\nconfig b\nuser x\n", "b": "# b\nport 2\n", "loop": "config loop\n"}
    found = [(each.words, each.file, each.line) for each in read("a", files.__getitem__)]
    assert found == [
        (("port", "1"), "a", 1),
        (("port", "2"), "b", 2),
        (("user", "x"), "a", 3),
    ]
    with pytest.raises(Unparsable, match="nested includes"):
        read("loop", files.__getitem__)


def test_a_command_is_a_configuration_too():
    """Each --option with its words; files in their place, relative to where cd leads."""
    files = {"/etc/o/s.conf": "cd sub\nport 2\nconfig more\n", "/etc/o/sub/more": "user x\n"}

    def of(*words):
        found = of_command(words, files.__getitem__)
        return [(each.words, each.place) for each in found]

    assert of("--cd", "/etc/o", "--config", "s.conf", "--verb", "3", "--daemon") == [
        (("cd", "/etc/o"), "the command line"),
        (("cd", "/etc/o/sub"), "/etc/o/s.conf:1"),
        (("port", "2"), "/etc/o/s.conf:2"),
        (("user", "x"), "/etc/o/sub/more:1"),
        (("verb", "3"), "the command line"),
        (("daemon",), "the command line"),
    ]
    assert of("/etc/o/sub/more") == [(("user", "x"), "/etc/o/sub/more:1")]
    assert of("stray", "--verb", "3") == [(("verb", "3"), "the command line")]
    assert of() == []


WORD = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=10)


@given(st.lists(WORD, min_size=1, max_size=5))
def test_quoted_words_come_back(given_words):
    """Any words, written with quotes and backslashes, are read as they were."""
    line = " ".join(
        '"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in given_words
    )
    assert split(line, "x") == given_words


@given(st.text(max_size=60) | st.text("\"'\\<>ab# \n", max_size=30))
def test_any_text_is_read_or_refused(text):
    """And nothing else happens."""
    try:
        for directive in parse(text, "x"):
            assert directive.words
    except Unparsable:
        return


# Each was tried with OpenVPN 2.6.14: whether it calls scripts, or what it says.
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2), ("2;", 2), ("2x", 2), ("+2", 2), (" 2", 2), ("3.9", 3), ("-1", -1), ("two", 0),
        ("0x3", 0), ("", 0), ("4294967298", 2), ("2147483648", -2147483648), ("9" * 30, -1),
        ("-" + "9" * 30, 0), ("0" * 30 + "2", 2), ("\u0662", 0), ("+-2", 0),
    ],
)  # fmt: skip
def test_numbers_are_those_of_atoi(text, number):
    """What stands behind the digits does not count."""
    assert Directive(words=("script-security", text)).number() == number


def accepted(*lines):
    text = "".join(f"{line}\n" for line in lines)
    return [each.words for each in read("s.conf", {"s.conf": text, "x": "user x\n"}.__getitem__)]


def test_setenv_opt_is_the_directive_behind_it():
    """And none where OpenVPN would not know it."""
    hook = ("auth-user-pass-verify", "/hook", "via-file")
    assert accepted("setenv opt auth-user-pass-verify /hook via-file") == [hook]
    assert accepted("setenv opt script-security 2") == [("script-security", "2")]
    assert accepted("setenv opt config x") == [("user", "x")]
    assert accepted("setenv opt setenv NAME value") == [("setenv", "NAME", "value")]
    for line in ("setenv opt", "setenv opt setenv opt user x", "setenv opt --user x"):
        assert accepted(line) == []
    for line in ("script-security 2 execve", "user a b", "setenv a b c", "config a b"):
        assert accepted(f"setenv opt {line}") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("auth-user-pass-verify /hook via-file x", "takes at most 2 parameters"),
        ("setenv opt auth-user-pass-verify /hook via-file x", "takes at most 2 parameters"),
        ("script-security 2 execve", "has 2 parameters, but OpenVPN knows it with 1"),
        ("script-security", "has 0 parameters, but OpenVPN knows it with 1"),
        ("user nobody x", "has 2 parameters"),
        ("user", "has 0 parameters"),
        ("setenv a b c", "has 3 parameters, but OpenVPN knows it with 1 or 2"),
        ("auth-user-pass-optional x", "has 1 parameters, but OpenVPN knows it with 0"),
    ],
)
def test_parameters_that_openvpn_does_not_know(line, said):
    """It would not start; on a command line neither."""
    with pytest.raises(Unparsable, match=said):
        accepted(line)
    with pytest.raises(Unparsable, match=f"the command line: .*{said}"):
        of_command([f"--{line.split()[0]}", *line.split()[1:]], str)


def test_forward_compatible_passes_over_what_is_not_known():
    """From there on, and but for the hook."""
    found = accepted("setenv FORWARD_COMPATIBLE 1", "user a b", "script-security 2")
    assert found[1:] == [("script-security", "2")]
    with pytest.raises(Unparsable):
        accepted("user a b", "setenv FORWARD_COMPATIBLE 1")
    with pytest.raises(Unparsable):
        accepted("setenv FORWARD_COMPATIBLE 1", "auth-user-pass-verify /hook via-file x")
