"""builtin:credentials: a folder of secrets for the app's user alone, none in the environment."""

from __future__ import annotations

import json
import shlex
import ssl
from base64 import b64encode

from tests.support import ports, public
from tests.support.waiting import until
from tests.templates import headers
from tests.templates.serving import (
    HOST,
    TRICKY,
    as_root,
    place,
    served,
    state,
)

pytestmark = as_root


NAME = "credentials/tls.crt.j2"
KEY = bytes(range(256))
# An app as a service of systemd: it knows the folder, and nothing else.
APP = """
import json, os, socket, sys
folder = os.environ["CREDENTIALS_DIRECTORY"]
found = {}
for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), "rb") as file:
        told = os.fstat(file.fileno())
        found[name] = [oct(told.st_mode & 0o777), told.st_uid == os.getuid(), file.read().hex()]
    try:
        open(os.path.join(folder, name), "ab")
        found[name].append("writable")
    except OSError:
        pass
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(json.dumps([found, dict(os.environ)]), flush=True)
while True:
    listener.accept()[0].close()
"""


def test_the_app_reads_each_secret_from_a_file_of_its_own():
    """Byte for byte, mode 0400, the app's; key and certificate fit; no secret is a variable."""
    [port] = ports.free()
    variables = {"DATABASE_PASSWORD": TRICKY, "SIGNING_KEY": b64encode(KEY).decode()}
    with place() as folder:
        shell, option, script = headers.command(NAME)
        python = [public.python(), "-I", "-c", APP, str(port)]
        words = [shell, option, f"{script}; echo; exec {shlex.join(python)}"]
        with served(folder, NAME, state(variables, HOST), port, words=words) as server:
            assert until(lambda: "\n[{" in server.log)
            # What the header's own command prints.
            assert TRICKY in server.log
            line = next(line for line in server.log.splitlines() if line.startswith("[{"))
        found, environ = json.loads(line)
        assert {name: file[:2] for name, file in found.items()} == {
            name: ["0o400", True]
            for name in ("database-password", "signing-key", "tls.crt", "tls.key")
        }
        assert all(len(file) == 3 for file in found.values())
        assert bytes.fromhex(found["database-password"][2]).decode() == TRICKY
        assert bytes.fromhex(found["signing-key"][2]) == KEY
        for name in ("tls.crt", "tls.key"):
            (folder / name).write_bytes(bytes.fromhex(found[name][2]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        assert environ["CREDENTIALS_DIRECTORY"] == f"{folder}/run/credentials/app"
        assert not {TRICKY, variables["SIGNING_KEY"]}.intersection(environ.values())
        assert "DATABASE_PASSWORD" not in environ
        assert (folder / "run/credentials/app").stat().st_mode & 0o777 == 0o700
