"""Fuzzing: whatever bytes a reader is given, it answers in its own words or refuses in them.

One module for each reader, with `target(data)`, which raises where a property does not hold, and
WORDS, of which its language is made. `python -m tests.fuzz` runs them guided by coverage.
"""
