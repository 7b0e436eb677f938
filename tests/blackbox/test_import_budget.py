"""What a real launch loads, from the first import of the interpreter to the exec."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

import cycle_exec
from cycle_exec.system.init import board
from tests.support.hostile import hostile
from tests.support.launching import SCRIPT, Ground
from tests.support.waiting import until

# Each costs more than a tenth of a launch; none is needed for a job of the plain kind.
HEAVY = set(
    "click httpx jinja2 dotenv ssl logging typing dataclasses pathlib tempfile asyncio threading "
    "re enum json socket signal selectors collections functools contextlib subprocess base64 "
    "random tomllib datetime shutil importlib.metadata".split()
)
HOME = os.path.dirname(os.path.dirname(cycle_exec.__file__))
PLAIN = """
[variables]
required = ["PLAIN"]
[environment]
set = { FROM_TEMPLATE = "{{ variables.PLAIN }}" }
[[integrations]]
identifier = "s3-backups"
prefix = "S3"
[certificates]
directory = "@/certificates"
[[templates]]
source = "~/page.j2"
target = "@/page"
mode = "0644"
"""
BLOCKS = "{% for name in variables %}{{ name }}\n{% endfor %}"


def loaded(ground: Ground, api, *words: str) -> set[str]:
    """The modules that a launch imports, or even tries to."""
    done = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", SCRIPT, *words, "--", "true"],
        env=ground.environ(api),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "cycle-exec: ready in" in done.stderr
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE))


@pytest.fixture
def ground(tmp_path):
    """Inputs and targets."""
    return Ground(tmp_path)


def test_variables_alone_load_next_to_nothing(ground):
    """No manifest, no files: no template, TOML, certificate or staging code of ours either."""
    with hostile(variables={"PLAIN": "x"}) as api:
        found = loaded(ground, api)
    assert found & HEAVY == set()
    ours = {name for name in found if name.startswith("cycle_exec.")}
    assert "cycle_exec.sources.answers" in ours
    without = "manifest templates certificates key_matches targets waiting waits addresses".split()
    assert [name for name in ours if not set(name.split(".")).isdisjoint(without)] == []


def test_a_plain_job_loads_nothing_heavy(ground):
    """A manifest, an integration, certificates with their pair check, and templates."""
    ground.template("listen {{ variables.PLAIN }} {# a comment #}\n")
    with hostile(variables={"PLAIN": "x"}) as api:
        found = loaded(ground, api, "--manifest", str(ground.manifest(PLAIN)))
    assert found & HEAVY == set()
    assert "_ssl" not in found
    assert [name for name in found if {"waiting", "waits"} & set(name.split("."))] == []


def test_a_wait_loads_nothing_heavy(ground):
    """Nor what it does not need: the platform's documents are for containers alone."""
    ready = str(ground.template(""))
    with hostile(variables={"PLAIN": "x"}) as api:
        found = loaded(ground, api, "--wait", f"file:{ready}", "--wait", "dns://localhost")
    assert found & HEAVY == set()
    assert "cycle_exec.system.waiting.children" in found
    assert "cycle_exec.launching.waiting.containers" not in found


@pytest.mark.parametrize("mode", [(), ("--init",)], ids=["plain", "init"])
def test_who_asks_for_nothing_of_it_loads_nothing_for_it(ground, mode):
    """Commands before the app, its umask and its limits."""
    with hostile(variables={"PLAIN": "x"}) as api:
        found = loaded(ground, api, "--manifest", str(ground.manifest("[log]\n")), *mode)
        text = '[[before]]\ncommand = ["true"]\n[process]\nlimits.core = 0\n'
        asked = loaded(ground, api, "--manifest", str(ground.manifest(text, "asked.toml")), *mode)
    only = {name for name in asked - found if name.startswith("cycle_exec.")}
    for name in ("launching.command.before", "launching.command.output", "system.exec.limits"):
        assert f"cycle_exec.{name}" in only
    assert not {"cycle_exec.system.init.commands", "cycle_exec.settings.limits"} & found


def test_a_template_with_blocks_loads_jinja2(ground):
    """The one that needs it gets it; this also shows that the check can fail."""
    ground.template(BLOCKS)
    with hostile(variables={"PLAIN": "x"}) as api:
        found = loaded(ground, api, "--manifest", str(ground.manifest(PLAIN)))
    assert {"jinja2", "re"} <= found
    assert not {"click", "httpx", "tomllib", "dotenv"} & found


@pytest.mark.parametrize("channel", [False, True], ids=["init", "reload"])
def test_what_stays_above_an_app_loads_only_what_it_needs(channel):
    """It is there as long as the app: `os`, ctypes and the settings would be megabytes for all."""
    program = "import sys; sys.path.append(sys.argv[1]); "
    program += "from cycle_exec.entry import supervise; import cycle_exec.launching.supervisor; "
    if channel:
        program += "from cycle_exec.system.init import channel; "
        program += "from cycle_exec.system.exec import prctl; prctl.prctl(3, 0); "
    program += "print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, HOME],
        capture_output=True,
        text=True,
        check=True,
    )
    found = set(done.stdout.split())
    assert "cycle_exec.resident.supervisor" in found
    assert found & (HEAVY | {"os", "ctypes", "fcntl", "struct"}) == set()
    assert ("_socket" in found) == channel
    packages = {name.split(".")[1] for name in found if name.startswith("cycle_exec.")}
    assert packages <= {"entry", "launching", "record", "resident", "system"}


@pytest.mark.parametrize(("option", "most"), [("--init", 700), ("--reload", 900)])
def test_what_stays_above_an_app_is_small(ground, option, most):
    """Kilobytes that it has written to, beside those of an interpreter that does nothing."""
    with hostile(variables={"PLAIN": "x"}) as api:
        run = ground.start(api, option, command=["sh", "-c", "exec sleep 600"])
        try:
            # The app may be there before the supervisor is.
            assert until(lambda: board.line(run.process.pid).startswith("running"))
            size = written(run.process.pid)
        finally:
            run.send(signal.SIGTERM).finish()
    program = "import posix; posix.write(1, b'x'); posix.read(0, 1)"
    words = [sys.executable, "-I", "-S", "-c", program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as bare:
        assert bare.stdout is not None
        bare.stdout.read(1)
        least = written(bare.pid)
        bare.kill()
    assert 0 < size - least < most


def written(pid: int) -> int:
    """Kilobytes of memory that are a process's own."""
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("RssAnon:")]
    return int(line.split()[1])
