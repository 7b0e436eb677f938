"""A bundle given to nginx, to `openssl s_client` and curl as its clients, and to haproxy."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

_NGINX = """\
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 32; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen unix:{home}/socket ssl;
        ssl_certificate {home}/fullchain.pem;
        ssl_certificate_key {home}/privkey.pem;
        location / {{ return 200 hello; }}
    }}
}}
"""
_HAPROXY = """\
global
    tune.ssl.default-dh-param 2048
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend tls
    bind unix@{home}/haproxy.sock ssl crt {home}/combined.pem
"""
_PATIENCE = 20.0  # seconds


class Verdict(NamedTuple):
    """Who takes it."""

    nginx: bool
    s_client: bool
    curl: bool
    haproxy: bool

    @property
    def all(self) -> bool:
        """Whether everybody does."""
        return all(self)

    @property
    def none(self) -> bool:
        """Whether no client gets through to a server."""
        return not (self.s_client or self.curl)


def ask(home: Path, fullchain: str, privkey: str, host: str, roots: Path) -> Verdict:
    """Serve a pair, and let clients that trust the roots ask for the host."""
    (home / "fullchain.pem").write_bytes(fullchain.encode())
    (home / "privkey.pem").write_bytes(privkey.encode())
    end = "" if fullchain.endswith("\n") else "\n"
    (home / "combined.pem").write_bytes(f"{fullchain}{end}{privkey}".encode())
    (home / "nginx.conf").write_text(_NGINX.format(home=home))
    (home / "haproxy.cfg").write_text(_HAPROXY.format(home=home))
    haproxy = _passes("haproxy", "-c", "-q", "-f", f"{home}/haproxy.cfg")
    path = home / "socket"
    path.unlink(missing_ok=True)
    server = subprocess.Popen(
        ["nginx", "-p", home, "-c", f"{home}/nginx.conf"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _PATIENCE
        while not (listens := _listens(path)) and server.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.005)
        if not listens:
            return Verdict(nginx=False, s_client=False, curl=False, haproxy=haproxy)
        return Verdict(
            nginx=True,
            s_client=_passes(
                *("openssl", "s_client", "-unix", f"{path}", "-servername", host),
                *("-verify_hostname", host, "-verify_return_error", "-CAfile", f"{roots}"),
                *("-no-CApath", "-no-CAstore", "-quiet", "-no_ign_eof"),
            ),
            curl=_passes(
                *("curl", "-sS", "--noproxy", "*", "--unix-socket", f"{path}"),
                *("--cacert", f"{roots}", "-o", os.devnull, f"https://{host}/"),
            ),
            haproxy=haproxy,
        )
    finally:
        server.terminate()
        server.wait()


def _listens(path: Path) -> bool:
    """Whether a server accepts connections; its socket is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(path))
        except OSError:
            return False
    return True


def _passes(*words: str) -> bool:
    ran = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_PATIENCE,
        check=False,
    )
    return ran.returncode == 0
