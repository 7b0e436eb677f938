"""Scoped variables: types, names that could run code, values as they are, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.hostile.model import (
    FETCHED,
    JOB,
    PAGES,
    Refuses,
    Scenario,
    Starts,
    malformed,
)
from tests.support.hostile import CANARY, data

NOT_NAME = "this is not a name that every shell accepts"
DANGER = "it changes how programs run (name-refused)"
LARGEST = 131_071


def _typed(value: object, said: str) -> Scenario:
    behaviour = data({**FETCHED, "WRONG": value})
    return malformed(f"a value that is {said}", behaviour, "the value of WRONG is not a string")


def _exports(
    name: str, fetched: Mapping[str, str], environ: Mapping[str, str] | None = None, **more: Any
) -> Scenario:
    """Given these besides PLAIN, the app has these besides PLAIN."""
    expected = fetched if environ is None else environ
    world = {"variables": {**FETCHED, **fetched}}
    return Scenario(name, Starts({**FETCHED, **expected}), world=world, **more)


def _refused(
    name: str, fetched: Mapping[str, str], *problems: str, code: int = 65, **more: Any
) -> Scenario:
    world = {"variables": {**FETCHED, **fetched}}
    fixes = more.pop("fixes", ())
    hidden = more.pop("hidden", 0)
    return Scenario(name, Refuses(code, problems, fixes, hidden), world=world, **more)


def _dangerous(name: str) -> Scenario:
    problem = f"variable {name}: scoped variable {name} may not set it: {DANGER}"
    return _refused(f"the name {name}", {name: f"/{CANARY}"}, problem)


def _platforms(name: str) -> Scenario:
    problem = (
        f"variable {name}: scoped variable {name} may not override it: "
        "CYCLE_* belongs to the platform (name-refused)"
    )
    fetched = {name: CANARY}
    return _refused(f"the name {name}", fetched, problem, fixes=("rename or exclude it",))


def _is_data(name: str, value: str) -> Scenario:
    """In the environment and in the file byte for byte."""
    page = f"page of {value}\n".encode()
    return Scenario(
        f"a value: {name}",
        Starts({"PLAIN": value}, {"page.html": page}),
        world={"variables": {"PLAIN": value}},
    )


def _mapped(identifier: str, name: str) -> Scenario:
    return _exports(f"a name that is mapped: {identifier!a}", {identifier: CANARY}, {name: CANARY})


def _nameless(identifier: str, shown: str) -> Scenario:
    problem = f"scoped variable {shown}: it cannot be converted to a variable name (name-refused)"
    fixes = ("rename it with [variables] rename, or exclude it",)
    return _refused(f"no name at all: {identifier!a}", {identifier: CANARY}, problem, fixes=fixes)


DANGEROUS = (
    "LD_PRELOAD LD_AUDIT GLIBC_TUNABLES GCONV_PATH PATH HOME IFS ENV BASH_ENV SHELLOPTS PS4 "
    "PROMPT_COMMAND PYTHONPATH PYTHONSTARTUP NODE_OPTIONS PERL5OPT RUBYOPT JAVA_TOOL_OPTIONS "
    "DOTNET_STARTUP_HOOKS OPENSSL_CONF SSLKEYLOGFILE TMPDIR NODE_TLS_REJECT_UNAUTHORIZED"
)

TYPES = (
    _typed(1, "a whole number"),
    _typed(1.5, "a number"),
    _typed(True, "true"),
    _typed(None, "null"),
    _typed([CANARY], "a list"),
    _typed({CANARY: CANARY}, "an object"),
    _typed([], "an empty list"),
)

NAMES = (
    *(_dangerous(name) for name in DANGEROUS.split()),
    *(_platforms(name) for name in ("CYCLE_API_TOKEN", "CYCLE_EXEC_SOCKET", "CYCLE_ANYTHING")),
    _mapped("db-password", "DB_PASSWORD"),
    _mapped("9lives", "_9LIVES"),
    _mapped("a=b", "A_B"),
    _mapped("two\nlines", "TWO_LINES"),
    _mapped("nul\0", "NUL_"),
    _mapped("naïve", "NA_VE"),
    _mapped("\x1b[31mred", "__31MRED"),
    _mapped("$(reboot)", "__REBOOT_"),
    _mapped("../../etc/passwd", "______ETC_PASSWD"),
    _nameless("", ""),
    _nameless("---", "---"),
    _nameless("\u00e9", "\\xe9"),
    _nameless("\x1b", "\\x1b"),
    _refused(
        "a dangerous name by way of mapping",
        {"ld-preload": CANARY},
        f"variable LD_PRELOAD: scoped variable ld-preload may not set it: {DANGER}",
    ),
    _refused(
        "an exported function of a shell",
        {"BASH_FUNC_ls%%": f"() {{ {CANARY}; }}"},
        f"variable BASH_FUNC_LS__: scoped variable BASH_FUNC_ls%% may not set it: {DANGER}",
    ),
    _refused(
        "two names that become one",
        {"a-b": CANARY, "A_B": CANARY},
        "variable A_B: both scoped variable a-b and scoped variable A_B produce this name "
        "(name-collision)",
    ),
    _refused(
        "eight dangerous names",
        {f"LD_{number}": CANARY for number in range(8)},
        *(
            f"variable LD_{number}: scoped variable LD_{number} may not set it: {DANGER}"
            for number in range(5)
        ),
        hidden=3,
    ),
    _exports("a name of Python's objects", {"__class__": CANARY, "__proto__": CANARY}),
    _exports("names in small letters", {"http_proxy": CANARY, "path": CANARY}),
    _exports("a name of ten thousand letters", {"N" * 10_000: CANARY}),
    _exports(
        "a dangerous name that is allowed",
        {"NODE_OPTIONS": CANARY},
        options=("--allow-variable", "NODE_OPTIONS"),
    ),
    _exports(
        "an inherited name that is kept",
        {"PATH": CANARY},
        {},
        manifest='[environment]\nprecedence = "inherited"\n' + JOB,
    ),
)

VALUES = (
    _is_data("template syntax", "{{ variables.PLAIN }}{% raw %}{# c4n4ry #}"),
    _is_data("shell syntax", "$(reboot) `id` ${HOME} ; rm -rf / # c4n4ry"),
    _is_data("quotes and backslashes", "c4n4ry \"'\\ \\n \\"),
    _is_data("line ends of every kind", "c4n4ry\n\r\n\r\v\f\x85\u2028\n"),
    _is_data("control characters", "c4n4ry\x01\x1b[31m\x7f\t\b"),
    _is_data("beyond ASCII", "c4n4ry é 𝄞 ٣ \u202e\ufeff\uffff"),
    _is_data("equal signs", "=c4n4ry=A=B\nEVIL=1\n"),
    _is_data("white space alone", " \t\n "),
    _is_data("vault-cli's template mark", "!template!{{ 7 * 7 }}c4n4ry"),
    _is_data("a format string", "%s %(c4n4ry)s {0} {PLAIN.__class__}"),
    _is_data("the largest", "c" * (LARGEST - len("PLAIN="))),
    _refused(
        "a NUL in a value",
        {"WRONG": f"{CANARY}\0"},
        "variable WRONG: scoped variable WRONG contains a NUL, which is not allowed in the "
        "environment "
        "(value-refused)",
        fixes=("write it to a file with [variables.files], or correct it in the portal",),
    ),
    _refused(
        "a value one byte too large",
        {"LARGE": "c" * (LARGEST - 5)},
        "variable LARGE: it has 131072 bytes with its name, at most 131071 are allowed "
        "(value-too-large)",
    ),
    _refused(
        "a value that is too large in bytes",
        {"LARGE": "é" * 70_000},
        "variable LARGE: it has 140006 bytes with its name, at most 131071 are allowed "
        "(value-too-large)",
    ),
    _exports("an empty value", {"EMPTY": ""}),
    _exports("two thousand variables", {f"V{number}": CANARY for number in range(2000)}),
    _refused(
        "five megabytes of variables",
        {f"V{number}": CANARY * 16_000 for number in range(53)},
        "the command: arguments and environment take <n> bytes, the kernel accepts <n> "
        "(arguments-too-long)",
        code=126,
    ),
    _refused(
        "a required variable that is empty",
        {"NEEDED": ""},
        "variable NEEDED: is required but missing or empty (variable-missing)",
        manifest='[variables]\nrequired = ["NEEDED"]\n' + JOB,
    ),
    _refused(
        "required variables that are missing",
        {},
        "required variables ANOTHER, NEEDED: are missing or empty (variable-missing)",
        manifest='[variables]\nrequired = ["NEEDED", "ANOTHER"]\n' + JOB,
    ),
    _refused(
        "a file of what is not base64",
        {"KEY": f"{CANARY}!"},
        "scoped variable KEY: is not base64, although the manifest says so (value-refused)",
        manifest='[variables.files]\nKEY = { target = "@/key", decode = "base64" }\n' + JOB,
    ),
    _refused(
        "a value that a dotenv file cannot carry",
        {"WRONG": f"{CANARY}\ntwo"},
        "variable WRONG: it has a line break, so it cannot be written to @/env (value-refused)",
        fixes=("choose another [dotenv] reader, or write it to a file of its own",),
        manifest='[dotenv]\ntarget = "@/env"\nreader = "docker"\n' + JOB,
    ),
    Scenario(
        "a file of any bytes",
        Starts(
            {**FETCHED, "KEY_FILE": "@/key"},
            {**PAGES, "key": b"\0\xff\r\n"},
        ),
        world={"variables": {**FETCHED, "KEY": "AP8NCg=="}},
        manifest='[variables.files]\nKEY = { target = "@/key", decode = "base64" }\n' + JOB,
    ),
)

SCENARIOS = (*TYPES, *NAMES, *VALUES)
