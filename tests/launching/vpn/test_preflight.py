"""[vpn] of a launch: the hook is judged and tried before anything is changed or started."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.hostile import VARIABLES, after, data, error, hang, hostile, reply
from tests.support.launching import Ground

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root sees what others may do")

LOGIN = "/v1/vpn/login"
UNKNOWN = reply(403, {"data": False})
OURS = """#!/bin/sh
[ "$1" = vpn-auth ] || exit 64
for word; do
    if [ "$file" = --token-file ]; then token=$word; fi
    file=$word
done
[ "$(cat "$token")" = "$(cat "@/expected")" ] || exit 9
"""
SAYS_NO = (
    "echo 'cycle-exec: vpn-auth: rejected: the platform did not accept the username "
    "and password' >&2; exit 1"
)


class Place:
    """A server's folder, that everybody may enter: a hook, a tmp-dir of nobody, a config."""

    def __init__(self, folder: Path, api) -> None:
        self.folder, self.api = folder, api
        self.hook = folder / "hook"
        self.token = folder / "run" / "token"
        self.tmp = folder / "tmp"
        self.tmp.mkdir(mode=0o700)
        shutil.chown(self.tmp, "nobody", "nogroup")
        (folder / "expected").write_text(api.token)
        self.does(SAYS_NO)
        self.words = f"{self.hook} vpn-auth --socket {api.socket} --token-file {self.token}"

    def does(self, body: str) -> None:
        """What the hook does once it has found the token."""
        self.hook.write_text(OURS.replace("@", str(self.folder)) + body + "\n")
        self.hook.chmod(0o755)

    def config(self, more: str = "", hook: str = "") -> Path:
        """The server's configuration."""
        path = self.folder / "server.conf"
        path.write_text(
            f"user nobody\ngroup nogroup\nscript-security 2\nauth-gen-token\n"
            f"tmp-dir {self.tmp}\n"
            f'auth-user-pass-verify "{hook or self.words}" via-file\n{more}\n'
        )
        return path


@pytest.fixture
def api():
    with hostile(variables={"VPN_NAME": "alice", "VPN_PASSWORD": "c4n4ry pw:x"}) as platform:
        os.chmod(platform.socket, 0o666)
        os.chmod(os.path.dirname(platform.socket), 0o755)
        platform.on(LOGIN, UNKNOWN)
        yield platform


@pytest.fixture
def place(api):
    folder = Path(tempfile.mkdtemp(prefix="cx-", dir="/var/lib"))
    folder.chmod(0o755)
    yield Place(folder, api)
    shutil.rmtree(folder)


@pytest.fixture
def ground(tmp_path):
    return Ground(tmp_path)


def launch(ground, api, place, *words, vpn="", config=None, text="", **more):
    config = config or place.config()
    manifest = ground.manifest(f'{text}\n[vpn]\nconfig = "{config}"\n{vpn}')
    return ground.launch(api, "--manifest", manifest, *words, **more)


def test_the_token_is_written_for_the_servers_user_alone(ground, api, place):
    """0400, in a folder of its own; a stale one is replaced, whatever it was."""
    ran = launch(ground, api, place)
    assert ran.code == 0, ran.err
    assert ground.starts == 1
    found = place.token.stat()
    assert place.token.read_text() == api.token
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o400, 65534)
    folder = place.token.parent.stat()
    assert (stat.S_IMODE(folder.st_mode), folder.st_uid) == (0o700, 65534)
    place.token.unlink()
    place.token.write_text("stale")
    place.token.chmod(0o644)
    (place.token.parent / ".token.cycle-exec-0123456789abcdef").write_text("of a killed run")
    assert launch(ground, api, place).code == 0
    found = place.token.stat()
    assert place.token.read_text() == api.token
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o400, 65534)
    assert os.listdir(place.token.parent) == ["token"]
    assert api.asked(LOGIN) == []


def test_everything_that_is_wrong_is_said_before_the_platform_is_asked(ground, api, place):
    """78, with what is wrong elsewhere; nothing is changed."""
    place.hook.chmod(0o777)
    shutil.rmtree(place.tmp)
    ran = launch(ground, api, place, command=["no-such-app"])
    assert ran.code == 78
    assert ran.kinds == ["vpn-helper", "vpn-helper", "command-not-found"]
    assert "others can write to" in ran.err
    assert "is not a directory" in ran.err
    assert api.requests == []
    assert not place.token.exists()


def test_a_hook_that_refuses_cleanly_passes_the_probe(ground, api, place):
    """With the token that is only staged, as the server's user, and nothing is left behind."""
    place.does(f'id -u >@/who; cat "$file" >@/login; {SAYS_NO}'.replace("@", str(place.tmp)))
    ran = launch(ground, api, place, vpn="probe = true")
    assert ran.code == 0, ran.err
    assert (place.tmp / "who").read_text() == "65534\n"
    name, password = (place.tmp / "login").read_text().splitlines()
    assert name.startswith("nobody-")
    assert len(password) == 24
    assert sorted(os.listdir(place.tmp)) == ["login", "who"]
    assert place.token.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("exit 0", "it accepts any login"),
        ("exit 2", "it exited with 2, which OpenVPN takes for a deferred verdict"),
        ("exit 3", "it exited with 3, but a rejection is 1"),
        ("exec /no/such", "it cannot start (exit code 127)"),
        ("kill -9 $$", "it was killed by signal 9"),
        ("sleep 60", "there was no verdict within 1 s"),
        ("exit 1", "it rejected them, but does not say that the platform did"),
        (
            "echo 'vpn-auth: rejected: the API could not be reached: missing' >&2; exit 1",
            "it rejected them, but the platform did not: the API could not be reached: missing",
        ),
    ],
)
def test_a_hook_that_does_not_refuse_as_it_should(ground, api, place, body, said):
    """78, nothing is swapped, no process and no file is left."""
    place.does(body)
    old = ground.target("old.env")
    text = f'[dotenv]\ntarget = "{old}"'
    config = place.config(hook=f"{place.words} --timeout 1s")
    ran = launch(ground, api, place, vpn="probe = true", config=config, text=text)
    words = f"tested with random credentials: {said}"
    ground.refused(ran, 78, "vpn-helper", words, staged=True)
    assert not place.token.exists()
    assert os.listdir(place.tmp) == []


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (SAYS_NO.replace("exit 1", 'printf 0 >"$auth_control_file"'), ""),
        ('printf 1 >"$auth_control_file"', "it accepts any login"),
        (":", "the deferred verdict never came"),
    ],
)
def test_a_deferred_verdict_is_waited_for(ground, api, place, verdict, said):
    """As OpenVPN does."""
    place.does(f"(sleep 0.3; {verdict}) & exit 2")
    config = place.config(hook=f"{place.words} --timeout 1s --deferred")
    ran = launch(ground, api, place, vpn="probe = true", config=config)
    assert (ran.code == 0) == (not said), ran.err
    assert said in ran.err
    assert os.listdir(place.tmp) == []


def test_a_stop_signal_during_the_probe(ground, api, place):
    """The hook is gone, and so are its files."""
    place.does(f"echo $$ >{place.tmp}/hook; exec sleep 60")
    config = place.config()
    manifest = ground.manifest(f'[vpn]\nconfig = "{config}"\nprobe = true')
    running = ground.start(api, "--manifest", manifest)
    mark = place.tmp / "hook"
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert running.process.poll() is None
        time.sleep(0.01)
    ran = running.send(signal.SIGTERM).finish()
    ground.stopped(ran, signal.SIGTERM, staged=True)
    assert ran.seconds < 1.5
    assert os.listdir(place.tmp) == ["hook"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)
    assert not place.token.exists()


def test_a_configuration_that_this_launch_makes(ground, api, place):
    """Judged once it is rendered, before anything is swapped."""
    target = ground.folder / "server.conf"
    good = place.config().read_text()
    source = ground.template(good + "# {{ variables.VPN_NAME }}\n")
    text = f'[[templates]]\nsource = "{source}"\ntarget = "{target}"'
    ran = launch(ground, api, place, config=target, text=text, vpn="probe = true")
    assert ran.code == 0, ran.err
    assert place.token.exists()
    shutil.rmtree(place.token.parent)
    source.write_text(good.replace("script-security 2", "script-security 1"))
    before = target.read_text()
    ran = launch(ground, api, place, config=target, text=text)
    assert ran.code == 78
    assert f"{target}:6: via-file needs script-security 2, it is 1" in ran.err
    assert target.read_text() == before
    assert not place.token.exists()


def test_plan_shows_the_token_file_and_what_will_be_regretted(ground, api, place):
    """Never its content."""
    manifest = ground.manifest(f'[vpn]\nconfig = "{place.config()}"')
    ran = ground.verb(api, "plan", "--manifest", manifest)
    assert ran.code == 0, ran.err
    assert f"{place.token}" in ran.out
    assert "vpn token" in ran.out
    assert "without --deferred a slow platform stalls all clients" in ran.out + ran.err
    assert not place.token.exists()


def test_the_openvpn_command_names_its_configuration(ground, api, place):
    """So [vpn] need not."""
    openvpn = place.folder / "openvpn"
    openvpn.symlink_to("/bin/true")
    config = place.config("chroot /none")
    manifest = ground.manifest("[vpn]\nprobe = false")
    words = ["--manifest", manifest]
    ran = ground.launch(api, *words, command=[str(openvpn), "--config", str(config)])
    assert ran.code == 78
    assert "this process cannot switch to the server's user: it does not exist" in ran.err
    ran = ground.launch(
        api, *words, command=[str(openvpn), "--config", str(config), "--chroot", "/"]
    )
    assert ran.code == 0, ran.err
    ran = ground.launch(api, *words)
    assert ran.code == 78
    assert "neither config nor helper is set, and the command is not openvpn" in ran.err


def test_a_helper_alone(ground, api, place):
    """--vpn-helper judges a program of which nothing else is known."""
    place.hook.chmod(0o644)
    ran = ground.launch(api, "--vpn-helper", str(place.hook))
    ground.refused(ran, 78, "vpn-helper", f"{place.hook} is not executable")
    place.hook.chmod(0o755)
    assert ground.launch(api, "--vpn-helper", str(place.hook)).code == 0
    ran = ground.launch(api, "--vpn-helper", "cycle-exec")
    assert ran.code == 64
    assert "flag --vpn-helper: expects an absolute path" in ran.err


@pytest.mark.parametrize(
    ("vpn", "said"),
    [
        ('helper = "/bin/other"', "but the configured helper is /bin/other"),
        ('token_file = "/run/other"', "but vpn.token_file is /run/other"),
    ],
)
def test_manifest_and_configuration_that_do_not_agree(ground, api, place, vpn, said):
    """Said with the directive's line."""
    ran = launch(ground, api, place, vpn=vpn)
    ground.refused(ran, 78, "vpn-helper", said)
    assert api.requests == []


class Login:
    """The login of a container that is itself a VPN client."""

    VPN = '[vpn.login]\nusername = "VPN_NAME"\npassword = "VPN_PASSWORD"\n'

    def launch(self, ground, api, text="", **more):
        manifest = ground.manifest(text + "\n" + self.VPN)
        return ground.launch(api, "--manifest", manifest, **more)


class TestLogin(Login):
    """Asked in the same batch, as soon as its variables are there."""

    def test_a_yes_starts(self, ground, api):
        """Both variables can be kept from the app."""
        import base64

        api.on(LOGIN, data(True))
        text = '[environment]\nunset = ["VPN_NAME", "VPN_PASSWORD"]'
        ran = self.launch(ground, api, text, command=["env"])
        assert ran.code == 0, ran.err
        assert "VPN_" not in ran.out
        [asked] = api.asked(LOGIN)
        assert asked.method == "POST"
        login = base64.b64decode(asked.headers["authorization"].removeprefix("Basic "))
        assert login == b"alice:c4n4ry pw:x"

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (UNKNOWN, "the platform did not accept the username and password"),
            (reply(200, {"data": "true"}), "the API answered 200, without a verdict"),
            (error(404), "the API answered 404, without a verdict"),
            (error(503), "the API is not healthy, it answered 503 after"),
            (hang, "api.sock: no complete response in time"),
        ],
    )
    def test_anything_but_a_yes_is_77(self, ground, api, answer, said):
        """And starts nothing."""
        api.on(LOGIN, answer)
        ground.target("old.env")
        ran = self.launch(ground, api, '[api]\ndeadline = "1s"\n[dotenv]\ntarget = "@/old.env"')
        ground.refused(ran, 77, "login-refused", said)

    def test_a_login_that_must_not_be_asked(self, ground, api):
        """A colon would log in somebody else."""
        api.world.variables = {"VPN_NAME": "a:b", "VPN_PASSWORD": "c4n4ry"}
        ran = self.launch(ground, api)
        ground.refused(ran, 77, "login-refused", "the username has a colon")
        assert api.asked(LOGIN) == []

    def test_variables_from_elsewhere(self, ground, api):
        """The inherited environment, defaults, and the usual precedence."""
        api.on(LOGIN, data(True))
        api.world.variables = {"VPN_PASSWORD": "fetched c4n4ry"}
        ran = self.launch(
            ground, api, environ={"VPN_NAME": "inherited", "VPN_PASSWORD": "inherited"}
        )
        assert ran.code == 0, ran.err
        [asked] = api.asked(LOGIN)
        import base64

        login = base64.b64decode(asked.headers["authorization"].removeprefix("Basic "))
        assert login == b"inherited:fetched c4n4ry"

    def test_variables_that_are_missing(self, ground, api):
        """65, each by its name."""
        api.world.variables = {"VPN_NAME": "alice"}
        ran = self.launch(ground, api)
        ground.refused(ran, 65, "variable-missing", "variable VPN_PASSWORD: is missing or empty")
        assert api.asked(LOGIN) == []

    def test_variables_that_never_come(self, ground, api):
        """Their own refusal, and no login."""
        api.on(VARIABLES, error(403))
        ran = self.launch(ground, api)
        assert (ran.code, ran.kinds) == (77, ["denied"])
        assert api.asked(LOGIN) == []

    def test_the_login_does_not_wait_for_slower_answers(self, ground, api):
        """It follows its variables at once."""
        api.on(LOGIN, data(True))
        api.on("/v1/hub/integrations", after(0.6, error(404)))
        text = '[[integrations]]\nidentifier = "slow"\noptional = true'
        ran = self.launch(ground, api, text)
        assert ran.code == 0, ran.err
        [login], [slow] = api.asked(LOGIN), api.asked("/v1/hub/integrations")
        assert login.at - slow.at < 0.4
