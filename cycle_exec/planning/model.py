"""What will be true after the run, as frozen values."""

from __future__ import annotations

from cycle_exec.record import Record

# The source of what this process was given.
INHERITED = "inherited"
# What messages call an expression of the manifest's environment.set, before its variable's name.
SET = "environment.set."
# The same of an address that is waited for, before its text.
WAIT = "wait for "

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from cycle_exec.planning.programs.model import Program
    from cycle_exec.planning.templates.jinja.compiling import Template
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.planning.templates.substitution import Plain
    from cycle_exec.planning.templates.text_use import Use
    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Address


# What a target is made of.
TEMPLATE, CERTIFICATE, DOTENV = "template", "certificate", "dotenv"
VARIABLE, INTEGRATION = "scoped variable", "integration"
TOKEN_FILE, LAST_GOOD = "vpn token", "last good copy"


class FileWrite(Record):
    """One target with its whole content.

    kind, name: what it is made of: one of the words above, and which one of them.
    owner: the text of the settings, for people; uid, gid: its ids, -1: those of any new file.
    check: a command that must exit 0 on the staged file, `{{ staged }}` standing for its path.
    on_change: as in the settings.
    directory: the folder whose files all change at one moment, empty: this file changes by
    itself. domain, member: where the file is below that folder: DIRECTORY/DOMAIN/MEMBER, or
    DIRECTORY/DOMAIN where member is empty. obsolete: paths below that folder that earlier runs may
    have written and that end with the next generation of it.
    """

    _redacted = ("content",)

    path: str
    content: bytes
    mode: int
    kind: str
    name: str = ""
    owner: str = ""
    uid: int = -1
    gid: int = -1
    check: tuple[str, ...] = ()
    on_change: tuple[str, ...] = ("none",)
    directory: str = ""
    domain: str = ""
    member: str = ""
    obsolete: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """What it is made of, in words: "template nginx.conf.j2"."""
        return f"{self.kind} {self.name}".rstrip()


class Swap(Record):
    """A staged file, or link, and the name that it is about to take.

    folder: the real path of the directory that both are in. staged: the name until then. content:
    of a file, which belongs to uid and gid and has this mode. link: where a link leads; empty: it
    is a file.
    """

    _redacted = ("content",)

    folder: bytes
    name: bytes
    staged: bytes
    content: bytes = b""
    uid: int = -1
    gid: int = -1
    mode: int = 0o600
    link: bytes = b""

    @property
    def target(self) -> bytes:
        """The path that it takes."""
        return self.folder.rstrip(b"/") + b"/" + self.name


class Layout(Record):
    """A mirror of the root directory: directories of its own, and links to the real one.

    top: its path. folders: the real directories that have a counterpart, parents first. files: the
    content of each file that is not linked to, by its real path. links: where each symbolic link
    leads that cannot stay as it is, by its real path. words, executable, directory, environ: of
    the command that sees the mirror.
    """

    _redacted = ("files", "environ")

    top: bytes
    folders: tuple[bytes, ...]
    files: Mapping[bytes, bytes]
    links: Mapping[bytes, bytes]
    words: tuple[str, ...]
    executable: str
    directory: str
    environ: Mapping[str, str]


class TemplateText(Record):
    """A template that was read and where its rendering goes.

    name: what messages call it (the path of its file). folder: what the names of other files in
    its folder begin with. check, on_change: as in FileWrite.
    """

    _redacted = ("text",)

    name: str
    text: str
    folder: str = ""
    target: str
    mode: int
    owner: str = ""
    check: tuple[str, ...] = ()
    on_change: tuple[str, ...] = ("none",)


class CertificateSummary(Record):
    """What people want to know of a certificate. Times are seconds since the epoch.

    not_after: the end of the leaf or of its direct issuer, whichever comes first. lifetime: of
    the leaf, in seconds, 0: from not_before to not_after.
    """

    domains: tuple[str, ...]
    issuer: str
    not_before: int
    not_after: int
    key_type: str
    lifetime: int = 0
    warnings: tuple[str, ...] = ()

    def days_left(self, now: float) -> int:
        """Whole days until it ends, negative after its end."""
        return int((self.not_after - now) // 86_400)

    def few(self, minimum_days: int) -> float:
        """Return the seconds below which too little is left: at most a third of the lifetime."""
        lifetime = self.lifetime or self.not_after - self.not_before
        return min(minimum_days * 86_400, lifetime / 3)


class Prepared(Record):
    """Templates that were parsed, and compiled if that takes Jinja2.

    sources: the text of every template, and of every file that they may use, by name. plain,
    programs, compiled: each template is in one of the three.
    library: those files. used: every top-level name that any of them takes from the context.
    uses: places that have to be looked at with the values.
    """

    _redacted = ("sources", "plain", "programs", "compiled")

    sources: Mapping[str, str]
    plain: Mapping[str, Plain]
    programs: Mapping[str, Program] = {}
    compiled: Mapping[str, Template]
    library: Library | None = None
    used: frozenset[str]
    uses: tuple[Use, ...] = ()


class Inputs(Record):
    """What a plan is made of, beside the settings and the answers.

    inherited: the environment of this process. dotenv_files: path and content of each file of
    defaults, in the order given. owners: ids by owner text; the empty text is the user that the
    command will run as. prepared: every template and every expression of environment.set.
    home: the home folder of that user, empty: nobody else. now: seconds since the epoch.
    bounded: makes what bounds the memory that a template can take, or raises MemoryError.
    """

    _redacted = ("inherited", "dotenv_files")

    inherited: Mapping[str, str]
    texts: tuple[TemplateText, ...] = ()
    dotenv_files: tuple[tuple[str, Mapping[str, str]], ...] = ()
    owners: Mapping[str, tuple[int, int]] = {}
    prepared: Prepared | None = None
    home: str = ""
    now: float
    bounded: Callable[[], AbstractContextManager[None]] | None = None


class Crypto(Record):
    """What planning needs of cryptography.

    mismatch: (key, full chain) -> why they do not fit, or None. It raises Refused where this
    machine cannot tell.
    refusal: (key, bundle as it is sent, trusted certificate) -> the code of OpenSSL's error as a
    client, 0: it accepts the bundle, -1: it makes no connection with the key.
    keystore: (path, alias, key, full chain, password) -> the file's content, or why there can be
    none; not called unless the settings ask for one.
    """

    mismatch: Callable[[str, str], str | None]
    refusal: Callable[[str, str, str], int] | None = None
    keystore: Callable[[str, str, str, str, Secret], bytes | str]


class FileVariable(Record):
    """A scoped variable in a file: its identifier, where it is, and what is in it.

    used: unless the API has it, too.
    """

    _redacted = ("content",)

    name: str
    path: str
    content: str
    used: bool = True


class Extension(Record):
    """What a server's hook adds to a plan, once it has been judged by the other targets."""

    writes: tuple[FileWrite, ...] = ()
    warnings: tuple[str, ...] = ()


class Awaited(Record):
    """What has to be there before the command starts. shown: as the settings have it, where no
    value is in it.
    """

    _redacted = ("address",)

    shown: str
    address: Address


class Plan(Record):
    """Environment, targets and command; nothing has been touched yet.

    environ: the app's whole environment, handed to execve once.
    sources: for each name of environ, where it comes from ("inherited", "scoped variable
    db-password", "integration s3-backups: auth.secret", "set", "default", "dotenv .env").
    overrides: for each name that hid others, where those came from, lowest first.
    warnings: lines for the warning level. notes: lines for the info level.
    stale: the age in seconds of the last good copy that it was made of; None: it is fresh.
    waits: what has to be there before anything of it is done.
    offline: the platform was not asked.
    file_variables: what templates and files have beside that, and the environment has not.
    """

    _redacted = ("environ",)

    environ: Mapping[str, str]
    sources: Mapping[str, str]
    overrides: Mapping[str, tuple[str, ...]] = {}
    writes: tuple[FileWrite, ...] = ()
    certificates: tuple[CertificateSummary, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stale: int | None = None
    waits: tuple[Awaited, ...] = ()
    offline: bool = False
    file_variables: tuple[FileVariable, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many variables, certificates and templates it brings, for messages."""
        return {
            "variable": sum(source != INHERITED for source in self.sources.values()),
            "certificate": len(self.certificates),
            "template": sum(write.kind == TEMPLATE for write in self.writes),
        }


def counted(counts: Mapping[str, int]) -> str:
    """Return the counts that are not zero, in words: "3 variables, 1 file written"."""
    return ", ".join(number(count, word) for word, count in counts.items() if count)


def number(count: int, word: str) -> str:
    """One count in words: "0 errors"."""
    first, _, rest = word.partition(" ")
    return f"{count} {first}{'' if count == 1 else 's'} {rest}".rstrip()
