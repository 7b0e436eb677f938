"""The documents' examples, played as a reader would: one folder, one platform, block after block.

A block's first word is its language, the rest says what is done with it:

- ``toml file=cycle-exec.toml``: the file is written; so with any language. A manifest, which is
  any TOML that is not `state.toml`, has to pass `cycle-exec manifest check`.
- ``toml``: a manifest, or a part of one, checked alone.
- ``toml file=state.toml``: the platform's state from here on.
- ``console``: commands behind `$ ` and what they print, out and err together. `...` stands for
  anything; numbers before ms and days, and fingerprints, may differ. A command of which nothing
  is shown has to end with 0.
- ``sh``: a script that has to end with 0.
- ``dockerfile``: ENTRYPOINT and CMD are started, in what the story has so far.

Absolute paths of a container (/etc, /run, /srv, /tmp, /var/run) lie below the story's own folder.
A copy of the project's examples lies in the working directory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.support.emulated import Emulated, emulated
from tests.support.waiting import PATIENCE

SCRIPTS = Path(sys.executable).parent
_EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# What a reader's image would have, and this machine may not.
STAND_INS = {
    "app": 'echo "the app starts: $0 $*"',
    "sudo": 'exec "$@"',
    "nginx": 'case "$*" in *missing*) exit 1;; esac',
}
_FENCE = re.compile(r"^```(\S*)[ ]*(.*)$")
_IN_FOLDER = "/opt/cycle-exec/bin/cycle-exec"
_ROOT = re.compile(r"(?<![\w./-])/(?=(?:etc|run|srv|tmp|var/run)\b)")
_TIMES = re.compile(r"\b\d+ (ms|days)\b")
_FINGERPRINT = re.compile(r"\b[0-9a-f]{8}\b")
# The platform of a page that does not bring its own.
_STATE = """
[variables]
UPSTREAM_URL = "http://api:8080"
[[certificates]]
domains = ["www.example.com"]
"""


class Block(NamedTuple):
    """A fenced block of a page, from its line on."""

    page: str
    line: int
    language: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """All fenced blocks of a page."""
    found: list[Block] = []
    opened: tuple[int, str, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened, lines = (number, fence[1], fence[2]), []
        elif opened is not None and line == "```":
            name = opened[2].removeprefix("file=") if opened[2] else ""
            text = "".join(each + "\n" for each in lines)
            found.append(Block(path.name, opened[0], opened[1], name, text))
            opened = None
        else:
            lines.append(line)
    assert opened is None, f"{path.name}:{opened and opened[0]} is never closed"
    return found


class Story:
    """A reader's machine. Use as a context; `play` does what a block says."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cx-"))
        for name in ("bin", "work", "etc/cycle", "run", "srv", "tmp", "var/run/cycle/api"):
            (self.folder / name).mkdir(parents=True)
        shutil.copytree(_EXAMPLES, self.folder / "work" / "examples")
        for name, text in STAND_INS.items():
            self._program(name, text)
        self._open = ExitStack()
        self._platform: Emulated | None = None

    def __enter__(self) -> Story:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        shutil.rmtree(self.folder)

    def play(self, block: Block) -> None:
        """Do what the block says; raises AssertionError where the page is wrong."""
        if block.file:
            self._write(block)
        elif block.language == "toml":
            self._check(block)
        elif block.language == "console":
            self._console(block)
        elif block.language == "sh":
            done = self._shell("set -eu\n" + self._here(block.text))
            assert done.returncode == 0, f"{block}: {done.stdout}"
        elif block.language == "dockerfile":
            self._image(block)
        else:
            raise AssertionError(f"{block}: nothing checks a block of {block.language!r}")

    def _program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def _here(self, text: str) -> str:
        return _ROOT.sub(f"{self.folder}/", text)

    def _write(self, block: Block) -> None:
        if block.file == "state.toml":
            self._start(block.text)
        path = self.folder / "work" / block.file
        if block.file.startswith("/"):
            path = Path(self._here(block.file))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(block.text))
        if path.suffix == ".toml" and path.name != "state.toml":
            self._check(block)

    def _start(self, state: str) -> Emulated:
        self._open.close()
        self._platform = self._open.enter_context(emulated(state))
        return self._platform

    def _check(self, block: Block) -> None:
        path = self.folder / "part.toml"
        path.write_text(self._here(block.text))
        missing = self._missing_templates(path)
        for source in missing:
            source.parent.mkdir(parents=True, exist_ok=True)
            source.touch()
        done = self._shell(f"cycle-exec manifest check {path}")
        for source in missing:
            source.unlink()
        assert done.returncode == 0, f"{block}: {done.stdout}"

    def _missing_templates(self, manifest: Path) -> list[Path]:
        """The sources that the page does not show; a folder is one whose name has no suffix."""
        try:
            tables = tomllib.loads(manifest.read_text()).get("templates", [])
        except tomllib.TOMLDecodeError:
            return []
        named = [Path(table["source"]) for table in tables if "source" in table]
        sources = [each if each.suffix else each / "any.j2" for each in named if each.is_absolute()]
        return [each for each in dict.fromkeys(sources) if not each.exists()]

    def _console(self, block: Block) -> None:
        shown = _steps(block.text)
        script = ["exec 2>&1", "story_status=0"]
        for command, _ in shown:
            # The next command sees the status of this one, as at a prompt.
            script.append(f"(exit $story_status)\n{command}\nstory_status=$?")
            script.append("printf '%s\\036' \"\037$story_status\"")
        done = self._shell(self._here("\n".join(script)))
        printed = done.stdout.split("\036")[: len(shown)]
        assert len(printed) == len(shown), f"{block}: {done.stdout}"
        for (command, expected), got in zip(shown, printed, strict=True):
            text, _, status = got.rpartition("\037")
            text = text.replace(f"{self.folder}/", "/")
            assert _alike(expected, text), f"{block}: {command}\nprinted\n{text}"
            assert expected or status == "0", f"{block}: {command} exited with code {status}"

    def _image(self, block: Block) -> None:
        words: list[str] = []
        for name in ("ENTRYPOINT", "CMD"):
            given = re.findall(rf"^{name} (.*)$", block.text, re.MULTILINE)
            assert len(given) <= 1, f"{block}: {name} stands there twice"
            words.extend(json.loads(given[0]) if given else [])
        # The folder's own program is tried by tests/packaging; here it is this one that starts.
        words = ["cycle-exec" if word == _IN_FOLDER else word for word in words]
        assert words[:1] == ["cycle-exec"], f"{block}: it does not start with cycle-exec"
        done = subprocess.run(
            words,
            cwd=self.folder / "work",
            env=self._environ(),
            text=True,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{block}: {done.stderr}"
        assert "cycle-exec: ready in" in done.stderr, f"{block}: {done.stderr}"

    def _environ(self) -> dict[str, str]:
        platform = self._platform or self._start(_STATE)
        environ = {
            "PATH": f"{self.folder}/bin:{SCRIPTS}:{os.defpath}:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
        }
        manifest = self.folder / "etc" / "cycle-exec.toml"
        if manifest.exists():
            environ["CYCLE_EXEC_MANIFEST"] = str(manifest)
        return environ

    def _shell(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder / "work",
            env=self._environ(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )


def _steps(text: str) -> list[tuple[str, str]]:
    """Commands and what is shown of their output. A command goes on behind `> `."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
            continue
        assert found, f"the block does not begin with a command: {line}"
        command, shown = found[-1]
        if line.startswith("> ") and not shown:
            found[-1] = (f"{command}\n{line[2:]}", "")
        else:
            found[-1] = (command, shown + line + "\n")
    return found


def _alike(expected: str, printed: str) -> bool:
    parts = _plain(expected).split("...")
    pattern = ".*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, _plain(printed), re.DOTALL) is not None


def _plain(text: str) -> str:
    """The text without what differs from run to run, and without the widths of columns."""
    text = _FINGERPRINT.sub("fingerprint", _TIMES.sub(r"N \1", text))
    return "\n".join(" ".join(line.split()) for line in text.splitlines())
