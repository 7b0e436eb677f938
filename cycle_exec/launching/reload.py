"""Reload mode: stay beside the app, and when the platform's data change, renew what is made of
them. What is decided, and when, is `resident.watcher`'s; here it is done.
"""

from __future__ import annotations

import gc

from cycle_exec.client import notifications
from cycle_exec.client.notifications import Unreachable
from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.launching import acting, pipeline
from cycle_exec.launching.memory import Memory, unpacked
from cycle_exec.record import Record
from cycle_exec.resident import status, topics, watcher
from cycle_exec.resident.schedule import Pace
from cycle_exec.resident.watching import (
    Connect,
    Connected,
    Due,
    Look,
    Lost,
    Notified,
    Prepared,
    Rules,
)
from cycle_exec.system import clock, random
from cycle_exec.system.exec import process, user
from cycle_exec.system.files import words as in_words
from cycle_exec.system.init import fork, polling, watchers
from cycle_exec.system.memory import give_back
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from cycle_exec.client.notifications import Listener
    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.resident.watching import Event, Watching
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.init.channel import WatcherEnd
    from cycle_exec.system.init.fork import Supervision
    from cycle_exec.system.signals import Armed

_LONGEST_NAP = 3600.0  # seconds; certificates end by the wall clock, which may be set


class Start(Record):
    """What a watcher begins with. handed: the descriptor of what it hands over for the app's first
    start.
    """

    memory: Memory
    handed: int


def require(settings: Settings) -> None:
    """Raise Refused unless there is a way to hear of changes."""
    if notifications.available() or settings.process.reload_interval:
        return
    raise Refused(
        [
            Problem(
                kind="file-missing",
                subject="--reload",
                reason="the package websockets is not installed, which receives notifications",
                fix="pip install 'cycle-exec[reload]', or set process.reload_interval to poll",
            )
        ]
    )


def prepared(
    invocation: Invocation, settings: Settings, planned: Planned, executable: str
) -> Start:
    """Make what the app's start takes, while nothing has been touched yet. Raise Refused."""
    settings = _of_looks(settings)
    memory = Memory(
        invocation=invocation,
        settings=settings,
        manifest=acting.content_of(settings.manifest_path),
        snapshot=planned.snapshot,
        plan=planned.plan,
        executable=executable,
        user=planned.local.user,
    )
    user.require_child("the app's process")
    try:
        handed = acting.handed(memory)
    except OSError as error:
        reason = f"what the app is started with cannot be kept in memory: {in_words(error)}"
        fix = "allow the system call memfd_create, or mount a /dev/shm with room"
        raise refuse("target-failed", "--reload", reason, fix) from None
    return Start(memory=memory, handed=handed)


def run_watcher(start: Start, armed: Armed, supervision: Supervision) -> NoReturn:
    """Have the app started by the supervisor above, and watch from then on; never return."""
    fork.protect_watcher(supervision.pid)
    # Not `restore`, which is for an exec: Python's own dispositions let a write fail, not the
    # process, where nobody reads.
    armed.disarm()
    channel = watchers.connect(supervision.channel, 0, supervision.pid)
    channel.send(start.handed, asks="restart")
    fresh = start.memory.plan.stale is None
    _watch(acting.Actor(start.memory, channel), channel, clock.monotonic() if fresh else None)


def continue_watching(words: Sequence[str]) -> NoReturn:
    """Go on where a watcher has ended, in an interpreter of its own; never return."""
    content, descriptor, number, supervisor = watchers.continued(list(words))
    fork.protect_watcher(supervisor)
    process.forbid_core_files()
    from cycle_exec.system.init import handover

    memory = unpacked(handover.memory(content))
    settings = memory.settings
    stderr.log.configure(settings.log.level, settings.log.format, settings.log.debug)
    watchers.unblock(memory.invocation.mask or frozenset())
    channel = watchers.connect(descriptor, number, supervisor)
    _watch(acting.Actor(memory, channel), channel, None)


def _of_looks(settings: Settings) -> Settings:
    """Return the settings of looks: a VPN login was good at the start, and is not asked again;
    what was waited for was there, and is not waited for again.
    """
    settings = settings.replace(wait=())
    vpn = settings.vpn
    if settings.before:
        before = tuple(each for each in settings.before if each.on_restart)
        settings = settings.replace(before=before)
    if vpn is None or vpn.login is None:
        return settings
    return settings.replace(vpn=vpn.replace(login=None) if vpn.judges_a_hook else None)


def _watch(actor: acting.Actor, channel: WatcherEnd, contact: float | None) -> NoReturn:
    # A launch lives for milliseconds and leaves its garbage; a watcher stays.
    gc.enable()
    stderr.log.never_waits = True
    _Watcher(actor, channel, contact).watch()


class _Watcher:
    """Where it stands, and the connection, if there is one or one is being made."""

    def __init__(self, actor: acting.Actor, channel: WatcherEnd, contact: float | None) -> None:
        settings, memory = actor.settings, actor.memory
        rules = settings.process
        self._actor = actor
        self._channel = channel
        self._rules = Rules(
            pace=Pace(
                debounce=rules.reload_debounce,
                longest=rules.reload_longest,
                splay=rules.reload_splay * random.share(memory.invocation.environ),
                interval=rules.reload_interval,
            ),
            on_environment=settings.environment.on_change,
            restores=rules.restore == "always",
            listens=notifications.available(),
            before=bool(memory.settings.before),
        )
        self._topics: frozenset[str] | None = None
        self._listener: Listener | None = None
        self._until = 0.0  # when a connection has to be made
        self._state: Watching = watcher.begin(
            memory.plan,
            self._rules,
            clock.monotonic(),
            actor.expiry(memory.plan),
            memory.jobs,
            contact,
        )
        self._told = ""

    def watch(self) -> NoReturn:
        """For ever: wait for what comes first, and do it.

        After a fault of ours, what was decided may be half done: the next watcher goes on from what
        was handed over last.
        """
        while True:
            try:
                self._tell()
                self._take(self._wait())
            except Exception as error:  # noqa: BLE001 - the app must not be harmed by it
                stderr.log.warning(f"reload: unexpected {type(error).__name__} (internal)")
                if stderr.log.debugging:
                    stderr.log.trace(error)
                polling.leave()

    def _tell(self) -> None:
        """Let the supervisor know what is new, for whoever asks it."""
        facts = status.facts(self._state, *self._actor.ends(self._state.held))
        line = facts.to_line()
        if line != self._told and self._channel.tell(line):
            self._told = line

    def _take(self, events: list[Event]) -> None:
        looked = False
        # A restart that is to be prepared goes before a look; news before one that fails.
        self._actor.hurries = {self._channel.fileno(): True}
        if self._listener is not None:
            self._actor.hurries[self._listener.fileno()] = False
        for event in events:
            pending: list[Event] = [event]
            while pending:
                self._state, actions = watcher.step(self._rules, self._state, pending.pop(0))
                for action in actions:
                    if isinstance(action, Connect):
                        pending += self._connect()
                    else:
                        looked = looked or isinstance(action, Look)
                        pending += self._actor.act(action, self._state)
        if looked:
            give_back()

    def _wait(self) -> list[Event]:
        now = clock.monotonic()
        moments = [now + _LONGEST_NAP]
        due = watcher.due(self._state, self._rules)
        if due is not None:
            moments.append(due)
        listener = self._listener
        if listener is not None and not listener.open:
            moments.append(self._until)
        ready = polling.wait(
            self._channel.fileno(),
            listener.fileno() if listener is not None else -1,
            listener is not None and listener.waits_to_write,
            max(0.0, min(moments) - now),
        )
        events: list[Event] = []
        if self._channel.fileno() in ready:
            heard = self._channel.hears()
            if heard == "gone":
                # The kernel may not have ended us with it.
                polling.leave()
            if heard:
                events.append(Prepared(now=clock.monotonic()))
        if listener is not None:
            events += self._heard(listener, listener.fileno() in ready)
        return [*events, Due(now=clock.monotonic(), jitter=random.number())]

    def _connect(self) -> list[Event]:
        api = self._actor.settings.api
        token = self._actor.memory.invocation.token.reveal()
        self._until = clock.monotonic() + api.timeout
        try:
            self._listener = notifications.Listener(api.socket, token)
        except Unreachable as error:
            return [self._lost(error)]
        return []

    def _heard(self, listener: Listener, ready: bool) -> list[Event]:
        was_open = listener.open
        try:
            found = listener.events() if ready else []
            if not listener.open and clock.monotonic() >= self._until:
                raise Unreachable("no response in time")
        except Unreachable as error:
            connected = [Connected(now=clock.monotonic())] if listener.open > was_open else []
            listener.close()
            self._listener = None
            return [*connected, self._lost(error)]
        events: list[Event] = []
        if listener.open and not was_open:
            events.append(Connected(now=clock.monotonic()))
        if any(topics.concerns(each.topic, self._asked()) for each in found):
            stderr.log.debug("received a relevant notification")
            events.append(Notified(now=clock.monotonic()))
        return events

    def _lost(self, error: Unreachable) -> Event:
        return Lost(
            now=clock.monotonic(),
            jitter=random.number(),
            reason=error.reason,
            status=error.status,
        )

    def _asked(self) -> frozenset[str]:
        """Return what notifications may be about: found out once."""
        if self._topics is None:
            try:
                self._topics = pipeline.asked(self._actor.settings, self._actor.local())
            except Refused:
                # A template cannot be read now: any change may be about it.
                return topics.EVERYTHING
        return self._topics
