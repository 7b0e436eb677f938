"""Flag over variable over manifest over default, and where each setting comes from.

Both parsers of the command line hand on raw text; every judgement of a value is made here.
"""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.settings.given import Given
from cycle_exec.settings.model import (
    DEFAULT_MANIFEST,
    STALE,
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
    from cycle_exec.settings.options import Overrides


def manifest_path(invocation: Invocation, overrides: Overrides) -> tuple[str, bool]:
    """Return the manifest's path, and whether the user named it; raises Refused for an empty
    flag.
    """
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
    """Return the settings of a run; raises Refused with every unusable flag and variable."""
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
    """Return a line for each variable that looks like a setting and is none."""
    found = [name for name in environ if name.startswith(PREFIX)]
    known = {option.variable for option in BY_NAME.values()} | {STALE}
    if known.issuperset(found):
        return []
    from cycle_exec.settings.nearest import did_you_mean, printable

    return [
        f"variable {printable(name)} is not a setting{did_you_mean(name, known)}"
        for name in sorted(found)
        if name not in known
    ]


def _merged(name: str, given: Given, base: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what flags and variables add. Nothing else of a launch needs their rules, so nobody
    loads them without a reason.
    """
    if not given.says(name):
        return base
    from cycle_exec.settings import merging

    merge = merging.integrations if name == "integration" else merging.templates
    return merge(given, base)


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
    return base.replace(allow=given.union("allow-variable", base.allow, "NAME_GLOB"))


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
