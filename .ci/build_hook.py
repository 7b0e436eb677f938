"""Hatchling's build hook: writes into sdist and wheel what only the moment of the build knows.

The commit goes into cycle_exec/_build.py, from where `cycle-exec --version` reads it; the bill of
materials that .ci/build has made goes into the sdist, and from there into the wheel. Nothing is
written into the source tree: a plain `pip install .` leaves no trace, and needs neither git, a
compiler nor a bill of materials.

Each template of templates/ goes into the wheel compiled as well, so that a launch needs no Jinja2
for it: cycle_exec/builtin_programs.

The wheel's bin/cycle-exec is .ci/stub/script.py, and the wheel is for any platform. Where these
variables ask for it, the wheel is for one processor, and bin/cycle-exec is .ci/stub/main.c:

    CYCLE_EXEC_STUB    x86_64, aarch64, or native: the processor of this machine
    CC                 the compiler and its first arguments (cc)
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SBOM = "cycle-exec.cdx.json"
COMMIT = "cycle_exec/_build.py"
# A script by its form: an installer writes the path of its interpreter into the first line.
NOTE = """\
#!python
# The interpreter that has installed cycle-exec; bin/cycle-exec reads it where none is beside it.
"""
# Processors, with their number in a program's header.
MACHINES = {"x86_64": 62, "aarch64": 183}
FLAGS = """
    -Os -std=c11 -ffreestanding -fno-builtin -fno-stack-protector -static -nostdlib -fno-pie -no-pie
    -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-ident -Wall -Wextra -Werror
    -Wl,--build-id=none -Wl,-z,norelro -Wl,-z,noexecstack -s
""".split()


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
        if self.target_name == "wheel":
            machine = os.environ.get("CYCLE_EXEC_STUB")
            # An editable installation is found by a .pth file, which the program ignores.
            if machine and version != "editable":
                machine = platform.machine() if machine == "native" else machine
                program = self._compiled(root, machine)
                # Static, without a libc: for every Linux. pip knows these tags since long.
                build_data["tag"] = f"py3-none-manylinux_2_17_{machine}.musllinux_1_1_{machine}"
                note = self._written(NOTE)
                os.chmod(note, 0o755)
                build_data["shared_scripts"][note] = "cycle-exec-python"
            else:
                program = self._written(_script(root))
            os.chmod(program, 0o755)
            build_data["shared_scripts"][program] = "cycle-exec"
            if version != "editable":
                for name, text in _programs(root):
                    forced[self._written(text)] = name

    def finalize(self, *_: object) -> None:
        """Remove what was written."""
        for path in vars(self).get("_files", []):
            os.unlink(path)

    def _written(self, text: str) -> str:
        descriptor, path = tempfile.mkstemp(suffix=".py")
        self._files = [*vars(self).get("_files", []), path]
        with open(descriptor, "w") as file:
            file.write(text)
        return path

    def _compiled(self, root: Path, machine: str) -> str:
        """The program for a processor; the compiler sees no path that differs between machines."""
        path = self._written("")
        compiler = shlex.split(os.environ.get("CC", "")) or ["cc"]
        words = [*compiler, *FLAGS, ".ci/stub/main.c", "-o", path]
        try:
            subprocess.run(words, cwd=root, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(
                f"CYCLE_EXEC_STUB={machine} needs a C compiler, and {compiler[0]} failed: {error}"
            ) from None
        number = struct.unpack_from("<H", Path(path).read_bytes(), 18)[0]
        if number != MACHINES.get(machine):
            raise SystemExit(f"{compiler[0]} does not make programs for {machine}: set CC")
        return path


def _programs(root: Path) -> Iterator[tuple[str, str]]:
    """The builtin templates as code that needs no Jinja2, each with the name of its file."""
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(root))
    try:
        from cycle_exec.planning.programs import generation
        from cycle_exec.planning.programs.model import Generated
        from cycle_exec.planning.templates.parts import Library
        from cycle_exec.system import programs

        home = programs.BUILTINS.replace(".", "/")
        yield f"{home}/__init__.py", '"""Made by the build, of the templates beside it."""\n'
        for path in sorted((root / "templates").rglob("*.j2")):
            name = path.relative_to(root / "templates").as_posix()
            text = path.read_text(encoding="utf-8")
            folder = path.parent.relative_to(root / "templates").as_posix()
            texts = {
                f"builtin:{folder}/{each.name}": each.read_text(encoding="utf-8")
                for each in path.parent.iterdir()
            }
            folders = dict.fromkeys(texts, f"builtin:{folder}/")
            library = Library(texts=texts, folders=folders)
            made = generation.generated(f"builtin:{name}", text, library)
            if isinstance(made, Generated):
                head = f"SOURCE = {text!r}\nUSED = {sorted(made.used)!r}\n"
                head += f"PARTS = {made.parts!r}\nUSES = {made.uses!r}\n"
                yield f"{home}/{programs.module_of(name)}.py", f"{head}\n{made.code}"
    finally:
        sys.path.remove(str(root))
        sys.dont_write_bytecode = writes


def _script(root: Path) -> str:
    """The script, with the names for which it starts Python again."""
    text = (root / "cycle_exec" / "__init__.py").read_text()
    names = re.search(r'INTERPRETER_VARIABLES = frozenset\(\s*"""(.*?)"""', text, re.DOTALL)
    assert names is not None
    words = " ".join(sorted(names[1].split()))
    empty = "VARIABLES = frozenset()"
    script = (root / ".ci" / "stub" / "script.py").read_text()
    assert empty in script
    return script.replace(empty, f'VARIABLES = frozenset(b"{words}".split())')


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
