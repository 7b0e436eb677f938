"""What real shells complete on a terminal.

offered("bash", "cycle-exec explain 6", folder) == {"64", "65", "69"}
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support import machine
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, Stopwatch

_READY = b"ready> "
_END = b"\x04"
_BASH_ALL = "\x1b*"  # readline's insert-completions
_ZSH_ALL = "\x18a"

# The command writes down its words: what the shell has inserted, and how it reads that.
_RECORD = """
cycle-exec() { printf '%s\\n' "$@" > "$OUT"; }
PS1='ready> '
"""
_BASH = 'eval "$(cycle-exec completion bash)"\nbind "set bell-style none"\n' + _RECORD
_ZSH = (
    """
autoload -Uz compinit && compinit -u -D
eval "$(cycle-exec completion zsh)"
unset zle_bracketed_paste
zle -C all-matches complete-word _generic
bindkey '^Xa' all-matches
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert yes
"""
    + _RECORD
)


def offered(shell: str, line: str, folder: Path) -> set[str]:
    """Return every word that the shell offers at the end of a line, in place of the last one."""
    if shell == "fish":
        words = [machine.program("fish"), "--no-config", "-c", _FISH, line]
        done = subprocess.run(
            words, env=_environ(folder), cwd=folder, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return {each.partition("\t")[0] for each in done.stdout.splitlines()}
    inserted = typed(shell, line + (_BASH_ALL if shell == "bash" else _ZSH_ALL), folder)
    return set(inserted[len(line.split(" ")) - 2 :]) - {""}


_FISH = """
cycle-exec completion fish | source
complete -C $argv[1]
"""


def typed(shell: str, keys: str, folder: Path) -> list[str]:
    """Return the words that cycle-exec is called with once these keys and Enter are pressed."""
    (folder / ".zshrc").write_text(_ZSH)
    (folder / ".bashrc").write_text(_BASH)
    out = folder / "words"
    words = [machine.program(shell), *_FLAGS[shell](folder)]
    keyboard, end = machine.terminal()
    try:
        with subprocess.Popen(
            words,
            env={**_environ(folder), "OUT": str(out)},
            cwd=folder,
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
        ) as running:
            os.close(end)
            try:
                _read_until(keyboard, _READY)
                os.write(keyboard, f"{keys}\n".encode())
                _read_until(keyboard, _READY)
                os.write(keyboard, _END)
                running.wait(PATIENCE)
            finally:
                running.kill()
    finally:
        os.close(keyboard)
    found = out.read_text().splitlines()
    out.unlink()
    return found


_FLAGS: dict[str, Callable[[Path], list[str]]] = {
    "bash": lambda folder: ["--noprofile", "--rcfile", str(folder / ".bashrc"), "-i"],
    "zsh": lambda _: ["-i"],
}


def _environ(folder: Path) -> dict[str, str]:
    # The folder is the home, so that nothing of the machine's own set-up is read.
    return {
        "PATH": f"{SCRIPT.parent}:{PATH}",
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
    }


def _read_until(terminal: int, wanted: bytes) -> None:
    """Read until these bytes are shown at the end."""
    seen, watch = b"", Stopwatch()
    while not seen.endswith(wanted):
        assert watch.wall < PATIENCE, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 65536)
