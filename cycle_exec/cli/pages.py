"""The texts of the help pages, with their examples at the end; the first sentence is the summary
in lists.

They are no docstrings, which python -OO drops.
"""

from __future__ import annotations

ROOT = """\
Launch a command in a container of the Cycle platform.

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

RUN = """\
Launch a command; the verb itself can be omitted.

Fetch what the settings name, export and write it, and become COMMAND. Everything after --
belongs to COMMAND and is passed on unchanged.

Examples:
cycle-exec run -- app  # the same as cycle-exec -- app
cycle-exec run --deadline 1m --log-level info -- app  # wait longer, log more
"""

PLAN = """\
Show what a launch would do, without values.

Do all that a launch does, except writing and starting. Each variable, file and certificate is
shown with its source, what it overrides, its length and a fingerprint, and how the files
differ from those on disk.

Examples:
cycle-exec plan                # for people
cycle-exec plan --json -- app  # for programs, with the command looked up
cycle-exec plan --state .env   # on a laptop, with these scoped variables
"""

RENDER = """\
Render templates with the context of a launch.

Render to standard output, to a file, or, several templates, into a folder. The variables,
integrations and certificates of the manifest are the context.

Examples:
cycle-exec render nginx.conf.j2                      # to standard output
cycle-exec render -o /run/conf/ a.conf.j2 b.conf.j2  # both into a folder
"""

ENV = """\
Print what a launch would export, with values.

Print the variables that a launch would add or change. Their values are shown.

Examples:
eval "$(cycle-exec env --format shell)"  # into the current shell
cycle-exec env --format json             # for another program
"""

CERTIFICATES = """\
List or write the certificates of this container.

Examples:
cycle-exec certificates write --directory /run/certificates
"""

CERTIFICATES_LIST = """\
List the certificates of this container.

Print domains, issuer, days left and key type of each certificate.

Examples:
cycle-exec certificates  # the verb list can be omitted
"""

CERTIFICATES_WRITE = """\
Write the certificates as PEM files.

Write DIR/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem for each certificate.

Examples:
cycle-exec certificates write --directory /run/certificates
"""

VPN_AUTH = """\
Judge a login, as the credential hook of OpenVPN.

This is the auth-user-pass-verify program of an OpenVPN server. It reads username and password
from the two lines of FILE (via-file) or from the environment (via-env). Its exit code is 0 if
the platform accepts the login, 1 if not, and 2 if the verdict follows (--deferred).

Examples:
cycle-exec vpn-auth --deferred credentials  # as OpenVPN calls it, via-file
"""

DOCTOR = """\
Find what is wrong with the setup of this container, and how to fix it.

Go through the steps of a launch and check each of them: settings, token, templates, command,
targets, the API and its clock, certificates, what is slow or unwise. Each finding comes with a
next step. Nothing is written or started.

Examples:
cycle-exec doctor -- app  # with the command that the image starts
cycle-exec doctor --json  # for programs
"""

VPN_CHECK = """\
Find what is wrong with the credential hook of an OpenVPN server.

Check the configuration of the server and what its user has access to. CONFIG is by default
what the manifest says in [vpn], or what COMMAND names, or /etc/openvpn/server.conf. Without
--probe, nothing is asked of the platform.

Examples:
cycle-exec vpn-check /etc/openvpn/server.conf  # as root, before the server
cycle-exec vpn-check --probe                   # with a login that must fail
"""

API = """\
Make one call of the internal API.

Print its data as JSON, indented on a terminal, on one line in a pipe. METHOD PATH is
GET /v1/server for example; the word notifications in their place follows the changes, one JSON
object per line.

Examples:
cycle-exec api GET /v1/server  # the server that this instance runs on
cycle-exec api GET /v1/hub/integrations -q identifier=s3
cycle-exec api POST /v1/vpn/login --user alice     # asks for the password
cycle-exec api notifications --topic environment.  # changes, as they happen
"""

MANIFEST = """\
Check a manifest, print its JSON Schema, or begin one.

Examples:
cycle-exec manifest check cycle-exec.toml
"""

MANIFEST_CHECK = """\
Find what is wrong with a manifest and its templates.

Check the manifest at PATH, by default the one that a launch would read, and print every
mistake with file and line: keys and values, templates that do not exist, their syntax, filters,
tests and names, targets that cannot be meant. Nothing is fetched. With --state, also check that
a launch could be planned with that state: required variables, names in templates, certificates.

Examples:
cycle-exec manifest check cycle-exec.toml  # while an image is built
cycle-exec manifest check --state state.toml cycle-exec.toml  # in CI
"""

MANIFEST_SCHEMA = """\
Print the JSON Schema (2020-12) of the manifest, for editors.

Examples:
cycle-exec manifest schema > cycle-exec.schema.json
"""

MANIFEST_NEW = """\
Print a first manifest with every setting, commented out.

Examples:
cycle-exec manifest new > cycle-exec.toml
"""

COMPILE = """\
Compile the manifest and its templates while an image is built.

Check them as "manifest check" does, and write what a launch then need not compute beside the
manifest, in PATH.compiled; and compile Python modules that are not compiled. A launch uses it
as long as nothing that it was made of has changed, and starts faster. The output says which
templates are left to Jinja2, and why.

Examples:
cycle-exec compile  # RUN of a Dockerfile, after everything is copied
cycle-exec compile --manifest /etc/my.toml
"""

TEMPLATE = """\
List or show the templates that come with cycle-exec.

Examples:
cycle-exec template show builtin:nginx/tls.conf.j2
"""

TEMPLATE_LIST = """\
List the templates that come with cycle-exec.

Examples:
cycle-exec template  # the verb list can be omitted
"""

TEMPLATE_SHOW = """\
Print a template that comes with cycle-exec.

Print its text: how to use it, the manifest and the variables for it come first.

Examples:
cycle-exec template show builtin:nginx/tls.conf.j2
"""

HEALTH = """\
Tell whether the app is running, for the platform's health check.

Print one line, with exit code 0 if the app is running, and 1 if it is not or is being stopped.
An outage of the API, an old look and certificates with few days left are in the line and in
--json, and change the exit code only with --strict or --max-age. Any user can run it; it
contacts nobody. Without --init or --reload, it says what cannot be known.

Examples:
cycle-exec health                # for a health check
cycle-exec health --max-age 10m  # fail after ten minutes without contact
cycle-exec health --json         # for programs
"""

EXPLAIN = """\
Explain an exit code or an error, and what to do about it.

CODE is the exit code of a launch or of a verb, and KIND the word in brackets at the end of an
error line. Without either, all of them are listed.

Examples:
cycle-exec explain 78
cycle-exec explain variable-missing  # of "cycle-exec: ... (variable-missing)"
"""

EMULATOR = """\
Serve the internal API locally.

Serve the platform's internal API on a Unix socket, from a state file, for laptops and tests.
Bad days can be tried out: slow, failing and dropped responses.

Examples:
cycle-exec emulator --socket /tmp/api.sock --state state.toml
cycle-exec emulator --socket /tmp/api.sock --env-file .env --fail 500:3
"""

STATE = """\
Begin a state file of the emulator, or print the JSON Schema of state files.

Examples:
cycle-exec state new --from .env > state.toml
"""

STATE_NEW = """\
Print a first state file for the emulator.

With --from, its variables are those of a dotenv file, with their values. With --from-platform,
run in a container, it has the names and shapes of what the platform has: variables, containers,
certificates, networks, and the integrations of the manifest. The values are made up; no value
of the platform is printed.

Examples:
cycle-exec state new --from .env > state.toml
cycle-exec state new --from-platform > state.toml  # in a container
"""

STATE_SCHEMA = """\
Print the JSON Schema (2020-12) of state files, for editors.

Examples:
cycle-exec state schema > state.schema.json
"""

DEV = """\
Run the emulator and a launch in one command.

Start an emulator on a private socket and launch COMMAND against it: an image behaves on a
laptop as it does on Cycle. Without --state and --env-file, .env is used if it exists.

Examples:
cycle-exec dev -- app                     # scoped variables from .env
cycle-exec dev --state state.toml -- app  # with integrations and certificates
"""

COMPLETION = """\
Print a script that completes the words of cycle-exec in a shell.

Examples:
eval "$(cycle-exec completion bash)"  # in ~/.bashrc
"""

HELP = """\
Print the page of a verb, with every option and examples.

Without VERB, print the page of the program. "cycle-exec VERB --help" prints the same page, and
"cycle-exec VERB -h" one that fits a screen.

Examples:
cycle-exec help
cycle-exec help manifest check
"""
