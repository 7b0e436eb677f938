"""Whether a run goes without the platform: what was asked for, against what is there."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.record import Record
from cycle_exec.settings.model import NEVER, TOKEN, Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Settings

_KEY = "api.offline"


class Decided(Record):
    """The settings, whose api.offline is true or false now.

    ignored: why the variable or the manifest has no effect, empty: it has. by: which of the two,
    or the flag. skipped: what the settings have and this run goes without, in words.
    """

    settings: Settings
    by: str
    ignored: str = ""
    skipped: tuple[str, ...] = ()


def decided(settings: Settings, *, token: bool, socket: bool) -> Decided:
    """Return what becomes of the wish for a run without the platform.

    token, socket: whether they are there. Then the platform is, too, and a wish that stands in an
    image, or was left behind in its environment, must not keep its values from the app: only a
    flag counts. Raises Refused where the manifest allows no such run.
    """
    by = settings.origins.get(_KEY, "")
    if not by.startswith("flag ") and (token or socket):
        there = f"{TOKEN} is set" if token else f"there is a socket {settings.api.socket}"
        asked = settings.replace(api=settings.api.replace(offline=False))
        return Decided(settings=asked, by=by or _KEY, ignored=there)
    if settings.api.offline == NEVER:
        reason = f'the manifest does not allow it: {_KEY} is "{NEVER}" in {settings.manifest_path}'
        raise refuse("offline-refused", by, reason)
    process, certificates = settings.process, settings.certificates
    alone = settings.replace(
        api=settings.api.replace(offline=True),
        # Those that are named are insisted on.
        certificates=certificates if certificates and certificates.domains else None,
        process=process.replace(reload=False, init=process.init or process.reload),
        report=Report(),
        last_good=None,
    )
    return Decided(settings=alone, by=by or _KEY, skipped=_skipped(settings))


def _skipped(settings: Settings) -> tuple[str, ...]:
    found = [f"integration {each.name}" for each in settings.integrations if each.optional]
    certificates = settings.certificates
    if certificates is not None and not certificates.domains:
        found.append("certificates")
    if settings.process.reload:
        found.append("reload")
    if settings.report.metrics or settings.report.events:
        found.append("report")
    if settings.last_good is not None:
        found.append("last good copy")
    return tuple(found)
