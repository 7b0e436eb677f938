"""`cycle-exec manifest`: check a manifest, print its JSON Schema, print a first one."""

from __future__ import annotations

from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation


def check(invocation: Invocation, path: str) -> int:
    """Say that the manifest and its templates are good, or refuse with all that is wrong with them.

    path: empty for the one a launch would read.
    """
    from cycle_exec.launching import checking
    from cycle_exec.settings import resolve

    path = path or resolve.manifest_path(invocation, {})[0]
    checking.checked(path)
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
