"""METADATA of the wheel: what a package index shows, and what pip goes by."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from cycle_exec import __version__

pytestmark = pytest.mark.timeout(600)
HOME = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
INFO = f"cycle_exec-{__version__}.dist-info"


class Links(HTMLParser):
    """Whatever a page asks a browser for, or leads it to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "srcset")]


@pytest.fixture
def metadata(built) -> Message:
    """As pip and the index parse it."""
    with zipfile.ZipFile(built.file("any.whl")) as wheel:
        return BytesParser().parsebytes(wheel.read(f"{INFO}/METADATA"))


def required(metadata: Message) -> list[Requirement]:
    """Requires-Dist."""
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def test_the_readme_leads_somewhere_from_an_index(metadata):
    """The page of the index is at another address: only whole addresses work there."""
    assert metadata["Description-Content-Type"] == "text/markdown"
    payload = metadata.get_payload(decode=True)
    assert isinstance(payload, bytes)
    text = payload.decode()
    assert text == (HOME / "README.md").read_text()
    links = Links(MarkdownIt().render(text)).found
    assert len(links) > 10
    assert [link for link in links if urlsplit(link).scheme != "https"] == []


def test_the_projects_addresses(metadata):
    """Under the names that an index knows; source and documents where the README leads to."""
    urls = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL", []))
    assert urls == PROJECT["urls"]
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    assert all(url.startswith(urls["Source"]) for url in urls.values())
    assert urls["Source"] in (HOME / "README.md").read_text()


def test_the_classifiers_are_known(built, metadata):
    """An index rejects others; those of Python are what it is made and tested for."""
    found = metadata.get_all("Classifier", [])
    code = "import trove_classifiers; print(*trove_classifiers.classifiers, sep='\\n')"
    done = subprocess.run([built.python, "-c", code], capture_output=True, text=True, check=True)
    assert set(found) <= set(done.stdout.splitlines())
    assert sorted(found) == sorted(PROJECT["classifiers"])
    assert not [line for line in found if line.startswith("License ::")]  # PEP 639 forbids both
    wanted = SpecifierSet(metadata["Requires-Python"])
    words = [line.removeprefix("Programming Language :: Python :: ") for line in found]
    named = [word for word in words if word.startswith("3.")]
    assert named
    assert all(word in wanted for word in named)
    assert [word for word in ("3.10", "3.11") if word in wanted] == [named[0]]


def test_the_license_is_in_the_wheel(built, metadata):
    """License-File names it, in the place that PEP 639 gives it."""
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]
    with zipfile.ZipFile(built.file("any.whl")) as wheel:
        assert wheel.read(f"{INFO}/licenses/LICENSE") == (HOME / "LICENSE").read_bytes()


def test_the_extras_are_those_of_the_documents(metadata):
    """Each with its requirements; the tools of development are no extra."""
    extras = PROJECT["optional-dependencies"]
    assert sorted(metadata.get_all("Provides-Extra", [])) == sorted(extras)
    for extra, lines in extras.items():
        found = [
            each
            for each in required(metadata)
            if each.marker and each.marker.evaluate({"extra": extra})
        ]
        assert {(each.name, str(each.specifier)) for each in found} == {
            (Requirement(line).name, str(Requirement(line).specifier)) for line in lines
        }


def test_every_dependency_is_bounded(metadata):
    """From below all of them; from above those whose next major version may break what we use."""
    plain = [each for each in required(metadata) if each.marker is None]
    assert {each.name for each in plain} == {
        *("click", "httpcore", "httpx", "jinja2", "python-dotenv")
    }
    for each in required(metadata):
        assert any(bound.operator == ">=" for bound in each.specifier), each
        assert each.url is None
    capped = {each.name for each in plain if any(bound.operator == "<" for bound in each.specifier)}
    assert capped == {"httpcore", "httpx"}
