"""What is done when a target or the environment has changed while the app runs: [..] on_change.

In Records it is a tuple: ("none",), ("restart",), ("signal", "HUP") or ("command", WORD...).
"""

from __future__ import annotations

from cycle_exec.settings.rules import Rule
from cycle_exec.settings.signal_names import PATTERN, is_signal

NONE = ("none",)
RESTART = ("restart",)
_SIGNAL = "signal:"


def _accepts(text: str) -> bool:
    return text in ("none", "restart") or (
        text.startswith(_SIGNAL) and is_signal(text.removeprefix(_SIGNAL))
    )


RULE = Rule(
    expected='"none", "restart", "signal:NAME" or { command = ["WORD", ...] }',
    accepts=_accepts,
    pattern=f"^none$|^restart$|^signal:{PATTERN.removeprefix('^')}",
)


def parsed(value: str | dict[str, list[str]]) -> tuple[str, ...]:
    """Return the tuple of a value that the manifest's check has accepted."""
    if isinstance(value, dict):
        return ("command", *value["command"])
    kind, colon, name = value.partition(":")
    return (kind, name.removeprefix("SIG")) if colon else (kind,)
