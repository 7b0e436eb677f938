"""One look of reload mode: ask the platform, keep what it lacks, and plan anew."""

from __future__ import annotations

from cycle_exec.launching import apply, pipeline, preflight
from cycle_exec.record import Record
from cycle_exec.resident import keeping
from cycle_exec.settings.model import CertificateRequest
from cycle_exec.system import clock, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.launching.last_good import Keeper
    from cycle_exec.launching.pipeline import Fetched, Planned
    from cycle_exec.launching.preflight import Local
    from cycle_exec.planning.model import Plan
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.sources.model import Certificate, Outcome, Snapshot
    from cycle_exec.system.api.requests import Retry

# Seconds. A look that has come to nothing is made again in any case.
_PATIENCE = 5.0


class Looked(Record):
    """What a look has come to. gone, empty: see `keeping.Kept`."""

    planned: Planned
    executable: str
    gone: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def look(
    invocation: Invocation,
    settings: Settings,
    last: Snapshot,
    held: Plan,
    keeper: Keeper | None,
    hurries: Mapping[int, bool],
) -> Looked:
    """Ask and plan within the deadline of a start. Raise Refused or DeadlinePassed.

    last, held: the answers and the plan that hold. hurries: as of `requests.exchange`.
    """
    deadline = clock.Deadline.after(settings.api.deadline)
    armed = signals.arm(deadline.left())
    try:
        local = preflight.opened(invocation, settings)
        patient = _patient(settings.api.deadline)
        given = pipeline.fetched(settings, local, deadline, keeper, patient, hurries)
        kept = keeping.Kept(snapshot=given.snapshot)
        if settings.process.reload_missing == "keep":
            kept = keeping.kept(last, given.snapshot)
            given = given.replace(snapshot=kept.snapshot)
        planned = _planned(settings, local, given, last, held)
        executable = apply.judged(settings, planned)
    finally:
        armed.disarm()
        if preflight.makes_keystores(settings):
            from cycle_exec.system.crypto import keystore_process

            keystore_process.end()
    return Looked(planned=planned, executable=executable, gone=kept.gone, empty=kept.empty)


def _patient(total: float) -> Retry:
    """Return how requests are tried again by who can look again. total: the deadline's seconds."""
    from cycle_exec.sources import retry

    def delay(outcome: Outcome, attempt: int, left: float, draw: float) -> float | None:
        return retry.patiently(outcome, attempt, left, draw, total, _PATIENCE)

    return delay


def _planned(
    settings: Settings, local: Local, given: Fetched, last: Snapshot, held: Plan
) -> Planned:
    request = settings.certificates or CertificateRequest()
    now = clock.now()
    if request.allow_expired or all(one.not_after >= now for one in held.certificates):
        return pipeline.planned(settings, local, given)
    lenient = settings.replace(certificates=request.replace(allow_expired=True))
    planned = pipeline.planned(lenient, local, given)
    # A certificate that has not changed is no reason to refuse what has.
    if _holds(planned, given.snapshot.certificates or (), last, held):
        return planned
    # What is wrong with others is said without rendering all once more.
    strict = settings.replace(certificates=request)
    pipeline.planned(strict, local, given.replace(prepared=None))
    return pipeline.planned(settings, local, given)


def _holds(planned: Planned, fresh: tuple[Certificate, ...], last: Snapshot, held: Plan) -> bool:
    """Whether every certificate that is over is one that the app has already."""
    now = clock.now()
    before = {_identity(one) for one in last.certificates or ()}
    unchanged = {one.domains for one in fresh if _identity(one) in before}
    # What is warned of changes with the time alone.
    has = {summary.replace(warnings=()) for summary in held.certificates}
    return all(
        summary.not_after >= now
        or (summary.replace(warnings=()) in has and summary.domains in unchanged)
        for summary in planned.plan.certificates
    )


def _identity(certificate: Certificate) -> tuple[object, ...]:
    return certificate.domains, certificate.bundle.reveal(), certificate.private_key.reveal()
