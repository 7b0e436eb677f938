"""What will be true after the run, as frozen values."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import STALE

# What messages call an expression of the manifest's environment.set, before its variable's name.
SET = "environment.set."

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class FileWrite(Record):
    """One target with its whole content.

    origin: words for people ("template nginx.conf.j2", "certificate www.example.com").
    owner: text as in the settings, empty: the user the launch runs as.
    check: a command that must exit 0 on the staged file, `{{ staged }}` standing for its path.
    on_change: as in the settings.
    folder_from_data: the last folder of the path is named by fetched data, so a link in its place
    is never followed. generation: the folder above that one, if all files below it change at one
    moment; empty: the file changes by itself.
    """

    _sealed = ("content",)

    path: str
    content: bytes
    mode: int
    origin: str
    owner: str = ""
    check: tuple[str, ...] = ()
    folder_from_data: bool = False
    generation: str = ""
    on_change: tuple[str, ...] = ("none",)


class TemplateText(Record):
    """A template that was read and where its rendering goes.

    name: what messages call it (the path of its file). check, on_change: as in FileWrite.
    """

    _sealed = ("text",)

    name: str
    text: str
    target: str
    mode: int
    owner: str = ""
    check: tuple[str, ...] = ()
    on_change: tuple[str, ...] = ("none",)


class CertificateSummary(Record):
    """What people want to know of a certificate. Times are seconds since the epoch."""

    domains: tuple[str, ...]
    issuer: str
    not_before: int
    not_after: int
    key_type: str


class Plan(Record):
    """Environment, targets and command; nothing has been touched yet.

    environ: the app's whole environment, handed to execve once.
    sources: for each name of environ, where it comes from ("inherited", "scoped variable
    db-password", "integration s3-backups: auth.secret", "set", "default", "dotenv .env").
    overrides: for each name that hid others, where those came from, lowest first.
    warnings: lines for the warning level. notes: lines for the info level.
    stale: the age in seconds of the last good copy that it was made of; None: it is fresh.
    """

    _sealed = ("environ",)

    environ: Mapping[str, str]
    sources: Mapping[str, str]
    overrides: Mapping[str, tuple[str, ...]] = {}
    writes: tuple[FileWrite, ...] = ()
    certificates: tuple[CertificateSummary, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stale: int | None = None

    def from_last_good(self, stale: int, warning: str) -> Plan:
        """The same plan, known to be made of the last good copy, which the app is told."""
        return self.replace(
            environ={**self.environ, STALE: str(stale)},
            sources={**self.sources, STALE: "last good copy"},
            warnings=(warning, *self.warnings),
            stale=stale,
        )
