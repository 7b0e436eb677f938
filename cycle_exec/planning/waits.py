"""What has to be there before the command starts: addresses, rendered, and the pauses between two
looks at them.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Unfit
from cycle_exec.planning.model import WAIT, Awaited
from cycle_exec.settings import addresses
from cycle_exec.settings.model import is_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.planning.outputs import Outputs
    from cycle_exec.planning.templates.rendering import Rendering

# Seconds. What is looked at is often about to come; a platform is asked less often than a port.
_FIRST = 0.05
_CAP = 1.0
_PLATFORM_CAP = 3.0
_OFFLINE = "only the platform knows of it, and this start goes without (offline)"
_LATE = "the deadline has passed"
_TOLD = 5  # problems that a refusal shows


def planned(
    texts: Sequence[str], rendering: Rendering | None, outputs: Outputs, *, offline: bool = False
) -> tuple[Awaited, ...]:
    """Return what is waited for. What becomes no address is a problem of the outputs, and without
    the platform (offline) a container is.
    """
    found = []
    for text in dict.fromkeys(texts):
        address: str | None = text
        if rendering is not None and is_template(text):
            address = rendering.rendered(WAIT + text)
        if address is None:
            continue
        try:
            awaited = Awaited(shown=text, address=addresses.parse(address))
        except Unfit as unfit:
            # Only a template gets here: the others were judged with the settings.
            reason = f"rendered, it {unfit.reason}"
            outputs.refuse("value-refused", WAIT + text, reason, "correct what it is made of")
            continue
        if offline and awaited.address.scheme == "container":
            outputs.refuse("offline-refused", WAIT + text, _OFFLINE, "leave the wait out")
            continue
        found.append(awaited)
    return tuple(found)


def problems(missing: Mapping[str, str]) -> list[Problem]:
    """Return the problems of what was not there in time: few enough that each is named.

    missing: why, by what is shown of it.
    """
    if len(missing) <= _TOLD:
        return [_problem(shown, reason) for shown, reason in missing.items()]
    by_reason: dict[str, list[str]] = {}
    for shown, reason in missing.items():
        by_reason.setdefault(reason, []).append(shown)
    alike = [(", ".join(shown), reason) for reason, shown in by_reason.items()]
    if len(alike) > _TOLD:
        others = ", ".join(shown for shown, _ in alike[_TOLD - 1 :])
        alike = [*alike[: _TOLD - 1], (others, "not there for other reasons")]
    return [_problem(shown, reason) for shown, reason in alike]


def _problem(shown: str, reason: str) -> Problem:
    return Problem("wait-failed", shown, f"{reason.removesuffix(f', {_LATE}')}, {_LATE}")


def pause(attempt: int, draw: float, *, of_platform: bool = False) -> float:
    """Return the seconds until the next look. attempt: how many there were. draw: a random number
    in [0, 1).
    """
    cap = _PLATFORM_CAP if of_platform else _CAP
    window = min(cap, _FIRST * 2.0 ** min(attempt - 1, 16))
    return window * (0.5 + draw / 2)
