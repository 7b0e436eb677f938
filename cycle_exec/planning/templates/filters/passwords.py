"""Passwords as a server's own file of users has them."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

_MOST = 72  # bytes; bcrypt takes no more
_SALT = 22  # characters
_ROUNDS = 10
_IDENT = "2b"
_ALPHABET = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPTS = frozenset(_ALPHABET)


def password_hash(
    value: object,
    hashtype: str = "bcrypt",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
    *,
    template: str = "",
) -> str:
    """Return a bcrypt hash, which is the same for the same value in the same template.

    The salt, where none is given, is made of both, so that a reload finds nothing changed. It is
    made by bcrypt too: by a fast digest it would itself be what a password is guessed against.
    """
    if hashtype not in ("bcrypt", "blowfish"):
        raise FilterFailed("bcrypt is the only kind there is")
    rounds = _ROUNDS if rounds is None else rounds
    ident = _IDENT if ident is None else ident
    if ident not in ("2a", "2b"):
        raise FilterFailed("ident is 2a or 2b")
    if salt_size not in (None, _SALT) or (salt is not None and not _is_salt(salt)):
        raise FilterFailed(f"a salt of bcrypt has {_SALT} of the characters ./A-Za-z0-9")
    if not isinstance(rounds, int) or not 4 <= rounds <= 15:
        raise FilterFailed("rounds are from 4 to 15")
    password = text(value).encode()
    if not password or len(password) > _MOST or b"\0" in password:
        raise FilterFailed(f"it takes 1 to {_MOST} bytes without a NUL")
    try:
        from bcrypt import hashpw
    except ImportError:
        raise FilterFailed("it needs the package bcrypt: pip install cycle-exec[bcrypt]") from None
    begin = f"${ident}${rounds:02d}$".encode()
    if salt is None:
        digest = hashpw(password, begin + _salt(template.encode("utf-8", "surrogateescape")))
        made: bytes = hashpw(password, begin + _salt(digest))
    else:
        made = hashpw(password, begin + salt.encode())
    return made.decode()


def _is_salt(salt: object) -> bool:
    return isinstance(salt, str) and len(salt) == _SALT and _BCRYPTS.issuperset(salt.encode())


def _salt(source: bytes) -> bytes:
    from hashlib import sha256

    return _base64(sha256(source).digest()[:16])


def _base64(content: bytes) -> bytes:
    from binascii import b2a_base64

    usual = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    plain = b2a_base64(content, newline=False).rstrip(b"=")
    return plain.translate(bytes.maketrans(usual, _ALPHABET))


FILTERS = {"password_hash": password_hash}
