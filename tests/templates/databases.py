"""PostgreSQL as its templates set it up, and psql as its client."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import machine
from tests.support.waiting import PATIENCE, until
from tests.templates import headers
from tests.templates.serving import HOST, Served, served, state

NAME = "postgres/postgresql.conf.j2"
ADMIN = "postgres"


@contextmanager
def postgres(folder: Path, port: int, password: str, **more: str) -> Iterator[Served]:
    """A server with its data in the folder. more: scoped variables."""
    variables = {
        "POSTGRES_PASSWORD": password,
        "POSTGRES_PORT": str(port),
        "POSTGRES_LISTEN": "127.0.0.1",
        "POSTGRES_SOCKETS": str(folder / "sockets"),
        "POSTGRES_HBA": str(folder / "run/postgres/pg_hba.conf"),
        "POSTGRES_CLIENTS": "127.0.0.0/8, ::1/128",
        "POSTGRES_BUFFERS": "16MB",
        **more,
    }
    data = folder / "var/lib/postgresql"
    data.mkdir(parents=True)
    (folder / "sockets").mkdir()
    for path in (data, folder / "sockets"):
        path.chmod(0o777)
    with served(folder, NAME, state(variables, HOST), port, words=_words(folder)) as server:
        # It listens before it is ready.
        assert until(lambda: "ready to accept connections" in server.log), server.log
        yield server


def _words(folder: Path) -> list[str]:
    """initdb as the header has it, then the header's command."""
    [told] = [line for line in headers.lines(NAME) if "initdb" in line]
    data = folder / "var/lib/postgresql/data"
    initdb = told[told.index("initdb") :] + f" --no-sync -E UTF8 -D {data}"
    command = shlex.join(headers.command(NAME, folder))
    return ["sh", "-c", f"{initdb} && exec {command} -c fsync=off"]


def psql(
    port: int, user: str, password: str, database: str, *words: str, **tls: str
) -> subprocess.CompletedProcess[str]:
    """psql without files of its user. tls: sslmode and its kin."""
    target = {"host": HOST, "hostaddr": "127.0.0.1", "port": str(port), "connect_timeout": "10"}
    return subprocess.run(
        [machine.program("psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", *words],
        env={
            "PGPASSWORD": password,
            "PGUSER": user,
            "PGDATABASE": database,
            "PGCLIENTENCODING": "UTF8",
            **{f"PG{name.upper()}": value for name, value in {**target, **tls}.items()},
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        encoding="utf-8",
    )


def verified(server: Served) -> dict[str, str]:
    """For psql: TLS with the name and the authority that have to be."""
    return {"sslmode": "verify-full", "sslrootcert": server.platform.ca}
