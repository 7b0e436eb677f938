"""G19: a start from the last good copy happens where it is asked for, and never otherwise."""

import json
import os
import socket
import stat
import time

import pytest

from tests.support.hostile import (
    CERTIFICATES,
    INSTANCES,
    INTEGRATIONS,
    VARIABLES,
    data,
    drop,
    error,
    hang,
    hostile,
)
from tests.support.launching import Ground

HEX = "00112233445566778899aabbccddeeff" * 2
PASSPHRASE = "correct horse battery staple"
MANIFEST = """
[variables.files]
FILE = {{ target = "@/file" }}
[certificates]
directory = "@/pem"
[[integrations]]
identifier = "store"
optional = true
prefix = "S3"
[[templates]]
source = "~/page.j2"
target = "@/page"
[last_good]
path = "@/copy"
{more}
"""
SHOW = 'echo "$PLAIN $S3_SECRET ${CYCLE_EXEC_STALE_SECONDS-fresh} ${COPY_KEY-none}"'
# The API says that it stays so: what else a start could do about it is tried at once. The others
# are asked again until the deadline comes near.
AWAY = error(503, headers={"Retry-After": 3600})
DOWN = {"unhealthy": error(503), "away": AWAY, "dropped": drop, "hangs": hang}
# The last fifth is for what a start does without the API, on a busy machine too.
LONG = "10s"


class Case:
    """A platform, a ground and a manifest with a last good copy."""

    def __init__(self, ground, api):
        self.ground = ground
        self.api = api
        ground.script = SHOW
        ground.always = {"COPY_KEY": HEX}
        ground.template("{{ instances | length }} {{ variables.PLAIN }}")
        self.copy = ground.folder / "copy"
        self.more('key_variable = "COPY_KEY"')

    def more(self, text):
        self.manifest = self.ground.manifest(MANIFEST.format(more=text))

    deadline = "30s"

    def start(self, **more):
        words = ("--manifest", self.manifest, "--deadline", self.deadline)
        return self.ground.launch(self.api, *words, **more)

    def good(self):
        ran = self.start()
        assert (ran.code, ran.out) == (0, "value shh fresh none\n"), ran
        return ran

    def down(self, how=AWAY, *paths):
        for path in paths or (VARIABLES, INTEGRATIONS, CERTIFICATES, INSTANCES):
            self.api.on(path, how)

    def up(self):
        """Everything is answered well again."""
        self.api.off(VARIABLES, INTEGRATIONS, CERTIFICATES, INSTANCES)


@pytest.fixture
def case(tmp_path):
    with hostile(variables={"PLAIN": "value", "FILE": "in a file"}) as api:
        api.on(
            INTEGRATIONS,
            data({"identifier": "store", "vendor": "aws", "name": "s", "auth": {"secret": "shh"}}),
        )
        yield Case(Ground(tmp_path), api)


@pytest.mark.parametrize("how", DOWN)
def test_the_last_good_answers_are_used_where_there_are_none(case, how):
    """Same environment, same files, one warning, and the app is told how old they are."""
    case.good()
    before = case.copy.read_bytes()
    for name in ("file", "page"):
        (case.ground.folder / name).unlink()
    time.sleep(1.1)
    case.down(DOWN[how])
    case.deadline = LONG
    ran = case.start()
    assert ran.code == 0, ran
    words = ran.out.split()
    assert (words[:2], words[3]) == (["value", "shh"], "none")
    assert int(words[2]) >= 1
    warning = (
        f"cycle-exec: warning: the API is unavailable: this is the last good copy, "
        f"{words[2]} s old ({case.copy})"
    )
    assert ran.err.splitlines()[0] == warning
    assert (case.ground.folder / "file").read_text() == "in a file"
    assert (case.ground.folder / "page").read_text().endswith(" value")
    assert case.copy.read_bytes() == before
    assert ran.seconds < 10 + 1


def test_no_socket_at_all(case):
    """A node whose API never came up."""
    case.good()
    missing = {"CYCLE_EXEC_SOCKET": str(case.ground.inputs / "none.sock")}
    case.deadline = LONG
    assert case.start(environ=missing).out.startswith("value shh ")


@pytest.mark.parametrize("path", [VARIABLES, CERTIFICATES, INSTANCES])
def test_one_answer_that_is_missing_makes_all_of_them_old(case, path):
    """Never a mixture: what a template needs counts as well."""
    case.good()
    case.api.world.variables = {"PLAIN": "newer", "FILE": "newer"}
    case.down(AWAY, path)
    ran = case.start()
    assert ran.out.startswith("value shh "), ran
    assert (case.ground.folder / "file").read_text() == "in a file"


def test_the_next_good_start_is_fresh_again(case):
    """And renews the copy."""
    case.good()
    case.down()
    assert case.start().code == 0
    before = case.copy.read_bytes()
    case.up()
    case.api.on(INTEGRATIONS, error(404))
    ran = case.start()
    assert (ran.code, ran.out) == (0, "value  fresh none\n"), ran
    assert case.copy.read_bytes() != before
    case.down()
    assert case.start().out.startswith("value  ")


def test_without_the_table_nothing_is_kept_or_used(case):
    """Degraded only on request."""
    case.good()
    text = case.manifest.read_text()
    case.manifest.write_text(text[: text.index("[last_good]")])
    before = case.copy.read_bytes()
    case.down()
    ran = case.start()
    assert (ran.code, ran.out) == (69, ""), ran
    assert case.copy.read_bytes() == before
    case.copy.unlink()
    case.up()
    case.api.on(INTEGRATIONS, error(404))
    assert case.start().code == 0
    assert not case.copy.exists()


def test_the_copy_is_encrypted_and_private(case):
    """0600 under any umask, replaced as a whole, and nothing of a secret is in it."""
    case.ground.launch(case.api, "--manifest", case.manifest, before=lambda: os.umask(0))
    found = case.copy.stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    content = case.copy.read_bytes()
    for secret in (*case.api.secrets(), "shh", "value", HEX, "PLAIN"):
        assert secret.encode() not in content
    before = found.st_ino
    case.good()
    assert case.copy.stat().st_ino != before
    assert case.copy.read_bytes()[:60] != content[:60]  # another nonce


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_ends_it(case, status):
    """77, and the copy is gone: who lost the right to ask has lost the answers."""
    case.good()
    case.down(error(status), VARIABLES)
    ran = case.start()
    assert (ran.code, ran.out, ran.kinds[0]) == (77, "", "denied"), ran
    assert f"last good copy {case.copy}: removed, because the API rejected the token" in ran.err
    assert not case.copy.exists()
    case.down()
    assert case.start().code == 69


def test_only_a_copy_of_ours_is_removed(case):
    """A path that names something else by mistake."""
    case.copy.write_text("precious")
    case.down(error(401), VARIABLES)
    assert case.start().code == 77
    assert case.copy.read_text() == "precious"


@pytest.mark.parametrize("wrong", ["malformed", "not found", "not proper"])
def test_any_other_trouble_refuses(case, wrong):
    """The platform is there and says something: that is no reason for old answers."""
    case.good()
    how = {"malformed": b"junk\r\n\r\n", "not found": error(404), "not proper": data("text")}
    case.down(how[wrong], VARIABLES)
    ran = case.start()
    assert (ran.code, ran.out) == (65, ""), ran
    assert case.copy.exists()


def age(case, seconds):
    """Make the copy older, as time would."""
    from cycle_exec.secret import SecretBytes
    from cycle_exec.sources import last_good
    from cycle_exec.system.crypto import encryption

    key = SecretBytes(HEX.encode())
    copy = last_good.parse(encryption.decrypt(key, case.copy.read_bytes()))
    older = copy.replace(created=copy.created - seconds)
    case.copy.write_bytes(encryption.encrypt(key, last_good.encode(older)))


@pytest.mark.parametrize(
    ("limit", "seconds", "starts"),
    [("1h", 3500, True), ("1h", 3700, False), ("24h", 86_300, True), ("24h", -3600, False)],
)
def test_it_is_never_older_than_max_age(case, limit, seconds, starts):
    """Nor from a future, which means that one of the clocks is wrong."""
    case.more(f'key_variable = "COPY_KEY"\nmax_age = "{limit}"')
    case.good()
    age(case, seconds)
    case.down()
    ran = case.start()
    assert ran.code == (0 if starts else 69), ran
    if not starts:
        why = "more than max_age" if seconds > 0 else "in the future"
        assert f"last good copy {case.copy}: it" in ran.err
        assert why in ran.err


def tampered(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


BAD = {
    "another key": (lambda content: content, "the key does not match, or the copy was changed"),
    "a changed body": (lambda content: tampered(content, -20), "or the copy was changed"),
    "a changed tag": (lambda content: tampered(content, -1), "or the copy was changed"),
    "a changed nonce": (lambda content: tampered(content, 45), "or the copy was changed"),
    "a changed salt": (lambda content: tampered(content, 30), "or the copy was changed"),
    "another kind": (lambda content: content.replace(b"\nk", b"\ns", 1), "another kind of key"),
    "cut in the middle": (lambda content: content[: len(content) // 2], "or truncated"),
    "cut in the head": (lambda content: content[:40], "it is truncated"),
    "longer": (lambda content: content + b"x", "or the copy was changed"),
    "empty": (lambda content: b"", "it is not a last good copy"),
    "other bytes": (lambda content: b"x" * 200, "it is not a last good copy"),
}


@pytest.mark.parametrize("how", BAD)
def test_a_copy_that_is_not_as_it_was_encrypted_is_as_if_absent(case, how):
    """69 as without one, and a line that says why."""
    case.good()
    change, why = BAD[how]
    case.copy.write_bytes(change(case.copy.read_bytes()))
    case.down()
    environ = {"COPY_KEY": HEX.replace("0", "1")} if how == "another key" else {}
    ran = case.start(environ=environ)
    assert (ran.code, ran.out) == (69, ""), ran
    assert f"cycle-exec: warning: last good copy {case.copy}: " in ran.err
    assert why in ran.err
    case.ground.silent_about_secrets(ran)


@pytest.mark.parametrize("flaw", ["absent", "folder", "fifo"])
def test_a_copy_that_cannot_be_read(case, flaw):
    """As if absent, and never waited for."""
    if flaw == "folder":
        case.copy.mkdir()
    elif flaw == "fifo":
        os.mkfifo(case.copy)
    case.down()
    ran = case.start()
    assert (ran.code, ran.out) == (69, ""), ran
    assert f"last good copy {case.copy}: " in ran.err


def test_a_copy_that_lacks_an_answer(case):
    """The manifest asks for more than it did: what it does not have cannot be made up."""
    case.good()
    case.manifest.write_text(
        case.manifest.read_text() + '[[integrations]]\nidentifier = "another"\nprefix = "A"\n'
    )
    case.down()
    ran = case.start()
    assert ran.code == 69
    assert (
        f"last good copy {case.copy}: integration another: the copy has no response for it"
        in ran.err
    )


@pytest.mark.parametrize("key", [HEX, PASSPHRASE, "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="])
def test_a_key_from_a_file(case, key):
    """Hex, base64 or a passphrase; a line end is not part of it."""
    (case.ground.inputs / "key").write_text(f"{key}\n")
    case.more('key_file = "~/key"')
    case.ground.always = {}
    case.good()
    case.down()
    assert case.start().out.startswith("value shh ")
    (case.ground.inputs / "key").write_text(f"{key[:-1]}x\n")
    ran = case.start()
    assert ran.code == 69, ran


@pytest.mark.parametrize(
    ("more", "environ", "subject"),
    [
        ('key_file = "/no/such"', {}, "last_good.key_file /no/such: there is no directory /no"),
        ('key_variable = "COPY_KEY"', {"COPY_KEY": "short"}, "variable COPY_KEY: a key has at"),
        ('key_variable = "OTHER"', {}, "variable OTHER: a key has at least 16 bytes, this has 0"),
    ],
)
def test_a_key_that_is_none_refuses_before_the_fetch(case, more, environ, subject):
    """78: it would be found out too late on the day it is needed."""
    case.more(more)
    ran = case.start(environ=environ)
    assert (ran.code, ran.kinds) == (78, ["file-missing"]), ran
    assert subject in ran.err
    assert case.api.requests == []


def test_a_table_without_a_key_is_refused(case):
    """The manifest says so."""
    case.more("")
    ran = case.start()
    assert (ran.code, ran.kinds) == (78, ["manifest-invalid"]), ran
    assert "last_good.key_file or last_good.key_variable is missing" in ran.err


def test_a_copy_that_cannot_be_written_is_no_reason_not_to_start(case):
    """A warning that says why."""
    case.copy.mkdir()
    ran = case.start()
    assert (ran.code, ran.out) == (0, "value shh fresh none\n")
    assert f"last good copy {case.copy}: it could not be written: it is a directory" in ran.err


def test_a_start_that_is_refused_later_keeps_nothing(case):
    """Only a start that was good is a good one: these answers made a template fail."""
    case.ground.template("{{ variables.GONE }}")
    ran = case.start()
    assert ran.code == 65
    assert not case.copy.exists()


def test_the_plan_says_so_and_changes_nothing(case):
    """In text and in JSON; the copy is read, not written, and not removed either."""
    case.good()
    before = (case.copy.read_bytes(), case.copy.stat().st_mtime_ns)
    case.down()
    words = ("plan", "--manifest", case.manifest, "--deadline", LONG)
    shown = case.ground.verb(case.api, *words, "--", "true")
    assert shown.code == 0, shown
    assert "the API is unavailable: this is the last good copy" in shown.out
    assert "CYCLE_EXEC_STALE_SECONDS" in shown.out
    document = json.loads(case.ground.verb(case.api, *words, "--json", "--", "true").out)
    assert document["stale_seconds"] >= 0
    case.down(error(401), VARIABLES)
    assert case.ground.verb(case.api, *words, "--", "true").code == 77
    assert (case.copy.read_bytes(), case.copy.stat().st_mtime_ns) == before


def test_a_fresh_start_below_an_old_one_is_fresh(case):
    """The variable is not inherited, and no warning takes it for a misspelt setting."""
    ran = case.start(environ={"CYCLE_EXEC_STALE_SECONDS": "77"})
    assert ran.out == "value shh fresh none\n"
    assert "STALE" not in ran.err


def test_a_hanging_platform_leaves_time_for_the_rest(case):
    """The whole start keeps its deadline, though all of the fetch was in vain."""
    case.good()
    case.deadline = LONG
    with socket.socket(socket.AF_UNIX) as deaf:
        path = str(case.ground.inputs / "deaf.sock")
        deaf.bind(path)
        deaf.listen(1)
        ran = case.start(environ={"CYCLE_EXEC_SOCKET": path})
    assert ran.out.startswith("value shh "), ran
    assert ran.seconds < 10 + 1
