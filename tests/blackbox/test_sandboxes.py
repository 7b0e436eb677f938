"""Sandboxes and bare images: it works without what they lack, or is refused in words."""

from __future__ import annotations

import errno
import os
import resource

import pytest

from tests.support import machine, seccomp
from tests.support.hostile import data, hostile
from tests.support.launching import Ground, launch

EVERYTHING = (
    *("prctl", "prlimit64", "setrlimit", "memfd_create", "flock", "close_range", "pidfd_open"),
    *("capget", "capset", "pwritev2"),
)
MANIFEST = '[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\ncheck = ["true"]\n'
ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def api():
    """A platform with a large variable that accepts every login."""
    variables = {"PLAIN": "x", "LARGE": "y" * 6_000_000}
    with hostile(variables=variables) as platform:
        platform.on("/v1/vpn/login", data(True))
        yield platform


@pytest.fixture
def ground(tmp_path):
    """Inputs and targets."""
    found = Ground(tmp_path)
    found.template("{{ variables.PLAIN }}")
    return found


def manifest(ground: Ground) -> str:
    """One file with a check; the large variable is not exported."""
    return str(ground.manifest(f'[variables]\nexclude = ["LARGE"]\n{MANIFEST}'))


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
@pytest.mark.parametrize("calls", [*((name,) for name in EVERYTHING), EVERYTHING], ids=",".join)
def test_a_start_without_these_calls(ground, api, calls, number):
    """Files with a check are written, and the app starts, also as another user."""
    user = ("--user", "65534:65534") if ROOT else ()
    before = seccomp.with_refusal(*calls, number=number)
    ran = ground.launch(api, "--manifest", manifest(ground), *user, command=["true"], before=before)
    assert ran.code == 0, ran
    assert (ground.folder / "page").read_text() == "x"


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_a_supervisor_and_a_hook_without_them(ground, api, tmp_path, number):
    """The same."""
    before = seccomp.with_refusal(*EVERYTHING, number=number)
    for option in ("--init", "--reload"):
        words = ("--manifest", manifest(ground), option)
        ran = ground.launch(api, *words, command=["true"], before=before)
        assert ran.code == 0, ran
    (tmp_path / "token").write_text(api.token)
    (tmp_path / "up").write_text("alice\npassword\n")
    hook = ["vpn-auth", "--socket", api.socket, "--token-file", str(tmp_path / "token")]
    ran = launch([*hook, str(tmp_path / "up")], {}, before=before)
    assert ran.code == 0, ran


@pytest.mark.skipif(not ROOT, reason="only root mounts what everyone sees")
@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ("mount -t tmpfs -o ro none /dev/shm", "read-only"),
        # Enough for a start of little, which this is not.
        ("mount -t tmpfs -o size=4096 none /dev/shm", "no space is left"),
    ],
)
def test_no_memory_for_the_start_of_the_app(ground, api, mount, words):
    """Where it is handed on in shared memory, and there is none: refused before the swap."""
    machine.need_mounts()
    ground.through = (*machine.MOUNTS, "sh", "-c", f'{mount}; exec "$@"', "sh", *ground.through)
    before = seccomp.with_refusal("memfd_create")
    options = ("--manifest", manifest(ground), "--reload")
    ran = ground.launch(api, *options, before=before)
    ground.refused(ran, 73, "target-failed", "--reload: what the app is started with", words)
    assert "fix: allow the system call memfd_create, or mount a /dev/shm" in ran.err


def test_no_new_privs_that_cannot_be_had(ground, api):
    """Is refused before anything is written."""
    before = seccomp.with_refusal("prctl")
    words = ("--manifest", manifest(ground), "--no-new-privs")
    ran = ground.launch(api, *words, before=before)
    ground.refused(ran, 78, "user-refused", "process.no_new_privs: the kernel does not allow it")


@pytest.mark.skipif(not ROOT, reason="only root mounts what everyone sees")
@pytest.mark.parametrize("hidden", ["/proc", "/dev", "/proc /dev"])
@pytest.mark.parametrize("options", [(), ("--init",), ("--user", "65534:65534")])
def test_bare_images(ground, api, hidden, options):
    """Without /proc and /dev the app starts; a check has nothing to write to without /dev/null."""
    machine.need_mounts()
    hide = f'for it in {hidden}; do mount -t tmpfs none "$it"; done; exec "$@"'
    ground.through = (*machine.MOUNTS, "sh", "-c", hide, "sh", *ground.through)
    without_check = MANIFEST.replace('check = ["true"]\n', "")
    text = f'[variables]\nexclude = ["LARGE"]\n{without_check}'
    words = ("--manifest", str(ground.manifest(text)), *options)
    ran = ground.launch(api, *words, command=["true"])
    assert ran.code == 0, ran
    assert (ground.folder / "page").read_text() == "x"
    ran = ground.launch(api, "--manifest", manifest(ground), *options, command=["true"])
    if "/dev" in hidden:
        assert (ran.code, ran.kinds) == (65, ["check-failed"]), ran
        assert "/dev/null" in ran.err
    else:
        assert ran.code == 0, ran


@pytest.mark.skipif(not ROOT, reason="only root mounts what everyone sees")
@pytest.mark.parametrize(
    ("mount", "kind", "words"),
    [
        ("mount -t tmpfs none $0; mount -o remount,ro $0", "target-refused", "read-only"),
        ("mount -t tmpfs -o nr_inodes=1 none $0", "target-failed", "no space is left"),
        (
            "mount -t tmpfs -o size=4096 none $0; head -c 4096 /dev/zero >$0/full",
            "target-failed",
            "no space is left",
        ),
    ],
)
def test_no_room_for_files(ground, api, mount, kind, words):
    """73, and the app is not started."""
    machine.need_mounts()
    ground.through = (
        *(*machine.MOUNTS, "sh", "-c", f'{mount}; exec "$@"', str(ground.folder)),
        *ground.through,
    )
    ran = ground.launch(api, "--manifest", manifest(ground))
    ground.refused(ran, 73, kind, words, staged=True)


@pytest.mark.parametrize("megabytes", [15, 17, 19, 22])
def test_a_limit_of_address_space(ground, api, megabytes):
    """The large variable does not fit: refused in words, nothing changed."""
    limit = megabytes << 20
    before = lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))  # noqa: E731
    ran = ground.launch(api, "--manifest", manifest(ground), before=before)
    ground.refused(ran, 73, "target-failed", "out of memory")
