"""A platform that goes away and comes back, in every manner: said once, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, SIGNAL, Reloading, reloading, state
from tests.reload import between
from tests.support.emulated import Emulated, emulated, start, wait_for
from tests.support.waiting import until

pytestmark = pytest.mark.lasting

BEGINS = "no notifications for 10 s: "
ENDS = "notifications arrive again, after "


class Middle:
    """The process between a launch and a platform. platform: as the launch sees it."""

    def __init__(self, behind: Emulated, folder: Path) -> None:
        self._control = folder / "manner"
        self._made = folder / "made"
        self.turn("through")
        front = behind.socket + ".front"
        words = [between.__file__, front, behind.socket, str(self._control)]
        with self._made.open("wb") as made:
            self.process = subprocess.Popen([sys.executable, "-I", *words], stdout=made)
        self.platform = behind._replace(socket=front)
        assert until(lambda: os.path.exists(front))

    def turn(self, manner: str) -> None:
        """Let connections end in this manner, those that are there included."""
        new = self._control.with_name("manner.new")
        new.write_text(manner)
        new.rename(self._control)

    def made(self, manner: str) -> int:
        """How many connections were made in this manner."""
        return self._made.read_text().splitlines().count(manner)


@pytest.fixture
def middle(platform, tmp_path) -> Iterator[Middle]:
    """Between the platform and whoever is started with it."""
    folder = tmp_path / "between"
    folder.mkdir()
    found = Middle(platform, folder)
    yield found
    found.process.kill()
    found.process.wait()


def lines(run: Reloading, words: str) -> list[str]:
    """The lines so far that have these words."""
    return [line for line in run.said if words in line]


@pytest.mark.parametrize("manner", ["close frame", "end", "half a frame"])
def test_a_platform_that_closes_each_connection(middle, ground, manner):
    """Each is followed by a look, so a change is taken; one outage is said, and its end."""
    with reloading(middle.platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = run.children()
        middle.turn(manner)
        for page in ("second", "third"):
            middle.platform.state.write_text(state(page=page))
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == f"page {page}\n"
        run.says(BEGINS)
        # With pauses of half a second at first, and then of up to eight.
        assert 2 <= middle.made(manner) <= 12
        middle.turn("through")
        run.says(ENDS)
        middle.platform.state.write_text(state(page="fourth"))
        assert run.app() == "HUP"
        assert run.children() == before
        assert run.end() == 7
    assert len(lines(run, BEGINS)) == len(lines(run, ENDS)) == 1


@pytest.mark.parametrize("manner", ["503", "at once"])
def test_a_platform_that_takes_no_connection(middle, ground, manner):
    """A change is taken with the first that it does take."""
    with reloading(middle.platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = run.children()
        middle.turn(manner)
        middle.platform.state.write_text(state(page="second"))
        run.says(BEGINS)
        middle.turn("through")
        assert run.app() == "HUP"
        run.says(ENDS)
        assert run.children() == before
        assert run.end() == 7
    assert len(lines(run, BEGINS)) == len(lines(run, ENDS)) == 1


@contextmanager
def again(platform: Emulated, number: int, **options: str) -> Iterator[Emulated]:
    """The platform once more, at the same socket."""
    if os.path.exists(platform.socket):
        os.unlink(platform.socket)
    log = platform.log.with_name(f"again-{number}")
    process = start(platform.socket, log, state=str(platform.state), **options)
    try:
        wait_for(platform.socket, process, log)
        yield platform._replace(process=process, log=log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("manner", [signal.SIGTERM, signal.SIGKILL])
def test_each_outage_is_said_and_so_is_its_end(ground, manner):
    """The second as well as the first; changes in between arrive."""
    with emulated(state()) as platform, reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = run.children()
        platform.stop(manner)
        for number, page in enumerate(("second", "third")):
            run.says(BEGINS)
            platform.state.write_text(state(page=page))
            with again(platform, number) as back:
                assert run.app() == "HUP"
                run.says(ENDS)
                back.stop(manner)
        assert run.children() == before
        assert run.end() == 7
    assert len(lines(run, BEGINS)) == len(lines(run, ENDS)) == 2


def test_a_platform_that_stands_still(platform, ground):
    """Its connection is there, and silent; what has changed arrives once it goes on."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.process.send_signal(signal.SIGSTOP)
        platform.state.write_text(state(page="second"))
        assert run.silent(0.5)
        platform.process.send_signal(signal.SIGCONT)
        assert run.app() == "HUP"
        assert (ground / "page").read_text() == "page second\n"
        assert run.end() == 7


@pytest.mark.parametrize("status", ["401", "403", "429", "500"])
def test_a_platform_that_refuses_everything_for_a_while(ground, status):
    """Handshakes and looks; it is well again, and the change is taken by the next connection."""
    with emulated(state()) as platform, reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.stop()
        platform.state.write_text(state(page="second"))
        with again(platform, 0, fail=f"{status}:3"):
            assert f"answered {status}" in run.says("answered")
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == "page second\n"
            assert run.end() == 7
