#!/bin/sh
# Runs every test, from a bare machine with Python 3.11 or newer, or as root from a bare Debian:
#   sh tests/run.sh [pytest arguments]      -m packaging: the tests of what is built and installed
#                                           -m lasting: long outages, renewals under requests
# Builds the wheel, installs it with its test tools into .venv, and tests what is installed.
set -eu
cd "$(dirname "$0")/.."
. ./tests/environment.sh

# Debian keeps the server out of the PATH.
postgres_is_there() {
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

# The compilers for both processors, and what runs the program for the other one.
if [ "$(uname -m)" = aarch64 ]; then other=x86_64; else other=aarch64; fi
{ has_programs gcc "$other-linux-gnu-gcc" && { has_programs "qemu-$other-static" || has_programs "qemu-$other"; }; } ||
    install_packages gcc libc6-dev "gcc-$(echo "$other" | tr _ -)-linux-gnu" qemu-user-static
# What a user's image would have beside the app, and the tests use for real.
{
    has_programs bash buildah curl debootstrap envsubst git groff jq node setcap strace unshare tini \
        dumb-init catatonit docker-compose gosu nginx openvpn openssl haproxy caddy redis-server \
        pgbouncer prometheus keytool go javac systemctl update-ca-certificates zsh fish ssh sshd &&
        postgres_is_there
} ||
    install_packages bash buildah ca-certificates curl debootstrap gettext-base git groff jq \
        libcap2-bin nodejs strace util-linux tini dumb-init catatonit docker-compose gosu nginx-light openvpn \
        openssl haproxy caddy redis-server pgbouncer prometheus golang-go default-jdk-headless \
        systemd postgresql zsh fish openssh-client openssh-server
make_environment .venv
install_locked .venv dev
install_project .venv

run_tests .venv "$@"
