"""The verbs of the command line as data: their words, their own flags and their manual pages.

`cli` builds its parsers and help from this table; the launch options come from `options`.
"""

from __future__ import annotations

from cycle_exec.settings.verb import Flag, Verb, Word

_JSON = Flag(flag="--json", help="Print JSON.")
_STATE = Flag(
    flag="--state", metavar="FILE", complete="file", help="The platform's state, a TOML file."
)

GROUPS = {
    "certificates": "list or write the certificates of this container",
    "manifest": "check a manifest, print its schema, or begin one",
}

ABOUT = (
    "cycle-exec is the container entrypoint for the Cycle platform. It asks the platform's "
    "internal API for what your app needs (scoped variables, integrations, certificates), puts "
    "it where the app looks for it (environment, config files, PEM files), and becomes the app. "
    "All of it works or nothing is changed and nothing is started."
)

EXIT_CODES = (
    "The exit code of a launch is the command's own. When cycle-exec refuses: 64 usage, 65 "
    "unusable data, 69 API unavailable, 70 a bug, 73 a target cannot be written, 77 token "
    "missing or refused, 78 manifest, 126 and 127 command not executable or not found. "
    "cycle-exec explain CODE says more."
)

EXAMPLES = (
    ("cycle-exec -- app --port 8080", "every scoped variable, then the app"),
    ("cycle-exec --integration s3-backups=S3 -- app", "S3_API_KEY, S3_SECRET, ... as well"),
    (
        "cycle-exec --template /etc/app.conf.j2:/run/app.conf -- app",
        "a config file from a template",
    ),
    ("cycle-exec --certificates /run/certificates -- nginx -g 'daemon off;'", "PEM files"),
    ("cycle-exec plan -- app", "what would happen, without a value, nothing touched"),
    ("cycle-exec dev --env-file .env -- app", "the same image on a laptop"),
    ("cycle-exec manifest new > cycle-exec.toml", "begin a manifest"),
)

VERBS: tuple[Verb, ...] = (
    Verb(
        name="run",
        summary="launch a command; the verb itself can be left out",
        text="Fetch what the settings name, export and write it, and become COMMAND. Everything "
        "after -- is COMMAND's and reaches it untouched.",
        launch=True,
        command="needed",
        examples=(
            ("cycle-exec run -- app", "the same as cycle-exec -- app"),
            ("cycle-exec run --deadline 1m --log-level info -- app", "wait longer, say more"),
        ),
    ),
    Verb(
        name="plan",
        summary="show what a launch would do, without values",
        text="Do everything of a launch but write and start. Each variable, file and certificate "
        "is shown with its source, what it overrides, its length and a fingerprint, and how the "
        "files differ from those on disk.",
        launch=True,
        command="optional",
        flags=(_JSON,),
        examples=(
            ("cycle-exec plan", "for people"),
            ("cycle-exec plan --json -- app", "for programs, with the command looked up"),
        ),
    ),
    Verb(
        name="render",
        summary="render templates with a launch's context",
        text="Render templates to standard output, to a file, or, several of them, into a "
        "folder. The manifest's variables, integrations and certificates make the context.",
        launch=True,
        words=(
            Word(name="templates", metavar="TEMPLATE", required=True, many=True, complete="file"),
        ),
        flags=(
            Flag(
                flag="--output",
                short="-o",
                metavar="DEST",
                complete="file",
                help="Write to this file, or into this folder (with a / at its end).",
            ),
        ),
        examples=(
            ("cycle-exec render nginx.conf.j2", "to standard output"),
            ("cycle-exec render -o /run/conf/ a.conf.j2 b.conf.j2", "both into a folder"),
        ),
    ),
    Verb(
        name="env",
        summary="print what a launch would export, with values",
        text="Print the variables that a launch would add or change. The values are shown.",
        launch=True,
        flags=(
            Flag(
                flag="--format",
                metavar="FORMAT",
                choices=("dotenv", "json", "shell", "yaml"),
                help="dotenv (the default), json, shell or yaml.",
            ),
            Flag(
                flag="--reader",
                metavar="READER",
                choices=("python-dotenv", "docker"),
                help="For dotenv, the program that will read it: python-dotenv (the default) or "
                "docker.",
            ),
            Flag(flag="--all", help="The inherited variables as well."),
        ),
        examples=(
            ('eval "$(cycle-exec env --format shell)"', "into the shell at hand"),
            ("cycle-exec env --format json", "for another program"),
        ),
    ),
    Verb(
        name="certificates list",
        summary="list the certificates of this container",
        text="List domains, issuer, days left and key type of each certificate; this is also "
        "what cycle-exec certificates alone does.",
        launch=True,
        flags=(_JSON,),
        examples=(("cycle-exec certificates", "as a table"),),
    ),
    Verb(
        name="certificates write",
        summary="write the certificates as PEM files",
        text="Write DIR/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem for each certificate.",
        launch=True,
        flags=(
            Flag(
                flag="--directory",
                metavar="DIR",
                required=True,
                complete="file",
                help="The folder to write below.",
            ),
        ),
        examples=(("cycle-exec certificates write --directory /run/certificates", ""),),
    ),
    Verb(
        name="vpn-auth",
        summary="OpenVPN's hook: judge a login",
        text="Judge one login, as the auth-user-pass-verify of an OpenVPN server: with a file that "
        "has username and password on two lines (via-file), or username and password in the "
        "environment (via-env). Ends with 0 if the platform accepts the login, 1 if not, 2 if the "
        "verdict follows (--deferred).",
        flags=(
            Flag(
                flag="--token-file",
                metavar="PATH",
                complete="file",
                help="The API's token; by default /run/cycle-exec/vpn-token, else CYCLE_API_TOKEN.",
            ),
            Flag(
                flag="--socket",
                metavar="PATH",
                complete="file",
                help="The Unix socket of the internal API.",
            ),
            Flag(
                flag="--timeout",
                metavar="TIME",
                help="How long until the login is rejected: 8s by default.",
            ),
            Flag(
                flag="--deferred",
                help="Let OpenVPN go on with other clients if the verdict is not there soon.",
            ),
            Flag(
                flag="--patience",
                metavar="TIME",
                help="With --deferred, how soon: 300ms by default.",
            ),
        ),
        words=(Word(name="file", metavar="FILE", complete="file"),),
        examples=(("cycle-exec vpn-auth --deferred credentials", "as OpenVPN calls it, via-file"),),
    ),
    Verb(
        name="doctor",
        summary="say what is wrong with this container's set-up, and how to mend it",
        text="Go the way of a launch and judge each step: settings, token, templates, command, "
        "targets, the API and its clock, certificates, what is slow or unwise. Each finding has a "
        "next step. Nothing is written or started.",
        launch=True,
        command="optional",
        flags=(_JSON,),
        examples=(
            ("cycle-exec doctor -- app", "with the command that the image starts"),
            ("cycle-exec doctor --json", "for programs"),
        ),
    ),
    Verb(
        name="vpn-check",
        summary="say what is wrong with an OpenVPN server's hook",
        text="Check whether the credential hook of an OpenVPN server can work: its configuration "
        "and what the server's user will find. CONFIG is by default what the manifest's [vpn] "
        "says, or what COMMAND names, or /etc/openvpn/server.conf. Without --probe nothing is "
        "asked of the platform.",
        launch=True,
        command="optional",
        flags=(
            _JSON,
            Flag(
                flag="--probe",
                help="Run the hook as OpenVPN would, with a login that nobody has: the platform "
                "must refuse it.",
            ),
        ),
        words=(Word(name="config", metavar="CONFIG", complete="file"),),
        examples=(
            ("cycle-exec vpn-check /etc/openvpn/server.conf", "as root, before the server"),
            ("cycle-exec vpn-check --probe", "the manifest's [vpn], and a login that is refused"),
        ),
    ),
    Verb(
        name="api",
        summary="ask the internal API one thing",
        text="Make one call of the internal API and print its data as JSON, indented on a "
        "terminal, on one line in a pipe. METHOD PATH is GET /v1/server for example; "
        "notifications instead of them follows what changes, one JSON object on each line.",
        launch=True,
        flags=(
            Flag(flag="--list", help="Print every operation: method, path, parameters."),
            Flag(
                flag="--query",
                short="-q",
                metavar="NAME=VALUE",
                many=True,
                help="A parameter; the flag can be repeated.",
            ),
            Flag(
                flag="--data",
                short="-d",
                metavar="JSON",
                complete="file",
                help="The body, as JSON, or @FILE for a file that holds it.",
            ),
            Flag(flag="--raw", help="Print the whole answer as it came."),
            Flag(
                flag="--topic",
                metavar="PREFIX",
                help="With notifications, only topics that begin so.",
            ),
        ),
        words=(Word(name="method", metavar="METHOD"), Word(name="path", metavar="PATH")),
        examples=(
            ("cycle-exec api GET /v1/server", "the server that this instance runs on"),
            ("cycle-exec api GET /v1/hub/integrations -q identifier=s3", "with a parameter"),
            ("cycle-exec api notifications --topic environment.", "what changes, as it changes"),
        ),
    ),
    Verb(
        name="manifest check",
        summary="say what is wrong with a manifest",
        text="Check a manifest, by default the one that a launch would read, and say everything "
        "that is wrong with it: file, line and key. Nothing is fetched.",
        words=(Word(name="path", metavar="PATH", complete="file"),),
        examples=(("cycle-exec manifest check cycle-exec.toml", "while an image is built"),),
    ),
    Verb(
        name="manifest schema",
        summary="print the manifest's JSON Schema",
        text="Print the JSON Schema (2020-12) of the manifest, for editors.",
        examples=(("cycle-exec manifest schema > cycle-exec.schema.json", ""),),
    ),
    Verb(
        name="manifest new",
        summary="print a commented first manifest",
        text="Print a first manifest with every setting, each commented out.",
        examples=(("cycle-exec manifest new > cycle-exec.toml", ""),),
    ),
    Verb(
        name="explain",
        summary="say what an exit code means",
        text="Say what an exit code means and what to do about it; without CODE, all of them.",
        words=(Word(name="code", metavar="CODE"),),
        examples=(("cycle-exec explain 78", ""),),
    ),
    Verb(
        name="emulator",
        summary="serve the internal API locally",
        text="Serve the platform's internal API on a Unix socket, from a state file, for laptops "
        "and tests. Bad days can be tried out: slow, failing and dropped answers.",
        flags=(
            Flag(flag="--socket", metavar="PATH", complete="file", help="The socket to make."),
            _STATE,
            Flag(
                flag="--env-file",
                metavar="FILE",
                complete="file",
                help="Scoped variables from a dotenv file, instead of --state.",
            ),
            Flag(flag="--latency", metavar="TIME", help="Wait before each answer: 20ms."),
            Flag(
                flag="--fail",
                metavar="STATUS[:COUNT]",
                help="Answer the first COUNT requests of each path with this status: 500:3; "
                "without COUNT, every request.",
            ),
            Flag(flag="--drop", metavar="COUNT", help="Cut the next COUNT answers short."),
            Flag(
                flag="--slow-body",
                metavar="TIME",
                help="Send each body in pieces, with this time between them.",
            ),
            Flag(
                flag="--fail-path",
                metavar="PATH",
                help="Only spoil paths that begin with this: /v1/hub.",
            ),
        ),
        examples=(
            ("cycle-exec emulator --socket /tmp/api.sock --state state.toml", ""),
            (
                "cycle-exec emulator --socket /tmp/api.sock --env-file .env --fail 500:3",
                "a bad day",
            ),
        ),
    ),
    Verb(
        name="dev",
        summary="emulator and launch in one command",
        text="Start an emulator on a private socket and launch COMMAND against it: an image "
        "behaves on a laptop as on Cycle. Without --state and --env-file, .env is used if there "
        "is one.",
        launch=True,
        without=("env-file",),
        command="needed",
        flags=(
            _STATE,
            Flag(
                flag="--env-file",
                metavar="FILE",
                complete="file",
                help="Scoped variables from a dotenv file, instead of --state.",
            ),
        ),
        examples=(
            ("cycle-exec dev -- app", "scoped variables from .env"),
            ("cycle-exec dev --state state.toml -- app", "with integrations and certificates"),
        ),
    ),
    Verb(
        name="completion",
        summary="print a completion script for a shell",
        text="Print the script that completes cycle-exec's words in bash, zsh or fish.",
        words=(
            Word(
                name="shell",
                metavar="SHELL",
                choices=("bash", "zsh", "fish"),
                required=True,
            ),
        ),
        examples=(('eval "$(cycle-exec completion bash)"', "in ~/.bashrc"),),
    ),
)
