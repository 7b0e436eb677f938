"""docs/architecture.svg, drawn from the source of the package:

python -m tests.docs.architecture > docs/architecture.svg

Where a room stands is written below by hand; what is in it and whom it imports is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from tests import house
from tests.house import GROUND, PURE, House, room_of

# From the top down, each row with the left edges and widths of its rooms. A room is so wide that
# what it imports stands below a part of it, with nothing in between.
_ROWS: tuple[dict[str, tuple[int, int]], ...] = (
    {"__main__": (310, 100)},
    {"entry": (310, 100)},
    {"cli": (310, 100)},
    {"commands": (16, 688)},
    {"testing": (16, 68), "__init__": (92, 68), "launching": (168, 536)},
    {
        "client": (16, 182),
        "emulator": (212, 82),
        "vpn": (308, 64),
        "presentation": (386, 118),
        "resident": (520, 74),
    },
    {"planning": (386, 208)},
    {"sources": (16, 488)},
    {"settings": (16, 488)},
    {"ground": (16, 688)},
)
# Stands beside the rooms of these rows, the ends included.
_SYSTEM = (610, 94)
_BESIDE = ("resident", "settings")
_GAP, _WIDE_GAP, _LINE = 20, 46, 15
_TOP = 16

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #59636e; text-anchor: middle }
.name { font-size: 14px; font-weight: 600; fill: #1f2328 }
.key { text-anchor: start }
.panel { fill: #fff; stroke: #d1d9e0 }
.room { fill: #f6f8fa; stroke: #8c959f }
.pure { fill: #e8eaf6; stroke: #3f51b5 }
.way { fill: none; stroke: #59636e; stroke-width: 1.5 }
.values { stroke-dasharray: 4 3 }
.tip { fill: #59636e }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.name { fill: #f0f6fc }
.panel { fill: #0d1117; stroke: #3d444d }
.room { fill: #151b23; stroke: #656c76 }
.pure { fill: #1b2040; stroke: #8c9eff }
.way { stroke: #9198a1 }
.tip { fill: #9198a1 }
}"""


class Box(NamedTuple):
    """A room in the picture."""

    room: str
    lines: tuple[str, ...]
    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height


class Arrow(NamedTuple):
    """An import of a room by another, as a way of straight lines."""

    importer: str
    imported: str
    values: bool
    way: tuple[tuple[int, int], ...]


class Picture(NamedTuple):
    """All of it."""

    boxes: dict[str, Box]
    arrows: tuple[Arrow, ...]


def room(module: str) -> str:
    """Return the room of a module; the files of the ground floor are one."""
    found = room_of(module)
    return "ground" if found in GROUND else found


def imports(found: House) -> dict[tuple[str, str], bool]:
    """Return which room imports which, and whether only its values, which are in `model`."""
    pairs: dict[tuple[str, str], bool] = {}
    for module, targets in found.graph().items():
        for target in targets:
            pair = (room(module), room(target))
            if pair[0] != pair[1]:
                values = pair[0] == "system" and target.split(".")[1:2] == ["model"]
                pairs[pair] = values and pairs.get(pair, True)
    return pairs


def shown(pairs: dict[tuple[str, str], bool]) -> dict[tuple[str, str], bool]:
    """Leave out what other arrows say already: whoever imports a room imports what it imports."""
    whole = {pair for pair, values in pairs.items() if not values}
    graph: dict[str, list[str]] = {name: [] for pair in pairs for name in pair}
    for importer, imported in sorted(whole):
        graph[importer].append(imported)
    below = {name: house.reachable(graph, name) for name in graph}
    return {
        (importer, imported): values
        for (importer, imported), values in sorted(pairs.items())
        if values or not any(imported in below[other] for other in graph[importer])
    }


def draw(found: House) -> Picture:
    """Return boxes and arrows; a room that has no place yet raises KeyError."""
    boxes = _boxes(found)
    arrows = [
        Arrow(importer, imported, values, _way(boxes, boxes[importer], boxes[imported]))
        for (importer, imported), values in shown(imports(found)).items()
    ]
    return Picture(boxes, tuple(arrows))


def _boxes(found: House) -> dict[str, Box]:
    words = _words(found)
    boxes: dict[str, Box] = {}
    y = _TOP
    for row in _ROWS:
        height = max(27 + _LINE * (len(words[name]) - 1) for name in row)
        for name, (x, width) in row.items():
            boxes[name] = Box(name, words.pop(name), x, y, width, height)
        y += height + (_WIDE_GAP if "launching" in row else _GAP)
    first, last = (boxes[name] for name in _BESIDE)
    # A little higher than the rooms beside it, for the way to them.
    top = first.y - _WIDE_GAP + _GAP
    boxes["system"] = Box(
        "system", words.pop("system"), _SYSTEM[0], top, _SYSTEM[1], last.bottom - top
    )
    if words:
        raise KeyError(f"these rooms have no place in the picture: {sorted(words)}")
    return boxes


def _words(found: House) -> dict[str, tuple[str, ...]]:
    """What stands in each box: its name, its files, and its rooms with theirs."""
    files = house.rooms(found)
    words: dict[str, tuple[str, ...]] = {}
    for name in sorted(files):
        top, _, inner = name.partition("/")
        if top in GROUND:
            continue
        count = len(files[name])
        if inner:
            words[top] = (*words[top], f"{inner} {count}")
        else:
            alone = files[name][0].parent == house.PACKAGE
            words[top] = (top,) if alone else (top, f"{count} file{'s'[: count > 1]}")
    ground = sorted(name for name in files if name in GROUND)
    words["ground"] = ("ground floor", ", ".join(f"{name}.py" for name in ground))
    return words


def _way(boxes: dict[str, Box], start: Box, end: Box) -> tuple[tuple[int, int], ...]:
    """Down from a room to one below it, or from `system` to what stands beside it."""
    left, right = max(start.x, end.x), min(start.right, end.right)
    if left < right:
        x = (left + right) // 2
        return ((x, start.bottom), (x, end.y))
    assert start.room == "system", f"{start.room} does not stand above {end.room}"
    if end.y == boxes[_BESIDE[0]].y:
        bend = start.y + 14
        x = end.x + end.width * 3 // 4
        return ((start.x, bend), (x, bend), (x, end.y))
    y = end.y + end.height // 2
    return ((start.x, y), (end.right, y))


def picture() -> str:
    """Return the SVG."""
    return "\n".join(_svg(draw(house.read()))) + "\n"


def _svg(drawn: Picture) -> Iterator[str]:
    height = max(box.bottom for box in drawn.boxes.values()) + _TOP
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" '
        f'width="720" height="{height}" role="img" aria-labelledby="title desc">'
    )
    yield '<title id="title">The rooms of cycle-exec, by floor</title>'
    yield f'<desc id="desc">{_told(drawn)}</desc>'
    yield f"<style>\n{_STYLE}\n</style>"
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
    )
    yield f'<rect class="panel" x=".5" y=".5" width="719" height="{height - 1}" rx="8"/>'
    for arrow in drawn.arrows:
        kind = "way values" if arrow.values else "way"
        way = " ".join(f"{x} {y}" for x, y in arrow.way)
        yield f'<path class="{kind}" marker-end="url(#tip)" d="M{way}"/>'
    for box in drawn.boxes.values():
        yield from _box(box)
    yield from _key()
    yield "</svg>"


def _box(box: Box) -> Iterator[str]:
    kind = "pure" if box.room in PURE else "room"
    middle = box.x + box.width // 2
    yield (
        f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{box.width}" '
        f'height="{box.height}" rx="6"/>'
    )
    for number, line in enumerate(box.lines):
        name = "" if number else ' class="name"'
        yield f'<text{name} x="{middle}" y="{box.y + 18 + _LINE * number}">{line}</text>'


def _key() -> Iterator[str]:
    yield '<rect class="pure" x="16" y="18" width="28" height="14" rx="3"/>'
    yield '<text class="key" x="52" y="29">pure: values in, values out</text>'
    yield '<path class="way" marker-end="url(#tip)" d="M16 48 44 48"/>'
    yield '<text class="key" x="52" y="52">imports (what follows is left out)</text>'
    yield '<path class="way values" marker-end="url(#tip)" d="M16 71 44 71"/>'
    yield '<text class="key" x="52" y="75">imports its values (model.py) alone</text>'


def _told(drawn: Picture) -> str:
    """The picture in words."""
    told: dict[str, list[str]] = {}
    for arrow in drawn.arrows:
        told.setdefault(arrow.importer, []).append(
            f"the values of {arrow.imported}" if arrow.values else arrow.imported
        )
    rows = [f"{importer} imports {', '.join(names)}" for importer, names in told.items()]
    return f"{'; '.join(rows)}. What follows from these is not drawn."


def crossed(drawn: Picture) -> list[str]:
    """Return which arrows run through a room that is none of their ends."""
    return [
        f"{arrow.importer} -> {arrow.imported} runs through {box.room}"
        for arrow in drawn.arrows
        for box in drawn.boxes.values()
        if box.room not in (arrow.importer, arrow.imported)
        for (x1, y1), (x2, y2) in pairwise(arrow.way)
        if min(x1, x2) < box.right
        and max(x1, x2) > box.x
        and min(y1, y2) < box.bottom
        and max(y1, y2) > box.y
    ]


if __name__ == "__main__":
    print(picture(), end="")
