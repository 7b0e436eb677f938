"""Whether a key fits its certificate, as OpenSSL sees it, without a file on any disk.

Through `_ssl`, the part of ssl that is OpenSSL: ssl itself would bring sockets, selectors and
enumerations, which cost twice as much as the whole check.
"""

from __future__ import annotations

import os
from errno import EFBIG

from cycle_exec.errors import refuse
from cycle_exec.system import memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# OpenSSL's reasons. The second is what remains when key and certificate are of different kinds.
_APART = frozenset(("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "KEY_TYPE_MISMATCH"))
# Policy of this machine's OpenSSL, not of the app's: it says nothing about the pair.
_WEAK = frozenset(("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"))

_SUBJECT = "the check whether keys match their certificates"

# Issuers that OpenSSL has read; most certificates of a container have the same.
_read: set[str] = set()
_MOST_READ = 32
_BEGIN = "-----BEGIN CERTIFICATE-----\n"


def openssl() -> Any:
    """Return the module that has _SSLContext, MemoryBIO, the errors and the protocols."""
    memory.require_for("_ssl")
    try:
        import _ssl

        if hasattr(_ssl, "_SSLContext"):
            return _ssl
    except ImportError:
        pass
    import ssl

    return ssl


def mismatch(privkey: str, fullchain: str) -> str | None:
    """Why the key and the leaf do not belong together, in our words, or None if they do.

    OpenSSL only takes file names: an anonymous file in memory gives it one. It never asks for a
    password. Raises Refused where this machine cannot tell, which is not the portal's to mend.
    """
    leaf, *above = fullchain.split(_BEGIN)[1:] or [fullchain]
    new = [text for text in above if text not in _read]
    descriptor = memory_file((privkey + _BEGIN + _BEGIN.join((leaf, *new))).encode())
    try:
        apart = _judged(descriptor, fullchain)
    finally:
        os.close(descriptor)
    if apart is None and len(_read) < _MOST_READ:
        _read.update(new)
    return apart


def memory_file(content: bytes) -> int:
    """Return the descriptor of an anonymous file in memory. Raises Refused."""
    try:
        descriptor = memory.anonymous("pair")
    except OSError:
        reason = "this system has neither memory files nor a writable /dev/shm"
        fix = "allow the system call memfd_create, or mount /dev/shm"
        raise refuse("certificate-refused", _SUBJECT, reason, fix) from None
    left = memoryview(content)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        os.close(descriptor)
        reason, fix = "memory is short", "give the container more memory"
        if error.errno == EFBIG:
            # It counts for files in memory, too.
            reason = "the limit of the size of files (RLIMIT_FSIZE) is reached"
            fix = "raise the limit"
        raise refuse("certificate-refused", _SUBJECT, reason, fix) from None
    return descriptor


def _judged(descriptor: int, fullchain: str) -> str | None:
    library = openssl()
    # A fresh one for each pair: it keeps what it loads.
    context = library._SSLContext(int(library.PROTOCOL_TLS_SERVER))
    reason = load(library, context, descriptor)
    if reason in _WEAK:
        context.set_ciphers("ALL:@SECLEVEL=0")
        reason = load(library, context, descriptor)
    if reason is None:
        return None
    if reason in _APART:
        return "the private key does not match the certificate"
    if reason == _INVALID:
        return "openssl calls the leaf invalid: one of its extensions is malformed or stands twice"
    if reason == _PASSWORD:
        return "the private key is encrypted, which is not supported"
    try:
        context.load_verify_locations(cadata=fullchain)
    except (library.SSLError, ValueError):
        return "openssl cannot read the certificate"
    return "openssl cannot read the private key"


_INVALID = "INVALID_CERTIFICATE"
_PASSWORD = "password"  # noqa: S105 - our own word for "it asked for one"


class _Asked(Exception):
    pass


def _no_password() -> bytes:
    raise _Asked


def load(library: Any, context: Any, descriptor: int) -> str | None:
    """Load a key and its chain from an open file; return why they do not load, or None.

    That is OpenSSL's name of the reason, empty if it gives none, or `_PASSWORD`. Raises Refused.
    """
    try:
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", None, _no_password)
    except library.SSLError as error:
        return error.reason or ""
    except _Asked:
        return _PASSWORD
    except OSError:
        reason, fix = "/proc/self/fd cannot be read", "mount /proc in the container"
        raise refuse("certificate-refused", _SUBJECT, reason, fix) from None
    return None
