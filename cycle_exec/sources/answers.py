"""What the answers mean: strict types, an error envelope beats data, foreign text is never quoted.

Shapes: the platform's OpenAPI document. Unknown members are tolerated, known ones must have
their type. `null` stands for an empty list wherever a list is promised.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused, Unfit
from cycle_exec.secret import Secret
from cycle_exec.sources.model import Certificate, Failure, Integration, Response, Snapshot
from cycle_exec.sources.strict_json import NotJson, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.settings.model import IntegrationRequest
    from cycle_exec.sources.model import Outcome, Request
    from cycle_exec.sources.needs import Need

_MALFORMED = frozenset(("malformed", "too-large", "too-much"))
_CODE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class _Wrong(Unfit):
    """The answer is not what was promised. subject: what is to blame, empty: the request."""

    def __init__(self, reason: str, kind: str = "answer-malformed", subject: str = "") -> None:
        self.kind = kind
        self.subject = subject
        super().__init__(reason)


def snapshot(
    needs: Sequence[Need],
    outcomes: Sequence[Outcome],
    *,
    socket: str,
    environ: Mapping[str, str],
    metadata: Callable[[], object] | None = None,
    stale: int | None = None,
) -> Snapshot:
    """All answers as one value.

    socket: its path, for messages. environ: the inherited environment (which instance is ours).
    metadata: reads the platform's metadata file, or raises Refused; called if all else is good.
    stale: the age of these answers in seconds, if they are those of the last good copy.
    Raises Refused with every problem of an essential answer.
    """
    variables: Mapping[str, str] = {}
    certificates: tuple[Certificate, ...] | None = None
    domains: tuple[str, ...] | None = None
    resources: dict[str, object] = {}
    integrations: dict[str, Integration | None] = {}
    unusable: dict[str, Problem] = {}
    problems: list[Problem] = []
    for need, outcome in _answered(needs, outcomes):
        try:
            data = _data(need, outcome, socket)
            if need.integration is not None:
                integrations[need.name] = _integration(need.integration, data)
            elif need.kind == "variables":
                variables = _variables(data)
            elif need.kind == "certificates":
                certificates = _certificates(data)
            elif need.kind == "domains":
                domains = _domains(data)
            else:
                resources[need.name] = _resource(need.name, data, environ)
        except _Wrong as wrong:
            subject = wrong.subject or _subject(need.request)
            problem = Problem(kind=wrong.kind, subject=subject, reason=wrong.reason)
            if need.request.essential or need.integration is not None:
                problems.append(problem)
            else:
                unusable[need.name] = problem
    if problems:
        raise Refused(_without_noise(problems))
    if metadata is not None:
        try:
            resources["metadata"] = metadata()
        except Refused as refused:
            unusable["metadata"] = refused.problems[0]
    return Snapshot(
        variables=variables,
        integrations=integrations,
        certificates=certificates,
        domains=domains,
        resources=resources,
        unusable=unusable,
        stale=stale,
    )


def _answered(needs: Sequence[Need], outcomes: Sequence[Outcome]) -> list[tuple[Need, Outcome]]:
    """Leave out requests that were given up because another one was refused."""
    pairs = list(zip(needs, outcomes, strict=True))
    told = [
        (need, outcome)
        for need, outcome in pairs
        if not (
            need.request.essential and isinstance(outcome, Failure) and outcome.kind == "abandoned"
        )
    ]
    return told or pairs


def _without_noise(problems: list[Problem]) -> list[Problem]:
    """One cause, one line: the same failure of every request is said once."""
    if len({(problem.kind, problem.reason) for problem in problems}) > 1:
        return problems
    if problems[0].kind not in {"unavailable", "denied"}:
        return problems
    more = f" ({len(problems)} requests)" if len(problems) > 1 else ""
    first = problems[0]
    return [first.replace(reason=first.reason + more)]


# Outcome -> the envelope's data


def _data(need: Need, outcome: Outcome, socket: str) -> object:
    if isinstance(outcome, Failure):
        raise _failed(outcome, socket)
    if outcome.status == 200:
        return _envelope(outcome)
    code = _error_code(outcome)
    said = f"the API answered {outcome.status}" + (f" ({code})" if code else "")
    optional = need.integration is not None and need.integration.optional
    if outcome.status == 404 and optional:
        return None
    if outcome.status in (401, 403):
        kind = "denied"
    elif outcome.status == 429 or outcome.status >= 500:
        kind = "unavailable"
    elif outcome.status >= 400:
        kind = "answer-refused"
    else:
        kind = "answer-malformed"
    raise _Wrong(said, kind)


def _failed(failure: Failure, socket: str) -> _Wrong:
    kind = "answer-malformed" if failure.kind in _MALFORMED else "unavailable"
    from cycle_exec.sources import failures

    subject = socket if failure.kind in failures.OF_SOCKET else ""
    return _Wrong(failures.words(failure), kind, subject)


def _envelope(response: Response) -> object:
    try:
        document = decode(response.body.reveal())
    except NotJson as error:
        # Of all that is refused here only a string within the data has a place.
        place = f" ({'.'.join(error.names[1:])})" if error.names[1:] else ""
        raise _Wrong(f"the response is not valid JSON: {error.reason}{place}") from None
    if not isinstance(document, dict):
        raise _Wrong("the response is not an object with data")
    if document.get("error") is not None:
        code = _code_of(document)
        raise _Wrong("the response contains an error" + (f" ({code})" if code else ""))
    if "data" not in document:
        raise _Wrong("the response has no data")
    return document["data"]


def _error_code(response: Response) -> str:
    try:
        return _code_of(decode(response.body.reveal()))
    except NotJson:
        return ""


def _code_of(document: object) -> str:
    """Return the platform's error code, if it is one: digits, then dotted lower-case words."""
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, str) or len(code) > 80:
        return ""
    number, *words = code.split(".")
    if len(number) != 3 or not (number.isascii() and number.isdigit()) or not words:
        return ""
    return code if all(word and _CODE_CHARACTERS.issuperset(word) for word in words) else ""


def _subject(request: Request) -> str:
    return f"{request.subject} ({request.method} {request.target.partition('?')[0]})"


# Data -> values


def _variables(data: object) -> dict[str, str]:
    if not isinstance(data, dict):
        raise _Wrong("data is not a map of variables")
    for identifier, value in data.items():
        if type(value) is not str:
            raise _Wrong(f"the value of {identifier} is not a string")
    return data


def _integration(wanted: IntegrationRequest, data: object) -> Integration | None:
    if data is None and wanted.optional:
        return None
    members = _object(data)
    identifier, vendor = _text(members, "identifier"), _text(members, "vendor")
    if wanted.identifier and identifier != wanted.identifier:
        raise _Wrong("the API returned another integration than the requested one")
    if wanted.vendor and vendor != wanted.vendor:
        raise _Wrong("the API returned an integration of another vendor")
    fields: dict[str, str] = {}
    for section in ("auth", "extra"):
        part = members.get(section)
        if part is None:
            continue
        for name, value in _object(part, section).items():
            if value is None:
                continue
            if type(value) is not str:
                raise _Wrong(f"{section}.{name} is not a string")
            fields[f"{section}.{name}"] = value
    return Integration(
        identifier=identifier, vendor=vendor, name=_text(members, "name"), fields=fields
    )


def _certificates(data: object) -> tuple[Certificate, ...]:
    found = []
    for item in _list(data):
        members = _object(item, "a certificate")
        domains = members.get("domains")
        if not isinstance(domains, list) or not all(type(name) is str for name in domains):
            raise _Wrong("the domains of a certificate are not a list of strings")
        found.append(
            Certificate(
                id=_text(members, "id"),
                domains=tuple(domains),
                bundle=Secret(_text(members, "bundle")),
                private_key=Secret(_text(members, "private_key")),
            )
        )
    return tuple(found)


def _domains(data: object) -> tuple[str, ...]:
    return tuple(_text(_object(item, "a domain"), "fqdn") for item in _list(data))


def _resource(name: str, data: object, environ: Mapping[str, str]) -> object:
    if name == "instance":
        return _own_instance(_list(data), environ)
    if name in {"instances", "containers", "networks"}:
        return [_object(item, "an item") for item in _list(data)]
    return _object(data)


def _own_instance(instances: list[object], environ: Mapping[str, str]) -> object:
    identity = environ.get("CYCLE_INSTANCE_ID", "")
    hostname = environ.get("HOSTNAME", "")
    for member, wanted in (("id", identity), ("hostname", hostname)):
        for instance in instances:
            if wanted and isinstance(instance, dict) and instance.get(member) == wanted:
                return instance
    raise _Wrong("this instance is not in the container's list (see CYCLE_INSTANCE_ID)")


def _object(value: object, what: str = "data") -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Wrong(f"{what} is not an object")
    return value


def _list(value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Wrong("data is not a list")
    return value


def _text(members: dict[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _Wrong(f"{name} is missing or not a string")
    return value
