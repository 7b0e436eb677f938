"""PEM as it really comes: plain or base64 of PEM, any line ends, notes between the blocks."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from cycle_exec.errors import Unfit
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST = 1024 * 1024  # characters, of the text as it comes
_MOST_BLOCKS = 32
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_CERTIFICATE = "CERTIFICATE"
# The second is an old name that OpenSSL still reads; it is written as the first.
_CERTIFICATES = frozenset((_CERTIFICATE, "X509 CERTIFICATE"))
_KEYS = frozenset(("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"))
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
# What openssl writes beside a key of its own; it says nothing that the key does not.
_PASSED_OVER = frozenset(("EC PARAMETERS",))


class NotPem(Unfit):
    """The text is no PEM as we accept it."""


class Block(Record):
    """One block: its label, its content, and its text with normal line ends."""

    _sealed = ("der", "text")

    label: str
    der: bytes
    text: str


def certificates(text: str) -> tuple[Block, ...]:
    """Return the certificates of a bundle, in order. Raises NotPem, also for a key among them."""
    blocks = _blocks(text, "the bundle")
    for block in blocks:
        if block.label.endswith("PRIVATE KEY"):
            raise NotPem("a private key is inside the certificate bundle")
        if block.label != _CERTIFICATE:
            raise NotPem("the bundle contains something that is not a certificate")
    if not blocks:
        raise NotPem("the bundle contains no certificate")
    return blocks


def private_key(text: str) -> Block:
    """Return the one private key. Raises NotPem, also for one that needs a password."""
    what = "the private key"
    blocks = [block for block in _blocks(text, what) if block.label not in _PASSED_OVER]
    labels = [block.label for block in blocks]
    if _ENCRYPTED in labels:
        raise NotPem("the private key is encrypted, which is not supported")
    keys = [label for label in labels if label.endswith("PRIVATE KEY")]
    if len(keys) != len(labels):
        raise NotPem("the private key is mixed with other PEM blocks")
    if len(keys) != 1:
        raise NotPem("there is more than one private key" if keys else "there is no private key")
    if keys[0] not in _KEYS:
        raise NotPem("the private key is of an unknown kind")
    return blocks[0]


def _blocks(text: str, what: str) -> tuple[Block, ...]:
    if len(text) > _LARGEST:
        raise NotPem(f"{what} is larger than 1 MiB")
    lines = map(str.strip, _plain(text, what).splitlines())
    found: list[Block] = []
    for line in lines:
        if line.startswith(_BEGIN):
            found.append(_block(line, lines, what))
            if len(found) > _MOST_BLOCKS:
                raise NotPem(f"{what} has more than {_MOST_BLOCKS} blocks")
        elif line.startswith(_END):
            raise NotPem(f"{what} has an END line without a BEGIN line")
    return tuple(found)


def _plain(text: str, what: str) -> str:
    """PEM itself, or what base64 of PEM stands for."""
    text = text.removeprefix("\ufeff")
    if _BEGIN in text:
        return text
    if not text.strip():
        raise NotPem(f"{what} is empty")
    try:
        decoded = a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        decoded = b""
    # Notes between the blocks may be in any encoding; they are dropped.
    inner = decoded.decode("utf-8", "replace").removeprefix("\ufeff")
    if _BEGIN not in inner:
        raise NotPem(f"{what} is neither PEM nor base64-encoded PEM")
    return inner


def _block(first: str, lines: Iterator[str], what: str) -> Block:
    label = first.removeprefix(_BEGIN).removesuffix(_DASHES)
    if first != f"{_BEGIN}{label}{_DASHES}" or not label:
        raise NotPem(f"{what} has a malformed BEGIN line")
    content: list[str] = []
    encrypted = False
    for line in lines:
        if line == f"{_END}{label}{_DASHES}":
            if encrypted:
                return Block(label=_ENCRYPTED, der=b"", text="")
            return _decoded(label, "".join(content), what)
        if line.startswith(_DASHES):
            break
        if ":" in line:
            # RFC 1421 headers: in the wild only those of an encrypted key.
            encrypted = encrypted or (line.startswith("Proc-Type") and "ENCRYPTED" in line)
            if not encrypted:
                raise NotPem(f"{what} has a block with headers")
        content.append(line)
    raise NotPem(f"{what} has a BEGIN line without an END line")


def _decoded(label: str, content: str, what: str) -> Block:
    try:
        der = a2b_base64(content.encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        raise NotPem(f"{what} has a block with invalid base64") from None
    if not der:
        raise NotPem(f"{what} has an empty block")
    if label in _CERTIFICATES:
        label = _CERTIFICATE
    encoded = b2a_base64(der, newline=False).decode()
    body = "\n".join(encoded[start : start + 64] for start in range(0, len(encoded), 64))
    text = f"{_BEGIN}{label}{_DASHES}\n{body}\n{_END}{label}{_DASHES}\n"
    return Block(label=label, der=der, text=text)
