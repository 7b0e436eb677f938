#!/bin/sh
# Entrypoint: fetches variables, integrations and certificates from the internal API, renders the
# config files, becomes the app. Needs: API_SOCKET, CYCLE_API_TOKEN, TEMPLATES, TARGETS.
set -eu
umask 077

get() {
    curl --silent --show-error --fail --max-time 5 --retry 3 --unix-socket "$API_SOCKET" \
        --header "X-CYCLE-TOKEN: $CYCLE_API_TOKEN" "http://localhost$1"
}

# put TARGET MODE: standard input becomes the file, whole or not at all.
put() {
    staged=$(mktemp "$1.XXXXXX")
    cat >"$staged"
    chmod "$2" "$staged"
    mv "$staged" "$1"
}

variables=$(get /v1/environment/scoped-variables |
    jq -er '.data | to_entries[] | "export \(.key)=\(.value | @sh)"')
eval "$variables"

integration() {
    variables=$(get "/v1/hub/integrations?identifier=$1" |
        jq -er --arg prefix "$2" '.data | (.auth // {}) + (.extra // {}) | to_entries[]
            | select(.value != null) | "export \($prefix)_\(.key | ascii_upcase)=\(.value | @sh)"')
    eval "$variables"
}
integration s3-backups S3
integration mail MAIL
integration search SEARCH

mkdir -p "$TARGETS"
answer=$(mktemp)
get /v1/containers/certificates >"$answer"
for domain in $(jq -er '.data[].domains[]' "$answer"); do
    folder=$TARGETS/certificates/$domain
    mkdir -p "$folder"
    chosen='.data[] | select(.domains | index($domain))'
    jq -ejr --arg domain "$domain" "$chosen | .bundle | @base64d" "$answer" |
        put "$folder/fullchain.pem" 600
    jq -ejr --arg domain "$domain" "$chosen | .private_key | @base64d" "$answer" |
        put "$folder/privkey.pem" 600
done
rm "$answer"

names='$SERVER_NAME $SERVER_ROOT $LISTEN_ADDRESS $UPSTREAM_HOST $UPSTREAM_PORT $DATABASE_HOST
    $DATABASE_NAME $DATABASE_USER $DATABASE_PASSWORD $CACHE_URL $LOG_LEVEL $WORKERS'
for template in "$TEMPLATES"/*.tmpl; do
    name=${template##*/}
    envsubst "$names" <"$template" | put "$TARGETS/${name%.tmpl}" 644
done

unset CYCLE_API_TOKEN
exec "$@"
