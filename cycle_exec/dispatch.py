"""From parsed words to the verb that does them; a verb is imported when it is asked for."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Overrides


class Call(Record):
    """What the words ask for.

    verb: "run", "certificates write", ...; or "print" with the text of a help page.
    overrides: raw text by option name. command: the words after --. values: the verb's own.
    """

    _sealed = ("values",)

    verb: str
    overrides: Overrides = {}
    command: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}


def run(invocation: Invocation, call: Call) -> int:
    """Run the verb and return the exit code; raises Refused and Stopped."""
    return _VERBS[call.verb](invocation, call)


def _run(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import launch

    return launch.run(invocation, call.overrides, call.command)


def _plan(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import plan

    return plan.run(invocation, call.overrides, call.command, as_json=call.values["json"])


def _render(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import render

    values = call.values
    return render.run(invocation, call.overrides, values["templates"], output=values["output"])


def _env(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import env

    return env.run(
        invocation,
        call.overrides,
        format=call.values["format"] or "dotenv",
        reader=call.values["reader"] or "python-dotenv",
        everything=call.values["all"],
    )


def _certificates_list(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import certificates

    return certificates.list_(invocation, call.overrides, as_json=call.values["json"])


def _certificates_write(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import certificates

    return certificates.write(invocation, call.overrides, directory=call.values["directory"])


def _manifest_check(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import manifest

    return manifest.check(invocation, call.values["path"])


def _manifest_schema(_: Invocation, __: Call) -> int:
    from cycle_exec.commands import manifest

    return manifest.schema()


def _manifest_new(_: Invocation, __: Call) -> int:
    from cycle_exec.commands import manifest

    return manifest.new()


def _explain(_: Invocation, call: Call) -> int:
    from cycle_exec.commands import explain

    return explain.run(call.values["code"])


def _emulator(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import emulator

    return emulator.run(invocation, **call.values)


def _dev(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import dev

    return dev.run(invocation, call.overrides, call.command, **call.values)


def _doctor(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import doctor

    return doctor.run(invocation, call.overrides, call.command, as_json=call.values["json"])


def _vpn_auth(invocation: Invocation, _: Call) -> int:
    from cycle_exec.commands import vpn_auth

    return vpn_auth.run(invocation)


def _vpn_check(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import vpn_check

    values = call.values
    return vpn_check.run(
        invocation,
        call.overrides,
        call.command,
        values["config"] or "",
        as_json=values["json"],
        probe=values["probe"],
    )


def _api(invocation: Invocation, call: Call) -> int:
    from cycle_exec.commands import api

    given = {name: value for name, value in call.values.items() if value}
    return api.run(invocation, call.overrides, api.Wish(**given))


_VERBS: dict[str, Callable[[Invocation, Call], int]] = {
    "run": _run,
    "plan": _plan,
    "render": _render,
    "env": _env,
    "certificates list": _certificates_list,
    "certificates write": _certificates_write,
    "vpn-auth": _vpn_auth,
    "vpn-check": _vpn_check,
    "api": _api,
    "manifest check": _manifest_check,
    "manifest schema": _manifest_schema,
    "manifest new": _manifest_new,
    "explain": _explain,
    "emulator": _emulator,
    "dev": _dev,
    "doctor": _doctor,
}
