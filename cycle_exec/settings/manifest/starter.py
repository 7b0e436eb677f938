"""A first manifest for people to edit. Settings stand behind `#`, words behind `# `."""

from __future__ import annotations

STARTER = """\
# The manifest of cycle-exec: what to fetch, export and write before the command starts.
# Every setting is optional and shown with its default or an example. To use one, remove the #
# before it and before the [table] it belongs to. Without any, every scoped variable is exported.
#
# cycle-exec manifest check FILE    says what is wrong with it
# cycle-exec manifest schema        prints the JSON Schema for editors

# Where the internal API is, and how long to wait for it.
#[api]
#socket = "/var/run/cycle/api/api.sock"
#metadata = "/var/run/cycle/metadata/environment.json"
#timeout = "5s"                      # one try of one request
#deadline = "30s"                    # the whole start
#offline = false                     # true: without the platform where it is not there; or "never"

# Which scoped variables become what.
#[variables]
#only = ["DATABASE_*", "SECRET_KEY"] # default: all
#exclude = ["INTERNAL_*"]
#required = ["DATABASE_URL"]         # missing or empty refuses the start
#defaults = { LOG_LEVEL = "info" }
#rename = { db-password = "DB_PASSWORD" }
#prefix = ""
#allow = ["NODE_OPTIONS"]            # dangerous names that may pass; globs
#file_directory = "/var/run/cycle/variables" # scoped variables of access kind file are found there

# A variable that goes to a file: TLS_CLIENT_KEY_FILE is exported instead of the value.
#[variables.files.TLS_CLIENT_KEY]
#target = "/run/secrets/client.key"
#decode = "base64"
#mode = "0600"
#owner = "app:app"
#on_change = "none"                  # with reload: restart, signal:NAME, { command = [..] }

# How the command's environment is put together.
#[environment]
#precedence = "fetched"              # or "inherited"
#preserve = ["HOSTNAME"]             # the inherited value wins; "*" for all
#pristine = false                    # true: nothing is inherited but preserved names
#unset = ["DEBUG_TOKEN"]
#set = { APP_REGION = "{{ server.location_id }}" }
#keep_token = false                  # true: CYCLE_API_TOKEN reaches the command
#files = ["/etc/app/defaults.env"]   # dotenv files of defaults
#on_change = "restart"               # with reload, when a variable has changed

# An integration; one such table for each. Its fields: by prefix, by name, or to files.
#[[integrations]]
#identifier = "s3-backups"
#vendor = "aws"                      # instead of the identifier, or with it
#optional = false                    # true: go on when there is none
#prefix = "S3"                       # S3_API_KEY, S3_SECRET, S3_REGION, ...
#env = { AWS_ACCESS_KEY_ID = "auth.key_id", AWS_SECRET_ACCESS_KEY = "auth.secret" }

#[integrations.files."/run/secrets/service-account.json"]
#field = "auth.base64_config"
#decode = "base64"
#mode = "0600"
#owner = "app:app"
#on_change = "none"                  # with reload: restart, signal:NAME, { command = [..] }

# Certificates, as DIRECTORY/DOMAIN/{cert,chain,fullchain,privkey,combined}.pem.
#[certificates]
#directory = "/etc/cycle/certificates"
#domains = ["www.example.com"]       # default: all; each named one must be there
#container_id = ""                   # another container's
#layout = "folders"                  # "flat": DIRECTORY/DOMAIN.pem with key and chain, for HAProxy
#formats = ["pem"]                   # "combined": key and chain in one file; "pkcs12": for Java
#password_from = "KEYSTORE_PASSWORD" # the variable with the password of "pkcs12"
#minimum_days = 7                    # fewer left: a warning
#allow_expired = false
#mode = "0600"
#owner = "nginx:nginx"
#on_change = "none"                  # with reload, when they are renewed: signal:HUP for nginx

# A template, or a folder of *.j2 files; one such table for each.
#[[templates]]
#source = "/etc/cycle/templates/nginx.conf.j2"
#target = "/etc/nginx/nginx.conf"
#mode = "0644"
#owner = "root:root"
#check = ["nginx", "-t", "-c", "{{ staged }}"]
#on_change = { command = ["nginx", "-s", "reload"] }

# What is exported, in a file as well.
#[dotenv]
#target = "/run/app/.env"
#reader = "python-dotenv"            # or "docker", "shell", "node", "compose", "systemd"
#mode = "0600"
#owner = "app:app"
#on_change = "none"                  # with reload: restart, signal:NAME, { command = [..] }

# What has to be there before the command starts; one such table for each.
#[[wait]]
#for = "tcp://db:5432"               # http://HOST/PATH, unix:/PATH, file:/PATH, dns://NAME,
#                                    # container://IDENTIFIER; it may be a template

# A command before the app, for migrations; one such table for each. What it prints goes to stderr.
#[[before]]
#command = ["python", "manage.py", "migrate"]
#timeout = "60s"                     # added to the deadline
#on_restart = false                  # true: with reload, before each restart, too
#output = "filtered"                 # or "raw": lines that fetched values may be in are shown, too

# The credential hook of an OpenVPN server, judged before the server is started.
#[vpn]
#config = "/etc/openvpn/server.conf" # default: what the openvpn command names
#helper = "/usr/local/bin/cycle-exec" # default: what the configuration names
#token_file = "/run/cycle-exec/vpn-token" # default: where the configuration's hook reads it
#probe = false                       # true: try the hook with a login that must be refused
#login = { username = "VPN_USERNAME", password = "VPN_PASSWORD" } # a client's, must be accepted

# How the command is started.
#[process]
#directory = "/srv"
#user = "app:app"                    # it runs as this user; files without an owner are theirs
#capabilities = ["NET_BIND_SERVICE"]  # that it keeps as that user; all others are dropped
#no_new_privs = false                # true: setuid programs give it nothing
#umask = "0027"                      # permissions that its new files do not get
#limits = { nofile = 65536, core = { soft = 0, hard = "unlimited" } } # resource limits
#init = false                        # true: stay above it as a tiny PID 1
#drain = "5s"                        # with init, a stop is held back from it for so long
#grace = "5s"                        # with init, for what it leaves behind: TERM, then KILL
#reload = false                      # true: renew files and environment while it runs
#reload_interval = "5m"              # where the platform sends no notifications
#reload_debounce = "2s"              # of quiet after a notification
#reload_longest = "30s"              # at most
#reload_splay = "5s"                 # each instance waits its own part of it
#reload_missing = "keep"              # a value that is gone: or "drop"
#restore = "restart"                 # changed files are put back: or "always", at each look
#stop_signal = "TERM"                # with init: what asks it to end, at a restart too
#signal_map = { TERM = "QUIT" }      # with init: it gets QUIT instead of TERM

# What the launch tells the platform of itself, without waiting for an answer.
#[report]
#metrics = false                     # true: how long the start took, and what it made
#events = false                      # true: a start or reload that was refused

# The last good answers, encrypted, for a start that finds no platform.
#[last_good]
#path = "/data/cycle-exec.last-good"
#max_age = "24h"                     # never used when it is older
#key_file = "/run/keys/last-good"    # 32 bytes as hex or base64, or a passphrase
#key_variable = "LAST_GOOD_KEY"      # or here: it does not reach the command

# What is said on stderr.
#[log]
#level = "notice"                    # error, warning, notice, info or debug
#format = "text"                     # or "json"
#debug = false
"""
