r"""Sealing bytes with AES-256-GCM: who has no key can neither read nor change them.

    "cycle-exec last-good 1\n" | kind of key, 1 byte | salt, 16 | nonce, 12 | ciphertext and tag

All before the ciphertext is authenticated with it. The only importer of cryptography on the way
of a launch, and only where [last_good] asks for it.
"""

from __future__ import annotations

import os
from binascii import Error as Base64Error
from binascii import a2b_base64

from cycle_exec.errors import Unfit
from cycle_exec.secret import SecretBytes
from cycle_exec.system import memory

MAGIC = b"cycle-exec last-good 1\n"
SHORTEST = 16  # bytes of a passphrase
_GIVEN, _SCRYPT = b"k", b"s"
_KEY, _SALT, _NONCE, _TAG = 32, 16, 12, 16
_HEAD = len(MAGIC) + 1 + _SALT + _NONCE
# RFC 7914; 32 MiB and about a tenth of a second.
_N, _R, _P = 1 << 15, 8, 1
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")


class Broken(Unfit):
    """The bytes cannot be opened; reason: why, in our words."""


def available() -> bool:
    """Whether the package cryptography is installed."""
    from importlib.util import find_spec

    return find_spec("cryptography") is not None


def ready() -> None:
    """Import what encryption needs, while there is time. Raise MemoryError without room for it."""
    memory.require_for("cryptography")
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: F401


def encrypt(secret: SecretBytes, content: bytes) -> bytes:
    """Return the content under a key, or under one made of a passphrase."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    kind = _GIVEN if _given(secret) is not None else _SCRYPT
    head = MAGIC + kind + os.urandom(_SALT) + os.urandom(_NONCE)
    return head + AESGCM(_key(secret, head)).encrypt(head[-_NONCE:], content, head)


def decrypt(secret: SecretBytes, encrypted: bytes) -> bytes:
    """Return the content again. Raises Broken."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not encrypted.startswith(MAGIC):
        raise Broken("it is not a last good copy")
    head = encrypted[:_HEAD]
    if len(encrypted) < _HEAD + _TAG:
        raise Broken("it is truncated")
    if head[len(MAGIC) : len(MAGIC) + 1] != (_GIVEN if _given(secret) is not None else _SCRYPT):
        raise Broken("it was encrypted with another kind of key")
    try:
        return AESGCM(_key(secret, head)).decrypt(head[-_NONCE:], encrypted[_HEAD:], head)
    except InvalidTag:
        raise Broken("the key does not match, or the copy was changed or truncated") from None


def _key(secret: SecretBytes, head: bytes) -> bytes:
    given = _given(secret)
    if given is not None:
        return given
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    salt = head[len(MAGIC) + 1 : len(MAGIC) + 1 + _SALT]
    return Scrypt(salt=salt, length=_KEY, n=_N, r=_R, p=_P).derive(secret.reveal())


def _given(secret: SecretBytes) -> bytes | None:
    """Return the key itself, if that is what it is: 32 bytes as 64 hex digits or as base64."""
    text = secret.reveal()
    if len(text) == 2 * _KEY and _HEX_DIGITS.issuperset(text):
        return bytes.fromhex(text.decode())
    try:
        found = a2b_base64(text, strict_mode=True)
    except Base64Error:
        return None
    return found if len(found) == _KEY and len(text) == 44 else None
