"""Scoped variables that the platform has put into files."""

from __future__ import annotations

from cycle_exec.sources.model import VariableFiles
from cycle_exec.system import files, variable_files
from cycle_exec.system.output import stderr

_told: set[str] = set()  # a watcher looks again and again


def read(directory: str) -> VariableFiles:
    """Return what is in the directory; where it cannot be read, say so once and go on: what needs
    one of the files says what is missing.
    """
    try:
        return variable_files.read(directory)
    except files.Unreadable as error:
        line = f"variables.file_directory {directory}: {error.reason}"
        if line not in _told:
            _told.add(line)
            stderr.log.warning(line)
        return VariableFiles()
