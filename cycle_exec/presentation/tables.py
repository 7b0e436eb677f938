"""Tables for people: aligned columns that fit their terminal, marks in colour."""

from __future__ import annotations

from cycle_exec.presentation.model import Style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
_NARROWEST = 12  # columns that a cell is cut down to, at least
_GREEN, _YELLOW, _RED, _BOLD, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m", "\x1b[0m"
_COLOURS = {
    "+": _GREEN,
    "~": _YELLOW,
    "-": _RED,
    "!": _YELLOW,
    "\N{CHECK MARK}": _GREEN,
    "\N{BALLOT X}": _RED,
}


PLAIN = Style()


def table(rows: Sequence[tuple[str, ...]], style: Style = PLAIN) -> str:
    """Rows in aligned columns, two blanks apart; what no terminal should obey is spelt out.

    Where they are too wide the widest cells lose their middle. The first cell is a row's mark.
    """
    rows = [tuple(map(printable, row)) for row in rows]
    widths: list[int] = []
    for row in rows:
        widths.extend([0] * (len(row) - len(widths)))
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], len(cell))
    if style.width:
        _narrow(widths, style.width)
    return "".join(_line(row, widths, style) for row in rows)


def _narrow(widths: list[int], most: int) -> None:
    """Take from the widest columns until a line fits, or none can give more."""
    over = sum(widths) + _GAP * len(widths) - most
    while over > 0 and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
        over -= 1


def _line(row: tuple[str, ...], widths: Sequence[int], style: Style) -> str:
    cells = [_cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=False)]
    line = (" " * _GAP).join(cells).rstrip()
    if row and row[0] in _COLOURS:
        line = painted(row[0], style) + line[len(row[0]) :]
    return f"{' ' * _GAP if line else ''}{line}\n"


def painted(mark: str, style: Style) -> str:
    """Return the mark in its colour, if it has one and colours are wanted."""
    colour = _COLOURS.get(mark, "") if style.colours else ""
    return f"{colour}{mark}{_PLAIN}" if colour else mark


def _cut(cell: str, width: int) -> str:
    if len(cell) <= width:
        return cell
    head = (width - 1) // 2
    return f"{cell[:head]}\N{HORIZONTAL ELLIPSIS}{cell[len(cell) - (width - 1 - head) :]}"


def heading(text: str, style: Style = PLAIN) -> str:
    """Return a line above a table."""
    return f"{_BOLD}{text}{_PLAIN}\n" if style.colours else f"{text}\n"


def printable(text: str) -> str:
    """Return what no terminal should obey is spelt out."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
