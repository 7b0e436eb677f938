"""Check commands: each sees the targets as they will be, before any of them is swapped.

In a mount namespace of its own, where the kernel allows one; else in a mirror of the root
directory, with its paths in the configs and in the command; else it is not run, and that is said.
"""

from __future__ import annotations

from cycle_exec.errors import SHORTAGES, Problem, Refused, Unfit
from cycle_exec.record import Record
from cycle_exec.system.exec import lookup
from cycle_exec.system.files import words as words_of
from cycle_exec.system.init import commands
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cycle_exec.planning.model import FileWrite, Swap
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.init.commands import Outcome

_PLACEHOLDERS = ("{{ staged }}", "{{staged}}")


class Conditions(Record):
    """What every check of a run has in common. values: what its output must not show. user: who
    the app will be, None for nobody else.
    """

    _redacted = ("environ",)

    swaps: tuple[Swap, ...]
    environ: Mapping[str, str]
    deadline: Deadline
    cwd: str
    values: Callable[[], Iterable[str]]
    user: User | None = None


def run(
    checks: Sequence[FileWrite], conditions: Conditions, is_private: Callable[[FileWrite], bool]
) -> None:
    """Run the checks of these targets, each command once. Raise Refused.

    is_private: whether nobody else can change the directory of a target.
    """
    problems = []
    done: set[tuple[User | None, tuple[str, ...]]] = set()
    for write in checks:
        words = tuple(_filled(word, write.path) for word in write.check)
        # What somebody could exchange for another file is not for root to look at.
        user = None if conditions.user is None or is_private(write) else conditions.user
        if words and (user, words) not in done:
            done.add((user, words))
            problem = _Check(write.path, words, conditions.replace(user=user)).problem()
            if problem is not None:
                problems.append(problem)
    if problems:
        raise Refused(problems)


def _filled(word: str, path: str) -> str:
    for placeholder in _PLACEHOLDERS:
        word = word.replace(placeholder, path)
    return word


class _Check:
    def __init__(self, path: str, words: tuple[str, ...], conditions: Conditions) -> None:
        self._subject = f"check of {path}"
        self._words = words
        self._given = conditions
        self._top = b""

    def problem(self) -> Problem | None:
        """Return what the command says, None if it is content or cannot be asked."""
        given = self._given
        executable = lookup.find(self._words[0], given.environ.get("PATH"), given.cwd)
        if isinstance(executable, Problem):
            return executable.replace(kind="check-failed", subject=self._subject)
        if not given.swaps:
            return self._judged(self._run(executable))
        from cycle_exec.system.checks import namespace

        enter = namespace.entering(given.swaps, executable, encoded(given.cwd))
        if enter is not None:
            outcome = self._run(executable, enter)
            if not outcome.outside:
                return self._judged(outcome)
        try:
            return self._judged(self._mirrored(executable))
        except Unfit as unfit:
            reason = unfit.reason
        except OSError as error:
            if error.errno in SHORTAGES:
                raise
            path = error.filename
            reason = words_of(error)
            if isinstance(path, bytes):
                reason = f"for a mirror of {decoded(path.removeprefix(self._top))}: {reason}"
        stderr.log.warning(
            f"{self._subject}: {self._words[0]} cannot check what is new: no mount namespace can "
            f"be made here, and {reason}"
        )
        return None

    def _run(self, executable: str, enter: Callable[[], None] | None = None) -> Outcome:
        given = self._given
        return commands.run(
            executable, self._words, given.environ, given.deadline, user=given.user, enter=enter
        )

    def _mirrored(self, executable: str) -> Outcome:
        """Run it in a mirror. Raise Unfit or OSError."""
        from cycle_exec.planning.files import mirror
        from cycle_exec.system.checks.mirror import Mirror
        from cycle_exec.system.checks.opened import Opened
        from cycle_exec.system.checks.view import View

        given = self._given
        folders = sorted({swap.folder for swap in given.swaps}, key=len)
        with Mirror(folders) as made:
            if not made.top:
                raise Unfit("there is no directory for a mirror that nobody else can change")
            self._top = made.top
            view = View(given.swaps)
            command = mirror.Command(
                words=self._words, executable=executable, directory=given.cwd, environ=given.environ
            )
            layout = mirror.layout(view, given.swaps, command, made.top)
            made.make(layout, view)
            if isinstance(lookup.find(layout.executable, None, given.cwd), Problem):
                raise Unfit("a script cannot be executed in a mirror")
            with Opened(made.new(layout, given.swaps)) as opened:
                outcome = commands.run(
                    layout.executable,
                    layout.words,
                    layout.environ,
                    given.deadline,
                    directory=layout.directory,
                    user=given.user,
                )
                if outcome.code == 0 and not opened.any():
                    raise Unfit("in a mirror of the files it has read nothing of what is new")
            return outcome

    def _judged(self, outcome: Outcome) -> Problem | None:
        name, code = self._words[0], outcome.code
        if outcome.refusal:
            fix = ""
            if "/dev/null" in outcome.refusal:
                fix = "mount the container's /dev, or leave the check out"
            return Problem("check-failed", self._subject, outcome.refusal, fix)
        if code == 0:
            return None
        if code is None:
            reason = f"{name} did not finish before the deadline"
        elif code < 0:
            reason = f"{name} was killed by signal {-code}"
        else:
            reason = f"{name} exited with code {code}"
        from cycle_exec.presentation import command_output

        # People know the paths of the targets, not those in the mirror.
        output = outcome.output.replace(self._top, b"") if self._top else outcome.output
        lines = command_output.shown(output, self._given.values())
        return Problem("check-failed", self._subject, reason, lines=lines)
