"""What a check sees, in each of its three ways, and what it leaves: nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import machine, seccomp
from tests.support.hostile import CANARY, certificate, hostile
from tests.support.launching import SCRIPT, Ground
from tests.support.leftovers import leftovers
from tests.support.waiting import given_time, until

HOST = "a.test"
SCREEN = ("unshare", "--mount", "--propagation", "shared")
USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
WAYS = ("namespace", "user namespace", "mirror")


@pytest.fixture(scope="module")
def api():
    """A platform with a certificate."""
    with hostile(variables={"PLAIN": "x", "SECRET": CANARY}) as platform:
        platform.world.certificates = [certificate(HOST)]
        yield platform


class Way(Ground):
    """A ground on which checks go one way."""

    before: Callable[[], None] | None = None

    def check(self, *words: str, more: str = "", name: str = "page", text: str = "new\n") -> str:
        """A manifest with one template that has a check."""
        self.template(text, f"{name}.j2")
        filled = [word.replace("@", str(self.folder)) for word in words]
        return str(
            self.manifest(
                f'{more}[[templates]]\nsource = "~/{name}.j2"\ntarget = "@/{name}"\n'
                f"check = {json.dumps(filled)}\n"
            )
        )

    def run(self, api, manifest, *options: str, **more):
        """A whole run."""
        more = {"before": self.before, **more}
        return self.launch(api, "--manifest", str(manifest), *options, **more)


def made(tmp_path: Path, way: str) -> Way:
    """The ground for a way, or no test where the machine has no such way."""
    found = Way(tmp_path)
    if way == "mirror":
        found.before = seccomp.with_refusal("unshare")
    else:
        machine.need_mounts()
    if way == "user namespace" and os.geteuid() == 0:
        found.through = (*USER, str(SCRIPT))
    if way == "namespace" and os.geteuid() != 0:
        pytest.skip("only root has a mount namespace without a user namespace")
    return found


@pytest.fixture(params=WAYS)
def ground(request, tmp_path):
    """Each way in turn."""
    return made(tmp_path, request.param)


SEES = """
set -e
cd @
grep -q new {{ staged }} @/page
grep -q new @/more/new.conf @/more/../page @/enabled/app
[ "$(cat @/more/*.conf)" = "$(printf 'old\\nnew\\n')" ]
[ "$(ls @/more)" = "$(printf 'a.conf\\nnew.conf')" ]
! ls -aR @/more @/certificates/*/ | grep cycle-exec-
grep -q BEGIN @/certificates/a.test/privkey.pem @/certificates/*/fullchain.pem
[ "$(stat -c %a @/page)" = 640 ]
[ "$(stat -c %a @/more/new.conf)" = 600 ]
[ "$(stat -c %a @/certificates/a.test/privkey.pem)" = 600 ]
cat @/image.conf >~/image
"""


def test_what_a_check_sees(ground, api):
    """Every target as it will be, by its own path, by patterns, links and other files."""
    for folder in ("more", "enabled"):
        (ground.folder / folder).mkdir()
    (ground.folder / "more/a.conf").write_text("old\n")
    (ground.folder / "enabled/app").symlink_to("../more/new.conf")
    (ground.folder / "image.conf").write_text(f"include {ground.folder}/more/*.conf\n")
    ground.target("page", b"old\n")
    ground.template("new\n", "more.j2")
    manifest = ground.check("sh", "-c", SEES, more='[certificates]\ndirectory = "@/certificates"\n')
    with open(manifest, "a") as file:
        file.write(f'mode = "0640"\n[[templates]]\nsource = "{ground.inputs}/more.j2"\n')
        file.write(f'target = "{ground.folder}/more/new.conf"\n')
    text = Path(manifest).read_text()
    Path(manifest).write_text(text.replace("~/image", f"{ground.inputs}/image"))
    ran = ground.run(api, manifest)
    assert ran.code == 0, ran
    assert "warning" not in ran.err
    assert leftovers(ground.folder) == []
    assert (ground.inputs / "image").read_text().endswith(f"{ground.folder}/more/*.conf\n")


def test_renewed_certificates(ground, api):
    """The old ones are in their place; the check sees the new ones there."""
    more = '[certificates]\ndirectory = "@/certificates"\n'
    chain = f"{ground.folder}/certificates/{HOST}/fullchain.pem"
    manifest = ground.check("cp", chain, f"{ground.inputs}/seen", more=more)
    assert ground.run(api, manifest).code == 0
    first = Path(chain).read_text()
    before = api.world.certificates
    try:
        api.world.certificates = [certificate(HOST, days=50)]
        assert ground.run(api, manifest).code == 0
    finally:
        api.world.certificates = before
    second = Path(chain).read_text()
    assert first != second
    assert (ground.inputs / "seen").read_text() == second
    assert leftovers(ground.folder) == []


def test_what_a_failing_check_prints(ground, api):
    """Its last lines, without what was fetched and with the paths that people know."""
    ground.target("page", b"old\n")
    script = "echo in @/page; cat {{ staged }}; exit 3".replace("@", str(ground.folder))
    text = "{{ variables.SECRET }}\nfine\n"
    ran = ground.run(api, ground.check("sh", "-c", script, text=text))
    ground.refused(ran, 65, "check-failed", "sh exited with code 3", staged=True)
    lines = [line for line in ran.err.splitlines() if line.startswith("  | ")]
    withheld = "  | (a line is withheld: a part of a fetched value may be in it)"
    assert lines == [f"  | in {ground.folder}/page", withheld, "  | fine"]


def test_as_json_the_lines_are_one_member(ground, api):
    """For programs."""
    manifest = ground.check("sh", "-c", "cat {{ staged }}; exit 3", text='a "b"\nc\n')
    ran = ground.run(api, manifest, "--log-format", "json")
    assert json.loads(ran.err)["output"] == 'a "b"\nc'


def test_the_same_command_runs_once(ground, api):
    """For a folder of templates, say; with the path in it, once for each file."""
    (ground.inputs / "all").mkdir()
    for name in ("a", "b"):
        (ground.inputs / f"all/{name}.j2").write_text("new")
    for command, count in (("cat @/a >>~/log; echo >>~/log", 1), ("cat {{ staged }} >>~/many", 2)):
        manifest = ground.manifest(
            '[[templates]]\nsource = "~/all"\ntarget = "@"\n'.replace("@", str(ground.folder))
            + f'check = ["sh", "-c", "{command}"]\n'
        )
        assert ground.run(api, manifest).code == 0
        for name in ("a", "b"):
            (ground.folder / name).unlink()
        log = ground.inputs / ("log" if count == 1 else "many")
        assert log.read_text().split() == ["new"] if count == 1 else ["newnew"]


def test_it_runs_as_cycle_exec_itself(ground, api):
    """Not as the user of the command, in the directory of cycle-exec and with the app's values."""
    script = "cat {{ staged }}; id -u >~/who; pwd >>~/who; echo $PLAIN >>~/who"
    script = script.replace("~", str(ground.inputs))
    user = ("--user", "65534:65534") if os.geteuid() == 0 and len(ground.through) == 1 else ()
    ran = ground.run(api, ground.check("sh", "-c", script), *user)
    assert ran.code == 0, ran
    who = "1000" if len(ground.through) > 1 else str(os.geteuid())
    assert (ground.inputs / "who").read_text().split() == [who, str(ground.inputs), "x"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has mounts that are shared")
@pytest.mark.parametrize("way", WAYS[:2])
def test_nothing_is_mounted_where_others_see_it(tmp_path, api, way):
    """Even where mounts are shared with others by default."""
    ground = made(tmp_path, way)
    ground.through = (*SCREEN, *ground.through)
    table = f"cat {{{{ staged }}}}; cat /proc/$PPID/mountinfo >{ground.inputs}/there"
    command = ("sh", "-c", f"cat /proc/self/mountinfo >{ground.inputs}/after")
    ran = ground.run(api, ground.check("sh", "-c", table), command=command)
    assert ran.code == 0, ran
    there = (ground.inputs / "there").read_text()
    assert there == (ground.inputs / "after").read_text()
    assert there


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_during_a_check(ground, api, number):
    """The check is killed, within a second, and nothing of it is left."""
    ground.target("page", b"old\n")
    script = f"cat {{{{ staged }}}}; echo $$ >{ground.inputs}/check; exec sleep 60"
    manifest = ground.check("sh", "-c", script)
    mounts = Path("/proc/self/mountinfo").read_text()
    running = ground.start(api, "--manifest", manifest, before=ground.before)
    check = ground.inputs / "check"
    assert until(lambda: check.exists() and check.read_text().endswith("\n"))
    ran = running.send(number).finish()
    ground.stopped(ran, number, staged=True)
    assert ran.seconds < 1.0
    assert Path("/proc/self/mountinfo").read_text() == mounts
    with pytest.raises(ProcessLookupError):
        os.kill(int(check.read_text()), 0)


def test_a_check_that_does_not_end(ground, api):
    """It has the time of the launch, and no more."""
    ground.target("page", b"old\n")
    manifest = ground.check("sh", "-c", "cat {{ staged }}; sleep 60 & sleep 60")
    ran, deadline = given_time(
        1500,
        lambda deadline: ground.run(api, manifest, "--deadline", f"{deadline}ms"),
        lambda ran: "  | new" in ran.err,
    )
    reason = "did not finish before the deadline"
    ground.refused(ran, 65, "check-failed", reason, "  | new", staged=True)
    assert ran.seconds < deadline / 1000 + 1.0


def test_what_a_killed_run_leaves_goes_with_the_next(ground, api):
    """A mirror, too."""
    if len(ground.through) > 1:
        ground.through = (*USER, "--kill-child", *ground.through[len(USER) :])
    script = f"cat {{{{ staged }}}}; echo $$ >{ground.inputs}/check; exec sleep 5"
    running = ground.start(
        api, "--manifest", ground.check("sh", "-c", script), before=ground.before
    )
    assert until((ground.inputs / "check").exists)
    running.send(signal.SIGKILL).finish()
    assert leftovers(ground.folder) != []
    time.sleep(0.1)
    assert ground.run(api, ground.check("cat", "{{ staged }}")).code == 0
    assert leftovers(ground.folder) == []


def test_more_names_than_can_be_mounted(tmp_path, api):
    """Then the mirror does it."""
    ground = made(tmp_path, "namespace")
    for number in range(5001):
        (ground.folder / str(number)).touch()
    script = f"echo {{{{ staged }}}} >{ground.inputs}/place; cat {{{{ staged }}}}"
    ran = ground.run(api, ground.check("sh", "-c", script))
    assert (ran.code, "warning" in ran.err) == (0, False), ran
    assert "..cycle-exec-" in (ground.inputs / "place").read_text()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("sh", "-c", "exit 1"), "no path in the command leads to what is new"),
        (("sh", "-c", ": {{ staged }}"), "it has read nothing of what is new"),
    ],
)
def test_a_check_that_cannot_see_what_is_new(tmp_path, api, words, reason):
    """A warning before the swap, and then the swap."""
    ground = made(tmp_path, "mirror")
    ground.target("page", b"old\n")
    ran = ground.run(api, ground.check(*words))
    assert ran.code == 0, ran
    warning, ready = ran.err.splitlines()
    assert "sh cannot check what is new: no mount namespace can be made here, and " in warning
    assert reason in warning
    assert ready.startswith("cycle-exec: ready in ")
    assert (ground.folder / "page").read_text() == "new\n"
    assert leftovers(ground.folder) == []


def test_without_inotify_a_check_is_believed(tmp_path, api):
    """Nobody knows what it has read."""
    ground = made(tmp_path, "mirror")
    ground.before = seccomp.with_refusal("unshare", "inotify_init1")
    ran = ground.run(api, ground.check("sh", "-c", ": {{ staged }}"))
    assert (ran.code, "warning" in ran.err) == (0, False), ran


def test_a_script_with_paths_in_it(tmp_path, api):
    """It is in the mirror, with others."""
    ground = made(tmp_path, "mirror")
    script = ground.inputs / "check"
    script.write_text(f"#!/bin/sh\ngrep -q new {ground.folder}/page\n")
    script.chmod(0o755)
    ran = ground.run(api, ground.check(str(script)))
    assert (ran.code, "warning" in ran.err) == (0, False), ran
    ran = ground.run(api, ground.check(str(script), text="bad\n"))
    assert (ran.code, ran.kinds) == (65, ["check-failed"]), ran


def test_without_a_check_nothing_is_made(tmp_path, api):
    """No process, no namespace."""
    ground = Way(tmp_path)
    ground.before = seccomp.with_refusal("unshare", "fork", "vfork", "clone", "clone3")
    ground.template("new\n")
    manifest = ground.manifest('[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\n')
    assert ground.run(api, manifest, command=["true"]).code == 0


# With servers

NGINX = """
pid @/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path @/1; proxy_temp_path @/2; fastcgi_temp_path @/3;
    uwsgi_temp_path @/4; scgi_temp_path @/5;
    include conf.d/*.conf;
}
"""
SITE = """
server {
    listen unix:@/nginx.sock ssl;
    ssl_certificate @/certificates/a.test/fullchain.pem;
    ssl_certificate_key @/certificates/a.test/privkey.pem;
}
"""
ALL = """
[certificates]
directory = "@/certificates"
formats = ["pem", "combined"]
[[templates]]
source = "~/all"
target = "@"
check = {check}
"""


def written(ground: Way, check: list[str], **files: str) -> str:
    """A manifest with a folder of templates and one check."""
    for name, text in files.items():
        path = ground.inputs / "all" / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(f"{path.name}.j2").write_text(text.replace("@", str(ground.folder)))
    text = ALL.replace('"@"', json.dumps(str(ground.folder)))
    words = [word.replace("@", str(ground.folder)) for word in check]
    return str(ground.manifest(text.replace("{check}", json.dumps(words))))


@pytest.mark.needs("nginx")
def test_nginx_with_a_folder_of_sites(ground, api):
    """The main file includes a site that names a certificate; then a broken new site."""
    check = ["nginx", "-t", "-e", "stderr", "-c", "@/nginx.conf"]
    manifest = written(ground, check, nginx_conf=NGINX, conf_d__site_conf=SITE)
    ran = ground.run(api, manifest)
    assert (ran.code, "warning" in ran.err) == (0, False), ran
    manifest = written(ground, check, conf_d__new_conf="server { bogus on; }\n")
    ran = ground.run(api, manifest)
    assert (ran.code, ran.kinds) == (65, ["check-failed"]), ran
    assert f'unknown directive "bogus" in {ground.folder}/conf.d/new.conf:1' in ran.err
    assert not (ground.folder / "conf.d/new.conf").exists()
    assert leftovers(ground.folder) == []


@pytest.mark.needs("nginx")
def test_nginx_with_a_main_file_of_the_image(ground, api):
    """It is no template, and includes by a link what is one."""
    for name in ("enabled", "available"):
        (ground.folder / name).mkdir()
    (ground.folder / "enabled/app").symlink_to("../available/app")
    main = NGINX.replace("conf.d/*.conf", "enabled/*").replace("@", str(ground.folder))
    (ground.folder / "nginx.conf").write_text(main)
    check = ["nginx", "-t", "-e", "stderr", "-c", "@/nginx.conf"]
    assert ground.run(api, written(ground, check, available__app=SITE)).code == 0
    ran = ground.run(api, written(ground, check, available__app="server { bogus on; }\n"))
    assert (ran.code, ran.kinds) == (65, ["check-failed"]), ran
    assert f'unknown directive "bogus" in {ground.folder}/enabled/app:1' in ran.err


HAPROXY = """
global
    log stdout format raw local0
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
"""
FRONT = """
frontend https
    bind @/haproxy.sock ssl crt-list @/crt-list
    default_backend app
"""
BACK = "backend app\n    server one 127.0.0.1:80\n"


@pytest.mark.needs("haproxy")
def test_haproxy_with_a_list_of_certificates(ground, api):
    """Two configs, and a list that names the certificate; then a list that names none."""
    (ground.folder / "conf.d").mkdir()
    (ground.folder / "conf.d/image.cfg").write_text(BACK)
    check = ["haproxy", "-c", "-f", "@/haproxy.cfg", "-f", "@/conf.d"]
    files = {"haproxy_cfg": HAPROXY, "conf_d__front_cfg": FRONT}
    line = "@/certificates/a.test/combined.pem [alpn h2] a.test\n"
    ran = ground.run(api, written(ground, check, **files, **{"crt-list": line}))
    assert (ran.code, "warning" in ran.err) == (0, False), ran
    line = line.replace("combined", "none")
    ran = ground.run(api, written(ground, check, **{"crt-list": line}))
    assert (ran.code, ran.kinds) == (65, ["check-failed"]), ran
    assert f"parsing [{ground.folder}/conf.d/front.cfg:3]" in ran.err
    assert "unable to stat SSL certificate" in ran.err
    assert leftovers(ground.folder) == []
