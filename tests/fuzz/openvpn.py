"""OpenVPN's configuration: any text is directives or refused, and directives read back."""

from __future__ import annotations

from contextlib import suppress

from cycle_exec.vpn import config, preflight
from cycle_exec.vpn.config import INLINE, Directive, Unparsable
from cycle_exec.vpn.warnings import warnings
from tests.fuzz.wording import assert_told

WORDS = (
    *(b"auth-user-pass-verify ", b'"/usr/bin/cycle-exec vpn-auth"', b" via-file\n", b" via-env\n"),
    *(b"script-security 2\n", b"script-security 3\n", b"user nobody\n", b"group nogroup\n"),
    *(b"chroot /srv\n", b"cd /etc\n", b"tmp-dir /tmp\n", b"config other\n", b"setenv A b\n"),
    *(b"setenv CYCLE_API_TOKEN ", b"setenv-safe ", b"<ca>\n", b"</ca>\n", b"<", b">", b"--", b'""'),
    *(b"--token-file /t", b"--timeout 5s", b"--deferred", b"'", b'"', b"\\", b"#", b";", b"\r\n"),
    *(b" ", b"\t", b"\n", b"\xef\xbb\xbf", b"\xff", b"\0", b"\x0b", b"1" * 40, b"\xd9\xa3"),
    *(b"reneg-sec ", b"hand-window ", b"auth-gen-token\n", b"keepalive 10 60\n", b"3600"),
)


def target(data: bytes) -> None:
    """As a file that includes itself, and as a command line."""
    text = data.decode("utf-8", "surrogateescape")
    found = _read(text)
    if found is None:
        return
    plain = [each.words for each in found if each.words[1:] != (INLINE,)]
    again = _read("".join(map(_written, plain)))
    assert again is not None
    assert [each.words for each in again] == plain
    setup, problems = preflight.setup(found, "s.conf", "/")
    if setup is None:
        assert_told(problems)
    else:
        assert setup.hook[0].startswith("/")
        preflight.named(setup, "/x", "/y")
        warnings(found, setup, (2, 6))
        assert preflight.token_target(setup)
    _command(text)


def _read(text: str) -> tuple[Directive, ...] | None:
    """What the file says, but for what it includes."""
    try:
        return tuple(config.parse(text, "s.conf"))
    except Unparsable as unparsable:
        reason = unparsable.reason
    assert reason.startswith("s.conf:")
    return None


def _written(words: tuple[str, ...]) -> str:
    quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in (words[1:])]
    name = "".join("\\" + character for character in words[0])
    return " ".join([f"--{name}" if words[0] else '"--"', *quoted]) + "\n"


def _command(text: str) -> None:
    """What includes itself comes to an end."""
    for read in (
        lambda: config.read("s.conf", lambda _: text),
        lambda: config.of_command(text.split(), lambda _: text),
    ):
        with suppress(Unparsable):
            assert all(directive.words for directive in read())
