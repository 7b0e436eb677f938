"""The manifest's keys as data. The validator and the JSON Schema both come from this one table."""

from __future__ import annotations

from cycle_exec.settings import on_change, rules, signal_names
from cycle_exec.settings.manifest.nodes import (
    ArrayOf,
    Choice,
    Either,
    ListOf,
    MapOf,
    Number,
    Switch,
    Table,
    Text,
)
from cycle_exec.settings.options import BY_NAME, LOG_FORMATS, LOG_LEVELS


def _from_option(name: str) -> str:
    return BY_NAME[name].help


_MODE = Text(
    rule=rules.MODE, default="0600", help="Permissions of the file, whatever the umask is."
)
_OWNER = Text(rule=rules.OWNER, help="Owner of the file; by default the user who runs cycle-exec.")
_DECODE = Choice(choices=("base64",), help="How the value is decoded before it is written.")

_ON_CHANGE = Either(
    text=Text(rule=on_change.RULE),
    table=Table(
        required=("command",),
        fields={
            "command": ListOf(
                item=Text(rule=rules.FILLED), least=1, help="A command that is run to its end."
            )
        },
    ),
    default="none",
    help="With reload, what is done when it has changed: none, restart, signal:NAME or "
    "{ command = [...] }.",
)

_API = Table(
    help="Where the internal API is and how long to wait for it.",
    fields={
        "socket": Text(
            rule=rules.PATH, default=BY_NAME["socket"].default, help=_from_option("socket")
        ),
        "metadata": Text(
            rule=rules.PATH, default=BY_NAME["metadata"].default, help=_from_option("metadata")
        ),
        "timeout": Text(rule=rules.DURATION, default="5s", help=_from_option("timeout")),
        "deadline": Text(rule=rules.DURATION, default="30s", help=_from_option("deadline")),
    },
)

_VARIABLE_FILE = Table(
    required=("target",),
    fields={
        "target": Text(rule=rules.TARGET, help="The file, an absolute path."),
        "decode": _DECODE,
        "mode": _MODE,
        "owner": _OWNER,
        "on_change": _ON_CHANGE,
    },
)

_VARIABLES = Table(
    help="Which scoped variables become what.",
    fields={
        "only": ListOf(item=Text(rule=rules.GLOB), help="Export these alone. Globs with * and ?."),
        "exclude": ListOf(item=Text(rule=rules.GLOB), help="Do not export these. Globs."),
        "required": ListOf(
            item=Text(rule=rules.FILLED), help="Refuse the start when one is missing or empty."
        ),
        "defaults": MapOf(
            key=rules.FILLED,
            value=Text(rule=rules.ANY),
            help="Values for variables that are missing or empty.",
        ),
        "rename": MapOf(
            key=rules.FILLED, value=Text(rule=rules.NAME), help="Identifier to variable name."
        ),
        "prefix": Text(rule=rules.PREFIX, default="", help="Put before every name."),
        "allow": ListOf(item=Text(rule=rules.NAME_GLOB), help=_from_option("allow-variable")),
        "files": MapOf(
            key=rules.FILLED,
            value=_VARIABLE_FILE,
            help="Variables that go to a file; NAME_FILE is exported instead of the value.",
        ),
    },
)

_ENVIRONMENT = Table(
    help="How the command's environment is put together.",
    fields={
        "precedence": Choice(
            choices=("fetched", "inherited"),
            default="fetched",
            help="Which value wins when the environment has the name already.",
        ),
        "preserve": ListOf(
            item=Text(rule=rules.INHERITED_NAME),
            help="The inherited value wins for these names; * stands for all.",
        ),
        "pristine": Switch(default=False, help=_from_option("pristine")),
        "unset": ListOf(
            item=Text(rule=rules.INHERITED_NAME), help="Names the command does not get."
        ),
        "set": MapOf(
            key=rules.NAME,
            value=Text(rule=rules.ANY),
            help="Literal variables. A value may be a template: {{ server.location_id }}.",
        ),
        "keep_token": Switch(default=False, help=_from_option("keep-token")),
        "files": ListOf(
            item=Text(rule=rules.PATH),
            help="Dotenv files of defaults: everything else wins over them, later files over "
            "earlier ones.",
        ),
        "on_change": _ON_CHANGE.replace(default="restart"),
    },
)

_INTEGRATION = Table(
    help="An integration of the hub, asked for by identifier, by vendor, or by both.",
    one_of=("identifier", "vendor"),
    fields={
        "identifier": Text(rule=rules.FILLED, help="The integration's identifier."),
        "vendor": Text(rule=rules.FILLED, help="The integration's vendor, aws for example."),
        "optional": Switch(default=False, help="Go on when there is no such integration."),
        "prefix": Text(
            rule=rules.PREFIX, default="", help="Export every field as PREFIX_API_KEY and so on."
        ),
        "env": MapOf(key=rules.NAME, value=Text(rule=rules.FIELD), help="Variable name to field."),
        "files": MapOf(
            key=rules.TARGET,
            value=Table(
                required=("field",),
                fields={
                    "field": Text(rule=rules.FIELD, help="The field that goes to the file."),
                    "decode": _DECODE,
                    "mode": _MODE,
                    "owner": _OWNER,
                    "on_change": _ON_CHANGE,
                },
            ),
            help="Fields that go to files, by absolute path.",
        ),
    },
)

_CERTIFICATES = Table(
    help="Fetch certificates, write them, or both.",
    implies=("formats", "pkcs12", "password_from"),
    fields={
        "directory": Text(
            rule=rules.TARGET,
            help="Where they go: DIRECTORY/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem. "
            "Without it they are there for templates only.",
        ),
        "domains": ListOf(
            item=Text(rule=rules.FILLED), help="These domains; each must be there. Default: all."
        ),
        "container_id": Text(
            rule=rules.ANY, default="", help="Another container's certificates, by its id."
        ),
        "formats": ListOf(
            item=Choice(choices=("pem", "combined", "pkcs12")),
            least=1,
            default=["pem"],
            help="pem: certbot's files. combined: key and chain in one file, for HAProxy. pkcs12: "
            "DIRECTORY/DOMAIN/keystore.p12, for Java.",
        ),
        "password_from": Text(
            rule=rules.FILLED,
            help="The scoped variable whose value is the password of each keystore.p12.",
        ),
        "minimum_days": Number(
            least=0, most=3650, default=7, help="Warn when fewer days than this are left."
        ),
        "allow_expired": Switch(default=False, help="Accept an expired certificate."),
        "owner": _OWNER,
        "mode": _MODE,
        "on_change": _ON_CHANGE,
    },
)

_TEMPLATE = Table(
    help="A template, or a folder of *.j2 files, that is rendered.",
    required=("source", "target"),
    fields={
        "source": Text(rule=rules.PATH, help="A file, a folder, or builtin:NAME."),
        "target": Text(rule=rules.TARGET, help="Where it goes, an absolute path."),
        "mode": _MODE,
        "owner": _OWNER,
        "on_change": _ON_CHANGE,
        "check": ListOf(
            item=Text(rule=rules.FILLED),
            least=1,
            help="A command that must exit 0 before anything is swapped; {{ staged }} stands for "
            "the staged file.",
        ),
    },
)

_DOTENV = Table(
    help="Write what is exported to a dotenv file as well.",
    required=("target",),
    fields={
        "target": Text(rule=rules.TARGET, help="The file, an absolute path."),
        "reader": Choice(
            choices=("python-dotenv", "docker", "shell"),
            default="python-dotenv",
            help="The program that will read it; a value it cannot carry refuses the start.",
        ),
        "mode": _MODE,
        "owner": _OWNER,
        "on_change": _ON_CHANGE,
    },
)

_VPN = Table(
    help="The credential hook of an OpenVPN server, judged before it is started; or the login of "
    "a VPN client.",
    fields={
        "config": Text(
            rule=rules.PATH,
            help="The server's configuration; without it, the one that an openvpn command names.",
        ),
        "helper": Text(rule=rules.ABSOLUTE, help=_from_option("vpn-helper")),
        "token_file": Text(
            rule=rules.TARGET,
            help="Where the hook reads the API's token, inside the server's chroot: written "
            "before the start, for the server's user alone. Without it, where the configuration "
            "says.",
        ),
        "probe": Switch(
            default=False,
            help="Run the hook as OpenVPN would, with a login that must be refused.",
        ),
        "login": Table(
            required=("username", "password"),
            help="Variables with a VPN login that the platform must accept before the start.",
            fields={
                "username": Text(rule=rules.FILLED, help="The variable of its username."),
                "password": Text(rule=rules.FILLED, help="The variable of its password."),
            },
        ),
    },
)

MANIFEST = Table(
    help="The manifest of cycle-exec: what to fetch, export and write before the command starts.",
    fields={
        "api": _API,
        "variables": _VARIABLES,
        "environment": _ENVIRONMENT,
        "integrations": ArrayOf(table=_INTEGRATION),
        "certificates": _CERTIFICATES,
        "templates": ArrayOf(table=_TEMPLATE),
        "dotenv": _DOTENV,
        "vpn": _VPN,
        "process": Table(
            help="How the command is started.",
            fields={
                "directory": Text(
                    rule=rules.ABSOLUTE, help="The command's working directory, an absolute path."
                ),
                "user": Text(rule=rules.USER, help=_from_option("user")),
                "no_new_privs": Switch(default=False, help=_from_option("no-new-privs")),
                "init": Switch(default=False, help=_from_option("init")),
                "grace": Text(rule=rules.DURATION, help=_from_option("grace")),
                "reload": Switch(default=False, help=_from_option("reload")),
                "reload_interval": Text(
                    rule=rules.DURATION,
                    help="With reload, look so often where the platform sends no notifications.",
                ),
                "reload_debounce": Text(
                    rule=rules.DURATION,
                    default="2s",
                    help="With reload, the quiet after a notification before anything is asked.",
                ),
                "reload_longest": Text(
                    rule=rules.DURATION,
                    default="30s",
                    help="With reload, the longest wait for that quiet.",
                ),
                "reload_splay": Text(
                    rule=rules.DURATION,
                    default="5s",
                    help="With reload, each instance waits its own part of this time, so that not "
                    "all restart at once.",
                ),
                "signal_map": MapOf(
                    key=signal_names.SIGNAL,
                    value=Text(rule=signal_names.SIGNAL_OR_NONE),
                    help="With init, what reaches the command instead of a signal: "
                    '{ TERM = "QUIT" }; NONE: nothing does.',
                ),
            },
        ),
        "report": Table(
            help="What a launch tells the platform of itself, without waiting for an answer.",
            fields={
                "metrics": Switch(
                    default=False,
                    help="The start's duration by phase, and numbers of what it made, as metrics.",
                ),
                "events": Switch(
                    default=False, help="An event for a start or reload that was refused."
                ),
            },
        ),
        "last_good": Table(
            help="The answers of the last good start, encrypted, for a start that finds no "
            "platform. Without this table there is none.",
            required=("path",),
            one_of=("key_file", "key_variable"),
            fields={
                "path": Text(rule=rules.TARGET, help="The file, mode 0600."),
                "max_age": Text(
                    rule=rules.DURATION, default="24h", help="An older copy is never used."
                ),
                "key_file": Text(
                    rule=rules.PATH,
                    help="What is in it seals the copy: 32 bytes as hex or base64, or a "
                    "passphrase of 16 bytes or more.",
                ),
                "key_variable": Text(
                    rule=rules.NAME,
                    help="The same in an inherited variable, which does not reach the command.",
                ),
            },
        ),
        "log": Table(
            help="What is said on stderr.",
            fields={
                "level": Choice(
                    choices=LOG_LEVELS, default="notice", help=_from_option("log-level")
                ),
                "format": Choice(
                    choices=LOG_FORMATS, default="text", help=_from_option("log-format")
                ),
                "debug": Switch(default=False, help=_from_option("debug")),
            },
        ),
    },
)
