#!/bin/sh
# The same as entrypoint.sh, tuned: one curl for all requests at once, one jq for all answers, and
# no process where the shell itself will do.
set -eu
umask 077

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
base=http://localhost/v1
curl --silent --show-error --fail --fail-early --max-time 5 --retry 3 --unix-socket "$API_SOCKET" \
    --header "X-CYCLE-TOKEN: $CYCLE_API_TOKEN" --parallel --parallel-immediate \
    --output "$work/variables" "$base/environment/scoped-variables" \
    --output "$work/s3" "$base/hub/integrations?identifier=s3-backups" \
    --output "$work/mail" "$base/hub/integrations?identifier=mail" \
    --output "$work/search" "$base/hub/integrations?identifier=search" \
    --output "$work/certificates" "$base/containers/certificates"

# certificate DOMAIN FULLCHAIN PRIVKEY: the umask makes them 0600.
certificate() {
    folder=$TARGETS/certificates/$1
    mkdir -p "$folder"
    printf %s "$2" >"$folder/fullchain.pem.$$"
    printf %s "$3" >"$folder/privkey.pem.$$"
    mv "$folder/fullchain.pem.$$" "$folder/fullchain.pem"
    mv "$folder/privkey.pem.$$" "$folder/privkey.pem"
}

script=$(jq -ers '
    def exports(prefix): to_entries[] | select(.value != null)
        | "export \(prefix)\(.key)=\(.value | @sh)";
    def integration(prefix): (.auth // {}) + (.extra // {})
        | with_entries(.key |= ascii_upcase) | exports(prefix);
    (.[0].data | exports("")),
    (.[1].data | integration("S3_")),
    (.[2].data | integration("MAIL_")),
    (.[3].data | integration("SEARCH_")),
    (.[4].data[] | (.bundle | @base64d | @sh) as $bundle | (.private_key | @base64d | @sh) as $key
        | .domains[] | "certificate \(@sh) \($bundle) \($key)")
' "$work/variables" "$work/s3" "$work/mail" "$work/search" "$work/certificates")
mkdir -p "$TARGETS"
eval "$script"

names='$SERVER_NAME $SERVER_ROOT $LISTEN_ADDRESS $UPSTREAM_HOST $UPSTREAM_PORT $DATABASE_HOST
    $DATABASE_NAME $DATABASE_USER $DATABASE_PASSWORD $CACHE_URL $LOG_LEVEL $WORKERS'
for template in "$TEMPLATES"/*.tmpl; do
    name=${template##*/}
    target=$TARGETS/${name%.tmpl}
    envsubst "$names" <"$template" >"$target.$$"
    chmod 644 "$target.$$"
    mv "$target.$$" "$target"
done

rm -rf "$work"
trap - EXIT
unset CYCLE_API_TOKEN
exec "$@"
