"""Compiled templates as values."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from cycle_exec.planning.templates.text_use import Use

    # A function of a runtime.Context.
    Root = Callable[[Any], Iterator[str]]
    Blocks = Mapping[str, Root]
    # What the code of a template makes of a runtime.Environment and its name: its main function,
    # and its blocks by their names.
    Made = Callable[[Any, str], tuple[Root, Blocks]]


class Program(Record):
    """A template whose code needs no Jinja2.

    made: that of the template and of every other one that it is made of, by the name messages call
    it. folders: of each of these, what the names of the files that it uses begin with. used: the
    top-level names that they take from the context. uses: see planning.model.Prepared.
    """

    _redacted = ("made",)

    made: Mapping[str, Made]
    folders: Mapping[str, str] = {}
    used: frozenset[str]
    uses: tuple[Use, ...] = ()


class Generated(Record):
    """The code of one template, as Python source that defines `template`.

    used: the top-level names that it takes from the context. parts: the files that it names, and
    whether there is one of the name. uses: line, path and kind of each text_use.Use.
    """

    code: str
    used: frozenset[str]
    parts: tuple[tuple[str, bool], ...] = ()
    uses: tuple[tuple[int, tuple[str, ...], str], ...] = ()


class Uncovered(Record):
    """Why a template is left to Jinja2. line: of the template."""

    line: int
    reason: str
