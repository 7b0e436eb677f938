"""`cycle-exec state`: begin a state file of the emulator, print the JSON Schema of state files."""

from __future__ import annotations

from cycle_exec.emulator import draft
from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from cycle_exec.client.client import Client
    from cycle_exec.client.errors import ApiError
    from cycle_exec.emulator.model import Document
    from cycle_exec.settings.model import IntegrationRequest, Invocation
    from cycle_exec.settings.options import Overrides

_FIX = "give one of them: --from .env, or --from-platform in a container"
_MADE_UP = (
    "The names and shapes of a platform; its values are made up.",
    "cycle-exec dev --state state.toml -- COMMAND",
)


def schema() -> int:
    """Print the JSON Schema, for editors."""
    from cycle_exec.emulator import json_schema

    stdout.write_json(json_schema.schema())
    return 0


def new(
    invocation: Invocation, overrides: Overrides, source: str = "", *, from_platform: bool = False
) -> int:
    """Print a state file: of a dotenv file's variables, or of the platform without its values."""
    if bool(source) == from_platform:
        reason = "it cannot be combined with --from" if source else "neither this nor --from"
        raise refuse("usage", "--from-platform", reason, _FIX)
    if source:
        text = draft.toml(draft.of_variables(_variables(invocation, source)))
    else:
        text = draft.toml(_platform(invocation, overrides), _MADE_UP)
    stdout.write(text)
    return 0


def _variables(invocation: Invocation, path: str) -> dict[str, str]:
    from cycle_exec.launching.emulated.platform import Source, at

    source = Source(at(invocation, path), dotenv=True)
    return {name: found.value for name, found in source.read().variables.items()}


def _platform(invocation: Invocation, overrides: Overrides) -> Document:
    from cycle_exec.client.client import Client
    from cycle_exec.launching import pipeline, preflight
    from cycle_exec.launching.local import offline
    from cycle_exec.system import signals

    signals.arm()
    settings = pipeline.settle(invocation, overrides, ())
    if settings.is_offline:
        raise offline.refused("--from-platform")
    problems: list[Problem] = []
    token = preflight.api_token(invocation, problems)
    if problems:
        raise Refused(problems)
    api = settings.api
    with Client(api.socket, token.reveal(), timeout=api.timeout, deadline=api.deadline) as client:
        return _drafted(client, settings.integrations)


def _drafted(client: Client, wanted: Sequence[IntegrationRequest]) -> Document:
    """Ask for what a state can say. Without variables, environment and container there is none."""
    return draft.of_platform(
        variables=_answer("scoped variables", client.scoped_variables),
        environment=_answer("environment", client.environment),
        own=_answer("container", client.container),
        domains=[item["fqdn"] for item in _others("domains", client.domains)],
        containers=_others("containers", client.environment_containers),
        certificates=_others("certificates", client.certificates),
        integrations=[found for request in wanted for found in _integration(client, request)],
        networks=_others("networks", client.networks),
        machines=_others("virtual machines", client.environment_virtual_machines),
    )


def _integration(client: Client, request: IntegrationRequest) -> list[Document]:
    def ask() -> list[Document]:
        return [client.integration(request.identifier or None, request.vendor or None)]

    return _others(f"integration {request.name}", ask)


def _answer(subject: str, ask: Callable[[], Any]) -> Any:
    from cycle_exec.client.errors import ApiError, NotAuthorized, Unavailable

    try:
        return ask()
    except NotAuthorized as error:
        raise refuse("denied", subject, _words(error)) from None
    except Unavailable as error:
        raise refuse("unavailable", subject, _words(error)) from None
    except ApiError as error:
        raise refuse("answer-refused", subject, _words(error)) from None


def _others(subject: str, ask: Callable[[], Any]) -> list[Any]:
    """Return a list that may be missing: not every container may ask for all of it."""
    from cycle_exec.client.errors import ApiError

    try:
        return list(ask())
    except ApiError as error:
        stderr.log.warning(f"{subject}: {_words(error)}; left out of the state")
        return []


def _words(error: ApiError) -> str:
    """Return what happened; an answer's own words are the platform's, and not quoted."""
    return f"the API answered {error.status}" if error.status else error.title
