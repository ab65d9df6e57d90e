#!/bin/sh
# Restore one full backup into a new schema, with age, zstd, openssl, sha256sum and psql alone.
# README.md beside this script says when and how.
#
#   restore.sh CLINIC BACKUP SCHEMA IDENTITY_FILE TRUSTED_KEY
#
# Run it in the store's folder (or a copy of it). psql reads PGHOST, PGDATABASE, PGUSER and so on.
# Nothing reaches psql before every signature, checksum and length was seen to be right, and no
# decrypted byte is written to a disk by this script.
set -eu

fail() {
	echo "restore.sh: $*" >&2
	exit 1
}

[ $# -eq 5 ] || fail "usage: restore.sh CLINIC BACKUP SCHEMA IDENTITY_FILE TRUSTED_KEY"
clinic=$1 backup=$2 schema=$3 identity=$4 trusted=$5
for program in age zstd openssl sha256sum psql mkfifo; do
	command -v "$program" >/dev/null || fail "$program is missing: install it"
done
printf '%s' "$schema" | grep -Eqx '[a-z][a-z0-9_]{1,48}' || fail "$schema is no name of a schema"

manifest="clinics/$clinic/manifests/$backup.jsonl"
[ -f "$manifest" ] || fail "there is no $manifest: no such backup in this folder"
[ -r "$identity" ] || fail "$identity can't be read"

work=$(mktemp -d)
created=
finish() {
	status=$?
	trap - EXIT
	if [ "$status" -ne 0 ] && [ -n "$created" ]; then
		if psql -XqAt -v ON_ERROR_STOP=1 -c "DROP SCHEMA \"$schema\" CASCADE" 2>/dev/null; then
			echo "restore.sh: failed; the schema $schema was removed again" >&2
		else
			echo "restore.sh: failed; remove the schema $schema before you try again" >&2
		fi
	fi
	rm -rf "$work"
	exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- The manifest: signed by the trusted key, of this clinic and this backup ---------------------

head -n 1 "$manifest" >"$work/manifest"
sed -n '2s/.*"signature":"\([A-Za-z0-9+/=]*\)".*/\1/p' "$manifest" |
	openssl base64 -d -A >"$work/signature"
# Ed25519's fixed header in DER, and the key's 32 bytes.
printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n-----END PUBLIC KEY-----\n' "$trusted" \
	>"$work/key.pem"
openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/manifest" \
	-sigfile "$work/signature" >/dev/null 2>&1 ||
	fail "the manifest isn't signed by the trusted key: it was altered, or the key is another"
grep -qF "\"backup_id\":\"$backup\",\"clinic_id\":\"$clinic\"," "$work/manifest" ||
	fail "the manifest belongs to another clinic or backup"
grep -q '"format":1,' "$work/manifest" || fail "this script knows format 1 alone"
grep -q '"kind":"full",' "$work/manifest" ||
	fail "this is an increment: restore the full backup that it stands on"

# --- Every object: there, as long as it must be, with the right checksum --------------------------

# "key":"...","stored":{"length":N,"sha256":"..."} for each, as `key length sha256`.
grep -oE '"key":"[^"]*","stored":\{"length":[0-9]+,"sha256":"[0-9a-f]{64}"\}' "$work/manifest" |
	sed -E 's/"key":"([^"]*)","stored":\{"length":([0-9]+),"sha256":"([0-9a-f]*)"\}/\1 \2 \3/' \
		>"$work/objects"
while read -r key length sha256; do
	[ -f "$key" ] || fail "$key is missing"
	[ "$(wc -c <"$key")" -eq "$length" ] || fail "$key has another length: it was cut short or altered"
	[ "$(sha256sum <"$key" | cut -c 1-64)" = "$sha256" ] || fail "$key was altered"
done <"$work/objects"

data="clinics/$clinic/data/$backup/data.sql.zst.age"
structure=$(sed -n 's/^\(ddl\/[^ ]*\/structure\.sql\) .*/\1/p' "$work/objects")
rules=$(sed -n 's/^\(ddl\/[^ ]*\/rules\.sql\) .*/\1/p' "$work/objects")
grep -qF "$data " "$work/objects" || fail "the manifest names no $data"
[ -f "$structure" ] && [ -f "$rules" ] || fail "the manifest names no definition of the schema"

# --- The content: decrypted twice, first to be checked --------------------------------------------

# decrypted: the script on standard output. A status of a pipe is that of its last program, so
# age's own is written down.
decrypted() {
	rm -f "$work/age" "$work/zstd"
	{ age --decrypt -i "$identity" "$data" && touch "$work/age"; } |
		{ zstd -dcq --no-progress && touch "$work/zstd"; }
	[ -f "$work/age" ] && [ -f "$work/zstd" ]
}

expected=$(grep -oE "\"content\":\{\"length\":[0-9]+,\"sha256\":\"[0-9a-f]{64}\"\},\"key\":\"$data\"" \
	"$work/manifest" | sed -E 's/.*"sha256":"([0-9a-f]{64})".*/\1/')
mkfifo "$work/pipe"
sha256sum <"$work/pipe" >"$work/sum" &
summing=$!
decrypted >"$work/pipe" || fail "the data can't be decrypted: is this the right identity?"
wait "$summing"
[ "$(cut -c 1-64 "$work/sum")" = "$expected" ] || fail "the data isn't what the manifest says"
echo "restore.sh: the backup is whole and signed; restoring it into the schema $schema" >&2

# --- psql: a new schema, its tables, the rows in one transaction, then its rules -------------------

run_psql() {
	PGOPTIONS="${PGOPTIONS:-} -c search_path=$schema,pg_temp -c check_function_bodies=off" psql -Xq -v ON_ERROR_STOP=1 "$@" >/dev/null
}

psql -Xq -v ON_ERROR_STOP=1 -c "CREATE SCHEMA \"$schema\"" || fail "the schema can't be created"
created=yes
run_psql --single-transaction -f "$structure" || fail "the tables can't be created"

# The script begins its transaction itself and commits it in its last line. A stream that is cut
# therefore never commits: no --single-transaction, which would.
rm -f "$work/pipe"
mkfifo "$work/pipe"
run_psql -f - <"$work/pipe" &
filling=$!
sent=yes
decrypted >"$work/pipe" || sent=
wait "$filling" || fail "the rows can't be read in: nothing was committed"
[ -n "$sent" ] || fail "decrypting stopped halfway: nothing was committed"

run_psql --single-transaction -f "$rules" || fail "the rules don't hold for the rows"
created=
echo "restore.sh: done" >&2
