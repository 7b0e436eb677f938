"""examples/openvpn with real OpenVPN: one command from a manifest to a connected client."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import machine, ports, public
from tests.support.emulated import Emulated, emulated
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, until
from tests.vpn.test_openvpn import outcome

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="OpenVPN makes its interface as root"),
    pytest.mark.needs("openvpn"),
]

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "openvpn"
HOST = "vpn.example.test"
PASSWORD = "correct horse"


class Place(NamedTuple):
    """A folder that everybody may enter, the platform beside it, a port, and the hook."""

    folder: Path
    platform: Emulated
    port: int
    helper: Path

    @property
    def config(self) -> Path:
        """What the server runs with."""
        return self.folder / "server.conf"

    @property
    def log(self) -> str:
        """Of server, hook and launcher."""
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture
def place():
    folder = Path(tempfile.mkdtemp(prefix="cx-", dir="/var/lib"))
    folder.chmod(0o755)
    helper = public.script(folder)
    [port] = ports.free()
    variables = f'[variables]\nVPN_PORT = "{port}"\nVPN_HELPER = "{helper}"\n'
    variables += f'VPN_NETWORK = "10.{port // 256}.{port % 256}.0 255.255.255.0"\n'
    variables += 'VPN_ROUTES = "10.0.0.0 255.0.0.0, 172.16.0.0 255.240.0.0"'
    state = (EXAMPLE / "state.toml").read_text().replace("[variables]", variables)
    with emulated(state) as platform:
        os.chmod(platform.socket, 0o666)
        os.chmod(os.path.dirname(platform.socket), 0o755)
        yield Place(folder, platform, port, helper)
    shutil.rmtree(folder)


def manifest(place: Place, **changes: str) -> Path:
    """The example's, with the paths of this machine."""
    text = (EXAMPLE / "cycle-exec.toml").read_text()
    text = text.replace("/run/openvpn", str(place.folder))
    text = text.replace("/etc/cycle/certificates", f"{place.folder}/certificates")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = place.folder / "cycle-exec.toml"
    path.write_text(text)
    return path


def template(place: Place, *more: str) -> None:
    """The shipped template, its hook told where the emulator is."""
    text = (EXAMPLE.parent.parent / "templates" / "openvpn" / "server.conf.j2").read_text()
    words = f"vpn-auth --deferred --socket {place.platform.socket}"
    words += f" --token-file {place.folder}/token/vpn-token"
    assert "vpn-auth --deferred" in text
    text = text.replace("vpn-auth --deferred", words)
    (place.folder / "server.conf.j2").write_text("\n".join([text, *more]) + "\n")


@contextmanager
def server(place: Place, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """cycle-exec --init -- openvpn, until it is stopped. before: words before all of them."""
    words = [str(SCRIPT), "--manifest", str(place.folder / "cycle-exec.toml"), "--"]
    words += ["openvpn", "--config", str(place.config), "--local", "127.0.0.1"]
    with open(place.folder / "log", "wb") as log:
        process = subprocess.Popen(
            [*before, *words, "--ifconfig-noexec", "--route-noexec"],
            env={
                "PATH": PATH,
                "CYCLE_API_TOKEN": place.platform.token,
                "CYCLE_EXEC_SOCKET": place.platform.socket,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def login(place: Place, username: str, password: str) -> str:
    """How a client fares, with what the example's maker has made for it."""
    made = subprocess.run(
        ["sh", EXAMPLE / "client-config.sh", place.config, HOST, place.platform.ca],
        capture_output=True,
        text=True,
        check=True,
    )
    (place.folder / "login").write_text(f"{username}\n{password}\n")
    (place.folder / "client.ovpn").write_text(
        made.stdout.replace(f"remote {HOST} ", "remote 127.0.0.1 ")
    )
    log = place.folder / "client.log"
    log.unlink(missing_ok=True)
    words = ["--config", "client.ovpn", "--auth-user-pass", "login", "--log", "client.log"]
    words += ["--connect-retry-max", "2", "--auth-retry", "none"]
    with subprocess.Popen(
        ["openvpn", *words, "--ifconfig-noexec", "--route-noexec"],
        cwd=place.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as client:
        until(lambda: outcome(log) or client.poll() is not None)
        found = outcome(log)
        client.terminate()
    assert "PUSH_REPLY" not in log.read_text() or "route 172.16.0.0 255.240.0.0" in log.read_text()
    return found or log.read_text()


def connected_and_stopped(place: Place, process: subprocess.Popen[bytes]) -> None:
    """A good login comes in, a bad one does not, TERM ends all of it cleanly."""
    ready = until(lambda: "Initialization Sequence Completed" in place.log)
    assert ready, place.log
    assert "cycle-exec: ready in" in place.log
    assert login(place, "alice", PASSWORD) == "in", place.log
    assert 'vpn-auth from 127.0.0.1: accepted, user "alice"' in place.log
    assert login(place, "alice", "wrong") == "refused", place.log
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert "SIGTERM[hard,] received, process exiting" in place.log
    for secret in (PASSWORD, place.platform.token):
        assert secret not in place.log
    assert place.port not in _listening()


def _listening() -> set[int]:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {int(row.split()[1].rpartition(":")[2], 16) for row in rows if row.split()[3] == "0A"}


def test_from_a_manifest_to_a_client_in_one_go(place):
    """Certificates, configuration, token, probe, server as nobody, hook as nobody."""
    template(place)
    manifest(place, **{"builtin:openvpn/server.conf.j2": f"{place.folder}/server.conf.j2"})
    with server(place) as process:
        connected_and_stopped(place, process)
    found = (place.folder / "token" / "vpn-token").stat()
    assert (found.st_mode & 0o777, found.st_uid) == (0o400, 65534)


def test_inside_a_chroot(place):
    """The hook, its token and the socket are those inside."""
    jail = place.folder / "jail"
    jail.mkdir()
    template(place, f"chroot {jail}")
    manifest(place, **{"builtin:openvpn/server.conf.j2": f"{place.folder}/server.conf.j2"})
    # The whole machine once more, in a mount namespace of its own: a complete jail. The token is
    # to be seen in there alone.
    script = f"mount --rbind / {jail} && mount -t tmpfs none {jail}/run"
    (place.folder / "server.conf.j2").write_text(
        (place.folder / "server.conf.j2")
        .read_text()
        .replace(f"{place.folder}/token/vpn-token", "/run/vpn/token")
    )
    machine.need_mounts()
    words = (*machine.MOUNTS, "sh", "-c", f'{script} && exec "$@"', "sh")
    with server(place, *words) as process:
        connected_and_stopped(place, process)
    assert not Path("/run/vpn/token").exists()


def test_the_example_as_it_is(place):
    """Its manifest is valid, and with its own state the launch is refused only for want of a hook
    in /usr/local/bin.
    """
    checked = subprocess.run(
        [SCRIPT, "manifest", "check", EXAMPLE / "cycle-exec.toml"], check=False, capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    manifest(place)
    (place.folder / "state").write_text("")
    with server(place) as process:
        process.wait(PATIENCE)
    # The builtin template's hook looks for the socket of a real container.
    assert process.returncode == 78
    assert "socket /var/run/cycle/api/api.sock: as user nobody:" in place.log
    assert not place.config.exists()


def test_the_client_maker_says_what_it_needs(place):
    """With its own words, and an exit code."""
    done = subprocess.run(
        ["sh", EXAMPLE / "client-config.sh"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 64
    assert "client-config.sh SERVER_CONFIG HOST [CA_FILE]" in done.stderr
    place.config.write_text("ca none\n<tls-crypt>\nkey\n</tls-crypt>\nport 99\n")
    words = ["sh", EXAMPLE / "client-config.sh", place.config, HOST]
    done = subprocess.run([*words, "/none"], capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert "/none: cannot be read; give the root certificate of vpn.example.test" in done.stderr
    done = subprocess.run([*words, place.platform.ca], capture_output=True, text=True, check=True)
    assert "remote vpn.example.test 99\n" in done.stdout
    assert done.stdout.endswith("<tls-crypt>\nkey\n</tls-crypt>\n")
    assert Path(place.platform.ca).read_text().strip() in done.stdout
