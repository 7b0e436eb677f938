"""Everything that can be found wrong before any network: files, owners, the user, the command."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.model import TemplateText
from cycle_exec.record import Record
from cycle_exec.secret import Secret
from cycle_exec.settings.model import BUILTIN, TOKEN
from cycle_exec.sources.model import VariableFiles
from cycle_exec.system import files
from cycle_exec.system.exec import lookup
from cycle_exec.system.invocation import is_linux, needs_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.launching.vpn.preflight import Hook, Server
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.settings.model import Invocation, Settings, TemplateOutput
    from cycle_exec.system.exec.user import User


class Local(Record):
    """What the machine itself gives: texts, owners, the executable. All preflight checks passed.

    inherited: the environment. cwd: the current folder, directory: that of the command.
    owners: see planning.model.Inputs. executable: where the command is, found in search_path.
    library: what the templates are made of beside their own texts, if any names another file.
    server: an OpenVPN server whose hook is judged. hook: its hook, unless its configuration is
    made by this launch.
    """

    _redacted = ("inherited", "dotenv_files", "variable_files")

    inherited: Mapping[str, str]
    cwd: str
    directory: str
    texts: tuple[TemplateText, ...]
    dotenv_files: tuple[tuple[str, Mapping[str, str]], ...]
    owners: Mapping[str, tuple[int, int]]
    executable: str
    search_path: str | None
    token: Secret
    user: User | None = None
    server: Server | None = None
    hook: Hook | None = None
    library: Library | None = None
    variable_files: VariableFiles = VariableFiles()


def opened(invocation: Invocation, settings: Settings, *, writes: bool = True) -> Local:
    """Everything that can be found wrong before any network, all at once.

    writes: whether targets will be written, so that their folders are judged too.
    """
    if not is_linux():
        raise needs_linux("a launch")
    problems: list[Problem] = []
    found = texts(settings.templates, problems)
    dotenv_files: Sequence[tuple[str, Mapping[str, str]]] = ()
    if settings.environment.files:
        from cycle_exec.launching.local import dotenv_files as reading

        dotenv_files = reading.opened(settings, invocation.environ, problems)
    user = app_user(settings, problems)
    owners = _owners(settings, user, problems) if writes else {}
    directory = settings.process.directory or invocation.cwd
    search_path = settings.environment.set.get("PATH", invocation.environ.get("PATH"))
    executable = _executable(settings, directory, search_path, problems)
    if executable and not problems:
        problems += _unstartable(user, settings, executable)
    if executable and not problems and writes and settings.before:
        problems += _before(user, settings, directory, search_path, found)
    if writes:
        problems.extend(_unwritable(targets(settings, found), directories(settings)))
        problems.extend(overwritten(found))
    server, hook = None, None
    if writes and not settings.is_offline:
        server = _vpn_server(settings, invocation.environ, directory, user)
    if server is not None:
        from cycle_exec.launching.vpn import preflight as vpn_preflight

        hook, wrong = vpn_preflight.opened(server, targets(settings, found))
        problems.extend(wrong)
    if makes_keystores(settings):
        _require_keystore(problems)
    token = _token(invocation, settings, problems)
    if problems:
        raise Refused(problems)
    return Local(
        inherited=invocation.environ,
        cwd=invocation.cwd,
        directory=directory,
        texts=tuple(found),
        library=library(found),
        dotenv_files=tuple(dotenv_files),
        owners=owners,
        executable=executable,
        search_path=search_path,
        token=token,
        user=user,
        server=server,
        hook=hook,
        variable_files=_variable_files(settings),
    )


def _unwritable(found: Sequence[str], folders: Sequence[str]) -> list[Problem]:
    if not found and not folders:
        return []
    from cycle_exec.system.targets import obstacles

    return obstacles.of(found, folders)


def _variable_files(settings: Settings) -> VariableFiles:
    """Return scoped variables that are files, if there are any and something could use them."""
    rules, certificates, vpn = settings.variables, settings.certificates, settings.vpn
    if not (
        settings.templates
        or settings.environment.set
        or settings.wait
        or rules.files
        or rules.required
        or rules.defaults
        or (certificates is not None and certificates.password_from)
        or (vpn is not None and vpn.login is not None)
    ):
        return VariableFiles()
    if not files.is_directory(rules.file_directory):
        return VariableFiles()
    from cycle_exec.launching.local import variable_files

    return variable_files.read(rules.file_directory)


def _vpn_server(
    settings: Settings, environ: Mapping[str, str], directory: str, user: User | None
) -> Server | None:
    """Return the OpenVPN server whose hook is judged, if one is."""
    vpn = settings.vpn
    if vpn is None or not vpn.judges_a_hook:
        return None
    from cycle_exec.launching.vpn.preflight import Server

    return Server(
        vpn=vpn, command=settings.command, environ=environ, directory=directory, user=user
    )


def _token(invocation: Invocation, settings: Settings, problems: list[Problem]) -> Secret:
    if not settings.is_offline:
        return api_token(invocation, problems)
    from cycle_exec.sources import offline

    problems += offline.lacking(settings)
    return invocation.token


def makes_keystores(settings: Settings) -> bool:
    """Whether PKCS #12 files are asked for."""
    request = settings.certificates
    return request is not None and bool(request.directory) and "pkcs12" in request.formats


def _require_keystore(problems: list[Problem]) -> None:
    from cycle_exec.system.crypto import encryption

    if not encryption.available():
        reason = "the package cryptography is not installed"
        fix = "pip install 'cycle-exec[pkcs12]'"
        problems.append(Problem("file-missing", "certificates.formats pkcs12", reason, fix))


def api_token(invocation: Invocation, problems: list[Problem]) -> Secret:
    """Return the API's token, from the environment."""
    token = invocation.environ.get(TOKEN, "")
    if not token:
        problems.append(Problem("token-missing", TOKEN, "it is not set, or empty"))
    elif not (token.isascii() and token.isprintable()):
        reason = "it contains a character that is not allowed in an HTTP header"
        fix = "check how it is set: a newline at its end is not part of the token"
        problems.append(Problem("token-missing", TOKEN, reason, fix))
    return Secret(token)


def texts(outputs: Sequence[TemplateOutput], problems: list[Problem]) -> list[TemplateText]:
    """Return the templates that the settings name, each file of a folder; adds what is wrong."""
    found = []
    for output in outputs:
        source = output.source
        if source.startswith(BUILTIN):
            source = files.builtin(source.removeprefix(BUILTIN))
        try:
            for name in _templates_below(source):
                path = f"{source}/{name}" if name else source
                target = f"{output.target}/{name.removesuffix('.j2')}" if name else output.target
                found.append(
                    TemplateText(
                        name=f"{output.source}/{name}" if name else output.source,
                        text=files.text(path),
                        folder=f"{output.source}/" if name else _folder(output.source),
                        target=target,
                        mode=output.mode,
                        owner=output.owner,
                        check=output.check,
                        on_change=output.on_change,
                    )
                )
        except files.Unreadable as error:
            problems.append(Problem("file-missing", f"template {output.source}", error.reason))
    return found


def _templates_below(source: str) -> Sequence[str]:
    """Return the templates of a folder, without the parts of others; "" for a file."""
    below = files.tree(source)
    if not below:
        return ("",)
    from cycle_exec.planning.templates import parts

    found = [name for name in below if not parts.is_part(name)]
    if not found:
        raise files.Unreadable("the directory has no *.j2 file but parts, which begin with _")
    return found


def _folder(source: str) -> str:
    start = source.rfind("/") + 1 or (len(BUILTIN) if source.startswith(BUILTIN) else 0)
    return source[:start]


def library(texts: Sequence[TemplateText]) -> Library | None:
    """Return the files that the templates are made of; None where none names another."""
    if not any("{%" in each.text for each in texts):
        return None
    from cycle_exec.launching import template_parts

    return template_parts.read(
        {each.name: each.text for each in texts}, {each.name: each.folder for each in texts}
    )


def overwritten(texts: Sequence[TemplateText]) -> list[Problem]:
    """Templates whose target is the template itself."""
    return [
        Problem(
            "target-refused",
            each.target,
            f"it is the template {each.name} itself",
            "give it another target",
        )
        for each in texts
        if not each.name.startswith(BUILTIN) and files.same(each.name, each.target)
    ]


def template_targets(outputs: Sequence[TemplateOutput]) -> list[str]:
    """Where templates go, without reading one; what cannot be listed is told by `texts`."""
    found = []
    for output in outputs:
        try:
            below = () if output.source.startswith(BUILTIN) else _templates_below(output.source)
        except files.Unreadable:
            below = ()
        found += [f"{output.target}/{name}" if name else output.target for name in below or ("",)]
    return found


def _executable(
    settings: Settings, directory: str, search_path: str | None, problems: list[Problem]
) -> str:
    named = settings.process.directory
    if named and not files.is_directory(named):
        problems.append(
            Problem(
                "file-missing",
                f"process.directory {named}",
                files.blame(f"{named}/") or "there is no such directory",
            )
        )
    if not settings.command:
        return ""
    found = lookup.find(settings.command[0], search_path, directory)
    if isinstance(found, str):
        return found
    problems.append(found)
    return ""


def app_user(settings: Settings, problems: list[Problem]) -> User | None:
    """Who the command will run as, None: nobody else."""
    keep = settings.process.capabilities
    if not settings.process.user:
        if keep:
            problems.append(_kept_by_nobody("process.user is not given, so none are dropped"))
        return None
    from cycle_exec.system.exec import identity, user

    try:
        found = user.find(settings.process.user, keep)
    except identity.UnknownOwner as error:
        subject = f"user {settings.process.user}"
        problems.append(Problem("owner-unknown", subject, error.reason))
        return None
    unmapped = identity.not_mapped(f"user {found.name}", found.uid, found.gid, found.groups)
    if unmapped is not None:
        problems.append(unmapped)
    if keep and found.uid == 0:
        problems.append(_kept_by_nobody("root has all capabilities of the container anyway"))
    return found


def _kept_by_nobody(reason: str) -> Problem:
    fix = "give another user with process.user or --user, or leave process.capabilities out"
    return Problem("user-refused", "process.capabilities", reason, fix)


def _unstartable(user: User | None, settings: Settings, executable: str) -> list[Problem]:
    """Return why the command could not be started as the settings say, found out by trying."""
    process, found = settings.process, None
    if process.limits:
        from cycle_exec.launching.command import preflight

        if problems := preflight.limits(process.limits):
            return problems
    if user is not None:
        from cycle_exec.system.exec.user import obstacle

        nproc = process.limits.get("nproc")
        found = obstacle(user, executable, process.directory, resident=process.init, nproc=nproc)
    if process.no_new_privs and found is None:
        from cycle_exec.system.exec.user import no_forgoing

        found = no_forgoing()
    return [] if found is None else [found]


def _before(
    user: User | None,
    settings: Settings,
    directory: str,
    search_path: str | None,
    texts: Sequence[TemplateText],
) -> list[Problem]:
    from cycle_exec.launching.command import preflight

    written = targets(settings, texts)
    return preflight.before(settings.before, user, search_path, directory, written)


def _owners(
    settings: Settings, user: User | None, problems: list[Problem]
) -> Mapping[str, tuple[int, int]]:
    """Ids by owner text; the empty text is whoever the command will run as."""
    outputs = [
        *settings.templates,
        *settings.variables.files,
        *(file for integration in settings.integrations for file in integration.files),
        *(output for output in (settings.certificates, settings.dotenv) if output is not None),
    ]
    texts = {output.owner for output in outputs}
    named = texts - {""}
    if not named and user is None:
        return {}
    from cycle_exec.system.exec import identity

    owners, unknown = identity.resolve(named)
    problems.extend(unknown)
    if user is not None and "" in texts:
        owners[""] = (user.uid, user.gid)
        if not identity.may_give(user.uid, user.gid):
            problems.append(identity.no_gift(f"user {user.name}"))
    return owners


def targets(settings: Settings, texts: Sequence[TemplateText]) -> list[str]:
    """Every path that the run will write to, as far as it is known before the fetch."""
    found = [text.target for text in texts]
    found.extend(file.target for file in settings.variables.files)
    for integration in settings.integrations:
        found.extend(file.target for file in integration.files)
    if settings.dotenv is not None:
        found.append(settings.dotenv.target)
    return found


def directories(settings: Settings) -> list[str]:
    """Every directory in which the run will write files that only the fetch names."""
    request = settings.certificates
    return [request.directory] if request is not None and request.directory else []
