"""What the machine itself gives to a launch, as frozen values."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.model import TemplateText
    from cycle_exec.secret import Secret
    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.model import Setup


class Hook(Record):
    """A hook that can work. start: who starts the server, None: this process's user."""

    setup: Setup
    warnings: tuple[str, ...]
    start: User | None


class Local(Record):
    """What the machine itself gives: texts, owners, the executable. All preflight checks passed.

    hook: the OpenVPN server's, unless its configuration is made by this launch.
    """

    _sealed = ("dotenv_files",)

    texts: tuple[TemplateText, ...]
    dotenv_files: tuple[tuple[str, Mapping[str, str]], ...]
    owners: Mapping[str, tuple[int, int]]
    executable: str
    token: Secret
    user: User | None = None
    hook: Hook | None = None
