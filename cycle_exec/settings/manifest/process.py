"""[process] and [[before]]: how the command is started, and what is run before it."""

from __future__ import annotations

from cycle_exec.settings import model, rules
from cycle_exec.settings.manifest.nodes import Amount, Choice, Either, MapOf, Switch, Table
from cycle_exec.settings.manifest.shapes import mapping, option, text, texts

_LIMIT = Either(
    text=Amount(
        make=lambda soft: model.Limit(soft=soft),
        expecting='a whole number from 0 on, "unlimited" or { soft = N, hard = N }',
    ),
    table=Table(
        make=model.Limit,
        required=("soft", "hard"),
        fields={
            "soft": Amount(help="The limit that counts."),
            "hard": Amount(help="Up to where the command can raise it."),
        },
    ),
)

BEFORE = Table(
    make=model.Before,
    help="A command that is run to its end before the app is started, when all files are written.",
    required=("command",),
    fields={
        "command": texts(
            rules.FILLED,
            "Its words. It has the app's environment, user, directory, umask and limits, and "
            "anything but exit code 0 refuses the start.",
            least=1,
        ),
        "timeout": text(
            rules.DURATION, "How long it may take; added to the deadline.", default="60s"
        ),
        "on_restart": Switch(
            help="With reload, run it before each restart, too, while the app still runs: where "
            "it fails, the app is not restarted."
        ),
        "output": Choice(
            choices=("filtered", "raw"),
            default="filtered",
            help="filtered: what it prints goes to stderr line by line, without lines in which a "
            "part of a fetched value may be. raw: as it is.",
        ),
    },
)

PROCESS = Table(
    make=model.Process,
    help="How the command is started.",
    fields={
        "directory": text(rules.ABSOLUTE, "The command's working directory, an absolute path."),
        "user": option("user"),
        "capabilities": texts(
            rules.CAPABILITY,
            "Capabilities that the command keeps although it runs as another user: "
            '["NET_BIND_SERVICE"]. All others are dropped.',
        ),
        "no_new_privs": option("no-new-privs"),
        "umask": option("umask"),
        "limits": MapOf(
            key=rules.LIMIT,
            value=_LIMIT,
            help="Resource limits of the command by name: { nofile = 65536, core = { soft "
            '= 0, hard = "unlimited" } }. With a soft limit alone the hard one stays, '
            "unless it has to be raised.",
        ),
        "init": option("init"),
        "drain": option("drain"),
        "grace": option("grace"),
        "reload": option("reload"),
        "reload_interval": text(
            rules.DURATION,
            "With reload, look so often where the platform sends no notifications.",
        ),
        "reload_debounce": text(
            rules.DURATION,
            "With reload, the quiet after a notification before anything is asked.",
            default="2s",
        ),
        "reload_longest": text(
            rules.DURATION, "With reload, the longest wait for that quiet.", default="30s"
        ),
        "reload_splay": text(
            rules.DURATION,
            "With reload, each instance waits its own part of this time, so that not "
            "all restart at once.",
            default="5s",
        ),
        "reload_missing": option("reload-missing"),
        "restore": option("restore"),
        "stop_signal": option("stop-signal"),
        "signal_map": mapping(
            rules.SIGNAL,
            rules.SIGNAL_OR_NONE,
            "With init, what reaches the command instead of a signal: "
            '{ TERM = "QUIT" }; NONE: nothing does.',
        ),
    },
)
