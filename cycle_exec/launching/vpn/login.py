"""[vpn] login: a VPN client's own login, asked as soon as its variables are there."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning import environment
from cycle_exec.planning.model import Inputs
from cycle_exec.secret import SecretBytes
from cycle_exec.sources import answers, needs
from cycle_exec.vpn import login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.launching.preflight import Local
    from cycle_exec.settings.model import Settings
    from cycle_exec.sources.model import Outcome, Request

_SUBJECT = "VPN login"


class VpnLogin:
    """One login of a launch: the question when the variables have come, then its answer."""

    def __init__(self, settings: Settings, local: Local) -> None:
        self._settings = settings
        self._local = local
        self._problems: list[Problem] = []

    def follow(self, request: Request, outcome: Outcome) -> Sequence[Request]:
        """Return the question, once the scoped variables are there."""
        [need] = needs.needs(self._settings.replace(integrations=(), certificates=None), ())
        if request != need.request:
            return ()
        try:
            snapshot = answers.snapshot(
                [need],
                [outcome],
                socket=self._settings.api.socket,
                environ=self._local.inherited,
            )
        except Refused:
            return ()  # said where the answer is read for the launch
        inputs = Inputs(
            inherited=self._local.inherited, dotenv_files=self._local.dotenv_files, now=0.0
        )
        found = environment.early(self._settings, snapshot, inputs)
        files = self._local.variable_files.values
        return self._question({**snapshot.variables, **found}, files)

    def _question(self, values: Mapping[str, str], files: Mapping[str, str]) -> Sequence[Request]:
        assert self._settings.vpn is not None
        names = self._settings.vpn.login
        assert names is not None
        both = (names.username, names.password)
        given = {name: values.get(name) or files.get(name, "") for name in both}
        missing = [name for name in both if not given[name]]
        for name in missing:
            self._problems.append(
                Problem(
                    "variable-missing",
                    f"variable {name}",
                    "is missing or empty, and the VPN login needs it (vpn.login); what a "
                    "template or an integration gives comes too late",
                )
            )
        if missing:
            return ()
        username, password = (given[name].encode("utf-8", "surrogateescape") for name in both)
        credentials = login.Credentials(username=username, password=SecretBytes(password))
        try:
            return [login.question(credentials, {}).replace(subject=_SUBJECT)]
        except login.Rejected as rejected:
            self._problems.append(_refused(rejected.reason))
            return ()

    def require(self, outcomes: Sequence[Outcome]) -> None:
        """Raise Refused unless the platform has said yes."""
        for outcome in outcomes:
            verdict = login.verdict(outcome, self._settings.api.socket)
            if not verdict.accepted:
                self._problems.append(_refused(verdict.reason))
        if self._problems:
            raise Refused(self._problems)


def _refused(reason: str) -> Problem:
    return Problem("login-refused", _SUBJECT, reason)
