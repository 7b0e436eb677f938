"""The manual page: made from the program, sound roff, and in the wheel where man finds it."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

from cycle_exec.cli.verbs import root
from cycle_exec.errors import KINDS
from cycle_exec.settings.options import OPTIONS
from tests.docs import manual
from tests.support import machine

PAGE = Path(__file__).parents[2] / "docs/cycle-exec.1"


def test_it_is_made_from_the_tables():
    """python -m tests.docs.manual > docs/cycle-exec.1"""
    assert PAGE.read_text() == manual.page()


def test_a_reader_finds_every_flag_verb_and_code():
    """As man shows it, without a complaint of groff."""
    done = subprocess.run(
        [
            machine.program("groff"),
            "-man",
            "-ww",
            "-Tascii",
            "-P-c",
            "-P-b",
            "-P-o",
            "-P-u",
            str(PAGE),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    shown = re.sub(r"\s+", " ", done.stdout)
    for option in OPTIONS:
        assert option.name in shown
        assert option.variable in shown
    for name, verb in root.verbs():
        assert f" {name} [OPTIONS]" in shown
        for param in verb.params:
            assert param.opts[-1] in shown or param.human_readable_name in shown
    for kind in KINDS.values():
        assert f" {kind.code} " in shown


def test_the_wheel_installs_it():
    """Where man looks for it: beside the interpreter's own."""
    installed = Path(sysconfig.get_path("data")) / "share/man/man1/cycle-exec.1"
    assert installed.read_text() == PAGE.read_text()
    assert Path(sys.prefix) in installed.parents
