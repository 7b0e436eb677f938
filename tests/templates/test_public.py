"""Config templates of public projects, word for word: rendered by Jinja2 and compiled, alike.

`public/SOURCES.md` says where they are from, under which licence, and which are left to Jinja2.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning.programs import generation, rendering
from cycle_exec.planning.programs.model import Generated, Program
from cycle_exec.planning.templates.jinja import compiling, running
from cycle_exec.planning.templates.parts import Library
from cycle_exec.system import programs

# Python's words about a text of a template, of which it reads the backslash as it stands there.
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")

HOME = Path(__file__).parent / "public"
TEXT = (HOME / "SOURCES.md").read_text()
ROW = re.compile(r"^\| `(?P<path>[^`]+)` \| (?P<blob>[0-9a-f]{40}) \| (?P<outcome>[^|]+) \|$", re.M)
COMPILED, PART = "compiled", "a part of others"
# Licences that let a file be copied with its notice, which lies beside the files.
FREE = {"Apache-2.0", "BSD-2-Clause", "MIT"}


class Source(NamedTuple):
    """A project that files are from."""

    folder: str
    licence: str
    outcomes: dict[str, str]
    blobs: dict[str, str]


@cache
def sources() -> list[Source]:
    """All of SOURCES.md."""
    found = []
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        place = re.search(
            r"^<https://github\.com/(\S+)/tree/[0-9a-f]{40}>, (\S+)$", section, re.MULTILINE
        )
        assert place, section
        rows = list(ROW.finditer(section))
        outcomes = {row["path"]: row["outcome"] for row in rows}
        blobs = {row["path"]: row["blob"] for row in rows}
        found.append(Source(place[1].replace("/", "+"), place[2], outcomes, blobs))
    return found


NAMES = [
    f"{source.folder}/{path}"
    for source in sources()
    for path, outcome in source.outcomes.items()
    if outcome != PART
]


class Template(NamedTuple):
    """A file, and the others that it may be made of. top: what their names begin with."""

    name: str
    texts: Mapping[str, str]
    top: str
    context: dict[str, object]
    outcome: str

    @property
    def library(self) -> Library:
        """The folder that Ansible looks in, or that of the file."""
        names = [name for name in self.texts if name.startswith(self.top)]
        return Library(
            texts={name: self.texts[name] for name in names if name != self.name},
            folders=dict.fromkeys(names, self.top),
        )

    def program(self) -> Program | str:
        """What a launch would run in place of it, or why there is nothing."""
        made, todo = {}, [self.name]
        used: frozenset[str] = frozenset()
        for name in todo:
            try:
                found = generation.generated(name, self.texts[name], self.library)
            except Refused as refused:
                return refused.problems[0].reason
            if not isinstance(found, Generated):
                return found.reason
            made[name] = programs.template(programs.stored(found.code, name))
            used |= found.used
            parts = dict.fromkeys(self.top + part for part, present in found.parts if present)
            todo += [part for part in parts if part not in todo]
        return Program(made=made, folders=dict.fromkeys(made, self.top), used=used)

    def by_jinja2(self, context: Mapping[str, object]) -> str | Refused:
        """What it renders, or what is wrong."""
        try:
            return running.rendered(_templates(self), self.name, self.texts, context)
        except Refused as refused:
            return refused


_made: dict[str, dict[str, jinja2.Template]] = {}


def _templates(public: Template) -> dict[str, jinja2.Template]:
    """Those of the last one, which are made once for all of its values."""
    if public.name not in _made:
        _made.clear()
        own = {public.name: public.texts[public.name]}
        _made[public.name] = compiling.compiled(own, set(), public.library)
    return _made[public.name]


@cache
def _texts(folder: str) -> dict[str, str]:
    (source,) = (each for each in sources() if each.folder == folder)
    return {path: (HOME / folder / path).read_text() for path in source.outcomes}


def template(name: str) -> Template:
    """One of NAMES, with values that its own project gives, or that are as plausible."""
    folder, _, path = name.partition("/")
    (source,) = (each for each in sources() if each.folder == folder)
    values = json.loads((HOME / folder / "values.json").read_text())
    context = {**values["names"], **values["templates"].get(path, {})}
    top = "templates/" if path.startswith("templates/") else path.rpartition("/")[0] + "/"
    return Template(path, _texts(folder), top, context, source.outcomes[path])


def variations(template: Template) -> Iterator[dict[str, object]]:
    """The values, and each of them missing, empty, and of another kind."""
    yield template.context
    for name, value in template.context.items():
        yield {key: each for key, each in template.context.items() if key != name}
        yield {**template.context, name: "" if isinstance(value, str) else type(value)()}
        yield {**template.context, name: not value}
        yield {**template.context, name: [value, value]}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_rendered_alike(name):
    """With its values, without Jinja2 if it is covered, and alike with every variation of them."""
    public = template(name)
    program = public.program()
    if isinstance(program, str):
        assert program == public.outcome
        return
    expected = public.by_jinja2(public.context)
    if public.outcome == COMPILED:
        assert isinstance(expected, str), expected.problems
        assert rendering.render(program, public.name, public.context) == expected
    elif isinstance(expected, Refused):
        assert expected.problems[0].reason == public.outcome
    else:
        assert rendering.render(program, public.name, public.context) is None
    used = {name: public.context[name] for name in program.used if name in public.context}
    for context in variations(public._replace(context=used)):
        found = rendering.render(program, public.name, context)
        assert found is None or found == public.by_jinja2(context)


def test_most_are_compiled():
    """At least four of five, of at least fifty."""
    outcomes = [template(name).outcome for name in NAMES]
    assert len(outcomes) >= 50
    assert outcomes.count(COMPILED) >= 0.8 * len(outcomes)
    compiled = outcomes.count(COMPILED)
    assert f"Of {len(outcomes)} templates {compiled} are compiled" in TEXT
    page = " ".join((HOME.parents[2] / "docs" / "performance.md").read_text().split())
    told = (
        f"on {len(outcomes)} templates of public projects, word for word, of which {compiled} are"
    )
    assert told in page


def test_each_file_is_as_it_was_published():
    """Its content has the name that Git gives it, and nothing lies here that is not listed."""
    for source in sources():
        folder = HOME / source.folder
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert there == {*source.blobs, "values.json", *(there & {"LICENSE", "LICENSE.md"})}
        assert source.licence in FREE
        assert len(there & {"LICENSE", "LICENSE.md"}) == 1
        for path, blob in source.blobs.items():
            content = (folder / path).read_bytes()
            made = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            assert made == blob, path
    folders = {path.name for path in HOME.iterdir() if path.is_dir()}
    assert folders == {source.folder for source in sources()}
