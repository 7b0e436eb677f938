"""The manifest's keys as data: the validator, the records and the JSON Schema come from them."""

from __future__ import annotations

from cycle_exec.settings import model, rules
from cycle_exec.settings.manifest.nodes import (
    Choice,
    Either,
    ListOf,
    MapOf,
    Number,
    Switch,
    SwitchOr,
    Table,
    Text,
)
from cycle_exec.settings.manifest.process import BEFORE, PROCESS
from cycle_exec.settings.manifest.shapes import mapping as _map
from cycle_exec.settings.manifest.shapes import option as _option
from cycle_exec.settings.manifest.shapes import text as _text
from cycle_exec.settings.manifest.shapes import texts as _texts
from cycle_exec.settings.options import BY_NAME


def _command(command: tuple[str, ...], user: str = "") -> tuple[str, ...]:
    return ("command", user, *command)


_DECODE = Choice(choices=("base64",), help="How the value is decoded before it is written.")
_ON_CHANGE = Either(
    text=Text(rule=rules.ON_CHANGE),
    table=Table(
        make=_command,
        required=("command",),
        fields={
            "command": _texts(rules.FILLED, "A command that is run to its end.", least=1),
            "user": _text(
                rules.USER, "The user that it runs as; by default the one that runs cycle-exec."
            ),
        },
    ),
    default="none",
    help="With reload, what is done when it has changed: none, restart, signal:NAME or "
    "{ command = [...] }.",
)
# What the tables of all targets have.
_TARGET = {
    "mode": _text(rules.MODE, "Permissions of the file, whatever the umask is.", default="0600"),
    "owner": _text(rules.OWNER, "Owner of the file; by default the user who runs cycle-exec."),
    "on_change": _ON_CHANGE,
}

_API = Table(
    make=model.Api,
    help="Where the internal API is and how long to wait for it.",
    fields={
        **{name: _option(name) for name in ("socket", "metadata", "timeout", "deadline")},
        "offline": SwitchOr(
            word=model.NEVER,
            help="Start without the platform where there is neither a token nor the socket. "
            '"never": refuse any start without it, whatever flag and variable say.',
        ),
    },
)

_VARIABLE_FILE = Table(
    make=model.VariableFile,
    required=("target",),
    fields={
        "target": _text(rules.TARGET, "The file, an absolute path."),
        "decode": _DECODE,
        **_TARGET,
    },
)

_VARIABLES = Table(
    make=model.Variables,
    help="Which scoped variables become what.",
    fields={
        "only": _texts(rules.GLOB, "Export these alone. Globs with * and ?."),
        "exclude": _texts(rules.GLOB, "Do not export these. Globs."),
        "required": _texts(rules.FILLED, "Refuse the start when one is missing or empty."),
        "defaults": _map(
            rules.FILLED, rules.ANY, "Values for variables that are missing or empty."
        ),
        "rename": _map(rules.FILLED, rules.NAME, "Identifier to variable name."),
        "prefix": _text(rules.PREFIX, "Put before every name.", default=""),
        "allow": _texts(rules.NAME_GLOB, BY_NAME["allow-variable"].help),
        "file_directory": _text(
            rules.TARGET,
            "Where scoped variables of access kind file are: they are there for templates and "
            "files, never for the environment.",
            default=model.DEFAULT_VARIABLE_FILES,
        ),
        "files": MapOf(
            key=rules.FILLED,
            value=_VARIABLE_FILE,
            keyed="variable",
            help="Variables that go to a file; NAME_FILE is exported instead of the value.",
        ),
    },
)

_ENVIRONMENT = Table(
    make=model.EnvironmentRules,
    help="How the command's environment is put together.",
    fields={
        "precedence": Choice(
            choices=("fetched", "inherited"),
            default="fetched",
            help="Which value wins when the environment has the name already.",
        ),
        "preserve": _texts(
            rules.INHERITED_NAME, "The inherited value wins for these names; * stands for all."
        ),
        "pristine": _option("pristine"),
        "unset": _texts(rules.INHERITED_NAME, "Names the command does not get."),
        "set": _map(
            rules.NAME,
            rules.ANY,
            "Literal variables. A value may be a template: {{ server.location_id }}.",
        ),
        "keep_token": _option("keep-token"),
        "files": _texts(
            rules.PATH,
            "Dotenv files of defaults: everything else wins over them, later files over "
            "earlier ones.",
        ),
        "on_change": _ON_CHANGE.replace(default="restart"),
    },
)

_INTEGRATION = Table(
    make=model.IntegrationRequest,
    help="An integration of the hub, asked for by identifier, by vendor, or by both.",
    one_of=("identifier", "vendor"),
    fields={
        "identifier": _text(rules.FILLED, "The integration's identifier."),
        "vendor": _text(rules.FILLED, "The integration's vendor, aws for example."),
        "optional": Switch(help="Go on when there is no such integration."),
        "prefix": _text(
            rules.PREFIX, "Export every field as PREFIX_API_KEY and so on.", default=""
        ),
        "env": _map(rules.NAME, rules.FIELD, "Variable name to field."),
        "files": MapOf(
            key=rules.TARGET,
            value=Table(
                make=model.IntegrationFile,
                required=("field",),
                fields={
                    "field": _text(rules.FIELD, "The field that goes to the file."),
                    "decode": _DECODE,
                    **_TARGET,
                },
            ),
            keyed="target",
            help="Fields that go to files, by absolute path.",
        ),
    },
)

_CERTIFICATES = Table(
    make=model.CertificateRequest,
    help="Fetch certificates, write them, or both.",
    implies=("formats", "pkcs12", "password_from"),
    fields={
        "directory": _text(
            rules.TARGET,
            "Where they go: DIRECTORY/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem. "
            "Without it they are there for templates only.",
        ),
        "domains": _texts(rules.FILLED, "These domains; each must be there. Default: all."),
        "container_id": _text(
            rules.ANY, "Another container's certificates, by its id.", default=""
        ),
        "layout": Choice(
            choices=("folders", "flat"),
            default="folders",
            help="folders: a folder for each domain. flat: one file for each, "
            "DIRECTORY/DOMAIN.pem with key and chain, for HAProxy's crt DIRECTORY.",
        ),
        "formats": ListOf(
            item=Choice(choices=("pem", "combined", "pkcs12")),
            least=1,
            default=["pem"],
            help="pem: certbot's files. combined: key and chain in one file, for HAProxy. pkcs12: "
            "DIRECTORY/DOMAIN/keystore.p12, for Java.",
        ),
        "password_from": _text(
            rules.FILLED, "The scoped variable whose value is the password of each keystore.p12."
        ),
        "minimum_days": Number(
            least=0, most=3650, default=7, help="Warn when fewer days than this are left."
        ),
        "allow_expired": Switch(help="Accept an expired certificate."),
        **_TARGET,
    },
)

_TEMPLATE = Table(
    make=model.TemplateOutput,
    help="A template, or a folder of *.j2 files, that is rendered.",
    required=("source", "target"),
    fields={
        "source": _text(rules.PATH, "A file, a folder, or builtin:NAME."),
        "target": _text(rules.TARGET, "Where it goes, an absolute path."),
        **_TARGET,
        "check": _texts(
            rules.FILLED,
            "A command that must exit 0 before anything is swapped; it sees all targets as they "
            "will be, and {{ staged }} stands for where it finds this one.",
            least=1,
        ),
    },
)

_DOTENV = Table(
    make=model.DotenvOutput,
    help="Write what is exported to a dotenv file as well.",
    required=("target",),
    fields={
        "target": _text(rules.TARGET, "The file, an absolute path."),
        "reader": Choice(
            choices=("python-dotenv", "docker", "shell", "node", "compose", "systemd"),
            default="python-dotenv",
            help="The program that will read it; a value it cannot carry refuses the start.",
        ),
        **_TARGET,
    },
)


def _awaited(**given: str) -> str:
    return given["for"]


_WAIT = Table(
    make=_awaited,
    help="Something that has to be there before the command starts.",
    required=("for",),
    fields={
        "for": _text(
            rules.WAIT,
            "tcp://HOST:PORT, http://HOST/PATH, unix:/PATH, file:/PATH, dns://NAME or "
            "container://IDENTIFIER. It may be a template: tcp://{{ variables.DB_HOST }}:5432.",
        ),
    },
)

_VPN = Table(
    make=model.Vpn,
    help="The credential hook of an OpenVPN server, judged before it is started; or the login of "
    "a VPN client.",
    fields={
        "config": _text(
            rules.PATH,
            "The server's configuration; without it, the one that an openvpn command names.",
        ),
        "helper": _option("vpn-helper"),
        "token_file": _text(
            rules.TARGET,
            "Where the hook reads the API's token, inside the server's chroot: written "
            "before the start, for the server's user alone. Without it, where the configuration "
            "says.",
        ),
        "probe": Switch(help="Run the hook as OpenVPN would, with a login that must be refused."),
        "login": Table(
            make=model.Login,
            required=("username", "password"),
            help="Variables with a VPN login that the platform must accept before the start.",
            fields={
                "username": _text(rules.FILLED, "The variable of its username."),
                "password": _text(rules.FILLED, "The variable of its password."),
            },
        ),
    },
)

MANIFEST = Table(
    make=model.Manifest,
    help="The manifest of cycle-exec: what to fetch, export and write before the command starts.",
    fields={
        "api": _API,
        "variables": _VARIABLES,
        "environment": _ENVIRONMENT,
        "integrations": ListOf(item=_INTEGRATION),
        "certificates": _CERTIFICATES,
        "templates": ListOf(item=_TEMPLATE),
        "dotenv": _DOTENV,
        "wait": ListOf(item=_WAIT),
        "before": ListOf(item=BEFORE),
        "vpn": _VPN,
        "process": PROCESS,
        "report": Table(
            make=model.Report,
            help="What a launch tells the platform of itself, without waiting for an answer.",
            fields={
                "metrics": Switch(
                    help="The start's duration by phase, and numbers of what it made, as metrics."
                ),
                "events": Switch(help="An event for a start or reload that was refused."),
            },
        ),
        "last_good": Table(
            make=model.LastGood,
            help="The answers of the last good start, encrypted, for a start that finds no "
            "platform. Without this table there is none.",
            required=("path",),
            one_of=("key_file", "key_variable"),
            fields={
                "path": _text(rules.TARGET, "The file, mode 0600."),
                "max_age": _text(rules.DURATION, "An older copy is never used.", default="24h"),
                "key_file": _text(
                    rules.PATH,
                    "Its content encrypts the copy: 32 bytes as hex or base64, or a "
                    "passphrase of 16 bytes or more.",
                ),
                "key_variable": _text(
                    rules.NAME,
                    "The same in an inherited variable, which does not reach the command.",
                ),
            },
        ),
        "log": Table(
            make=model.Log,
            help="What is said on stderr.",
            fields={
                "level": _option("log-level"),
                "format": _option("log-format"),
                "debug": _option("debug"),
            },
        ),
    },
)
