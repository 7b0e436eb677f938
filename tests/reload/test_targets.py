"""Apps that do something to their own files: "Desired against real"."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.launching.reload.conftest import TEMPLATE, Reloading, reloading, state
from tests.support import ports
from tests.support.emulated import emulated
from tests.support.waiting import PATIENCE, until

WARNING = "changed or removed by another program; left as it is until its own content changes"
# What an app does to its secret once it has read it.
DEEDS = {
    "removes": 'rm "$0"',
    "empties": ': >"$0"',
    "overwrites": 'echo used >"$0"',
    "replaces": 'echo used >"$0.new"; mv "$0.new" "$0"',
    "opens": 'chmod 644 "$0"',
}
READER = """
cat "$0"
{deed}
trap 'cat "$0"; {deed}; echo HUP' HUP
trap 'exit 0' TERM
echo "start $PLAIN"
while :; do sleep 0.02; done
"""


@pytest.mark.parametrize("deed", DEEDS)
def test_a_secret_that_the_app_has_used_is_there_when_it_is_needed_again(platform, ground, deed):
    """Not before: by its own change, and by a restart."""
    script = READER.format(deed=DEEDS[deed])
    manifest = TEMPLATE.format('"signal:HUP"')
    with reloading(platform, ground, manifest, "sh", "-c", script, f"{ground}/page") as run:
        assert [run.app(), run.app()] == ["page first", "start one"]
        assert str(ground / "page") in run.says(WARNING)
        used = look_of(ground / "page")
        platform.state.write_text(state(page="second"))
        assert [run.app(), run.app()] == ["page second", "HUP"]
        assert until(lambda: look_of(ground / "page") == used)
        platform.state.write_text(state(plain="two", page="second"))
        assert [run.app(), run.app()] == ["page second", "start two"]
        assert run.end() == 0


def test_a_secret_that_the_app_removes_at_its_end_is_there_for_the_next_start(platform, ground):
    """After the look has found it whole: it is put back once the app is gone."""
    script = 'cat "$0"; trap \'rm "$0"; exit 0\' TERM; echo "start $PLAIN"; '
    script += "while :; do sleep 0.02; done"
    manifest = TEMPLATE.format('"none"')
    with reloading(platform, ground, manifest, "sh", "-c", script, f"{ground}/page") as run:
        assert [run.app(), run.app()] == ["page first", "start one"]
        run.says("listening for notifications")
        for value in ("two", "three"):
            platform.state.write_text(state(plain=value))
            assert [run.app(), run.app()] == ["page first", f"start {value}"]
        assert run.end() == 0
        assert not (ground / "page").exists()


def look_of(path: Path) -> tuple[int, int] | None:
    """Size and mode, unless it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    content = 0 if found.st_mode & 0o777 == 0o644 else found.st_size
    return content, found.st_mode


def test_a_watcher_that_is_killed_leaves_a_used_secret_alone(platform, ground):
    """The next one does not put it back either, until the app is started again."""
    script = READER.format(deed=DEEDS["removes"])
    with reloading(
        platform, ground, TEMPLATE.format('"none"'), "sh", "-c", script, f"{ground}/page"
    ) as run:
        assert [run.app(), run.app()] == ["page first", "start one"]
        run.says(WARNING)
        os.kill(run.children()[0], signal.SIGKILL)
        run.says("the watcher was killed by SIGKILL")
        run.says(WARNING)
        assert not (ground / "page").exists()
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["page first", "start two"]


REDIS = """
bind 127.0.0.1
port {{ variables.PORT }}
dir @
save ""
maxmemory {{ variables.MEMORY }}
"""
REDIS_MANIFEST = """
[variables]
exclude = ["MEMORY", "OTHER"]
[[templates]]
source = "@/redis.j2"
target = "@/redis.conf"
on_change = "restart"
"""


def ask(port: int, *words: str) -> bytes:
    """Redis's answer to a command."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as talk:
        talk.sendall(b"*%d\r\n" % len(words))
        for word in words:
            talk.sendall(b"$%d\r\n%s\r\n" % (len(word), word.encode()))
        return talk.recv(65_536)


def memory(port: int) -> int:
    """The limit that Redis has now; 0: it does not answer."""
    try:
        return int(ask(port, "CONFIG", "GET", "maxmemory").split()[-1])
    except (OSError, IndexError, ValueError):
        return 0


def redis_state(port: int, memory: int, *, other: int = 0, plain: str = "one") -> str:
    return (
        f'token = "t"\n[variables]\nPORT = "{port}"\nMEMORY = "{memory}"\n'
        f'OTHER = "{other}"\nPLAIN = "{plain}"\n'
    )


def rewrite(run: Reloading, port: int, value: int, config: Path) -> bytes:
    """Let Redis have another limit, and write it into its config."""
    assert ask(port, "CONFIG", "SET", "maxmemory", str(value)) == b"+OK\r\n"
    assert ask(port, "CONFIG", "REWRITE") == b"+OK\r\n"
    written = config.read_bytes()
    assert b"maxmemory %d" % value in written
    return written


@pytest.mark.needs("redis-server")
def test_a_redis_that_rewrites_its_config(ground):
    """Its own limit holds until the platform has another one, or it is started again."""
    [port] = ports.free()
    config = ground / "redis.conf"
    (ground / "redis.j2").write_text(REDIS.replace("@", str(ground)))
    with emulated(redis_state(port, 20_000_000)) as platform:
        command = ("redis-server", str(config))
        with reloading(platform, ground, REDIS_MANIFEST, *command) as run:
            run.says("listening for notifications")
            assert until(lambda: memory(port) == 20_000_000)
            platforms = config.read_bytes()
            written = rewrite(run, port, 30_000_000, config)
            # A look that is about something else.
            platform.state.write_text(redis_state(port, 20_000_000, other=1))
            assert str(config) in run.says(WARNING)
            assert config.read_bytes() == written
            assert memory(port) == 30_000_000
            # The platform's own news.
            platform.state.write_text(redis_state(port, 40_000_000, other=1))
            assert run.says("reloaded in").endswith("; restart")
            assert until(lambda: memory(port) == 40_000_000)
            rewrite(run, port, 50_000_000, config)
            # A restart for another reason.
            platform.state.write_text(redis_state(port, 40_000_000, other=1, plain="two"))
            assert run.says("reloaded in").endswith("; restart")
            assert until(lambda: memory(port) == 40_000_000)
            assert config.read_bytes() == platforms.replace(b"20000000", b"40000000")
            assert run.end() == 0


@pytest.mark.needs("redis-server")
def test_restore_always_takes_a_rewritten_config_back(ground):
    """At each look; Redis goes on as it is until it is started again."""
    [port] = ports.free()
    config = ground / "redis.conf"
    (ground / "redis.j2").write_text(REDIS.replace("@", str(ground)))
    manifest = f'restore = "always"\n{REDIS_MANIFEST}'
    with (
        emulated(redis_state(port, 20_000_000)) as platform,
        reloading(platform, ground, manifest, "redis-server", str(config)) as run,
    ):
        run.says("listening for notifications")
        assert until(lambda: memory(port) == 20_000_000)
        platforms = config.read_bytes()
        before = run.children()
        rewrite(run, port, 30_000_000, config)
        platform.state.write_text(redis_state(port, 20_000_000, other=1))
        assert str(config) in run.says("put back")
        assert config.read_bytes() == platforms
        assert memory(port) == 30_000_000
        assert run.children() == before
        assert run.end() == 0
