"""`.ci/folder`: cycle-exec with an interpreter of its own does its work where there is no Python.

FOLDER_SUITES names the Debian releases that are tried.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cycle_exec import __version__
from cycle_exec.system import invocation
from tests.packaging.conftest import HOME
from tests.support import machine
from tests.support.early import DELAYS, await_first_instructions, child_of
from tests.support.emulated import Emulated, emulated
from tests.support.roots import FOLDER, SOCKET, Inside, debian, empty

pytestmark = pytest.mark.timeout(3600)
SUITES = os.environ.get("FOLDER_SUITES", "bookworm trixie").split()
STATE = """
token = "folder-token"
[variables]
PORT = "8080"
HOSTS = "a b c"
[[certificates]]
domains = ["app.example.test"]
days = 60
[vpn.users]
alice = "correct horse"
"""
TOKEN = {"CYCLE_API_TOKEN": "folder-token"}
# What an image sets for a Python app of its own, and what would break a Python that obeyed.
POISON = {
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": "/job/poison",
    "PYTHONMALLOC": "no such thing",
    "PYTHONUTF8": "nonsense",
    "PYTHONHASHSEED": "nonsense",
    "PYTHONSTARTUP": "/job/poison/json.py",
    "PYTHONINSPECT": "1",
    "PYTHONVERBOSE": "1",
    "PYTHONEXECUTABLE": "/job/poison/bin/python3",
    "__PYVENV_LAUNCHER__": "/job/poison/bin/python3",
    "LD_PRELOAD": "/nowhere/preload.so",
    "LD_LIBRARY_PATH": "/job/poison",
    "OPENSSL_CONF": "/job/poison/openssl.cnf",
}
_PT_DYNAMIC = 2
_PT_INTERP = 3


@pytest.fixture
def folder(archive, tmp_path) -> Path:
    """What is in the archive, unpacked for one test."""
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "unpacked", filter="tar")
    found: Path = tmp_path / "unpacked" / "cycle-exec-folder"
    return found


@pytest.fixture
def platform() -> Iterator[Emulated]:
    """The platform, outside of every root."""
    with emulated(STATE) as running:
        yield running


@pytest.fixture(params=[*SUITES, "empty"])
def inside(request, folder, platform, tmp_path) -> Inside:
    """The folder in each root."""
    work = tmp_path / "work"
    (work / "poison").mkdir(parents=True)
    for name in ("json.py", "sitecustomize.py", "_socket.py", "openssl.cnf"):
        (work / "poison" / name).write_text("raise SystemExit('poisoned')\n")
    root = empty(tmp_path / "root") if request.param == "empty" else debian(request.param)
    return Inside(root, folder, work, Path(platform.socket))


def app(inside: Inside, code: str) -> list[str]:
    """A command that every root has, for one of them has nothing: the folder's own interpreter."""
    return [f"{inside.at}/lib/python3", "-c", code]


def environment_of_app(inside: Inside) -> list[str]:
    """An app that prints the variables it got."""
    return app(inside, "import json, os; print(json.dumps(dict(os.environ)))")


def test_the_roots_have_no_python(inside):
    """Otherwise they would show nothing."""
    found = [path for path in inside.root.glob("usr/*bin/python*")]
    found += list(inside.root.glob("usr/lib*/python3*/os.py"))
    assert found == []


def test_the_binaries_need_nothing_of_the_image(folder):
    """No dynamic linker, no shared library, and so no version of glibc: read from their headers."""
    binaries = [path for path in folder.rglob("*") if _is_elf(path)]
    assert [path.relative_to(folder).as_posix() for path in binaries] == ["bin/cycle-exec"]
    for path in binaries:
        assert not {_PT_DYNAMIC, _PT_INTERP} & set(_segments(path.read_bytes())), path


def test_everybody_may_read_it(folder):
    """Also OpenVPN's nobody; and nobody else may write it, or gets a privilege from it."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
            assert stat.S_IMODE(mode) == wanted, path
    assert os.readlink(folder / "lib" / "python3") == "../bin/cycle-exec"


def test_it_is_small(folder, archive):
    """Below the sizes that the documents name."""
    unpacked = sum(path.lstat().st_size for path in folder.rglob("*"))
    assert unpacked < 30e6
    assert archive.stat().st_size < 12e6


def test_it_names_its_commit_and_its_sources(inside, built):
    """As the wheel does, and what else is in it."""
    ran = inside.launch("--version")
    assert ran == (0, f"cycle-exec {__version__} ({built.commit[:12]})\n", "")
    sources = (inside.folder / "share" / "sources.txt").read_text().split()[::2]
    assert sources == ["musl", "zlib", "openssl", "python3.13"]
    assert sorted(os.listdir(inside.folder / "share" / "licenses")) == sorted(sources)


def test_it_has_every_module_that_it_needs(folder):
    """All of the package, and all that pip would have brought, can be imported."""
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    direct = ["click", "httpx", "jinja2", "dotenv", "h11", "anyio", "anyio.to_thread", "asyncio"]
    direct += ["certifi", "idna", "markupsafe", "ssl", "tomllib", "hashlib", "decimal", "zoneinfo"]
    direct += ["websockets.sync.client", "websockets.asyncio.client"]
    ours = [
        ".".join(("cycle_exec", *path.relative_to(HOME / "cycle_exec").with_suffix("").parts))
        for path in sorted((HOME / "cycle_exec").rglob("*.py"))
    ]
    ours = [name.removesuffix(".__init__") for name in ours]
    # testing is for pytest, and __main__ would run.
    ours = [name for name in ours if name not in ("cycle_exec.testing", "cycle_exec.__main__")]
    done = subprocess.run(
        [folder / "lib" / "python3", "-c", code, *direct, *ours],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_main_job(inside):
    """Variables, a template that needs Jinja2, certificates with their pair check; then the app."""
    (inside.work / "app.conf.j2").write_text(
        "{% for host in variables.HOSTS.split() %}{{ host | upper }};{% endfor %}\n"
    )
    ran = inside.launch(
        *("--template", "/job/app.conf.j2:/job/out/app.conf"),
        *("--certificates", "/job/certificates"),
        *("--", *environment_of_app(inside)),
        environ={**TOKEN, "KEPT": "by the app"},
    )
    assert ran.code == 0, ran.err
    environment = json.loads(ran.out)
    assert environment["PORT"] == "8080"
    assert environment["KEPT"] == "by the app"
    assert "CYCLE_API_TOKEN" not in environment
    assert (inside.work / "out" / "app.conf").read_text() == "A;B;C;"
    (key,) = (inside.work / "certificates").rglob("privkey.pem")
    assert key.read_text().startswith("-----BEGIN")
    assert "ready in" in ran.err


def test_a_key_that_does_not_fit_is_seen(inside, platform):
    """The pair check has its OpenSSL: a key of another certificate refuses."""
    code = (
        "import sys\nfrom cycle_exec.system.crypto import key_matches\n"
        "key, other, leaf = (open(path).read() for path in sys.argv[1:])\n"
        "print(key_matches.mismatch(key, leaf), '|', key_matches.mismatch(other, leaf))\n"
    )
    for name in ("a", "b"):
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"]
        words += ["-keyout", inside.work / f"{name}.key", "-out", inside.work / f"{name}.pem"]
        subprocess.run(words, check=True, capture_output=True)
    ran = inside.run(*app(inside, code), *(f"/job/{name}" for name in ("a.key", "b.key", "a.pem")))
    assert ran.code == 0, ran.err
    fits, _, differs = ran.out.strip().partition(" | ")
    assert fits == "None"
    assert "match" in differs or "key" in differs


def test_it_is_the_only_process(inside):
    """PID 1 is cycle-exec, and then the app; nothing is between them or beside them."""
    code = "import os; print(os.getpid(), [n for n in os.listdir('/proc') if n.isdecimal()])"
    ran = inside.launch("--", *app(inside, code), environ=TOKEN)
    assert (ran.code, ran.out) == (0, "1 ['1']\n"), ran.err


def test_a_signal_before_python_has_started_ends_it(folder, platform):
    """As PID 1, which would be deaf to it: the folder's program holds it until Python can hear."""
    machine.need_processes()
    environ = {**TOKEN, "PATH": os.defpath, "CYCLE_EXEC_SOCKET": f"{platform.socket}-none"}
    for delay in DELAYS:
        process = subprocess.Popen(
            [*machine.PROCESSES, folder / "bin" / "cycle-exec", "--deadline=60s", "--", "true"],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        child = child_of(process)
        await_first_instructions(child, signal.SIGUSR2)
        time.sleep(delay)
        os.kill(child, signal.SIGQUIT)
        _, err = process.communicate()
        assert process.returncode == 128 + signal.SIGQUIT, (delay, err)


def test_init_mode(inside):
    """What stays above the app is the folder's interpreter, with an empty environment."""
    code = "import os; print(os.getpid() != 1, open('/proc/1/environ').read() == '')"
    ran = inside.launch("--init", "--no-new-privs", "--", *app(inside, code), environ=TOKEN)
    assert (ran.code, ran.out) == (0, "True True\n"), ran.err


def test_poison_reaches_the_app_alone(inside):
    """No PYTHON variable and no linker's changes it; the app gets them as they were."""
    ran = inside.launch("--", *environment_of_app(inside), environ={**TOKEN, **POISON})
    assert ran.code == 0, ran.err
    assert "poisoned" not in ran.err
    # The app here is the folder's interpreter, which hides two of them from itself.
    hidden = {invocation.encoded(name): value.encode() for name, value in POISON.items()}
    wanted = {k.decode(): v.decode() for k, v in invocation.for_interpreter(hidden).items()}
    assert json.loads(ran.out).items() >= wanted.items()


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1", "tr_TR.UTF-8"])
def test_bytes_pass_in_every_locale(inside, locale):
    """What is no UTF-8 reaches the app byte for byte."""
    code = "import os, sys; print(os.environb[b'RAW'], os.fsencode(sys.argv[1]))"
    raw = os.fsdecode(b"\xff\xc3\xa4")
    ran = inside.launch(
        "--", *app(inside, code), raw, environ={**TOKEN, "RAW": raw, "LC_ALL": locale}
    )
    assert (ran.code, ran.out) == (0, f"{os.fsencode(raw)!r} {os.fsencode(raw)!r}\n"), ran.err


def test_it_works_wherever_it_is_put(inside):
    """Moved, and called through links, one of them relative."""
    (inside.work / "entrypoint").symlink_to("/elsewhere/below/bin/cycle-exec")
    (inside.work / "link").symlink_to("entrypoint")
    moved = inside._replace(at="/elsewhere/below")
    for name in ("/elsewhere/below/bin/cycle-exec", "/job/entrypoint", "/job/link"):
        ran = moved.run(name, "--", *environment_of_app(moved), environ=TOKEN)
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["PORT"] == "8080"


def test_plan_and_help(inside):
    """What click prints, and what would happen."""
    assert inside.launch("--help").out.startswith("Usage:")
    assert "--grace" in inside.launch("run", "--help").out
    ran = inside.launch("plan", "--", *app(inside, "pass"), environ=TOKEN)
    assert ran.code == 0, ran.err
    assert "PORT" in ran.out
    assert "8080" not in ran.out


def test_doctor(inside):
    """There is nothing to compile, and nothing else to say of the interpreter."""
    (inside.work / "m.toml").write_text('[variables]\nrequired = ["PORT"]\n')
    words = ("doctor", "--json", "--manifest", "/job/m.toml", "--", *app(inside, "pass"))
    ran = inside.launch(*words, environ=TOKEN)
    assert ran.code == 0, ran.err
    found = {each["about"]: each for each in json.loads(ran.out)["findings"]}
    for about in ("start-up", "interpreter"):
        assert found[about]["state"] == "good", found[about]
    assert found["start-up"]["says"].endswith(" modules are compiled")
    assert found["manifest"]["says"] == "/job/m.toml: [variables]"
    assert found["API"]["state"] == "good"
    (inside.work / "m.toml").write_text("")
    ran = inside.launch("compile", "--manifest", "/job/m.toml")
    assert (ran.code, ran.out, ran.err) == (0, "/job/m.toml: compiled\n", "")
    lost = inside.launch("doctor", "--socket=/run/none/api.sock", "--deadline=300ms", environ=TOKEN)
    assert lost.code == 69
    assert "there is no directory /run/none" in lost.out


def test_the_client_asks(inside):
    """`api`, which goes by httpx."""
    ran = inside.launch("api", "GET", "/v1/environment", environ=TOKEN)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)


def test_wrong_input(inside):
    """One clear refusal, with its code."""
    for words, code, kind in (
        (["--nope", "--", "true"], 64, "usage"),
        (["--", "no-such-command"], 127, "command-not-found"),
        (["--manifest", "/nowhere.toml", "--", f"{inside.at}/lib/python3"], 78, "manifest"),
    ):
        ran = inside.launch(*words, environ=TOKEN)
        assert ran.code == code, ran.err
        assert kind in ran.err
        assert "Traceback" not in ran.err


def test_the_hook_as_nobody(inside):
    """OpenVPN's helper, by a user that owns nothing, accepts the right password and no other."""
    (inside.work / "token").write_text("folder-token\n")
    (inside.work / "up").write_text("alice\ncorrect horse\n")
    (inside.work / "wrong").write_text("alice\nwrong horse\n")
    for path in (inside.work, inside.work / "token", inside.work / "up", inside.work / "wrong"):
        path.chmod(0o755)
    os.chmod(inside.socket.parent, 0o755)
    os.chmod(inside.socket, 0o666)
    become = (
        "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "os.execve(sys.argv[1], sys.argv[1:], {})"
    )
    hook = [f"{FOLDER}/bin/cycle-exec", "vpn-auth", "--token-file", "/job/token"]
    hook += ["--socket", f"{SOCKET}/{inside.socket.name}"]
    codes = [
        inside.run(*app(inside, become), *hook, f"/job/{name}").code for name in ("up", "wrong")
    ]
    assert codes == [0, 1]


def test_tracebacks_name_lines(folder):
    """Without sources too: the place of a mistake of ours can be reported."""
    code = "from cycle_exec.settings import duration; duration.parse(None)"
    words = [folder / "lib" / "python3", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert 'File "packages/cycle_exec/settings/duration.py", line ' in done.stderr


def test_without_proc(folder, tmp_path):
    """In a chroot without /proc, as OpenVPN may make one, it finds itself all the same."""
    root = tmp_path / "bare"
    shutil.copytree(folder, root / "opt" / "cycle-exec", symlinks=True)
    words = ["chroot", root, "/opt/cycle-exec/bin/cycle-exec", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[:2]) == (0, ["cycle-exec", __version__])


def _is_elf(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"


def _segments(elf: bytes) -> list[int]:
    """The kinds of a 64-bit program's segments."""
    start, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
    return [struct.unpack_from("<I", elf, start + number * size)[0] for number in range(count)]
