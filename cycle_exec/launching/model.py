"""What the machine itself gives to a launch, as frozen values."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.model import Plan, TemplateText
    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Vpn
    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.model import Setup


class Server(Record):
    """An OpenVPN server whose credential hook is judged.

    command: the launch's, which may be the server. directory: where it runs. user: who starts it,
    None: this process's user.
    """

    _sealed = ("environ",)

    vpn: Vpn
    command: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str
    user: User | None


class Hook(Record):
    """A hook that can work. start: who starts the server, None: this process's user."""

    setup: Setup
    warnings: tuple[str, ...]
    start: User | None


class Local(Record):
    """What the machine itself gives: texts, owners, the executable. All preflight checks passed.

    inherited: the environment. cwd: the current folder, directory: that of the command.
    owners: see planning.model.Inputs. executable: where the command is, found in search_path.
    server: an OpenVPN server whose hook is judged. hook: its hook, unless its configuration is
    made by this launch.
    """

    _sealed = ("inherited", "dotenv_files")

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


class Planned(Record):
    """Where a run stands before anything is touched. hook: an OpenVPN server's, judged."""

    plan: Plan
    local: Local
    hook: Hook | None = None


class Supervision(Record):
    """The supervisor above a watcher.

    memory: the descriptor by which the app's plan is handed over. pid: the supervisor's.
    """

    memory: int
    pid: int
