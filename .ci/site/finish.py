"""What the generator leaves to do: `python .ci/site/finish.py SITE`.

Copy buttons of console blocks copy the commands, without prompts and output. llms.txt leads
programs to the pages as Markdown, which lie beside those in HTML (https://llmstxt.org).
"""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path

from prepare import DOCS, Page, describe, every_page, linked, project, release

_CONSOLE = re.compile(
    r'<div class="language-console highlight">(?P<inner><pre>.*?</pre>)</div>', re.DOTALL
)
_TAG = re.compile(r"<[^>]+>")


def commands(shown: str) -> str:
    """What a reader types, of what a terminal shows; all of it where there is no prompt."""
    typed: list[str] = []
    begun = False
    for line in shown.splitlines():
        if line.startswith("$ "):
            typed.append(line[2:])
            begun = True
        elif begun and (line == ">" or line.startswith("> ")):
            typed.append(line[2:])
        else:
            begun = False
    return "\n".join(typed) if typed else shown.rstrip("\n")


def with_commands(page: str) -> str:
    """A page whose console blocks say what is copied; the theme's script looks for data-copy."""

    def block(found: re.Match[str]) -> str:
        shown = html.unescape(_TAG.sub("", found["inner"]))
        copied = html.escape(commands(shown)).replace("\n", "&#10;")
        return found[0].replace("<div ", f'<div data-copy="{copied}" ', 1)

    return _CONSOLE.sub(block, page)


def llms(pages: list[tuple[Page, str]]) -> str:
    """The list of pages for programs that read text; pages: each with its description."""
    lines = [f"# cycle-exec {release()}", "", f"> {project()['description']}"]
    group = None
    for page, description in pages:
        if page.group != group:
            group = page.group
            lines += ["", f"## {group or 'Overview'}", ""]
        lines.append(f"- [{page.title}]({page.name}): {description}")
    source = project()["urls"]["Source"]
    lines += ["", "## Optional", "", f"- [Source]({source}): code, tests and examples."]
    return "".join(f"{line}\n" for line in lines)


def finish(site: Path) -> None:
    """Do all of it."""
    for file in site.glob("*.html"):
        file.write_text(with_commands(file.read_text()))
    described = []
    for page in every_page():
        text = (DOCS / page.source).read_text()
        (site / page.name).write_text(linked(text, page.source))
        described.append((page, describe(page.purpose, text)))
    (site / "llms.txt").write_text(llms(described))


if __name__ == "__main__":
    finish(Path(sys.argv[1]))
