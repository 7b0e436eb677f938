"""G11: 0600 files and 0700 folders at every moment, whatever the umask; wider only when said."""

from __future__ import annotations

import os
import stat
import struct

import pytest

from tests.guarantees.conftest import SCRIPT, manifest
from tests.support import probe

MANIFEST = """
[[templates]]
source = "@/t.j2"
target = "@/new/deep/private"
[[templates]]
source = "@/t.j2"
target = "@/shared/open"
mode = "0644"
[variables.files.PLAIN]
target = "@/old"
[certificates]
directory = "@/certificates"
[dotenv]
target = "@/new/.env"
"""


def mode(path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path, environ, umask):
    """Files 0600, folders 0700, explicit modes as said, an old wide mode is not kept."""
    (tmp_path / "t.j2").write_text("secret")
    (tmp_path / "old").write_text("before")
    (tmp_path / "old").chmod(0o666)
    path = manifest(tmp_path, MANIFEST)
    words = [str(SCRIPT), "--manifest", path, "--", "true"]
    assert probe.start(words, environ, lambda: os.umask(umask)) == 0
    assert {
        name: oct(mode(tmp_path / name))
        for name in ("new", "new/deep", "new/deep/private", "new/.env", "old", "shared/open")
    } == {
        "new": "0o700",
        "new/deep": "0o700",
        "new/deep/private": "0o600",
        "new/.env": "0o600",
        "old": "0o600",
        "shared/open": "0o644",
    }
    for folder, _, files in os.walk(tmp_path / "certificates"):
        assert mode(folder) == 0o700
        assert {mode(os.path.join(folder, name)) for name in files} <= {0o600}


def test_a_staged_file_is_never_wider_than_its_target(tmp_path, environ):
    """Seen by a check command, while everything is staged: mode and folder are final."""
    (tmp_path / "t.j2").write_text("secret")
    path = manifest(
        tmp_path,
        """
[[templates]]
source = "@/t.j2"
target = "@/deep/private"
check = ["/bin/sh", "-c", "stat -c '%a %n' {{ staged }} @/deep > @/seen"]
""",
    )
    words = [str(SCRIPT), "--manifest", path, "--", "true"]
    assert probe.start(words, environ, lambda: os.umask(0)) == 0
    modes = [line.split()[0] for line in (tmp_path / "seen").read_text().splitlines()]
    assert modes == ["600", "700"]


def test_owners_are_set_by_name_and_number(tmp_path, environ):
    """user:group by name or number; new folders belong to the target's owner."""
    (tmp_path / "t.j2").write_text("x")
    path = manifest(
        tmp_path,
        """
[[templates]]
source = "@/t.j2"
target = "@/a/by-name"
owner = "nobody:nogroup"
[[templates]]
source = "@/t.j2"
target = "@/b/by-number"
owner = "1234:4321"
""",
    )
    assert probe.start([str(SCRIPT), "--manifest", path, "--", "true"], environ) == 0
    named, numbered = os.stat(tmp_path / "a/by-name"), os.stat(tmp_path / "b/by-number")
    assert (named.st_uid, named.st_gid) == (65534, 65534)
    assert (numbered.st_uid, numbered.st_gid) == (1234, 4321)
    assert os.stat(tmp_path / "b").st_uid == 1234


# acl(5), as the kernel has it in an attribute: tag, permissions and id of each entry.
_NOBODY = 2**32 - 1
_LISTED = ((1, 7, _NOBODY), (2, 7, 1234), (4, 7, _NOBODY), (16, 7, _NOBODY), (32, 0, _NOBODY))


def test_no_access_control_list_is_inherited(tmp_path, environ):
    """Whoever owns a directory does not let himself in to what root makes there with a mode for
    a group.
    """
    (tmp_path / "t.j2").write_text("secret")
    (tmp_path / "shared").mkdir()
    entries = [struct.pack("<HHI", *entry) for entry in _LISTED]
    listed = struct.pack("<I", 2) + b"".join(entries)
    try:
        os.setxattr(tmp_path / "shared", "system.posix_acl_default", listed)
    except OSError:
        pytest.skip("this file system has no access control lists")
    path = manifest(
        tmp_path,
        """
        [[templates]]
        source = "@/t.j2"
        target = "@/shared/new/deep/file"
        mode = "0640"
        [[templates]]
        source = "@/t.j2"
        target = "@/shared/file"
        mode = "0640"
        [certificates]
        directory = "@/shared"
        mode = "0640"
        """,
    )
    assert probe.start([str(SCRIPT), "--manifest", path, "--", "true"], environ) == 0
    seen = 0
    for folder, folders, files in os.walk(tmp_path / "shared"):
        for name in (*folders, *files):
            made = os.path.join(folder, name)
            if os.path.islink(made):
                continue
            seen += 1
            assert os.listxattr(made) == []
            assert mode(made) == (0o750 if os.path.isdir(made) else 0o640)
    assert seen >= 9
