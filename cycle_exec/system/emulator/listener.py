"""The emulator's Unix socket."""

from __future__ import annotations

import errno
import os
import stat
from socket import AF_UNIX, SOCK_STREAM, socket

from cycle_exec.errors import Refused, refuse
from cycle_exec.system.emulator.temporary_files import LONGEST_SOCKET
from cycle_exec.system.files import words_on
from cycle_exec.system.invocation import encoded

BACKLOG = 1024
_PROBE = 1.0  # seconds; a live emulator accepts at once


class Listener:
    """A listening Unix socket. Its file is removed by `close`, if it still is this one's.

    Clients can connect from the moment it exists; they wait until `serve` accepts them.
    """

    def __init__(self, path: str, mode: int) -> None:
        """mode: of the socket file. Raises Refused (target-refused)."""
        self._path = encoded(path)
        if len(self._path) > LONGEST_SOCKET or b"\0" in self._path:
            reason = f"a socket's path has at most {LONGEST_SOCKET} bytes"
            raise refuse("target-refused", path, reason, "use a shorter path")
        self.socket = socket(AF_UNIX, SOCK_STREAM)
        umask = os.umask(0o777 & ~mode)
        try:
            self._bind(path)
            self.socket.listen(BACKLOG)
            found = os.lstat(self._path)
            self._identity = (found.st_dev, found.st_ino)
        except OSError as error:
            self.socket.close()
            raise refuse("target-refused", path, words_on(error, path)) from None
        except Refused:
            self.socket.close()
            raise
        finally:
            os.umask(umask)

    def is_open_to_others(self) -> bool:
        """Whether users beside this one can connect: mode and every folder above let them."""
        try:
            if not stat.S_IMODE(os.lstat(self._path).st_mode) & stat.S_IWOTH:
                return False
            folder = os.path.dirname(os.path.realpath(self._path))
            while os.stat(folder).st_mode & stat.S_IXOTH:
                if folder == os.path.dirname(folder):
                    return True
                folder = os.path.dirname(folder)
        except OSError:
            pass
        return False

    def _bind(self, path: str) -> None:
        try:
            self.socket.bind(self._path)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            self._clear(path)
            self.socket.bind(self._path)

    def _clear(self, path: str) -> None:
        """Remove the socket of a server that is dead, and nothing else."""
        fix = "give another path with --socket, or remove what is there"
        if not stat.S_ISSOCK(os.lstat(self._path).st_mode):
            raise refuse("target-refused", path, "there is something that is not a socket", fix)
        with socket(AF_UNIX, SOCK_STREAM) as probe:
            probe.settimeout(_PROBE)
            try:
                probe.connect(self._path)
            except ConnectionRefusedError:
                os.unlink(self._path)
                return
            except OSError:
                pass
        raise refuse("target-refused", path, "another server is listening there", fix)

    def close(self) -> None:
        """Stop listening and remove the file."""
        self.socket.close()
        try:
            found = os.lstat(self._path)
            if (found.st_dev, found.st_ino) == self._identity:
                os.unlink(self._path)
        except OSError:
            return
