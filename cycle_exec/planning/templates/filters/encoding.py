"""Text in other alphabets, and digests of it."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import FilterFailed, text

_DIGESTS = frozenset(
    """
    blake2b blake2s md5 sha1 sha224 sha256 sha384 sha3_224 sha3_256 sha3_384 sha3_512 sha512
    """.split()
)


def b64encode(value: object) -> str:
    """Return base64 of the UTF-8 text, in one line."""
    from binascii import b2a_base64

    return b2a_base64(text(value).encode(), newline=False).decode()


def b64decode(value: object) -> str:
    """Return the text that base64 stands for."""
    from binascii import a2b_base64

    try:
        content = "".join(text(value).split()).encode("ascii")
        return a2b_base64(content, strict_mode=True).decode()
    except UnicodeDecodeError:
        raise FilterFailed("the decoded value is not UTF-8 text") from None
    except ValueError:
        raise FilterFailed("the value is not base64") from None


def digest(value: object, hashtype: str = "sha1") -> str:
    """Return a digest of the UTF-8 text, in hex."""
    import hashlib

    if hashtype not in _DIGESTS:
        raise FilterFailed(f"it knows {', '.join(sorted(_DIGESTS))}")
    return hashlib.new(hashtype, text(value).encode(), usedforsecurity=False).hexdigest()


def md5(value: object) -> str:
    """Return the MD5 of the UTF-8 text, in hex."""
    return digest(value, "md5")


def sha1(value: object) -> str:
    """Return the SHA-1 of the UTF-8 text, in hex."""
    return digest(value, "sha1")


def sha256(value: object) -> str:
    """Return the SHA-256 of the UTF-8 text, in hex."""
    return digest(value, "sha256")


def urldecode(value: object) -> str:
    """Return the text behind percent signs, a plus for a blank."""
    from urllib.parse import unquote_plus

    return unquote_plus(text(value))


FILTERS = {
    "b64decode": b64decode,
    "b64encode": b64encode,
    "checksum": sha1,
    "hash": digest,
    "md5": md5,
    "sha1": sha1,
    "sha256": sha256,
    "urldecode": urldecode,
}
