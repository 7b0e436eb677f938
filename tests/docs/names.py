"""The table of dangerous names in docs/variables.md: python -m tests.docs.names prints it."""

from __future__ import annotations

from cycle_exec.planning.names import DANGEROUS, HARMLESS, PLAIN_USE


def table() -> str:
    """A row for each program and reason, and what passes on purpose."""
    rows = [
        f"| {program} | {reason} | {_words(sorted(names.split()))} |"
        for program, reason, names in DANGEROUS
    ]
    return "\n".join(
        [
            "| read by | what its value does | names |",
            "|---|---|---|",
            *rows,
            "",
            "Of the families above, these pass: " + _words(sorted(HARMLESS)) + ".",
            "",
            "These pass as well, although they name programs, options or certificates. They have "
            "a public plain use, and",
            "whoever sets them means it: " + _words(PLAIN_USE) + ".",
            "",
        ]
    )


def _words(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(table(), end="")
