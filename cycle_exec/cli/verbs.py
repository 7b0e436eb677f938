"""The verbs: their options and their arguments.

The text of a verb's help page is in `pages`. What it does is in `commands`, which is imported when
the verb is called.
"""

from __future__ import annotations

import click

from cycle_exec.cli import completion, offers, pages
from cycle_exec.cli.layout import PROGRAM, prints
from cycle_exec.cli.syntax import Call, Group, LaunchOption, Text, state_option
from cycle_exec.settings.options import PLACES
from cycle_exec.system.output import stdout
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What a value is called, and whether a shell completes it with files.
DEST, DIR, FILE, JSON, PATH = (
    Text(name, files=True) for name in ("dest", "dir", "file", "json", "path")
)
COUNT, TIME = (Text(name) for name in ("count", "time"))
FORMAT = click.Choice(["dotenv", "json", "shell", "yaml"])
READER = click.Choice(["python-dotenv", "docker", "node", "compose", "systemd"])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
env_file = click.option(
    "--env-file", type=FILE, help="Scoped variables from a dotenv file, instead of --state."
)


def version_line() -> str:
    """Return what is installed, and of which commit, where the build knew it."""
    try:
        from cycle_exec._build import COMMIT
    except ImportError:
        return f"{PROGRAM} {__version__}"
    return f"{PROGRAM} {__version__} ({COMMIT})"


@click.group(
    cls=Group,
    default="run",
    launch=True,  # for the page and for completion: the verb reads them
    params=[prints(["--version"], "Print the version.", lambda _: version_line())],
    context_settings={"terminal_width": 80, "show_default": True},
    subcommand_metavar="[VERB] [OPTIONS] [-- COMMAND [ARG...]]",
    help=pages.ROOT,
)
def root(**_: None) -> None: ...


@root.command(launch=True, command="required", help=pages.RUN)
def run(call: Call) -> int:
    from cycle_exec.commands import launch

    return launch.run(call.invocation, call.overrides, call.command)


@root.command(launch=True, asks=True, command="optional", help=pages.PLAN)
@as_json
def plan(call: Call, as_json: bool) -> int:
    from cycle_exec.commands import plan

    return plan.run(call.invocation, call.overrides, call.command, as_json=as_json)


@root.command(launch=True, asks=True, help=pages.RENDER)
@click.argument("templates", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", type=DEST, help="A file, or a folder with a / at its end.")
def render(call: Call, templates: tuple[str, ...], output: str) -> int:
    from cycle_exec.commands import render

    return render.run(call.invocation, call.overrides, templates, output=output)


@root.command(launch=True, asks=True, help=pages.ENV)
@click.option("--format", type=FORMAT, default="dotenv", help="How to print them.")
@click.option("--reader", type=READER, default="python-dotenv", help="Who reads the dotenv file.")
@click.option("--all", "everything", is_flag=True, help="Print the inherited variables as well.")
def env(call: Call, **values: Any) -> int:
    from cycle_exec.commands import env

    return env.run(call.invocation, call.overrides, **values)


@root.group(default="list", subcommand_metavar="[VERB] [OPTIONS]", help=pages.CERTIFICATES)
def certificates() -> None: ...


@certificates.command("list", launch=True, asks=True, help=pages.CERTIFICATES_LIST)
@as_json
def certificates_list(call: Call, as_json: bool) -> int:
    from cycle_exec.commands import certificates

    return certificates.list_(call.invocation, call.overrides, as_json=as_json)


@certificates.command("write", launch=True, asks=True, help=pages.CERTIFICATES_WRITE)
@click.option("--directory", type=DIR, required=True, help="The folder to write to.")
def certificates_write(call: Call, directory: str) -> int:
    from cycle_exec.commands import certificates

    return certificates.write(call.invocation, call.overrides, directory=directory)


@root.command(help=pages.VPN_AUTH)
@click.argument("file", required=False, type=FILE)
@click.option(
    "--token-file",
    type=PATH,
    help="A file with the API token; by default /run/cycle-exec/vpn-token, or CYCLE_API_TOKEN.",
)
@click.option("--socket", type=PATH, help="The Unix socket of the internal API.")
@click.option("--timeout", type=TIME, default="8s", help="When to reject the login.")
@click.option("--deferred", is_flag=True, help="Let OpenVPN go on if the verdict takes longer.")
@click.option("--patience", type=TIME, default="300ms", help="With --deferred, how much longer.")
def vpn_auth(call: Call, **_: Any) -> int:
    from cycle_exec.commands import vpn_auth

    return vpn_auth.run(call.invocation)


@root.command(launch=True, asks=True, command="optional", help=pages.DOCTOR)
@as_json
def doctor(call: Call, as_json: bool) -> int:
    from cycle_exec.commands import doctor

    return doctor.run(call.invocation, call.overrides, call.command, as_json=as_json)


@root.command(launch=True, command="optional", help=pages.VPN_CHECK)
@click.argument("config", required=False, type=FILE)
@as_json
@click.option("--probe", is_flag=True, help="Run the hook with a login that must be rejected.")
def vpn_check(call: Call, config: str, **flags: bool) -> int:
    from cycle_exec.commands import vpn_check

    return vpn_check.run(call.invocation, call.overrides, call.command, config, **flags)


@root.command(launch=True, asks=True, help=pages.API)
@click.argument("method", required=False, type=Text("method", offer=offers.methods))
@click.argument("path", required=False, type=Text("path", offer=offers.paths))
@click.option("--list", is_flag=True, help="Print every operation: method, path, parameters.")
@click.option(
    *("-q", "--query"),
    type=Text("name=value", offer=offers.parameters),
    multiple=True,
    help="A parameter; repeatable.",
)
@click.option("-d", "--data", type=JSON, help="The body as JSON, or @FILE to read it from.")
@click.option("--raw", is_flag=True, help="Print the whole response as it came.")
@click.option("--user", type=Text("name"), help="The user of POST /v1/vpn/login.")
@click.option(
    "--password-file", type=FILE, help="A file with the user's password; without it, it is asked."
)
@click.option(
    "--topic",
    type=Text("prefix", offer=offers.topics),
    help="Follow only topics with this prefix.",
)
def api(call: Call, **wish: Any) -> int:
    from cycle_exec.commands import api

    return api.run(call.invocation, call.overrides, api.Wish(**wish))


@root.group(subcommand_metavar="VERB [OPTIONS]", help=pages.MANIFEST)
def manifest() -> None: ...


@manifest.command("check", asks=True, help=pages.MANIFEST_CHECK)
@click.argument("path", required=False, type=FILE)
def manifest_check(call: Call, path: str) -> int:
    from cycle_exec.commands import manifest

    return manifest.check(call.invocation, path, call.overrides if call.emulated else None)


@manifest.command("schema", help=pages.MANIFEST_SCHEMA)
def manifest_schema(_: Call) -> int:
    from cycle_exec.commands import manifest

    return manifest.schema()


@manifest.command("new", help=pages.MANIFEST_NEW)
def manifest_new(_: Call) -> int:
    from cycle_exec.commands import manifest

    return manifest.new()


@root.command("compile", help=pages.COMPILE)
@click.option("--manifest", type=FILE, help="The manifest; by default the one of a launch.")
def compile_(call: Call, manifest: str) -> int:
    from cycle_exec.commands import compile

    return compile.run(call.invocation, manifest)


@root.group(default="list", subcommand_metavar="[VERB] [OPTIONS]", help=pages.TEMPLATE)
def template() -> None: ...


@template.command("list", help=pages.TEMPLATE_LIST)
def template_list(_: Call) -> int:
    from cycle_exec.commands import template

    return template.list_()


@template.command("show", help=pages.TEMPLATE_SHOW)
@click.argument("name", type=Text("name", offer=offers.builtins))
def template_show(_: Call, name: str) -> int:
    from cycle_exec.commands import template

    return template.show(name)


@root.command(help=pages.HEALTH)
@as_json
@click.option("--strict", is_flag=True, help="Fail also for what is wrong with platform or data.")
@click.option("--max-age", type=TIME, help="Fail if the last contact is older: 10m.")
def health(_: Call, **values: Any) -> int:
    from cycle_exec.commands import health

    return health.run(**values)


@root.command(help=pages.EXPLAIN)
@click.argument(
    "what", required=False, metavar="[CODE|KIND]", type=Text("what", offer=offers.refusals)
)
def explain(_: Call, what: str) -> int:
    from cycle_exec.commands import explain

    return explain.run(what)


@root.command(help=pages.EMULATOR)
@click.option("--socket", type=PATH, help="The socket to create.")
@state_option
@env_file
@click.option("--latency", type=TIME, help="Wait before each response: 20ms.")
@click.option(
    "--fail",
    type=Text("status[:count]"),
    help="Answer the first COUNT requests of each path with this status: 500:3; without COUNT, "
    "every request.",
)
@click.option("--drop", type=COUNT, help="Cut the next COUNT responses short.")
@click.option("--slow-body", type=TIME, help="Send bodies in pieces, with this time between them.")
@click.option(
    "--fail-path",
    type=Text("prefix", offer=offers.paths),
    help="Disturb only these paths: /v1/hub.",
)
def emulator(call: Call, **values: str) -> int:
    from cycle_exec.commands import emulator

    return emulator.run(call.invocation, **values)


@root.group("state", subcommand_metavar="VERB [OPTIONS]", help=pages.STATE)
def state_() -> None: ...


@state_.command("new", launch=True, help=pages.STATE_NEW)
@click.option("--from", "source", type=FILE, help="A dotenv file with scoped variables.")
@click.option("--from-platform", is_flag=True, help="The platform of this container.")
def state_new(call: Call, source: str, from_platform: bool) -> int:
    from cycle_exec.commands import state

    return state.new(call.invocation, call.overrides, source, from_platform=from_platform)


@state_.command("schema", help=pages.STATE_SCHEMA)
def state_schema(_: Call) -> int:
    from cycle_exec.commands import state

    return state.schema()


@root.command(launch=True, command="required", help=pages.DEV)
@state_option
@env_file
def dev(call: Call, **values: str) -> int:
    from cycle_exec.commands import dev

    return dev.run(call.invocation, call.overrides, call.command, **values)


for _param in dev.params:
    if isinstance(_param, LaunchOption) and _param.row.name in (*PLACES, "offline"):
        _param.hidden = True  # dev refuses it, in words of its own


@root.command("completion", help=pages.COMPLETION)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_(_: Call, shell: str) -> int:
    stdout.write(completion.script(shell, root))
    return 0


@root.command("help", help=pages.HELP)
@click.argument("verb", nargs=-1, metavar="[VERB]", type=Text("verb", offer=offers.verbs))
def help_(_: Call, verb: tuple[str, ...]) -> int:
    stdout.write(root.long_page(click.get_current_context().find_root(), verb) + "\n")
    return 0
