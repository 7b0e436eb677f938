"""The emulator's socket file: made, replaced, refused, removed."""

from __future__ import annotations

import os
import socket

import pytest

from cycle_exec.errors import Refused
from cycle_exec.system.emulator.listener import Listener


def refusal(path: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        Listener(path, 0o666)
    return refused.value.problems[0].kind, refused.value.problems[0].reason


def test_a_socket_has_its_mode_whatever_the_umask(tmp_path):
    """The platform's socket is open to every user of the container; ours too."""
    path = tmp_path / "s"
    mask = os.umask(0o077)
    try:
        listener = Listener(str(path), 0o666)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o7777 == 0o666
    listener.close()
    assert not path.exists()


def test_the_socket_of_a_dead_server_is_replaced(tmp_path):
    """A file that nobody listens at is left from a crash."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(path)
    listener = Listener(path, 0o666)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(path)
    listener.close()


def test_a_living_servers_socket_is_refused(tmp_path):
    """Two servers at one path would be one too many."""
    path = str(tmp_path / "s")
    first = Listener(path, 0o666)
    assert refusal(path) == ("target-refused", "another server is listening there")
    first.close()
    assert not os.path.exists(path)


def test_only_sockets_are_ever_replaced(tmp_path):
    """A file in the way stays."""
    path = tmp_path / "s"
    path.write_text("precious")
    assert refusal(str(path)) == ("target-refused", "there is something that is not a socket")
    assert path.read_text() == "precious"


def test_impossible_paths_are_refused(tmp_path):
    """Too long for the kernel, or in no folder."""
    assert refusal("/tmp/" + "x" * 103)[1] == "a socket's path has at most 107 bytes"
    reason = f"there is no directory {tmp_path}/no"
    assert refusal(str(tmp_path / "no" / "s")) == ("target-refused", reason)


def test_closing_leaves_a_successors_socket_alone(tmp_path):
    """Only one's own file is removed."""
    path = tmp_path / "s"
    first = Listener(str(path), 0o666)
    path.unlink()
    second = Listener(str(path), 0o666)
    first.close()
    assert path.exists()
    second.close()
