"""The line that the hook writes for a login, and what whoever has tried the hook reads of it.

    vpn-auth from 192.0.2.7: rejected, user "alice": REASON

The username comes last and quoted: nothing that is typed can look like an address or a verdict.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.sources import strict_json

_NAME = "vpn-auth"
_ACCEPTED, _REJECTED = "accepted", "rejected"
_LONGEST = 64  # bytes of a username that are shown
_ADDRESS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:%-_")


class Line(Record):
    """What is said of one login. username: empty where it is not known. reason: of a rejection."""

    address: str
    username: bytes
    reason: str = ""

    @property
    def verdict(self) -> str:
        """One of two words."""
        return _REJECTED if self.reason else _ACCEPTED

    @property
    def text(self) -> str:
        """The line itself, without the program's name."""
        address = self._known_address
        said = f"{_NAME} from {address}: {self.verdict}" if address else f"{_NAME}: {self.verdict}"
        if self.username:
            said += f", user {quoted(self.username)}"
        return f"{said}: {self.reason}" if self.reason else said

    @property
    def fields(self) -> dict[str, str]:
        """The same for programs; the username as it was typed, as far as it is text."""
        return {
            "address": self._known_address,
            "user": self.username[:_LONGEST].decode("utf-8", "replace"),
            "verdict": self.verdict,
            "reason": self.reason,
        }

    @property
    def _known_address(self) -> str:
        return self.address if _ADDRESS.issuperset(self.address) else ""


def quoted(username: bytes) -> str:
    r"""Return a username in quotes and printable ASCII: any other byte as \xNN, and not too long,
    which is said behind the quotes.
    """
    text = "".join(map(_character, username[:_LONGEST]))
    return f'"{text}"' + ("..." if len(username) > _LONGEST else "")


def _character(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{byte:c}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


def reason_in(said: str) -> str:
    """Return the reason of the last rejection in what a hook has said; empty if there is none that
    can be shown.
    """
    for line in reversed(said.splitlines()):
        reason = _of_json(line) if line.startswith("{") else _of_text(line)
        if reason and reason.isascii() and reason.isprintable():
            return reason
    return ""


def _of_text(line: str) -> str:
    head, _, rest = line.partition(f": {_REJECTED}")
    if _NAME not in head:
        return ""
    before, comma, name = rest.partition(', user "')
    if comma and not before:
        rest = _behind_quote(name)
    return rest.removeprefix(": ") if rest.startswith(": ") else ""


def _behind_quote(text: str) -> str:
    position = 0
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return text[position + 1 :].removeprefix("...")


def _of_json(line: str) -> str:
    try:
        found = strict_json.decode(line.encode("ascii", "replace"))
    except strict_json.NotJson:
        return ""
    if not isinstance(found, dict) or found.get("verdict") != _REJECTED:
        return ""
    reason = found.get("reason")
    return reason if isinstance(reason, str) else ""
