"""What was asked for, as frozen values: the invocation, the manifest's sections, the settings.

Durations are seconds, modes are plain integers (0o600), an empty string means "not given".
`on_change` is what is done when a target or the environment has changed in reload mode: ("none",),
("restart",), ("signal", "HUP") or ("command", USER, WORD...), where no user is an empty text.
Owners are the text `user`, `user:group` or `:group`, names or numbers; ids are found in `system`.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    # See planning.programs.model.Generated.
    Stored = tuple[
        tuple[str, ...],
        tuple[tuple[str, bool], ...],
        tuple[tuple[int, tuple[str, ...], str], ...],
        bytes,
    ]

COMPILED = ".compiled"  # ends the name of a manifest's compiled form
# The platform's variables and paths, and ours.
TOKEN = "CYCLE_API_TOKEN"  # noqa: S105 - the name of the variable, not a token
SOCKET = "CYCLE_EXEC_SOCKET"
# Set where a start used the last good copy; the command may be cycle-exec, too.
STALE = "CYCLE_EXEC_STALE_SECONDS"
DEFAULT_TOKEN_FILE = "/run/cycle-exec/vpn-token"  # noqa: S105 - a path
DEFAULT_MANIFEST = "/etc/cycle-exec.toml"
DEFAULT_SOCKET = "/var/run/cycle/api/api.sock"
DEFAULT_METADATA = "/var/run/cycle/metadata/environment.json"
DEFAULT_VARIABLE_FILES = "/var/run/cycle/variables"
NEVER = "never"  # of api.offline

# capabilities(7), by number.
CAPABILITIES = tuple(
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO "
    "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME "
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
    "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split()
)

# What a start can wait for, in words.
WAIT_FORMS = (
    "tcp://HOST:PORT, http://HOST[:PORT][/PATH], unix:/PATH, file:/PATH, dns://NAME or "
    "container://IDENTIFIER"
)
UNLIMITED = -1  # as a resource limit

PATIENCE = 10.0  # seconds between TERM and KILL where process.grace gives none

BUILTIN = "builtin:"  # before the name of a template that comes with cycle-exec


def is_template(text: str) -> bool:
    """Whether a text of the settings is not known before the values are."""
    return "{{" in text or "{%" in text or "{#" in text


class Invocation(Record):
    """What the kernel gave us, read once.

    Texts are UTF-8 decoded with `surrogateescape`, so every byte survives the way back.
    mask: the signals that were blocked; None where nobody has changed that since.
    """

    _redacted = ("environ",)

    argv: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: str
    mask: frozenset[int] | None = None

    @property
    def token(self) -> Secret:
        """The token of the internal API; empty if there is none."""
        return Secret(self.environ.get(TOKEN, ""))


class Api(Record):
    """[api]: where the internal API is and how long to wait for it (seconds).

    offline: whether a run goes without it, or NEVER: none may. Beside NEVER, `Settings.origins`
    tells whether a flag or the variable asks for it; `settings.offline` decides.
    """

    socket: str = DEFAULT_SOCKET
    timeout: float = 5.0
    deadline: float = 30.0
    offline: bool | str = False
    metadata: str = DEFAULT_METADATA


class Written(Record):
    """What every target says of how it is written, and what follows a change."""

    mode: int = 0o600
    owner: str = ""
    on_change: tuple[str, ...] = ("none",)


class VariableFile(Written):
    """A scoped variable that goes to a file; NAME_FILE is exported instead of its value."""

    variable: str
    target: str
    decode: str = ""


class Variables(Record):
    """[variables]: which scoped variables become what.

    file_directory: where those of access kind file are.
    """

    _redacted = ("defaults",)

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    defaults: Mapping[str, str] = {}
    rename: Mapping[str, str] = {}
    prefix: str = ""
    allow: tuple[str, ...] = ()
    file_directory: str = DEFAULT_VARIABLE_FILES
    files: tuple[VariableFile, ...] = ()


class EnvironmentRules(Record):
    """[environment]: how the app's environment is put together.

    precedence: "fetched" or "inherited". preserve: names whose inherited value wins, "*" for all.
    files: dotenv files of defaults, lowest precedence, later files win.
    """

    _redacted = ("set",)

    precedence: str = "fetched"
    preserve: tuple[str, ...] = ()
    pristine: bool = False
    unset: tuple[str, ...] = ()
    set: Mapping[str, str] = {}
    keep_token: bool = False
    files: tuple[str, ...] = ()
    on_change: tuple[str, ...] = ("restart",)


class IntegrationFile(Written):
    """A field of an integration ("auth.base64_config") that goes to a file."""

    target: str
    field: str
    decode: str = ""


class IntegrationRequest(Record):
    """One [[integrations]]: by identifier, by vendor, or both."""

    identifier: str = ""
    vendor: str = ""
    optional: bool = False
    prefix: str = ""
    env: Mapping[str, str] = {}
    files: tuple[IntegrationFile, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: the identifier, else the vendor."""
        return self.identifier or self.vendor


class CertificateRequest(Written):
    """[certificates]. directory empty: fetched for templates, written nowhere. layout: "folders"
    or "flat".

    password_from: the scoped variable with the password of PKCS #12 files.
    """

    directory: str = ""
    domains: tuple[str, ...] = ()
    container_id: str = ""
    layout: str = "folders"
    formats: tuple[str, ...] = ("pem",)
    password_from: str = ""
    minimum_days: int = 7
    allow_expired: bool = False


class TemplateOutput(Written):
    """One [[templates]]: a file or a folder of *.j2 files, and where it goes."""

    source: str
    target: str
    check: tuple[str, ...] = ()


class Before(Record):
    """One [[before]]: a command that is run to its end before the app is started.

    timeout: seconds, added to the deadline. output: "filtered": lines that a fetched value may be
    in are withheld; "raw": what it prints goes to our standard error as it is.
    """

    command: tuple[str, ...]
    timeout: float = 60.0
    on_restart: bool = False
    output: str = "filtered"


class DotenvOutput(Written):
    """[dotenv]: a dotenv file of what the launch exports, written for one named reader."""

    target: str
    reader: str = "python-dotenv"


class Address(Record):
    """What a start waits for. scheme: "tcp", "http", "unix", "file", "dns" or "container".

    host: a name, an IP address, or a container's identifier. path: of a file or a socket, or path
    and query of a request. instances: how many of a container, 0: all of them.
    """

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    instances: int = 1


class Limit(Record):
    """A resource limit. hard: None: it stays as it is, unless the soft one is over it."""

    soft: int
    hard: int | None = None

    @property
    def highest(self) -> int:
        """What the hard limit has to be, at least."""
        return self.soft if self.hard is None else self.hard


def is_over(number: int, other: int) -> bool:
    """Whether one limit is over another."""
    return other != UNLIMITED and (number == UNLIMITED or number > other)


class Process(Record):
    """[process]: how the command is started, and who stays above it.

    umask: None: as it is. limits: by name; others stay as they are. drain: seconds for which a
    stop is held back from the app.
    grace: seconds between TERM and KILL for what the command leaves behind in its process group;
    0: it is left to the container's end. reload_interval: seconds between looks where there are
    no notifications, 0: none. reload_debounce: of quiet before a look, and reload_longest at
    most. reload_splay: a look is put off by up to so much, by instance. reload_missing: what
    becomes of a value that is gone at a later look, "keep" or "drop". restore: when targets that
    others have changed are put back, "restart" or "always". stop_signal, signal_map: signal names
    without SIG ("TERM"), to such a name or to NONE. user: `user` or `user:group`, names or numbers.
    capabilities: names without CAP_ of those that the user keeps.
    """

    directory: str = ""
    user: str = ""
    capabilities: tuple[str, ...] = ()
    no_new_privs: bool = False
    umask: int | None = None
    limits: Mapping[str, Limit] = {}
    init: bool = False
    drain: float = 0.0
    grace: float = 0.0
    stop_signal: str = "TERM"
    signal_map: Mapping[str, str] = {}
    reload: bool = False
    reload_interval: float = 0.0
    reload_debounce: float = 2.0
    reload_longest: float = 30.0
    reload_splay: float = 5.0
    reload_missing: str = "keep"
    restore: str = "restart"

    @property
    def patience(self) -> float:
        """Seconds for who is told to end, whatever it is."""
        return self.grace or PATIENCE


class Login(Record):
    """A VPN login that must be accepted before the launch: the variables that hold it."""

    username: str
    password: str


class Vpn(Record):
    """[vpn]: the credential hook of an OpenVPN server, judged before the launch.

    config: its configuration, empty: what an openvpn command names. helper: the hook's program,
    empty: what the configuration says. token_file: where the hook reads the token, inside the
    server's chroot; empty: what the configuration says. probe: whether a login that must be
    refused is tried.
    """

    config: str = ""
    helper: str = ""
    token_file: str = ""
    probe: bool = False
    login: Login | None = None

    @property
    def judges_a_hook(self) -> bool:
        """Whether a hook is to be looked at; a client has only a login."""
        return bool(self.config or self.helper or self.probe or self.login is None)


class Report(Record):
    """[report]: what a launch tells the platform of itself."""

    metrics: bool = False
    events: bool = False


class LastGood(Record):
    """[last_good]: the answers of the last good start, kept for one that finds no platform.

    max_age: seconds. The key is the content of key_file, or of the inherited variable key_variable.
    """

    path: str
    max_age: float = 86_400.0
    key_file: str = ""
    key_variable: str = ""


class Log(Record):
    """[log]: what is said on stderr."""

    level: str = "notice"
    format: str = "text"
    debug: bool = False


class Manifest(Record):
    """Everything a manifest can say; each section has its defaults.

    wait: what has to be there before the command starts, as it is written (`settings.addresses`).
    """

    api: Api = Api()
    variables: Variables = Variables()
    environment: EnvironmentRules = EnvironmentRules()
    integrations: tuple[IntegrationRequest, ...] = ()
    certificates: CertificateRequest | None = None
    templates: tuple[TemplateOutput, ...] = ()
    dotenv: DotenvOutput | None = None
    wait: tuple[str, ...] = ()
    before: tuple[Before, ...] = ()
    vpn: Vpn | None = None
    process: Process = Process()
    report: Report = Report()
    last_good: LastGood | None = None
    log: Log = Log()


class Settings(Manifest):
    """A manifest with flags and variables laid over it.

    manifest_path: the manifest that was read, empty if there was none.
    origins: where a setting comes from ("flag --socket", "variable CYCLE_EXEC_SOCKET"); a dotted
    key that is absent comes from the manifest or its default.
    command: the words after --, untouched.
    compiled: what `cycle-exec compile` has made of templates, by their source: the names that one
    uses, the files that it is made of, its text uses, and its code; None: it is left to Jinja2.
    """

    manifest_path: str = ""
    origins: Mapping[str, str] = {}
    command: tuple[str, ...] = ()
    compiled: Mapping[str, Stored | None] = {}

    @property
    def is_offline(self) -> bool:
        """Whether this run goes without the platform."""
        return self.api.offline is True


class Form(Record):
    """The compiled form of a manifest. reason: why it is not used, empty: it is, or there is none.

    manifest: None where the text has to be read. programs: see Settings.compiled.
    """

    manifest: Manifest | None = None
    programs: Mapping[str, Stored | None] = {}
    reason: str = ""
