"""Whether another container of the environment is there, by what the platform says of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Document = Mapping[str, object]

_GOING = ("deleting", "deleted")
_READY, _UNREADY = "running and ready", "running, but not ready"


def lacking(
    identifier: str,
    wanted: int,
    containers: Sequence[Document],
    instances: Sequence[Document],
    deployment: str = "",
) -> str:
    """Return why a container is not there, empty: it is.

    wanted: how many of its instances have to run and, where the platform looks, be ready; 0: all
    that it is to have. deployment: the version of ours; an identifier need not be unique, and of
    several containers that of our own deployment counts, or else any.
    """
    named = [
        each
        for each in containers
        if each.get("identifier") == identifier and _current(each) not in _GOING
    ]
    if not named:
        from cycle_exec.settings.nearest import did_you_mean

        known = {name for each in containers if isinstance(name := each.get("identifier"), str)}
        hint = did_you_mean(identifier, known - {identifier})
        return f"the environment has no container with this identifier{hint}"
    own = [
        each for each in named if deployment and _below(each, "deployment", "version") == deployment
    ]
    reasons = [_lacking_one(each, wanted, instances) for each in own or named]
    return min(reasons, key=bool) if "" in reasons else reasons[0]


def _lacking_one(container: Document, wanted: int, instances: Sequence[Document]) -> str:
    counts: dict[str, int] = {}
    is_checked = _below(container, "config", "deploy", "readiness_check") is not None
    for each in instances:
        if each.get("container_id") == container.get("id"):
            state = _state(each, is_checked)
            counts[state] = counts.get(state, 0) + 1
    there = counts.pop(_READY, 0)
    desired = container.get("instances")
    every = desired if type(desired) is int else there + sum(counts.values())
    least = wanted or max(1, every)
    if there >= least:
        return ""
    others = "".join(f", {count} {state}" for state, count in sorted(counts.items()))
    number = "no instance is" if not there else f"{there} of {least} instances are"
    return f"{number} {_READY}{others}"


def _state(instance: Document, is_checked: bool) -> str:
    """Return the state of an instance in a word or two that are known to be printable.

    is_checked: whether its container has a readiness check: then it is ready once that says so.
    """
    current = _current(instance)
    if current != "running":
        known = isinstance(current, str) and current.isascii() and current.isalpha()
        return f"{current}"[:20] if known else "in an unknown state"
    ready = _below(instance, "state", "readiness", "ready")
    healthy = _below(instance, "state", "health", "healthy")
    if ready is False or healthy is False or (is_checked and ready is not True):
        return _UNREADY
    return _READY


def _current(document: Document) -> object:
    return _below(document, "state", "current")


def _below(document: object, *names: str) -> object:
    """Return a member's member; None where one of them is no object or not there."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document
