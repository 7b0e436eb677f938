"""Reload mode: the platform's data change, files and environment follow, the app is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, SIGNAL, TEMPLATE, reloading, state
from tests.support import seccomp
from tests.support.emulated import emulated, start, wait_for
from tests.support.hostile import VARIABLES, data, error, hang, hostile, reply
from tests.support.waiting import PATIENCE, until


def test_a_changed_file_is_swapped_and_the_app_told(platform, ground):
    """By a signal: the same process goes on; one line says what changed, without a value."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        line = run.says("reloaded in")
        assert f"template {ground}/page.j2 #" in line
        assert line.endswith("; signal HUP")
        assert (ground / "page").read_text() == "page second\n"
        assert (ground / "page").stat().st_mode & 0o777 == 0o600
        assert run.end() == 7
    assert not [line for line in run.said if "c4n4ry" in line or "second" in line]


def test_a_changed_part_of_a_template_is_a_changed_file(platform, ground):
    """What it names is looked at, and its own text is read again."""
    (ground / "_part.j2").write_text("part {{ variables.PAGE }}\n")
    (ground / "page.j2").write_text('{% include "_part.j2" %}')
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        assert (ground / "page").read_text() == "part second\n"
        (ground / "_part.j2").write_text("other {{ variables.PAGE }}\n")
        platform.state.write_text(state(page="third"))
        assert run.app() == "HUP"
        # A look that was under way may have found the part alone.
        assert until(lambda: (ground / "page").read_text() == "other third\n")
        assert run.end() == 7


def test_a_changed_environment_starts_the_app_again(platform, ground):
    """It is told to end, and starts with the new values below the same supervisor."""
    with reloading(platform, ground, "", "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["TERM", "start two"]
        assert "variable PLAIN #" in run.says("reloaded in")
        platform.state.write_text(state(plain="three"))
        assert [run.app(), run.app()] == ["TERM", "start three"]
        assert run.end() == 7


def test_a_command_is_run_once_for_all_that_changed(platform, ground):
    """{ command = [...] }, with the new environment."""
    deed = '{ command = ["sh", "-c", "echo $PLAIN >>@/ran"] }'
    manifest = f"""
[environment]
on_change = "none"
{TEMPLATE.format(deed)}
[[templates]]
source = "@/page.j2"
target = "@/page2"
on_change = {deed}
"""
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two", page="second"))
        run.says("reloaded in")
        assert until(lambda: (ground / "ran").exists())
        assert (ground / "ran").read_text() == "two\n"
        assert run.silent(0.2)


def test_nothing_changed_means_that_nothing_happens(platform, ground):
    """Not even an mtime, not even a line."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = os.stat(ground / "page")
        platform.state.write_text(state(more='[[integrations]]\nidentifier = "unused"\n'))
        platform.state.write_text(state(plain="one"))
        assert run.silent(1)
        assert os.stat(ground / "page") == before
        assert run.end() == 7
    assert "reloaded" not in "\n".join(run.said)


def test_many_changes_are_one_reload(platform, ground):
    """What comes in quick succession is waited for."""
    manifest = SIGNAL
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        for number in range(5):
            platform.state.write_text(state(page=f"version {number}"))
        assert until(lambda: (ground / "page").read_text() == "page version 4\n")
        assert run.app() == "HUP"
        run.says("reloaded in")


def test_a_check_that_fails_keeps_the_old_file(ground):
    """A warning with the cause; as soon as the data are good again, so is the file."""
    manifest = SIGNAL + 'check = ["grep", "-q", "good", "{{ staged }}"]\n'
    with (
        emulated(state(page="good")) as platform,
        reloading(platform, ground, manifest, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="bad"))
        line = run.says("reload failed")
        assert f"check of {ground}/page: grep exited with code 1 (check-failed)" in line
        assert line.endswith("; the app keeps running unchanged")
        assert (ground / "page").read_text() == "page good\n"
        platform.state.write_text(state(page="good again"))
        assert run.app() == "HUP"
        assert (ground / "page").read_text() == "page good again\n"


def test_a_check_of_what_has_not_changed_itself(ground):
    """It sees what has: the main file includes it. Its words are shown, without values."""
    (ground / "main.j2").write_text("main\n")
    check = f"cat {{{{ staged }}}} {ground}/page; grep -q good {ground}/page"
    manifest = f"""{SIGNAL}
    [[templates]]
    source = "@/main.j2"
    target = "@/main"
    check = ["sh", "-c", "{check}"]
    on_change = "none"
    """
    with (
        emulated(state(page="good")) as platform,
        reloading(platform, ground, manifest, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="c4n4ry"))
        assert "check of" in run.says("reload failed")
        run.says("| main")
        run.says("| (a line is withheld")
        assert (ground / "page").read_text() == "page good\n"
        assert "c4n4ry" not in "\n".join(run.said)
        platform.state.write_text(state(page="good again"))
        assert run.app() == "HUP"


def test_a_reload_that_is_refused_is_an_event_when_asked_for(platform, ground):
    """With [report] the platform's monitoring hears of it; of the start too, in numbers."""
    manifest = SIGNAL + "[report]\nevents = true\nmetrics = true\n"
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two", more='LD_PRELOAD = "c4n4ry.so"\n'))
        run.says("reload failed")
        assert until(lambda: platform.ask("/_emulator/events").json["data"])
    [event] = platform.ask("/_emulator/events").json["data"]
    assert event["event"] == "cycle-exec.reload.refused"
    assert event["labels"] == {"kind": "name-refused", "exit_code": "65"}
    assert "c4n4ry" not in str(event)
    assert platform.ask("/_emulator/metrics").json["data"] != []


def test_data_that_a_launch_would_refuse_never_reach_the_app(platform, ground):
    """A dangerous name, for one: the app goes on with what it has."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two", more='LD_PRELOAD = "c4n4ry.so"\n'))
        assert "variable LD_PRELOAD: " in run.says("reload failed")
        assert run.silent(0.3)
        # Nobody asked for events.
        assert platform.ask("/_emulator/events").json == {"data": []}
        assert (ground / "page").read_text() == "page first\n"
        assert run.end() == 7


def test_a_platform_that_goes_away_and_comes_back(ground):
    """The app does not notice; what has changed meanwhile is found out when it is back."""
    with emulated(state()) as platform, reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.stop(signal.SIGKILL)
        run.says("the connection was closed")
        os.unlink(platform.socket)
        platform.state.write_text(state(page="second"))
        log = platform.log.with_name("again")
        again = start(platform.socket, log, state=str(platform.state))
        try:
            wait_for(platform.socket, again, log)
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == "page second\n"
        finally:
            again.kill()
            again.wait()


def test_without_notifications_it_looks_from_time_to_time(ground):
    """A platform that knows no WebSocket, and reload_interval."""
    manifest = SIGNAL.replace("[variables]", 'reload_interval = "200ms"\n[variables]')
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on("/v1/notifications", reply(404, {}))
        good = data({"PLAIN": "one", "PAGE": "second"})
        first = data({"PLAIN": "one", "PAGE": "first"})
        api.on(VARIABLES, [first, first, error(403), good])
        with reloading(api, ground, manifest, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            run.says("no notifications: the API answered 404 to the handshake; retrying")
            run.says("reload failed: scoped variables")
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == "page second\n"
            assert run.end() == 7


def test_the_apps_end_is_the_end(platform, ground):
    """Its code, at once, and nobody is left."""
    app = f"echo up; {until_there(ground / 'end')}; exit 9"
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        assert run.app() == "up"
        family = run.children()
        assert len(family) == 2
        (ground / "end").touch()
        assert run.process.wait(PATIENCE) == 9
        assert until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in family))


def test_a_watcher_that_dies_comes_back(platform, ground):
    """A warning, and the app goes on; a change is taken by the next watcher."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        for page in ("second", "third"):
            run.says("listening for notifications")
            [watcher] = [pid for pid in run.children() if b"python" in cmdline(pid)]
            os.kill(watcher, signal.SIGKILL)
            run.says("the watcher was killed by SIGKILL; the app is not affected, another watcher")
            platform.state.write_text(state(page=page))
            assert run.app() == "HUP"
            assert (ground / "page").read_text() == f"page {page}\n"
        assert run.end() == 7


def cmdline(pid: int) -> bytes:
    """The words of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def until_there(path: Path) -> str:
    """Words of a shell that waits for a file."""
    return f"until [ -e {path} ]; do sleep 0.02; done"


def pending(pid: int, number: int) -> bool:
    """Whether a signal has been sent to the process, which has not taken it yet."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in status if line[:7] in ("SigPnd:", "ShdPnd:")]
    return any(mask & 1 << (number - 1) for mask in masks)


def test_an_app_that_does_not_end_is_killed_to_be_started_again(platform, ground):
    """After process.grace."""
    app = "trap '' TERM; echo \"start $PLAIN\"; while :; do sleep 0.02; done"
    manifest = 'grace = "300ms"\n'
    with reloading(platform, ground, manifest, "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert run.app() == "start two"


def test_a_stop_while_it_restarts_is_a_stop(platform, ground):
    """TERM from outside, while the app takes its time: it does not come back."""
    end = f'trap "" TERM; echo asked; {until_there(ground / "end")}; exit 7'
    app = f"trap '{end}' TERM; echo \"start $PLAIN\"; while :; do sleep 0.02; done"
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        run.says("reloaded in")
        assert run.app() == "asked"
        run.process.send_signal(signal.SIGTERM)
        assert until(lambda: not pending(run.process.pid, signal.SIGTERM))
        (ground / "end").touch()
        assert run.process.wait(PATIENCE) == 7
        assert run.silent(0.1)


@pytest.mark.parametrize("status", [401, 503])
def test_a_first_launch_that_refuses_ends_all(ground, status):
    """With its own code and words, as without reload."""
    with hostile() as api:
        api.on(VARIABLES, error(status))
        # A final answer has time to come; the other one is asked for until the time is over.
        deadline = {401: "60s", 503: "500ms"}[status]
        manifest = f'[api]\ndeadline = "{deadline}"\n'
        with reloading(api, ground, manifest, "sh", "-c", "echo started") as run:
            assert run.process.wait(PATIENCE) == {401: 77, 503: 69}[status]
            assert run.silent(0.1)


def test_what_cannot_be_started_again_ends_with_its_code(platform, ground):
    """The program is gone when the environment changes: 127, as at a launch."""
    program = ground / "program"
    program.write_text(f"#!/bin/sh\n{APP}")
    program.chmod(0o755)
    with reloading(platform, ground, "", str(program)) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        program.unlink()
        platform.state.write_text(state(plain="two"))
        assert "(command-not-found)" in run.says("reload failed")
        assert run.end() == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_each_time(platform, ground):
    """The app is the user's, again and again, and files are theirs."""
    ground.chmod(0o755)
    app = "echo $(id -u) $PLAIN; trap 'exit 0' TERM; while :; do sleep 0.02; done"
    with reloading(platform, ground, 'user = "65534:65534"\n', "sh", "-c", app) as run:
        assert run.app() == "65534 one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert run.app() == "65534 two"


def test_secrets_stay_with_the_watcher(platform, ground):
    """The supervisor's environment and memory hold none, and the app has no descriptor of ours."""
    app = 'set -- /proc/$$/fd/*; echo "$@"\n' + APP
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        # 3 is the shell's own, for the folder.
        assert [path.rpartition("/")[2] for path in run.app().split()] == ["0", "1", "2", "3"]
        assert run.app() == "start one"
        proc = Path(f"/proc/{run.process.pid}")
        assert (proc / "environ").read_bytes() == b""
        # What it needs for another start is where no other user, nor another process of this one,
        # may look.
        assert (proc / "fd").stat().st_uid == 0
        assert [link for link in (proc / "fd").iterdir() if "memfd" in os.readlink(link)]
        for child in run.children():
            held = [os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()]
            assert not [link for link in held if "memfd" in link]


def test_secrets_stay_with_the_watcher_without_memfd(platform, ground):
    """A sandbox forbids the call: what is handed over is shared memory without a path then, for
    restarts and for the next watcher, and the app has no descriptor of it.
    """
    app = 'set -- /proc/$$/fd/*; echo "$@"\n' + APP
    refused = seccomp.words("memfd_create")
    with reloading(platform, ground, "", "sh", "-c", app, through=refused) as run:
        for plain in ("one", "two", "three"):
            assert [path.rpartition("/")[2] for path in run.app().split()] == ["0", "1", "2", "3"]
            assert run.app() == f"start {plain}"
            run.says("listening for notifications")
            held = [os.readlink(link) for link in Path(f"/proc/{run.process.pid}/fd").iterdir()]
            assert [link for link in held if "/dev/shm" in link and link.endswith(" (deleted)")]
            for child in run.children():
                links = [os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()]
                assert not [link for link in links if "/dev/shm" in link]
            if plain == "three":
                break
            [watcher] = [pid for pid in run.children() if is_watcher(pid)]
            os.kill(watcher, signal.SIGKILL)
            run.says("the watcher was killed by SIGKILL")
            platform.state.write_text(state(plain={"one": "two", "two": "three"}[plain]))
            assert run.app() == "TERM"
        assert run.end() == 7


def is_watcher(pid: int) -> bool:
    """Whether this child of a supervisor is ours, and not the app."""
    return b"cycle" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_supervisor_that_is_killed_takes_the_watcher_along(ground):
    """Also while the watcher still prepares the app; whoever becomes its parent is left alone."""
    with hostile(variables={"PLAIN": "one", "PAGE": "x"}) as api:
        api.on(VARIABLES, hang)
        with reloading(api, ground, "", "sh", "-c", "echo started; sleep 600") as run:
            assert until(lambda: api.requests)
            [watcher] = run.children()
            run.process.kill()
            run.process.wait()
            assert until(lambda: not Path(f"/proc/{watcher}/exe").exists())
            assert run.silent(0.2)


def test_what_was_waited_for_is_not_waited_for_again(platform, ground):
    """Neither by a look, nor by a restart: nobody needs what the address is made of, either."""
    ready = ground / "ready"
    ready.touch()
    manifest = f"""
[[wait]]
for = "file:{ready}"
[[wait]]
for = "file:{{{{ variables.PLAIN | replace('one', '{ready}') }}}}"
"""
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        ready.unlink()
        platform.state.write_text(state(plain="two"))
        assert [run.app(), run.app()] == ["TERM", "start two"]
        run.says("reloaded in")
        assert run.end() == 7


def test_a_wait_that_fails_starts_neither_app_nor_watcher(platform, ground):
    """The container ends with the same words as without reload mode."""
    manifest = '[[wait]]\nfor = "file:/none"\n[api]\ndeadline = "1s"\n'
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        assert "file:/none: it does not exist, the deadline has passed" in run.says("(wait-failed)")
        assert run.process.wait(PATIENCE) == 69
        assert run.silent(0.01)
