"""[[before]]: a command that is run to its end before the app is started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.inits import Init, run, running
from tests.support.launching import PATH, SCRIPT, Ground
from tests.support.waiting import PATIENCE, given_time, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
MODES = [(), ("--init",), ("--reload",)]
IDS = ["plain", "init", "reload"]


@pytest.fixture
def ground(tmp_path) -> Ground:
    """A folder for targets."""
    return Ground(tmp_path)


def before(ground: Ground, *scripts: str, more: str = "", top: str = "") -> str:
    """A manifest that writes a page, and then runs these scripts. more: keys of each of them."""
    ground.template("{{ variables.PLAIN }}\n")
    tables = [
        f"[[before]]\ncommand = {json.dumps(['sh', '-c', script])}\n{more}\n" for script in scripts
    ]
    page = '[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\n'
    return str(ground.manifest(top + page + "".join(tables)))


def failed(ran, ground: Ground, words: str) -> None:
    """65 with these words; the files are written, and nothing was started."""
    assert (ran.code, ran.kinds, ran.out) == (65, ["before-failed"], ""), ran
    assert words in ran.err, ran
    assert "; the app is not started, the files are written (before-failed)" in ran.err, ran
    assert ground.starts == 0
    assert (ground.folder / "page").read_text() == "fetched-value\n"


@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_all_of_them_in_order_when_the_files_are_there(ground, api, mode):
    """With the planned environment, and without the token; their output is on stderr."""
    first = 'cat page; [ "$PLAIN" = fetched-value ] && echo env; echo "token:$CYCLE_API_TOKEN" >&2'
    top = f'[process]\ndirectory = "{ground.folder}"\n'
    manifest = before(ground, f"{first}; echo 1 >order", "echo 2 >>order", top=top)
    ran = ground.launch(api, *mode, "--manifest", manifest, command=("cat", "order"))
    assert (ran.code, ran.out) == (0, "1\n2\n"), ran
    said = ran.err.splitlines()
    assert said[1:3] == ["sh | env", "sh | token:"], ran
    assert said[3].startswith("cycle-exec: ready in ")
    assert "withheld" in said[0]


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "before command sh: it exited with code 3; "),
        ("kill -SEGV $$", "before command sh: it was killed by signal 11; "),
        ("exec /dev/null", "before command sh: it exited with code 126; "),
    ],
)
def test_one_that_fails(ground, api, mode, script, words):
    """Starts nothing, keeps the files, and ends with 65 and its own code in the line."""
    manifest = before(ground, f"echo said; {script}", "touch $PWD/second")
    failed(ground.launch(api, *mode, "--manifest", manifest), ground, words)
    assert not (ground.inputs / "second").exists()


@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_one_that_is_late(ground, api, mode):
    """Its timeout is added to the deadline; then it gets TERM, and so does its group."""
    script = "(trap 'echo inner; exit' TERM; sleep 1000 & wait; sleep 60) & wait"
    manifest = before(ground, script, more='timeout = "2s"')
    ran = ground.launch(api, *mode, "--manifest", manifest)
    failed(ran, ground, "before command sh: it did not finish within 2 s; ")
    assert "sh | inner\n" in ran.err


def test_one_that_outlives_the_deadline_of_the_start(ground, api):
    """Which is for all but these."""

    def launch(deadline):
        manifest = before(ground, f"sleep {deadline / 1000 + 1}")
        return ground.launch(api, "--deadline", f"{deadline}ms", "--manifest", manifest)

    ran, _ = given_time(1500, launch, lambda ran: ran.code != 69)
    assert (ran.code, ground.starts) == (0, 1), ran


def test_one_that_ignores_being_told(ground, api):
    """It and its group are killed after grace."""
    script = "trap '' TERM; echo $$ >pid; sleep 1000"
    top = '[process]\ngrace = "300ms"\ninit = true\n'
    manifest = before(ground, script, more='timeout = "300ms"', top=top)
    failed(ground.launch(api, "--manifest", manifest), ground, "it did not finish within 0.3 s; ")
    pid = int((ground.inputs / "pid").read_text())
    assert until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop(ground, api, mode, number):
    """The command gets TERM and time to undo what it is about; then 128+n, and no app."""
    script = "trap 'sleep 1.5; echo undone; exit 5' TERM; sleep 1000 & : >up; wait; sleep 60"
    manifest = before(ground, script)
    under_way = ground.start(api, *mode, "--manifest", manifest)
    assert until((ground.inputs / "up").exists)
    ran = under_way.send(number).finish()
    assert ran.code == 128 + number, ran
    assert ran.err == (
        f"sh | undone\ncycle-exec: stopped by {signal.Signals(number).name} before the launch\n"
    )
    assert ground.starts == 0
    assert (ground.folder / "page").exists()


@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_a_stop_of_one_that_ignores_it(ground, api, mode):
    """KILL after grace; of its group nobody is left."""
    script = "trap '' TERM; sleep 1000 & echo $! >pid; : >up; wait; sleep 1000"
    manifest = before(ground, script, top='[process]\ngrace = "300ms"\n')
    under_way = ground.start(api, *mode, "--manifest", manifest)
    assert until((ground.inputs / "up").exists)
    pid = int((ground.inputs / "pid").read_text())
    ran = under_way.send(signal.SIGTERM).finish()
    assert ran.code == 143, ran
    assert until(lambda: not Path(f"/proc/{pid}").exists())


@pytest.mark.parametrize("mode", [("",), ("--init",), ("--reload",)], ids=IDS)
def test_a_stop_as_pid_1(ground, api, mode):
    """The same where nobody else would clear up."""
    manifest = before(ground, "trap 'echo undone; exit' TERM; sleep 1000 & : >up; wait; sleep 60")
    words = (str(SCRIPT), *(word for word in mode if word), "--manifest", manifest, "--")
    init = Init("", words, ground.environ(api))
    up = Path.cwd() / "up"
    up.unlink(missing_ok=True)
    try:
        with running(init, "true") as app:
            assert until(up.exists)
            app.send(signal.SIGTERM)
            ended = app.finish()
    finally:
        up.unlink(missing_ok=True)
    assert ended.code == 143, ended
    assert ended.err.startswith("sh | undone\n"), ended


@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_what_it_leaves_behind(ground, api, mode):
    """In its group: killed. A daemon of its own session goes on, and holds nothing up."""
    leaves = "sleep 1000 & echo $! >left; setsid sh -c 'echo $$ >daemon; exec sleep 1000' & "
    manifest = before(ground, leaves + "until [ -s daemon ]; do sleep 0.01; done")
    ran = ground.launch(api, *mode, "--manifest", manifest)
    assert (ran.code, ground.starts) == (0, 1), ran
    left, daemon = (int((ground.inputs / name).read_text()) for name in ("left", "daemon"))
    assert until(lambda: not Path(f"/proc/{left}/exe").exists())
    os.kill(daemon, signal.SIGKILL)


def test_no_zombie_is_left_to_the_app(ground, api):
    """As PID 1 the launch is the parent of all whose parents have ended."""
    script = "for n in 1 2 3 4 5; do setsid sh -c 'sleep 0.2 & exit' & done; wait; sleep 0.5"
    init = Init("", (str(SCRIPT), "--manifest", before(ground, script), "--"), ground.environ(api))
    ended = run(init, "sh", "-c", "grep -c '^State:.Z' /proc/[0-9]*/status | grep -c ':1$'")
    assert ended.out == "0\n", ended


def test_its_streams_and_descriptors(ground, api):
    """Nothing to read, no descriptor of ours, no signal of ours."""
    script = (
        "readlink /proc/$$/fd/0; read -r line; echo code $?; "
        "for n in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo open $n; done; "
        "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
    )
    manifest = before(ground, script)
    ran = ground.launch(
        api, "--manifest", manifest, command=("grep", "^Sig[BIC]", "/proc/self/status")
    )
    said = [line.removeprefix("sh | ") for line in ran.err.splitlines()[:-1]]
    assert said[:2] == ["/dev/null", "code 1"]
    assert [line.replace("\\x09", "\t") for line in said[2:]] == ran.out.splitlines()


def test_output_that_nobody_reads(ground, api):
    """A full standard error neither stops the command nor the start."""
    script = "i=0; while [ $i -lt 3000 ]; do echo line $i of what nobody reads; i=$((i+1)); done"
    reading, writing = os.pipe()
    manifest = before(ground, script)
    process = subprocess.Popen(
        [str(SCRIPT), "--manifest", manifest, "--", "true"],
        env=ground.environ(api),
        cwd=ground.inputs,
        stderr=writing,
    )
    os.close(writing)
    assert process.wait(PATIENCE) == 0
    os.close(reading)


def test_standard_error_that_is_closed(ground, api):
    """Nobody hears it, and it works."""
    manifest = before(ground, "echo to nobody >&2; echo done >done")
    ran = ground.launch(api, "--manifest", manifest, before=lambda: os.close(2))
    assert (ran.code, ground.starts) == (0, 1), ran
    assert (ground.inputs / "done").exists()


def test_what_is_fetched_is_not_shown(ground, api):
    """But where that is asked for. What is not ended by a newline is a line, too."""
    script = "echo before; printf '%s' \"x=$PLAIN\""
    ran = ground.launch(api, "--manifest", before(ground, script))
    assert ran.err.splitlines()[:2] == [
        "sh | before",
        "sh | (a line is withheld: a part of a fetched value may be in it)",
    ]
    raw = before(ground, script, more='output = "raw"')
    ran = ground.launch(api, "--manifest", raw)
    assert ran.err.startswith("before\nx=fetched-value"), ran
    ran = ground.launch(
        api, "--log-format", "json", "--log-level", "error", "--manifest", before(ground, script)
    )
    first = json.loads(ran.err.splitlines()[0])
    assert (first["level"], first["command"], first["message"]) == ("notice", "sh", "before")


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["no-such-program"], "before command no-such-program: it is not in any of the"),
        (["/etc/passwd"], "/etc/passwd is not executable"),
        (["./here"], "before command ./here: "),
    ],
)
def test_one_that_cannot_be_started(ground, api, mode, command, words):
    """Is known before anything is asked or written."""
    asked = len(api.asked())
    ground.template("x")
    text = f"[[before]]\ncommand = {json.dumps(command)}\n"
    page = '[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\n'
    manifest = ground.manifest(text + page)
    ran = ground.launch(api, *mode, "--manifest", manifest)
    ground.refused(ran, 65, "before-failed", words)
    assert len(api.asked()) == asked


def test_one_that_this_launch_writes(ground, api):
    """Need not be there before."""
    ground.template("#!/bin/sh\necho {{ 1 + 1 }}\n")
    manifest = ground.manifest(
        '[[templates]]\nsource = "~/page.j2"\ntarget = "@/run"\nmode = "0755"\n'
        '[[before]]\ncommand = ["@/../ground/./run"]\n'
    )
    ran = ground.launch(api, "--manifest", manifest)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert ran.err.startswith("run | 2\n"), ran


@as_root
@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_as_the_apps_user_with_its_umask_and_limits(api, mode, tmp_path):
    """And with /dev/stderr, which it can open."""
    manifest = tmp_path / "m.toml"
    script = "id -un; umask; ulimit -n; echo opened >/dev/stderr; grep NoNewPrivs /proc/self/status"
    manifest.write_text(
        f"[[before]]\ncommand = {json.dumps(['sh', '-c', script])}\n"
        '[process]\nuser = "nobody"\numask = "0137"\nlimits.nofile = 99\nno_new_privs = true\n'
    )
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    words = (str(SCRIPT), *mode, "--manifest", str(manifest), "--")
    ended = run(Init("", words, environ), "id", "-un", namespace=False)
    assert (ended.code, ended.out) == (0, "nobody\n"), ended
    said = [line.removeprefix("sh | ") for line in ended.err.splitlines()[:-1]]
    assert said == ["nobody", "0137", "99", "opened", "NoNewPrivs:\\x091"]


@as_root
def test_one_that_the_user_may_not_execute(ground, api):
    """Is known before anything is asked."""
    program = ground.inputs / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    manifest = ground.manifest(f'[[before]]\ncommand = ["{program}"]\n')
    ran = ground.launch(api, "--user", "nobody", "--manifest", manifest)
    assert (ran.code, ran.kinds) == (65, ["before-failed"]), ran
    assert "user nobody may not execute it" in ran.err


def test_only_a_launch_runs_it(ground, api):
    """plan and doctor show it; they, render and env run nothing."""
    manifest = before(ground, "touch ran", more='timeout = "90s"\non_restart = true')
    ground.template("t", "other.j2")
    shown = "sh -c touch ran (at most 90 s, at restarts too)"
    plan = ground.verb(api, "plan", "--manifest", manifest, "--", "true")
    assert f"before: {shown}\n" in plan.out, plan
    plan = ground.verb(api, "plan", "--json", "--manifest", manifest, "--", "true")
    assert json.loads(plan.out)["before"] == [
        {"command": ["sh", "-c", "touch ran"], "timeout_seconds": 90.0, "on_restart": True}
    ]
    doctor = ground.verb(api, "doctor", "--manifest", manifest, "--", "true")
    assert f"before          {shown}\n" in doctor.out, doctor
    other = str(ground.inputs / "other.j2")
    for words in (("render", other), ("env",), ("manifest", "check", manifest)):
        options = () if words[0] == "manifest" else ("--manifest", manifest)
        ran = ground.verb(api, *words, *options)
        assert ran.code == 0, ran
    assert not (ground.inputs / "ran").exists()
    missing = ground.manifest('[[before]]\ncommand = ["no-such-program"]\n')
    assert ground.verb(api, "plan", "--manifest", str(missing), "--", "true").code == 65
    doctor = ground.verb(api, "doctor", "--manifest", str(missing), "--", "true")
    assert "(before-failed)" in doctor.out, doctor
    assert ground.verb(api, "env", "--manifest", str(missing)).code == 0


def test_its_time_is_a_phase_of_the_start(ground, api):
    """Of those that [report] tells."""
    manifest = before(ground, "true", top="[report]\nmetrics = true\n")
    ran = ground.launch(api, "--manifest", manifest)
    assert ran.code == 0, ran
    api.wait_for(1, "/v1/monitoring/metrics")
    [asked] = api.asked("/v1/monitoring/metrics")
    phases = [each["labels"].get("phase") for each in json.loads(asked.body)]
    assert phases[4:7] == ["apply", "before", "total"]


def test_grace_is_theirs_without_init_too(ground, api):
    """So nobody is told that it has no effect; of a drain that is said."""
    manifest = before(ground, "true", top='[process]\ngrace = "3s"\n')
    ran = ground.launch(api, "--manifest", manifest)
    assert (ran.code, "no effect" in ran.err) == (0, False), ran
    ran = ground.launch(api, "--manifest", manifest, "--drain", "1s")
    assert "warning: --drain and --signal-map have no effect without --init" in ran.err, ran
