"""builtin:pgbouncer/* with real PgBouncer and PostgreSQL, verified TLS on both sides."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.support import ports
from tests.support.waiting import until
from tests.templates import web
from tests.templates.databases import ADMIN, postgres, psql, verified
from tests.templates.serving import (
    HOST,
    TRICKY,
    as_root,
    named,
    place,
    served,
    state,
)

pytestmark = [as_root, pytest.mark.needs("pgbouncer", "postgres", "openssl")]


NAME = "pgbouncer/pgbouncer.ini.j2"
PASSWORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=40
)


def test_one_password_for_both_and_tls_all_the_way():
    """The client's TLS is verified, and so is PostgreSQL's by PgBouncer."""
    behind, port = ports.free(2)
    with ExitStack() as stack:
        data, folder = stack.enter_context(place()), stack.enter_context(place())
        password = {"APP_DATABASE_PASSWORD": TRICKY}
        database = stack.enter_context(postgres(data, behind, "admin", **password))
        script = ("-q", "-f", str(data / "run/postgres/role.sql"))
        made = psql(behind, ADMIN, "admin", "postgres", *script, **verified(database))
        assert made.returncode == 0, made.stderr
        authority = folder / "ca.pem"
        shutil.copy(database.platform.ca, authority)
        authority.chmod(0o644)
        variables = {
            "POSTGRES_HOST": HOST,
            "POSTGRES_PORT": str(behind),
            "POSTGRES_CA": str(authority),
            "PGBOUNCER_PORT": str(port),
            "PGBOUNCER_LISTEN": "127.0.0.1",
            "PGBOUNCER_SOCKETS": "none",
            "PGBOUNCER_USERLIST": str(folder / "run/pgbouncer/userlist.txt"),
            **password,
        }
        words = state(variables, HOST)
        pooling = stack.enter_context(served(folder, NAME, words, port, before=named(folder, HOST)))
        tls = verified(pooling)
        asked = ("-c", "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        done = psql(port, "app", TRICKY, "app", *asked, **tls)
        assert (done.returncode, done.stdout) == (0, "app|t\n"), done.stderr + pooling.log
        assert psql(port, "app", "wrong", "app", *asked, **tls).returncode == 2
        plain = psql(port, "app", TRICKY, "app", *asked, sslmode="disable")
        assert "SSL required" in plain.stderr
        assert web.modern_alone(port, "-starttls", "postgres")
        assert TRICKY not in pooling.log
        for name in ("pgbouncer.ini", "userlist.txt"):
            target = folder / "run/pgbouncer" / name
            assert (target.stat().st_mode & 0o777, target.owner()) == (0o600, "postgres")


CONSOLE = """
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = md5
auth_file = {folder}/userlist.txt
stats_users = {users}
"""


@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(PASSWORDS, min_size=10, max_size=20))
def test_any_password_is_read_back(passwords):
    """A line for each in the list of users: all of them log in to PgBouncer's own console."""
    [port] = ports.free()
    users = [f"u{at}" for at in range(len(passwords))]
    lines = [
        f"{quoting.quote_userlist(user)} {quoting.quote_userlist(password)}\n"
        for user, password in zip(users, passwords, strict=True)
    ]
    with place() as folder:
        (folder / "userlist.txt").write_bytes("".join(lines).encode())
        text = CONSOLE.format(port=port, folder=folder, users=", ".join(users))
        (folder / "pgbouncer.ini").write_text(text)
        with subprocess.Popen(
            ["/usr/sbin/pgbouncer", "-q", folder / "pgbouncer.ini"],
            user="postgres",
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                assert until(lambda: ports.listens(port))
                for user, password in zip(users, passwords, strict=True):
                    done = psql(port, user, password, "pgbouncer", "-c", "SHOW VERSION")
                    assert done.stdout.startswith("PgBouncer "), (password, done.stderr)
            finally:
                server.terminate()
