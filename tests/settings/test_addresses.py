"""Addresses that a start can wait for: what is read of them, and what is wrong with others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Refused, Unfit
from cycle_exec.settings import addresses, rules
from cycle_exec.settings.manifest.manifest import parse
from cycle_exec.settings.model import Address, Invocation, is_template
from cycle_exec.settings.resolve import resolve

GOOD = {
    "tcp://db:5432": Address(scheme="tcp", host="db", port=5432),
    "tcp://10.0.0.1:1": Address(scheme="tcp", host="10.0.0.1", port=1),
    "tcp://[fd00::1]:65535": Address(scheme="tcp", host="fd00::1", port=65535),
    "tcp://[fe80::1%eth0]:80": Address(scheme="tcp", host="fe80::1%eth0", port=80),
    "tcp://db_1.internal.:5432": Address(scheme="tcp", host="db_1.internal.", port=5432),
    "http://api": Address(scheme="http", host="api", port=80, path="/"),
    "http://api:8080/health?full=1,2": Address(
        scheme="http", host="api", port=8080, path="/health?full=1,2"
    ),
    "http://[::1]/": Address(scheme="http", host="::1", port=80, path="/"),
    "unix:/run/app.sock": Address(scheme="unix", path="/run/app.sock"),
    "unix:///run/app.sock": Address(scheme="unix", path="/run/app.sock"),
    "file:/run/ready": Address(scheme="file", path="/run/ready"),
    "file:///run/a file": Address(scheme="file", path="/run/a file"),
    "dns://db": Address(scheme="dns", host="db"),
    "container://api": Address(scheme="container", host="api"),
    "container://api?instances=3": Address(scheme="container", host="api", instances=3),
    "container://api?instances=all": Address(scheme="container", host="api", instances=0),
}
BAD = {
    "https://api/": "is https, which is not supported",
    "db:5432": "has no scheme: it expects tcp://HOST:PORT",
    "": "has no scheme",
    "/run/ready": "has no scheme",
    "postgres://db:5432/x": "has a scheme that is not known",
    "tcp6://db:5432": "has a scheme that is not known",
    "TCP://db:5432": "has a scheme that is not known",
    "tcp:db:5432": "expects tcp://HOST:PORT",
    "tcp://db": "needs a port: tcp://HOST:PORT",
    "tcp://db:": "needs a port from 1 to 65535",
    "tcp://db:0": "needs a port from 1 to 65535",
    "tcp://db:65536": "needs a port from 1 to 65535",
    "tcp://db:05432": "needs a port from 1 to 65535",
    "tcp://db:postgres": "needs a port from 1 to 65535",
    "tcp://db:\u0661": "needs a port from 1 to 65535",
    "tcp://db:5432/": "nothing behind it but a path of http",
    "tcp://:5432": "needs a host",
    "tcp://-db:5432": "needs a host",
    "tcp://d\u00e9b:5432": "needs a host",
    "tcp://::1:5432": "has an IPv6 address without brackets",
    "tcp://[db]:5432": "has brackets around what is no IPv6 address",
    "tcp://[::1:5432": "has brackets around what is no IPv6 address",
    "tcp://[::1%]:5432": "has an IPv6 address with an impossible zone",
    "tcp://[::1]x:5432": "has something between an IPv6 address and its port",
    "http://me:secret@api/": "has a login",
    "http://api?x": "needs a host",
    "http://api/a b": "has a character in its path",
    "http://api/#top": "has a character in its path",
    "http://api/\u00e9": "has a character in its path",
    "unix:run/app.sock": "needs an absolute path below /: unix:/PATH",
    "file://host/path": "needs an absolute path below /: file:/PATH",
    "file:/": "needs an absolute path below /",
    "file:/a\0b": "has a NUL",
    "dns://db:53": "has a port, but only a name is looked up",
    "container://": "needs the identifier of a container",
    "container://a/b": "needs the identifier of a container",
    "container://api?": "has a ? that is not followed by instances=",
    "container://api?instances=": "has a ? that is not followed by instances=",
    "container://api?instances=0": "has a ? that is not followed by instances=",
    "container://api?ready=1": "has a ? that is not followed by instances=",
}


def mutated(text):
    """One character is replaced, or a few are put in."""
    letters = st.sampled_from("/:@[]?#% 0\r\n\0a\u0661\u00e9")
    places = st.integers(0, len(text))
    return st.builds(
        lambda place, new, gone: text[:place] + new + text[place + gone :],
        places,
        st.text(letters, max_size=3),
        st.integers(0, 2),
    )


@pytest.mark.parametrize("text", GOOD)
def test_read(text):
    """Every part is where it belongs, and the manifest takes it."""
    assert addresses.parse(text) == GOOD[text]
    assert addresses.fault(text) == ""
    assert rules.WAIT.accepts(text)


@pytest.mark.parametrize("text", BAD)
def test_refused(text):
    """The reason names what is wrong, and shows nothing of the text."""
    with pytest.raises(Unfit) as caught:
        addresses.parse(text)
    assert BAD[text] in caught.value.reason
    assert addresses.fault(text) == caught.value.reason
    assert rules.WAIT.refusal(text) == caught.value.reason
    assert "secret" not in caught.value.reason


@pytest.mark.parametrize("text", ["tcp://{{ variables.HOST }}:5432", "{% if x %}", "{# #}"])
def test_a_template_is_judged_later(text):
    """Of what it becomes nothing is known yet."""
    assert is_template(text)
    assert addresses.fault(text) == ""
    assert addresses.fault(text + "\0") != ""


def test_the_manifest_says_where():
    """With its line, and what is wrong instead of all that could be right."""
    text = '[[wait]]\nfor = "tcp://db:5432"\n\n[[wait]]\nfor = "https://api/"\n\n[[wait]]\n'
    with pytest.raises(Refused) as caught:
        parse(text, "m.toml")
    told = [(problem.subject, problem.reason) for problem in caught.value.problems]
    assert told[0][0] == "m.toml:5"
    assert told[0][1].startswith("wait.for is https, which is not supported")
    assert told[1] == ("m.toml:7", "wait.for is missing")
    assert len(told) == 2


def test_flags_variable_and_manifest_add_up():
    """Each address once."""
    manifest = parse('[[wait]]\nfor = "tcp://db:5432"\n', "m.toml")
    invocation = Invocation(argv=(), environ={"CYCLE_EXEC_WAIT": "dns://a, tcp://db:5432"}, cwd="/")
    settings = resolve(invocation, {"wait": ("file:/ready",)}, manifest, "m.toml", ())
    assert settings.wait == ("dns://a", "tcp://db:5432", "file:/ready")
    assert settings.origins["wait"] == "flag --wait and variable CYCLE_EXEC_WAIT"


def test_a_flag_is_refused_by_name():
    """In the same words."""
    invocation = Invocation(argv=(), environ={}, cwd="/")
    with pytest.raises(Refused) as caught:
        resolve(invocation, {"wait": ("https://api/",)}, None, "", ())
    [problem] = caught.value.problems
    assert (problem.kind, problem.subject) == ("usage", "flag --wait")
    assert problem.reason.startswith("is https")


@given(st.text() | st.sampled_from([*GOOD, *BAD]).flatmap(mutated))
def test_whatever_the_text_is(text):
    """It is an address, or there are words for what is wrong; and nothing that would break a
    request is in a part of it.
    """
    reason = addresses.fault(text)
    if reason or is_template(text):
        assert (reason == "") == ("\0" not in text and is_template(text))
        return
    found = addresses.parse(text)
    assert found.scheme + ":" == text[: len(found.scheme) + 1]
    assert all(32 < ord(letter) < 127 for letter in found.host)
    assert found.port in range(65_536)
    if found.scheme == "http":
        assert all(32 < ord(letter) < 127 for letter in found.path)
