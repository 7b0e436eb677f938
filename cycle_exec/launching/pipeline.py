"""The way of the data, arrow by arrow; launch, plan, render, env and certificates share it.

Invocation --settle--> Settings --opened--> Local --fetched--> Snapshot --planned--> Plan
"""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.launching import preflight
from cycle_exec.planning.model import SET, WAIT
from cycle_exec.record import Record
from cycle_exec.settings import resolve
from cycle_exec.settings.model import BUILTIN, COMPILED, NEVER, Form, is_template
from cycle_exec.sources import needs
from cycle_exec.sources.model import Response
from cycle_exec.system import clock, files, signals
from cycle_exec.system.api import requests
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from cycle_exec.launching.last_good import Keeper
    from cycle_exec.launching.preflight import Local
    from cycle_exec.launching.vpn.login import VpnLogin
    from cycle_exec.launching.vpn.preflight import Hook
    from cycle_exec.planning.model import Crypto, Inputs, Plan, Prepared, TemplateText
    from cycle_exec.planning.programs.model import Program
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.planning.templates.substitution import Plain
    from cycle_exec.settings.model import Invocation, Manifest, Settings
    from cycle_exec.sources.model import Outcome, Snapshot
    from cycle_exec.sources.needs import Need
    from cycle_exec.system.api.requests import Retry
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.memory import bounded

    Overrides = Mapping[str, str | bool | tuple[str, ...]]


class Fetched(Record):
    """What the platform gives, and the templates made ready in the meantime."""

    snapshot: Snapshot
    prepared: Prepared | None


class Planned(Record):
    """Where a run stands before anything is touched. hook: an OpenVPN server's, judged. snapshot:
    the answers that the plan was made of.
    """

    plan: Plan
    local: Local
    snapshot: Snapshot
    hook: Hook | None = None


def settle(invocation: Invocation, overrides: Overrides, command: Sequence[str]) -> Settings:
    """Return flags, variables and manifest become one value; the log follows it."""
    path, named = resolve.manifest_path(invocation, overrides)
    form = _manifest(path, named)
    settings = resolve.resolve(
        invocation, overrides, form.manifest, path if form.manifest else "", tuple(command)
    )
    if form.programs:
        settings = settings.replace(compiled=form.programs)
    stderr.log.configure(settings.log.level, settings.log.format, settings.log.debug)
    if form.reason:
        stderr.log.info(f"the compiled form of {path} is not used: {form.reason}")
    for line in resolve.unknown_variables(invocation.environ):
        stderr.log.warning(line)
    wish = settings.api.offline
    if wish and (wish != NEVER or "api.offline" in settings.origins):
        from cycle_exec.launching.local import offline

        return offline.settled(invocation, settings)
    return settings


def begin(
    invocation: Invocation, overrides: Overrides, command: Sequence[str] = ()
) -> tuple[Settings, Deadline]:
    """Return the settings of a verb and when it must be done; stop signals are heard from here."""
    armed = signals.arm()
    settings = settle(invocation, overrides, command)
    deadline = clock.Deadline.after(settings.api.deadline)
    armed.bound(deadline.left())
    return settings, deadline


def _manifest(path: str, named: bool) -> Form:
    """Return the manifest, as it was compiled or as it stands there; no manifest: there is none."""
    try:
        content = files.read(path)
    except files.Unreadable as error:
        if error.absent and not named:
            return Form()
        raise refuse("manifest-missing", path, error.reason) from None
    form = Form()
    if files.is_there(path + COMPILED):
        from cycle_exec.launching import compiled

        form = compiled.form(path, content)
    if form.manifest is not None:
        return form
    from cycle_exec.launching.local import manifest

    return form.replace(manifest=manifest.parsed(path, content))


def fetched(
    settings: Settings,
    local: Local,
    deadline: Deadline,
    keeper: Keeper | None = None,
    retry: Retry | None = None,
    hurries: Mapping[int, bool] | None = None,
) -> Fetched:
    """Ask for all that is needed, and make ready meanwhile. retry, hurries: see `exchange`."""
    sources = expressions(settings, local.texts)
    ready = ready_among(settings, sources, local.library)
    wanted = needs.needs(settings, _mentioned(sources, ready, local.library))
    prepared: list[Prepared] = []
    vpn_login = _vpn_login(settings, local)

    def meanwhile() -> Collection[int]:
        used: Collection[str] = ()
        if sources:
            from cycle_exec.planning.templates import rendering

            prepared.append(rendering.prepare(sources, ready.plain, local.library, ready.programs))
            used = prepared[0].used
        _import_the_rest(settings, any(need.kind == "certificates" for need in wanted))
        if keeper is not None:
            keeper.ready()
        return [index for index, need in enumerate(wanted) if not need.is_used(used)]

    if settings.is_offline:
        meanwhile()
        return _unasked(settings, local, wanted, prepared[0] if prepared else None)
    outcomes = _exchanged(
        settings,
        local,
        wanted,
        deadline=keeper.fetch_deadline(deadline) if keeper else deadline,
        retry=retry or _delay,
        meanwhile=meanwhile,
        follow=vpn_login.follow if vpn_login else None,
        hurries=hurries,
    )
    from cycle_exec.sources import answers

    used = prepared[0].used if prepared else frozenset()
    metadata = _metadata(settings, used, deadline)

    def read(outcomes: Sequence[Outcome], stale: int | None = None) -> Snapshot:
        socket, environ = settings.api.socket, local.inherited
        return answers.snapshot(
            wanted, outcomes, socket=socket, environ=environ, metadata=metadata, stale=stale
        ).replace(files=local.variable_files)

    answered = outcomes[: len(wanted)]
    snapshot = read(answered) if keeper is None else keeper.snapshot(wanted, answered, used, read)
    if vpn_login:
        vpn_login.require(outcomes[len(wanted) :])
    return Fetched(snapshot=snapshot, prepared=prepared[0] if prepared else None)


def _unasked(
    settings: Settings, local: Local, wanted: Sequence[Need], prepared: Prepared | None
) -> Fetched:
    """Return what a run without the platform has."""
    from cycle_exec.launching.local import offline

    snapshot = offline.snapshot(settings, wanted, prepared.used if prepared else ())
    return Fetched(snapshot=snapshot.replace(files=local.variable_files), prepared=prepared)


def _exchanged(
    settings: Settings, local: Local, wanted: Sequence[Need], **how: Any
) -> tuple[Outcome, ...]:
    """Return what became of each request. how: see requests.exchange."""
    progress = stderr.Progress("the API", settings.api.deadline)
    outcomes = requests.exchange(
        settings.api.socket,
        local.token,
        [need.request for need in wanted],
        timeout=settings.api.timeout,
        tick=progress.tick,
        **how,
    )
    progress.end()
    return outcomes


def _metadata(
    settings: Settings, used: Collection[str], deadline: Deadline
) -> Callable[[], object] | None:
    if "metadata" not in used:
        return None
    from cycle_exec.launching.local.metadata import reader

    return reader(settings.api.metadata, deadline)


def _vpn_login(settings: Settings, local: Local) -> VpnLogin | None:
    if settings.vpn is None or settings.vpn.login is None:
        return None
    from cycle_exec.launching.vpn.login import VpnLogin

    return VpnLogin(settings, local)


def _import_the_rest(settings: Settings, certificates: bool) -> None:
    """Import what the launch needs next: while the platform works this costs nothing."""
    from cycle_exec.planning import build  # noqa: F401
    from cycle_exec.sources import answers  # noqa: F401

    if certificates:
        from cycle_exec.planning.certificates import selection, targets  # noqa: F401
    if preflight.makes_keystores(settings):
        from cycle_exec.system.crypto import keystore_process

        keystore_process.ready()
    if preflight.targets(settings, ()) or preflight.directories(settings) or settings.templates:
        from cycle_exec.system.targets import stage  # noqa: F401


def expressions(settings: Manifest, texts: Sequence[TemplateText]) -> dict[str, str]:
    """Return every text that is a template, by the name messages call it."""
    found = {text.name: text.text for text in texts}
    for name, value in settings.environment.set.items():
        if is_template(value):
            found[f"{SET}{name}"] = value
    for text in settings.wait:
        if is_template(text):
            found[f"{WAIT}{text}"] = text
    return found


class Ready(Record):
    """Templates that need no Jinja2, as far as one can tell beforehand."""

    plain: Mapping[str, Plain] = {}
    programs: Mapping[str, Program] = {}

    def has(self, name: str) -> bool:
        """Whether the template of this name is one of them."""
        return name in self.plain or name in self.programs


def ready_among(settings: Settings, sources: Mapping[str, str], library: Library | None) -> Ready:
    """Return those of the templates that need no Jinja2."""
    if not sources:
        return Ready()
    from cycle_exec.planning.templates import substitution

    plain = substitution.parsed(sources)
    others = {name: text for name, text in sources.items() if name not in plain}
    if not settings.compiled and not any(name.startswith(BUILTIN) for name in others):
        _require_room(others)
        return Ready(plain=plain)
    from cycle_exec.launching import compiled

    programs = compiled.programs(settings, others, library)
    _require_room(others.keys() - programs.keys())
    for name in compiled.stale(settings, others, programs):
        reason = "it has changed since, or was not compiled"
        stderr.log.info(f"the compiled form of {name} is not used: {reason}")
    return Ready(plain=plain, programs=programs)


def _require_room(others: Collection[str]) -> None:
    """Raise MemoryError unless there is room for Jinja2, if it is needed."""
    if others:
        from cycle_exec.system import memory

        memory.require_for("jinja2")


def _mentioned(sources: Mapping[str, str], ready: Ready, library: Library | None) -> frozenset[str]:
    """Return the names to fetch: certain for templates that are ready, suspected for others."""
    found = {name for each in ready.plain.values() for name in each.names}
    found.update(name for each in ready.programs.values() for name in each.used)
    others = {name: text for name, text in sources.items() if not ready.has(name)}
    if others and library is not None:
        others = {**library.texts, **others}
    for text in others.values():
        found |= needs.mentions(text, needs.FETCHED_NAMES)
    return needs.FETCHED_NAMES.intersection(found)


def _delay(outcome: Outcome, attempt: int, left: float, draw: float) -> float | None:
    """Return what `retry.delay` does, which is not loaded for a start where nothing fails."""
    if isinstance(outcome, Response) and outcome.status == 200:
        return None
    from cycle_exec.sources import retry

    return retry.delay(outcome, attempt, left, draw)


def _bounded() -> bounded:
    """Return the bound on what templates make."""
    from cycle_exec.system import memory

    return memory.bounded()


def asked(settings: Settings, local: Local) -> frozenset[str]:
    """Return what the fetch is about: kinds of needs, and the names of resources."""
    sources = expressions(settings, local.texts)
    mentioned = _mentioned(sources, ready_among(settings, sources, local.library), local.library)
    wanted = needs.needs(settings, mentioned)
    kinds = {need.name if need.kind == "resource" else need.kind for need in wanted}
    return frozenset(kinds | {"metadata"}.intersection(mentioned))


def planned(settings: Settings, local: Local, given: Fetched) -> Planned:
    """Return the plan, or every problem of it."""
    from cycle_exec.planning.model import Inputs

    inputs = Inputs(
        inherited=local.inherited,
        texts=local.texts,
        dotenv_files=local.dotenv_files,
        owners=local.owners,
        prepared=given.prepared,
        home=local.user.home if local.user else "",
        now=clock.now(),
        bounded=_bounded,
    )
    try:
        return _planned(settings, local, given, inputs)
    finally:
        if preflight.makes_keystores(settings):
            from cycle_exec.system.crypto import keystore_process

            keystore_process.end()


def _planned(settings: Settings, local: Local, given: Fetched, inputs: Inputs) -> Planned:
    from cycle_exec.planning import build

    crypto: Crypto | None = None
    if given.snapshot.certificates is not None:
        from cycle_exec.launching.crypto import CRYPTO

        crypto = CRYPTO
    if local.server is None:
        plan = build.build(settings, given.snapshot, inputs, crypto)
        return Planned(plan=plan, local=local, snapshot=given.snapshot)
    from cycle_exec.launching.vpn.preflight import Judgement

    judgement = Judgement(local.server, local.hook, local.token)
    plan = build.build(settings, given.snapshot, inputs, crypto, judgement.extend)
    return Planned(plan=plan, local=local, snapshot=given.snapshot, hook=judgement.hook)


def plan_for(
    invocation: Invocation,
    settings: Settings,
    deadline: Deadline,
    *,
    writes: bool = True,
    keeper: Keeper | None = None,
    mark: Callable[[str], None] = lambda _: None,
) -> Planned:
    """Return the whole way from settings to a plan, for the commands that stop there.

    keeper: of the last good copy. mark: called with the name of each phase that is over.
    """
    if not writes:
        settings = settings.replace(vpn=None, wait=())
    local = preflight.opened(invocation, settings, writes=writes)
    mark("preflight")
    given = fetched(settings, local, deadline, keeper)
    mark("fetch")
    found = planned(settings, local, given)
    mark("plan")
    return found
