"""The connection: away, late, slow, silent, reset, closed, or more than was asked for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.model import (
    GOOD,
    LATE,
    SHORT,
    Refuses,
    Scenario,
    Starts,
    away,
    of_variables,
    read,
)
from tests.support.hostile import (
    VARIABLES,
    Behaviour,
    Hostile,
    Talk,
    after,
    data,
    deaf,
    drip,
    drop,
    endless_body,
    endless_chunks,
    endless_headers,
    endless_information,
    half_closed,
    hang,
    huge_length,
    reset,
    then_hang,
    unasked,
    with_descriptors,
)
from tests.support.launching import Ground, without_privileges

SILENT = "no complete response in time"
CUT = "<cut>"


def _vanishing(api: Hostile, _: Ground) -> None:
    """The first answer is the last thing that it does."""

    def vanish(talk: Talk) -> None:
        Path(api.socket).unlink(missing_ok=True)

    api.on(VARIABLES, vanish)


def _link(api: Hostile, ground: Ground) -> None:
    (ground.inputs / "link.sock").symlink_to(api.socket)


def _of_datagrams(_: Hostile, ground: Ground) -> socket.socket:
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    here = os.getcwd()
    os.chdir(ground.inputs)  # its whole path may be too long to bind
    try:
        other.bind("datagram.sock")
    finally:
        os.chdir(here)
    return other


def _closed_to_us(api: Hostile, _: Ground) -> None:
    Path(api.socket).chmod(0)


def _elsewhere(name: str, path: str, reason: str, **more: Any) -> Scenario:
    """The socket is not what it should be."""
    options = ("--socket", path, "--deadline", SHORT)
    outcome = Refuses(69, (f"{path}: {reason}",))
    return Scenario(name, outcome, options=options, asked={}, **more)


def _server(name: str, reason: str, **server: Any) -> Scenario:
    options = ("--deadline", SHORT)
    outcome = Refuses(69, (reason,))
    return Scenario(name, outcome, server=server, options=options, asked={})


def _accepting(name: str, accepting: Behaviour, outcome: Refuses | Starts, asked: int) -> Scenario:
    options = ("--deadline", SHORT) if isinstance(outcome, Refuses) else ()
    counted = {VARIABLES: asked} if asked else {}
    return Scenario(name, outcome, accepting=accepting, options=options, asked=counted)


def _slow(name: str, behaviour: Behaviour | Callable[[Talk], None]) -> Scenario:
    return away(name, behaviour, SILENT, 1)


SCENARIOS = (
    # Nobody there
    _server("no socket appears", f"<socket>: there is no socket<tries>{LATE}", after=60.0),
    _server(
        "a socket that nobody listens on",
        f"<socket>: nothing is listening on the socket<tries>{LATE}",
        after=60.0,
        stale=True,
    ),
    _server("a connection that is never taken", of_variables(SILENT + LATE), accepting=False),
    _server(
        "a full queue of connections",
        of_variables(SILENT + LATE),
        accepting=False,
        backlog=0,
    ),
    Scenario("a socket that appears late", Starts(), server={"after": 0.4}),
    Scenario(
        "a socket that was dead and comes to life", Starts(), server={"after": 0.4, "stale": True}
    ),
    Scenario(
        "a socket that vanishes after the first connection",
        Refuses(69, (f"<socket>: there is no socket<tries>{LATE}",)),
        options=("--deadline", SHORT),
        arrange=_vanishing,
    ),
    _elsewhere(
        "a socket below a file",
        "/etc/hostname/api.sock",
        f"/etc/hostname is not a directory<tries>{LATE}",
    ),
    _elsewhere(
        "a socket in a directory that is missing",
        "/no/such/api.sock",
        f"there is no directory /no<tries>{LATE}",
    ),
    _elsewhere(
        "a file instead of a socket",
        "/etc/hostname",
        f"nothing is listening on the socket<tries>{LATE}",
    ),
    _elsewhere(
        "a directory instead of a socket",
        "/etc",
        f"nothing is listening on the socket<tries>{LATE}",
    ),
    _elsewhere(
        "a device instead of a socket",
        "/dev/null",
        f"nothing is listening on the socket<tries>{LATE}",
    ),
    _elsewhere(
        "a socket of datagrams",
        "datagram.sock",
        "the path of the socket is invalid (unavailable)",
        arrange=_of_datagrams,
    ),
    _elsewhere(
        "a path that is too long for a socket",
        "/tmp/" + "x" * 200,
        "the path of the socket is invalid (unavailable)",
    ),
    Scenario("a link to the socket", Starts(), options=("--socket", "link.sock"), arrange=_link),
    Scenario(
        "a socket that this user may not use",
        Refuses(69, ("<socket>: this user has no permission for the socket (unavailable)",)),
        asked={},
        arrange=_closed_to_us,
        before=without_privileges,
    ),
    # Cut off
    away("every connection is dropped", drop, CUT),
    away("every answer is half", GOOD[:-9], CUT),
    read("two drops, then an answer", [drop, drop, GOOD], 3),
    read("half an answer, then a whole one", [GOOD[:-1], GOOD], 2),
    _accepting(
        "every connection is reset",
        reset,
        Refuses(69, (of_variables(f"{CUT}<tries>{LATE}"),)),
        0,
    ),
    _accepting("two resets, then an answer", [reset, reset, None], Starts(), 1),
    _accepting(
        "a connection that is taken and never read",
        deaf,
        Refuses(69, (of_variables(SILENT + LATE),)),
        0,
    ),
    _accepting("an answer before the question", unasked(GOOD), Starts(), 0),
    # Silent, or without end
    _slow("not a word", hang),
    _slow("a byte a second", drip(GOOD)),
    _slow("a byte now and then", drip(GOOD, every=0.05)),
    _slow("half an answer and silence", then_hang(GOOD[:40])),
    _slow("all but the last byte and silence", then_hang(GOOD[:-1])),
    _slow("half a status line and silence", then_hang(b"HTTP/1.")),
    _slow("an empty line of a head and silence", then_hang(b"HTTP/1.1 200 OK\r\n")),
    _slow("a long body that never comes", huge_length(1_000_000)),
    _slow("chunks without end", endless_chunks(size=100, every=0.02)),
    _slow("headers without end", endless_headers(every=0.05)),
    _slow("a body without end", endless_body(every=0.05)),
    _slow("100 Continue without end", endless_information(every=0.02)),
    away("silence, asked again and again", hang, SILENT, range(2, 20), timeout="150ms"),
    read("silence, then an answer", [hang, GOOD], 2, options=("--timeout", "2s")),
    read("an answer that takes its time", after(0.4, GOOD)),
    read("an answer in pieces with pauses", drip(GOOD, every=0.01, size=9)),
    # More than was asked for
    read("an answer whose connection stays open", then_hang(GOOD)),
    read("an answer and a closed half", half_closed(GOOD)),
    read("an answer and rubbish behind it", GOOD + b"\0c4n4ry\xff" * 500),
    read("two answers at once", GOOD + data({"PLAIN": "c4n4ry-second", "EVIL": "c4n4ry"})),
    read("an answer and a flood behind it", GOOD + b"x" * 1_000_000),
    read("an answer with open files", with_descriptors(GOOD)),
)
