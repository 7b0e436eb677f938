"""The platform in the box: a state on disk, the world that it makes, and its answers."""

from __future__ import annotations

import json
import posixpath

from cycle_exec.emulator import faults, memory, notifications, routes, scenario, world
from cycle_exec.emulator.model import Delivery, Pair, State, is_pem
from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.secret import Secret
from cycle_exec.system import clock, files
from cycle_exec.system.emulator import certificate_authority
from cycle_exec.system.emulator.watch import Watch
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.emulator.faults import Faults
    from cycle_exec.emulator.model import CertificateState, Query, World
    from cycle_exec.settings.model import Invocation


def at(invocation: Invocation, path: str) -> str:
    """Return a path as the user means it, from where the user stands."""
    return posixpath.join(invocation.cwd, path)


def failed(error: BaseException) -> None:
    """Say that an answer could not be made: a bug of ours."""
    stderr.log.warning(f"the emulator has a bug: {type(error).__name__} while handling a request")
    if stderr.log.debugging:
        stderr.log.trace(error)


class Source:
    """Where the state comes from. An empty path: an empty state."""

    def __init__(self, path: str, *, dotenv: bool = False) -> None:
        """dotenv: whether it is a dotenv file whatever its name."""
        self.path = path
        self._dotenv = dotenv or scenario.is_dotenv(path)

    def read(self) -> State:
        """Return the state as it is on disk now. Raises Refused."""
        if not self.path:
            return State()
        text = read_text(self.path)
        if not self._dotenv:
            return scenario.parse(text, self.path)
        from cycle_exec.planning.files import dotenv

        try:
            return scenario.from_variables(dotenv.read(text))
        except dotenv.Unparsable as error:
            raise refuse(
                "manifest-invalid",
                f"{self.path}:{error.line}",
                "not NAME=value",
                "correct the line",
            ) from None

    def beside(self, name: str) -> str:
        """Return a file that the state names: from the state's own folder."""
        return posixpath.join(posixpath.dirname(self.path), name)


class Platform:
    """The world that is served, following the state on disk."""

    def __init__(self, source: Source, bad_days: Faults) -> None:
        """Read the state. Raises Refused if it cannot be used."""
        self._source = source
        self._faults = bad_days
        self._counts: dict[str, int] = {}
        self._started = clock.now()
        self.authority = certificate_authority.Authority(self._started)
        self._watch = Watch()
        self._news: list[str] = []
        self._base = self.world = self._build()

    def answer(self, query: Query) -> Delivery:
        """Return the answer to one request, by the state as it is on disk now."""
        if self._watch.changed():
            self._follow()
        count = self._counts.get(query.path, 0)
        self._counts[query.path] = count + 1
        fault = self._faults.decide(query.path, count)
        if fault.status:
            reply = routes.error(fault.status, "Injected by --fail")
        else:
            reply = routes.respond(self.world, query, clock.now())
            if reply.memory is not None:
                self._become(memory.applied(self._base, reply.memory))
        return faults.deliver(reply, json.dumps(reply.data).encode(), fault)

    def _become(self, found: World) -> None:
        told = notifications.between(self.world, found)
        self._news += [json.dumps(notification) for notification in told]
        self.world = found

    def news(self) -> tuple[str, ...]:
        """Return the notifications of every change since the last call, each as its JSON text.

        Asked often, it is also what notices a change on disk that no request comes after.
        """
        if self._watch.settled():
            self._follow()
        found, self._news = tuple(self._news), []
        return found

    def _follow(self) -> None:
        """Read the state again; one with problems changes nothing."""
        try:
            found = self._build()
        except Refused as refused:
            first, more = refused.problems[0], len(refused.problems) - 1
            rest = f", and {more} more" if more else ""
            words = f"{first.subject}: {first.reason} ({first.kind}){rest}"
            stderr.log.warning(f"{words}; the emulator keeps the old state")
            return
        self._base = found
        self._become(memory.applied(found, self.world.memory))
        stderr.log.notice(f"reloaded {self._source.path}")

    def _build(self) -> World:
        self._watch.forget()
        if self._source.path:
            self._watch.add(self._source.path)
        state = self._source.read()
        for name in state.files:
            self._watch.add(self._source.beside(name))
        problems: list[Problem] = []
        pairs = [self._pair(item, problems) for item in state.certificates]
        if problems:
            raise Refused(problems)
        return world.build(state, pairs, self._started)

    def _pair(self, item: CertificateState, problems: list[Problem]) -> Pair:
        if item.order is not None:
            return self.authority.issue(item.order, clock.now())
        texts = []
        for text in (item.bundle, item.private_key):
            try:
                texts.append(text if is_pem(text) else read_text(self._source.beside(text)))
            except Refused as refused:
                problems.extend(refused.problems)
                texts.append("")
        bundle, private_key = texts
        domains = item.domains or certificate_authority.names(bundle)
        return Pair(bundle=bundle, private_key=Secret(private_key), domains=domains)


def read_text(path: str) -> str:
    """Return a file's text. Raises Refused (file-missing)."""
    try:
        return files.read(path).decode()
    except files.Unreadable as error:
        reason = error.reason
    except UnicodeDecodeError as error:
        reason = files.not_text(error)
    raise refuse("file-missing", path, reason)
