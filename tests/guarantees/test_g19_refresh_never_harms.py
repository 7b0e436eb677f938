"""G19: a failed refresh in reload mode never harms the running app."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, reloading
from tests.support.hostile import VARIABLES, chunked, data, drop, error, hostile, reply

MANIFEST = """
reload_interval = "150ms"
reload_missing = "drop"
[api]
deadline = "3s"
[environment]
on_change = "restart"
[[templates]]
source = "@/page.j2"
target = "@/page"
on_change = "restart"
"""
GOOD = data({"PLAIN": "one", "PAGE": "first"})


@pytest.fixture
def ground(tmp_path) -> Path:
    """A folder with a template."""
    (tmp_path / "page.j2").write_text("page {{ variables.PAGE }}\n")
    folder: Path = tmp_path
    return folder


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(401), "denied"),
        (error(403), "denied"),
        (error(404), "answer-refused"),
        (error(500), "unavailable"),
        (drop, "unavailable"),
        (reply(200, b"{"), "answer-malformed"),
        (data({"PLAIN": 1}), "answer-malformed"),
        (chunked({"data": {}}, end=False), "unavailable"),
        (data({"PLAIN": "one"}), "template-undefined"),
        (data({"PLAIN": "one", "PAGE": "x", "LD_PRELOAD": "y"}), "name-refused"),
        (data({"PLAIN": "o\0ne", "PAGE": "x"}), "value-refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_comes_instead_of_an_answer(ground, answer, kind):
    """One warning; the same app goes on with the same files, until there is an answer again."""
    with hostile(variables={"PLAIN": "one", "PAGE": "first"}) as api:
        api.on("/v1/notifications", reply(404, {}))
        api.on(VARIABLES, [GOOD, answer])
        with reloading(api, ground, MANIFEST, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            before = os.stat(ground / "page")
            line = run.says("reload failed: ")
            assert f"({kind})" in line
            assert line.endswith("; the app keeps running unchanged")
            assert os.stat(ground / "page") == before
            assert run.silent(0.1)
            assert run.end() == 7
        assert "c4n4ry" not in "".join(run.said)
