"""A small app: it prints, masked, what it received, and makes one TLS connection to itself."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import threading
import tomllib
from pathlib import Path


def masked(value: str) -> str:
    """The first two characters and the length."""
    return f"{value[:2]}{'*' * 6} ({len(value)} characters)"


def handshake(certificate: str, key: str, authority: str) -> str:
    """Serve one TLS connection with these files, to a client that trusts the CA."""
    server_side, client_side = socket.socketpair()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=authority)

    def serve() -> None:
        with server.wrap_socket(server_side, server_side=True) as connection:
            connection.sendall(b"hello over TLS")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(client_side, server_hostname="app.example.test") as connection:
        words = connection.recv(100).decode()
        protocol = connection.version()
    thread.join()
    return f"{protocol}, {words!r}"


def main() -> None:
    """Print what the app has received."""
    config_path, authority = sys.argv[1:]
    print(f"I am process {os.getpid()}, which was cycle-exec before.")
    for name in ("DATABASE_URL", "DB_PASSWORD", "LOG_LEVEL", "S3_API_KEY", "S3_SECRET"):
        print(f"  variable     {name} = {masked(os.environ[name])}")
    print(f"  variable     APP_ENVIRONMENT = {os.environ['APP_ENVIRONMENT']}")
    print(f"  the token    {'is present' if 'CYCLE_API_TOKEN' in os.environ else 'was removed'}")
    text = Path(config_path).read_text()
    config = tomllib.loads(text)
    print(f"  config       bucket {config['bucket']}, {text.count('# peer:')} peers")
    mode = Path(config["key"]).stat().st_mode & 0o777
    print(f"  private key  {Path(config['key']).name}, mode {mode:04o}")
    print(f"  handshake    {handshake(config['certificate'], config['key'], authority)}")


if __name__ == "__main__":
    main()
