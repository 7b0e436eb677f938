"""Draws the start-up times of a run as SVG, from what `python -m tests.bench --json` printed:

python -m tests.bench.chart RESULT.json > docs/startup.svg
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

# Names of the tables' rows, and what the chart calls them; ours is drawn in another colour.
OURS = "cycle-exec"
_NAMES = {
    "static Go program": "static Go program",
    OURS: "cycle-exec",
    "shell, batched": "shell, one batch",
    "shell": "shell, curl each",
}
_TITLE = re.compile(r"Full job, (\d+) ms")
_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD = 480, 142, 66, 24, 34
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .head { font-weight: 600 }
.small { font-size: 11px; fill: #59636e } .name, .time { dominant-baseline: central }
.name { text-anchor: end } .panel { fill: #fff; stroke: #d1d9e0 } .bar { fill: #8c959f }
.ours { fill: #3f51b5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .small { fill: #9198a1 } .panel { fill: #0d1117; stroke: #3d444d }
.bar { fill: #656c76 } .ours { fill: #8c9eff } }
"""


class Bar(NamedTuple):
    """One contender's median, in milliseconds."""

    name: str
    wall: float


class Group(NamedTuple):
    """The bars of one latency of the API, in milliseconds."""

    latency: int
    bars: tuple[Bar, ...]


def groups(document: Mapping[str, Any]) -> list[Group]:
    """The full job at each latency, fastest contender first."""
    found = []
    for table in document["tables"]:
        if title := _TITLE.fullmatch(table["title"]):
            rows = [row for row in table["rows"] if row["name"] in _NAMES]
            bars = sorted((Bar(row["name"], row["wall"]) for row in rows), key=lambda bar: bar.wall)
            found.append(Group(int(title[1]), tuple(bars)))
    return found


def chart(document: Mapping[str, Any]) -> str:
    """The whole picture; all bars have one scale."""
    found = groups(document)
    if not found:
        raise ValueError("there is no full job in this result")
    longest = max(bar.wall for group in found for bar in group.bars)
    parts: list[str] = []
    height = 0
    for group in found:
        parts.extend(_group(group, height, longest))
        height += _HEAD + _ROW * len(group.bars)
    caption = list(_caption(document))
    parts.extend(
        f'<text class="small" x="16" y="{height + 26 + 16 * line}">{escape(text)}</text>'
        for line, text in enumerate(caption)
    )
    height += 26 + 16 * len(caption)
    return "\n".join([*_head(found, height), *parts, "</svg>", ""])


def _head(found: list[Group], height: int) -> Iterator[str]:
    told = (
        f"{group.latency} ms: "
        + ", ".join(f"{_NAMES[bar.name]} {bar.wall:.0f} ms" for bar in group.bars)
        for group in found
    )
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title desc">'
    )
    yield '<title id="title">Time from start to the running app</title>'
    yield f'<desc id="desc">Medians by the latency of the API. {escape(". ".join(told))}.</desc>'
    yield f"<style>{_STYLE}</style>"
    yield f'<rect class="panel" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>'


def _group(group: Group, top: int, longest: float) -> Iterator[str]:
    yield f'<text class="head" x="16" y="{top + 24}">API answers in {group.latency} ms</text>'
    for number, bar in enumerate(group.bars):
        y = top + _HEAD + _ROW * number
        width = (_WIDTH - _LEFT - _RIGHT) * bar.wall / longest
        kind = "bar ours" if bar.name == OURS else "bar"
        middle = y + _ROW // 2
        yield (
            f'<text class="name" x="{_LEFT - 8}" y="{middle}">{escape(_NAMES[bar.name])}</text>'
            f'<rect class="{kind}" x="{_LEFT}" y="{y + 4}" width="{width:.1f}" height="16" rx="2"/>'
            f'<text class="time" x="{_LEFT + width + 6:.1f}" y="{middle}">{bar.wall:.0f} ms</text>'
        )


def _caption(document: Mapping[str, Any]) -> Iterator[str]:
    machine = document["machine"]
    yield "50 variables, 3 integrations, 2 certificates, 3 templates; medians"
    yield f"{machine['date']}, {machine['processor']}, load {machine['load'].split()[0]}"
    yield f"{machine['kernel']}, {document['python'].partition(' GCC')[0]}"


if __name__ == "__main__":
    sys.stdout.write(chart(json.loads(Path(sys.argv[1]).read_text())))
