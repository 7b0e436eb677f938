"""The site of docs/: one command builds it, no link in it is broken, and it asks no other host."""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.options import OPTIONS
from cycle_exec.version import __version__
from tests.docs import reference
from tests.support import machine
from tests.support.story import blocks

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
        self.copied: list[str] = []
        self.headings: dict[str, str] = {}
        self.text = ""
        self._heading = ""
        self._within = ""
        self.feed(file.read_text())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(found["id"] or "")
        if tag == "div" and "language-console" in (found.get("class") or ""):
            self.copied.append(found.get("data-copy") or "")
        if re.fullmatch("h[2-6]", tag):
            self._heading = found["id"] or ""
        elif tag == "a":
            self._within = self._heading and "heading link"
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
        self.text += data
        if self._heading and self._within != "heading link":
            self.headings[self._heading] = self.headings.get(self._heading, "") + data
        if self._within == "title":
            self.title += data
        elif self._within == "filename":
            self.titles.append(data)
        elif self._within == "style":
            self.styles += data

    def handle_endtag(self, tag: str) -> None:
        self._within = ""
        if re.fullmatch("h[2-6]", tag):
            self._heading = ""


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


def script(name: str) -> ModuleType:
    """A module of `.ci/site`, which is no package."""
    sys.path.insert(0, str(SITE))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SITE))


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
    """To search engines in whole sentences, and in the browser's tabs."""
    for name, page in pages.items():
        assert page.title.endswith(" - cycle-exec"), name
        assert re.fullmatch(r"[A-Z][^`\[\]*|]{15,158}\.", page.description), page.description
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
    prepare = script("prepare")
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
    shutil.copytree(SITE / "overrides", work / "overrides")
    (work / "zensical.toml").write_text((SITE / "zensical.toml").read_text())
    (work / "docs" / "index.md").write_text("# Index\n\n[gone](gone.md)\n")
    tools = Path(os.environ.get("SITE_ENVIRONMENT", HOME / ".cache" / "site-tools"))
    words = [str(tools / "bin" / "zensical"), "build", "--strict"]
    done = subprocess.run(words, cwd=work, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "index.md:3" in done.stderr + done.stdout


def test_copy_buttons_copy_commands(pages, site):
    """Of what a terminal shows, without prompts and output; other blocks are copied whole."""
    for file in (HOME / "docs").glob("*.md"):
        shown = [block.text for block in blocks(file) if block.language == "console"]
        copied = pages[file.with_suffix(".html").name].copied
        typed = [
            [line[2:] for line in text.splitlines() if re.match(r"\$ |>( |$)", line)]
            for text in shown
        ]
        assert [text.splitlines() for text in copied] == typed, file.name
    assert any(page.copied for page in pages.values())
    # What the theme's script asks for when the button is pressed.
    (theme,) = (site / "assets" / "javascripts").glob("bundle.*.js")
    assert re.search(
        r'closest\("\[data-copy\]"\);?[^;]*getAttribute\("data-copy"\)', theme.read_text()
    )


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        ("$ a\nout\n$ b\n", "a\nb"),
        ("$ cat <<E\n> x\n>\n>  y\n> E\nx\n> out\n", "cat <<E\nx\n\n y\nE"),
        ("no prompt\n  here\n", "no prompt\n  here"),
        ("$ echo $HOME\n$HOME\n", "echo $HOME"),
    ],
)
def test_what_is_typed(shown, typed):
    """Lines behind a prompt, and those that go on behind its first line."""
    assert script("finish").commands(shown) == typed


def test_what_is_copied_keeps_every_character():
    """Whatever HTML makes of it."""
    block = '<div class="language-console highlight"><pre><span></span><code>{}</code></pre></div>'
    page = script("finish").with_commands(block.format("$ <b>a</b> &quot;x&#39; &lt;&amp;\n$ b\n"))
    assert page.startswith('<div data-copy="a &quot;x&#x27; &lt;&amp;&#10;b" class=')
    other = block.format("x").replace("console", "toml")
    assert script("finish").with_commands(other) == other


def test_every_option_and_key_has_a_heading(pages):
    """Which can be linked to, by the same name here and on GitHub, and holds no table."""
    headings = pages["settings.html"].headings
    wanted = [option.flag for option in OPTIONS] + list(keys())
    for name in wanted:
        assert headings.get(reference.anchor(name)) == name
    assert len({reference.anchor(name) for name in wanted}) == len(wanted)
    assert "\n|" not in (HOME / "docs" / "settings.md").read_text()


def keys() -> set[str]:
    """The manifest's keys, by the table that the program reads."""
    return {
        f"{name}.{key}"
        for name, node in MANIFEST.fields.items()
        for key in getattr(getattr(node, "item", node), "fields", {})
    }


def test_every_page_has_version_and_source(pages):
    """In its header; nothing of the theme asks the source's host for figures."""
    for name, page in pages.items():
        assert f"Source of {__version__}" in page.text, name
        assert "https://github.com/cycle-exec/cycle-exec" in page.links, name


def test_programs_find_the_pages(pages, site):
    """llms.txt lists each once, with what it is for, and as the text that it is made of."""
    lines = (site / "llms.txt").read_text().splitlines()
    assert lines[0] == f"# cycle-exec {__version__}"
    assert lines[2].startswith("> The container entrypoint")
    rows = [re.fullmatch(r"- \[(.+)\]\((\S+)\): (.+)", line) for line in lines]
    listed = {row[2]: (row[1], row[3]) for row in rows if row and not row[2].startswith("https:")}
    assert {name.replace(".html", ".md") for name in pages} == set(listed)
    for name, (title, description) in listed.items():
        page = pages[name.replace(".md", ".html")]
        assert (page.title, page.description) == (f"{title} - cycle-exec", description)
        text = (site / name).read_text()
        assert text.startswith("# ")
        for target in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text):
            assert (site / target).is_file(), f"{name}: {target}"


# What people look for, and the places of which one has to be among the first five.
SOUGHT = {
    "install": {"install.html", "images.html"},
    "healthcheck": {"init.html#health", "install.html"},
    "docker compose": {"doctor.html#common-problems", "install.html"},
    "permission denied": {"doctor.html#common-problems"},
    "externally managed": {"doctor.html#common-problems", "install.html"},
    "env-file": {"settings.html#--env-file"},
    "CYCLE_EXEC_ENV_FILE": {"settings.html#--env-file"},
    "environment.files": {"settings.html#environmentfiles"},
    "variables.only": {"settings.html#variablesonly"},
    "init": {"init.html"},
    "exit code 77": {"exit-codes.html"},
    "template-undefined": {"exit-codes.html", "exit-codes.html#format-of-messages"},
    "envsubst": {"migrate.html", "templates.html"},
}


def test_the_search_finds(site):
    """By the rules of the site's own search, which is asked as a page asks it."""
    words = [machine.program("node"), str(Path(__file__).with_name("search.js")), str(site)]
    done = subprocess.run([*words, *SOUGHT], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    missed = {}
    for query, places in SOUGHT.items():
        first = found[query][:5]
        pages = {place.partition("#")[0] for place in first}
        if not places & ({*first, *pages}):
            missed[query] = first
    assert missed == {}


def test_the_search_finds_every_setting(site):
    """Each option by its variable, among the first ten places, which are shown at once."""
    words = [machine.program("node"), str(Path(__file__).with_name("search.js")), str(site)]
    names = {option.variable: reference.anchor(option.flag) for option in OPTIONS}
    done = subprocess.run([*words, *names], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert {
        name: place for name, place in names.items() if f"settings.html#{place}" not in found[name]
    } == {}
