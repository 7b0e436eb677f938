"""cycle-exec: the container entrypoint for the Cycle platform."""

__version__ = "0.1.0"
