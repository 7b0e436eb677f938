"""One target in a process of its own, and what libFuzzer says of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import inputs

ROOT = Path(__file__).parent.parent.parent
WORK = ROOT / ".cache" / "fuzz"
_LONGEST = 2048  # bytes of an input
_LIMITS = (f"-max_len={_LONGEST}", "-timeout=30", "-rss_limit_mb=2048")
_SAID = 6000  # characters of the output that are kept for people


class Ran(NamedTuple):
    """How a run went. findings: the files of inputs that broke a property."""

    executions: int
    seconds: int
    corpus: int
    findings: tuple[str, ...]
    said: str


def run(name: str, words: Sequence[bytes], seconds: int) -> Ran:
    """Fuzz for so many seconds, or up to the first finding."""
    work = WORK / name
    grown, findings = work / "corpus", work / "findings"
    shutil.rmtree(findings, ignore_errors=True)
    for each in (grown, findings):
        each.mkdir(parents=True, exist_ok=True)
    dictionary = work / "words"
    dictionary.write_text("".join(f"{_quoted(word)}\n" for word in words))
    done = _guided(
        name,
        f"-dict={dictionary}",
        f"-max_total_time={seconds}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        str(grown),
        str(inputs.folder(name)),
    )
    found = tuple(str(path.relative_to(ROOT)) for path in sorted(findings.iterdir()))
    if done.returncode and not found:
        found = (f"it exited with code {done.returncode}",)
    said = done.stdout
    took = re.search(r"^Done \d+ runs in (\d+) second", said, re.MULTILINE)
    return Ran(
        executions=_last(r"stat::number_of_executed_units: +(\d+)", said),
        seconds=int(took[1]) if took else 0,
        corpus=_last(r" corp: (\d+)/", said),
        findings=found,
        said=said[-_SAID:],
    )


def smallest(name: str) -> list[Path]:
    """The fewest inputs that reach all that the target's whole corpus does."""
    cover = WORK / name / "cover"
    shutil.rmtree(cover, ignore_errors=True)
    cover.mkdir()
    given = (str(cover), str(inputs.folder(name)), str(WORK / name / "corpus"))
    done = _guided(name, "-set_cover_merge=1", *given)
    if done.returncode:
        raise RuntimeError(done.stdout[-_SAID:])
    return sorted(cover.iterdir())


def _guided(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz.guided", name, *_LIMITS, *arguments],
        cwd=ROOT,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def _quoted(word: bytes) -> str:
    """As libFuzzer's dictionaries have it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'
