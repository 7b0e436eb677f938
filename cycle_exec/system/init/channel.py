"""The channel between a watcher and the supervisor above it: whole messages, each with a plan.

A message is one packet: it arrives whole and once, or not at all. What a watcher hands over goes
as one piece of anonymous memory, which nobody can change afterwards, close-on-exec in every process
that has it.
"""

from __future__ import annotations

import marshal
import posix as os  # os itself takes 180 kB more, for as long as the app runs
import sys

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable
else:
    import _socket

_LARGEST = 4096  # bytes of a packet: numbers and names of signals
_DESCRIPTOR = 4  # bytes of one in a control message
_PREPARE = b"prepare"
RESTART, READY = "restart", "ready"


class Message(Record):
    """What a watcher asks for. descriptor: the memory with what it hands over.

    number: grows with each message. asks: RESTART: the app is to be started with what is handed
    over, or started again; READY: it may be started, if that waits for the targets. signals: names
    of those that the app is to have. facts: a line for everybody; a message with that hands over
    nothing, and its descriptor is -1.
    """

    number: int
    descriptor: int
    asks: str
    signals: tuple[str, ...]
    facts: str = ""


def pair() -> tuple[int, int]:
    """Return the supervisor's end and the watcher's, both close-on-exec."""
    supervisors, watchers = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    return supervisors.detach(), watchers.detach()


class SupervisorEnd:
    """The end of who starts the app. It never waits."""

    def __init__(self, descriptor: int, number: int = 0) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = _socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self.number = number

    def take(self) -> Message | None:
        """Return the next message, if there is one. A message that is not new is none."""
        size = _socket.CMSG_SPACE(_DESCRIPTOR)
        flags = _socket.MSG_CMSG_CLOEXEC
        while True:
            try:
                packet, extra, _, _ = self._socket.recvmsg(_LARGEST, size, flags)
            except ConnectionResetError:
                continue  # it has ended without reading all of ours: said once, before its words
            except OSError:
                return None
            if not packet:
                return None
            descriptors = [
                int.from_bytes(data[:_DESCRIPTOR], sys.byteorder)
                for level, kind, data in extra
                if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS)
                and len(data) >= _DESCRIPTOR
            ]
            # Written by ourselves a moment ago, in the same interpreter.
            number, asks, signals, facts = marshal.loads(packet)  # noqa: S302
            if (descriptors or facts) and number > self.number:
                self.number = number
                return Message(
                    number=number,
                    descriptor=descriptors[0] if descriptors else -1,
                    asks=asks,
                    signals=signals,
                    facts=facts,
                )
            for descriptor in descriptors:
                os.close(descriptor)

    def prepare(self) -> None:
        """Ask the watcher to put the targets back, and then for the app's start."""
        try:
            self._socket.send(_PREPARE)
        except OSError:
            pass  # it is gone, or too busy to hear: the start comes without it

    def close(self) -> None:
        """End the channel; the watcher sees it."""
        self._socket.close()


class WatcherEnd:
    """The end of who looks for changes."""

    def __init__(
        self, descriptor: int, number: int = 0, ring: Callable[[], None] | None = None
    ) -> None:
        os.set_inheritable(descriptor, False)
        self._socket = _socket.socket(fileno=descriptor)
        self._number = number
        self._ring = ring

    def fileno(self) -> int:
        """Return the descriptor, readable when there is something to hear."""
        return self._socket.fileno()

    def give(self, content: bytes, *, asks: str = "", signals: tuple[str, ...] = ()) -> None:
        """Hand this over, and say what is wanted. Raises OSError where nobody is there."""
        self.send(sealed(content), asks=asks, signals=signals)

    def send(self, descriptor: int, *, asks: str = "", signals: tuple[str, ...] = ()) -> None:
        """Hand over memory from `sealed`, which is closed then."""
        self._number += 1
        packet = marshal.dumps((self._number, asks, signals, ""))
        try:
            rights = descriptor.to_bytes(_DESCRIPTOR, sys.byteorder)
            self._socket.sendmsg([packet], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        finally:
            os.close(descriptor)
        if self._ring is not None:
            self._ring()

    def tell(self, facts: str) -> bool:
        """Say what everybody may know; return whether there was room for it."""
        self._number += 1
        packet = marshal.dumps((self._number, "", (), facts))
        try:
            self._socket.send(packet, _socket.MSG_DONTWAIT)
        except OSError:
            return False
        if self._ring is not None:
            self._ring()
        return True

    def hears(self) -> str:
        """Return "prepare" if the app's start is to be prepared, "gone" if nobody is at the other
        end any more; empty if there was nothing.
        """
        try:
            packet = self._socket.recv(_LARGEST, _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return ""
        except OSError:
            return "gone"
        return "prepare" if packet == _PREPARE else "gone"

    def close(self) -> None:
        """End the channel."""
        self._socket.close()


def sealed(content: bytes) -> int:
    """Return a descriptor of anonymous memory that holds this for ever. Raises OSError where there
    is none, or not enough.
    """
    import fcntl

    from cycle_exec.system import memory

    descriptor = memory.anonymous("cycle-exec", seals=True)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        try:
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        except OSError:
            # Shared memory knows no seals: who is given this one can only read.
            writable = descriptor
            descriptor = os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
            os.close(writable)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def content(descriptor: int) -> bytes:
    """Return what such memory holds, as often as one likes."""
    size = os.fstat(descriptor).st_size
    found = b""
    while len(found) < size:
        found += os.pread(descriptor, size - len(found), len(found))
    return found
