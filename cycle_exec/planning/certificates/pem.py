"""PEM as it really comes: plain or base64 of PEM, any line ends, notes between the blocks."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64

from cycle_exec.errors import Unfit
from cycle_exec.planning.certificates.der import NotDer, Reader
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = {
    "DH PARAMETERS": "DH PARAMETERS",
    "X9.42 DH PARAMETERS": "DH PARAMETERS",
    "EC PARAMETERS": "EC PARAMETERS",
    "X509 CRL": "a revocation list (X509 CRL)",
    "PKCS7": "a PKCS7 archive (convert it with openssl pkcs7 -print_certs)",
    "CERTIFICATE REQUEST": "a certificate request",
    "NEW CERTIFICATE REQUEST": "a certificate request",
    "PUBLIC KEY": "a public key",
}
_LONGEST_WORD = 16  # characters; longer ones are no label, but what stands inside blocks
_LABEL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .#")
_LARGEST = 1024 * 1024  # characters, of the text as it comes
_MOST_BLOCKS = 32
# What OpenSSL takes for blank at both ends of a line, and what Windows puts before a text.
_BLANKS, _MARK = "".join(map(chr, range(33))), "\ufeff"
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_CERTIFICATE = "CERTIFICATE"
# The second is an old name that OpenSSL still reads; all are written as the first.
_TRUSTED = "TRUSTED CERTIFICATE"
_CERTIFICATES = frozenset((_CERTIFICATE, "X509 CERTIFICATE", _TRUSTED))
_KEYS = frozenset(("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"))
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
# What openssl writes beside a key of its own; it says nothing that the key does not.
_PASSED_OVER = frozenset(("EC PARAMETERS",))


class NotPem(Unfit):
    """The text is no PEM as we accept it."""


class Block(Record):
    """One block: its label, its content, and its text with normal line ends."""

    _redacted = ("der", "text")

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
            raise NotPem(f"the bundle contains {_called(block.label)}, which is no certificate")
    if not blocks:
        raise NotPem("the bundle contains no certificate")
    return blocks


def private_key(text: str) -> Block:
    """Return the one private key. Raises NotPem, also for one that needs a password."""
    what = "the private key"
    blocks = [block for block in _blocks(text, what) if block.label not in _PASSED_OVER]
    # The certificates of a combined file; those of the bundle count.
    blocks = [block for block in blocks if block.label != _CERTIFICATE]
    # One that stands twice is one.
    blocks = list({(block.label, block.der): block for block in blocks}.values())
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


def _called(label: str) -> str:
    """Name a block by its label; "PKCS7" is what its users know it by."""
    if not _LABEL.issuperset(label) or max(map(len, label.split(" "))) > _LONGEST_WORD:
        return "a block of another kind"
    if label in _NAMED:
        return _NAMED[label]
    from cycle_exec.settings.nearest import printable

    return f"a block {printable(label, 40)}"


def _blocks(text: str, what: str) -> tuple[Block, ...]:
    if len(text) > _LARGEST:
        raise NotPem(f"{what} is larger than 1 MiB")
    plain = _plain(text, what)
    _require_lines(plain, what)
    lines = iter([line.strip(_BLANKS).removeprefix(_MARK) for line in plain.splitlines()])
    found: list[Block] = []
    for line in lines:
        if line.startswith(_BEGIN):
            found.append(_block(line, lines, what))
            if len(found) > _MOST_BLOCKS:
                raise NotPem(f"{what} has more than {_MOST_BLOCKS} blocks")
        elif line.startswith(_END):
            raise NotPem(f"{what} has an END line without a BEGIN line")
    return tuple(found)


def _require_lines(text: str, what: str) -> None:
    """Refuse PEM whose line ends were lost on the way, in words that say so."""
    at = text.index(_BEGIN)
    end = text.find(_END, at)
    block = text[at : end + 1]
    if end < 0 or len(block.splitlines()) > 1:
        return
    if "\\n" in block:
        raise NotPem(rf"{what} has the two characters \n where its line ends belong")
    raise NotPem(f"{what} has lost its line ends")


def _plain(text: str, what: str) -> str:
    """PEM itself, or what base64 of PEM stands for."""
    text = text.removeprefix(_MARK)
    if _BEGIN in text:
        return text
    if not text.strip():
        raise NotPem(f"{what} is empty")
    try:
        decoded = a2b_base64("".join(text.split()).encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        decoded = b""
    # Notes between the blocks may be in any encoding; they are dropped.
    inner = decoded.decode("utf-8", "replace").removeprefix(_MARK)
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
        der = a2b_base64("".join(content.split()).encode("ascii"), strict_mode=True)
    except (Base64Error, ValueError):
        raise NotPem(f"{what} has a block with invalid base64") from None
    if not der:
        raise NotPem(f"{what} has an empty block")
    if label in _CERTIFICATES:
        # What OpenSSL puts behind a trusted one is for clients, and nobody reads anything else.
        try:
            der = Reader(der).element()[2]
        except NotDer:
            if label == _TRUSTED:
                raise NotPem(f"{what} has a block {label} that is none") from None
        label = _CERTIFICATE
    encoded = b2a_base64(der, newline=False).decode()
    body = "\n".join(encoded[start : start + 64] for start in range(0, len(encoded), 64))
    text = f"{_BEGIN}{label}{_DASHES}\n{body}\n{_END}{label}{_DASHES}\n"
    return Block(label=label, der=der, text=text)
