"""The chart of start-up times: drawn from a result, to scale, as XML that any text survives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench.chart import chart

HOME = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def result(processor: str = "2 x Some CPU") -> dict[str, Any]:
    """A result with two latencies and one table that the chart has no use for."""
    walls = {"shell": 400.0, "static Go program": 10.0, "cycle-exec": 80.0, "something else": 1.0}
    rows = [{"name": name, "wall": wall} for name, wall in walls.items()]
    slower = [{"name": name, "wall": wall + 100} for name, wall in walls.items()]
    return {
        "machine": {
            "date": "2026-11-28",
            "processor": processor,
            "kernel": "Linux 6.1",
            "load": "0.10 0.20 0.30",
        },
        "python": "CPython 3.11.7 GCC 12.2.0",
        "tables": [
            {"title": "Larger jobs, 0 ms", "rows": rows},
            {"title": "Full job, 0 ms", "rows": rows},
            {"title": "Full job, 100 ms", "rows": slower},
        ],
    }


def texts(drawn: ElementTree.Element) -> list[str]:
    """All that is written in the picture, in order."""
    return [element.text or "" for element in drawn.iter(f"{SVG}text")]


def test_each_latency_has_its_bars_fastest_first():
    """With the numbers behind them; contenders that nobody would choose are left out."""
    assert texts(ElementTree.fromstring(chart(result())))[:14] == [
        "API answers in 0 ms",
        *("static Go program", "10 ms", "cycle-exec", "80 ms", "shell, curl each", "400 ms"),
        "API answers in 100 ms",
        *("static Go program", "110 ms", "cycle-exec", "180 ms", "shell, curl each", "500 ms"),
    ]


def test_all_bars_have_one_scale():
    """The longest fills its place, the others are as much shorter as they took less."""
    drawn = ElementTree.fromstring(chart(result()))
    bars = [each for each in drawn.iter(f"{SVG}rect") if "bar" in each.attrib["class"]]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths == pytest.approx(
        [widths[-1] * wall / 500 for wall in (10, 80, 400, 110, 180, 500)], abs=0.1
    )
    assert [bar.attrib["class"] for bar in bars[:3]] == ["bar", "bar ours", "bar"]


def test_the_caption_says_where_and_when():
    """A label is text, whatever is in it."""
    drawn = ElementTree.fromstring(chart(result('<b> & "co"')))
    assert '2026-11-28, <b> & "co", load 0.10' in texts(drawn)
    assert "Linux 6.1, CPython 3.11.7" in texts(drawn)


def test_the_picture_tells_its_numbers_to_those_who_cannot_see_it():
    """A title and a description."""
    drawn = ElementTree.fromstring(chart(result()))
    assert drawn.findtext(f"{SVG}title") == "Time from start to the running app"
    assert "0 ms: static Go program 10 ms, cycle-exec 80 ms" in (drawn.findtext(f"{SVG}desc") or "")


def test_a_result_without_the_full_job_is_none():
    """Rather than an empty picture."""
    with pytest.raises(ValueError, match="no full job"):
        chart({**result(), "tables": []})


def test_the_documents_have_the_chart_of_the_run_that_is_kept():
    """Nobody edited it by hand."""
    kept = json.loads((HOME / "tests/bench/startup.json").read_text())
    written = (HOME / "docs/startup.svg").read_text()
    assert written == chart(kept), (
        "python -m tests.bench.chart tests/bench/startup.json > docs/startup.svg"
    )
