"""PEM as it really comes: plain or base64 of PEM, any line ends, notes between the blocks."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from cycle_exec.record import Record

_LARGEST = 1024 * 1024
_BEGIN, _END = "-----BEGIN ", "-----END "
_CERTIFICATES = frozenset(("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"))
_KEYS = frozenset(("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"))
# What openssl writes beside a key of its own; it says nothing that the key does not.
_PASSED_OVER = frozenset(("EC PARAMETERS",))


class NotPem(Exception):
    """The text is not what it should be; `reason` is in our words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Block(Record):
    """One block: its label, its content, and its text with normal line ends."""

    _sealed = ("der", "text")

    label: str
    der: bytes
    text: str


def certificates(text: str) -> tuple[Block, ...]:
    """The certificates of a bundle, in order. Raises NotPem, also for a key among them."""
    blocks = _blocks(text)
    for block in blocks:
        if block.label.endswith("PRIVATE KEY"):
            raise NotPem("a private key is inside the certificate bundle")
        if block.label not in _CERTIFICATES:
            raise NotPem("the bundle holds something that is not a certificate")
    if not blocks:
        raise NotPem("the bundle holds no certificate")
    return blocks


def private_key(text: str) -> Block:
    """The one private key. Raises NotPem, also for one that needs a password."""
    blocks = [block for block in _blocks(text) if block.label not in _PASSED_OVER]
    if any(block.label == "ENCRYPTED PRIVATE KEY" for block in blocks):
        raise NotPem("the private key is encrypted, and nobody can type its password")
    if len(blocks) != 1:
        raise NotPem("there must be exactly one private key")
    if blocks[0].label not in _KEYS:
        raise NotPem("the private key is of a kind that is not known")
    return blocks[0]


def _blocks(text: str) -> tuple[Block, ...]:
    if len(text) > _LARGEST:
        raise NotPem("the text is larger than 1 MiB")
    lines = iter(_plain(text).splitlines())
    found = []
    for line in lines:
        if line.startswith(_BEGIN):
            found.append(_block(line, lines))
        elif line.startswith(_END):
            raise NotPem("a block ends that never began")
    return tuple(found)


def _plain(text: str) -> str:
    """PEM itself, or what base64 of PEM stands for."""
    if _BEGIN in text:
        return text
    if not text.strip():
        raise NotPem("it is empty")
    try:
        decoded = a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
        inner = decoded.decode("ascii")
    except (Base64Error, ValueError):
        raise NotPem("it is neither PEM nor base64 of PEM") from None
    if _BEGIN not in inner:
        raise NotPem("it is neither PEM nor base64 of PEM")
    return inner


def _block(first: str, lines: Iterator[str]) -> Block:
    label = first.rstrip().removeprefix(_BEGIN).removesuffix("-----")
    if first.rstrip() != f"{_BEGIN}{label}-----" or not label:
        raise NotPem("the first line of a block is broken")
    content: list[str] = []
    for line in lines:
        stripped = line.strip()
        if stripped == f"{_END}{label}-----":
            return _decoded(label, "".join(content))
        if stripped.startswith("-----"):
            break
        if ":" in stripped:
            if stripped.startswith("Proc-Type") and "ENCRYPTED" in stripped:
                raise NotPem("the private key is encrypted, and nobody can type its password")
            raise NotPem("a block has headers")
        content.append(stripped)
    raise NotPem("a block does not end")


def _decoded(label: str, content: str) -> Block:
    try:
        der = a2b_base64(content.encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        raise NotPem("the base64 inside a block is broken") from None
    if not der:
        raise NotPem("a block is empty")
    encoded = b2a_base64(der, newline=False).decode()
    body = "\n".join(encoded[start : start + 64] for start in range(0, len(encoded), 64))
    return Block(label=label, der=der, text=f"{_BEGIN}{label}-----\n{body}\n{_END}{label}-----\n")


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
