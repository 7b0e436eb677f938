"""Each statement about another tool names what it was read in, so that it can be read again."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.test_reference import rows

PAGE = Path(__file__).parents[2] / "docs" / "comparison.md"
TEXT = PAGE.read_text()
SOURCES = dict(re.findall(r"^\[([a-z0-9-]+)\]: (\S+)$", TEXT, re.MULTILINE))
USED = re.findall(r"\[([^]]+)\]\[([a-z0-9-]+)\]", TEXT)


def test_each_source_is_a_place_in_a_commit():
    """The file and its lines in a commit, which no later change moves; and the words say which."""
    assert len(SOURCES) > 30
    assert {key for _, key in USED} == set(SOURCES)
    for words, key in USED:
        found = re.fullmatch(
            r"https://github\.com/[\w-]+/[\w-]+/blob/[0-9a-f]{40}/(\S+?)(?:\?plain=1)?#L(\d+)(?:-L\d+)?",
            SOURCES[key],
        )
        assert found, SOURCES[key]
        assert words == f"{Path(found[1]).name}:{found[2]}"


def test_each_tool_is_read_at_one_commit():
    """That which the tables name; tini and dumb-init at that of their version."""
    commits: dict[str, set[str]] = {}
    for key, url in SOURCES.items():
        commits.setdefault(key.rpartition("-")[0], set()).add(url.split("/blob/")[1][:7])
    assert all(len(found) == 1 for found in commits.values()), commits
    glance = {row[0]: row[5] for row in rows(PAGE, "tool")}
    read = {row[0]: row[1] for row in rows(PAGE, "tool", after="## Features beside the peers")}
    assert len(read) == len(commits)
    for tool, version in read.items():
        assert glance.get(tool, version) == version
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            assert {version[:7]} in commits.values(), tool


def test_each_row_says_how_it_was_found_out():
    """By a source, by a run, or that no tool has it, which the lists of all options show."""
    found = rows(PAGE, "feature")
    assert len(found) > 15
    for feature, ours, others in found:
        assert ours, feature
        told = re.search(r"\]\[|\*run\*|\]\(|\bnone\b|No option|the stores have", others)
        assert told, f"{feature}: {others}"
