import grp
import os
import pwd

import pytest

from cycle_exec.system.exec import identity
from tests.support import probe

ME = pwd.getpwuid(os.geteuid())
MY_GROUP = grp.getgrgid(ME.pw_gid)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (ME.pw_name, (ME.pw_uid, -1)),
        (f"{ME.pw_name}:{MY_GROUP.gr_name}", (ME.pw_uid, MY_GROUP.gr_gid)),
        (f":{MY_GROUP.gr_name}", (-1, MY_GROUP.gr_gid)),
        ("4711", (4711, -1)),
        ("4711:0", (4711, 0)),
        (":4712", (-1, 4712)),
        ("4294967294", (4294967294, -1)),
    ],
)
def test_owners_are_read_as_chown_reads_them(text, ids):
    """Names or numbers, either half alone leaves the other."""
    assert identity.owner(text) == ids


@pytest.mark.parametrize(
    "text",
    ["", ":", "root:", "nobody-here", ":nobody-here", "-1", "4294967295", "1" * 5000, "a\0b", "٣"],
)
def test_what_is_no_owner_is_refused(text):
    """An unknown name, a number the kernel keeps for itself, a colon without a group."""
    with pytest.raises(identity.UnknownOwner):
        identity.owner(text)


def test_resolve_gives_every_owner_and_every_problem():
    """Each text once; the empty one changes nothing."""
    found, problems = identity.resolve(["", "no-a", str(os.geteuid()), "no-b", "no-a"])
    assert found == {"": (-1, -1), str(os.geteuid()): (os.geteuid(), -1)}
    assert [(problem.kind, problem.subject) for problem in problems] == [
        ("owner-unknown", "owner no-a"),
        ("owner-unknown", "owner no-b"),
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_who_may_not_give_files_away_is_told_before_the_fetch(tmp_path):
    """Own ids and own groups pass without privileges, others need CAP_CHOWN."""

    def body():
        _, problems = identity.resolve(["1234", "1234:1234", ":77", "1234:78", "0"])
        return [(problem.kind, problem.subject) for problem in problems]

    assert probe.as_user(1234, tmp_path, body) == str(
        [("target-refused", "owner 1234:78"), ("target-refused", "owner 0")]
    )
