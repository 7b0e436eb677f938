"""Values as single words of other programs' config files, or refused where none can carry them."""

from __future__ import annotations

from cycle_exec.planning.files import dotenv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-[]+=,%@~")
_NGINX_MOST = 4000  # bytes; a token must fit its buffer of 4096
_PGBOUNCER_MOST = 2047  # bytes of a password


class FilterFailed(Exception):
    """A filter cannot do its work; `reason` is in our words, without the value."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def text_for(name: str, value: object) -> str:
    """Return the value, which has to be a string. name: of the filter. Raises FilterFailed."""
    if not isinstance(value, str):
        raise FilterFailed(f"{name} needs a string")
    return value


def bare_word(value: object) -> str:
    """Return the text, if it means the same without quotes wherever a word, number or address
    stands.
    """
    text = text_for("bare_word", value)
    if not text or not _BARE.issuperset(text):
        allowed = "letters, digits and . _ : / - [ ] + = , % @ ~"
        raise FilterFailed(f"bare_word: it may only contain {allowed}")
    return text


def quote_haproxy(value: object) -> str:
    """Return the text in HAProxy's strong quotes."""
    text = text_for("quote_haproxy", value)
    _without(
        text, "\0\r\n", "quote_haproxy: it has a line break or a NUL, which HAProxy cannot quote"
    )
    return dotenv.shell_quoted(text)


def quote_nginx(value: object) -> str:
    """Return the text as a parameter of nginx, where a $ would always begin a variable."""
    text = text_for("quote_nginx", value)
    _without(text, "\0$", "quote_nginx: it has a $ or a NUL, which nginx cannot quote")
    if len(text.encode("utf-8", "surrogateescape")) > _NGINX_MOST:
        raise FilterFailed(f"quote_nginx: it is longer than {_NGINX_MOST} bytes")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_postgres(value: object) -> str:
    """Return the text as a string of postgresql.conf, and behind an E as one of SQL."""
    text = text_for("quote_postgres", value)
    _without(text, "\0", "quote_postgres: it has a NUL, which PostgreSQL does not allow")
    text = text.replace("\\", "\\\\").replace("'", "''")
    return "'" + text.replace("\n", "\\n").replace("\r", "\\r") + "'"


def quote_properties(value: object) -> str:
    """Return the text as a value of a Java .properties file, in ASCII.

    What Spring takes for a placeholder or an expression is refused: it would put something else
    in its place.
    """
    text = text_for("quote_properties", value)
    if "${" in text or "#{" in text:
        raise FilterFailed("quote_properties: it has ${ or #{, which frameworks expand")
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
        raise FilterFailed("quote_properties: it is not UTF-8") from None
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def quote_redis(value: object) -> str:
    """Return the text as an argument of redis.conf."""
    text = text_for("quote_redis", value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one >= " " else f"\\x{ord(one):02x}" for one in text) + '"'


def quote_userlist(value: object) -> str:
    """Return the text as a name or a password of PgBouncer's userlist.txt."""
    text = text_for("quote_userlist", value)
    _without(text, "\0\r\n", "quote_userlist: it has a line break or a NUL")
    if len(text.encode("utf-8", "surrogateescape")) > _PGBOUNCER_MOST:
        raise FilterFailed(f"quote_userlist: it is longer than {_PGBOUNCER_MOST} bytes")
    return '"' + text.replace('"', '""') + '"'


def _without(text: str, characters: str, reason: str) -> None:
    if any(character in text for character in characters):
        raise FilterFailed(reason)


ALL: dict[str, Callable[[object], str]] = {
    "bare_word": bare_word,
    "quote_haproxy": quote_haproxy,
    "quote_nginx": quote_nginx,
    "quote_postgres": quote_postgres,
    "quote_properties": quote_properties,
    "quote_redis": quote_redis,
    "quote_userlist": quote_userlist,
}
