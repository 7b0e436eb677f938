"""The launch options: ONE table of flag, variable, manifest key, default and help.

Both parsers of the command line, `resolve`, the help pages and the documentation read it.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import DEFAULT_MANIFEST, DEFAULT_METADATA, DEFAULT_SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    # Raw text by option name: what a flag said, not yet judged. Lists and names are collected.
    Overrides = Mapping[str, str | bool | tuple[str, ...]]

PREFIX = "CYCLE_EXEC_"

# The headings of the help pages, in their order.
SECTIONS = ("Internal API", "Inputs and outputs", "Environment", "Process", "Messages")
_API, _WRITTEN, _ENVIRONMENT, _PROCESS, _MESSAGES = SECTIONS


class Option(Record):
    """One launch option.

    kind: "text", "path", "duration", "choice" (one value, the last one wins), "list" (repeatable),
    "names" (repeatable, with an optional value that is only ever written after `=`), or "switch"
    (no value, with a `--no-` form).
    key: the dotted manifest key it overrides; empty for the manifest itself.
    default: the default as text, for people; switches are off.
    rule: what each value follows, by its name in `settings.rules`. Lists without one are merged
    with the manifest's entry by entry, see `settings.merging`.
    """

    name: str
    kind: str
    key: str
    metavar: str = ""
    default: str = ""
    choices: tuple[str, ...] = ()
    rule: str = ""
    section: str
    help: str

    @property
    def flag(self) -> str:
        """The flag: --env-file."""
        return "--" + self.name

    @property
    def opposite(self) -> str:
        """The flag that turns a switch off: --no-pristine."""
        return "--no-" + self.name

    @property
    def variable(self) -> str:
        """The environment variable: CYCLE_EXEC_ENV_FILE."""
        return PREFIX + self.name.replace("-", "_").upper()

    @property
    def collects(self) -> bool:
        """Whether repeats add up; otherwise the last one wins."""
        return self.kind in ("list", "names")


OPTIONS: tuple[Option, ...] = (
    Option(
        name="manifest",
        kind="path",
        key="",
        metavar="PATH",
        default=DEFAULT_MANIFEST,
        section=_WRITTEN,
        help="The manifest, a TOML file that says what to fetch, export and write. Without one "
        "every scoped variable is exported.",
    ),
    Option(
        name="integration",
        kind="list",
        key="integrations",
        metavar="ID[=PREFIX]",
        section=_WRITTEN,
        help="Fetch the integration with this identifier. With =PREFIX its fields are exported "
        "as PREFIX_API_KEY, PREFIX_SECRET and so on; without, they are there for templates.",
    ),
    Option(
        name="template",
        kind="list",
        key="templates",
        metavar="SRC:DEST",
        section=_WRITTEN,
        help="Render the Jinja2 template SRC, or each *.j2 file of the folder SRC, to the "
        "absolute path DEST. builtin:NAME is a template that comes with cycle-exec.",
    ),
    Option(
        name="certificates",
        kind="path",
        key="certificates.directory",
        metavar="DIR",
        rule="TARGET",
        section=_WRITTEN,
        help="Write this container's certificates below the absolute path DIR, one folder for "
        "each domain, under certbot's file names.",
    ),
    Option(
        name="socket",
        kind="path",
        key="api.socket",
        metavar="PATH",
        default=DEFAULT_SOCKET,
        section=_API,
        help="The Unix socket of the internal API.",
    ),
    Option(
        name="metadata",
        kind="path",
        key="api.metadata",
        metavar="PATH",
        default=DEFAULT_METADATA,
        section=_API,
        help="The platform's environment metadata file, read when a template names metadata.",
    ),
    Option(
        name="timeout",
        kind="duration",
        key="api.timeout",
        metavar="TIME",
        default="5s",
        section=_API,
        help="How long one try of one request may take.",
    ),
    Option(
        name="deadline",
        kind="duration",
        key="api.deadline",
        metavar="TIME",
        default="30s",
        section=_API,
        help="How long the whole start may take, with every retry.",
    ),
    Option(
        name="offline",
        kind="switch",
        key="api.offline",
        section=_API,
        help="Start without the platform: from the inherited environment, --env-file, defaults "
        "and templates. The variable and the manifest count only where there is neither a token "
        "nor the socket.",
    ),
    Option(
        name="env-file",
        kind="list",
        key="environment.files",
        metavar="PATH",
        rule="PATH",
        section=_ENVIRONMENT,
        help="A dotenv file of defaults: everything else wins over it. Of several, later ones "
        "win over earlier ones.",
    ),
    Option(
        name="preserve-env",
        kind="names",
        key="environment.preserve",
        metavar="A,B",
        rule="PRESERVED",
        section=_ENVIRONMENT,
        help="The inherited value wins for these names; for all names without =A,B (in the "
        "variable: *).",
    ),
    Option(
        name="pristine",
        kind="switch",
        key="environment.pristine",
        section=_ENVIRONMENT,
        help="Start the command without the inherited environment, but for preserved names.",
    ),
    Option(
        name="allow-variable",
        kind="list",
        key="variables.allow",
        metavar="NAME",
        rule="NAME_GLOB",
        section=_ENVIRONMENT,
        help="Let this variable be set although its name is dangerous, NODE_OPTIONS for example. "
        "Globs with * and ?.",
    ),
    Option(
        name="keep-token",
        kind="switch",
        key="environment.keep_token",
        section=_ENVIRONMENT,
        help="Let CYCLE_API_TOKEN reach the command.",
    ),
    Option(
        name="user",
        kind="text",
        key="process.user",
        metavar="USER[:GROUP]",
        rule="USER",
        section=_PROCESS,
        help="Run the command as this user, by name or number. Files that have no owner of their "
        "own are that user's, and so is HOME.",
    ),
    Option(
        name="no-new-privs",
        kind="switch",
        key="process.no_new_privs",
        section=_PROCESS,
        help="The command cannot gain privileges any more, by setuid programs for example.",
    ),
    Option(
        name="umask",
        kind="text",
        key="process.umask",
        metavar="MODE",
        rule="UMASK",
        section=_PROCESS,
        help="The command's umask in octal digits, 0027: permissions that its new files do not "
        "get. Without, it is as it was.",
    ),
    Option(
        name="limit",
        kind="list",
        key="process.limits",
        metavar="NAME=SOFT[:HARD]",
        section=_PROCESS,
        help="A resource limit of the command, nofile=65536 or core=0:unlimited. Without HARD the "
        "hard limit stays, unless it has to be raised.",
    ),
    Option(
        name="init",
        kind="switch",
        key="process.init",
        section=_PROCESS,
        help="Stay above the command as a tiny PID 1: pass signals on, reap orphans, end with "
        "the command's exit code.",
    ),
    Option(
        name="drain",
        kind="duration",
        key="process.drain",
        metavar="TIME",
        section=_PROCESS,
        help="With --init, hold a stop back from the command for this time, so that load balancers "
        "look away first; a second stop signal ends it.",
    ),
    Option(
        name="grace",
        kind="duration",
        key="process.grace",
        metavar="TIME",
        section=_PROCESS,
        help="With --init, what the command leaves behind in its process group gets TERM, and "
        "KILL after this time. Without, the container's end is theirs.",
    ),
    Option(
        name="signal-map",
        kind="list",
        key="process.signal_map",
        metavar="FROM:TO",
        section=_PROCESS,
        help="With --init, pass on another signal than the one that came, TERM:QUIT, or none, "
        "HUP:NONE.",
    ),
    Option(
        name="stop-signal",
        kind="text",
        key="process.stop_signal",
        metavar="SIGNAL",
        default="TERM",
        rule="SIGNAL",
        section=_PROCESS,
        help="With --init, the signal that asks the command to end, at a restart too, as "
        "--signal-map passes it on.",
    ),
    Option(
        name="reload",
        kind="switch",
        key="process.reload",
        section=_PROCESS,
        help="Stay beside the command: when the platform's data change, renew files and "
        "environment, then do what on_change says. Implies --init.",
    ),
    Option(
        name="reload-missing",
        kind="choice",
        key="process.reload_missing",
        metavar="WHAT",
        default="keep",
        choices=("keep", "drop"),
        section=_PROCESS,
        help="With --reload, what becomes of a value that the platform does not have any more, or "
        "that is empty now: keep the last one, or drop it.",
    ),
    Option(
        name="restore",
        kind="choice",
        key="process.restore",
        metavar="WHEN",
        default="restart",
        choices=("restart", "always"),
        section=_PROCESS,
        help="With --reload, when files that another program has changed or removed are put back: "
        "restart, before the command is started again, or always, at each look.",
    ),
    Option(
        name="wait",
        kind="list",
        key="wait",
        metavar="WHAT",
        rule="WAIT",
        section=_PROCESS,
        help="Before the command starts, and within the deadline, wait for tcp://HOST:PORT, "
        "http://HOST/PATH, unix:/PATH, file:/PATH, dns://NAME or container://IDENTIFIER.",
    ),
    Option(
        name="vpn-helper",
        kind="path",
        key="vpn.helper",
        metavar="PATH",
        rule="ABSOLUTE",
        section=_PROCESS,
        help="Refuse the start unless this program can be the credential hook of the OpenVPN "
        "server that is started.",
    ),
    Option(
        name="log-level",
        kind="choice",
        key="log.level",
        metavar="LEVEL",
        default="notice",
        choices=("error", "warning", "notice", "info", "debug"),
        section=_MESSAGES,
        help="How much is said on stderr: error, warning, notice, info or debug.",
    ),
    Option(
        name="log-format",
        kind="choice",
        key="log.format",
        metavar="FORMAT",
        default="text",
        choices=("text", "json"),
        section=_MESSAGES,
        help="How it is said: text, or json with one object on each line.",
    ),
    Option(
        name="debug",
        kind="switch",
        key="log.debug",
        section=_MESSAGES,
        help="Print a traceback, without values, when cycle-exec itself fails.",
    ),
)

# The options that say where the platform is; an emulator that is started says it itself.
PLACES = ("socket", "metadata")
# Of the verbs that ask the platform and start nothing; no variable of an image may lead them
# elsewhere than its launch.
STATE = Option(
    name="state",
    kind="path",
    key="",
    metavar="FILE",
    section=_API,
    help="Emulate the platform from this file instead: a state file in TOML, or a dotenv file "
    "(.env, .env.NAME, NAME.env) with scoped variables.",
)

BY_NAME = {option.name: option for option in OPTIONS}
