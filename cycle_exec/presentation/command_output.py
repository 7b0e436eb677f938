"""The last lines of a command that failed, as far as nothing fetched can be in them."""

from __future__ import annotations

import re

from cycle_exec.planning.model import INTEGRATION, VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.secret import Secret
    from cycle_exec.sources.model import Snapshot

LAST = 10  # lines
WITHHELD = "(a line is withheld: a part of a fetched value may be in it)"
TOO_MUCH = "(the output is withheld: the fetched values are too large to look for)"
MASK = "***"
_RUN = 6  # characters in a row that give a value away
_LONGEST = 400  # characters of a line
_LARGEST = 1024 * 1024  # characters of all values; they take less than two seconds
# Colours and the like, which could stand in the middle of a value (ECMA-48).
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_ENDS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def values(snapshot: Snapshot, token: Secret, writes: Iterable[FileWrite]) -> list[str]:
    """Return every fetched value that could stand in somebody's output. writes: decoded ones."""
    found = [*snapshot.variables.values(), *snapshot.files.values.values(), token.reveal()]
    for integration in snapshot.integrations.values():
        found += integration.fields.values() if integration is not None else ()
    for certificate in snapshot.certificates or ():
        found.append(certificate.private_key.reveal())
    for write in writes:
        if write.kind in (VARIABLE, INTEGRATION):
            found.append(write.content.decode("utf-8", "surrogateescape"))
    return found


def shown(output: bytes, values: Iterable[str]) -> tuple[str, ...]:
    """Return the last ten lines that are not blank, in printable ASCII.

    A line in which six or more characters in a row of any value stand is withheld: as they are, or
    escaped for JSON, a shell or a URL, or in base64. Shorter values, and short lines of values, are
    masked where they stand as whole words.
    """
    return Screen(values).shown(output, last=LAST)


class Screen:
    """What may be shown of output that comes piece by piece, each of whole lines."""

    def __init__(self, values: Iterable[str]) -> None:
        known = list(dict.fromkeys(value for value in values if value))
        self._is_too_much = sum(map(len, known)) > _LARGEST
        found = () if self._is_too_much else known
        self._forms = {form for value in found for form in _forms(value)}
        self._short = {form for form in self._forms if len(form) < _RUN}

    def shown(self, output: bytes, last: int = 0) -> tuple[str, ...]:
        """Return the lines as in `shown` above. last: so many at most, 0: all."""
        text = _ESCAPES.sub("", output.decode("utf-8", "surrogateescape"))
        lines = [line.rstrip() for line in _ENDS.split(text)]
        lines = [line for line in lines if line.strip("\0 \t")][-last:]
        if self._is_too_much:
            return (TOO_MUCH,) if lines else ()
        runs = {line[at : at + _RUN] for line in lines for at in range(len(line) - _RUN + 1)}
        given_away = {
            form[at : at + _RUN]
            for form in self._forms
            for at in range(len(form) - _RUN + 1)
            if form[at : at + _RUN] in runs
        }
        return tuple(_shown(line, given_away, self._short) for line in lines)


def _shown(line: str, given_away: set[str], short: set[str]) -> str:
    if any(line[at : at + _RUN] in given_away for at in range(len(line) - _RUN + 1)):
        return WITHHELD
    for form in sorted(short, key=len, reverse=True):
        if form in line:
            line = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", MASK, line)
    # A byte that is not UTF-8 is a surrogate here, and shown as the byte it is.
    plain = line.encode("ascii", "backslashreplace").decode().replace("\\udc", "\\x")
    plain = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in plain)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."


def _forms(value: str) -> Iterator[str]:
    """Yield every spelling of a value that a command may print, and those of its lines."""
    for part in {value, *value.splitlines()}:
        stripped = part.strip()
        if stripped:
            yield stripped
            yield from _escaped(part)


def _escaped(text: str) -> Iterator[str]:
    import json
    from base64 import b64encode
    from urllib.parse import quote, quote_plus

    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.replace("'", "'\"'\"'")
    yield text.replace("'", "'\\''")
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
    raw = text.encode("utf-8", "surrogateescape")
    for whole in (quote(raw, safe=""), quote_plus(raw, safe=""), quote(raw)):
        yield whole
        yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), whole)
    if len(raw) > 2:
        for ahead in range(3):
            # Characters that only bits of the value decide, wherever it begins in what was encoded.
            encoded = b64encode(b"\0" * ahead + raw).decode().rstrip("=")
            first, last = (0, 2, 3)[ahead], len(encoded) - ((len(raw) + ahead) % 3 > 0)
            yield encoded[first:last]
            yield encoded[first:last].replace("+", "-").replace("/", "_")
