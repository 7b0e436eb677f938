"""The picture of the rooms is that of the source, and its arrows run down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import house
from tests.docs import architecture
from tests.house import GROUND, PURE, floor_of

HOME = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def drawn():
    return architecture.draw(house.read())


def floor(room: str) -> float:
    """The floor of a room of the picture; `system` is right below those that may import it."""
    if room == "system":
        return (floor_of("launching") or 0) - 0.5
    level = 0 if room == "ground" else floor_of(room)
    assert level is not None, room
    return level


def test_the_picture_is_that_of_the_source():
    """Every room with its files, every import between rooms."""
    written = (HOME / "docs" / "architecture.svg").read_text()
    command = "python -m tests.docs.architecture > docs/architecture.svg"
    assert written == architecture.picture(), command


def test_every_module_is_in_it(drawn):
    """In a box of its room, and counted there."""
    counted = 0
    for box in drawn.boxes.values():
        numbers = re.findall(r"\d+", " ".join(box.lines[1:]))
        counted += sum(map(int, numbers)) if numbers else 1
    files = sum(len(paths) for paths in house.rooms(house.read()).values())
    # The ground floor is one box, and names its files.
    assert counted - 1 + len(drawn.boxes["ground"].lines[1].split(", ")) == files


def test_no_arrow_runs_up(drawn):
    """From a higher floor to a lower one, and so it is drawn; only `system` reaches sideways."""
    assert drawn.arrows
    for arrow in drawn.arrows:
        assert floor(arrow.importer) > floor(arrow.imported), arrow
        heights = [y for _, y in arrow.way]
        assert heights == sorted(heights), arrow
        assert heights[0] < heights[-1] or arrow.importer == "system", arrow


def test_no_arrow_hides_behind_a_room(drawn):
    """And no room stands on another."""
    assert architecture.crossed(drawn) == []
    boxes = sorted(drawn.boxes.values(), key=lambda box: box.y)
    for one in boxes:
        for other in boxes:
            apart = one.right <= other.x or one.bottom <= other.y
            assert one is other or apart or other.right <= one.x or other.bottom <= one.y


def test_arrows_say_all_that_the_imports_say(drawn):
    """Whoever follows them finds every import of a room, and no other."""
    pairs = architecture.imports(house.read())
    graph: dict[str, list[str]] = {name: [] for name in drawn.boxes}
    for arrow in drawn.arrows:
        assert pairs[arrow.importer, arrow.imported] == arrow.values
        if not arrow.values:
            graph[arrow.importer].append(arrow.imported)
    for (importer, imported), values in pairs.items():
        shown = {arrow.imported for arrow in drawn.arrows if arrow.importer == importer}
        assert imported in (shown if values else house.reachable(graph, importer))


def test_an_import_that_others_say_is_left_out():
    """But not where the way leads through values alone."""
    pairs = {("a", "b"): False, ("b", "c"): False, ("a", "c"): False}
    assert list(architecture.shown(pairs)) == [("a", "b"), ("b", "c")]
    values = {**pairs, ("b", "c"): True}
    assert architecture.shown(values) == values


def test_the_picture_tells_pure_rooms_from_others(drawn):
    """As the tests of the house do."""
    text = architecture.picture()
    for box in drawn.boxes.values():
        kind = "pure" if box.room in PURE else "room"
        assert f'<rect class="{kind}" x="{box.x}" y="{box.y}"' in text
    assert drawn.boxes.keys() > PURE
    assert GROUND.isdisjoint(drawn.boxes)


def test_an_arrow_behind_a_room_would_be_found(drawn):
    """With both of its ends and the room."""
    box = drawn.boxes["launching"]
    way = ((box.x + 5, box.y - 5), (box.x + 5, box.bottom + 5))
    bad = architecture.Arrow("commands", "ground", values=False, way=way)
    found = architecture.crossed(drawn._replace(arrows=(bad,)))
    assert found == ["commands -> ground runs through launching"]
