"""The process that makes keystores: what it is given, who can see it, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from cycle_exec.errors import DeadlinePassed, Refused
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.system import memory, signals
from cycle_exec.system.crypto import keystore, keystore_process
from cycle_exec.system.exec import prctl, process
from tests.support import issued, seccomp
from tests.support.hostile import hostile
from tests.support.launching import Ground
from tests.support.waiting import until

PASSWORD = "c4n4ry-password"
MANIFEST = """
[certificates]
directory = "@/certificates"
formats = ["pem", "pkcs12"]
password_from = "STORE"
"""


@pytest.fixture(autouse=True)
def _ends():
    """No test leaves a process or a descriptor."""
    before = sorted(os.listdir("/proc/self/fd"))
    yield
    keystore_process.end()
    assert sorted(os.listdir("/proc/self/fd")) == before
    assert children(os.getpid()) == []


def made(old: bytes | None = None, privkey: str = "") -> bytes | str:
    key, chain = issued.key_pem(issued.key()), issued.pem(issued.leaf("a.test"))
    held = None if old is None else SecretBytes(old)
    return keystore_process.made(held, "a.test", privkey or key, chain, Secret(PASSWORD))


def children(parent: int) -> list[int]:
    """Processes that this one has started, and those that they have."""
    try:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [each for pid in map(int, found) for each in (pid, *children(pid))]


def endless() -> bytes:
    """A keystore that takes hours to open: its MAC has 2,147,483,647 rounds."""
    found = made()
    assert isinstance(found, bytes)
    old = bytearray(found)
    assert old[-4:] == b"\x02\x02\x08\x00"
    ends = [
        at
        for at in range(4, len(old))
        if old[at] == 0x30 and old[at + 1] < 0x80 and at + 2 + old[at + 1] == len(old)
    ]
    old[-4:] = b"\x02\x04\x7f\xff\xff\xff"
    old[ends[0] + 1] += 2
    old[2:4] = (int.from_bytes(old[2:4], "big") + 2).to_bytes(2, "big")
    return bytes(old)


def test_it_makes_what_the_library_makes():
    """One process for all of them: a good file, the same file again, and words for a bad key."""
    first = made()
    assert isinstance(first, bytes)
    assert pkcs12.load_pkcs12(first, PASSWORD.encode()).key is not None
    [pid] = children(os.getpid())
    assert made(first) == first
    assert made(privkey="c4n4ry") == "its key or chain is of a kind that keystores do not support"
    assert children(os.getpid()) == [pid]


def test_nothing_secret_is_in_its_arguments_or_environment():
    """Nobody else's process can look into it; that it dies first is no harm."""
    made()
    [pid] = children(os.getpid())
    entries = {name: Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")}
    assert entries["environ"] == b"OPENSSL_CONF=\0"
    assert b"c4n4ry" not in entries["cmdline"]
    assert b"PRIVATE KEY" not in entries["cmdline"]
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
    descriptors = os.listdir(f"/proc/{pid}/fd")
    assert sorted(descriptors) == ["0", "1", "2"]
    # A process that is not dumpable belongs to root, whoever runs it.
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGKILL, "it was killed, as the kernel does where a container's memory is full"),
        (signal.SIGABRT, "it was ended by SIGABRT"),
        (signal.SIGSEGV, "it was ended by SIGSEGV"),
    ],
)
def test_its_sudden_end_is_a_refusal(number, words):
    """And the next call has another process."""
    made()
    [pid] = children(os.getpid())
    os.kill(pid, number)
    with pytest.raises(Refused) as caught:
        made()
    [problem] = caught.value.problems
    expected = ("target-failed", "certificates.formats pkcs12")
    assert (problem.kind, problem.subject) == expected
    assert problem.reason == f"the process that makes keystores: {words}"
    assert caught.value.code == 73
    assert isinstance(made(), bytes)


@pytest.mark.parametrize(
    ("code", "said", "kind", "words"),
    [
        (12, "MemoryError", "target-failed", "out of memory"),
        (24, "OSError", "target-failed", "too many files are open"),
        (-6, "memory allocation of 32 bytes failed\n", "target-failed", "out of memory"),
        (127, "x: failed to map segment from shared object", "target-failed", "out of memory"),
        (70, "KeyError", "internal", "unexpected KeyError"),
        (1, "c4n4ry of somebody else", "internal", "it has ended without an answer"),
        (None, "", "internal", "it has ended without an answer"),
    ],
)
def test_the_cause_is_named(code, said, kind, words):
    """A library's own text is looked into, and never shown."""
    problem = keystore_process._failure(code, said)
    assert (problem.kind, problem.reason) == (kind, f"the process that makes keystores: {words}")


def test_the_deadline_ends_it_and_is_told(monkeypatch):
    """Also while the library hears nothing."""
    old = endless()
    monkeypatch.setattr(signals, "GRACE", 0.0)
    armed = signals.arm(0.2)
    try:
        with pytest.raises(Refused) as caught:
            made(old)
    finally:
        armed.disarm()
    [problem] = caught.value.problems
    assert problem.kind == DeadlinePassed.problem.kind
    words = "the process that makes keystores was not ready before the deadline"
    assert problem.reason == words
    assert len(children(os.getpid())) == 2
    before = children(os.getpid())
    keystore_process.end()
    assert until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in before))


def test_a_machine_that_cannot_make_a_process(monkeypatch):
    """With the cause, at the moment when a keystore is wanted."""

    def refuse(*_words, **_more):
        raise BlockingIOError(11, "no")

    monkeypatch.setattr(os, "posix_spawn", refuse)
    with pytest.raises(Refused) as caught:
        made()
    [problem] = caught.value.problems
    assert problem.reason.endswith("the user's or the container's limit of processes is reached")


def test_it_is_not_started_without_enough_room(monkeypatch):
    """The library would abort."""
    monkeypatch.setattr(memory, "_room", lambda: memory.NEEDS["cryptography"] - 1)
    monkeypatch.delitem(sys.modules, "cryptography")
    monkeypatch.setattr(prctl, "belong_to", lambda _: None)
    monkeypatch.setattr(process, "forbid_core_files", lambda: None)
    monkeypatch.setattr(memory, "go_first", lambda: None)
    monkeypatch.setattr(keystore, "ready", lambda: pytest.fail("it was loaded"))
    with pytest.raises(MemoryError):
        keystore_process.serve(1)


def no_processes() -> None:
    """For `before`: no process can be made."""
    seccomp.refuse(("fork", "vfork", "clone", "clone3"), 11)


@pytest.fixture
def ground(tmp_path):
    """Inputs and targets."""
    return Ground(tmp_path)


@pytest.fixture
def api():
    """A platform with a certificate and a password."""
    with hostile(variables={"STORE": PASSWORD}) as platform:
        yield platform


def test_a_launch_without_processes_is_refused(ground, api):
    """Nothing is swapped."""

    ran = ground.launch(api, "--manifest", ground.manifest(MANIFEST), before=no_processes)
    words = "no process can be made for keystores: the user's or the container's limit"
    ground.refused(ran, 73, "target-failed", words)


def test_a_stop_ends_the_launch_and_the_process(ground, api):
    """At once, whatever the library does."""
    assert ground.launch(api, "--manifest", ground.manifest(MANIFEST)).code == 0
    (ground.folder.parent / "started").unlink()
    path = ground.folder / "certificates/app.example.test/keystore.p12"
    path.write_bytes(endless())
    run = ground.start(api, "--manifest", ground.manifest(MANIFEST))
    own = run.process.pid
    assert until(lambda: len(children(own)) == 2)
    both = children(own)
    ran = run.send(signal.SIGTERM).finish()
    ground.stopped(ran, signal.SIGTERM)
    assert until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in both))


def test_the_app_has_no_child_of_ours(ground, api):
    """It would get a signal for it, and a number that it does not know."""
    ran = ground.launch(
        api,
        *("--manifest", ground.manifest(MANIFEST)),
        command=[
            "sh",
            "-c",
            'read found </proc/$$/task/$$/children; echo "$found"; ls /proc/$$/fd',
        ],
    )
    assert (ran.code, ran.out.splitlines()) == (0, ["", "0", "1", "2"]), ran


def test_a_start_without_keystores_needs_no_process(ground, api):
    """So it loses no time."""
    ran = ground.launch(api, "--certificates", f"{ground.folder}/c", before=no_processes)
    assert (ran.code, ground.starts) == (0, 1), ran
