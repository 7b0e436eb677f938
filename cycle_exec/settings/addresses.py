"""What a start can wait for, as people write it: one text becomes an address, or what is wrong."""

from __future__ import annotations

from cycle_exec.errors import Unfit
from cycle_exec.settings.model import WAIT_FORMS, Address, is_template

_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_NAME = _WORD | frozenset(".-")
_HEXADECIMAL = frozenset("0123456789ABCDEFabcdef:.")
_HIGHEST_PORT = 65_535
_INSTANCES = "instances="
_NO_HTTPS = (
    "is https, which is not supported, since a wait judges no certificate: write tcp://HOST:443 "
    "for the port, or http for a port without TLS"
)


def fault(text: str) -> str:
    """Return what is wrong with a text of the settings, as what is said of it; empty: nothing."""
    if is_template(text) and "\0" not in text:
        return ""
    try:
        parse(text)
    except Unfit as unfit:
        return unfit.reason
    return ""


def parse(text: str) -> Address:
    """Return the address. Raise Unfit, whose reason is what is said of the text."""
    if "\0" in text:
        raise Unfit("has a NUL")
    scheme, _, rest = text.partition(":")
    if scheme == "https":
        raise Unfit(_NO_HTTPS)
    make = _MAKERS.get(scheme)
    if make is None:
        known = "has a scheme that is not known" if rest.startswith("//") else "has no scheme"
        raise Unfit(f"{known}: it expects {WAIT_FORMS}")
    if scheme in ("unix", "file"):
        return _path(scheme, rest)
    if not rest.startswith("//"):
        raise Unfit(f"expects {WAIT_FORMS}")
    return make(scheme, rest[2:])


def _tcp(scheme: str, text: str) -> Address:
    host, port = _authority(text)
    if not port:
        raise Unfit("needs a port: tcp://HOST:PORT")
    return Address(scheme=scheme, host=host, port=port)


def _http(scheme: str, text: str) -> Address:
    authority, slash, path = text.partition("/")
    if not all("!" <= character <= "~" and character != "#" for character in path):
        raise Unfit("has a character in its path that has to be written as %XX, or a #")
    host, port = _authority(authority)
    return Address(scheme=scheme, host=host, port=port or 80, path=slash + path or "/")


def _path(scheme: str, text: str) -> Address:
    path = "/" + text.lstrip("/")
    if not text.startswith("/") or text[1:2] == "/" != text[2:3] or path == "/":
        raise Unfit(f"needs an absolute path below /: {scheme}:/PATH")
    return Address(scheme=scheme, path=path)


def _dns(scheme: str, text: str) -> Address:
    host, port = _authority(text)
    if port:
        raise Unfit("has a port, but only a name is looked up: dns://NAME")
    return Address(scheme=scheme, host=host)


def _container(scheme: str, text: str) -> Address:
    identifier, question, query = text.partition("?")
    if not _is_name(identifier):
        raise Unfit("needs the identifier of a container: container://IDENTIFIER")
    if not question:
        return Address(scheme=scheme, host=identifier)
    number = query.removeprefix(_INSTANCES)
    is_number = number.isascii() and number.isdigit() and len(number) <= 4 and number[0] != "0"
    if not query.startswith(_INSTANCES) or not (number == "all" or is_number):
        raise Unfit("has a ? that is not followed by instances=all or instances=NUMBER")
    return Address(scheme=scheme, host=identifier, instances=0 if number == "all" else int(number))


_MAKERS = {
    "tcp": _tcp,
    "http": _http,
    "unix": _path,
    "file": _path,
    "dns": _dns,
    "container": _container,
}


def _authority(text: str) -> tuple[str, int]:
    """Return host and port, 0: there is none."""
    if "@" in text:
        raise Unfit("has a login, which a wait does not send: leave it out")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        address, percent, zone = host.partition("%")
        if not bracket or ":" not in address or not _HEXADECIMAL.issuperset(address):
            raise Unfit("has brackets around what is no IPv6 address")
        if percent and not (zone and _NAME.issuperset(zone)):
            raise Unfit("has an IPv6 address with an impossible zone")
        colon, port = rest[:1], rest[1:]
        if rest and colon != ":":
            raise Unfit("has something between an IPv6 address and its port")
    else:
        host, colon, port = text.partition(":")
        if ":" in port and _HEXADECIMAL.issuperset(text):
            raise Unfit("has an IPv6 address without brackets: write [ADDRESS]")
        if not _is_name(host):
            raise Unfit("needs a host: a name of letters, digits, . and -, or an IP address")
    if not colon:
        return host, 0
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and port[0] != "0"):
        raise Unfit("needs a port from 1 to 65535, and nothing behind it but a path of http")
    if int(port) > _HIGHEST_PORT:
        raise Unfit("needs a port from 1 to 65535")
    return host, int(port)


def _is_name(text: str) -> bool:
    return text != "" and text[0] in _WORD and _NAME.issuperset(text)
