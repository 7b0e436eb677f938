"""`cycle-exec state`: a first state file, and the schema of all of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from cycle_exec.emulator import json_schema, scenario
from tests.emulator.test_routes import FULL
from tests.support.emulated import emulated
from tests.support.hostile import CANARY, data, error, hostile
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE


def state(*words, cwd=None, **environ):
    return subprocess.run(
        [SCRIPT, "state", *words],
        env={"PATH": PATH, "CYCLE_EXEC_MANIFEST": "", **environ},
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        timeout=PATIENCE,
    )


def test_the_schema_is_printed():
    """As JSON."""
    done = state("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json_schema.schema()


def test_a_dotenv_file_becomes_a_state(tmp_path):
    """With its values, and nothing expanded."""
    (tmp_path / ".env").write_text("A=1\nB='two \"words\"'\nC=${A}\n")
    done = state("new", "--from", ".env", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = scenario.parse(done.stdout, "state.toml").variables
    assert {name: item.value for name, item in found.items()} == {
        "A": "1",
        "B": 'two "words"',
        "C": "${A}",
    }


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 64, "--from-platform: neither this nor --from (usage)"),
        (["--from", "f", "--from-platform"], 64, "cannot be combined with --from (usage)"),
        (["--from", "none"], 78, "none: it does not exist (file-missing)"),
        (["--from-platform"], 77, "CYCLE_API_TOKEN"),
    ],
)
def test_what_it_cannot_begin_with(tmp_path, words, code, said):
    """Told what to give."""
    done = state("new", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_platform_becomes_a_state_that_serves_the_same_names(tmp_path):
    """What asks for names and numbers finds no difference, and no value has come along."""
    given = FULL.replace('A = "1"', 'A = "s3cret-words"\nURL = "redis://:s3cret@cache/1"')
    paths: list[tuple[str, Callable[[Any], object]]] = [
        ("/v1/environment/scoped-variables", sorted),
        ("/v1/environment/containers", lambda found: sorted(item["identifier"] for item in found)),
        ("/v1/environment/instances", lambda found: sorted(item["hostname"] for item in found)),
        ("/v1/containers/domains", lambda found: [item["fqdn"] for item in found]),
        ("/v1/containers/certificates", lambda found: [item["domains"] for item in found]),
        ("/v1/sdn/networks", lambda found: [item["identifier"] for item in found]),
        ("/v1/environment", lambda found: found["name"]),
        ("/v1/environment", lambda found: [n for n, s in found["services"].items() if s]),
        ("/v1/environment/virtual-machines", lambda found: [item["identifier"] for item in found]),
        ("/v1/hub/integrations?identifier=s3-backups", lambda found: sorted(found["auth"])),
    ]

    def names(platform):
        return [pick(platform.ask(path).json["data"]) for path, pick in paths]

    with emulated(given) as platform:
        done = state(
            "new",
            "--from-platform",
            "--integration=s3-backups=S3",
            CYCLE_API_TOKEN=platform.token,
            CYCLE_EXEC_SOCKET=platform.socket,
        )
        assert (done.returncode, done.stderr) == (0, "")
        wanted = names(platform)
    assert "s3cret" not in done.stdout
    assert done.stdout.startswith("# The names and shapes of a platform; its values are made up.\n")
    with emulated(done.stdout) as platform:
        assert names(platform) == wanted


def test_a_platform_that_does_not_tell_everything():
    """What may be missing is left out with a warning; without variables there is no state."""
    with hostile() as api:
        environ = {"CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
        api.on("/v1/environment/scoped-variables", data({"A": CANARY}))
        api.on("/v1/environment", data({"name": "dev"}))
        api.on("/v1/container", data({"id": "1", "identifier": "web"}))
        api.on("/v1/sdn/networks", error(403))
        for path in ("containers", "virtual-machines"):
            api.on(f"/v1/environment/{path}", data(None))
        for path in ("certificates", "domains"):
            api.on(f"/v1/containers/{path}", data(None))
        done = state("new", "--from-platform", **environ)
        assert done.returncode == 0
        assert done.stderr == (
            "cycle-exec: warning: networks: the API answered 403; left out of the state\n"
        )
        assert CANARY not in done.stdout
        found = scenario.parse(done.stdout, "state.toml")
        assert [item.identifier for item in found.containers] == ["web"]
        for answer, code in ((error(403), 77), (error(404), 65)):
            api.on("/v1/environment/scoped-variables", answer)
            done = state("new", "--from-platform", **environ)
            assert (done.returncode, done.stdout) == (code, "")
            assert "scoped variables: the API answered 40" in done.stderr
            assert CANARY not in done.stderr
