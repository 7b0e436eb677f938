"""What flags and variables say: raw text, judged where it is asked for."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.settings.options import BY_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.options import Option, Overrides
    from cycle_exec.settings.rules import Rule

_SWITCH_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


class Given:
    """What flags and variables say, with the problems found and the origins noted on the way."""

    def __init__(self, environ: Mapping[str, str], overrides: Overrides) -> None:
        self._environ = environ
        self._overrides = overrides
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}

    def refuse(self, origin: str, reason: str, fix: str = "") -> None:
        """Note an unusable value; the reason never shows it."""
        self.problems.append(Problem(kind="usage", subject=origin, reason=reason, fix=fix))

    def says(self, name: str) -> bool:
        """Whether there is anything for a list."""
        return bool(self._environ.get(BY_NAME[name].variable) or self._overrides.get(name))

    def text(self, name: str, default: str) -> str:
        """Return the nearest text that is given."""
        option = BY_NAME[name]
        flag = self._overrides.get(name)
        if isinstance(flag, str):
            origin, value = f"flag {option.flag}", flag
        else:
            origin, value = f"variable {option.variable}", self._environ.get(option.variable, "")
            if not value:
                return default
        self.origins[option.key] = origin
        if not value:
            self.refuse(origin, f"is empty, it expects {_expected(option)}")
        return value

    def seconds(self, name: str, default: float) -> float:
        """Return a duration in seconds."""
        text = self.text(name, "")
        if not text:
            return default
        from cycle_exec.settings import duration

        value = duration.parse(text)
        if value is None:
            self.refuse(self.origins[BY_NAME[name].key], f"expects {duration.EXPECTED}")
            return default
        return value

    def choice(self, name: str, default: str) -> str:
        """One of the option's choices."""
        option = BY_NAME[name]
        text = self.text(name, "")
        if text and text not in option.choices:
            self.refuse(self.origins[option.key], f"expects {_expected(option)}")
        return text or default

    def switch(self, name: str, default: bool) -> bool:
        """On or off. In a variable only words that say which: `0` never switches on."""
        option = BY_NAME[name]
        flag = self._overrides.get(name)
        if isinstance(flag, bool):
            self.origins[option.key] = f"flag {option.flag if flag else option.opposite}"
            return flag
        text = self._environ.get(option.variable, "")
        if not text:
            return default
        origin = f"variable {option.variable}"
        self.origins[option.key] = origin
        value = _SWITCH_WORDS.get(text.lower())
        if value is None:
            self.refuse(origin, "expects true or false (or yes, no, on, off, 1, 0)")
            return default
        return value

    def entries(self, name: str) -> list[tuple[str, str]]:
        """Origin and text of each entry of a list, the farthest first."""
        option = BY_NAME[name]
        found: list[tuple[str, str]] = []
        text = self._environ.get(option.variable, "")
        if text:
            found.extend((f"variable {option.variable}", entry) for entry in _split(text))
        flags = self._overrides.get(name, ())
        assert isinstance(flags, tuple)
        for flag in flags:
            parts = _split(flag) if option.kind == "names" else [flag]
            found.extend((f"flag {option.flag}", entry) for entry in parts)
        if found:
            # Each source once, the nearest first.
            origins = dict.fromkeys(origin for origin, _ in reversed(found))
            self.origins[option.key] = " and ".join(origins)
        for origin, entry in found:
            if not entry:
                self.refuse(origin, f"has an empty entry, it expects {_expected(option)}")
        return [(origin, entry) for origin, entry in found if entry]

    def union(self, name: str, base: tuple[str, ...], rule: str) -> tuple[str, ...]:
        """Return the entries of all sources, the nearest last. rule: its name in `rules`."""
        entries = self.entries(name)
        if not entries:
            return base
        from cycle_exec.settings import rules

        kept: Rule = getattr(rules, rule)
        for origin, entry in entries:
            if not kept.accepts(entry):
                self.refuse(origin, f"expects {kept.expected}")
        together = [*base, *(entry for _, entry in entries)]
        # An entry given twice keeps its nearest place: later dotenv files win.
        return tuple(reversed(dict.fromkeys(reversed(together))))


def _split(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")]


def _expected(option: Option) -> str:
    if option.choices:
        return f"{', '.join(option.choices[:-1])} or {option.choices[-1]}"
    return option.metavar
