"""Distinguished names: compared as RFC 5280 7.1 says and OpenSSL does, and shown to people."""

from __future__ import annotations

from cycle_exec.planning.certificates.der import OID, SEQUENCE, SET, NotDer, Reader, single

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Canonical = list[frozenset[tuple[bytes, object]]]

# Types of strings that are equal if their texts are; latin-1 is what OpenSSL takes T61 for.
_TEXTS = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_SPACES = " \t\n\v\f\r"
_CAPITALS = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
# The few names of a start are compared many times.
_known: dict[bytes, Canonical | None] = {}
_MOST_KNOWN = 256
_COMMON_NAME, _ORGANIZATION = bytes.fromhex("550403"), bytes.fromhex("55040a")
_LONGEST_NAME = 100  # characters of a name that people are shown


def same(one: bytes, other: bytes) -> bool:
    """Whether two names, raw DER, are of the same holder."""
    if one == other:
        return True
    found = _canonical(one)
    return found is not None and found == _canonical(other)


def shown(name: bytes) -> str:
    """Return the common name, else the organization, else nothing; printable."""
    found: dict[bytes, str] = {}
    try:
        for part in _parts(name):
            for kind, tag, content in part:
                if tag in _TEXTS:
                    found.setdefault(kind, content.decode(_TEXTS[tag], "replace"))
    except NotDer:
        return ""
    text = found.get(_COMMON_NAME) or found.get(_ORGANIZATION, "")
    fit = "".join(one if one.isprintable() else "?" for one in text[:_LONGEST_NAME])
    return fit + "..." if len(text) > _LONGEST_NAME else fit


def _parts(name: bytes) -> Iterator[list[tuple[bytes, int, bytes]]]:
    """Each relative name: kind, type and content of its attributes."""
    parts = single(name, SEQUENCE)
    while parts.more:
        attributes = Reader(parts.expect(SET))
        found = []
        while attributes.more:
            attribute = Reader(attributes.expect(SEQUENCE))
            kind = attribute.expect(OID)
            tag, content, _ = attribute.element()
            found.append((kind, tag, content))
        yield found


def _canonical(name: bytes) -> Canonical | None:
    """Return what is equal for equal names, None for what is no name."""
    if name not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        try:
            _known[name] = [
                frozenset((kind, _folded(tag, content)) for kind, tag, content in part)
                for part in _parts(name)
            ]
        except NotDer:
            _known[name] = None
    return _known[name]


def _folded(tag: int, content: bytes) -> object:
    """Return the text without letter case and outer or repeated blanks, else type and content."""
    try:
        text = content.decode(_TEXTS[tag])
    except (KeyError, UnicodeDecodeError):
        return tag, content
    for space in _SPACES[1:]:
        text = text.replace(space, " ")
    # Only letters of ASCII: others differ, in OpenSSL too.
    return " ".join(filter(None, text.translate(_CAPITALS).split(" ")))
