"""A scenario as a value: what the platform does, what is launched, and exactly what comes of it.

In expected words @/ stands for the folder of targets, ~/ for the one of inputs, <socket> for the
API's socket, <n> for any number, <tries> for " after 2 tries" with any number, or nothing, and
<cut> for the reason of a connection that ends too soon: that it did, or, where the deadline comes
in the middle of the last try, that no answer came in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.support.hostile import CANARY, VARIABLES, Behaviour, Hostile, data
from tests.support.launching import Ground

PLAIN = f"{CANARY}-plain"
FETCHED = {"PLAIN": PLAIN}
# A healthy answer.
GOOD = data(FETCHED)
# What a launch that starts leaves when nothing else is said.
PAGE = f"page of {PLAIN}\n".encode()
PAGES = {"page.html": PAGE}
TEMPLATE = "page of {{ variables.PLAIN }}\n"
JOB = """
[[templates]]
source = "~/page.j2"
target = "@/page.html"
mode = "0640"
"""
LATE = ", the deadline has passed (unavailable)"
SHORT = "2500ms"

Count = int | range


class Starts(NamedTuple):
    """The app starts, with these fetched variables and these files, after these words.

    environ: all that differs from what was inherited. files: all that is new or different, by its
    name among the targets; a file of certificates is not listed, `certificates` are: their folder
    and the number of certificates in its chain.
    """

    environ: Mapping[str, str] = FETCHED
    files: Mapping[str, bytes] = PAGES
    warnings: tuple[str, ...] = ()
    certificates: Mapping[str, int] = MappingProxyType({})


class Refuses(NamedTuple):
    """Nothing starts and nothing changes.

    problems: "subject: reason (kind)", as they are told. fixes: in place of those of the kinds.
    hidden: how many more there are. staged: it came as far as staging.
    """

    code: int
    problems: tuple[str, ...]
    fixes: tuple[str, ...] = ()
    hidden: int = 0
    staged: bool = False


class Scenario(NamedTuple):
    """One bad day, or a good one that looks bad.

    on: what the platform does, by path. accepting: what it does with connections before their
    request. server: how the socket comes to be. world: members of World to replace.
    asked: how many requests of each target come, and no other ones. root: only root can play it.
    """

    name: str
    outcome: Starts | Refuses
    on: Mapping[str, Behaviour] = MappingProxyType({})
    accepting: Behaviour | None = None
    server: Mapping[str, Any] = MappingProxyType({})
    world: Mapping[str, Any] = MappingProxyType({})
    manifest: str = JOB
    template: str = TEMPLATE
    options: tuple[str, ...] = ()
    environ: Mapping[str, str] = MappingProxyType({})
    asked: Mapping[str, Count] = {VARIABLES: 1}
    arrange: Callable[[Hostile, Ground], object] | None = None
    before: Callable[[], object] | None = None
    root: bool = False


def of_variables(reason: str) -> str:
    """A problem of the answer with the scoped variables."""
    return f"scoped variables (GET {VARIABLES}): {reason}"


def malformed(name: str, behaviour: Behaviour, reason: str, **more: Any) -> Scenario:
    """The answer with the variables is unusable: told after one request."""
    problem = of_variables(f"{reason} (answer-malformed)")
    return Scenario(name, Refuses(65, (problem,)), on={VARIABLES: behaviour}, **more)


def read(name: str, behaviour: Behaviour, asked: Count = 1, **more: Any) -> Scenario:
    """The answer with the variables is good in the end."""
    counted = {VARIABLES: asked} if asked else {}
    return Scenario(name, Starts(), on={VARIABLES: behaviour}, asked=counted, **more)


def away(
    name: str,
    behaviour: Behaviour,
    reason: str,
    asked: Count = range(1, 40),
    *,
    timeout: str = "",
    **more: Any,
) -> Scenario:
    """No good answer comes before the deadline."""
    return Scenario(
        name,
        Refuses(69, (of_variables(f"{reason}<tries>{LATE}"),)),
        on={VARIABLES: behaviour},
        options=("--deadline", SHORT, *(("--timeout", timeout) if timeout else ())),
        asked={VARIABLES: asked},
        **more,
    )
