"""Go programs and Java's machine: they catch signals that end them all the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from cycle_exec.system.init import handlers
from tests.launching.reload.conftest import SIGNAL, Reloading, reloading, state
from tests.support.waiting import until

HOME = Path(__file__).parents[2]
# Both say how they start; with a word more, they have a handler for HUP.
GO = """
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	heard := make(chan os.Signal, 1)
	if len(os.Args) > 1 {
		signal.Notify(heard, syscall.SIGHUP)
	}
	fmt.Println("start", os.Getenv("PLAIN"))
	for {
		select {
		case <-heard:
			fmt.Println("HUP")
		case <-time.After(time.Hour):
		}
	}
}
"""
JAVA = """
public class App {
    public static void main(String[] words) throws Exception {
        if (words.length > 0) {
            sun.misc.Signal.handle(new sun.misc.Signal("HUP"), it -> System.out.println("HUP"));
        }
        System.out.println("start " + System.getenv("PLAIN"));
        Thread.sleep(Long.MAX_VALUE);
    }
}
"""


def go(folder: Path) -> list[str]:
    """The words that start the Go program."""
    (folder / "main.go").write_text(GO)
    # Its own packages are compiled once, and that takes minutes on a small machine.
    kept = HOME / ".cache" / "go"
    environ = {**os.environ, "GOCACHE": str(kept), "GO111MODULE": "off", "CGO_ENABLED": "0"}
    _made(["go", "build", "-o", "app", "main.go"], folder, environ)
    return [str(folder / "app")]


def java(folder: Path) -> list[str]:
    """The words that start the Java program."""
    (folder / "App.java").write_text(JAVA)
    _made(["javac", "-nowarn", "-XDignore.symbol.file", "App.java"], folder, dict(os.environ))
    found = shutil.which("java")
    assert found
    return [found, "-Xmx32m", "-cp", str(folder), "App"]


def _made(words: list[str], folder: Path, environ: dict[str, str]) -> None:
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(
    params=[
        pytest.param(go, marks=pytest.mark.needs("go")),
        pytest.param(java, marks=pytest.mark.needs("java", "javac")),
    ],
    ids=["go", "java"],
)
def app(request, tmp_path) -> list[str]:
    """A program of each kind, made here."""
    folder = tmp_path / "program"
    folder.mkdir()
    found: list[str] = request.param(folder)
    return found


def catches_hup(run: Reloading) -> bool:
    """Whether the kernel says so of the app."""
    return any(handlers.catches(pid, signal.SIGHUP) for pid in run.children()[1:])


def test_who_dies_of_what_it_catches_is_started_again_once(platform, ground, app):
    """With a warning, and later changes are in the file alone; a restart goes as ever."""
    with reloading(platform, ground, SIGNAL, *app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        assert until(lambda: catches_hup(run))
        platform.state.write_text(state(page="second"))
        run.says("the app was ended by HUP of on_change, for which it has no handler")
        assert run.app() == "start one"
        platform.state.write_text(state(page="third"))
        run.says("HUP was not sent: the app has no handler for it")
        assert (ground / "page").read_text() == "page third\n"
        platform.state.write_text(state(plain="two", page="third"))
        assert run.app() == "start two"
        assert run.end() == 143


def test_who_has_a_handler_of_its_own_gets_the_signal(platform, ground, app):
    """Again and again, and stays the same process."""
    with reloading(platform, ground, SIGNAL, *app, "handles") as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = run.children()
        for page in ("second", "third"):
            platform.state.write_text(state(page=page))
            assert run.app() == "HUP"
        assert run.children() == before
        assert run.end() == 143


@pytest.mark.needs("java", "javac")
def test_a_thread_dump_leaves_restarts_as_they_are(platform, ground):
    """QUIT, which Java's machine answers on standard output and survives."""
    with reloading(platform, ground, 'grace = "2s"\n', *java(ground)) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        for value in ("two", "three"):
            run.process.send_signal(signal.SIGQUIT)
            while "Full thread dump" not in run.app():
                pass
            platform.state.write_text(state(plain=value))
            while (line := run.app()) != f"start {value}":
                # The rest of the dump.
                assert not line.startswith("start ")
        assert run.end() == 143
