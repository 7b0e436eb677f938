"""docs/install.md, pasted section by section, each on a machine with nothing but Debian on it.

ONE thing is supplied: a package index with the wheels of this commit, and PyPI's packages of the
versions in the locks; pip and uv know it by their own configuration.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packaging.conftest import HOME
from tests.packaging.test_installers import fetched
from tests.support import machine
from tests.support.containers import LOOPBACK, PYTHON_ROOT
from tests.support.launching import SCRIPT
from tests.support.roots import PATH, debian
from tests.support.story import blocks

pytestmark = pytest.mark.timeout(1800)
PAGE = HOME / "docs" / "install.md"
# Commands that are not run, by their beginning, with the reason. Nothing else is left out.
INSTEAD = {
    "git clone": "the commit that is tested need not be there: a clone of this tree is put there",
    "apt-get install": "Debian's packages are there already: that they are is tested",
    "docker": "there is no daemon: test_dockerfiles builds and starts the same by buildah",
}
_END = "\036"
# In namespaces of its own; what is written into the root is gone afterwards.
_ENTER = """
mount --make-rprivate /
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" none "$1/root"
mkdir -p "$1/root/index" "$1/root/job" "$1/root/etc/uv"
mount --bind "$3" "$1/root/index"
mount --bind "$4" "$1/root/job"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
cp "$5" "$1/root/usr/local/bin/uv"
cp "$5x" "$1/root/usr/local/bin/uvx"
printf '[global]\\nno-index = true\\nfind-links = /index\\n' >"$1/root/etc/pip.conf"
printf 'no-index = true\\nfind-links = ["/index"]\\n' >"$1/root/etc/uv/uv.toml"
root=$1/root
shift 5
"$1" -I -c "$2"
exec chroot "$root" env -i --chdir=/root PATH="$PATH" HOME=/root bash --noprofile --norc /job/script
"""


class Step:
    """A command and what is shown of its output."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.shown = ""

    @property
    def is_run(self) -> bool:
        """Whether it is, and not only read."""
        return not self.command.startswith(tuple(INSTEAD))


def sections() -> dict[str, list[Step]]:
    """The commands of the page, by the headings that they stand below."""
    heads = [
        (number, line.removeprefix("## "))
        for number, line in enumerate(PAGE.read_text().splitlines(), 1)
        if line.startswith("## ")
    ]
    found: dict[str, list[Step]] = {}
    for block in blocks(PAGE):
        if block.language != "console":
            continue
        steps = found.setdefault([head for number, head in heads if number < block.line][-1], [])
        for line in block.text.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            else:
                steps[-1].shown += f"{line}\n"
    return found


SECTIONS = sections()
PLAYED = [name for name, steps in SECTIONS.items() if any(step.is_run for step in steps)]


@pytest.fixture
def root() -> Path:
    """Debian with its own Python, and the packages that the page names."""
    return debian(*PYTHON_ROOT)


@pytest.fixture
def paste(root, built, wheel_index, tmp_path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """What a script prints on the machine; /job/clone is what `git clone` would bring."""
    machine.need_mounts()
    job = tmp_path / "job"
    left_out = shutil.ignore_patterns("dist", ".git")
    shutil.copytree(built.one.parent, job / "clone", ignore=left_out)
    (tmp_path / "place").mkdir()
    places = [tmp_path / "place", root, wheel_index, job, fetched("uv", "locked").program]
    enter = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-euc", _ENTER]

    def pasted(script: str) -> subprocess.CompletedProcess[str]:
        (job / "script").write_text(script)
        return subprocess.run(
            [*enter, "sh", *places, os.path.realpath(sys.executable), LOOPBACK],
            env={"PATH": PATH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return pasted


@pytest.mark.parametrize("name", PLAYED)
def test_a_section(paste, name):
    """Every command does what is shown, pasted into one shell."""
    steps = [step for step in SECTIONS[name] if step.is_run or step.command.startswith("git")]
    script = "exec 2>&1\n"
    for step in steps:
        command = step.command if step.is_run else "cp -r /job/clone cycle-exec"
        script += f"(exit ${{status:-0}})\n{command}\nstatus=$?\nprintf '\\037%s{_END}' $status\n"
    done = paste(script)
    said = done.stdout.split(_END)[:-1]
    assert len(said) == len(steps), done.stdout + done.stderr
    for step, text in zip(steps, said, strict=True):
        printed, _, status = text.rpartition("\037")
        pattern = ".*".join(re.escape(part) for part in _plain(step.shown).split("..."))
        assert re.fullmatch(pattern, _plain(printed), re.DOTALL), f"{step.command}\n{printed}"
        assert step.shown or status == "0", f"{step.command}\n{printed}"


def _plain(text: str) -> str:
    return re.sub(r"\b\d+ ms\b", "N ms", text)


def test_what_is_not_run(root):
    """Each of these is there, and packages are those of the machine on which the page is pasted."""
    left_out = [step for steps in SECTIONS.values() for step in steps if not step.is_run]
    for begin in INSTEAD:
        assert any(step.command.startswith(begin) for step in left_out), begin
    for step in left_out:
        assert step.shown == "", step.command
        if step.command.startswith("apt-get"):
            for package in shlex.split(step.command)[4:]:
                assert (root / "usr/share/doc" / package).exists(), package


def test_the_extras_are_all_named():
    """And no other."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    text = PAGE.read_text().partition("The extras are")[2].partition("## ")[0]
    named = set(re.findall(r"`([a-z0-9-]+)`", text)) - {"dev"}
    assert named == set(project["optional-dependencies"])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="taplo has no wheel for this processor")
def test_an_editor_finds_the_schema(tmp_path):
    """By the first line that the page shows: taplo marks a misspelt key, and nothing else."""
    shown = [step.command for step in SECTIONS["Manifests in an editor"]]
    _, _, schema, first, *_ = shown
    environ = {"PATH": f"{SCRIPT.parent}:{os.defpath}"}
    for line in (schema, first):
        subprocess.run(["bash", "-euc", line], cwd=tmp_path, env=environ, check=True)
    path = tmp_path / "cycle-exec.toml"
    words = [fetched("taplo", "0.9.3").program, "lint", path]
    for text, word in (("", ""), ('[variables]\nrequird = ["A"]\n', "'requird' was unexpected")):
        path.write_text(path.read_text() + text)
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == bool(word), done.stderr
        assert word in done.stderr


@pytest.mark.parametrize("installer", ["pipx", "uv"])
def test_the_program_of_an_application(paste, built, installer):
    """Linked from another folder, it finds its Python by the other script, which is linked, too;
    nothing of the user's Python reaches it.
    """
    with zipfile.ZipFile(built.file("x86_64.whl")) as wheel:
        scripts = {Path(name).name for name in wheel.namelist() if ".data/scripts/" in name}
    install = {"pipx": "pipx install cycle-exec", "uv": "uv tool install cycle-exec"}[installer]
    script = f"""
set -e
{install} >/tmp/log 2>&1 || {{ cat /tmp/log; exit 1; }}
mkdir /job/poison
echo "raise SystemExit('poisoned')" >/job/poison/sitecustomize.py
cd .local/bin
head -c 4 cycle-exec | od -An -tx1
export PYTHONPATH=/job/poison PYTHONHOME=/job/poison
./cycle-exec --version
for each in *; do printf '%s %s\\n' "$each" "$(readlink -f "$each")"; done
"""
    done = paste(script)
    assert done.returncode == 0, done.stdout + done.stderr
    magic, version, *linked = done.stdout.splitlines()
    assert magic.split() == ["7f", "45", "4c", "46"]
    assert version.startswith("cycle-exec ")
    found = dict(line.split(" ") for line in linked)
    assert set(found) == scripts
    assert len({str(Path(path).parent) for path in found.values()}) == 1
    assert json.dumps(found).count("/cycle-exec/bin/") == len(scripts)
