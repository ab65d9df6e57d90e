#!/bin/sh
# Restore a backup into a new schema, only with age, zstd, openssl, sha256sum and psql: a full, or an
# increment together with its chain. README.md beside this script says when and how.
#
#   restore.sh CLINIC BACKUP SCHEMA IDENTITY_FILE TRUSTED_KEY[,TRUSTED_KEY...] [MOMENT]
#
# Run it in the store's folder (or a copy of it). psql reads PGHOST, PGDATABASE, PGUSER and so on.
# Nothing reaches psql before every signature, checksum and length was checked, and this script
# writes no decrypted byte to a disk.
set -eu

fail() {
	echo "restore.sh: $*" >&2
	exit 1
}

if [ $# -ne 5 ] && [ $# -ne 6 ]; then
	fail "usage: restore.sh CLINIC BACKUP SCHEMA IDENTITY_FILE TRUSTED_KEY[,TRUSTED_KEY...] [MOMENT]"
fi
clinic=$1 backup=$2 schema=$3 identity=$4 trusted=$5 moment=${6:-}
for program in age zstd openssl sha256sum psql mkfifo tee; do
	command -v "$program" >/dev/null || fail "$program is missing: install it"
done

# must_be VALUE PATTERN WHAT
must_be() {
	if printf '%s\n' "$1" | grep -Eqvx "$2"; then fail "$1 is no $3"; fi
}

day='[0-9]{4}-[0-9]{2}-[0-9]{2}' time='[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?'
must_be "$clinic" '[0-9a-f-]{36}' "clinic's id"
must_be "$backup" '[0-9a-f-]{36}' "backup's id"
must_be "$schema" '[a-z][a-z0-9_]{1,48}' "name of a schema"
[ -z "$moment" ] || must_be "$moment" "$day[T ]$time(Z|[+-][0-9]{2}:[0-9]{2})" \
	"moment with its time zone, like 2026-11-20T14:32:00-03:00"
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

# --- The manifests: signed by a trusted key, of this clinic and this backup, a chain to a full -----

sha256_of() {
	sha256sum <"$1" | cut -c 1-64
}

# is_signed BACKUP: whether one of the trusted keys signed it. They may change within a chain.
is_signed() {
	for key in $(printf '%s' "$trusted" | tr ',' ' '); do
		# Ed25519's fixed header in DER, and the key's 32 bytes.
		printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n-----END PUBLIC KEY-----\n' "$key" \
			>"$work/key.pem"
		openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/$1.manifest" \
			-sigfile "$work/signature" >/dev/null 2>&1 && return 0
	done
	return 1
}

# take_manifest BACKUP: write its first line to $work/BACKUP.manifest, if it can be trusted.
take_manifest() {
	file="clinics/$clinic/manifests/$1.jsonl"
	[ -f "$file" ] || fail "there is no $file: no such backup in this folder"
	head -n 1 "$file" >"$work/$1.manifest"
	sed -n '2s/.*"signature":"\([A-Za-z0-9+/=]*\)".*/\1/p' "$file" |
		openssl base64 -d -A >"$work/signature"
	is_signed "$1" ||
		fail "the manifest isn't signed by the trusted key: it was altered, or the key is another ($1)"
	grep -qF "{\"backup_id\":\"$1\",\"clinic_id\":\"$clinic\"," "$work/$1.manifest" ||
		fail "the manifest belongs to another clinic or backup ($1)"
	grep -q '"format":1,' "$work/$1.manifest" || fail "this script knows only format 1"
	grep -Eq -e '"kind":"full",.*"parent":null,.*"start":null\}' \
		-e '"kind":"increment",.*"parent":\{"backup_id":"[0-9a-f-]{36}",.*"start":"[0-9:,]+"\}' \
		"$work/$1.manifest" || fail "the manifest is neither a full's nor an increment's ($1)"
}

# value BACKUP NAME: the text of the named field of a manifest. Fields have a fixed order, a quote
# inside a text has a backslash before it, and no field that this script reads occurs twice.
value() {
	sed -nE "s/.*\"$2\":\"([^\"]*)\".*/\1/p" "$work/$1.manifest"
}

is_full() {
	grep -q '"kind":"full",' "$work/$1.manifest"
}

# shared BACKUP: the fields that must be the same in all backups of a chain.
shared() {
	grep -oE -e '"(ddl_fingerprint|migration_digest|schema_name)":"[^"]*"' -e '"origin":\{[^}]*\}' \
		"$work/$1.manifest"
}

# check_link BACKUP PARENT: fail unless the backup was made on this parent, from where it ends.
check_link() {
	[ "$(value "$1" manifest_sha256)" = "$(sha256_of "clinics/$clinic/manifests/$2.jsonl")" ] ||
		fail "$1 was made on another backup of its parent's id"
	[ "$(value "$1" start)" = "$(value "$2" end)" ] ||
		fail "$1 begins at another snapshot than the one where its parent ends"
	[ "$(shared "$1")" = "$(shared "$2")" ] ||
		fail "$1 has another schema, definition or server than its parent"
}

take_manifest "$backup"
full=$backup chain=$backup # oldest first
until is_full "$full"; do # ends: a parent's checksum is inside its child
	child=$full
	full=$(sed -nE 's/.*"parent":\{"backup_id":"([0-9a-f-]{36})".*/\1/p' "$work/$child.manifest")
	take_manifest "$full"
	check_link "$child" "$full"
	chain="$full $chain"
done
if [ "$full" = "$backup" ]; then
	[ -z "$moment" ] || fail "a full has only one moment: name an increment that was made after $moment"
else
	[ -f increments.sql ] || fail "increments.sql is missing: it belongs beside this script"
fi

# --- Every object: present, with the right length and checksum -------------------------------------

# data_of BACKUP: the key of the object with its script.
data_of() {
	if is_full "$1"; then name=data.sql; else name=delta.sql; fi
	echo "clinics/$clinic/data/$1/$name.zst.age"
}

# wrong KEY LENGTH SHA256: say what is wrong with an object; print nothing when it is right.
wrong() {
	if ! [ -f "$1" ]; then
		echo "$1 is missing"
	elif [ "$(wc -c <"$1")" -ne "$2" ]; then
		echo "$1 has another length: it was cut short or altered"
	elif [ "$(sha256_of "$1")" != "$3" ]; then
		echo "$1 was altered"
	fi
}

: >"$work/damaged"

# check_objects BACKUP: list the objects of its manifest in $work/objects, and check them. Rows don't
# need the documents, so problems of documents go to $work/damaged.
check_objects() {
	# "key":"...","stored":{"length":N,"sha256":"..."} for each, as `key length sha256`.
	grep -oE '"key":"[^"]*","stored":\{"length":[0-9]+,"sha256":"[0-9a-f]{64}"\}' "$work/$1.manifest" |
		sed -E 's/"key":"([^"]*)","stored":\{"length":([0-9]+),"sha256":"([0-9a-f]*)"\}/\1 \2 \3/' \
			>"$work/objects"
	if grep -Eqv "^(ddl|clinics/$clinic/(data/$1|documents))/" "$work/objects"; then
		fail "the manifest names an object of another clinic or backup ($1)"
	fi
	while read -r key length sha256; do
		what=$(wrong "$key" "$length" "$sha256")
		[ -n "$what" ] || continue
		case $key in
		clinics/*/documents/*) echo "$what" >>"$work/damaged" ;;
		*) fail "$what" ;;
		esac
	done <"$work/objects"
	[ "$(grep -o "^clinics/$clinic/data/[^ ]*" "$work/objects")" = "$(data_of "$1")" ] ||
		fail "the manifest names other data than $(data_of "$1")"
}

for id in $chain; do
	check_objects "$id"
done
# All backups of the chain share one definition: their fingerprints are the same.
structure=$(sed -n 's/^\(ddl\/[^ ]*\/structure\.sql\) .*/\1/p' "$work/objects")
rules=$(sed -n 's/^\(ddl\/[^ ]*\/rules\.sql\) .*/\1/p' "$work/objects")
[ -f "$structure" ] && [ -f "$rules" ] || fail "the manifest names no definition of the schema"

# --- The content: decrypted twice, first to be checked --------------------------------------------

mkfifo "$work/copy"

# content BACKUP: print its script, without the BEGIN and COMMIT around it. Fails unless all of it is
# right. A pipe's status is its last program's, so files note that the others succeeded.
content() {
	rm -f "$work/age" "$work/zstd"
	sha256sum <"$work/copy" >"$work/sum" &
	summing=$!
	{ age --decrypt -i "$identity" "$(data_of "$1")" && touch "$work/age"; } |
		{ zstd -dcq --no-progress && touch "$work/zstd"; } |
		tee "$work/copy" | LC_ALL=C sed -e '1s/^BEGIN;$//' -e '$s/^COMMIT;$//'
	wait "$summing"
	[ -f "$work/age" ] && [ -f "$work/zstd" ] &&
		grep -q "\"content\":{\"length\":[0-9]*,\"sha256\":\"$(cut -c 1-64 "$work/sum")\"},\"key\":\"$(data_of "$1")\"" \
			"$work/$1.manifest"
}

for id in $chain; do
	content "$id" >/dev/null || {
		[ -f "$work/zstd" ] || fail "the data can't be decrypted: is this the right identity?"
		fail "the data isn't what the manifest says ($id)"
	}
done
sort -u "$work/damaged" | sed 's/^/restore.sh: a document: /' >&2
echo "restore.sh: the backup is whole and signed; restoring it into the schema $schema" >&2

# --- psql: a new schema, its tables, the rows in one transaction, then its rules -------------------

run_psql() {
	PGOPTIONS="${PGOPTIONS:-} -c search_path=$schema,pg_temp -c check_function_bodies=off -c client_min_messages=warning" \
		psql -Xq -v ON_ERROR_STOP=1 "$@" >/dev/null
}

# send: print everything that makes the rows. A stream that is cut ends before its COMMIT, so psql
# rolls back. With --single-transaction psql would commit it.
send() (
	echo 'BEGIN;'
	for id in $chain; do
		content "$id" || exit 1
	done
	if [ "$full" != "$backup" ]; then
		echo "SET LOCAL restore.full_made_at = '$(value "$full" created_at)';"
		echo "SET LOCAL restore.moment = '$moment';"
		cat increments.sql || exit 1
	fi
	echo 'COMMIT;'
)

psql -Xq -v ON_ERROR_STOP=1 -c "CREATE SCHEMA \"$schema\"" || fail "the schema can't be created"
created=yes
run_psql --single-transaction -f "$structure" || fail "the tables can't be created"

mkfifo "$work/pipe"
run_psql -f - <"$work/pipe" &
filling=$!
sent=yes
send >"$work/pipe" || sent=
wait "$filling" || fail "the rows can't be read in: nothing was committed"
[ -n "$sent" ] || fail "decrypting stopped halfway: nothing was committed"

run_psql --single-transaction -f "$rules" || fail "the rules don't hold for the rows"
created=
if [ -s "$work/damaged" ]; then
	echo "restore.sh: done, all but the documents that are named above" >&2
	exit 3
fi
echo "restore.sh: done" >&2
