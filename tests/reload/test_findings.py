"""What has once gone wrong above an app, each by real processes."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import NoReturn

import pytest

from cycle_exec.launching import reload
from cycle_exec.planning.model import Plan
from cycle_exec.resident.schedule import Pace
from cycle_exec.resident.watcher import begin
from cycle_exec.resident.watching import Rules
from cycle_exec.system.init import channel, polling
from tests.launching.reload.conftest import APP, SIGNAL, TEMPLATE, Reloading, reloading, state
from tests.support.emulated import emulated, start, wait_for
from tests.support.hostile import VARIABLES, data, drop, endless, error, hang, hostile, reply
from tests.support.waiting import until

NOTIFICATIONS = "/v1/notifications"


def watcher_of(run: Reloading) -> int:
    """The number of the watcher."""
    found = [pid for pid in run.children() if b"python" in cmdline(pid)]
    assert len(found) == 1
    return found[0]


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("manner", [signal.SIGTERM, signal.SIGKILL])
def test_the_platform_closes_its_connection(ground, manner):
    """In the orderly way, or at once: the same watcher goes on, and takes the next change."""
    with emulated(state()) as platform, reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        watcher = watcher_of(run)
        platform.stop(manner)
        run.says("the connection was closed")
        if os.path.exists(platform.socket):
            os.unlink(platform.socket)
        platform.state.write_text(state(page="second"))
        log = platform.log.with_name("again")
        again = start(platform.socket, log, state=str(platform.state))
        try:
            wait_for(platform.socket, again, log)
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == "page second\n"
            assert watcher_of(run) == watcher
        finally:
            again.kill()
            again.wait()
        assert run.end() == 7


@pytest.mark.parametrize(
    "answer",
    [drop, hang, reply(101, b""), endless(b"HTTP/1.1 101 X\r\n", b"X: y\r\n"), b"nonsense\r\n\r\n"],
    ids=["closes", "frozen", "no handshake", "endless header", "nonsense"],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_whatever_the_platform_does_to_a_handshake(ground, answer, form):
    """Our words alone on standard error, one outage, and a watcher that goes on."""
    manifest = SIGNAL.replace("[variables]", 'reload_interval = "100ms"\n[variables]', 1)
    manifest = f'{manifest}[api]\ntimeout = "300ms"\n[log]\nformat = "{form}"\n'
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on(NOTIFICATIONS, answer)
        with reloading(api, ground, manifest, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            run.says("no notifications for 10 s")
            api.world.variables = {"PLAIN": "one", "PAGE": "second"}
            assert run.app() == "HUP"
            assert run.end() == 7
        assert len([line for line in run.said if "no notifications for 10 s" in line]) == 1
        for line in run.said:
            if form == "json":
                assert json.loads(line)["message"]
            else:
                assert line.startswith("cycle-exec: ")


def test_nobody_reads_standard_error(ground):
    """A write that fails ends neither the watcher nor, by a signal, the app."""
    # A shell whose child ends by a signal says so, and would end by its own write.
    app = f"exec 2>/dev/null; {APP}"
    with emulated(state()) as platform, reloading(platform, ground, SIGNAL, "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        for pid in (watcher_of(run), run.process.pid):
            # As when the reader at the other end has gone.
            assert os.readlink(f"/proc/{pid}/fd/2").startswith("pipe:")
        run.stop_reading()
        os.kill(watcher_of(run), signal.SIGKILL)
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        platform.state.write_text(state(page="third"))
        assert run.app() == "HUP"
        assert run.end() == 7


def test_a_value_that_is_gone_keeps_what_it_was(ground):
    """A required one as well; what is new is taken, and one warning names what is gone."""
    manifest = 'reload_interval = "100ms"\n[variables]\nrequired = ["PLAIN"]\n'
    app = "trap 'echo TERM; exit 7' TERM; echo $PLAIN $PAGE; while :; do sleep 0.02; done"
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on(NOTIFICATIONS, reply(404, {}))
        with reloading(api, ground, manifest, "sh", "-c", app) as run:
            assert run.app() == "one first"
            for lacking in ({"PAGE": "second"}, {"PLAIN": "", "PAGE": "third"}):
                api.on(VARIABLES, data(lacking))
                assert [run.app(), run.app()] == ["TERM", f"one {lacking['PAGE']}"]
            assert run.end() == 7
        said = [line for line in run.said if "no value at the platform" in line]
        assert len(said) <= 1


def test_a_value_that_is_gone_is_dropped_where_that_is_asked_for(ground):
    """`reload_missing = "drop"`."""
    manifest = 'reload_interval = "100ms"\nreload_missing = "drop"\n'
    app = "trap 'exit 7' TERM; echo ${PLAIN-none}; while :; do sleep 0.02; done"
    with hostile(variables={"PLAIN": "one", "PAGE": "x"}) as api:
        api.on(NOTIFICATIONS, reply(404, {}))
        with reloading(api, ground, manifest, "sh", "-c", app) as run:
            assert run.app() == "one"
            api.on(VARIABLES, data({"PAGE": "x"}))
            assert run.app() == "none"


def test_two_restarts_close_together(platform, ground):
    """The supervisor stands still after TERM while a second change comes: the newest plan runs."""
    app = "trap 'sleep 0.3; exit 0' TERM; echo \"start $PLAIN\"; while :; do sleep 0.02; done"
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        run.says("reloaded in")
        run.process.send_signal(signal.SIGSTOP)
        platform.state.write_text(state(plain="three"))
        run.says("reloaded in")
        run.process.send_signal(signal.SIGCONT)
        found = run.app()
        while found != "start three":
            assert found == "start two"
            found = run.app()
        assert run.process.poll() is None


# HUP has no handler yet when the change comes.
LATE = """
trap 'echo TERM; exit 7' TERM
echo up
while ! [ -e "$0" ]; do sleep 0.02; done
trap 'echo HUP' HUP
while :; do sleep 0.02; done
"""


def test_a_signal_waits_until_the_app_listens(platform, ground):
    """It is no reason to die."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", LATE, f"{ground}/listen") as run:
        assert run.app() == "up"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        run.says("reloaded in")
        assert run.silent(0.5)
        (ground / "listen").touch()
        assert run.app() == "HUP"
        assert run.end() == 7


def test_a_shell_above_the_app_is_not_signalled(platform, ground):
    """The one of the group that has a handler is."""
    inner = "trap 'echo HUP' HUP; trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done"
    app = ("sh", "-c", 'sh -c "$0"; exit $?', inner)
    with reloading(platform, ground, SIGNAL, *app) as run:
        assert run.app() == "up"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        assert run.process.poll() is None


# As the run time of Go or Java: a handler for HUP that ends by HUP.
BRITTLE = """
import os, signal, sys
def die(*_):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGHUP)
signal.signal(signal.SIGHUP, die)
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
print("up", flush=True)
while True:
    signal.pause()
"""


def test_an_app_that_dies_of_what_it_catches_is_started_again_once(platform, ground):
    """With a warning; later changes do not end it."""
    import sys

    app = (sys.executable, "-I", "-S", "-c", BRITTLE)
    with reloading(platform, ground, SIGNAL, *app) as run:
        assert run.app() == "up"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        run.says("the app was ended by HUP of on_change, for which it has no handler")
        assert run.app() == "up"
        platform.state.write_text(state(page="third"))
        run.says("HUP was not sent")
        assert (ground / "page").read_text() == "page third\n"
        assert run.end() == 7


def test_a_signal_that_the_app_survives_stops_nothing(platform, ground):
    """QUIT, as for a thread dump: the next change starts it again, after its grace."""
    app = "trap 'echo QUIT' QUIT; trap 'echo TERM; exit 0' TERM; echo \"start $PLAIN\"\n"
    app += "while :; do sleep 0.02; done"
    with reloading(platform, ground, 'grace = "300ms"\n', "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        run.process.send_signal(signal.SIGQUIT)
        assert run.app() == "QUIT"
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["TERM", "start two"]


def test_a_restart_follows_the_signal_map(platform, ground):
    """And what is left of the group has its grace after the shell's own end."""
    inner = "trap 'sleep 0.5; echo bye; exit' USR1; echo \"start $PLAIN\"\n"
    inner += "while :; do sleep 0.02; done"
    app = ("sh", "-c", 'trap "exit 0" USR1; sh -c "$0" & wait', inner)
    manifest = 'grace = "20s"\nsignal_map = { TERM = "USR1" }\n'
    with reloading(platform, ground, manifest, *app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["bye", "start two"]


@pytest.mark.parametrize(
    ("settings", "number"),
    [("", signal.SIGTERM), ("", signal.SIGINT), ('stop_signal = "USR1"\n', signal.SIGUSR1),
     ('stop_signal = "WINCH"\n', signal.SIGWINCH)],
)  # fmt: skip
def test_a_stop_while_no_app_runs_ends_the_container(platform, ground, settings, number):
    """Its program is gone, so it cannot be started again until somebody brings it back."""
    program = ground / "program"
    program.write_text('#!/bin/sh\necho "start $PLAIN"\ntrap "rm -f $0; exit 0" TERM USR1\n'
                       "trap 'rm -f $0; exit 0' WINCH\nwhile :; do sleep 0.02; done\n")  # fmt: skip
    program.chmod(0o755)
    with reloading(platform, ground, settings, str(program)) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        run.says("the app could not be started again: ")
        run.process.send_signal(number)
        assert run.process.wait(60) == 128 + number


def test_what_cannot_be_started_again_is_tried_until_it_can(platform, ground):
    """The container goes on meanwhile."""
    program = ground / "program"
    text = '#!/bin/sh\necho "start $PLAIN"\ntrap "rm -f $0; exit 0" TERM\n'
    text += "while :; do sleep 0.02; done\n"
    program.write_text(text)
    program.chmod(0o755)
    with reloading(platform, ground, "", str(program)) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        run.says("(command-not-found); trying again until it can")
        staged = ground / "staged"
        staged.write_text(text)
        staged.chmod(0o755)
        staged.rename(program)
        assert run.app() == "start two"


def test_a_target_that_is_gone_is_there_for_the_next_start(platform, ground):
    """Between restarts it is named once, and left."""
    app = f"cat {ground}/page; rm {ground}/page; trap 'exit 0' TERM; echo \"start $PLAIN\"\n"
    app += "while :; do sleep 0.02; done"
    with reloading(platform, ground, TEMPLATE.format('"none"'), "sh", "-c", app) as run:
        assert [run.app(), run.app()] == ["page first", "start one"]
        # The look after the connection has found it.
        line = run.says("changed or removed by another program")
        assert str(ground / "page") in line
        assert not (ground / "page").exists()
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["page first", "start two"]
        assert run.process.poll() is None


def test_restore_always_puts_a_target_back_at_each_look(ground):
    """Without a restart."""
    manifest = TEMPLATE.format('"none"').replace(
        "[variables]", 'reload_interval = "100ms"\nrestore = "always"\n[variables]', 1
    )
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on(NOTIFICATIONS, reply(404, {}))
        with reloading(api, ground, manifest, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            (ground / "page").unlink()
            assert until(lambda: (ground / "page").exists())
            (ground / "page").write_text("other")
            assert until(lambda: (ground / "page").read_text() == "page first\n")


def test_a_repaired_value_is_taken_whatever_was_refused_before(platform, ground):
    """News is looked at after the debounce."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        for _ in range(8):
            platform.state.write_text(state(more='LD_PRELOAD = "x"\n'))
            time.sleep(0.1)
            platform.state.write_text(state(plain="one", more='LD_PRELOAD = "y"\n'))
            time.sleep(0.1)
        run.says("reload failed")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        assert (ground / "page").read_text() == "page second\n"
        assert run.end() == 7
    assert len([line for line in run.said if "reload failed" in line]) == 1


def test_a_command_that_fails_is_tried_again_and_shows_its_lines(platform, ground):
    """Without what was fetched; where and as whom it runs is known."""
    script = 'echo "cannot: $(pwd)"; echo "secret $PLAIN-and-more" ; [ -e @/ready ]'
    deed = f"{{ command = ['sh', '-c', '{script}'] }}"
    manifest = f'directory = "/"\n{TEMPLATE.format(deed)}'
    first = state(plain="one-c4n4ry")
    with (
        emulated(first) as platform,
        reloading(platform, ground, manifest, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one-c4n4ry"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="one-c4n4ry", page="second"))
        run.says("on_change command sh exited with code 1; it is tried again until it works")
        assert run.says("sh: cannot: ").endswith("cannot: /")
        run.says("is withheld")
        (ground / "ready").touch()
        assert run.end() == 7
    assert "c4n4ry" not in "\n".join(run.said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_command_may_have_a_user(platform, ground):
    """Of its own, without a right more."""
    deed = '{ command = ["sh", "-c", "echo I am $(id -u) $(id -G); exit 1"], user = "65534:65534" }'
    with reloading(platform, ground, TEMPLATE.format(deed), "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.says("reloaded in").endswith("; command sh as user 65534:65534")
        run.says("on_change command sh as user 65534:65534 exited with code 1")
        assert run.says("sh: I am").endswith("I am 65534 65534")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(
    ("folder", "named", "who"),
    [(".", "", "0"), ("home", "", "65534"), ("home", ', user = "root"', "0")],
)
def test_root_does_not_run_what_reads_files_that_others_can_exchange(
    platform, ground, folder, named, who
):
    """A config may name code to load; unless root is asked for, it is the app's user who does."""
    (ground / "home").mkdir()
    os.chown(ground / "home", 65534, 65534)
    deed = f'{{ command = ["sh", "-c", "echo I am $(id -u); exit 1"]{named} }}'
    manifest = TEMPLATE.format(deed).replace('@/page"', f'@/{folder}/page"')
    with reloading(
        platform, ground, manifest, "sh", "-c", APP, CYCLE_EXEC_USER="65534:65534"
    ) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.says("sh: I am").endswith(f"I am {who}")


def test_a_platform_that_refuses_the_token_for_a_while(ground):
    """It is looked at within seconds once it is well again, by poll or by connection."""
    manifest = SIGNAL.replace("[variables]", 'reload_interval = "100ms"\n[variables]', 1)
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on(NOTIFICATIONS, error(401))
        with reloading(api, ground, manifest, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            api.on(VARIABLES, error(401))
            run.says("reload failed")
            time.sleep(2)
            api.world.variables = {"PLAIN": "one", "PAGE": "second"}
            api.off(VARIABLES)
            assert run.app() == "HUP"
            assert run.end() == 7
        assert len([line for line in run.said if "(denied)" in line]) == 1


def test_the_watcher_ends_with_its_supervisor_where_prctl_is_refused(monkeypatch):
    """The kernel does not end it then: the channel tells."""
    above, below = channel.pair()
    watcher = reload._Watcher.__new__(reload._Watcher)
    held = Plan(environ={}, sources={})
    watcher._rules = Rules(pace=Pace(debounce=1.0, longest=1.0, splay=0.0), listens=False)
    watcher._state = begin(held, watcher._rules, 0.0, None)
    watcher._channel, watcher._listener = channel.WatcherEnd(below), None

    def left() -> NoReturn:
        raise EndedAsItHasTo

    monkeypatch.setattr(polling, "leave", left)
    os.close(above)
    with pytest.raises(EndedAsItHasTo):
        watcher._wait()
    watcher._channel.close()


class EndedAsItHasTo(Exception):
    """Instead of the end of our own process."""


def test_an_edited_manifest_counts_from_the_next_start(platform, ground):
    """Said once; also by a watcher that was started again."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        path = ground / "manifest.toml"
        path.write_text(path.read_text().replace("signal:HUP", "signal:USR1"))
        os.kill(watcher_of(run), signal.SIGKILL)
        platform.state.write_text(state(page="second"))
        run.says("the manifest has been edited: it counts from the next start")
        assert run.app() == "HUP"
        assert run.end() == 7


LEAVES = """
trap 'echo TERM; sleep 1; rm "$1"; exit 0' TERM
echo "start $PLAIN $(cat "$1")"
while :; do sleep 0.02; done
"""


@pytest.mark.parametrize("answer", [error(503), hang], ids=["fails", "hangs"])
def test_a_restart_does_not_wait_for_a_look(ground, answer):
    """What the app has deleted is put back before its start, also while a look comes to nothing."""
    manifest = SIGNAL.replace("[variables]", 'reload_interval = "50ms"\n[variables]', 1)
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        app = ("sh", "-c", LEAVES, "sh", f"{ground}/page")
        with reloading(api, ground, manifest, *app) as run:
            assert run.app() == "start one page first"
            api.world.variables = {"PLAIN": "two", "PAGE": "first"}
            assert run.app() == "TERM"
            asked = len(api.requests)
            api.on(VARIABLES, answer)
            assert until(lambda: len(api.requests) > asked)
            assert run.app() == "start two page first"
            run.process.kill()


def test_a_look_that_is_given_up_names_the_cause_alone(ground):
    """No deadline has passed: it is made again."""
    manifest = SIGNAL.replace("[variables]", 'reload_interval = "50ms"\n[variables]', 1)
    with (
        hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api,
        reloading(api, ground, manifest, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one"
        api.on(VARIABLES, error(503))
        line = run.says("reload failed: ")
        assert "the API is not healthy, it answered 503" in line
        assert "deadline" not in line
        assert run.end() == 7
