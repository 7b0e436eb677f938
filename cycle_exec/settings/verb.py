"""What a verb of the command line is made of."""

from __future__ import annotations

from cycle_exec.record import Record


class Flag(Record):
    """A flag of one verb alone. metavar: empty for a switch. many: it can be repeated. complete:
    "file" or nothing.
    """

    flag: str
    metavar: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False
    complete: str = ""
    help: str

    @property
    def name(self) -> str:
        """The name of its value: env_file."""
        return self.flag.removeprefix("--").replace("-", "_")


class Word(Record):
    """A word that stands without a flag. many: one or more of them."""

    name: str
    metavar: str
    choices: tuple[str, ...] = ()
    required: bool = False
    many: bool = False
    complete: str = ""


class Verb(Record):
    """One verb.

    launch: whether it takes the launch options, but for those `without` names.
    command: whether words stand after `--`: "needed", "optional" or "none".
    summary: for the list of verbs. text: what it does. examples: a line and its comment.
    """

    name: str
    summary: str
    text: str
    launch: bool = False
    without: tuple[str, ...] = ()
    command: str = "none"
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def usage(self) -> str:
        """The synopsis behind the program's name."""
        parts = [self.name, "[OPTIONS]"] if self.launch or self.flags else [self.name]
        for word in self.words:
            shown = word.metavar + ("..." if word.many else "")
            parts.append(shown if word.required else f"[{shown}]")
        parts.extend(_COMMAND[self.command])
        return " ".join(parts)


_COMMAND = {
    "needed": ("-- COMMAND [ARG...]",),
    "optional": ("[-- COMMAND [ARG...]]",),
    "none": (),
}
