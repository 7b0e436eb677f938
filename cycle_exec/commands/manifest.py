"""`cycle-exec manifest`: check a manifest, print its JSON Schema, print a first one."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.system import files
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation


def check(invocation: Invocation, path: str) -> int:
    """Say that the manifest is good, or refuse with everything that is wrong with it.

    path: empty for the one a launch would read.
    """
    from cycle_exec.settings import resolve
    from cycle_exec.settings.manifest import manifest

    path = path or resolve.manifest_path(invocation, {})[0]
    try:
        content = files.read(path)
    except files.Unreadable as error:
        raise refuse(
            "manifest-missing",
            path,
            error.reason,
            "give the path of the file, or create one with cycle-exec manifest new",
        ) from None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise refuse("manifest-invalid", path, "it is not UTF-8 text") from None
    manifest.parse(text, path)
    stdout.write(f"{path}: ok\n")
    return 0


def schema() -> int:
    """Print the JSON Schema, for editors."""
    from cycle_exec.settings.manifest import json_schema

    stdout.write_json(json_schema.schema())
    return 0


def new() -> int:
    """Print a commented first manifest."""
    from cycle_exec.settings.manifest.starter import STARTER

    stdout.write(STARTER)
    return 0
