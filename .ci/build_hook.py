"""Hatchling's build hook: writes into sdist and wheel what only the moment of the build knows.

The commit goes into cycle_exec/_build.py, from where `cycle-exec --version` reads it; the bill of
materials that .ci/build has made goes into the sdist, and from there into the wheel. Nothing is
written into the source tree: a plain `pip install .` leaves no trace, and needs neither git nor
a bill of materials.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SBOM = "cycle-exec.cdx.json"
COMMIT = "cycle_exec/_build.py"


class BuildHook(BuildHookInterface):
    """Called once for each sdist and each wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files that are not in the tree; an sdist's tree has them already."""
        root = Path(self.root)
        forced = build_data["force_include"]
        if version != "editable" and not (root / COMMIT).exists() and (commit := _commit(root)):
            forced[self._written(f'"""Made by the build."""\n\nCOMMIT = "{commit}"\n')] = COMMIT
        if (root / SBOM).exists():
            # An old hatchling leaves it out of the wheel.
            build_data.setdefault("sbom_files", []).append(SBOM)
        elif self.target_name == "sdist" and (made := os.environ.get("CYCLE_EXEC_SBOM")):
            forced[made] = SBOM

    def finalize(self, *_: object) -> None:
        """Remove what was written."""
        for path in vars(self).get("_files", []):
            os.unlink(path)

    def _written(self, text: str) -> str:
        descriptor, path = tempfile.mkstemp(suffix=".py")
        self._files = [path]
        with open(descriptor, "w") as file:
            file.write(text)
        return path


def _commit(root: Path) -> str:
    """The commit of a git checkout, marked if files differ from it; empty if there is none."""
    if _git(root, "rev-parse", "--show-toplevel") != str(root.resolve()):
        return ""  # no git, no repository, or somebody else's, into which we were unpacked
    commit = _git(root, "rev-parse", "HEAD")[:12]
    changed = _git(root, "status", "--porcelain")
    return f"{commit}-modified" if commit and changed else commit


def _git(root: Path, *words: str) -> str:
    # A hook of git that runs pip would point us at its own repository.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", root, *words], env=environ, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
