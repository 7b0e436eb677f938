"""Flag over variable over manifest over default, and where each setting comes from.

Both parsers of the command line hand on raw text; every judgement of a value is made here.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.settings.model import (
    DEFAULT_MANIFEST,
    CertificateRequest,
    Manifest,
    Settings,
    Vpn,
)
from cycle_exec.settings.options import BY_NAME, PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cycle_exec.settings.model import Api, EnvironmentRules, Invocation, Process, Variables
    from cycle_exec.settings.options import Option, Overrides
    from cycle_exec.settings.rules import Rule

# Given to the command by a start from the last good copy: the command may be cycle-exec, too.
_STALE = "CYCLE_EXEC_STALE_SECONDS"
_SWITCH_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def manifest_path(invocation: Invocation, overrides: Overrides) -> tuple[str, bool]:
    """The manifest's path, and whether the user named it; raises Refused for an empty flag."""
    given = Given(invocation.environ, overrides)
    path = given.text("manifest", "")
    if given.problems:
        raise Refused(given.problems)
    return path or DEFAULT_MANIFEST, path != ""


def resolve(
    invocation: Invocation,
    overrides: Overrides,
    manifest: Manifest | None,
    manifest_path: str,
    command: tuple[str, ...],
) -> Settings:
    """The settings of a run; raises Refused with every unusable flag and variable."""
    base = manifest if manifest is not None else Manifest()
    given = Given(invocation.environ, overrides)
    changes: dict[str, object] = {
        "api": _api(given, base.api),
        "environment": _environment(given, base.environment),
        "variables": _variables(given, base.variables),
        "integrations": _merged("integration", given, base.integrations),
        "templates": _merged("template", given, base.templates),
        "certificates": _certificates(given, base.certificates),
        "vpn": _vpn(given, base.vpn),
        "process": _process(given, base.process),
        "log_level": given.choice("log-level", base.log_level),
        "log_format": given.choice("log-format", base.log_format),
        "debug": given.switch("debug", base.debug),
    }
    if given.problems:
        raise Refused(given.problems)
    return Settings(
        **{**base.__dict__, **changes},
        manifest_path=manifest_path,
        origins=given.origins,
        command=command,
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that looks like a setting and is none."""
    found = [name for name in environ if name.startswith(PREFIX)]
    known = {option.variable for option in BY_NAME.values()} | {_STALE}
    if known.issuperset(found):
        return []
    from cycle_exec.settings.nearest import did_you_mean, printable

    return [
        f"variable {printable(name)} is not a setting{did_you_mean(name, known)}"
        for name in sorted(found)
        if name not in known
    ]


def _merged(name: str, given: Given, base: tuple[Any, ...]) -> tuple[Any, ...]:
    """What flags and variables add. Nothing else of a launch needs their rules, so nobody loads
    them without a reason.
    """
    if not given.says(name):
        return base
    from cycle_exec.settings import merging

    merge = merging.integrations if name == "integration" else merging.templates
    return merge(given, base)


class Given:
    """What flags and variables say, with the problems found and the origins noted on the way."""

    def __init__(self, environ: Mapping[str, str], overrides: Overrides) -> None:
        self._environ = environ
        self._overrides = overrides
        self.problems: list[Problem] = []
        self.origins: dict[str, str] = {}

    def refuse(self, origin: str, reason: str, fix: str = "") -> None:
        """Note an unusable value; the reason never shows it."""
        self.problems.append(Problem(kind="usage", subject=origin, reason=reason, fix=fix))

    def says(self, name: str) -> bool:
        """Whether there is anything for a list."""
        return bool(self._environ.get(BY_NAME[name].variable) or self._overrides.get(name))

    def text(self, name: str, default: str) -> str:
        """The nearest text that is given."""
        option = BY_NAME[name]
        flag = self._overrides.get(name)
        if isinstance(flag, str):
            origin, value = f"flag {option.flag}", flag
        else:
            origin, value = f"variable {option.variable}", self._environ.get(option.variable, "")
            if not value:
                return default
        self.origins[option.key] = origin
        if not value:
            self.refuse(origin, f"is empty, it expects {_expected(option)}")
        return value

    def seconds(self, name: str, default: float) -> float:
        """A duration in seconds."""
        text = self.text(name, "")
        if not text:
            return default
        from cycle_exec.settings import duration

        value = duration.parse(text)
        if value is None:
            self.refuse(self.origins[BY_NAME[name].key], f"expects {duration.EXPECTED}")
            return default
        return value

    def choice(self, name: str, default: str) -> str:
        """One of the option's choices."""
        option = BY_NAME[name]
        text = self.text(name, "")
        if text and text not in option.choices:
            self.refuse(self.origins[option.key], f"expects {_expected(option)}")
        return text or default

    def switch(self, name: str, default: bool) -> bool:
        """On or off. In a variable only words that say which: `0` never switches on."""
        option = BY_NAME[name]
        flag = self._overrides.get(name)
        if isinstance(flag, bool):
            self.origins[option.key] = f"flag {option.flag if flag else option.opposite}"
            return flag
        text = self._environ.get(option.variable, "")
        if not text:
            return default
        origin = f"variable {option.variable}"
        self.origins[option.key] = origin
        value = _SWITCH_WORDS.get(text.lower())
        if value is None:
            self.refuse(origin, "expects true or false (or yes, no, on, off, 1, 0)")
            return default
        return value

    def entries(self, name: str) -> list[tuple[str, str]]:
        """Origin and text of each entry of a list, the farthest first."""
        option = BY_NAME[name]
        found: list[tuple[str, str]] = []
        text = self._environ.get(option.variable, "")
        if text:
            found.extend((f"variable {option.variable}", entry) for entry in _split(text))
        flags = self._overrides.get(name, ())
        assert isinstance(flags, tuple)
        for flag in flags:
            parts = _split(flag) if option.kind == "names" else [flag]
            found.extend((f"flag {option.flag}", entry) for entry in parts)
        if found:
            # Each source once, the nearest first.
            origins = dict.fromkeys(origin for origin, _ in reversed(found))
            self.origins[option.key] = " and ".join(origins)
        for origin, entry in found:
            if not entry:
                self.refuse(origin, f"has an empty entry, it expects {_expected(option)}")
        return [(origin, entry) for origin, entry in found if entry]

    def union(self, name: str, base: tuple[str, ...], rule: str) -> tuple[str, ...]:
        """The entries of all sources, the nearest last. rule: its name in `rules`."""
        entries = self.entries(name)
        if not entries:
            return base
        from cycle_exec.settings import rules

        kept: Rule = getattr(rules, rule)
        for origin, entry in entries:
            if not kept.accepts(entry):
                self.refuse(origin, f"expects {kept.expected}")
        together = [*base, *(entry for _, entry in entries)]
        # An entry given twice keeps its nearest place: later dotenv files win.
        return tuple(reversed(dict.fromkeys(reversed(together))))


def _split(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")]


def _expected(option: Option) -> str:
    if option.choices:
        return f"{', '.join(option.choices[:-1])} or {option.choices[-1]}"
    return option.metavar


def _api(given: Given, base: Api) -> Api:
    return base.replace(
        socket=given.text("socket", base.socket),
        metadata=given.text("metadata", base.metadata),
        timeout=given.seconds("timeout", base.timeout),
        deadline=given.seconds("deadline", base.deadline),
    )


def _environment(given: Given, base: EnvironmentRules) -> EnvironmentRules:
    return base.replace(
        files=given.union("env-file", base.files, "PATH"),
        preserve=given.union("preserve-env", base.preserve, "PRESERVED"),
        pristine=given.switch("pristine", base.pristine),
        keep_token=given.switch("keep-token", base.keep_token),
    )


def _variables(given: Given, base: Variables) -> Variables:
    return base.replace(allow=given.union("allow-variable", base.allow, "NAME"))


def _process(given: Given, base: Process) -> Process:
    user = given.text("user", "")
    if user:
        from cycle_exec.settings import rules

        if not rules.USER.accepts(user):
            given.refuse(given.origins["process.user"], f"expects {rules.USER.expected}")
    return base.replace(
        user=user or base.user,
        no_new_privs=given.switch("no-new-privs", base.no_new_privs),
        init=given.switch("init", base.init),
        reload=given.switch("reload", base.reload),
        grace=given.seconds("grace", base.grace),
        signal_map=_signal_map(given, base.signal_map),
    )


def _certificates(given: Given, base: CertificateRequest | None) -> CertificateRequest | None:
    directory = given.text("certificates", "")
    if not directory:
        return base
    from cycle_exec.settings import rules

    if not rules.TARGET.accepts(directory):
        given.refuse(given.origins[BY_NAME["certificates"].key], f"expects {rules.TARGET.expected}")
    return (base or CertificateRequest()).replace(directory=directory)


def _vpn(given: Given, base: Vpn | None) -> Vpn | None:
    helper = given.text("vpn-helper", "")
    if not helper:
        return base
    from cycle_exec.settings import rules

    if not rules.ABSOLUTE.accepts(helper):
        given.refuse(given.origins[BY_NAME["vpn-helper"].key], f"expects {rules.ABSOLUTE.expected}")
    return (base or Vpn()).replace(helper=helper)


def _signal_map(given: Given, base: Mapping[str, str]) -> Mapping[str, str]:
    if not given.says("signal-map"):
        return base
    from cycle_exec.settings import merging

    return merging.signal_map(given, base)
