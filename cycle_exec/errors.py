"""What can go wrong: problems as values, their kinds in one table, two exceptions that carry them.

A refusal collects every Problem of its stage. The exit code is that of the problem whose kind
comes first in KINDS, since the table is in the order of the stages. `explain`, the README's table
and the tests read the same table.
"""

from __future__ import annotations

from errno import EAGAIN, EMFILE, ENFILE, ENOMEM

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


# Errors of a machine that lacks processes, descriptors or memory: no bug, and no answer either.
SHORTAGES = (EAGAIN, EMFILE, ENFILE, ENOMEM)
MORE_ROOM = "raise the limits of processes, open files and memory"  # what to do about them


class Kind(Record):
    """One row of the table: the exit code, one sentence, and the way out for people."""

    code: int
    sentence: str
    fix: str


KINDS: dict[str, Kind] = {
    "usage": Kind(
        code=64,
        sentence="the command line is invalid",
        fix="see cycle-exec --help",
    ),
    "manifest-missing": Kind(
        code=78,
        sentence="the given manifest does not exist or cannot be read",
        fix="mount the file, or give another path with --manifest",
    ),
    "manifest-invalid": Kind(
        code=78,
        sentence="the manifest has an unknown key, a wrong type or an impossible value",
        fix="correct it, and verify it with cycle-exec manifest check",
    ),
    "file-missing": Kind(
        code=78,
        sentence="a file or directory named in the settings does not exist or cannot be read",
        fix="correct the path, or add the file to the image",
    ),
    "offline-refused": Kind(
        code=78,
        sentence="a start without the platform is not allowed, or lacks what only the platform has",
        fix="start it on the platform, or with cycle-exec dev on a laptop",
    ),
    "owner-unknown": Kind(
        code=78,
        sentence="a user or group named in the settings does not exist in this image",
        fix="create it in the image, or use its numeric ID",
    ),
    "user-refused": Kind(
        code=78,
        sentence="the command is to run as a user that this process cannot switch to",
        fix="start the container as root, or leave --user out",
    ),
    "limit-refused": Kind(
        code=78,
        sentence="the command is to have a resource limit that this process cannot give it",
        fix="give the container this limit, or a smaller one in process.limits",
    ),
    "vpn-helper": Kind(
        code=78,
        sentence="the credential hook of the OpenVPN server cannot work as it is configured",
        fix="correct it, and verify it with cycle-exec vpn-check",
    ),
    "command-not-found": Kind(
        code=127,
        sentence="the command does not exist",
        fix="check the command after -- and the PATH",
    ),
    "command-not-executable": Kind(
        code=126,
        sentence="the command exists but cannot be executed",
        fix="make it executable, and check that its interpreter is in the image",
    ),
    "target-refused": Kind(
        code=73,
        sentence="a target is a link, a device or a directory, or its directory is not writable",
        fix="use a regular file in a directory that this user can write to",
    ),
    "token-missing": Kind(
        code=77,
        sentence="CYCLE_API_TOKEN is not set, so the internal API cannot be used",
        fix="enable the internal API for this container; on a laptop: cycle-exec dev, "
        "--state FILE or --offline",
    ),
    "denied": Kind(
        code=77,
        sentence="the internal API rejected the token (401 or 403)",
        fix="restart the instance to get a new token, or extend its internal API access",
    ),
    "login-refused": Kind(
        code=77,
        sentence="the platform rejected the VPN login that the start requires",
        fix="correct the variables named in vpn.login, or the VPN user in the portal",
    ),
    "unavailable": Kind(
        code=69,
        sentence="the internal API was not reachable, or not healthy, before the deadline",
        fix="check that the API socket is mounted and healthy, or raise --deadline",
    ),
    "answer-refused": Kind(
        code=65,
        sentence="the internal API reports that something requested does not exist or is not valid",
        fix="compare the name in the manifest with the one in the portal",
    ),
    "answer-malformed": Kind(
        code=65,
        sentence="a response of the internal API does not follow its documentation",
        fix="try again; if the error persists, report it with the request named here",
    ),
    "variable-unreadable": Kind(
        code=65,
        sentence="the file of a scoped variable cannot be read, or others could have written it",
        fix="let it be a regular file that only root can write, or mount its directory read-only",
    ),
    "variable-missing": Kind(
        code=65,
        sentence="a required variable is missing or empty",
        fix="add the scoped variable in the portal, or give it a default in the manifest",
    ),
    "name-refused": Kind(
        code=65,
        sentence="a variable has a dangerous, reserved or invalid name",
        fix="allow it (--allow-variable, variables.allow), rename it, or exclude it",
    ),
    "name-collision": Kind(
        code=65,
        sentence="two sources produce the same variable name",
        fix="rename or exclude one of them",
    ),
    "value-refused": Kind(
        code=65,
        sentence="a value cannot be represented in its destination",
        fix="correct the value in the portal, or exclude it",
    ),
    "value-too-large": Kind(
        code=65,
        sentence="a value is too large for the environment (131,071 bytes with its name)",
        fix="write it to a file with [variables.files]",
    ),
    "certificate-refused": Kind(
        code=65,
        sentence="a certificate or private key is missing, malformed, expired or does not match",
        fix="check the certificate in the portal; cycle-exec certificates lists what the API sends",
    ),
    "template-syntax": Kind(
        code=65,
        sentence="a template is not valid Jinja2",
        fix="correct the template at this line",
    ),
    "template-undefined": Kind(
        code=65,
        sentence="a template uses a name that is not defined",
        fix="correct the name, or use name | default(...)",
    ),
    "template-failed": Kind(
        code=65,
        sentence="a template could not be rendered",
        fix="correct the expression at this line",
    ),
    "arguments-too-long": Kind(
        code=126,
        sentence="arguments and environment together are larger than the kernel accepts",
        fix="export fewer variables with [variables] only, or write large ones to files",
    ),
    "wait-failed": Kind(
        code=69,
        sentence="something that the start waits for was not there before the deadline",
        fix="check that it runs and that its address is right, or raise --deadline",
    ),
    "check-failed": Kind(
        code=65,
        sentence="a check command rejected the staged file",
        fix="render the file with cycle-exec render, and run the check by hand",
    ),
    "target-failed": Kind(
        code=73,
        sentence="a target could not be written",
        fix="check that the file system is writable and has free space",
    ),
    "before-failed": Kind(
        code=65,
        sentence="a command of [[before]] failed, or could not be started",
        fix="look at what it has printed above; the next start runs it again",
    ),
    "internal": Kind(
        code=70,
        sentence="cycle-exec has a bug",
        fix="run it again with --debug, and report the output",
    ),
}

STOPPED = {
    130: "SIGINT arrived before the launch; either no target was changed, or all were",
    143: "SIGTERM arrived before the launch; either no target was changed, or all were",
}

_ORDER = {kind: position for position, kind in enumerate(KINDS)}


class Problem(Record):
    """One thing that is wrong.

    subject: what it is about ("templates/nginx.conf.j2:14", "variable DATABASE_URL").
    reason: the cause in our own words, never a value and never a foreign exception's text.
    fix: the way out; empty takes the one of the kind.
    lines: what a command has printed, as far as it may be shown.
    """

    kind: str
    subject: str
    reason: str
    fix: str = ""
    lines: tuple[str, ...] = ()

    def __init__(
        self, kind: str, subject: str, reason: str, fix: str = "", lines: tuple[str, ...] = ()
    ) -> None:
        super().__init__(kind=kind, subject=subject, reason=reason, fix=fix, lines=lines)

    @property
    def code(self) -> int:
        """The exit code of this problem's kind."""
        return KINDS[self.kind].code

    @property
    def way_out(self) -> str:
        """What the user can do about it."""
        return self.fix or KINDS[self.kind].fix


class Unfit(Exception):
    """Something is not what it has to be; reason: why, in our own words, never with a value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Refused(Exception):
    """The run ends here, with every problem of the stage; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: _ORDER[problem.kind]))
        super().__init__(f"{len(self.problems)} problems")

    @property
    def code(self) -> int:
        """The exit code: that of the earliest stage."""
        return self.problems[0].code


class Stopped(BaseException):
    """A signal arrived before the launch that ends a process. Not an error, so not an Exception.

    name: SIGTERM, for words; empty: there is nothing to say (a reader went away).
    """

    def __init__(self, signal: int, name: str = "") -> None:
        self.signal = signal
        self.name = name
        super().__init__(signal)

    @property
    def code(self) -> int:
        """128 plus the signal's number, as shells report it."""
        return 128 + self.signal


class DeadlinePassed(BaseException):
    """The deadline came while the launch was computing. No handler of errors may swallow it.

    problem: what is said; whoever knows better sets another one, and raises it again.
    """

    problem = Problem(
        "unavailable",
        "the launch",
        "it was not ready before the deadline",
        "raise --deadline, or find out what takes so long with --log-level debug",
    )


def refuse(kind: str, subject: str, reason: str, fix: str = "") -> Refused:
    """Return a Refused with one problem, to be raised."""
    return Refused([Problem(kind, subject, reason, fix)])
