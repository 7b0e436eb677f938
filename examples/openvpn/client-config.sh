#!/bin/sh
# Prints the configuration for a client of this OpenVPN server, an .ovpn file:
#   client-config.sh SERVER_CONFIG HOST [CA_FILE] > client.ovpn
# SERVER_CONFIG is the server's configuration. HOST is the name in its certificate, at which clients
# reach it. CA_FILE is the root certificate; by default it is looked up among those of the system.
set -eu
if [ $# -lt 2 ]; then
    sed -n '2,5s/^# //p' "$0" >&2
    exit 64
fi
config=$1 host=$2 authority=${3:-}

# value NAME DEFAULT: the last value of a directive.
value() {
    found=$(sed -n "s/^$1 //p" "$config" | tail -n 1)
    echo "${found:-$2}"
}

chain=$(value ca '')
if [ -z "$authority" ]; then
    # The root certificate is the issuer of the last certificate in the chain; find it by its hash.
    hash=$(openssl x509 -noout -issuer_hash -in "$chain")
    authority=/etc/ssl/certs/$hash.0
fi
if [ ! -r "$authority" ]; then
    echo "client-config.sh: $authority: cannot be read; give the root certificate of $host as the third argument" >&2
    exit 66
fi

cat <<CONFIG
client
dev tun
proto $(value proto udp | sed 's/-server$/-client/')
remote $host $(value port 1194)
remote-cert-tls server
verify-x509-name $host name
auth-user-pass
auth-nocache
nobind
persist-key
persist-tun
verb 3
<ca>
$(cat "$authority")
</ca>
CONFIG
if grep -q '^<tls-crypt>' "$config"; then
    sed -n '/^<tls-crypt>/,/^<\/tls-crypt>/p' "$config"
fi
