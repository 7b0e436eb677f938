"""A real server, started as its template's header says, with the emulated platform's values."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import machine, ports
from tests.support.emulated import Emulated, emulated
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, until
from tests.templates import headers

HOST = "app.example.test"
# What no format carries without care: quotes, comments, blanks, escapes, variables, other scripts.
TRICKY = """ p"a's#s w\\ord\\n $HOME ${x} %h; {{ no }}, é漢🔑"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="servers become users of their own")


class Served(NamedTuple):
    """A server under way. folder: where its container's places lie."""

    folder: Path
    platform: Emulated
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What server and launcher said."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def tls(self) -> ssl.SSLContext:
        """A client that believes the emulator's authority, and nobody else."""
        return ssl.create_default_context(cafile=self.platform.ca)


@contextmanager
def place() -> Iterator[Path]:
    """A folder that everybody may enter, with a short name."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def state(variables: Mapping[str, str], *hosts: str, more: str = "") -> str:
    """A platform with these variables, and a certificate for each host."""
    pairs = (
        f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in variables.items()
    )
    certificates = (f"[[certificates]]\ndomains = [{json.dumps(host)}]" for host in hosts)
    return "\n".join(['token = "t"', "[variables]", *pairs, *certificates, more])


@contextmanager
def served(
    folder: Path,
    name: str,
    text: str,
    port: int,
    *,
    words: Sequence[str] = (),
    before: Sequence[str] = (),
    manifest: str | None = None,
) -> Iterator[Served]:
    """The server of this template until the end, once it listens at the port.

    text: the platform's state. words: instead of those of the header. before: words before all.
    """
    path = folder / "manifest.toml"
    path.write_text(headers.manifest(name, folder) if manifest is None else manifest)
    with emulated(text) as platform, open(folder / "log", "wb") as log:
        os.chmod(platform.socket, 0o666)
        process = subprocess.Popen(
            [*before, SCRIPT, "--", *(words or headers.command(name, folder))],
            env={
                "PATH": f"{PATH}:{machine.POSTGRES}",
                "HOME": str(folder),
                "CYCLE_API_TOKEN": platform.token,
                "CYCLE_EXEC_SOCKET": platform.socket,
                "CYCLE_EXEC_MANIFEST": str(path),
            },
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        found = Served(folder, platform, process)
        try:
            # Before that it is a check such as `nginx -t` that listens, for a moment.
            assert until(lambda: "ready in" in found.log or process.poll() is not None)
            assert until(lambda: ports.listens(port) or process.poll() is not None), found.log
            assert process.poll() is None, found.log
            yield found
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """TERM, and KILL for whoever is left of its session."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()


def named(folder: Path, *names: str) -> list[str]:
    """Words before a command that knows these hosts, all of them this machine."""
    (folder / "hosts").write_text("".join(f"127.0.0.1 {name}\n" for name in ("localhost", *names)))
    machine.need_mounts()
    script = f'mount --bind {folder}/hosts /etc/hosts && exec "$@"'
    return [*machine.MOUNTS, "sh", "-c", script, "sh"]
