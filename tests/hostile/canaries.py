"""Secrets that can be recognised in any of their forms, wherever they turn up."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tests.support.waiting import PATIENCE

_SCRATCH = bytes.maketrans(b"", b"")
_BREAKS = b" \t\r\n\"'\\,|"


def planted() -> str:
    """A secret that nothing else can hold by chance."""
    return f"c4n4ry{secrets.token_hex(12)}"


def forms(secret: str) -> dict[str, bytes]:
    """What a secret may look like after somebody's encoding."""
    plain = secret.encode()
    return {
        "plain": plain,
        "reversed": plain[::-1],
        "hexadecimal": plain.hex().encode(),
        "HEXADECIMAL": plain.hex().upper().encode(),
        "percent-encoded": b"".join(b"%%%02X" % byte for byte in plain),
        "JSON escapes": b"".join(b"\\u%04x" % byte for byte in plain),
        "Python escapes": b"".join(b"\\x%02x" % byte for byte in plain),
        "UTF-16": secret.encode("utf-16-le"),
        "numbers": ", ".join(map(str, plain)).encode(),
        **{f"base64 at {offset}": _inner_base64(plain, offset) for offset in range(3)},
    }


def _inner_base64(plain: bytes, offset: int) -> bytes:
    """The part of its base64 that does not depend on what stands before and behind it."""
    whole = b64encode(b"\0" * offset + plain)
    return whole[4 * bool(offset) : (len(plain) + offset) // 3 * 4]


class Canaries:
    """Every secret of a test, by name."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._forms = {
            f"{name} ({form})": text
            for name, secret in named.items()
            for form, text in forms(secret).items()
        }

    def found(self, text: bytes) -> list[str]:
        """Which of them are in there, also across breaks of lines and strings."""
        together = text.translate(_SCRATCH, _BREAKS)
        return [
            name
            for name, form in self._forms.items()
            if form in text or form.translate(_SCRATCH, _BREAKS) in together
        ]

    def absent(self, text: bytes | str, where: str) -> None:
        """Fail if one is in there."""
        raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        found = self.found(raw)
        assert not found, f"{where} holds {found}:\n{raw[:4000]!r}"

    def absent_below(self, folder: Path, but: Iterable[Path] = ()) -> None:
        """Fail if one is in a file, in a name or in a link's goal, except below the named paths."""
        excepted = list(but)
        for path in sorted(folder.rglob("*")):
            if any(path == each or each in path.parents for each in excepted):
                continue
            self.absent(os.fsencode(path.name), f"the name of {path}")
            if path.is_symlink():
                self.absent(os.readlink(path), f"the goal of {path}")
            elif path.is_file():
                self.absent(path.read_bytes(), str(path))


def family(pid: int) -> Iterator[int]:
    """A process and all below it, as far as they are still there."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def fact(pid: int, name: str) -> bytes:
    """A file of /proc/PID; nothing where the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


class Watch:
    """Looks at a process and its children all the time, and remembers their words."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.words: set[bytes] = set()
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            for pid in family(self._process.pid):
                self.words.add(fact(pid, "cmdline"))


def observed(
    words: list[str],
    environ: Mapping[str, str],
    cwd: Path,
    before: Callable[[], object] | None = None,
) -> tuple[int, bytes, bytes, bytes]:
    """A whole run: code, stdout, stderr, and every argument list that was seen of its family."""
    process = subprocess.Popen(
        words,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=before,
    )
    with Watch(process) as watch:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err, b"\n".join(watch.words)
