"""Connections to several addresses at once, and what is said where none of them will do."""

from __future__ import annotations

import errno
import socket

import pytest

from cycle_exec.errors import Unfit
from cycle_exec.system.waiting import connections, names
from tests.support import ports
from tests.support.hostile import drop, hang, reply
from tests.support.tcp import serving

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
REFUSED = "nothing listens on the port"


def at(*numbers: int):
    return [(socket.AF_INET, ("127.0.0.1", number)) for number in numbers]


def test_one_of_several_is_enough():
    """Whichever it is, and whatever the others do."""
    [free] = ports.free()
    with serving(hang) as silent, serving(reply(500, b"")) as bad, serving(reply(200, b"")) as good:
        for targets in (at(free, silent.port, bad.port, good.port), at(good.port, silent.port)):
            assert connections.reached(targets, REQUEST, 60.0) == ""


@pytest.mark.parametrize("first", [0, 1])
def test_what_was_reached_is_what_is_said(first):
    """An answer says more than a refusal, in whatever order they are."""
    [free] = ports.free()
    with serving(reply(500, b"")) as bad:
        targets = at(free, bad.port)
        assert connections.reached(targets[first:] + targets[:first], REQUEST, 60.0) == (
            "it answers 500"
        )
    with serving(drop) as closes:
        said = connections.reached(at(free, closes.port), REQUEST, 60.0)
    assert said == "it closes the connection without a response"


def test_a_refusal_says_more_than_silence():
    """And silence more than a lack of routes."""
    assert connections._told([connections._SILENT, REFUSED]) == REFUSED
    assert connections._told(["there is no route to it", connections._SILENT]) == (
        connections._SILENT
    )
    assert connections._told(["it answers 500", "", REFUSED]) == ""


def test_a_connection_to_itself_is_no_server():
    """The kernel may give it the very port that nobody listens on."""
    one = connections._Try(socket.AF_INET, b"")
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    own.connect(own.getsockname())
    one._socket = own
    one.proceed()
    assert (one.reason, one.is_connected) == (REFUSED, False)
    one.close()


def test_a_reset_connection():
    """By a server that ends with the request unread."""

    def resets(talk):
        option = socket.SO_LINGER
        talk.connection.setsockopt(socket.SOL_SOCKET, option, b"\1\0\0\0\0\0\0\0")
        talk.connection.close()

    with serving(resets) as server:
        assert connections.reached(at(server.port), REQUEST, 60.0) == "the connection was reset"


def test_a_kind_of_address_that_this_machine_does_not_have():
    """It is an error at once, and in words."""
    said = connections.reached([(socket.AF_X25, ("127.0.0.1", 1))], b"", 60.0)
    assert said == connections._cause(OSError(errno.EAFNOSUPPORT, ""))


def test_names_and_addresses():
    """Numbers are not looked up."""
    assert names.targets("127.0.0.1", 5) == at(5)
    assert names.targets("::1", 5)[0][1][:2] == ("::1", 5)
    assert at(0)[0] in names.targets("localhost", 0)
    with pytest.raises(Unfit, match="its name"):
        names.targets("name.invalid", 5)
    with pytest.raises(Unfit, match="its name is unknown"):
        names.targets("::x", 5)
