"""builtin:openvpn/server.conf.j2: no variable says more than its directive. What the server does
with it is in tests/vpn.
"""

from __future__ import annotations

import subprocess

import pytest

from tests.support.emulated import emulated
from tests.support.launching import PATH, SCRIPT
from tests.templates import headers
from tests.templates.serving import HOST, state

NAME = "openvpn/server.conf.j2"
KEY = """\
#
# 2048 bit OpenVPN static key
#
-----BEGIN OpenVPN Static key V1-----
0123456789abcdef0123456789abcdef
-----END OpenVPN Static key V1-----
"""
FINE = {
    "VPN_PROTOCOL": "tcp-server",
    "VPN_PORT": "443",
    "VPN_NETWORK": "10.9.0.0  255.255.0.0 nopool",
    "VPN_ROUTES": "10.0.0.0 255.0.0.0 , 172.16.0.0 255.240.0.0",
    "VPN_TLS_CRYPT": KEY,
    "VPN_TOKEN_LIFE": "60",
    "VPN_HELPER": "/opt/app/bin/cycle-exec",
    "VPN_TMP": "/run/openvpn",
}


def rendered(variables, tmp_path):
    """What `render` prints, or says."""
    path = tmp_path / "m.toml"
    path.write_text(headers.manifest(NAME, tmp_path))
    with emulated(state(variables, HOST)) as platform:
        environ = {
            "PATH": PATH,
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
            "CYCLE_EXEC_MANIFEST": str(path),
        }
        words = [str(SCRIPT), "render", f"builtin:{NAME}"]
        return subprocess.run(words, env=environ, capture_output=True, text=True, check=False)


def test_what_its_variables_say(tmp_path):
    """Each where its directive has it."""
    done = rendered(FINE, tmp_path)
    assert done.returncode == 0, done.stderr
    for line in (
        "server 10.9.0.0 255.255.0.0 nopool",
        "proto tcp-server",
        "port 443",
        'push "route 10.0.0.0 255.0.0.0"',
        'push "route 172.16.0.0 255.240.0.0"',
        "auth-gen-token 60",
        "tmp-dir /run/openvpn",
        'auth-user-pass-verify "/opt/app/bin/cycle-exec vpn-auth --deferred" via-file',
    ):
        assert f"\n{line}\n" in f"{done.stdout}\n"
    assert f"\n<tls-crypt>\n{KEY}</tls-crypt>\n" in done.stdout


@pytest.mark.parametrize("name", FINE)
def test_none_adds_a_directive(name, tmp_path):
    """Who may edit variables could have the server, which begins as root, run any command."""
    run = "script-security 3\nup /bin/c4n4ry"
    values = [f"{FINE[name].strip()}\n{run}\n", f'{FINE[name]}"\n{run} "', f"x</tls-crypt>\n{run}"]
    if name == "VPN_TLS_CRYPT":
        values = [f"{KEY}</tls-crypt>\n{run}\n<tls-crypt>\n", f"</tls-crypt> \n{run}"]
    for value in values:
        done = rendered({name: value}, tmp_path)
        directives = [line.split()[:1] for line in done.stdout.splitlines()]
        assert ["up"] not in directives
        assert "c4n4ry" not in done.stderr
        # A network and its mask are words of one directive, however they are parted.
        assert done.returncode == 65 or name in ("VPN_NETWORK", "VPN_ROUTES")
