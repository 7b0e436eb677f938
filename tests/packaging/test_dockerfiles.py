"""Every Dockerfile of the README, the documents and the examples: really built, and started in
namespaces of its own, with an emulated platform where a container of Cycle has the real one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import yaml

from tests.packaging.conftest import HOME
from tests.packaging.test_installers import fetched
from tests.support.containers import SOCKET, Container, Image, Store
from tests.support.emulated import Emulated, emulated
from tests.support.story import Block, blocks
from tests.support.waiting import until

pytestmark = [pytest.mark.timeout(1800), pytest.mark.needs("buildah", "nsenter")]
EXAMPLES = sorted(path.parent for path in HOME.glob("examples/*/Dockerfile"))
PAGES = [HOME / "README.md", *sorted((HOME / "docs").glob("*.md"))]
# The platform of a page that does not bring its own.
STATE = """
[variables]
UPSTREAM_URL = "http://127.0.0.1:8080"
[[certificates]]
domains = ["www.example.com"]
"""
# What a reader has, whatever the app is.
READERS = {"app.py": "import time\n\ntime.sleep(600)\n"}
_BUILD = re.compile(r"docker build -t (\S+) -f (\S+) ")
_FOLDER = "cycle-exec-folder.tar.gz"


def dockerfiles(page: Path) -> list[Block]:
    """The Dockerfiles of a page, without the parts of one that it may show."""
    return [
        block
        for block in blocks(page)
        if block.language == "dockerfile" and re.search(r"^FROM ", block.text, re.MULTILINE)
    ]


@contextmanager
def started(image: Image, platform: Emulated, *words: str) -> Iterator[Container]:
    """The image, with the platform's socket in its place."""
    socket = Path(platform.socket)
    # As the platform's: OpenVPN's hook, which is nobody, asks it as well.
    socket.parent.chmod(0o755)
    socket.chmod(0o666)
    environ = {"CYCLE_API_TOKEN": platform.token, "CYCLE_EXEC_SOCKET": f"{SOCKET}/{socket.name}"}
    with image.running(*words, mounts={SOCKET: socket.parent}, environ=environ) as container:
        yield container


def comes_up(container: Container) -> None:
    """cycle-exec starts the command, which stays or succeeds; it is healthy where it can tell."""
    container.says("cycle-exec: ready in")
    if container.health:
        assert until(lambda: container.process.poll() is not None or container.is_healthy())
        assert container.is_healthy(), container.said
    assert container.process.poll() in (None, 0), container.said


@pytest.fixture
def store(wheel_index) -> Store:
    """Where images are built."""
    return Store(wheel_index)


@pytest.fixture
def lock_requirements(wheel_index) -> Callable[[Path], None]:
    """Write requirements.txt as docs/install.md does, whose own words test_install_page plays."""
    words = ["pip", "compile", "-q", "--generate-hashes", "--python-version", "3.13", "-o"]
    uv = fetched("uv", "locked").program

    def locked(folder: Path) -> None:
        subprocess.run(
            [
                uv,
                *words,
                folder / "requirements.txt",
                "--no-index",
                "--find-links",
                wheel_index,
                "-",
            ],
            input="cycle-exec\n",
            text=True,
            check=True,
        )

    return locked


def of_example(folder: Path) -> str:
    """The state of an example; a container has the ports for which a laptop would need root."""
    lines = (folder / "state.toml").read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("NGINX_HTTP"))


def test_a_whole_library_cannot_be_compiled(store, tmp_path):
    """Of the standard library's own tests, some are no Python: what the pages recommend leaves
    them out, and the base has such a file, so that the other tests show it.
    """
    text = "FROM python:3.13-slim\nRUN python -m compileall -q /usr/local/lib\n"
    with (
        pytest.raises(AssertionError, match=r"python3.13/test/bad.py"),
        store.built(text, tmp_path),
    ):
        pass


# What shows that the app of an example does its work, beside its HEALTHCHECK.
SHOWS = {
    "cron": "",
    "gunicorn": "Listening at: http://0.0.0.0:8000",
    "migration": "DATABASE_URL=postgres://",
    "nginx-tls": "",
    "node": "listening on",
    "openvpn": "Initialization Sequence Completed",
}


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example(store, folder):
    """Built of its own files alone, and started."""
    with (
        store.built((folder / "Dockerfile").read_text(), folder) as image,
        emulated(of_example(folder)) as platform,
        started(image, platform) as container,
    ):
        comes_up(container)
        container.says(SHOWS[folder.name])
        if folder.name == "cron":
            # Its first run is due at the next full hour; this is what it then runs.
            ran = container.run(*image.command[image.command.index("3600") + 1 :])
            assert (ran.returncode, ran.stdout[-28:]) == (0, ": password of 13 characters\n")
        container.stop()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if dockerfiles(page)], ids=lambda p: p.stem
)
def test_a_page(store, page, tmp_path, request):
    """Its Dockerfiles in their order, with the files of the page, and of what came before."""
    files = {Path(block.file).name: block.text for block in blocks(page) if block.file}
    tags = {path: tag for tag, path in _BUILD.findall(page.read_text())}
    with ExitStack() as stack:
        platform = stack.enter_context(emulated(files.get("state.toml", STATE)))
        for number, block in enumerate(dockerfiles(page)):
            context = tmp_path / str(number)
            context.mkdir()
            for name, text in {**READERS, **files}.items():
                (context / name).write_text(text)
            if _FOLDER in block.text:
                shutil.copy(request.getfixturevalue("archive"), context)
            if "COPY requirements.txt" in block.text:
                request.getfixturevalue("lock_requirements")(context)
            names = [tags[block.file]] if block.file in tags else []
            image = stack.enter_context(store.built(block.text, context, *names))
            if not image.command:
                continue  # which only others copy from
            if image.command[1:2] == ["emulator"]:
                serves(image, context)
                continue
            with started(image, platform) as container:
                comes_up(container)


def serves(image: Image, folder: Path) -> None:
    """The image of the emulator: healthy before the app's is started, which finds it."""
    token = {"CYCLE_API_TOKEN": "dev-token"}
    mounts = {SOCKET: folder / "api", "/state.toml": folder / "state.toml"}
    (folder / "api").mkdir()
    with image.running(mounts=mounts, environ=token) as container:
        assert until(lambda: container.process.poll() is not None or container.is_healthy())
        assert container.is_healthy(), container.said
        ran = container.run("cycle-exec", "--", "env")
        assert "DATABASE_URL=" in ran.stdout, ran.stderr
        assert container.stop() in (0, 143), container.said


def test_the_words_of_compose_are_valid(tmp_path):
    """The compose file of a page, read by Docker's own program, among the files of the page."""
    pages = {page: [block for block in blocks(page) if block.file] for page in PAGES}
    composed = [page for page, found in pages.items() if "compose.yaml" in {b.file for b in found}]
    assert composed
    for page in composed:
        for block in pages[page]:
            path = tmp_path / block.file.lstrip("/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text)
        done = subprocess.run(
            ["docker-compose", "-f", tmp_path / "compose.yaml", "config"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{page.name}: {done.stderr}"
        services = yaml.safe_load(done.stdout)["services"]
        assert services["app"]["depends_on"]["cycle"]["condition"] == "service_healthy"
        assert {"cycle", "app"} == set(services)
