"""What `doctor` finds, each with a next step, and the judgements that need no kernel."""

from __future__ import annotations

from cycle_exec.errors import KINDS
from cycle_exec.planning.model import number
from cycle_exec.presentation.model import Style
from cycle_exec.presentation.starting import rows
from cycle_exec.presentation.tables import PLAIN, painted, printable
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.errors import Problem
    from cycle_exec.planning.model import CertificateSummary
    from cycle_exec.settings.model import Before, Process

GOOD, DOUBTFUL, BAD = "good", "doubtful", "bad"
_MARKS = {GOOD: "\N{CHECK MARK}", DOUBTFUL: "!", BAD: "\N{BALLOT X}"}
_SKEW = 60  # seconds
_EARLIEST = 1_767_225_600  # 2026-01-01: no clock of a running container is before that
_COLUMN = 15
_NARROWEST = 40
# What owners, --user, --init and an OpenVPN server need.
_CAPABILITIES = ("CHOWN", "SETUID", "SETGID", "KILL", "DAC_OVERRIDE", "NET_ADMIN")
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"))
_INITS = frozenset(("tini", "dumb-init", "catatonit", "s6-svscan", "docker-init", "systemd"))


class Finding(Record):
    """One line of the list. state: good, doubtful or bad. fix: the next step, if there is one.

    kind: of the problem that would refuse a launch, empty if nothing would.
    """

    state: str
    about: str
    says: str
    fix: str = ""
    kind: str = ""


def good(about: str, says: str) -> Finding:
    """All is well."""
    return Finding(state=GOOD, about=about, says=says)


def doubtful(about: str, says: str, fix: str) -> Finding:
    """Return one finding: it works, and could be better."""
    return Finding(state=DOUBTFUL, about=about, says=says, fix=fix)


def bad(about: str, problems: Sequence[Problem]) -> list[Finding]:
    """Return what would refuse a launch."""
    return [
        Finding(
            state=BAD,
            about=about,
            says=f"{problem.subject}: {problem.reason} ({problem.kind})",
            fix=problem.way_out,
            kind=problem.kind,
        )
        for problem in problems
    ]


def text(findings: Sequence[Finding], style: Style = PLAIN) -> str:
    """Return the list for people, and its sum."""
    from textwrap import wrap

    width = max(style.width or 100, _NARROWEST) - _COLUMN - 3
    lines = []
    for finding in findings:
        mark = painted(_MARKS[finding.state], style)
        told = wrap(printable(finding.says), width, break_on_hyphens=False) or [""]
        if finding.fix:
            told += wrap(
                f"-> {printable(finding.fix)}",
                width,
                subsequent_indent="   ",
                break_on_hyphens=False,
            )
        lines.append(f"{mark} {finding.about.ljust(_COLUMN)} {told[0]}")
        lines += [" " * (_COLUMN + 3) + line for line in told[1:]]
    states = [finding.state for finding in findings]
    errors = number(states.count(BAD), "error")
    warnings = number(states.count(DOUBTFUL), "warning")
    lines.append(f"{errors}, {warnings}, {states.count(GOOD)} ok")
    return "".join(f"{line}\n" for line in lines)


def document(findings: Sequence[Finding]) -> dict[str, object]:
    """Return the list as plain data for JSON."""
    return {
        "version": 1,
        "findings": [
            {name: getattr(finding, name) for name in ("state", "about", "says", "fix", "kind")}
            for finding in findings
        ],
        "code": exit_code(findings),
    }


def exit_code(findings: Sequence[Finding]) -> int:
    """Return that of a launch, which refuses at its earliest stage; 0 if it would not."""
    kinds = {finding.kind for finding in findings if finding.state == BAD}
    return next((row.code for kind, row in KINDS.items() if kind in kinds), 0)


def clock(now: float, platform: float | None) -> Finding:
    """platform: what the API's clock says, seconds since the epoch, None if it does not."""
    if now < _EARLIEST:
        says = "it is before 2026, so certificates appear not to be valid yet"
        return doubtful("clock", says, _SET_CLOCK)
    if platform is None:
        return good("clock", "plausible; the API does not send its time")
    skew = round(now - platform)
    if abs(skew) > _SKEW:
        way = "ahead of" if skew > 0 else "behind"
        return doubtful("clock", f"{abs(skew)} s {way} the API's", _SET_CLOCK)
    return good("clock", "the same as the API's")


def contents(tables: Mapping[str, object]) -> str:
    """Return what is in a manifest: how many of what there can be several of, and its tables."""
    found = []
    for name, value in tables.items():
        if isinstance(value, list):
            found.append(number(len(value), name.removesuffix("s")))
        elif value:
            found.append(f"[{name}]")
    return ", ".join(found) or "nothing"


_SET_CLOCK = "set the host's clock, which containers share"


def search_path(path: str | None) -> Finding:
    """Return the PATH that finds the command."""
    if not path:
        return doubtful("PATH", "it is not set", "set it in the image: ENV PATH=/usr/bin:/bin")
    relative = [entry for entry in path.split(":") if not entry.startswith("/")]
    if relative:
        return doubtful(
            "PATH",
            "it has an empty or relative entry: what is found depends on the working directory",
            "use absolute paths",
        )
    return good("PATH", f"{len(path.split(':'))} directories")


def interpreter(names: Sequence[str], *, alone: bool) -> Finding:
    """names: PYTHON variables of the environment for which the interpreter starts once more.

    alone: whether a program has started it, so that no variable and no .pth file reaches it.
    """
    if alone:
        return good("interpreter", "nothing of the image's Python affects it")
    if names:
        return doubtful(
            "interpreter",
            f"{', '.join(sorted(names))}: cycle-exec restarts its interpreter without them, "
            "which takes about a third of the start-up time",
            f"{_WHEEL}, or set them with [environment] set instead",
        )
    return doubtful(
        "interpreter",
        "a script starts it: sitecustomize modules and .pth files of the image run in it first",
        _WHEEL,
    )


_WHEEL = "install the wheel for Linux on x86_64 or aarch64"


def compiled(missing: int, total: int, folders: Sequence[str]) -> Finding:
    """missing: modules without a .pyc file, of all that a start loads, in these folders."""
    if missing:
        return doubtful(
            "start-up",
            f"{missing} of {total} modules have no .pyc file: each start compiles them, which "
            "makes it up to three times slower",
            # The tests of the standard library have files that no Python can compile.
            f"in the image's build: RUN python -m compileall -q -x '/tests?/' {' '.join(folders)}",
        )
    return good("start-up", f"all {total} modules are compiled")


def first_process(own: bool, name: str) -> Finding:
    """own: whether this process is PID 1. name: what runs as PID 1."""
    if own or not name:
        return good("PID 1", "this process" if own else "not visible from here")
    if name in _SHELLS:
        return doubtful(
            "PID 1",
            f"it is {name}: a shell does not forward signals, so the app is killed at a stop",
            'write ENTRYPOINT and CMD as JSON: ENTRYPOINT ["cycle-exec", "--"]',
        )
    if name.startswith(("cycle-exec", "python")) or name in _INITS:
        return good("PID 1", f"it is {name}")
    return good("PID 1", f"it is {name}, which must reap orphans itself; --init would do that")


def privileges(uid: int, names: Sequence[str]) -> Finding:
    """names: effective capabilities."""
    told = [name for name in _CAPABILITIES if name in names]
    others = len(names) - len(told)
    parts = [*told, *([f"{others} more"] if others else [])]
    held = f"capabilities {', '.join(parts)}" if parts else "no capabilities"
    return good("privileges", f"user {uid}, {held}")


def starting(process: Process, before: Sequence[Before]) -> list[Finding]:
    """Return how the command will be started, where nothing of it would be refused."""
    resides = process.init or process.reload
    return [
        good(name, says)
        if resides or name != "drain"
        else doubtful(name, f"{says}: without init it has no effect", "set process.init = true")
        for name, says in rows(process, before)
    ]


def storage(on_disk: Sequence[str]) -> Finding:
    """on_disk: folders of targets that are not in memory."""
    if not on_disk:
        return good("storage", "every target is on tmpfs")
    more = f" and {len(on_disk) - 1} more" if len(on_disk) > 1 else ""
    return doubtful(
        "storage",
        f"{on_disk[0]}{more} on a disk: the content remains when the container has stopped",
        "mount a tmpfs there, or use a directory in /run or /dev/shm if it is on tmpfs",
    )


def certificate(found: CertificateSummary, minimum_days: int, now: float) -> Finding:
    """How long a certificate is still good for."""
    days = found.days_left(now)
    names = ", ".join(found.domains[:3]) + (" ..." if len(found.domains) > 3 else "")
    says = f"{names}: {days} days left, {found.key_type}"
    if found.not_after - now < found.few(minimum_days):
        return doubtful("certificate", says, "check in the portal why it was not renewed")
    return good("certificate", says)
