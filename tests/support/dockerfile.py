"""A Dockerfile, as far as a test can follow it."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

from dockerfile_parse import DockerfileParser

_COMPILE = re.compile(r"\S*cycle-exec compile(?: --manifest)?([^&]*)")


class Dockerfile:
    """The instructions of a Dockerfile, as far as a test can follow them."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            parser = DockerfileParser(fileobj=file)
            self.instructions = [
                (each["instruction"], each["value"])
                for each in parser.structure
                if each["instruction"] != "COMMENT"
            ]
            self.environ: dict[str, str] = dict(parser.envs)

    def all(self, name: str) -> list[str]:
        """What stands behind each instruction of this name."""
        return [value for instruction, value in self.instructions if instruction == name]

    def words(self, name: str) -> list[str]:
        """ENTRYPOINT or CMD, which have to be JSON."""
        (value,) = self.all(name)
        return _words(value)

    @property
    def health(self) -> list[str]:
        """The words of HEALTHCHECK; none: no words."""
        found = self.all("HEALTHCHECK")
        return _words(found[-1].partition("CMD ")[2]) if found else []

    @property
    def folder(self) -> str:
        """The last WORKDIR."""
        return self.all("WORKDIR")[-1] if self.all("WORKDIR") else "/"

    @property
    def copies(self) -> list[tuple[str, str, str]]:
        """Source, target and mode ("" for the source's) of each file that is copied."""
        found = []
        here = "/"
        for name, value in self.instructions:
            if name == "WORKDIR":
                here = value
            if name != "COPY":
                continue
            words = shlex.split(value)
            mode = "".join(word[8:] for word in words if word.startswith("--chmod="))
            *sources, target = [word for word in words if not word.startswith("--")]
            for source in sources:
                place = os.path.join(here, target)
                if target.endswith("/"):
                    place = os.path.join(place, os.path.basename(source))
                found.append((source, os.path.normpath(place), mode))
        return found

    @property
    def checks(self) -> list[str]:
        """For each `cycle-exec compile` that the build runs, the check that is part of it."""
        return [
            f"cycle-exec manifest check{found}"
            for value in self.all("RUN")
            for found in _COMPILE.findall(value)
        ]


def _words(text: str) -> list[str]:
    found: list[str] = json.loads(text)
    assert all(isinstance(word, str) for word in found)
    return found
