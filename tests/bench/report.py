"""Results for people, as the Markdown tables of docs/performance.md, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.installation import Installed
from tests.bench.suite import Found, Must, Row, Table


def text(installed: Installed, machine: Mapping[str, str], found: Found) -> str:
    """Everything as Markdown."""
    parts = [
        f"{machine['processor']}, {machine['kernel']}, {installed.version}, "
        f"curl {machine['curl']}, jq {machine['jq']}, sh is {machine['sh']}, Go {machine['go']}, "
        f"load {machine['load']}",
        *(_table(table) for table in found.tables),
        _musts(found.musts),
    ]
    return "\n\n".join(parts)


def _table(table: Table) -> str:
    references = list(table.rows[0].against)
    head = ["", "wall ms", "quartiles", "CPU ms", "peak MB", *(f"of {x}" for x in references)]
    lines = [_row(row, references) for row in table.rows]
    return f"### {table.title}\n\n{markdown(head, lines)}"


def _row(row: Row, references: Sequence[str]) -> list[str]:
    summary = row.summary
    ratios = []
    for reference in references:
        wall, cpu = row.against[reference]
        itself = reference == summary.name
        ratios.append("1" if itself else f"{wall:.2f} (CPU {cpu:.2f})")
    lower, upper = summary.quartiles
    return [
        summary.name,
        f"{summary.wall:.1f}",
        f"{lower:.1f} to {upper:.1f}",
        f"{summary.cpu:.1f}",
        f"{row.peak:.1f}",
        *ratios,
    ]


def _musts(musts: Sequence[Must]) -> str:
    lines = [
        [
            must.what,
            f"{must.measured:.2f} {must.unit}",
            f"{must.limit:g} {must.unit}",
            "yes" if must.held else "NO",
        ]
        for must in musts
    ]
    return f"### What has to hold\n\n{markdown(['', 'measured', 'at most', 'holds'], lines)}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, its columns aligned."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    marks = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = []
    for row in (head, marks, *rows):
        first, *rest = (cell for cell in row)
        padded = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)),
        ]
        lines.append(f"| {' | '.join(padded)} |")
    return "\n".join(lines)


def document(installed: Installed, machine: Mapping[str, str], found: Found) -> dict[str, Any]:
    """Everything for programs; times in milliseconds, memory in MB."""
    return {
        "machine": dict(machine),
        "python": installed.version,
        "tables": [
            {
                "title": table.title,
                "rows": [
                    {
                        "name": row.summary.name,
                        "wall": row.summary.wall,
                        "quartiles": list(row.summary.quartiles),
                        "cpu": row.summary.cpu,
                        "peak": row.peak,
                        "against": {
                            name: {"wall": wall, "cpu": cpu}
                            for name, (wall, cpu) in row.against.items()
                        },
                    }
                    for row in table.rows
                ],
            }
            for table in found.tables
        ],
        "musts": [{**must._asdict(), "held": must.held} for must in found.musts],
    }
