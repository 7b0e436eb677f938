"""docs/openvpn.md explains every message of the preflight, in the words that people will see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent.parent
PAGE = " ".join((HOME / "docs" / "openvpn.md").read_text().split())
# Of a message, its parts between the values; shorter ones would be found by accident.
_SHORTEST = 9
# Said where nothing can be done wrong by a user, or explained elsewhere.
ELSEWHERE = {
    "the server's user": "stands in every message",
    "it could not be checked": "the child of the preflight was killed",
    "write the same path in both places": "a way out",
    "leave vpn.token_file out, or name the same file with --token-file": "a way out",
    "write the token to a file, and name it with --token-file": "a way out",
}


def messages(*paths: str) -> set[str]:
    """The first long part of every text that is returned, yielded or given to a problem."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse((HOME / "cycle_exec" / path).read_text())):
            texts: list[ast.expr] = []
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                texts = [node.value]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                texts = node.args[1:2] if node.func.id == "_problem" else []
            elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
                texts = node.elts[1:]
            for text in texts:
                found |= first_part(text)
    return found


def first_part(text: ast.expr) -> set[str]:
    if isinstance(text, ast.IfExp):
        return first_part(text.body) | first_part(text.orelse)
    pieces = text.values if isinstance(text, ast.JoinedStr) else [text]
    parts = [
        piece.value.strip(" :;,(")
        for piece in pieces
        if isinstance(piece, ast.Constant) and isinstance(piece.value, str)
    ]
    long = [part for part in parts if len(part) >= _SHORTEST and " " in part]
    return set(long[:1])


ALL = messages(
    "vpn/preflight.py",
    "vpn/warnings.py",
    "system/openvpn/hook_facts.py",
    "system/paths/changeable.py",
    "system/openvpn/replaceable.py",
)


def test_there_is_something_to_explain():
    """The search above finds what it should."""
    assert len(ALL) > 35
    assert "is not a directory" in ALL


@pytest.mark.parametrize("message", sorted(ALL - set(ELSEWHERE)))
def test_each_message_is_explained(message):
    """Its beginning stands on the page."""
    beginning = " ".join(message.split(":")[0].split(",")[0].split()[:4])
    assert beginning in PAGE
