"""examples/cron: a job by the clock, and a job that the platform starts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess

import pytest

from tests.support.image import EXAMPLES, Image
from tests.support.launching import PATH
from tests.support.waiting import PATIENCE

EXAMPLE = EXAMPLES / "cron"
ONCE = ["/srv/job/report.sh"]
LINE = re.compile(r"^report at \d\d:\d\d:(\d\d): password of (\d+) characters$", re.MULTILINE)


@pytest.fixture
def image():
    with Image(EXAMPLE) as found:
        yield found


def state(password: str, result: int = 0) -> str:
    """What the job gets, and how it ends."""
    return f'''
token = "cron-token"
[variables]
REPORT_PASSWORD = "{password}"
REPORT_RESULT = "{result}"
DATABASE_URL = "not the job's"
'''


def every_second(image: Image) -> list[str]:
    """The image's CMD, sooner; where only root may become nobody, as whoever runs this."""
    words = image.dockerfile.words("CMD")
    assert words[1] == "3600"
    if os.geteuid() != 0:
        place = words.index("--user")
        del words[place : place + 2]
    return [words[0], "1", *words[2:]]


def test_each_run_gets_what_the_platform_knows_then(image):
    """A password that changes reaches the next run, without a restart of the container."""
    with image.running(state("four"), every_second(image)) as container:
        container.says("password of 4 characters")
        container.state.write_text(state("fourteen bytes"))
        container.says("password of 14 characters")
        assert container.stop() == 0, container.log
        seconds = [int(second) for second, _ in LINE.findall(container.log)]
        assert len(set(seconds)) == len(seconds) >= 2


def test_a_failed_run_is_said_and_the_next_one_comes(image):
    """By its code; a refused launch is a failed run, too, and TERM ends all with the last code."""
    with image.running(state("x", result=3), every_second(image)) as container:
        container.says("every.sh: cycle-exec ended with 3\n")
        container.state.write_text(state(""))
        container.says("variable REPORT_PASSWORD")
        container.says("every.sh: cycle-exec ended with 65\n")
        container.state.write_text(state("better"))
        container.says("password of 6 characters")
        assert container.stop() == 0, container.log


def test_nobody_has_a_secret_between_two_runs(image):
    """Neither PID 1 nor the clock, whose only thing of worth is the token."""
    with image.running(state("the password"), every_second(image)) as container:
        container.says("password of 12 characters")
        clock = _only_child(_only_child(container.process.pid, "dev"), "init")
        with open(f"/proc/{clock}/environ", "rb") as file:
            environ = file.read()
        assert b"CYCLE_API_TOKEN=cron-token" in environ
        assert b"the password" not in environ
        assert b"DATABASE_URL" not in environ


def _only_child(pid: int, of: str) -> int:
    """The child that is no emulator."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(child) for child in file.read().split()]
    found = []
    for child in children:
        with open(f"/proc/{child}/task/{child}/children") as file:
            if of == "init" or file.read():
                found.append(child)
    assert len(found) == 1, (of, children)
    return found[0]


@pytest.mark.parametrize("result", [0, 7])
def test_a_job_that_the_platform_starts_ends_the_container_with_its_code(image, result):
    """The other way of the example: no clock, the job's manifest, its code is the container's."""
    with Image(EXAMPLE) as found:
        shutil.copy(EXAMPLE / "cycle-exec.toml", found.path("/etc/cycle/clock.toml"))
        with found.running(state("once", result), ONCE) as container:
            assert container.process.wait(PATIENCE) == result
            assert len(LINE.findall(container.log)) == 1


def test_a_job_under_way_is_waited_for(image):
    """TERM reaches it by itself, what it still does is done, and its code is the clock's."""
    job = "trap 'sleep 0.3; echo cleaned up; exit 9' TERM; echo begun; while :; do sleep 0.1; done"
    words = every_second(image)
    script = words[: words.index("--") + 1]
    with image.running(state("x"), [*script, "sh", "-c", job]) as container:
        container.says("begun")
        container.process.send_signal(signal.SIGTERM)
        assert container.process.wait(PATIENCE) == 9
        assert "cleaned up\n" in container.log


@pytest.mark.parametrize("words", [[], ["5"], ["soon", "true"], ["0", "true"], ["-1", "true"]])
def test_the_clock_says_what_it_needs(words):
    """With its own words, and an exit code."""
    done = subprocess.run(
        ["sh", EXAMPLE / "every.sh", *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (64, "every.sh SECONDS COMMAND [ARG...]\n")


@pytest.mark.parametrize(("now", "seconds"), [(7200, 3600), (7201, 3599), (10799, 1)])
def test_the_clock_goes_by_the_clock(tmp_path, now, seconds):
    """The next full multiple of the period, not a period from now; TERM is taken after a run."""
    for name, text in (("date", f"echo {now}"), ("sleep", f'echo "$1" >>{tmp_path}/slept')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", EXAMPLE / "every.sh", "3600", "sh", "-c", "kill $PPID; exit 5"],
        env={"PATH": f"{tmp_path}:{PATH}"},
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 5
    assert (tmp_path / "slept").read_text() == f"{seconds}\n"
