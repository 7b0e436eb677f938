"""The documents' examples, played as a reader pastes them: block after block, on one machine.

A block's first word is its language, the rest says what is done with it:

- ``toml file=cycle-exec.toml``: the file is written; so with any language. A manifest, which is
  any TOML that is not a state, has to pass `cycle-exec manifest check`.
- ``toml``: a manifest, or a part of one, checked alone.
- ``console``: commands behind `$ ` and what they print, out and err together. `...` stands for
  anything; numbers before ms and days, and fingerprints, may differ. A command of which nothing
  is shown has to end with 0.

What the machine has is said in `reader`.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.launching import SCRIPT
from tests.support.reader import Reader
from tests.support.waiting import PATIENCE

_FENCE = re.compile(r"^```(\S*)[ ]*(.*)$")
_ROOT = re.compile(r"(?<![\w./-])/(?=(?:etc|run|srv|tmp|var/run)\b)")
_TIMES = re.compile(r"\b\d+ (ms|days)\b")
_FINGERPRINT = re.compile(r"\b[0-9a-f]{8}\b")
_STATE = "state.toml"


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
    """What a page tells. Use as a context; `play` does what a block says."""

    def __init__(
        self, instead: Mapping[str, Callable[[Reader], None]], *, from_checkout: bool
    ) -> None:
        """instead: what is done for commands that begin so, and are not run.

        from_checkout: whether the page installs a checkout, and not what the index has.
        """
        self._reader = Reader(hurries=not from_checkout)
        self._instead = instead

    def __enter__(self) -> Story:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def play(self, block: Block) -> None:
        """Do what the block says; raises AssertionError where the page is wrong."""
        if block.file:
            self._write(block)
        elif block.language == "toml":
            self._check(block)
        elif block.language == "console":
            self._console(block)
        else:
            raise AssertionError(f"{block}: nothing checks a block of {block.language!r}")

    def _write(self, block: Block) -> None:
        path = self._reader.path(block.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        if path.suffix == ".toml" and path.name != _STATE:
            self._check(block)

    def _check(self, block: Block) -> None:
        """Check a manifest as it is for the reader: its paths lie below the reader's root."""
        path = self._reader.root / "part.toml"
        path.write_text(_ROOT.sub(f"{self._reader.root}/", block.text))
        missing = self._missing_templates(path)
        for source in missing:
            source.parent.mkdir(parents=True, exist_ok=True)
            source.touch()
        done = subprocess.run(
            [SCRIPT, "manifest", "check", path],
            cwd=self._reader.home,
            env={},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        for source in (*missing, path):
            source.unlink()
        assert done.returncode == 0, f"{block}: {done.stderr}"

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
        for command, expected in steps(block):
            for begin, do in self._instead.items():
                if command.startswith(begin):
                    do(self._reader)
                    break
            else:
                code, text = self._reader.run(command)
                assert _alike(expected, text), f"{block}: {command}\nprinted\n{text}"
                assert expected or code == 0, f"{block}: {command} exited with code {code}"


def steps(block: Block) -> list[tuple[str, str]]:
    """Commands and what is shown of their output. A command goes on behind `> `."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
            continue
        assert found, f"{block} does not begin with a command: {line}"
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
