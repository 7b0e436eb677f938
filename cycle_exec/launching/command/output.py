"""What a command prints, line by line as it comes, without what may be a fetched value."""

from __future__ import annotations

from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cycle_exec.presentation.command_output import Screen

_LONGEST = 65_536  # bytes of a line; what comes behind them is not shown


class Relay:
    """From a command to our standard error. name: what the command is called there.

    values: what must not be shown.
    """

    def __init__(self, name: str, values: Callable[[], Iterable[str]]) -> None:
        self._name = name
        self._values = values
        self._screen: Screen | None = None
        self._line = b""
        self._told: tuple[str, ...] = ()

    def heard(self, piece: bytes) -> None:
        """Show the lines that are whole by now."""
        whole = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        if whole:
            self._show(self._line + piece[:whole])
            self._line = b""
        self._line = (self._line + piece[whole:])[:_LONGEST]

    def end(self) -> None:
        """Show the last line, which nothing may have ended."""
        self._show(self._line)
        self._line = b""

    def _show(self, output: bytes) -> None:
        from cycle_exec.presentation import command_output

        if self._screen is None:
            self._screen = command_output.Screen(self._values())
        lines = self._screen.shown(output)
        if lines == (command_output.TOO_MUCH,) == self._told:
            return
        self._told = lines
        if lines:
            stderr.log.output(self._name, lines)
