"""builtin:postgres/* with real PostgreSQL: TLS, passwords of any characters, a role of its own."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.support import machine, ports
from tests.templates import web
from tests.templates.databases import ADMIN, postgres, psql, verified
from tests.templates.serving import (
    TRICKY,
    as_root,
    place,
)

pytestmark = [as_root, pytest.mark.needs("postgres", "openssl")]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ROLE, DATABASE = 'the "app\'s" \\role', "its data; --"


@pytest.fixture(scope="module")
def running():
    [port] = ports.free()
    own = {"APP_DATABASE_USER": ROLE, "APP_DATABASE": DATABASE}
    with (
        place() as folder,
        postgres(folder, port, TRICKY, APP_DATABASE_PASSWORD=TRICKY + "\nrole", **own) as server,
    ):
        yield server, port


def test_the_password_is_that_of_the_variable(running):
    """TLS is verified, nobody comes in without TLS or with another password."""
    server, port = running
    asked = ("-c", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    done = psql(port, ADMIN, TRICKY, "postgres", *asked, **verified(server))
    assert (done.returncode, done.stdout) == (0, "t|TLSv1.3\n"), done.stderr + server.log
    wrong = psql(port, ADMIN, "wrong", "postgres", *asked, **verified(server))
    assert "password authentication failed" in wrong.stderr
    plain = psql(port, ADMIN, TRICKY, "postgres", *asked, sslmode="disable")
    assert "no pg_hba.conf entry" in plain.stderr
    assert web.modern_alone(port, "-starttls", "postgres")
    assert TRICKY not in server.log
    for name in ("postgresql.conf", "pg_hba.conf", "role.sql", "password"):
        target = server.folder / "run/postgres" / name
        assert (target.stat().st_mode & 0o777, target.owner()) == (0o600, "postgres")


def test_the_role_is_made_and_its_password_renewed(running):
    """A second run finds it there; the role owns its database."""
    server, port = running
    script = str(server.folder / "run/postgres/role.sql")
    for _ in range(2):
        made = psql(port, ADMIN, TRICKY, "postgres", "-q", "-f", script, **verified(server))
        assert (made.returncode, made.stdout, made.stderr) == (0, "", ""), server.log
    words = ("-c", "CREATE TABLE t (n int)", "-c", "SELECT current_user, current_database()")
    done = psql(port, ROLE, TRICKY + "\nrole", DATABASE, *words, **verified(server))
    assert done.stdout == f"CREATE TABLE\n{ROLE}|{DATABASE}\n", done.stderr
    again = psql(port, ROLE, TRICKY, DATABASE, **verified(server))
    assert again.returncode != 0
    assert "role;" not in server.log.replace("\\role", "")


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(st.lists(TEXT, min_size=20, max_size=60))
def test_any_text_is_one_string_of_sql(running, texts):
    """Behind an E, quote_postgres is read back by the server."""
    server, port = running
    rows = "".join(
        f"SELECT encode(convert_to(E{quoting.quote_postgres(text)}, 'UTF8'), 'hex');\n"
        for text in texts
    )
    script = server.folder / "script.sql"
    script.write_bytes(rows.encode())
    done = psql(port, ADMIN, TRICKY, "postgres", "-f", str(script), **verified(server))
    assert done.stdout.split("\n")[:-1] == [text.encode().hex() for text in texts], done.stderr


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_any_text_is_one_string_of_the_configuration(text):
    """`postgres -C` says what it has read."""
    with place() as folder:
        config = folder / "postgresql.conf"
        config.write_bytes(f"a.b = {quoting.quote_postgres(text)}\n".encode())
        words = [
            machine.program("postgres"),
            "-C",
            "a.b",
            "-D",
            str(folder),
            "-c",
            f"config_file={config}",
        ]
        done = subprocess.run(words, capture_output=True, check=True)
        assert done.stdout == text.encode() + b"\n"
