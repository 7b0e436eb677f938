"""The files of .github are what GitHub reads: valid YAML with the keys it needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

HOME = Path(__file__).parents[2] / ".github"
FORMS = sorted(path for path in (HOME / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


def test_the_workflow_calls_the_script_of_the_repository():
    """Nothing is done there that cannot be done by hand, and with no more rights than needed."""
    # YAML 1.1 reads the key `on` as true.
    document = yaml.safe_load((HOME / "workflows" / "ci.yml").read_text())
    assert set(document[True]) == {"push", "pull_request"}
    assert document["permissions"] == {"contents": "read"}
    [job] = document["jobs"].values()
    assert job["timeout-minutes"] <= 90
    assert job["steps"][-1]["run"] == "bash .ci/run"
    assert "secrets." not in (HOME / "workflows" / "ci.yml").read_text()
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "@" in step.get("uses", "@")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_has_what_a_form_needs(form):
    """Name, description, and fields with identifiers of their own."""
    document = yaml.safe_load(form.read_text())
    assert document["name"]
    assert document["description"]
    fields = [field for field in document["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names) > 1


def test_new_versions_are_looked_for_where_versions_are_written():
    """In the locks, in pyproject.toml and in the workflow."""
    document = yaml.safe_load((HOME / "dependabot.yml").read_text())
    assert document["version"] == 2
    kinds = {entry["package-ecosystem"]: entry for entry in document["updates"]}
    assert set(kinds) == {"pip", "github-actions"}
    assert kinds["pip"]["directories"] == ["/", "/.ci/requirements"]
    assert all(entry["schedule"]["interval"] for entry in kinds.values())


def test_contributors_find_their_page():
    """GitHub shows this file to whoever opens an issue; its links lead to pages that are there."""
    text = (HOME / "CONTRIBUTING.md").read_text()
    for page in ("docs/contributing.md", "docs/architecture.md"):
        assert f"(../{page})" in text
        assert (HOME.parent / page).is_file()
