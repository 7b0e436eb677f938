"""Values as single words of other programs' config files, or refused where none can carry them."""

from __future__ import annotations

from cycle_exec.planning.files import dotenv
from cycle_exec.planning.templates.filters.values import FilterFailed, of_word, text

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-[]+=,%@~")
_NGINX_MOST = 4000  # bytes; a token must fit its buffer of 4096
_PGBOUNCER_MOST = 2047  # bytes of a password


def bare_word(text: str) -> str:
    """Return the text, if it means the same without quotes wherever a word, number or address
    stands.
    """
    if not text or not _BARE.issuperset(text):
        allowed = "letters, digits and . _ : / - [ ] + = , % @ ~"
        raise FilterFailed(f"it may only contain {allowed}")
    return text


def quote_haproxy(text: str) -> str:
    """Return the text in HAProxy's strong quotes."""
    _without(text, "\0\r\n", "it has a line break or a NUL, which HAProxy cannot quote")
    return dotenv.shell_quoted(text)


def quote_nginx(text: str) -> str:
    """Return the text as a parameter of nginx, where a $ would always begin a variable."""
    _without(text, "\0$", "it has a $ or a NUL, which nginx cannot quote")
    if len(text.encode("utf-8", "surrogateescape")) > _NGINX_MOST:
        raise FilterFailed(f"it is longer than {_NGINX_MOST} bytes")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_postgres(text: str) -> str:
    """Return the text as a string of postgresql.conf, and behind an E as one of SQL."""
    _without(text, "\0", "it has a NUL, which PostgreSQL does not allow")
    text = text.replace("\\", "\\\\").replace("'", "''")
    return "'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"


def quote_properties(text: str) -> str:
    """Return the text as a value of a Java .properties file, in ASCII.

    What Spring takes for a placeholder or an expression is refused: it would put something else
    in its place.
    """
    if "${" in text or "#{" in text:
        raise FilterFailed("it has ${ or #{, which frameworks expand")
    quoted = "".join(map(_property_character, text))
    return "\\" + quoted if quoted.startswith(" ") else quoted


def _property_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if " " <= character <= "~":
        return character
    try:
        units = character.encode("utf-16-be").hex()
    except UnicodeEncodeError:
        raise FilterFailed("it is not UTF-8") from None
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def quote_redis(text: str) -> str:
    """Return the text as an argument of redis.conf."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one >= " " else f"\\x{ord(one):02x}" for one in text) + '"'


def quote_userlist(text: str) -> str:
    """Return the text as a name or a password of PgBouncer's userlist.txt."""
    _without(text, "\0\r\n", "it has a line break or a NUL")
    if len(text.encode("utf-8", "surrogateescape")) > _PGBOUNCER_MOST:
        raise FilterFailed(f"it is longer than {_PGBOUNCER_MOST} bytes")
    return '"' + text.replace('"', '""') + '"'


def quote_shell(text: str) -> str:
    """Return the text in single quotes, one word for every shell."""
    _without(text, "\0", "the value contains a NUL, which shells do not allow")
    return dotenv.shell_quoted(text)


def quote(value: object) -> str:
    """Return the text as one word of a shell, quoted where that is needed."""
    from shlex import quote

    word = "" if value is None else text(value)
    _without(word, "\0", "the value contains a NUL, which shells do not allow")
    return quote(word)


def quote_dotenv(text: str) -> str:
    """Return the text as python-dotenv reads it back."""
    return dotenv.quote(text)


def pem_leaf(text: str) -> str:
    """Return the first certificate of a PEM bundle."""
    return _blocks(text)[0]


def pem_chain(text: str) -> str:
    """Return all certificates of a PEM bundle but the first."""
    return "".join(_blocks(text)[1:])


def _blocks(text: str) -> list[str]:
    from cycle_exec.planning.certificates import pem

    return [block.text for block in pem.certificates(text)]


def _without(text: str, characters: str, reason: str) -> None:
    if any(character in text for character in characters):
        raise FilterFailed(reason)


_OF_WORDS = (
    bare_word,
    pem_chain,
    pem_leaf,
    quote_dotenv,
    quote_haproxy,
    quote_nginx,
    quote_postgres,
    quote_properties,
    quote_redis,
    quote_shell,
    quote_userlist,
)
FILTERS = {"quote": quote, **{each.__name__: of_word(each) for each in _OF_WORDS}}
