"""Many questions over one Unix socket at once: send all, import meanwhile, then read all.

One connection a request, no threads, no event loop: `_socket` and poll(2), since the socket
module costs a quarter of a launch.
"""

from __future__ import annotations

import _socket
import os
from select import POLLIN, POLLOUT, poll
from time import monotonic

from cycle_exec.secret import SecretBytes
from cycle_exec.sources.model import CONNECT_KINDS, Failure, Response
from cycle_exec.system.api.http1 import (
    Malformed,
    ResponseReader,
    TooLarge,
    Truncated,
    request_bytes,
)
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cycle_exec.secret import Secret
    from cycle_exec.sources.model import Outcome, Request
    from cycle_exec.system.clock import Deadline

    Retry = Callable[[Outcome, int, float, float], float | None]
    Follow = Callable[[Request, Outcome], Sequence[Request]]

AGENT = f"cycle-exec/{__version__}"
MOST_AT_ONCE = 64
# All bodies together: decoded they take as much again, and the whole launch less than 100 MB.
TOTAL_LIMIT = 24 * 1024 * 1024
# Once a launch cannot succeed any more, how long the other answers may still take, so that all
# problems are said together (seconds).
LAST_WORDS = 0.5
# With so little left to the deadline (seconds) it is the cause that there is no other try.
_CLOSE = 0.1
# Small enough that a round over all connections stays well under a second, whatever they send.
_PIECE = 65_536
_NO_BODY = SecretBytes(b"")


def _random() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32


def exchange(
    socket: str,
    token: Secret,
    requests: Sequence[Request],
    *,
    deadline: Deadline,
    timeout: float,
    retry: Retry,
    meanwhile: Callable[[], Collection[int]] = lambda: (),
    follow: Follow | None = None,
    tick: Callable[[float], float] | None = None,
    hurries: Mapping[int, bool] | None = None,
) -> tuple[Outcome, ...]:
    """Return the outcome of every request, in order, at the deadline at the latest.

    timeout: seconds for one attempt, those of `meanwhile` not counted. retry: (outcome, attempt,
    seconds left, random number) -> seconds to wait, or None. meanwhile: called once when all is
    sent; returns the indexes of requests whose answers are not wanted any more. follow: called
    with each request and its good outcome; the requests that it returns join the others, their
    outcomes stand behind all. tick: called with the time while there is something to wait for,
    returns when it wants to be called again. hurries: descriptors; as soon as there is something to
    read from one, what waits for another try is tried at once, and all ends LAST_WORDS later.
    False: only if an attempt has failed. Raises ValueError for a token or target that no header can
    carry.
    """
    batch = _Batch(socket, token, requests, deadline, timeout, retry, follow, tick)
    batch.hurries = hurries or {}
    try:
        batch.start(meanwhile)
        batch.run()
        return tuple(exchange.outcome or Failure(kind="abandoned") for exchange in batch.exchanges)
    finally:
        for exchange in batch.exchanges:
            exchange.disconnect()


def send(socket: str, token: Secret, request: Request) -> None:
    """Send a request and forget it: nothing is waited for, and nothing can go wrong.

    A body that the kernel does not take at once is not sent at all.
    """
    payload = request_bytes(request, token, AGENT)
    path = socket.encode("utf-8", "surrogateescape")
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
    try:
        connection.setblocking(False)
        connection.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, len(payload) + _PIECE)
        connection.connect(path)
        connection.send(payload)
    except OSError:
        return
    finally:
        connection.close()


def _unconnected(error: OSError, path: bytes) -> Failure:
    kind = CONNECT_KINDS.get(error.errno, "unusable")
    if kind != "missing":
        return Failure(kind=kind)
    from cycle_exec.system.paths import missing

    return Failure(kind=kind, lack=missing.lack(path.decode("utf-8", "surrogateescape")))


class _Exchange:
    """One request with its attempts. Moments are on the monotonic clock."""

    def __init__(self, request: Request, payload: bytes) -> None:
        self.request = request
        self.payload = payload
        self.outcome: Outcome | None = None
        self.attempt = 0
        self.resume = 0.0
        self.last: Outcome | None = None
        self.expires = 0.0
        self.connection: _socket.socket | None = None
        self.unsent = memoryview(b"")
        self.reader = ResponseReader()

    @property
    def wanted(self) -> int:
        """The events to poll for."""
        return POLLIN | POLLOUT if self.unsent else POLLIN

    def connect(self, path: bytes, timeout: float) -> Failure | None:
        """Start an attempt, and send what can be sent."""
        self.attempt += 1
        self.expires = monotonic() + timeout
        self.unsent = memoryview(self.payload)
        if not path or 0 in path:
            return Failure(kind="unusable")  # Linux would take it for an abstract address
        try:
            self.connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
            self.connection.setblocking(False)
            self.connection.connect(path)
        except OSError as error:
            return _unconnected(error, path)
        self.send()
        return None

    def send(self) -> None:
        """Send what can be sent. A peer that closes early may have answered: reading tells."""
        assert self.connection is not None
        try:
            while self.unsent:
                self.unsent = self.unsent[self.connection.send(self.unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self.unsent = memoryview(b"")

    def receive(self) -> Outcome | None:
        """Read a piece of what there is; the outcome if that was the end."""
        assert self.connection is not None
        try:
            data = self.connection.recv(_PIECE)
        except BlockingIOError:
            return None
        except OSError:
            return Failure(kind="dropped")
        try:
            if data:
                self.reader.feed(data)
            else:
                self.reader.close()
        except Malformed:
            return Failure(kind="malformed")
        except TooLarge:
            return Failure(kind="too-large")
        except Truncated:
            return Failure(kind="dropped")
        found = self.reader.response
        if found is None:
            return None
        status, headers, body = found
        return Response(status=status, headers=headers, body=SecretBytes(body))

    def disconnect(self) -> None:
        """Close the connection, if there is one, and forget what it brought."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
            self.reader = ResponseReader()

    def abandon(self) -> None:
        """Give up, as nobody's fault."""
        if self.outcome is None:
            self.disconnect()
            self.outcome = Failure(kind="abandoned", attempts=self.attempt)


class _Batch:
    """All exchanges of one call."""

    def __init__(
        self,
        socket: str,
        token: Secret,
        requests: Sequence[Request],
        deadline: Deadline,
        timeout: float,
        retry: Retry,
        follow: Follow | None,
        tick: Callable[[float], float] | None,
    ) -> None:
        self.path = socket.encode("utf-8", "surrogateescape")
        self.end = deadline.end
        self.timeout = timeout
        self.retry = retry
        self.token = token
        self.follow = follow
        self.tick = tick
        self.exchanges: list[_Exchange] = []
        self.hurries: Mapping[int, bool] = {}
        self.hopeless = False
        self.hurried = False
        self.held = 0
        self._add(requests)

    def _add(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self.exchanges.append(_Exchange(request, request_bytes(request, self.token, AGENT)))

    def start(self, meanwhile: Callable[[], Collection[int]]) -> None:
        """Send the first requests, and do something else while they are answered."""
        for exchange in self.exchanges[:MOST_AT_ONCE]:
            self._connect(exchange)
        began = monotonic()
        for index in meanwhile():
            self.exchanges[index].abandon()
        # Time in which nobody listened is not the peer's; the deadline stays.
        away = monotonic() - began
        for exchange in self.exchanges:
            exchange.expires += away

    def run(self) -> None:
        """Until every exchange has its outcome."""
        while waiting := [each for each in self.exchanges if each.outcome is None]:
            now = monotonic()
            if now >= self.end:
                self._out_of_time(waiting)
                return
            for each in waiting:
                if each.connection is not None and each.expires <= now:
                    self._ended(each, each.receive() or Failure(kind="timeout"))
            connected, until = self._occupy(waiting, now)
            if self.tick is not None:
                until = min(until, self.tick(now))
            self._listen(connected, until)

    def _occupy(self, waiting: list[_Exchange], now: float) -> tuple[list[_Exchange], float]:
        """Start the attempts that are due. Who is connected, and when to look again."""
        free = MOST_AT_ONCE - sum(each.connection is not None for each in waiting)
        look = self.end
        for each in waiting:
            if each.connection is None and each.outcome is None and free > 0:
                if each.resume <= now:
                    self._connect(each)
                    free -= each.connection is not None
                if each.connection is None and each.outcome is None:
                    look = min(look, each.resume)
        connected = [each for each in waiting if each.connection is not None]
        return connected, min([look, *(each.expires for each in connected)])

    def _listen(self, connected: list[_Exchange], until: float) -> None:
        """Let those that are ready send and receive."""
        poller = poll()
        by_descriptor = {}
        for each in connected:
            assert each.connection is not None
            by_descriptor[each.connection.fileno()] = each
            poller.register(each.connection.fileno(), each.wanted)
        for descriptor, always in self.hurries.items():
            if always or any(each.last is not None for each in self.exchanges):
                poller.register(descriptor, POLLIN)
        # The last essential refusal may have moved the end.
        wait = max(0.0, min(until, self.end) - monotonic())
        for descriptor, events in poller.poll(wait * 1000):
            if monotonic() >= self.end:
                return
            if descriptor in self.hurries:
                self._hurry()
                return
            each = by_descriptor[descriptor]
            if events & POLLOUT:
                each.send()
            if events & ~POLLOUT:
                outcome = each.receive()
                if outcome is not None:
                    self._ended(each, outcome)
        if self.held + sum(each.reader.size for each in connected) > TOTAL_LIMIT:
            for each in self.exchanges:
                if each.outcome is None:
                    self._final(each, Failure(kind="too-much", attempts=each.attempt))

    def _hurry(self) -> None:
        """Try once more what has failed, and come to an end."""
        self.hurries, self.hurried = {}, True
        now = monotonic()
        self.end = min(self.end, now + LAST_WORDS)
        for each in self.exchanges:
            each.resume = min(each.resume, now)

    def _connect(self, exchange: _Exchange) -> None:
        failure = exchange.connect(self.path, self.timeout)
        if failure is not None:
            self._ended(exchange, failure)

    def _ended(self, exchange: _Exchange, outcome: Outcome) -> None:
        """End an attempt: the outcome is final, or there is another try."""
        size = exchange.reader.size
        exchange.disconnect()
        left = self.end - monotonic()
        wait = self.retry(outcome, exchange.attempt, left, _random())
        if wait is not None:
            if isinstance(outcome, Response):
                outcome = outcome.replace(body=_NO_BODY)
            exchange.resume = monotonic() + wait
            exchange.last = outcome
            return
        # A retried kind without another try: time, not the outcome itself, was the end of it.
        retried = self.retry(outcome, exchange.attempt, float("inf"), 0.0) is not None
        if retried and self.hopeless:
            exchange.abandon()
            return
        late = retried and left < _CLOSE and not self.hurried
        told = _told(outcome, exchange.attempt, retried=retried, late=late)
        if isinstance(told, Response):
            self.held += size
        self._final(exchange, told)

    def _final(self, exchange: _Exchange, outcome: Outcome) -> None:
        exchange.disconnect()
        exchange.outcome = outcome
        good = isinstance(outcome, Response) and outcome.status == 200
        soon = monotonic() + LAST_WORDS
        if exchange.request.essential and not good and soon < self.end:
            self.hopeless = True
            self.end = soon
        if self.follow is not None and good:
            self._add(self.follow(exchange.request, exchange.outcome))

    def _out_of_time(self, waiting: list[_Exchange]) -> None:
        for exchange in waiting:
            if self.hopeless:
                exchange.abandon()
                continue
            last = exchange.last
            if last is None or (exchange.connection is not None and isinstance(last, Failure)):
                last = Failure(kind="timeout")
            exchange.disconnect()
            late = not self.hurried
            exchange.outcome = _told(last, exchange.attempt, retried=True, late=late)


def _told(outcome: Outcome, attempts: int, *, retried: bool, late: bool) -> Outcome:
    """Return the outcome with how often it was tried; an unhealthy answer is a failure if it would
    be retried with more time.
    """
    if isinstance(outcome, Failure):
        return outcome.replace(attempts=attempts, late=late)
    if retried:
        return Failure(kind="unhealthy", attempts=attempts, late=late, status=outcome.status)
    return outcome.replace(attempts=attempts)
