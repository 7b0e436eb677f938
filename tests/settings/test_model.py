"""What settings say of themselves."""

from __future__ import annotations

import pytest

from cycle_exec.settings.model import Invocation, Login, Vpn


def test_the_token_is_a_secret():
    """It is nowhere in the invocation's words; without one there is an empty one."""
    environ = {"CYCLE_API_TOKEN": "c4n4ry"}
    invocation = Invocation(argv=("cycle-exec",), environ=environ, cwd="/")
    assert invocation.token.reveal() == "c4n4ry"
    assert "c4n4ry" not in f"{invocation!r} {invocation.token!r} {invocation.token}"
    assert not invocation.replace(environ={}).token


LOGIN = Login(username="VPN_USERNAME", password="VPN_PASSWORD")


@pytest.mark.parametrize(
    ("vpn", "judges"),
    [
        (Vpn(), True),
        (Vpn(config="/s.conf"), True),
        (Vpn(login=LOGIN), False),
        (Vpn(login=LOGIN, token_file="/t"), False),
        (Vpn(login=LOGIN, config="/s.conf"), True),
        (Vpn(login=LOGIN, helper="/h"), True),
        (Vpn(login=LOGIN, probe=True), True),
    ],
)
def test_a_client_has_no_hook(vpn, judges):
    """Who only logs in runs no server, unless the manifest says something of one."""
    assert vpn.judges_a_hook is judges
