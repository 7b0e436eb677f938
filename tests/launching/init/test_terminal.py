"""With a terminal: the app has it, Ctrl-C comes once, job control works."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path

from tests.support import machine
from tests.support.inits import LISTENER, python
from tests.support.waiting import PATIENCE, until


class Terminal:
    """A program on a terminal of its own, and us at the keys."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master = master
        self.process = process
        self.shown = b""

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def shows(self, text: bytes, patience: float = PATIENCE) -> bool:
        """Whether the screen comes to show this after what was awaited before; takes it off."""
        end = time.monotonic() + patience
        while text not in self.shown:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                return False
            try:
                self.shown += os.read(self.master, 4096)
            except OSError:
                break
        before, found, after = self.shown.partition(text)
        self.shown = after if found else before
        return bool(found)


@contextmanager
def terminal(*words: str, environ: dict[str, str]) -> Iterator[Terminal]:
    """Run the words as leader of a session on a new terminal."""
    master, slave = machine.terminal()

    def own() -> None:
        os.setsid()
        ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        words, env=environ, stdin=slave, stdout=slave, stderr=slave, preexec_fn=own
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        for pid in session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        os.close(master)


def session(leader: int) -> list[int]:
    """Everyone in its session, stopped ones too."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[3]) == leader:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_the_keys_reach_the_app_once(init):
    """Ctrl-C and Ctrl-\\ go to the app's group, which is in the foreground, and once."""
    words = (*init.words, *python(LISTENER))
    with terminal(*words, environ=dict(init.environ)) as screen:
        assert screen.shows(b"up")
        screen.press(b"\x03")
        assert screen.shows(b"INT")
        screen.press(b"\x1c")
        assert screen.shows(b"QUIT")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.shows(b"TERM")
        assert b"INT" not in screen.shown
        assert screen.process.wait(PATIENCE) == 7


def test_the_app_has_the_terminal_in_reload_mode_too(init):
    """Although somebody else has prepared it: Ctrl-C goes to its group, once each time."""
    words = (init.words[0], "--reload", "--", *python(LISTENER))
    with terminal(*words, environ=dict(init.environ)) as screen:
        assert screen.shows(b"up")
        for _ in range(2):
            screen.press(b"\x03")
            assert screen.shows(b"INT")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.shows(b"TERM")
        assert b"INT" not in screen.shown
        assert screen.process.wait(PATIENCE) == 7


def test_a_changed_size_reaches_the_app(init):
    """WINCH arrives, once."""
    words = (*init.words, *python(LISTENER))
    with terminal(*words, environ=dict(init.environ)) as screen:
        assert screen.shows(b"up")
        ioctl(screen.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        assert screen.shows(b"WINCH")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.shows(b"TERM")
        assert b"WINCH" not in screen.shown


# A program that says that it has begun to read.
ECHO = "sh -c 'echo u''p; exec cat'"


def test_an_interactive_shell_has_job_control(init):
    """A shell as the app: Ctrl-Z stops its job, fg brings it back, and nothing is said of it."""
    words = (*init.words, machine.program("bash"), "--norc", "-i")
    with terminal(*words, environ={**init.environ, "PS1": "ready> "}) as screen:
        assert screen.shows(b"ready> ")
        screen.press(ECHO.encode() + b"\n")
        assert screen.shows(b"\r\nup\r\n")
        screen.press(b"one\n")
        assert screen.shows(b"one\r\none\r\n")
        screen.press(b"\x1a")
        assert screen.shows(b"Stopped")
        assert screen.shows(b"ready> ")
        screen.press(b"fg\n")
        assert screen.shows(b"exec cat'\r\n")
        screen.press(b"two\n")
        assert screen.shows(b"two\r\n")
        assert screen.shows(b"two\r\n")
        screen.press(b"\x04")
        assert screen.shows(b"ready> ")
        screen.press(b"exit 6\n")
        assert screen.process.wait(PATIENCE) == 6
        assert b"no job control" not in screen.shown


def test_below_a_shell_it_stops_and_comes_back_as_one(init):
    """Ctrl-Z gives the shell above its prompt; fg gives the app the terminal again."""
    with terminal(
        machine.program("bash"), "--norc", "-i", environ={**init.environ, "PS1": "above> "}
    ) as screen:
        assert screen.shows(b"above> ")
        screen.press(" ".join([*init.words, ECHO]).encode() + b"\n")
        assert screen.shows(b"\r\nup\r\n")
        screen.press(b"one\n")
        assert screen.shows(b"one\r\none\r\n")
        screen.press(b"\x1a")
        assert screen.shows(b"Stopped")
        assert screen.shows(b"above> ")
        screen.press(b"echo he''re\n")
        assert screen.shows(b"\r\nhere\r\n")
        assert screen.shows(b"above> ")
        screen.press(b"fg\n")
        assert screen.shows(b"exec cat'\r\n")
        screen.press(b"two\n")
        assert screen.shows(b"two\r\n")
        assert screen.shows(b"two\r\n")
        screen.press(b"\x03")
        assert screen.shows(b"above> ")
        screen.press(b"echo code $?\n")
        assert screen.shows(b"\r\ncode 130")


def test_nobody_above_could_bring_it_back(init):
    """As leader of the session, Ctrl-Z does not leave a stopped app that nothing can continue."""
    with terminal(*init.words, "cat", environ=dict(init.environ)) as screen:
        assert screen.shows(b"ready in")
        screen.press(b"\x1a")
        screen.press(b"still here\n")
        assert screen.shows(b"still here\r\nstill here\r\n")


def test_a_script_has_its_terminal_back(init):
    """After the app a shell script reads from the terminal again."""
    script = " ".join([*init.words, "true"]) + "; read line; echo got $line"
    with terminal("sh", "-c", script, environ=dict(init.environ)) as screen:
        assert screen.shows(b"ready in")
        assert until(lambda: foreground(screen) == screen.process.pid)
        screen.press(b"typed\n")
        assert screen.shows(b"got typed")


def foreground(screen: Terminal) -> int:
    """The terminal's foreground group."""
    return os.tcgetpgrp(screen.master)
