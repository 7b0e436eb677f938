"""Templates that need no Jinja2: rendered, or refused, exactly as with it."""

from __future__ import annotations

from cycle_exec.planning.templates import substitution
from tests.fuzz.context import outcome

WORDS = (
    *(b"{{", b"}}", b"{{ ", b" }}", b"{", b"}", b"{#", b"#}", b"{##}", b"{# a #}\n", b"#", b"%}"),
    *(b"{{ env.A }}", b'{{ integrations["s3-x.y"].secret }}', b"{{ variables.SECRET }}", b"{{a}}"),
    *(b"env", b"variables", b"integrations", b"gone", b"nope", b"self", b"loop", b"none", b"if"),
    *(b".A", b".B", b".items", b".empty", b".n", b".f", b'["A"]', b"['s3-x.y']", b".yes", b".none"),
    *(b".list", b"[", b"]", b".", b"'", b'"', b"_", b"1", b" ", b"\n", b"\t", b"\r", b"-", b"+"),
    *(
        b"|default('x')",
        b'|default("", true)',
        b"|upper",
        b"|b64encode",
        b"|quote_nginx",
        b"| trim",
    ),
    *(b"|required('m')", b"{{- ", b" -}}", b"[0]", b'["*.x"]', b".namespace", b"\r\n", b"|int"),
    *(b"\0", b"\x0b", b"\x1c", b"\xc3\xa9", b"\xc2\xa0", b"\\", b"{%"),
)


def target(data: bytes) -> None:
    """Only for what is plain: the rest is Jinja2's on both sides."""
    text = data.decode("utf-8", "replace")
    if substitution.parse(text) is not None:
        assert outcome(text, plain=True) == outcome(text, plain=False)
