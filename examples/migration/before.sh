#!/bin/sh
# The original entrypoint. docs/migrate.md migrates it line by line.
set -eu

api=/var/run/cycle/api/api.sock
get() {
    curl -fsS --unix-socket "$api" -H "X-CYCLE-TOKEN: $CYCLE_API_TOKEN" "http://localhost$1"
}

# 1. Scoped variables.
eval "$(get /v1/environment/scoped-variables |
    jq -r '.data | to_entries[] | "export \(.key)=\(.value | @sh)"')"
: "${DATABASE_URL:?}" "${CACHE_HOST:?}"
export LOG_LEVEL="${LOG_LEVEL:-info}"

# 2. Credentials of an integration.
s3=$(get "/v1/hub/integrations?identifier=s3-backups")
export AWS_ACCESS_KEY_ID="$(echo "$s3" | jq -r .data.auth.api_key)"
export AWS_SECRET_ACCESS_KEY="$(echo "$s3" | jq -r .data.auth.secret)"
export S3_BUCKET="$(echo "$s3" | jq -r .data.extra.bucket)"

# 3. The certificate.
domain=www.example.test
folder=/etc/cycle/certificates/$domain
mkdir -p "$folder"
get /v1/containers/certificates |
    jq --arg domain "$domain" '.data[] | select(.domains | index($domain))' >/run/certificate.json
jq -r .bundle /run/certificate.json | base64 -d >"$folder/fullchain.pem"
jq -r .private_key /run/certificate.json | base64 -d >"$folder/privkey.pem"

# 4. The config file.
mkdir -p /etc/app
envsubst '$CACHE_HOST $LOG_LEVEL $S3_BUCKET' </srv/app/app.conf.tmpl >/etc/app/app.conf

# 5. The app.
exec "$@"
