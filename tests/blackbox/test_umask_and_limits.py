"""What the command gets by [process]: umask and resource limits, and limits that are refused."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.launching import PATH, SCRIPT, Ran, Running
from tests.support.probe import command, report

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
MODES = [(), ("--init",), ("--reload",)]
IDS = ["plain", "init", "reload"]
MOST_FILES = int(Path("/proc/sys/fs/nr_open").read_text())


def launched(api, public, *options: str, words=("true",), through=(), before=None, **more) -> Ran:
    """A launch that would write a file."""
    (public / "page.j2").write_text("{{ variables.PLAIN }}")
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket, **more}
    page = ("--template", f"{public}/page.j2:{public}/page")
    start = (*through, str(SCRIPT))
    return Running((*options, *page, "--", *words), environ, through=start, before=before).finish()


def limits(text: str) -> dict[str, tuple[str, str]]:
    """/proc/PID/limits: soft and hard by the kernel's name."""
    rows = (line[:26].strip() + "|" + line[26:] for line in text.splitlines()[1:])
    return {
        name: (words.split()[0], words.split()[1])
        for name, _, words in (r.partition("|") for r in rows)
    }


@pytest.mark.parametrize("mode", MODES, ids=IDS)
@pytest.mark.parametrize("user", [(), pytest.param(("--user", "nobody"), marks=as_root)])
def test_the_command_has_them(api, public, mode, user):
    """All that are given and no other; a hard limit stays where it can."""
    (public / "out").mkdir()
    (public / "out").chmod(0o777)
    before = limits(Path("/proc/self/limits").read_text())
    options = (
        *("--umask", "0137", "--limit", "nofile=100", "--limit", "core=0:4096"),
        *("--limit", "fsize=1048576:1048576", *mode, *user),
    )
    found = launched(api, public, *options, words=command(f"{public}/out/report"))
    assert found.code == 0, found
    told = report((public / "out" / "report").read_text())
    assert told.umask == 0o137
    assert (public / "out" / "report").stat().st_mode & 0o777 == 0o640
    changed = {
        "Max open files": ("100", before["Max open files"][1]),
        "Max core file size": ("0", "4096"),
        "Max file size": ("1048576", "1048576"),
    }
    assert limits(told.limits) == before | changed
    # Ours were the inherited ones.
    assert (public / "page").stat().st_mode & 0o777 == 0o600


def test_every_limit_has_its_name(api, public):
    """As getrlimit(2) names them in capitals; those of now can be set always."""
    given = []
    for name in sorted(vars(resource)):
        if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE":
            soft, hard = resource.getrlimit(getattr(resource, name))
            told = ":".join("unlimited" if each == -1 else str(each) for each in (soft, hard))
            given += ["--limit", f"{name.removeprefix('RLIMIT_').lower()}={told}"]
    assert len(given) // 2 >= 15
    words = command(f"{public}/report")
    found = launched(api, public, *given, "--limit", "locks=unlimited", words=words)
    assert found.code == 0, found
    ours = limits(Path("/proc/self/limits").read_text())
    assert limits(report((public / "report").read_text()).limits) == ours


def refused(ran: Ran, public: Path, *words: str) -> None:
    """78, one problem, and nothing written."""
    assert (ran.code, ran.kinds, ran.out) == (78, ["limit-refused"], ""), ran
    for word in words:
        assert word in ran.err, ran
    assert not (public / "page").exists()


def lowered() -> None:
    """As an orchestrator does it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))


@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_a_limit_that_cannot_be_raised(api, public, mode):
    """The hard limit, and what it takes to raise it; the same limit is fine."""
    weak = ("setpriv", "--bounding-set=-sys_resource") if os.geteuid() == 0 else ("env",)
    ran = launched(api, public, *mode, "--limit", "nofile=600", through=weak, before=lowered)
    refused(ran, public, "process.limits nofile: the hard limit is 512, and to raise it takes the")
    assert "give at most 512" in ran.err
    ran = launched(api, public, *mode, "--limit", "nofile=512", through=weak, before=lowered)
    assert ran.code == 0, ran


@as_root
@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_a_limit_that_root_raises(api, public, mode):
    """For a user, too, who could not."""
    machine.need_raised_limits()
    words = ("sh", "-c", "ulimit -n; ulimit -Hn")
    options = (*mode, "--limit", "nofile=600", "--user", "nobody")
    ran = launched(api, public, *options, words=words, before=lowered)
    assert (ran.code, ran.out) == (0, "600\n600\n"), ran


def test_what_no_kernel_gives(api, public):
    """More open files than fs.nr_open; a soft limit over its hard one."""
    ran = launched(api, public, "--limit", "nofile=unlimited")
    refused(ran, public, f"no process have more than {MOST_FILES} open files (fs.nr_open)")
    ran = launched(api, public, "--limit", "cpu=unlimited:7")
    refused(ran, public, "its soft limit unlimited is over its hard limit 7")


@as_root
def test_a_user_namespace_gives_no_more(api, public):
    """There root has the capability, and the kernel asks for the host's."""
    machine.need_mounts()
    through = (machine.program("unshare"), "--user", "--map-root-user")
    ran = launched(api, public, "--limit", "nofile=600", through=through, before=lowered)
    refused(ran, public, "SYS_RESOURCE of the host, not of a user namespace")


def test_a_limit_of_the_stack_counts_for_what_execve_takes(api, public):
    """Too small for the arguments: known before the swap."""
    big = {f"BIG_{number}": "x" * 100_000 for number in range(3)}
    ran = launched(api, public, "--limit", "stack=262144", **big)
    assert (ran.code, ran.kinds) == (126, ["arguments-too-long"]), ran
    assert not (public / "page").exists()
    assert launched(api, public, "--limit", "stack=8388608", **big).code == 0


@as_root
@pytest.mark.parametrize("mode", MODES, ids=IDS)
def test_a_limit_of_processes(api, public, mode):
    """The command is started with it, and cannot start another."""
    options = (*mode, "--limit", "nproc=0", "--user", "61999:61999")
    words = ("sh", "-c", "echo up; true & wait")
    ran = launched(api, public, *options, words=words)
    assert ran.out == "up\n", ran
    assert ran.code == 2, ran
    assert "ork" in ran.err, ran


def test_plan_and_doctor_show_them(api, public):
    """In words and in JSON; without a command nothing is tried."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    given = ("--umask", "022", "--limit", "core=0:unlimited", "--drain", "90s")
    found = Running(("plan", *given, "--", "true"), environ).finish()
    assert "umask: 0022\nlimits: core=0:unlimited\ndrain: 90 s\n" in found.out, found
    found = Running(("plan", "--json", *given, "--", "true"), environ).finish()
    document = json.loads(found.out)
    assert document["umask"] == "0022"
    assert document["limits"] == {"core": {"soft": "0", "hard": "unlimited"}}
    assert document["drain_seconds"] == 90.0
    found = Running(("doctor", *given, "--", "true"), environ).finish()
    assert "limits          core=0:unlimited\n" in found.out, found
    assert "drain           90 s: without init it has no effect\n" in found.out, found
    found = Running(("doctor", "--limit", "nofile=unlimited", "--", "true"), environ).finish()
    assert found.code == 78, found
    assert "(limit-refused)" in found.out, found
    found = Running(("env", "--limit", "nofile=unlimited"), environ).finish()
    assert found.code == 0, found


def test_manifest_check_finds_what_cannot_be(api, public):
    """Without any platform."""
    (public / "m.toml").write_text("[process]\nlimits.nofile = { soft = 2, hard = 1 }\n")
    found = Running(("manifest", "check", f"{public}/m.toml"), {"PATH": PATH}).finish()
    assert (found.code, found.kinds) == (78, ["limit-refused"]), found
