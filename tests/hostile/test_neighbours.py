"""Whoever owns a directory on the way to a target works against every start, at full speed.

As many starts as in a suite; thousands with CYCLE_EXEC_STARTS=5000.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import leftovers, stage, temporary_names
from tests.support import memory, neighbours
from tests.support.neighbours import USER, decoy, flicker, swap, trap

STARTS = int(os.environ.get("CYCLE_EXEC_STARTS", "150"))
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led astray"),
    pytest.mark.timeout(60 + STARTS),
]


def picture(folder: Path) -> dict[str, tuple[int, ...]]:
    """Everything below that root would notice: kinds, modes, owners, inodes, sizes."""
    found: dict[str, tuple[int, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        info = path.lstat()
        size = info.st_size if stat.S_ISREG(info.st_mode) else 0
        found[str(path)] = (info.st_mode, info.st_uid, info.st_gid, info.st_ino, size)
    return found


@pytest.fixture
def ground() -> Iterator[Path]:
    """A directory of the other user, and one of root with a secret, on one file system."""
    with memory.folder() as path:
        path.chmod(0o755)
        (path / "home").mkdir()
        os.chown(path / "home", USER, USER)
        secret = path / "secret"
        for folder in (secret, secret / "conf", secret / "a.test"):
            folder.mkdir(mode=0o700)
            (folder / "config").write_bytes(b"root's")
            (folder / "key").write_bytes(b"root's")
        (path / "open").mkdir()
        (path / "open").chmod(0o755)
        (path / "open" / "config").write_bytes(b"root's, to read")
        yield path


def writes(home: Path, number: int, owner: int) -> list[FileWrite]:
    """Every kind of target: in a directory that is there, in one to be made, two certificates."""
    content = b"%d\n" % number

    def write(path: str, directory: str = "", domain: str = "") -> FileWrite:
        return FileWrite(
            path=f"{home}/{path}",
            content=content,
            mode=0o600,
            uid=owner,
            gid=owner,
            kind="certificate" if directory else "t",
            directory=f"{home}/{directory}" if directory else "",
            domain=domain,
            member="key" if domain else "",
        )

    plain = [write(name) for name in ("conf/config", "made/deep/config", "plain")]
    pems = [
        write(f"certificates/{domain}/key", "certificates", domain)
        for domain in ("a.test", "b.test")
    ]
    return [*plain, *pems]


def start(targets: list[FileWrite]) -> bool:
    """Whether one start wrote its targets; else it was refused in words."""
    try:
        leftovers.recover([write.path for write in targets], whole=False)
        with stage.Staged(targets) as staged:
            staged.commit()
    except Refused as refused:
        kinds = {problem.kind for problem in refused.problems}
    else:
        return True
    assert kinds <= {"target-refused", "target-failed"}
    return False


Step = Callable[[Path], None]
WAYS: dict[str, Callable[[Path], list[Step]]] = {
    "exchange for a link": lambda path: [swap("conf", "elsewhere"), swap("certificates", "more")],
    "come and go": lambda path: [
        flicker("conf", f"{path}/secret/conf"),
        flicker("made", f"{path}/secret"),
    ],
    "trap what is made": lambda path: [trap(f"{path}/secret"), trap(f"{path}/open/config")],
    "trap generations": lambda path: [
        lambda home: trap(f"{path}/secret")(home / "certificates"),
        lambda home: decoy("roots")(home / "certificates"),
    ],
    "move a directory of root": lambda path: [decoy("roots"), swap("made", "roots")],
}


@pytest.mark.parametrize("owner", [USER, -1], ids=["its own", "root's"])
@pytest.mark.parametrize("way", WAYS)
def test_nobody_wins_a_race(ground: Path, way: str, owner: int) -> None:
    """What belongs to root is as it was, however the other user moves his own names about."""
    home = ground / "home"
    for name in ("conf", "certificates"):
        (home / name).mkdir()
        os.chown(home / name, USER, USER)
    for name, text in (("elsewhere", "secret/conf"), ("more", "secret")):
        (home / name).symlink_to(ground / text)
        os.lchown(home / name, USER, USER)
    roots = [home / "roots", home / "certificates/roots"]
    for folder in roots:
        folder.mkdir(mode=0o700)
        (folder / "file").write_bytes(b"root's")
    kept = [folder.stat().st_ino for folder in roots]
    before = picture(ground / "secret"), picture(ground / "open")
    done = 0
    with neighbours.at_work(home, WAYS[way](ground)):
        for number in range(STARTS):
            done += start(writes(home, number, owner))
            assert (picture(ground / "secret"), picture(ground / "open")) == before
    left = {}
    for path in home.rglob("*"):
        with suppress(OSError):
            left[path.lstat().st_ino] = path
    for inode in kept:
        found = left[inode].lstat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (0, 0o700)
        assert (left[inode] / "file").read_bytes() == b"root's"


def rename(name: str, other: str) -> Callable[[Path], None]:
    """A name becomes another one and back, again and again."""

    def step(home: Path) -> None:
        os.rename(home / name, home / other)
        os.rename(home / other, home / name)

    return step


def test_in_a_directory_of_all_nobody_has_root_remove_what_is_roots(ground: Path) -> None:
    """Whatever it is called there for a moment, in the way of what a killed run has left."""
    shared = ground / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    names = [temporary_names.generation().decode() for _ in range(2)]
    for name in ("important", names[1]):
        (shared / name).mkdir(mode=0o700)
        (shared / name / "file").write_bytes(b"root's")
    kept = {(shared / name / "file").stat().st_ino for name in ("important", names[1])}
    steps = [rename("important", names[0]), swap("important", names[1])]
    done = 0
    with neighbours.at_work(shared, steps):
        for number in range(STARTS):
            done += start(
                [
                    FileWrite(
                        path=f"{shared}/a.test/key",
                        content=b"%d" % number,
                        mode=0o600,
                        kind="certificate",
                        directory=str(shared),
                        domain="a.test",
                        member="key",
                    )
                ]
            )
    assert done > STARTS / 2
    left = {path.stat().st_ino for path in shared.rglob("file")}
    assert left == kept


def test_it_works_where_nobody_is_at_work(ground: Path) -> None:
    """The same targets, in the same directories, without the neighbour."""
    home = ground / "home"
    for number in range(3):
        assert start(writes(home, number, USER))
    assert (home / "certificates/b.test/key").read_bytes() == b"2\n"
