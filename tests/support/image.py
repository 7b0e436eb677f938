"""An example's image without Docker: what its Dockerfile copies, in a mount namespace of its own.

with Image(EXAMPLES / "node") as image, image.running(PORT="8001") as container:
    ...
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support import machine, ports
from tests.support.dockerfile import Dockerfile
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, until

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# What an image brings itself; everything else is this machine's.
_PLACES = ("etc", "srv", "run")
# What programs look for in /etc: copied, as an image has its own; or lent, which is quicker.
_COPIED = ("passwd", "group", "hosts", "nsswitch.conf", "ld.so.cache", "localtime", "nginx")
_LENT = ("alternatives", "ssl")
_ENTER = """
image=$1 folder=$2
shift 2
for name in alternatives ssl; do mount --bind "/etc/$name" "$image/etc/$name"; done
for place in etc srv run; do mount --rbind "$image/$place" "/$place"; done
cd "$folder"
exec "$@"
"""


class Container(NamedTuple):
    """`cycle-exec dev` with the image's words, under way."""

    image: Image
    process: subprocess.Popen[bytes]
    state: Path
    folder: Path

    @property
    def log(self) -> str:
        """All that was said, out and err."""
        return (self.folder / "log").read_text()

    @property
    def ca(self) -> str:
        """The file of the emulator's root certificate."""
        (found,) = self.folder.glob("*/ca.pem")
        return str(found)

    def says(self, words: str) -> None:
        """Wait for these words in the log."""
        assert until(lambda: words in self.log or self.process.poll() is not None)
        assert words in self.log, self.log

    def serves(self, port: int) -> bool:
        """Whether it comes up there."""
        until(lambda: ports.listens(port) or self.process.poll() is not None)
        return ports.listens(port)

    def stop(self) -> int:
        """TERM, and the exit code, which has to come soon."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Image:
    """An example's files in their places. Use as a context. without: variables of ENV."""

    def __init__(self, example: Path, *without: str) -> None:
        self.example = example
        self.dockerfile = Dockerfile(example / "Dockerfile")
        self.folder = Path(tempfile.mkdtemp(prefix="cx-"))
        # An ordinary user can become nobody else.
        dropped = {*without, *(() if os.geteuid() == 0 else ("CYCLE_EXEC_USER",))}
        self.environ = {
            name: value for name, value in self.dockerfile.environ.items() if name not in dropped
        }

    def __enter__(self) -> Image:
        for place in _PLACES:
            (self.folder / place).mkdir(mode=0o755)
        for name in _LENT:
            (self.folder / "etc" / name).mkdir()
        base = [f"/etc/{name}" for name in _COPIED if os.path.lexists(f"/etc/{name}")]
        subprocess.run(["cp", "-a", *base, self.folder / "etc"], check=True)
        for source, target, mode in self.dockerfile.copies:
            if target.split("/")[1] not in _PLACES:
                continue  # /usr/local/bin, say, which is this machine's own
            path = self.path(target)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.example / source, path)
            if mode:
                path.chmod(int(mode, 8))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def path(self, inside: str) -> Path:
        """Where a file of the image can be seen from outside."""
        assert inside.split("/")[1] in _PLACES, inside
        return self.folder / inside.lstrip("/")

    def words(self, *inside: str) -> list[str]:
        """The command line that runs these words in the image."""
        machine.need_mounts()
        enter = (*machine.MOUNTS, "sh", "-euc", _ENTER, "sh")
        return [*enter, str(self.folder), self.dockerfile.folder, *inside]

    def run(self, *inside: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run these words in the image to their end."""
        return subprocess.run(
            self.words(*inside),
            env=self._environ(environ),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextmanager
    def running(
        self, state: str = "", command: list[str] | None = None, **environ: str
    ) -> Iterator[Container]:
        """ENTRYPOINT and CMD below `dev`; state and command: instead of the example's own."""
        folder = Path(tempfile.mkdtemp(prefix="cx-"))
        path = folder / "state.toml"
        path.write_text(state or (self.example / "state.toml").read_text())
        program, *options = self.dockerfile.words("ENTRYPOINT")
        assert os.path.basename(program) == "cycle-exec"
        command = command or self.dockerfile.words("CMD")
        words = self.words(str(SCRIPT), "dev", "--state", str(path), *options, *command)
        given = self._environ({"TMPDIR": str(folder), "HOME": str(folder), **environ})
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                words, env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            yield Container(self, process, path, folder)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)
            shutil.rmtree(folder)

    def _environ(self, given: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": f"{SCRIPT.parent}:{PATH}", **self.environ, **given}
