"""`cycle-exec doctor`: goes the way of a launch step by step and judges each; changes nothing."""

from __future__ import annotations

import os

from cycle_exec import INTERPRETER_VARIABLES
from cycle_exec.errors import Problem, Refused
from cycle_exec.launching import apply, compiled, pipeline, preflight
from cycle_exec.planning.model import counted
from cycle_exec.presentation import diagnosis
from cycle_exec.presentation.diagnosis import Finding, bad, doubtful, good
from cycle_exec.settings.model import BUILTIN, CertificateRequest
from cycle_exec.sources import needs
from cycle_exec.sources.model import Response
from cycle_exec.system import clock, files, signals, surroundings
from cycle_exec.system.api import requests
from cycle_exec.system.exec import identity, standard_streams
from cycle_exec.system.output import stderr, stdout
from cycle_exec.system.paths import changeable
from cycle_exec.system.targets import obstacles
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.launching.preflight import Local
    from cycle_exec.planning.model import Plan
    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User

_UNSEEN = "not checked"
_READ_ONLY = "let root own it and nobody else write to it, as in an image or a read-only mount"


def run(
    invocation: Invocation, overrides: Overrides, command: Sequence[str], *, as_json: bool
) -> int:
    """Print the list; the exit code is that of the first thing that would refuse a launch."""
    armed = signals.arm()
    stderr.log.configure("error", "text")
    found = _surroundings(invocation)
    try:
        settings = pipeline.settle(invocation, overrides, command)
    except Refused as refused:
        found += bad("settings", refused.problems)
        says = f"{_UNSEEN}: the settings are wrong"
        found.append(doubtful("other checks", says, "correct them first"))
    else:
        stderr.log.configure("error", "text")
        deadline = clock.Deadline.after(settings.api.deadline)
        armed.bound(deadline.left())
        found += _launch(invocation, settings, deadline)
    worst_first = (diagnosis.BAD, diagnosis.DOUBTFUL, diagnosis.GOOD)
    found.sort(key=lambda finding: worst_first.index(finding.state))
    if as_json:
        stdout.write_json(diagnosis.document(found))
    else:
        stdout.write(diagnosis.text(found, stdout.style(invocation.environ)))
    return diagnosis.exit_code(found)


def _surroundings(invocation: Invocation) -> list[Finding]:
    """Return what does not depend on any setting."""
    import sys

    own, name = surroundings.first_process()
    version = ".".join(map(str, sys.version_info[:3]))
    names = [each for each in invocation.environ if each in INTERPRETER_VARIABLES]
    return [
        good("cycle-exec", f"{__version__}, Python {version}"),
        diagnosis.first_process(own, name),
        diagnosis.privileges(os.geteuid(), surroundings.capabilities()),
        diagnosis.search_path(invocation.environ.get("PATH")),
        diagnosis.interpreter(names, alone=bool(sys.flags.no_site)),
    ]


def _launch(invocation: Invocation, settings: Settings, deadline: Deadline) -> list[Finding]:
    """Return the steps of a launch, as far as each one lets the next be looked at."""
    found = [_settings(settings)]
    problems: list[Problem] = []
    if settings.is_offline:
        token = invocation.token
        found.append(good("platform", "not asked (offline)"))
    else:
        token = preflight.api_token(invocation, problems)
        found += bad("token", problems) or [good("token", "it is set")]
    found += _templates(settings)
    found += _changeable(settings)
    local, judged = _preflight(invocation, settings)
    found += judged
    is_answered = settings.is_offline
    if problems:
        found.append(doubtful("API", f"{_UNSEEN}: there is no usable token", "correct it first"))
    elif not settings.is_offline:
        heard = _api(settings, token, deadline)
        found += heard
        is_answered = all(finding.state != diagnosis.BAD for finding in heard)
    if local is not None:
        found += _variable_files(settings, local)
    if local is not None and is_answered:
        found += _plan(settings, local, deadline)
    else:
        found.append(doubtful("plan", f"{_UNSEEN}: there are errors above", "correct them first"))
    if settings.wait:
        says = f"a launch waits for {', '.join(settings.wait)}; {_UNSEEN} here"
        found.append(good("wait", says))
    if settings.process.reload:
        found += _reload(settings, token.reveal() if is_answered else "")
    if settings.last_good is not None:
        found += _last_good(invocation, settings)
    found += _compiled(settings)
    found.append(diagnosis.compiled(*surroundings.uncompiled()))
    return found


def _settings(settings: Settings) -> Finding:
    path = settings.manifest_path
    if path:
        from cycle_exec.settings.manifest import syntax

        tables = syntax.load(files.read(path).decode())
        return good("manifest", f"{path}: {diagnosis.contents(tables)}")
    is_all = not settings.variables.only and not settings.variables.exclude
    return good("manifest", "none: every variable is exported" if is_all else "none")


def _templates(settings: Settings) -> list[Finding]:
    """Whether each one compiles."""
    problems: list[Problem] = []
    texts = preflight.texts(settings.templates, problems)
    if texts:
        from cycle_exec.planning.templates import rendering, substitution

        library = preflight.library(texts)
        for each in texts:
            try:
                sources = {each.name: each.text}
                rendering.prepare(sources, substitution.parsed(sources), library)
            except Refused as refused:
                problems += refused.problems
    if problems:
        return bad("templates", problems)
    return [good("templates", f"{len(texts)} compiled")] if texts else []


def _changeable(settings: Settings) -> list[Finding]:
    """Who else could change what says which files are written, or what they are made of."""
    library = preflight.library(preflight.texts(settings.templates, []))
    named = [output.source for output in settings.templates]
    named += library.texts if library is not None else ()
    places = {
        "manifest": [settings.manifest_path] if settings.manifest_path else [],
        "templates": [path for path in named if not path.startswith(BUILTIN)],
    }
    return [
        doubtful(about, f"{words}, and so what a launch does", _READ_ONLY)
        for about, paths in places.items()
        for words in dict.fromkeys(map(changeable.read, paths))
        if words
    ]


def _compiled(settings: Settings) -> list[Finding]:
    """Whether a launch uses what was compiled while the image was built."""
    path = settings.manifest_path
    if not path:
        return []
    fix = "run cycle-exec compile while the image is built, after everything is copied"
    form = compiled.form(path, files.read(path))
    if form.manifest is None:
        return [doubtful("compiled form", form.reason or "there is none", fix)]
    problems: list[Problem] = []
    texts = preflight.texts(settings.templates, problems)
    sources = pipeline.expressions(settings, texts)
    ready = pipeline.ready_among(settings, sources, preflight.library(texts))
    slow = {name: text for name, text in sources.items() if not ready.has(name)}
    changed = [name for name in slow if form.programs.get(slow[name], ()) is not None]
    if changed:
        return [doubtful("compiled form", f"{', '.join(changed)}: changed since", fix)]
    if slow:
        return [good("compiled form", f"used; left to Jinja2: {', '.join(slow)}")]
    return [good("compiled form", "used")]


def _preflight(invocation: Invocation, settings: Settings) -> tuple[Local | None, list[Finding]]:
    """Command, users, files and targets."""
    local = None
    problems: tuple[Problem, ...] = ()
    try:
        local = preflight.opened(invocation, settings)
    except Refused as refused:
        # These have findings of their own.
        templates = [f"template {output.source}" for output in settings.templates]
        problems = tuple(
            each
            for each in refused.problems
            if each.kind != "token-missing" and each.subject not in templates
        )
    found = bad("preflight", problems)
    if not settings.command:
        fix = "give it as in the image: cycle-exec doctor -- COMMAND"
        found.append(doubtful("command", "none was given", fix))
    elif not any(each.kind.startswith("command-") for each in problems) and local is not None:
        found.append(good("command", local.executable))
    if local is not None and local.user is not None:
        found.append(_streams(local.user))
    if local is not None:
        found += diagnosis.starting(settings.process, settings.before)
    texts = local.texts if local is not None else ()
    targets = preflight.targets(settings, texts)
    directories = preflight.directories(settings)
    if (targets or directories) and not any(each.kind.startswith("target-") for each in problems):
        found.append(good("targets", "their directories are writable"))
        found.append(diagnosis.storage(surroundings.on_disk(targets, directories)))
    return local, found


def _streams(user: User) -> Finding:
    """Whether the app can open /dev/stdout and its kin, where they are as here."""
    closed = standard_streams.closed_to(
        user,
        has_terminal=surroundings.first_process()[0],
        may_give=identity.may_give(user.uid, -1),
    )
    if not closed:
        return good("streams", f"user {user.name} can open /dev/stdout and /dev/stderr")
    return doubtful(
        "streams",
        f"user {user.name} cannot open {', '.join(closed)}, if they are as they are here",
        "let the app write to the descriptors instead, or give it pipes",
    )


def _variable_files(settings: Settings, local: Local) -> list[Finding]:
    """Return what the platform has put into files, and what there has no value."""
    stored, directory = local.variable_files, settings.variables.file_directory
    found = []
    if stored.values:
        found.append(good("variable files", f"{directory}: {', '.join(stored.values)}"))
    if stored.unfit:
        told = [f"{name}: {reason}" for name, reason in stored.unfit.items()]
        says = "; ".join(told[:5]) + (f"; {len(told) - 5} more" if len(told) > 5 else "")
        fix = "see docs/variables.md: only regular files that nobody else can write have a value"
        found.append(doubtful("variable files", f"{directory}: {says}", fix))
    return found


def _api(settings: Settings, token: Secret, deadline: Deadline) -> list[Finding]:
    """Whether the socket is there and somebody answers, and what time it is there."""
    from cycle_exec.sources import answers, retry

    [need, *_] = needs.needs(settings.replace(integrations=(), certificates=None), ())
    began = clock.monotonic()
    half = clock.Deadline(end=began + deadline.left() / 2)
    [outcome] = requests.exchange(
        settings.api.socket,
        token,
        [need.request],
        deadline=half,
        timeout=settings.api.timeout,
        retry=retry.delay,
    )
    milliseconds = clock.milliseconds_since(began)
    try:
        answers.snapshot([need], [outcome], socket=settings.api.socket, environ={})
    except Refused as refused:
        return [*bad("API", refused.problems), diagnosis.clock(clock.now(), None)]
    heard = f"{settings.api.socket} responds in {milliseconds} ms and accepts the token"
    return [good("API", heard), diagnosis.clock(clock.now(), _date(outcome))]


def _date(outcome: object) -> float | None:
    from email.utils import parsedate_to_datetime

    if not isinstance(outcome, Response):
        return None
    try:
        return parsedate_to_datetime(dict(outcome.headers)["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def _plan(settings: Settings, local: Local, deadline: Deadline) -> list[Finding]:
    """Everything that a launch would fetch and make."""
    about = "fetch"
    try:
        given = pipeline.fetched(settings, local, deadline)
        about = "plan"
        planned = pipeline.planned(settings, local, given)
        apply.judged(settings, planned)
    except Refused as refused:
        is_hook = all(problem.kind == "vpn-helper" for problem in refused.problems)
        return bad("VPN" if is_hook else about, refused.problems)
    found = [good("VPN", "the server's hook can work")] if planned.hook is not None else []
    return [*found, *_planned(settings, planned.plan)]


def _planned(settings: Settings, plan: Plan) -> list[Finding]:
    counts = {"variable": plan.counts()["variable"], "file": len(plan.writes)}
    found = [good("plan", counted(counts) or "neither variables nor files")]
    found += [doubtful("plan", line, "see cycle-exec plan") for line in plan.warnings]
    mixture = apply.mixture(plan)
    if mixture:
        fix = "let the directory of one target belong to the user that cycle-exec runs as"
        found.append(doubtful("journal", mixture, fix))
    minimum = (settings.certificates or CertificateRequest()).minimum_days
    now = clock.now()
    return found + [diagnosis.certificate(each, minimum, now) for each in plan.certificates]


def _reload(settings: Settings, token: str) -> list[Finding]:
    """Whether changes would be heard of."""
    from cycle_exec.client import notifications
    from cycle_exec.launching import reload

    try:
        reload.require(settings)
    except Refused as refused:
        return bad("reload", refused.problems)
    if not notifications.available():
        return [good("reload", f"fetches every {settings.process.reload_interval:g} s")]
    if not token:
        return [doubtful("reload", f"{_UNSEEN}: the API is not usable", "correct it first")]
    try:
        notifications.Notifications(
            settings.api.socket, token, timeout=settings.api.timeout
        ).close()
    except notifications.Unreachable as error:
        fix = "set process.reload_interval to fetch periodically"
        return [doubtful("reload", f"no notifications: {error.reason}", fix)]
    return [good("reload", "notifications can be received")]


def _last_good(invocation: Invocation, settings: Settings) -> list[Finding]:
    """Whether a start could do with the copy today."""
    from cycle_exec.launching import last_good

    assert settings.last_good is not None
    path = settings.last_good.path
    try:
        keeper = last_good.keeper(invocation, settings, keeps=False)
        assert keeper is not None
    except Refused as refused:
        return bad("last good copy", refused.problems)
    reason = keeper.obstacle()
    if reason:
        return [doubtful("last good copy", f"{path}: {reason}", "the next good start writes it")]
    missing = obstacles.of([path])
    return bad("last good copy", missing) or [good("last good copy", f"{path}: usable")]
