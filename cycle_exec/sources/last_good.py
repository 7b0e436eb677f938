"""The answers of the last good start, as one value that can be kept: what is in it, how old it is.

Answers are kept as they came, so that a start from the copy reads them as strictly as fresh ones.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from cycle_exec.errors import Unfit
from cycle_exec.record import Record
from cycle_exec.secret import SecretBytes
from cycle_exec.sources.model import Failure, Response
from cycle_exec.sources.strict_json import NotJson, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.sources.model import Outcome
    from cycle_exec.sources.needs import Need

_VERSION = 1
_AHEAD = 60  # seconds that the clock may have been set back since
_KEPT = (200, 404)  # 404: an optional integration that is not there


class NotUsable(Unfit):
    """The copy is no help."""


class Copy(Record):
    """answers: status and body by request target. created: seconds since the epoch."""

    _redacted = ("answers",)

    created: int
    answers: Mapping[str, tuple[int, bytes]]


def copy_of(needs: Sequence[Need], outcomes: Sequence[Outcome], now: float) -> Copy:
    """Return what is worth keeping of these answers."""
    return Copy(
        created=int(now),
        answers={
            need.request.target: (outcome.status, outcome.body.reveal())
            for need, outcome in zip(needs, outcomes, strict=True)
            if isinstance(outcome, Response) and outcome.status in _KEPT
        },
    )


def outcomes(copy: Copy, needs: Sequence[Need]) -> tuple[Outcome, ...]:
    """Return the answers to these requests. What only a mention asked for may be missing.

    Raises NotUsable.
    """
    found: list[Outcome] = []
    for need in needs:
        status, body = copy.answers.get(need.request.target, (0, b""))
        if status:
            found.append(Response(status=status, headers=(), body=SecretBytes(body)))
        elif need.is_used(()):
            raise NotUsable(f"{need.request.subject}: the copy has no response for it")
        else:
            found.append(Failure(kind="abandoned"))
    return tuple(found)


def age(copy: Copy, now: float, max_age: float) -> int:
    """Whole seconds since the copy was made. Raises NotUsable where that is too long."""
    seconds = now - copy.created
    if seconds < -_AHEAD:
        raise NotUsable("its date is in the future: one of the clocks is wrong")
    if seconds > max_age:
        raise NotUsable(f"it is {int(seconds)} s old, more than max_age")
    return max(0, int(seconds))


def encode(copy: Copy) -> bytes:
    """Return the copy as bytes, to be encrypted: it is full of secrets."""
    answers = {
        target: [status, b2a_base64(body, newline=False).decode()]
        for target, (status, body) in copy.answers.items()
    }
    document = {"version": _VERSION, "created": copy.created, "answers": answers}
    return json.dumps(document, separators=(",", ":")).encode()


def parse(content: bytes) -> Copy:
    """Return the copy again. Raises NotUsable for what `encode` did not make."""
    try:
        document = decode(content)
        assert isinstance(document, dict)
        assert document["version"] == _VERSION
        created, answers = document["created"], document["answers"]
        assert isinstance(created, int)
        found: dict[str, tuple[int, bytes]] = {}
        for target, (status, body) in answers.items():
            assert status in _KEPT
            found[target] = (int(status), a2b_base64(body.encode("ascii"), strict_mode=True))
    except (NotJson, AssertionError, KeyError, TypeError, ValueError, AttributeError, Base64Error):
        raise NotUsable("it was written by another version") from None
    return Copy(created=created, answers=found)
