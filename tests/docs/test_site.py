"""The site of docs/: one command builds it, no link in it is broken, and it asks no other host."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

HOME = Path(__file__).parents[2]
SITE = HOME / ".ci" / "site"
# Attributes that make a browser ask for something.
ASKS = {
    ("img", "src"),
    ("script", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("link", "href"),
    ("video", "src"),
    ("object", "data"),
    ("use", "href"),
}


class Page(HTMLParser):
    """What a page of the site has."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.title = self.description = self.styles = ""
        self.links: list[str] = []
        self.asked: list[str] = []
        self.anchors: set[str] = set()
        self.titles: list[str] = []
        self._within = ""
        self.feed(file.read_text())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(found["id"] or "")
        if tag == "meta" and found.get("name") == "description":
            self.description = found.get("content") or ""
        if tag == "span" and found.get("class") == "filename":
            self._within = "filename"
        for name, value in attrs:
            if (tag, name) in ASKS:
                self.asked.append(value or "")
            elif tag == "a" and name == "href":
                self.links.append(value or "")
            elif name == "style":
                self.styles += value or ""

    def handle_data(self, data: str) -> None:
        if self._within == "title":
            self.title += data
        elif self._within == "filename":
            self.titles.append(data)
        elif self._within == "style":
            self.styles += data

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """What `.ci/site/build` makes of this tree, once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    shared: Path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    (HOME / ".cache").mkdir(exist_ok=True)
    with (HOME / ".cache" / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "index.html").exists():
            words = [SITE / "build", shared]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return shared


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Page]:
    """All pages by their names."""
    return {file.name: Page(file) for file in site.glob("*.html")}


# The first build installs the generator.
pytestmark = pytest.mark.timeout(300)


def test_every_document_is_a_page_and_in_the_nav(pages):
    """Whoever adds one adds a row to the index, which says what it is for and where it stands."""
    names = {path.with_suffix(".html").name for path in (HOME / "docs").glob("*.md")}
    assert names | {"changelog.html", "security-policy.html"} == set(pages)
    for name, page in pages.items():
        linked = {unquote(urlsplit(link).path).removeprefix("./") for link in page.links}
        assert set(pages) - {name} <= linked, f"{name} does not lead to every other page"


def test_every_page_says_what_it_is(pages):
    """To search engines, and in the browser's tabs."""
    for name, page in pages.items():
        assert page.title.endswith(" - cycle-exec"), name
        assert re.fullmatch(r"cycle-exec: [a-z].{5,150}", page.description), name
    assert len({page.title for page in pages.values()}) == len(pages)
    assert len({page.description for page in pages.values()}) == len(pages)


def test_every_link_leads_somewhere(pages, site):
    """Within the site, to a file and to a place in it."""
    broken = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme == "https", f"{name}: {link}"
                continue
            target = unquote(parts.path).removeprefix("./") or name
            if not (site / target).is_file() or (
                parts.fragment and unquote(parts.fragment) not in pages[target].anchors
            ):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_nothing_is_asked_of_another_host(pages, site):
    """No script, style, font or picture: the folder is all that a reader needs."""
    for name, page in pages.items():
        assert page.asked, name
        for asked in page.asked:
            parts = urlsplit(asked)
            assert not parts.scheme or asked.startswith("data:"), f"{name}: {asked}"
            assert not parts.netloc, f"{name}: {asked}"
            assert (site / unquote(parts.path)).is_file(), f"{name}: {asked}"
        assert_own(page.styles, name)
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        assert_own(style.read_text(), style.name)


def assert_own(style: str, name: str) -> None:
    """Every url() and @import of a style sheet is in the folder, or in the sheet itself."""
    for address in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", style):
        assert address.startswith(("data:", "#")) or not urlsplit(address).netloc, (
            f"{name}: {address}"
        )


def test_a_block_that_is_a_file_has_its_name_above_it(pages):
    """And what the tests are told of a block is not shown as text."""
    assert "/etc/cycle-exec.toml" in pages["index.html"].titles
    assert ".env" in pages["laptop.html"].titles


def test_the_pictures_can_be_read_aloud():
    """Small, well-formed, with a title and a description, for light and dark."""
    pictures = list((HOME / "docs").glob("*.svg"))
    names = {picture.name for picture in pictures}
    assert names == {"architecture.svg", "pipeline.svg", "startup.svg"}
    for picture in pictures:
        text = picture.read_text()
        drawn = ElementTree.fromstring(text)
        assert drawn.findtext("{http://www.w3.org/2000/svg}title")
        assert drawn.findtext("{http://www.w3.org/2000/svg}desc")
        assert "prefers-color-scheme: dark" in text
        assert len(text) < 10_000


def test_links_out_of_the_documents_become_pages_or_names():
    """The site has no source tree beside it."""
    spec = importlib.util.spec_from_file_location("prepare", SITE / "prepare.py")
    assert spec
    assert spec.loader
    prepare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    text = prepare.page(
        "[log](../CHANGELOG.md) [all of it](../examples/app) [`tests/run.sh`](../tests/run.sh)"
        " [own](launch.md#steps) ![picture](pipeline.svg) [far](https://cycle.io)",
        "index.md",
        'A "title"',
        "what: for",
    )
    assert text.splitlines()[1:3] == [r'title: "A \"title\""', 'description: "what: for"']
    assert text.splitlines()[-1] == (
        "[log](changelog.md) all of it (`examples/app`) `tests/run.sh`"
        " [own](launch.md#steps) ![picture](pipeline.svg) [far](https://cycle.io)"
    )
    inner = prepare.page("[s](../docs/security.md#x)", "../.github/SECURITY.md", "t", "d")
    assert inner.endswith("[s](security.md#x)")


def test_a_link_that_leads_nowhere_fails_the_build(site, tmp_path):
    """With the file and the line."""
    work = tmp_path / "work"
    (work / "docs").mkdir(parents=True)
    (work / "zensical.toml").write_text((SITE / "zensical.toml").read_text())
    (work / "docs" / "index.md").write_text("# Index\n\n[gone](gone.md)\n")
    tools = Path(os.environ.get("SITE_ENVIRONMENT", HOME / ".cache" / "site-tools"))
    words = [str(tools / "bin" / "zensical"), "build", "--strict"]
    done = subprocess.run(words, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "index.md:3" in done.stderr + done.stdout
