"""What the machine itself gives to a launch, as frozen values."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.launching.vpn_preflight import Hook, Server
    from cycle_exec.planning.model import Plan, TemplateText
    from cycle_exec.secret import Secret
    from cycle_exec.system.exec.user import User


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
