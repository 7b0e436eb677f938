"""Whether a key fits its certificate, as OpenSSL sees it, without a file on any disk."""

from __future__ import annotations

import os


def ready() -> None:
    """Load OpenSSL now, while something else is waited for."""
    import ssl  # noqa: F401


def mismatch(privkey: str, fullchain: str) -> str | None:
    """Why the key and the leaf do not belong together, in our words, or None if they do.

    OpenSSL only takes file names: an anonymous file in memory gives it one.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    descriptor = os.memfd_create("pair", os.MFD_CLOEXEC)
    try:
        left = memoryview((privkey + fullchain).encode())
        while left:
            left = left[os.write(descriptor, left) :]
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=_no_password)
    except ssl.SSLError as error:
        if error.reason in ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH"):
            return "the private key does not belong to the certificate"
        if error.reason == "EE_KEY_TOO_SMALL":
            return "its key is too short for OpenSSL on this machine"
        return "OpenSSL cannot load the certificate with its private key"
    except (OSError, ValueError):
        return "the pair could not be checked, /proc or memory files are not available"
    finally:
        os.close(descriptor)
    return None


def _no_password() -> bytes:
    raise ValueError
