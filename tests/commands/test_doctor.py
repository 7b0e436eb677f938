"""`cycle-exec doctor`: each thing that can be wrong is found, with a next step; nothing is done."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.support import machine
from tests.support.hostile import CERTIFICATES, VARIABLES, error, hostile, reply
from tests.support.launching import SCRIPT, Ground

MANIFEST = """
[variables]
required = ["PLAIN"]
[certificates]
directory = "@/pem"
minimum_days = 7
[[templates]]
source = "~/page.j2"
target = "@/page"
"""


class Case:
    def __init__(self, tmp_path, api):
        self.ground = Ground(tmp_path)
        self.api = api
        self.ground.template("{{ variables.PLAIN }}")
        self.manifest = self.ground.manifest(MANIFEST)

    def doctor(self, *words, environ=None, api=True, command=("true",)):
        """The run, and its findings by what they are about."""
        given = ("doctor", "--json", "--manifest", self.manifest, *words, "--", *command)
        ran = self.ground.verb(self.api if api else None, *given, environ=environ)
        assert ran.err == "", ran
        document = json.loads(ran.out)
        assert document["version"] == 1
        assert document["code"] == ran.code
        assert self.ground.changes() == []
        found: dict[str, list[dict[str, str]]] = {}
        for each in document["findings"]:
            assert set(each) == {"state", "about", "says", "fix", "kind"}
            assert each["fix"] or each["state"] == "good"
            found.setdefault(each["about"], []).append(each)
        return ran, found

    def edit(self, old, new):
        text = self.manifest.read_text()
        assert old in text
        self.manifest.write_text(text.replace(old, new))


@pytest.fixture
def case(tmp_path):
    with hostile(variables={"PLAIN": "c4n4ry-value"}) as api:
        yield Case(tmp_path, api)


def test_a_good_set_up(case):
    """Every step is said to be good; nothing refuses; no value is shown."""
    ran, found = case.doctor()
    assert ran.code == 0
    good = {about for about, all_ in found.items() if {each["state"] for each in all_} == {"good"}}
    assert good >= {
        *("cycle-exec", "privileges", "PATH", "manifest", "token", "templates"),
        *("command", "targets", "API", "clock", "plan", "certificate", "start-up"),
    }
    assert "c4n4ry" not in ran.out.replace(case.api.socket, "")
    assert found["plan"][0]["says"] == "1 variable, 5 files"
    assert found["manifest"][0]["says"] == (
        f"{case.manifest}: [variables], [certificates], 1 template"
    )
    # The tests install the wheel for any platform, which has a script.
    assert found["interpreter"][0]["says"].startswith("a script starts it: sitecustomize")


BAD = {
    "no token": ("token", "token-missing", 77),
    "refused token": ("API", "denied", 77),
    "no socket": ("API", "unavailable", 69),
    "unknown key": ("settings", "manifest-invalid", 78),
    "no template": ("templates", "file-missing", 78),
    "bad template": ("templates", "template-syntax", 65),
    "no command": ("preflight", "command-not-found", 127),
    "no such user": ("preflight", "owner-unknown", 78),
    "target is a link": ("preflight", "target-refused", 73),
    "missing variable": ("plan", "variable-missing", 65),
    "broken answer": ("fetch", "answer-malformed", 65),
    "undefined name": ("plan", "template-undefined", 65),
}


@pytest.mark.parametrize("how", BAD)
def test_what_would_refuse_a_launch(case, how):
    """Found where it belongs, with the code of a launch; a launch says the same."""
    words: tuple[str, ...] = ()
    environ, command = {}, ("true",)
    if how == "no token":
        environ = {"CYCLE_API_TOKEN": ""}
    elif how == "refused token":
        case.api.on(VARIABLES, error(401))
    elif how == "no socket":
        words = ("--socket", f"{case.ground.inputs}/none", "--deadline", "300ms")
    elif how == "unknown key":
        case.edit("required", "requird")
    elif how == "no template":
        case.edit("page.j2", "gone.j2")
    elif how == "bad template":
        case.ground.template("{% if %}")
    elif how == "no command":
        command = ("no-such-command",)
    elif how == "no such user":
        case.edit(
            'target = "@/page"'.replace("@", str(case.ground.folder)),
            'target = "/run/page"\nowner = "nobody-at-all"',
        )
    elif how == "target is a link":
        (case.ground.folder / "page").symlink_to("elsewhere")
    elif how == "missing variable":
        case.edit('"PLAIN"', '"GONE"')
    elif how == "broken answer":
        case.api.on(CERTIFICATES, reply(200, {"data": "text"}))
    else:
        case.ground.template("{{ variables.GONE }}")
    ran, found = case.doctor(*words, environ=environ, command=command)
    about, kind, code = BAD[how]
    assert ran.code == code, ran
    assert [each["kind"] for each in found[about] if each["state"] == "bad"] == [kind]
    launched = case.ground.launch(
        case.api, "--manifest", case.manifest, *words, environ=environ, command=command
    )
    assert (launched.code, set(launched.kinds)) == (code, {kind})


def test_a_missing_directory_is_not_a_missing_socket(case):
    """What is to be mounted is the directory."""
    folder = case.ground.inputs / "cycle"
    for socket, says in (
        (folder / "api" / "api.sock", f"there is no directory {folder}"),
        (folder.parent / "api.sock", "there is no socket"),
    ):
        _, found = case.doctor("--socket", str(socket), "--deadline", "300ms")
        assert found["API"][0]["says"].startswith(f"{socket}: {says}")


def test_several_things_at_once(case):
    """One visit is enough; the code is that of the earliest stage of a launch."""
    case.edit("page.j2", "gone.j2")
    ran, found = case.doctor(environ={"CYCLE_API_TOKEN": ""}, command=("no-such-command",))
    bad = {each["kind"] for all_ in found.values() for each in all_ if each["state"] == "bad"}
    assert bad == {"token-missing", "file-missing", "command-not-found"}
    assert ran.code == 78
    assert found["plan"][0]["says"].startswith("not checked")


def test_what_works_and_could_be_better(case):
    """Each is doubtful, with a next step, and refuses nothing."""
    environ = {"PYTHONPATH": "/nowhere", "PATH": "bin:/usr/bin:/bin"}
    ran, found = case.doctor("--reload", environ=environ)
    assert ran.code == 0, ran
    doubtful = {
        about for about, all_ in found.items() for each in all_ if each["state"] == "doubtful"
    }
    assert doubtful >= {"interpreter", "PATH", "storage"}
    assert found["interpreter"][0]["says"].startswith(
        "PYTHONPATH: cycle-exec restarts its interpreter"
    )


def others_may(path, mode=0o666):
    path.chmod(mode)
    return f"others can write to {path} (mode {mode:04o}), and so what a launch does"


def test_what_others_can_change_is_told(case):
    """The manifest, a template, a part of it, a directory or a link on the way; each once."""
    inputs = case.ground.inputs
    case.ground.template("{% include 'part' %}{% include 'more' %}")
    (inputs / "part").write_text("part")
    (inputs / "more").write_text("more")

    def told(about):
        ran, found = case.doctor()
        assert ran.code == 0, ran
        return [each["says"] for each in found.get(about, ()) if each["state"] == "doubtful"]

    assert told("manifest") == told("templates") == []
    assert [others_may(case.manifest)] == told("manifest")
    case.manifest.chmod(0o644)
    words = [others_may(inputs / "page.j2", 0o664), others_may(inputs / "part")]
    assert sorted(words) == sorted(told("templates"))
    assert told("manifest") == []
    words = others_may(inputs, 0o777)
    assert told("manifest") == told("templates") == [words]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_whose_templates_are_somebody_else_s_is_told(case):
    """A directory of them, and what it contains, links too."""
    sources = case.ground.inputs / "sources"
    (sources / "below").mkdir(parents=True)
    (sources / "below" / "page.j2").write_text("x")
    (case.ground.inputs / "link").symlink_to(sources)
    case.edit("page.j2", "link")
    _, found = case.doctor()
    assert [each["state"] for each in found["templates"]] == ["good"]
    os.chown(sources / "below", 1234, -1)
    words = f"{sources}/below belongs to user 1234, who could replace it"
    for path in ("link", "sources"):
        _, found = case.doctor()
        says = [each["says"] for each in found["templates"] if each["state"] == "doubtful"]
        assert says == [f"{words.replace('/sources/', f'/{path}/')}, and so what a launch does"]
        if path == "link":
            case.edit("/link", "/sources")


def test_builtin_templates_are_the_package_s(case):
    """Who could change them could change all of it."""
    case.edit(f"{case.ground.inputs}/page.j2", "builtin:postgres/pg_hba.conf.j2")
    _, found = case.doctor()
    assert [each["state"] for each in found["templates"]] == ["good"]


def test_no_command_is_no_fault(case):
    """Nobody has to give it."""
    ran = case.ground.verb(case.api, "doctor", "--manifest", case.manifest)
    assert ran.code == 0
    assert "none was given" in ran.out


def test_missing_pyc_files(tmp_path, case):
    """They are counted, and the next step names the folder."""
    from cycle_exec.presentation import diagnosis

    found = diagnosis.compiled(3, 70, ["/usr/local/lib"])
    assert found.state == "doubtful"
    assert "3 of 70 modules have no .pyc file" in found.says
    assert (
        found.fix
        == "in the image's build: RUN python -m compileall -q -x '/tests?/' /usr/local/lib"
    )


def test_the_list_for_people(case):
    """What is to be mended comes first; a sum at the end; marks that everybody knows."""
    (case.ground.folder / "page").symlink_to("elsewhere")
    ran = case.ground.verb(case.api, "doctor", "--manifest", case.manifest, "--", "true")
    lines = ran.out.splitlines()
    assert ran.code == 73
    assert lines[0].startswith("\N{BALLOT X} preflight       ")
    assert "-> use a regular file" in ran.out
    marks = [line[0] for line in lines[:-1] if line[0] != " "]
    assert marks == sorted(marks, key="\N{BALLOT X}!\N{CHECK MARK}".index)
    # One more where the machine's own PID 1 is a shell, one less below a program of the wheel.
    warned = {1: "1 warning", 2: "2 warnings", 3: "3 warnings"}[marks.count("!")]
    assert lines[-1] == f"1 error, {warned}, {marks.count(chr(0x2713))} ok"


def test_as_pid_1_and_below_a_shell(case):
    """It says what PID 1 is, by its name alone."""
    machine.need_processes()
    environ = case.ground.environ(case.api)
    for inner, expected in (
        ([str(SCRIPT), "doctor"], "this process"),
        (["sh", "-c", f"{SCRIPT} doctor; true"], "it is sh: a shell does not forward signals"),
    ):
        done = subprocess.run(
            [*machine.PROCESSES, *inner],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in " ".join(done.stdout.split()), done


def test_what_a_launch_waits_for(case):
    """It is said, and not waited for; a launch that waits for nothing has no line."""
    _, found = case.doctor()
    assert "wait" not in found
    ran, found = case.doctor("--wait", "file:/none", "--wait", "tcp://{{ variables.PLAIN }}:1")
    assert ran.code == 0, ran
    [wait] = found["wait"]
    assert wait["state"] == "good"
    assert wait["says"] == (
        "a launch waits for file:/none, tcp://{{ variables.PLAIN }}:1; not checked here"
    )
    assert "c4n4ry" not in ran.out.replace(case.api.socket, "")
