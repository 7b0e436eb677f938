"""The way of the data, arrow by arrow; launch, plan, render, env and certificates share it.

Invocation --settle--> Settings --opened--> Local --fetched--> Fetched --planned--> Plan
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.planning.model import SET, TemplateText
from cycle_exec.planning.names import TOKEN
from cycle_exec.record import Record
from cycle_exec.secret import Secret
from cycle_exec.settings import resolve
from cycle_exec.sources import needs, retry
from cycle_exec.system import clock, files, lookup, stderr, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cycle_exec.planning.model import Plan
    from cycle_exec.planning.substitution import Plain
    from cycle_exec.planning.templates import Prepared
    from cycle_exec.settings.model import Invocation, Manifest, Settings, TemplateOutput
    from cycle_exec.sources.model import Snapshot
    from cycle_exec.system.clock import Deadline

    Overrides = Mapping[str, str | bool | tuple[str, ...]]

BUILTIN = "builtin:"


class Local(Record):
    """What the machine itself gives: texts, owners, the executable. All preflight checks passed."""

    _sealed = ("dotenv_files",)

    texts: tuple[TemplateText, ...]
    dotenv_files: tuple[tuple[str, Mapping[str, str]], ...]
    owners: Mapping[str, tuple[int, int]]
    executable: str
    token: Secret


class Fetched(Record):
    """What the platform gives, and the templates made ready in the meantime."""

    snapshot: Snapshot
    prepared: Prepared | None
    metadata: object


def settle(invocation: Invocation, overrides: Overrides, command: Sequence[str]) -> Settings:
    """Flags, variables and manifest become one value; the log follows it."""
    path, named = resolve.manifest_path(invocation, overrides)
    manifest = _manifest(path, named)
    settings = resolve.resolve(
        invocation, overrides, manifest, path if manifest is not None else "", tuple(command)
    )
    stderr.log.configure(settings.log_level, settings.log_format, settings.debug)
    return settings


def _manifest(path: str, named: bool) -> Manifest | None:
    try:
        content = files.read(path)
    except files.Unreadable as error:
        if error.absent and not named:
            return None
        raise refuse("manifest-missing", path, error.reason) from None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise refuse("manifest-invalid", path, "it is not UTF-8 text") from None
    from cycle_exec.settings import manifest

    return manifest.parse(text, path)


def opened(invocation: Invocation, settings: Settings, *, writes: bool = True) -> Local:
    """Everything that can be found wrong before any network, all at once.

    writes: whether targets will be written, so that their folders are judged too.
    """
    problems: list[Problem] = []
    texts = _texts(settings.templates, problems)
    dotenv_files = _dotenv_files(settings.environment.files, problems)
    owners = _owners(settings, problems) if writes else {}
    executable = _executable(invocation, settings, problems)
    if writes:
        problems.extend(files.preflight(_targets(settings, texts)))
    token = _token(invocation, problems)
    if problems:
        raise Refused(problems)
    return Local(
        texts=tuple(texts),
        dotenv_files=tuple(dotenv_files),
        owners=owners,
        executable=executable,
        token=token,
    )


def _token(invocation: Invocation, problems: list[Problem]) -> Secret:
    token = invocation.environ.get(TOKEN, "")
    if not token:
        problems.append(
            Problem(kind="token-missing", subject=TOKEN, reason="it is not set, or empty")
        )
    elif not (token.isascii() and token.isprintable()):
        problems.append(
            Problem(
                kind="token-missing",
                subject=TOKEN,
                reason="it holds a character that no HTTP header can carry",
                fix="see how it is set: a line break at its end is not part of the token",
            )
        )
    return Secret(token)


def _texts(outputs: Sequence[TemplateOutput], problems: list[Problem]) -> list[TemplateText]:
    texts = []
    for output in outputs:
        source = output.source
        if source.startswith(BUILTIN):
            source = files.builtin(source.removeprefix(BUILTIN))
        try:
            below = files.tree(source)
            for name in below or ("",):
                path = f"{source}/{name}" if name else source
                target = f"{output.target}/{name.removesuffix('.j2')}" if name else output.target
                texts.append(
                    TemplateText(
                        name=f"{output.source}/{name}" if name else output.source,
                        text=_text(path),
                        target=target,
                        mode=output.mode,
                        owner=output.owner,
                        check=output.check,
                    )
                )
        except files.Unreadable as error:
            problems.append(
                Problem(
                    kind="file-missing", subject=f"template {output.source}", reason=error.reason
                )
            )
    return texts


def _text(path: str) -> str:
    try:
        return files.read(path).decode()
    except UnicodeDecodeError:
        raise files.Unreadable("it is not UTF-8 text") from None


def _dotenv_files(
    paths: Sequence[str], problems: list[Problem]
) -> list[tuple[str, Mapping[str, str]]]:
    found: list[tuple[str, Mapping[str, str]]] = []
    for path in paths:
        from cycle_exec.planning import dotenv

        try:
            found.append((path, dotenv.read(_text(path))))
        except files.Unreadable as error:
            reason = error.reason
        except dotenv.Unparsable as error:
            reason = f"line {error.line} is not NAME=value"
        else:
            continue
        problems.append(Problem(kind="file-missing", subject=f"env file {path}", reason=reason))
    return found


def _executable(invocation: Invocation, settings: Settings, problems: list[Problem]) -> str:
    directory = settings.process.directory
    if directory and files.disk(directory).kind != "directory":
        problems.append(
            Problem(
                kind="file-missing",
                subject=f"process.directory {directory}",
                reason="there is no such folder",
            )
        )
    if not settings.command:
        return ""
    path = settings.environment.set.get("PATH", invocation.environ.get("PATH"))
    found = lookup.find(settings.command[0], path, directory or invocation.cwd)
    if isinstance(found, str):
        return found
    problems.append(found)
    return ""


def _owners(settings: Settings, problems: list[Problem]) -> Mapping[str, tuple[int, int]]:
    outputs = [
        *settings.templates,
        *settings.variables.files,
        *(file for integration in settings.integrations for file in integration.files),
        *(output for output in (settings.certificates, settings.dotenv) if output is not None),
    ]
    texts = {output.owner for output in outputs if output.owner}
    if not texts:
        return {}
    from cycle_exec.system import identity

    owners, unknown = identity.resolve(texts)
    problems.extend(unknown)
    return owners


def _targets(settings: Settings, texts: Sequence[TemplateText]) -> list[str]:
    targets = [text.target for text in texts]
    targets.extend(file.target for file in settings.variables.files)
    for integration in settings.integrations:
        targets.extend(file.target for file in integration.files)
    if settings.dotenv is not None:
        targets.append(settings.dotenv.target)
    if settings.certificates is not None and settings.certificates.directory:
        targets.append(f"{settings.certificates.directory}/any.pem")
    return targets


def fetched(
    invocation: Invocation, settings: Settings, local: Local, deadline: Deadline
) -> Fetched:
    """Ask the platform for all that is needed, and make ready while it works."""
    expressions = _expressions(settings, local)
    plain = _plain(expressions)
    mentioned = _mentioned(expressions, plain)
    wanted = needs.needs(settings, mentioned)
    prepared: list[Prepared] = []

    def meanwhile() -> Collection[int]:
        if not expressions:
            used: Collection[str] = ()
        else:
            from cycle_exec.planning import templates

            prepared.append(templates.prepare(expressions, plain))
            used = prepared[0].used
        _import_the_rest(settings, any(need.kind == "certificates" for need in wanted))
        return [
            index
            for index, need in enumerate(wanted)
            if not need.request.essential and need.integration is None and need.name not in used
        ]

    outcomes = wire.exchange(
        settings.api.socket,
        local.token,
        [need.request for need in wanted],
        deadline=deadline,
        timeout=settings.api.timeout,
        retry=retry.delay,
        meanwhile=meanwhile,
    )
    from cycle_exec.sources import answers

    snapshot = answers.snapshot(
        wanted, outcomes, socket=settings.api.socket, environ=invocation.environ
    )
    used = prepared[0].used if prepared else frozenset()
    metadata = _metadata(settings.api.metadata, deadline) if "metadata" in used else None
    return Fetched(snapshot=snapshot, prepared=prepared[0] if prepared else None, metadata=metadata)


def _import_the_rest(settings: Settings, certificates: bool) -> None:
    """What the rest of the launch needs: the platform is at work, so it costs nothing now."""
    from cycle_exec.planning import build  # noqa: F401
    from cycle_exec.sources import answers  # noqa: F401

    if certificates:
        from cycle_exec.planning import certificates as certificates_  # noqa: F401
        from cycle_exec.system import pairing

        pairing.ready()
    if _targets(settings, ()) or settings.templates:
        from cycle_exec.system import stage  # noqa: F401


def _expressions(settings: Settings, local: Local) -> dict[str, str]:
    """Every text that Jinja2 must see, by the name messages call it."""
    found = {text.name: text.text for text in local.texts}
    for name, value in settings.environment.set.items():
        if "{{" in value or "{%" in value or "{#" in value:
            found[f"{SET}{name}"] = value
    return found


def _plain(expressions: Mapping[str, str]) -> Mapping[str, Plain]:
    if not expressions:
        return {}
    from cycle_exec.planning import substitution

    return substitution.parsed(expressions)


def _mentioned(expressions: Mapping[str, str], plain: Mapping[str, Plain]) -> frozenset[str]:
    """The names to fetch: certain for templates that only substitute, suspected for others."""
    found = {name for each in plain.values() for name in each.names}
    for name, text in expressions.items():
        if name not in plain:
            from cycle_exec.sources import mentions

            found |= mentions.names(text, needs.FETCHED_NAMES)
    return needs.FETCHED_NAMES.intersection(found)


def _metadata(path: str, deadline: Deadline) -> object:
    """The platform's environment metadata file; it may still be on its way when we start."""
    from cycle_exec.sources import strict_json

    pause = 0.02
    while True:
        try:
            return strict_json.decode(files.read(path))
        except files.Unreadable as error:
            reason = error.reason
        except strict_json.NotJson as error:
            reason = f"it is not proper JSON: {error.reason}"
        if deadline.left() <= pause:
            return Problem(kind="unavailable", subject=f"metadata file {path}", reason=reason)
        clock.sleep(pause)
        pause = min(pause * 2, 0.5)


def planned(invocation: Invocation, settings: Settings, local: Local, given: Fetched) -> Plan:
    """The plan, or every problem of it."""
    from cycle_exec.planning import build

    return build.build(
        settings,
        invocation.environ,
        given.snapshot,
        texts=local.texts,
        dotenv_files=local.dotenv_files,
        prepared=given.prepared,
        metadata=given.metadata,
        now=clock.now(),
        mismatch=_mismatch,
    )


def _mismatch(privkey: str, fullchain: str) -> str | None:
    from cycle_exec.system import pairing

    return pairing.mismatch(privkey, fullchain)


def plan_for(
    invocation: Invocation,
    settings: Settings,
    deadline: Deadline,
    *,
    writes: bool = True,
    narrowed: Callable[[Settings], Settings] = lambda settings: settings,
) -> tuple[Plan, Local]:
    """The whole way from settings to a plan, for the commands that stop there."""
    settings = narrowed(settings)
    local = opened(invocation, settings, writes=writes)
    return planned(
        invocation, settings, local, fetched(invocation, settings, local, deadline)
    ), local
