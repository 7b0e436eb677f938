"""Templates made at random, of everything that compiled templates can be made of, and much that is
wrong.

    python -m tests.planning.programs.generated 100000 [SEED]

renders that many by Jinja2 and compiled, and stops at the first that differs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from random import Random
from typing import NamedTuple

import jinja2

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.programs import filters, generation, rendering, tests
from cycle_exec.planning.programs.model import Generated, Program
from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.jinja import compiling, running
from cycle_exec.system import programs

CONTEXT = {
    "variables": {
        "URL": "http://api:8080/é?x=1",
        "LIST": "b, a,,C ,a",
        "EMPTY": "",
        "NUMBER": "42",
        "YES": "true",
        "items": "a key",
        "db-password": "p'w\"$\\\n{{ x }}",
        "JSON": '{"b": [1, 2.5, null], "a": {"x": "y"}}',
        "LONG": "ΑΣ straße word-with(brackets " * 9,
    },
    "env": {"A": "one", "n": 7, "f": -1.5, "none": None, "yes": True, "huge": 10**40},
    "certificates": {
        "b.example.test": {"paths": {"cert": "/b/cert.pem"}, "days": 3, "domains": ["b", "B"]},
        "*.a.example.test": {"days": 20, "domains": []},
        "A.example.test": {"paths": {"cert": "/A/cert.pem"}, "days": 3, "domains": ["a"]},
    },
    "instances": [
        {"id": "i1", "container_id": "c2", "hostname": "web-1", "tags": ["x"]},
        {"id": "i2", "container_id": "c1", "hostname": "Web-2", "tags": []},
        {"id": "i3", "container_id": "c2", "hostname": "api", "state": {"current": "up"}},
    ],
    "domains": ["www.example.test", "a.test", "A.test", "a.test"],
    "empty": [],
    "number": 3,
    "gone": Problem(kind="unavailable", subject="server", reason="it is down"),
}
_NAMES = (
    "variables",
    "env",
    "certificates",
    "instances",
    "domains",
    "empty",
    "number",
    "nope",
    "x",
)
_MEMBERS = (
    *("URL", "LIST", "EMPTY", "NUMBER", "YES", "items", "JSON", "LONG", "A", "n", "f", "none"),
    *("yes", "huge", "id", "hostname", "state", "paths", "cert", "days", "nope", "domains"),
    *("__class__", "_x", "upper", "keys", "append", "format", "current", "tags", "container_id"),
)
_CONSTANTS = (
    *(
        "1",
        "0",
        "-2",
        "1.5",
        "2 ** 3",
        "true",
        "false",
        "none",
        "''",
        "'a'",
        '"x,y"',
        "', '",
        "'id'",
    ),
    *(
        "[1, 2, 3]",
        "['b', 'A']",
        "{'k': 'v', 'a': 1}",
        "()",
        "(1, 'q')",
        "'%s|%s'",
        "'é'",
        "'upper'",
    ),
)
_METHODS = (
    *(
        "split(',')",
        "strip()",
        "upper()",
        "items()",
        "keys()",
        "values()",
        "get('A')",
        "get('q', 1)",
    ),
    *("startswith('a')", "replace('a', 'b')", "rsplit(':', 1)", "split()", "join(domains)"),
    *("splitlines()", "title()", "format(1)", "append(1)", "zfill(5)", "encode()", "find('a')"),
    *("count('a')", "index('a')", "nope()", "update({})", "partition('=')", "lower"),
)
_PLAIN_ARGUMENTS = (
    *("", "", "", "('a')", "(1)", "(2)", "('x', true)", "(attribute='id')", "('id')", "(3, 'z')"),
    *(
        "('hostname', 'equalto', 'api')",
        "('upper')",
        "('defined')",
        "(true)",
        "(',')",
        "(reverse=true)",
    ),
    *(
        "('string')",
        "('none')",
        "('days', 'gt', 5)",
        "(by='value')",
        "(x)",
        "(nope)",
        "('state.current')",
    ),
    *("(attribute='state.current', default='d')", "('default', 'z')", "(attribute='days,id')"),
)
_NAMES_OF_FILTERS = (*filters.FILTERS, *table.FILTERS, "tojson", "safe")
_LIKELY = (
    "default",
    "join",
    "upper",
    "list",
    "first",
    "map",
    "selectattr",
    "sort",
    "int",
    "dictsort",
)
_TESTS = (
    *table.TESTS,
    *tests.TESTS.keys() - {"==", "!=", "<", "<=", ">", ">=", "in"},
    *("sameas none", "divisibleby 2", "in [1, 'a']", "eq 'a'", "gt 1", "defined", "none"),
)
_OPERATORS = (
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "~",
    "~",
    "==",
    "!=",
    "<",
    ">=",
    "and",
    "or",
    "in",
    "not in",
)
_TEXTS = (
    "\n",
    " ",
    "text\n",
    "  ",
    "a = ",
    ";\n",
    "{# note #}",
    "{#- n -#}",
    "é\n",
    "",
    "\r\n",
    "<",
)


RENDERED: list[int] = []


class Maker:
    """Makes one template after the other."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._locals = ["x"]

    def template(self) -> str:
        """Return any template."""
        self._locals = ["x"]
        return self._body(3, self._random.randint(1, 5))

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _body(self, depth: int, most: int = 3) -> str:
        return "".join(self._piece(depth) for _ in range(self._random.randint(0, most)))

    def _piece(self, depth: int) -> str:
        drawn = self._random.random()
        if drawn < 0.25:
            return self._one(*_TEXTS)
        if drawn < 0.6 or not depth:
            return self._mark("{{", self._expression(3), "}}")
        makers = (self._for, self._if, self._set, self._macro, self._other)
        return self._random.choice(makers)(depth - 1)

    def _mark(self, begin: str, inside: str, end: str) -> str:
        left = self._one("", "", "", "-")
        right = self._one("", "", "", "-")
        return f"{begin}{left} {inside} {right}{end}"

    def _tag(self, inside: str) -> str:
        return self._mark("{%", inside, "%}") + self._one("", "\n")

    def _for(self, depth: int) -> str:
        name = self._one("item", "x", "key", "i")
        over = self._expression(2)
        if self._random.random() < 0.3:
            name, over = (
                "key, value",
                self._one("certificates|dictsort", "env.items()", "variables|items", over),
            )
        head = f"for {name} in {over}"
        if self._random.random() < 0.3:
            head += f" if {self._expression(1)}"
        recursive = self._random.random() < 0.1
        known = list(self._locals)
        self._locals += [*name.split(", "), "loop.index", "loop", "loop.last", "loop.revindex"]
        self._locals += ["loop.previtem", "loop.nextitem", "loop.length", "loop.cycle(1, 2)"]
        self._locals += ["loop.changed(x)", "loop.first", "loop.depth"]
        body = self._body(depth)
        if recursive:
            body += "{{ loop(x) if loop.depth < 3 }}"
        self._locals = known
        other = self._tag("else") + self._body(depth, 1) if self._random.random() < 0.2 else ""
        head += " recursive" if recursive else ""
        return self._tag(head) + body + other + self._tag("endfor")

    def _if(self, depth: int) -> str:
        text = self._tag(f"if {self._expression(2)}") + self._body(depth)
        if self._random.random() < 0.3:
            text += self._tag(f"elif {self._expression(1)}") + self._body(depth)
        if self._random.random() < 0.4:
            text += self._tag("else") + self._body(depth)
        return text + self._tag("endif")

    def _set(self, depth: int) -> str:
        name = self._one("x", "y", "variables")
        drawn = self._random.random()
        if drawn < 0.5:
            text = self._tag(f"set {name} = {self._expression(2)}")
        elif drawn < 0.6:
            text = self._tag(f"set {name}, z = {self._expression(2)}")
        elif drawn < 0.75:
            text = self._tag(f"set n = namespace(a={self._expression(1)})") + self._tag(
                f"set n.a = {self._expression(1)}"
            )
            name = "n.a"
        else:
            text = self._tag(f"set {name}") + self._body(depth) + self._tag("endset")
        self._locals.append(name)
        return text

    def _macro(self, depth: int) -> str:
        known = list(self._locals)
        self._locals += ["p", "q", "varargs", "kwargs", "caller()"]
        text = self._tag(self._one("macro m(p, q=1)", "macro m(p)", "macro m()"))
        text += self._body(depth) + self._tag("endmacro")
        self._locals = known
        arguments = self._one("", "1", "'a', 2", "q=x", "1, 2, 3", "p='z'", "1, z=2")
        if self._random.random() < 0.3:
            return text + self._tag(f"call m({arguments})") + self._body(depth) + "{% endcall %}"
        return text + f"{{{{ m({arguments}) }}}}"

    def _other(self, depth: int) -> str:
        kind = self._one("filter", "with", "block", "raw", "joiner")
        body = self._body(depth)
        if kind == "filter":
            return self._tag(f"filter {self._filter()}") + body + self._tag("endfilter")
        if kind == "with":
            return self._tag(f"with x = {self._expression(1)}") + body + self._tag("endwith")
        if kind == "block":
            name = f"b{self._random.randint(0, 99)}"
            scoped = self._one("", " scoped")
            return self._tag(f"block {name}{scoped}") + body + self._tag("endblock")
        if kind == "raw":
            return "{% raw %}{{ x }}{% endraw %}"
        return "{% set j = joiner('+') %}{% for i in domains %}{{ j() }}{{ i }}{% endfor %}"

    def _filter(self) -> str:
        name = self._one(*(_LIKELY if self._random.random() < 0.6 else _NAMES_OF_FILTERS))
        return name + self._one(*_PLAIN_ARGUMENTS)

    def _expression(self, depth: int) -> str:
        drawn = self._random.random()
        if not depth or drawn < 0.15:
            return self._one(*_CONSTANTS)
        if drawn < 0.5:
            text = self._one(*_NAMES, *self._locals)
            for _ in range(self._random.randint(0, 2)):
                text += self._one(
                    f".{self._one(*_MEMBERS)}",
                    f"['{self._one(*_MEMBERS)}']",
                    f".{self._one(*_METHODS)}",
                    self._one("[0]", "[-1]", "[1:]", "[9]", "['db-password']", "[x]", "[::-1]"),
                )
            return text
        inner = self._expression(depth - 1)
        if drawn < 0.75:
            return f"{inner}|{self._filter()}"
        if drawn < 0.82:
            return f"({inner} {self._one('is', 'is not')} {self._one(*_TESTS)})"
        if drawn < 0.86:
            return f"({inner} if {self._expression(depth - 1)} else {self._expression(depth - 1)})"
        if drawn < 0.88:
            return f"({inner} if {self._expression(depth - 1)})"
        if drawn < 0.9:
            return f"(not {inner})"
        if drawn < 0.92:
            return f"range({inner}|int(4))" if self._random.random() < 0.5 else f"[{inner}, 1]"
        return f"({inner} {self._one(*_OPERATORS)} {self._expression(depth - 1)})"


class Both(NamedTuple):
    """A template as code of ours, and as Jinja2 has it."""

    text: str
    program: Program
    templates: dict[str, jinja2.Template]

    def difference(self, context: Mapping[str, object] = CONTEXT) -> str:
        """Return how the compiled template differs from what Jinja2 renders; empty: not at all.

        One whose rendering was left to Jinja2 does not differ.
        """
        found = rendering.render(self.program, "t", context)
        if found is None:
            return ""
        RENDERED.append(len(found))
        try:
            expected = running.rendered(self.templates, "t", {"t": self.text}, context)
        except Refused as refused:
            return f"gives {found!r}, where Jinja2 refuses: {refused.problems}"
        if " at 0x" in expected:
            return ""  # an address, which differs from one rendering to the next
        return "" if found == expected else f"gives {found!r}, and not {expected!r}"


def both(text: str) -> Both | None:
    """Return the template; None: it is refused, or not compiled."""
    try:
        generated = generation.generated("t", text)
    except Refused:
        return None
    if not isinstance(generated, Generated):
        return None
    code = programs.stored(generated.code, "t")
    used: set[str] = set()
    templates = compiling.compiled({"t": text}, used)
    assert used == generated.used
    return Both(text, Program(made={"t": programs.template(code)}, used=generated.used), templates)


def difference(text: str) -> str:
    """Return how a template differs if it is compiled; empty: not at all."""
    found = both(text)
    return "" if found is None else found.difference()


def main() -> int:
    """Try as many as asked for."""
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else Random().randrange(10**9)
    maker = Maker(Random(seed))
    for number in range(int(sys.argv[1])):
        text = maker.template()
        different = difference(text)
        if different:
            print(f"seed {seed}, template {number}: {text!r}\n{different}")
            return 1
    print(f"seed {seed}: {len(RENDERED)} templates are rendered alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())
