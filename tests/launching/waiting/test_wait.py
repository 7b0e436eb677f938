"""Launches that wait for ports, answers, sockets, files and names, by the installed script."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.launching.waiting.conftest import children
from tests.support import ports
from tests.support.hostile import (
    after,
    after_information,
    drip,
    drop,
    endless_body,
    endless_headers,
    endless_information,
    garbage,
    hang,
    huge_length,
    reply,
    then_hang,
)
from tests.support.tcp import serving
from tests.support.waiting import until

SOON = ("--deadline", "2s", "--timeout", "400ms")


@pytest.fixture
def unix_socket(tmp_path):
    """A path that is short enough for a socket."""
    path = f"/tmp/cx-wait-{os.getpid()}-{tmp_path.name[-8:]}.sock"
    yield path
    Path(path).unlink(missing_ok=True)


def failed(ground, ran, *words: str) -> None:
    """It was not there in time: 69, nothing started, nothing changed."""
    ground.refused(ran, 69, "wait-failed", *words)
    assert ran.err.count(", the deadline has passed (wait-failed)\n") >= 1


def test_all_of_them_are_there(ground, api, unix_socket):
    """The app starts at once, and has neither a child nor a descriptor that it did not make."""
    there = ground.template("", "there")
    command = [
        "sh",
        "-c",
        'read children <"/proc/$$/task/$$/children"; echo "[$children]"; ls -x /proc/self/fd',
    ]
    with serving() as port, serving(reply(204, b"")) as http, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(unix_socket)
        unix.listen()
        ran = ground.launch(
            api,
            *("--wait", f"tcp://localhost:{port.port}"),
            *("--wait", f"http://127.0.0.1:{http.port}/health?full"),
            *("--wait", f"unix:{unix_socket}"),
            *("--wait", f"file://{there}"),
            *("--wait", "dns://localhost"),
            *("--wait", f"tcp://{{{{ variables.HOST }}}}:{port.port}"),
            command=command,
        )
    assert (ran.code, ran.out.split()) == (0, ["[]", "0", "1", "2", "3"]), ran
    assert ran.err.count("\n") == 1
    assert "ready in" in ran.err
    [head] = http.requests
    assert head.startswith(b"GET /health?full HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:%d\r\n" % http.port in head
    assert b"TOKEN" not in head.upper()


def test_what_comes_later_is_waited_for(ground, api, unix_socket):
    """In whatever order, and the info level says when each was there."""
    [port] = ports.free()
    late = ground.inputs / "late"
    run = ground.start(
        api,
        *("--wait", f"tcp://127.0.0.1:{port}", "--wait", f"file:{late}"),
        *("--wait", f"unix:{unix_socket}", "--log-level", "info"),
    )
    try:
        # It looks at the port, which is refused, and the children go on looking.
        assert until(lambda: len(children(run.process.pid)) == 3)
        assert ground.starts == 0
        late.touch()
        with serving(port=port), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
            unix.bind(unix_socket)
            ran = run.finish()
    finally:
        run.process.kill()
    assert ran.code == 0, ran
    assert ground.starts == 1
    for shown in (f"tcp://127.0.0.1:{port}", f"file:{late}", f"unix:{unix_socket}"):
        assert re.search(rf"^cycle-exec: {shown}: there after \d+ ms$", ran.err, re.MULTILINE)


def test_everything_that_is_missing_is_said_at_once(ground, api, unix_socket):
    """What is there is not; targets and checks are left alone."""
    target = ground.target("page")
    manifest = ground.manifest(
        """
        [[wait]]
        for = "dns://{{ variables.NAME }}"
        [[wait]]
        for = "file:~/nothing"
        [[wait]]
        for = "file:~/manifest.toml"
        [[templates]]
        source = "~/page.j2"
        target = "@/page"
        check = ["touch", "@/checked"]
        """
    )
    ground.template("new")
    [port] = ports.free()
    ran = ground.launch(
        api,
        *("--manifest", manifest, *SOON),
        *("--wait", f"tcp://127.0.0.1:{port}", "--wait", f"unix:{unix_socket}"),
    )
    failed(
        ground,
        ran,
        "dns://{{ variables.NAME }}: its name ",
        f"file:{ground.inputs}/nothing: it does not exist, the deadline has passed (wait-failed)",
        f"tcp://127.0.0.1:{port}: nothing listens on the port, the deadline has passed",
    )
    assert f"unix:{unix_socket}: there is no socket, the deadline has passed" in ran.err
    assert "manifest.toml:" not in ran.err
    assert target.read_bytes() == b"old\n"


def test_one_that_hangs_delays_no_other(ground, api):
    """They are looked for at the same time."""
    with serving(hang) as silent, serving() as port:
        run = ground.start(
            api,
            *(
                "--wait",
                f"http://127.0.0.1:{silent.port}",
                "--wait",
                f"tcp://127.0.0.1:{port.port}",
            ),
            *("--log-level", "info"),
        )
        silent.wait_for_connections()
        port.wait_for_connections()
        ran = run.send(signal.SIGTERM).finish()
    assert ran.code == 143


SILENT = "it accepts connections, but sends no response"
ANSWERS = {
    "says nothing": (hang, SILENT),
    "reads nothing": (None, SILENT),
    "drips": (drip(reply(200, b""), 0.3), SILENT),
    "hangs in its first line": (then_hang(b"HTTP/1.1 200"), SILENT),
    "closes": (drop, "it closes the connection without a response"),
    "closes in its first line": (b"HTTP/1.1 2", "it closes the connection without a response"),
    "garbage": (garbage(), "what it answers is not HTTP"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", "what it answers is not HTTP"),
    "never gets to the point": (endless_information(), "what it answers is not HTTP"),
    "a line without an end": (b"HTTP/1.1 200 " + b"x" * 100_000, "what it answers is not HTTP"),
    "not ready": (reply(503, b""), "it answers 503"),
    "not found": (reply(404, b""), "it answers 404"),
    "wants a login": (reply(401, b""), "it answers 401"),
    "redirects": (
        reply(302, b"", {"Location": "http://c4n4ry/"}),
        "it answers 302, and redirects are not followed",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_none(ground, api, name):
    """The reason is said in our own words."""
    behaviour, reason = ANSWERS[name]
    with serving(behaviour) as server:
        ran = ground.launch(api, "--wait", f"http://127.0.0.1:{server.port}/", *SOON)
    failed(ground, ran, f"http://127.0.0.1:{server.port}/: {reason}, the deadline has passed")
    assert server.connections >= 1


@pytest.mark.parametrize(
    "behaviour",
    [
        reply(200, b"ok", version="1.0", framing=None),
        reply(299, b""),
        after_information(reply(200, b""), 100, 103),
        huge_length(),
        endless_headers(),
        endless_body(),
        then_hang(b"HTTP/1.1 200 OK\r\n"),
        [reply(503, b""), drop, garbage(), after(0.05, reply(200, b""))],
    ],
)
def test_a_good_status_is_enough(ground, api, behaviour):
    """However long the rest is, and whatever was answered before."""
    with serving(behaviour) as server:
        ran = ground.launch(api, "--wait", f"http://127.0.0.1:{server.port}")
    assert ran.code == 0, ran
    assert ground.starts == 1


def test_no_proxy_is_asked(ground, api):
    """Whatever the variables say that others follow."""
    with serving(reply(200, b"")) as server, serving(reply(200, b"")) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        proxies = {"http_proxy": address, "HTTP_PROXY": address, "ALL_PROXY": address}
        ran = ground.launch(api, "--wait", f"http://127.0.0.1:{server.port}", environ=proxies)
    assert ran.code == 0, ran
    assert (server.connections, proxy.connections) == (1, 0)


def test_a_port_that_drops_what_comes(ground, api):
    """As a firewall does; others are not kept waiting for it."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(address)
        ran = ground.launch(api, "--wait", f"tcp://127.0.0.1:{address[1]}", *SOON)
    failed(ground, ran, ": it does not answer, the deadline has passed")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_name_with_several_addresses(ground, api, host, with_file):
    """One of them is enough."""
    ground.through = with_file("/etc/hosts", "127.0.0.2 several\n::1 several\n127.0.0.1 several\n")
    if ":" in host and not ports.has_ipv6():
        pytest.skip("there is no IPv6 on this machine")
    with serving(host=host) as server:
        ran = ground.launch(api, "--wait", f"tcp://several:{server.port}")
    assert ran.code == 0, ran


def test_an_address_in_brackets(ground, api):
    """IPv6, with its Host header."""
    if not ports.has_ipv6():
        pytest.skip("there is no IPv6 on this machine")
    with serving(reply(200, b""), host="::1") as server:
        ran = ground.launch(api, "--wait", f"http://[::1]:{server.port}/")
    assert ran.code == 0, ran
    assert b"Host: [::1]:%d\r\n" % server.port in server.requests[0]


def test_what_is_no_address_at_all(ground, api):
    """Nobody is asked for its name."""
    ran = ground.launch(api, "--wait", "tcp://[::1::2]:80", *SOON)
    failed(ground, ran, "tcp://[::1::2]:80: its name is unknown")


def test_a_long_path_of_a_socket(ground, api):
    """Longer than connect(2) takes it."""
    folder = ground.inputs / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    before = os.getcwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)
        try:
            server.bind("s")
        finally:
            os.chdir(before)
        server.listen()
        missing = ground.launch(api, "--wait", f"unix:{folder}/none", *SOON)
        failed(ground, missing, "there is no socket")
        ran = ground.launch(api, "--wait", f"unix:{folder}/s")
    assert ran.code == 0, ran


def test_a_socket_that_nobody_listens_on(ground, api, unix_socket):
    """What a server that was killed leaves behind."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(unix_socket)
    ran = ground.launch(api, "--wait", f"unix:{unix_socket}", *SOON)
    failed(ground, ran, f"unix:{unix_socket}: nothing listens on the socket")


def test_a_file_may_be_anything(ground, api):
    """A directory, or what a link leads to; a link that leads nowhere is none."""
    (ground.inputs / "link").symlink_to(ground.inputs)
    (ground.inputs / "broken").symlink_to("nowhere")
    broken = ground.launch(api, "--wait", f"file:{ground.inputs}/broken", *SOON)
    failed(ground, broken, "it does not exist")
    ran = ground.launch(api, "--wait", f"file:{ground.inputs}/link")
    assert ran.code == 0, ran


def test_more_than_are_shown_are_all_named(ground, api):
    """Six of one kind in one line."""
    names = [f"file:{ground.inputs}/none-{number}" for number in range(6)]
    words = [word for name in names for word in ("--wait", name)]
    ran = ground.launch(api, *words, *SOON)
    failed(ground, ran, f"{', '.join(names)}: it does not exist, the deadline has passed")


def test_a_value_is_never_shown(ground, api):
    """Not even where it is wrong."""
    ran = ground.launch(api, "--wait", "tcp://{{ variables.NAME }}", *SOON)
    ground.refused(
        ran,
        65,
        "value-refused",
        "wait for tcp://{{ variables.NAME }}: rendered, it needs a port: tcp://HOST:PORT",
    )


def test_no_wait_begins_before_everything_else_is_good(ground, api):
    """What a launch can know at once is said at once."""
    ran = ground.launch(
        api,
        *("--wait", f"file:{ground.inputs}/none"),
        *("--template", f"{ground.template('{{ variables.NONE }}')}:{ground.folder}/page"),
    )
    ground.refused(ran, 65, "template-undefined")


def test_what_would_reap_the_children(ground, api):
    """A SIGCHLD that is ignored on entry stays so for the app."""
    ran = ground.launch(
        api,
        *("--wait", f"file:{ground.inputs}"),
        command=["grep", "SigIgn", "/proc/self/status"],
        before=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert ran.code == 0, ran
    assert int(ran.out.split()[1], 16) & 1 << signal.SIGCHLD - 1
