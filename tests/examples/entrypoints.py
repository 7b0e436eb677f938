"""The app of examples/migration, started by its old entrypoint and by cycle-exec."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.emulated import Emulated
from tests.support.image import EXAMPLES, Image
from tests.support.launching import SCRIPT

EXAMPLE = EXAMPLES / "migration"
STATE = (EXAMPLE / "state.toml").read_text()
APP = ("env", "-0")


class Found(NamedTuple):
    """How a start ended: code, words, environment of the app (empty: not started), files."""

    code: int
    err: str
    environ: dict[str, str]
    files: dict[str, bytes]
    modes: dict[str, int]


@contextmanager
def container(platform: Emulated) -> Iterator[Image]:
    """The image, with what the old one had as well, and the API where a container has it."""
    with Image(EXAMPLE) as image:
        for name in ("before.sh", "app.conf.tmpl"):
            image.path(f"/srv/app/{name}").write_text((EXAMPLE / name).read_text())
        socket = image.path("/run/cycle/api/api.sock")
        socket.parent.mkdir(parents=True)
        socket.symlink_to(platform.socket)
        yield image


def started(platform: Emulated, *words: str) -> Found:
    """A start in a fresh container by these words before the app's."""
    with container(platform) as image:
        before = _files(image)
        done = image.run(
            "sh", "-c", 'umask 022; exec "$@"', "sh", *words, *APP,
            CYCLE_API_TOKEN=platform.token,
        )  # fmt: skip
        pairs = [pair.split("=", 1) for pair in done.stdout.split("\0")[:-1]]
        files = {path: inside for path, inside in _files(image).items() if path not in before}
        return Found(
            done.returncode,
            done.stderr,
            dict(pairs),
            {path: inside.read_bytes() for path, inside in files.items()},
            {path: inside.stat().st_mode & 0o777 for path, inside in files.items()},
        )


def before(platform: Emulated) -> Found:
    """A start by the shell entrypoint."""
    return started(platform, "sh", "/srv/app/before.sh")


def after(platform: Emulated, *options: str) -> Found:
    """A start by cycle-exec."""
    return started(platform, str(SCRIPT), *options, "--")


def _files(image: Image) -> dict[str, Path]:
    """Every file that the container has, under the name that programs use."""
    found = {}
    for top in ("etc", "run", "srv"):
        # Certificates lie behind a link.
        for folder, _, names in os.walk(image.folder / top, followlinks=True):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and "/." not in str(path.relative_to(image.folder)):
                    found[f"/{path.relative_to(image.folder)}"] = path
    return found
