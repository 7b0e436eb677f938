"""A manifest that was not compiled."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.settings.manifest import manifest
from cycle_exec.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Manifest


def parsed(path: str, content: bytes) -> Manifest:
    """Return the manifest that stands at a path. Raise Refused."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise refuse("manifest-invalid", path, files.not_text(error)) from None
    return manifest.parse(text, path)
