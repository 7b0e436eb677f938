"""`python -m cycle_exec`; with `python -I -m cycle_exec` no PYTHON variable is ever read."""

from cycle_exec.entry import main

main()
