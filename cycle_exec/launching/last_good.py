"""The last good copy: kept after a start that worked, used when the platform cannot be asked."""

from __future__ import annotations

from cycle_exec.errors import Refused, refuse
from cycle_exec.planning.model import LAST_GOOD, FileWrite
from cycle_exec.secret import SecretBytes
from cycle_exec.sources import last_good
from cycle_exec.system import clock, files
from cycle_exec.system.crypto import encryption
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cycle_exec.settings.model import Invocation, LastGood, Settings
    from cycle_exec.sources.last_good import Copy
    from cycle_exec.sources.model import Outcome, Snapshot
    from cycle_exec.sources.needs import Need
    from cycle_exec.system.clock import Deadline

_LIMIT = 64 * 1024 * 1024  # bytes
# Of the deadline, for what comes after a fetch that has used up its time.
_RESERVE, _MOST = 0.2, 2.0


class Keeper:
    """What one run does with the copy.

    uses: whether it may start from it. keeps: whether it may write and remove it.
    """

    def __init__(self, wanted: LastGood, key: SecretBytes, *, uses: bool, keeps: bool) -> None:
        self._wanted = wanted
        self._key = key
        self._uses = uses
        self._keeps = keeps
        self._fresh: Copy | None = None

    def fetch_deadline(self, deadline: Deadline) -> Deadline:
        """Until when the platform is asked: what is left must do for the rest of the start."""
        if not self._uses:
            return deadline
        left = deadline.left()
        return clock.Deadline(end=deadline.end - min(left * _RESERVE, _MOST))

    def ready(self) -> None:
        """Load what encryption needs, while the platform works."""
        encryption.ready()

    def snapshot(
        self,
        needs: Sequence[Need],
        outcomes: Sequence[Outcome],
        used: Collection[str],
        read: Callable[..., Snapshot],
    ) -> Snapshot:
        """Return what the answers say; where the platform is merely unavailable, what the copy
        says.

        used: the resources that templates really use. read: (outcomes, age of the copy or
        None) -> what they say. Raises Refused.
        """
        try:
            found = read(outcomes)
            lacking = [found.unusable[name] for name in found.unusable if name in used]
            if self._uses and lacking:
                raise Refused(lacking)
        except Refused as refused:
            return read(*self._instead(refused, needs))
        if self._keeps:
            self._fresh = last_good.copy_of(needs, outcomes, clock.now())
        return found

    def _instead(self, refused: Refused, needs: Sequence[Need]) -> tuple[Sequence[Outcome], int]:
        """Return the answers of the copy and its age, or the refusal again where there is no
        help.
        """
        kinds = {problem.kind for problem in refused.problems}
        if "denied" in kinds and self._keeps:
            self._forget()
        if kinds != {"unavailable"} or not self._uses:
            raise refused
        try:
            copy = self._read()
            stale = last_good.age(copy, clock.now(), self._wanted.max_age)
            found = last_good.outcomes(copy, needs)
        except (last_good.NotUsable, encryption.Broken) as error:
            stderr.log.warning(f"last good copy {self._wanted.path}: {error.reason}")
            raise refused from None
        return found, stale

    def obstacle(self) -> str:
        """Why a start could not do with the copy today, in words; empty if it could."""
        try:
            last_good.age(self._read(), clock.now(), self._wanted.max_age)
        except (last_good.NotUsable, encryption.Broken) as error:
            return error.reason
        return ""

    def keep(self) -> None:
        """Write the copy; what goes wrong is no reason not to start."""
        if self._fresh is None:
            return
        from cycle_exec.system.targets import stage

        content = encryption.encrypt(self._key, last_good.encode(self._fresh))
        path = self._wanted.path
        write = FileWrite(path=path, content=content, mode=0o600, kind=LAST_GOOD)
        try:
            with stage.Staged([write], targets=None) as staged:
                staged.commit()
        except Refused as refused:
            reason = refused.problems[0].reason
            stderr.log.warning(f"last good copy {path}: it could not be written: {reason}")

    def _read(self) -> Copy:
        try:
            encrypted = files.read(self._wanted.path, _LIMIT)
        except files.Unreadable as error:
            reason = "it does not exist" if error.absent else error.reason
            raise last_good.NotUsable(reason) from None
        return last_good.parse(encryption.decrypt(self._key, encrypted))

    def _forget(self) -> None:
        path = self._wanted.path
        try:
            if files.read(path, _LIMIT).startswith(encryption.MAGIC):
                files.remove(path)
                stderr.log.warning(
                    f"last good copy {path}: removed, because the API rejected the token"
                )
        except files.Unreadable as error:
            if not error.absent:
                stderr.log.warning(f"last good copy {path}: {error.reason}")


def keeper(
    invocation: Invocation, settings: Settings, *, uses: bool = True, keeps: bool = True
) -> Keeper | None:
    """Return the keeper that the settings ask for. Raises Refused without a usable key."""
    wanted = settings.last_good
    if wanted is None:
        return None
    if not encryption.available():
        raise refuse(
            "file-missing",
            "last_good",
            "the package cryptography is not installed",
            "pip install 'cycle-exec[last-good]'",
        )
    # A login that is to be accepted before the start cannot be asked for.
    is_login = settings.vpn is not None and settings.vpn.login is not None
    return Keeper(wanted, _key(invocation, wanted), uses=uses and not is_login, keeps=keeps)


def _key(invocation: Invocation, wanted: LastGood) -> SecretBytes:
    if wanted.key_file:
        subject = f"last_good.key_file {wanted.key_file}"
        try:
            key = files.read(wanted.key_file, 4096)
        except files.Unreadable as error:
            raise refuse("file-missing", subject, error.reason) from None
    else:
        subject = f"variable {wanted.key_variable}"
        key = invocation.environ.get(wanted.key_variable, "").encode("utf-8", "surrogateescape")
    key = key.strip()
    if len(key) < encryption.SHORTEST:
        raise refuse(
            "file-missing",
            subject,
            f"a key has at least {encryption.SHORTEST} bytes, this has {len(key)}",
            "generate one with openssl rand -hex 32",
        )
    return SecretBytes(key)
