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
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
HOME = HERE.parent.parent
DOCS = HOME / "docs"
# Pages that lie elsewhere in the repository.
ELSEWHERE = {"../CHANGELOG.md": "changelog.md", "../.github/SECURITY.md": "security-policy.md"}
_ROW = re.compile(r"\| (?P<purpose>[^|]+) \| \[(?P<title>[^]]+)\]\((?P<target>[^)#]+)\) \|")
_FENCE = re.compile(r"^```(?P<language>\S+) file=(?P<file>.+)$", re.MULTILINE)
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


def page(text: str, source: str, title: str, description: str) -> str:
    """A page as the generator wants it: head, titles of its blocks, links within the site."""
    text = _FENCE.sub(r'``` { .\g<language> title="\g<file>" }', text)
    text = _LINK.sub(lambda found: _link(found, source), text)
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
    for each in [Page("", "Start here", "index.md", "start here"), *pages(index)]:
        text = (DOCS / each.source).read_text()
        purpose = f"cycle-exec: {each.purpose.replace('`', '')}"
        (docs / each.name).write_text(page(text, each.source, each.title, purpose))
    for picture in DOCS.glob("*.svg"):
        shutil.copy(picture, docs)
    for asset in (*HERE.glob("*.css"), *HERE.glob("*.js")):
        shutil.copy(asset, assets)
    settings = (HERE / "zensical.toml").read_text()
    (folder / "zensical.toml").write_text(
        settings.replace("nav = []", f"nav = {_toml(nav(index))}", 1)
    )


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
