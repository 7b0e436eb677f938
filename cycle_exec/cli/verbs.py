"""The verbs: their options, their arguments and their help pages.

The docstring is the text of the page, and its first sentence the summary in lists. What a verb
does is in `commands`, which is imported when the verb is called.
"""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from cycle_exec.cli.syntax import Call, Group, Text, prints
from cycle_exec.system.output import stdout
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAM = "cycle-exec"
COMPLETION_VARIABLE = "_CYCLE_EXEC_COMPLETE"
# What a value is called, and whether a shell completes it with files.
DEST, DIR, FILE, JSON, PATH = (
    Text(name, files=True) for name in ("dest", "dir", "file", "json", "path")
)
COUNT, PREFIX, TIME = (Text(name) for name in ("count", "prefix", "time"))
FORMAT = click.Choice(["dotenv", "json", "shell", "yaml"])
READER = click.Choice(["python-dotenv", "docker"])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
state = click.option("--state", type=FILE, help="The platform's state, a TOML file.")
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
)
def root(**_: None) -> None:
    """Launch a command in a container of the Cycle platform.

    cycle-exec asks the platform's internal API for what your app needs (scoped variables,
    integrations, certificates), puts it where the app looks for it (environment, config files,
    PEM files), and becomes the app. Either all of it works, or nothing is changed and nothing is
    started. An option wins over its environment variable, and the variable over the manifest.
    Options for lists can be repeated; in variables, their items are separated by commas.

    The exit code of a launch is the command's own. When cycle-exec refuses to launch, it is 64 for
    usage, 65 for unusable data, 69 for an unavailable API, 70 for a bug, 73 for a target that
    cannot be written, 77 for a token that is missing or rejected, 78 for the manifest, 126 or 127
    for a command that cannot be executed or found. "cycle-exec explain CODE" says more.

    Examples:
    cycle-exec -- app --port 8080          # every scoped variable, then the app
    cycle-exec --integration s3=S3 -- app  # S3_API_KEY, S3_SECRET as well
    cycle-exec --template app.j2:/run/app.conf -- app  # a rendered config file
    cycle-exec --certificates /run/certificates -- nginx  # PEM files
    cycle-exec plan -- app                 # what would happen, without values
    cycle-exec dev --env-file .env -- app  # the same image on a laptop
    cycle-exec manifest new > cycle-exec.toml  # begin a manifest
    """


@root.command(launch=True, command="required")
def run(call: Call) -> int:
    """Launch a command; the verb itself can be omitted.

    Fetch what the settings name, export and write it, and become COMMAND. Everything after --
    belongs to COMMAND and is passed on unchanged.

    Examples:
    cycle-exec run -- app  # the same as cycle-exec -- app
    cycle-exec run --deadline 1m --log-level info -- app  # wait longer, log more
    """
    from cycle_exec.commands import launch

    return launch.run(call.invocation, call.overrides, call.command)


@root.command(launch=True, command="optional")
@as_json
def plan(call: Call, as_json: bool) -> int:
    """Show what a launch would do, without values.

    Do all that a launch does, except writing and starting. Each variable, file and certificate is
    shown with its source, what it overrides, its length and a fingerprint, and how the files
    differ from those on disk.

    Examples:
    cycle-exec plan                # for people
    cycle-exec plan --json -- app  # for programs, with the command looked up
    """
    from cycle_exec.commands import plan

    return plan.run(call.invocation, call.overrides, call.command, as_json=as_json)


@root.command(launch=True)
@click.argument("templates", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", type=DEST, help="A file, or a folder with a / at its end.")
def render(call: Call, templates: tuple[str, ...], output: str) -> int:
    """Render templates with the context of a launch.

    Render to standard output, to a file, or, several templates, into a folder. The variables,
    integrations and certificates of the manifest are the context.

    Examples:
    cycle-exec render nginx.conf.j2                      # to standard output
    cycle-exec render -o /run/conf/ a.conf.j2 b.conf.j2  # both into a folder
    """
    from cycle_exec.commands import render

    return render.run(call.invocation, call.overrides, templates, output=output)


@root.command(launch=True)
@click.option("--format", type=FORMAT, default="dotenv", help="How to print them.")
@click.option("--reader", type=READER, default="python-dotenv", help="Who reads the dotenv file.")
@click.option("--all", "everything", is_flag=True, help="Print the inherited variables as well.")
def env(call: Call, **values: Any) -> int:
    """Print what a launch would export, with values.

    Print the variables that a launch would add or change. Their values are shown.

    Examples:
    eval "$(cycle-exec env --format shell)"  # into the current shell
    cycle-exec env --format json             # for another program
    """
    from cycle_exec.commands import env

    return env.run(call.invocation, call.overrides, **values)


@root.group(default="list", subcommand_metavar="[VERB] [OPTIONS]")
def certificates() -> None:
    """List or write the certificates of this container.

    Examples:
    cycle-exec certificates write --directory /run/certificates
    """


@certificates.command("list", launch=True)
@as_json
def certificates_list(call: Call, as_json: bool) -> int:
    """List the certificates of this container.

    Print domains, issuer, days left and key type of each certificate.

    Examples:
    cycle-exec certificates  # the verb list can be omitted
    """
    from cycle_exec.commands import certificates

    return certificates.list_(call.invocation, call.overrides, as_json=as_json)


@certificates.command("write", launch=True)
@click.option("--directory", type=DIR, required=True, help="The folder to write to.")
def certificates_write(call: Call, directory: str) -> int:
    """Write the certificates as PEM files.

    Write DIR/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem for each certificate.

    Examples:
    cycle-exec certificates write --directory /run/certificates
    """
    from cycle_exec.commands import certificates

    return certificates.write(call.invocation, call.overrides, directory=directory)


@root.command()
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
    """Judge a login, as the credential hook of OpenVPN.

    This is the auth-user-pass-verify program of an OpenVPN server. It reads username and password
    from the two lines of FILE (via-file) or from the environment (via-env). Its exit code is 0 if
    the platform accepts the login, 1 if not, and 2 if the verdict follows (--deferred).

    Examples:
    cycle-exec vpn-auth --deferred credentials  # as OpenVPN calls it, via-file
    """
    from cycle_exec.commands import vpn_auth

    return vpn_auth.run(call.invocation)


@root.command(launch=True, command="optional")
@as_json
def doctor(call: Call, as_json: bool) -> int:
    """Find what is wrong with the setup of this container, and how to fix it.

    Go through the steps of a launch and check each of them: settings, token, templates, command,
    targets, the API and its clock, certificates, what is slow or unwise. Each finding comes with a
    next step. Nothing is written or started.

    Examples:
    cycle-exec doctor -- app  # with the command that the image starts
    cycle-exec doctor --json  # for programs
    """
    from cycle_exec.commands import doctor

    return doctor.run(call.invocation, call.overrides, call.command, as_json=as_json)


@root.command(launch=True, command="optional")
@click.argument("config", required=False, type=FILE)
@as_json
@click.option("--probe", is_flag=True, help="Run the hook with a login that must be rejected.")
def vpn_check(call: Call, config: str, **flags: bool) -> int:
    """Find what is wrong with the credential hook of an OpenVPN server.

    Check the configuration of the server and what its user has access to. CONFIG is by default
    what the manifest says in [vpn], or what COMMAND names, or /etc/openvpn/server.conf. Without
    --probe, nothing is asked of the platform.

    Examples:
    cycle-exec vpn-check /etc/openvpn/server.conf  # as root, before the server
    cycle-exec vpn-check --probe                   # with a login that must fail
    """
    from cycle_exec.commands import vpn_check

    return vpn_check.run(call.invocation, call.overrides, call.command, config, **flags)


@root.command(launch=True)
@click.argument("method", required=False)
@click.argument("path", required=False)
@click.option("--list", is_flag=True, help="Print every operation: method, path, parameters.")
@click.option(
    "-q", "--query", type=Text("name=value"), multiple=True, help="A parameter; repeatable."
)
@click.option("-d", "--data", type=JSON, help="The body as JSON, or @FILE to read it from.")
@click.option("--raw", is_flag=True, help="Print the whole response as it came.")
@click.option("--topic", type=PREFIX, help="Follow only topics with this prefix.")
def api(call: Call, **wish: Any) -> int:
    """Make one call of the internal API.

    Print its data as JSON, indented on a terminal, on one line in a pipe. METHOD PATH is
    GET /v1/server for example; the word notifications in their place follows the changes, one JSON
    object per line.

    Examples:
    cycle-exec api GET /v1/server  # the server that this instance runs on
    cycle-exec api GET /v1/hub/integrations -q identifier=s3
    cycle-exec api notifications --topic environment.  # changes, as they happen
    """
    from cycle_exec.commands import api

    return api.run(call.invocation, call.overrides, api.Wish(**wish))


@root.group(subcommand_metavar="VERB [OPTIONS]")
def manifest() -> None:
    """Check a manifest, print its JSON Schema, or begin one.

    Examples:
    cycle-exec manifest check cycle-exec.toml
    """


@manifest.command("check")
@click.argument("path", required=False, type=FILE)
def manifest_check(call: Call, path: str) -> int:
    """Find what is wrong with a manifest.

    Check the manifest at PATH, by default the one that a launch would read, and print every
    mistake with file, line and key. Nothing is fetched.

    Examples:
    cycle-exec manifest check cycle-exec.toml  # while an image is built
    """
    from cycle_exec.commands import manifest

    return manifest.check(call.invocation, path)


@manifest.command("schema")
def manifest_schema(_: Call) -> int:
    """Print the JSON Schema (2020-12) of the manifest, for editors.

    Examples:
    cycle-exec manifest schema > cycle-exec.schema.json
    """
    from cycle_exec.commands import manifest

    return manifest.schema()


@manifest.command("new")
def manifest_new(_: Call) -> int:
    """Print a first manifest with every setting, commented out.

    Examples:
    cycle-exec manifest new > cycle-exec.toml
    """
    from cycle_exec.commands import manifest

    return manifest.new()


@root.command()
@click.argument("code", required=False)
def explain(_: Call, code: str) -> int:
    """Explain an exit code and what to do about it; without CODE, list all of them.

    Examples:
    cycle-exec explain 78
    """
    from cycle_exec.commands import explain

    return explain.run(code)


@root.command()
@click.option("--socket", type=PATH, help="The socket to create.")
@state
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
@click.option("--fail-path", type=PREFIX, help="Disturb only these paths: /v1/hub.")
def emulator(call: Call, **values: str) -> int:
    """Serve the internal API locally.

    Serve the platform's internal API on a Unix socket, from a state file, for laptops and tests.
    Bad days can be tried out: slow, failing and dropped responses.

    Examples:
    cycle-exec emulator --socket /tmp/api.sock --state state.toml
    cycle-exec emulator --socket /tmp/api.sock --env-file .env --fail 500:3
    """
    from cycle_exec.commands import emulator

    return emulator.run(call.invocation, **values)


@root.command(launch=True, command="required")
@state
@env_file
def dev(call: Call, **values: str) -> int:
    """Run the emulator and a launch in one command.

    Start an emulator on a private socket and launch COMMAND against it: an image behaves on a
    laptop as it does on Cycle. Without --state and --env-file, .env is used if it exists.

    Examples:
    cycle-exec dev -- app                     # scoped variables from .env
    cycle-exec dev --state state.toml -- app  # with integrations and certificates
    """
    from cycle_exec.commands import dev

    return dev.run(call.invocation, call.overrides, call.command, **values)


@root.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(_: Call, shell: str) -> int:
    """Print a script that completes the words of cycle-exec in a shell.

    Examples:
    eval "$(cycle-exec completion bash)"  # in ~/.bashrc
    """
    known = get_completion_class(shell)
    assert known is not None
    # Not bash's own source(): it starts a bash to check its version.
    stdout.write(ShellComplete.source(known(root, {}, PROGRAM, COMPLETION_VARIABLE)))
    return 0
