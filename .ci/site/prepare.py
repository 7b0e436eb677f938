"""What the generator reads, made of docs/: `python .ci/site/prepare.py FOLDER`.

docs/ is written for a reader of the repository, and stays as it is. The tables of its index decide
which pages there are, in which groups and order, and what each is for.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
HOME = HERE.parent.parent
DOCS = HOME / "docs"
# Pages that lie elsewhere in the repository.
ELSEWHERE = {"../CHANGELOG.md": "changelog.md", "../.github/SECURITY.md": "security-policy.md"}
_ROW = re.compile(r"\| (?P<purpose>[^|]+) \| \[(?P<title>[^]]+)\]\((?P<target>[^)#]+)\) \|")
_FENCE = re.compile(r"^```(?P<language>\S+) file=(?P<file>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LONGEST = 160  # what search engines show of a description
_LINK = re.compile(r"(?<!!)\[(?P<text>[^]]*)\]\((?P<target>[^):#]+)(?P<anchor>#[^)]*)?\)")
_TITLE = re.compile(r"\A# (.+)$", re.MULTILINE)


class Page(NamedTuple):
    """A row of the index. source: relative to docs/. purpose: what a reader wants who opens it."""

    group: str
    title: str
    source: str
    purpose: str

    @property
    def name(self) -> str:
        """Its name in the site."""
        return ELSEWHERE.get(self.source, self.source)


def pages(index: str) -> list[Page]:
    """All rows of the index's tables, below the headings that they stand under."""
    group, found = "", []
    for line in index.splitlines():
        if line.startswith("## "):
            group = line[3:]
        elif row := _ROW.match(line):
            found.append(Page(group, row["title"], row["target"], row["purpose"]))
    return found


def every_page() -> list[Page]:
    """The index, and the pages of its tables."""
    index = (DOCS / "index.md").read_text()
    return [
        Page(
            "",
            "Start here",
            "index.md",
            "replace a shell entrypoint in three steps",
        ),
        *pages(index),
    ]


def project() -> dict[str, Any]:
    """What pyproject.toml says of the project."""
    return dict(tomllib.loads((HOME / "pyproject.toml").read_text())["project"])


def release() -> str:
    """The version that the site describes."""
    text = (HOME / "cycle_exec" / "version.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    assert found, "there is no version"
    return found[1]


def nav(index: str) -> list[dict[str, object]]:
    """The index itself, and its groups."""
    title = _TITLE.match(index)
    assert title, "the index has no title"
    groups: dict[str, list[dict[str, str]]] = {}
    for page in pages(index):
        groups.setdefault(page.group, []).append({page.title: page.name})
    found: list[dict[str, object]] = [{title[1]: "index.md"}]
    found.extend({group: rows} for group, rows in groups.items())
    return found


def describe(purpose: str, text: str) -> str:
    """Say what a page is for, in whole sentences: its row of the index, then how it begins."""
    told = f"{purpose[0].upper()}{purpose[1:]}.".replace("`", "")
    for sentence in _sentences(text):
        if len(told) + 1 + len(sentence) > _LONGEST:
            break
        told = f"{told} {sentence}"
    return told


def _sentences(text: str) -> list[str]:
    """The sentences of the first paragraph, as plain text; one that leads to a list is none."""
    for paragraph in re.split(r"\n{2,}", _BLOCK.sub("", text).strip()):
        plain = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", paragraph)
        plain = " ".join(re.sub(r"[`*]", "", plain).split())
        if plain[:1].isupper() or paragraph[:1] == "`":
            return [each for each in re.split(r"(?<=\.)\s+", plain) if each.endswith(".")]
    return []


def linked(text: str, source: str) -> str:
    """The same text, with links that stay within the site."""
    return _LINK.sub(lambda found: _link(found, source), text)


def page(text: str, source: str, title: str, description: str) -> str:
    """A page as the generator wants it: head, titles of its blocks, links within the site."""
    text = linked(_FENCE.sub(r'``` { .\g<language> title="\g<file>" }', text), source)
    # A string of JSON is one of YAML too.
    head = [f"title: {json.dumps(title)}", f"description: {json.dumps(description)}"]
    return "\n".join(["---", *head, "---", "", text])


def _link(found: re.Match[str], source: str) -> str:
    """A link that leads out of docs/ has to become one to a page, or the name of a file."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), found["target"]))
    if target.startswith("../docs/"):
        target = target.removeprefix("../docs/")
    anchor = found["anchor"] or ""
    if target in ELSEWHERE:
        return f"[{found['text']}]({ELSEWHERE[target]}{anchor})"
    if target.startswith("../"):
        name = f"`{target.removeprefix('../')}`"
        return found["text"] if name.strip("`") in found["text"] else f"{found['text']} ({name})"
    return f"[{found['text']}]({target}{anchor})"


def prepare(folder: Path) -> None:
    """Write all of it."""
    docs = folder / "docs"
    assets = docs / "assets"
    assets.mkdir(parents=True)
    index = (DOCS / "index.md").read_text()
    for each in every_page():
        text = (DOCS / each.source).read_text()
        description = describe(each.purpose, text)
        (docs / each.name).write_text(page(text, each.source, each.title, description))
    for picture in DOCS.glob("*.svg"):
        shutil.copy(picture, docs)
    for asset in (*HERE.glob("*.css"), *HERE.glob("*.js")):
        shutil.copy(asset, assets)
    shutil.copytree(HERE / "overrides", folder / "overrides")
    settings = (HERE / "zensical.toml").read_text()
    for key, value in (
        ("nav = []", nav(index)),
        ('repo_url = ""', project()["urls"]["Source"]),
        ('release = ""', release()),
    ):
        assert settings.count(key) == 1, key
        settings = settings.replace(key, f"{key.split()[0]} = {_toml(value)}")
    (folder / "zensical.toml").write_text(settings)


def _toml(value: object) -> str:
    """Lists, tables and strings as TOML, all on one line."""
    if isinstance(value, list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
