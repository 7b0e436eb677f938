"""Passwords as a server's own file of users has them."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

_MOST = 72  # bytes; bcrypt takes no more


def password_hash(
    value: object,
    hashtype: str = "bcrypt",
    *,
    rounds: int = 10,
    ident: str = "2b",
    template: str = "",
) -> str:
    """Return a bcrypt hash, which is the same for the same value in the same template.

    The salt is made of both, so that a reload finds nothing changed. It is made by bcrypt too:
    by a fast digest it would itself be what a password is guessed against.
    """
    if hashtype not in ("bcrypt", "blowfish"):
        raise FilterFailed("bcrypt is the only kind there is")
    if ident not in ("2a", "2b"):
        raise FilterFailed("ident is 2a or 2b")
    if not isinstance(rounds, int) or not 4 <= rounds <= 15:
        raise FilterFailed("rounds are from 4 to 15")
    password = text(value).encode()
    if not password or len(password) > _MOST or b"\0" in password:
        raise FilterFailed(f"it takes 1 to {_MOST} bytes without a NUL")
    try:
        from bcrypt import hashpw
    except ImportError:
        raise FilterFailed("it needs the package bcrypt: pip install cycle-exec[bcrypt]") from None
    digest = hashpw(password, _salt(rounds, ident, template.encode("utf-8", "surrogateescape")))
    made: bytes = hashpw(password, _salt(rounds, ident, digest))
    return made.decode()


def _salt(rounds: int, ident: str, source: bytes) -> bytes:
    from hashlib import sha256

    return f"${ident}${rounds:02d}$".encode() + _base64(sha256(source).digest()[:16])


def _base64(content: bytes) -> bytes:
    from binascii import b2a_base64

    usual = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bcrypts = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    plain = b2a_base64(content, newline=False).rstrip(b"=")
    return plain.translate(bytes.maketrans(usual, bcrypts))


FILTERS = {"password_hash": password_hash}
