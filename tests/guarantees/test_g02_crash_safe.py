"""G2: after SIGKILL at any moment a run's targets are whole, and the next start makes them one set.

The set: plain files in two folders, one of them new each time, and a directory of certificates.
Every file says which set it belongs to, so that a mixture shows.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import leftovers as mending
from cycle_exec.system.targets import stage
from cycle_exec.system.targets.calls import Calls
from tests.support import memory
from tests.support.hostile import data, error, hostile
from tests.support.launching import Ground
from tests.support.leftovers import leftovers

PLAIN = ("one", "two", "below/three")
PEMS = ("a.test/privkey.pem", "a.test/cert.pem", "b.test/privkey.pem", "b.test/cert.pem")


def the_set(folder, tag):
    """Every target of the run with this tag; sizes differ from set to set."""
    content = f"{tag}\n".encode() * (50 + tag % 7)
    plain = [
        FileWrite(path=f"{folder}/{name}", content=content, mode=0o600, kind="t") for name in PLAIN
    ]
    pems = [
        FileWrite(
            path=f"{folder}/pems/{name}",
            content=content,
            mode=0o600,
            kind="certificate",
            directory=f"{folder}/pems",
            domain=name.partition("/")[0],
            member=name.partition("/")[2],
        )
        for name in PEMS
    ]
    return [*plain, *pems]


def apply(folder, tag, calls=None):
    with stage.Staged(the_set(folder, tag), calls) as staged:
        staged.commit()


def tags(folder, names):
    """The sets that these files belong to, each file whole; None for one that is not there."""
    found: set[int | None] = set()
    for name in names:
        path = Path(folder) / name
        if not path.exists():
            found.add(None)
            continue
        content = path.read_bytes()
        tag = int(content[: content.index(b"\n")])
        assert content == f"{tag}\n".encode() * (50 + tag % 7), f"{name} is torn"
        assert path.stat().st_mode & 0o777 == 0o600
        found.add(tag)
    return found


def everything(folder):
    return tags(folder, [*PLAIN, *(f"pems/{name}" for name in PEMS)])


def after_the_next_start(folder):
    """What its first step does, before it asks anybody for anything."""
    paths = [f"{folder}/{name}" for name in PLAIN]
    mending.recover(paths, directories=[f"{folder}/pems"])
    return everything(folder)


def killed(folder, tag, seconds=None, calls=None):
    """Whether a child was killed while it wrote this set."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            apply(folder, tag, calls)
            code = 0
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL)
    return code != 0


@pytest.fixture
def ground(request, tmp_path):
    """A folder on the disk for the first part of a test, in memory for the others, which is fast
    enough for thousands of kills."""
    if request.node.callspec.params.get("part") == 0:
        yield tmp_path
    else:
        with memory.folder() as path:
            yield path


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(4))
def test_a_kill_at_a_random_moment(ground, part):
    """Thousands of them: each certificate is of one set at once, all files of one after the
    next start, and the run after it leaves nothing over."""
    chance = random.Random(part)
    apply(ground, 0)
    began = time.monotonic()
    apply(ground, 1)
    usual = time.monotonic() - began
    kills, last, tag, window = 0, 1, 1, 1.5 * usual
    # A disk makes each of them a hundred times as long.
    while kills < (40 if part == 0 else 400):
        tag += 1
        if not killed(ground, tag, chance.uniform(0, window)):
            last = tag
            window *= 0.99  # so that enough of them hit on any machine
            continue
        kills += 1
        for domain in ("a.test", "b.test"):
            of_one = [f"pems/{name}" for name in PEMS if name.startswith(domain)]
            assert len(tags(ground, of_one)) == 1
        assert everything(ground) <= {last, tag}
        found = after_the_next_start(ground)
        assert found in ({last}, {tag}), found
        last = found.pop()
    apply(ground, 100_000)
    assert (everything(ground), leftovers(ground)) == ({100_000}, [])


class Killing(Calls):
    """Calls of which the at-th, whichever it is, is the last thing that this process does."""

    def __init__(self, at):
        used = iter(range(1, 100_000))
        for name in [name for name in vars(Calls) if not name.startswith("_")]:
            setattr(self, name, self._deadly(getattr(Calls, name), used, at))

    @staticmethod
    def _deadly(original, used, at):
        def call(*positional, **named):
            number = next(used)
            try:
                return original(*positional, **named)
            finally:
                if number == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize("part", range(4))
def test_a_kill_at_every_system_call(ground, first, part):
    """At the first start nothing is there yet, so all old means that nothing is there."""
    at = part
    while True:
        at += 4
        folder = ground / str(at)
        folder.mkdir()
        old = None
        if not first:
            old = 1
            apply(folder, 1)
        if not killed(folder, 2, calls=Killing(at)):
            break
        assert everything(folder) <= {old, 2}
        assert len(tags(folder, [f"pems/{name}" for name in PEMS])) == 1
        found = after_the_next_start(folder)
        assert found in ({old}, {2}), at
        apply(folder, 3)
        assert (everything(folder), leftovers(folder)) == ({3}, []), at
    assert at > 90


def test_a_kill_while_the_next_start_mends(tmp_path):
    """It may be killed at any call, too: the start after it goes on where it was."""
    at = 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        apply(folder, 1)
        leave_half_done(folder, 2)
        child = os.fork()
        if child == 0:
            try:
                from cycle_exec.system.targets import recovery

                folders = [os.fsencode(folder / name) for name in ("", "pems", "below")]
                recovery.Recovery(Killing(at), whole=True).replay(folders, folders, ())
                os._exit(0)
            finally:
                os._exit(1)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            break
        assert everything(folder) <= {1, 2}
        assert after_the_next_start(folder) == {2}, at
    assert at > 10


def leave_half_done(folder, tag):
    """Killed after the second rename of the swap: the journal's, the generation's, the first."""
    calls = Calls()
    used = iter(range(1, 1000))

    def replace(*positional, **named):
        os.replace(*positional, **named)
        if next(used) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    calls.replace = replace
    assert killed(folder, tag, calls=calls)
    assert everything(folder) == {1, tag}


def test_a_run_that_was_killed_while_it_took_back_is_taken_back(tmp_path):
    """A swap failed, and the process was killed on the way back."""
    for at in range(1, 6):
        folder = tmp_path / str(at)
        folder.mkdir()
        apply(folder, 1)
        calls = Calls()
        used = iter(range(1, 1000))

        def replace(source, target, *, calls=calls, used=used, at=at, **named):
            if target == b"two":
                calls.failed = True
                raise OSError(5, "injected")
            os.replace(source, target, **named)
            if getattr(calls, "failed", False) and next(used) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        calls.replace = replace  # type: ignore[assignment]
        child = os.fork()
        if child == 0:
            try:
                apply(folder, 2, calls)
            finally:
                os._exit(1)
        os.waitpid(child, 0)
        assert after_the_next_start(folder) == {1}, at
        apply(folder, 3)
        assert (everything(folder), leftovers(folder)) == ({3}, [])


MANIFEST = """
[variables.files]
ONE = { target = "@/one" }
TWO = { target = "@/below/two" }
[[templates]]
source = "~/t.j2"
target = "@/three"
"""


def test_a_start_that_was_killed_is_finished_by_one_that_finds_no_platform(tmp_path):
    """The real program: killed at random moments, then started while the API is down. It refuses,
    and all the same its files are one set."""
    chance = random.Random(5)
    ground = Ground(tmp_path)
    (ground.inputs / "t.j2").write_text("{{ variables.ONE }}")
    manifest = ground.manifest(MANIFEST)
    names = ("one", "below/two", "three")
    seen, kills = set(), 0
    with hostile(variables={}) as api:
        path = "/v1/environment/scoped-variables"
        for tag in range(40):
            api.on(path, data({"ONE": f"{tag}", "TWO": f"{tag}"}))
            running = ground.start(api, "--manifest", manifest)
            time.sleep(chance.uniform(0.02, 0.25))
            running.process.kill()
            kills += running.finish().code == -signal.SIGKILL
            api.on(path, error(503))
            ran = ground.launch(api, "--manifest", manifest, "--deadline", "50ms")
            assert ran.code == 69, ran
            found = {
                (ground.folder / name).read_text() if (ground.folder / name).exists() else None
                for name in names
            }
            assert len(found) == 1, found
            seen |= found
    assert len(seen) > 1
    assert kills > 0
