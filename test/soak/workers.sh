#!/usr/bin/env bash
#
# workers.sh - many workers on one queue, then the mails counted where they arrived.
#
#	bash test/soak/workers.sh [ROWS [WORKERS]]		100000 e-mails, 8 workers
#
# Two variants a company wait at once, so ROWS is the number of companies.  A
# server of its own with fsync on; prints TAP lines.  PG_CONFIG=... chooses the
# PostgreSQL.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"

ROWS=${1:-100000}
WORKERS=${2:-8}

set_and_reload() {
	local setting
	for setting in "$@"; do sql "ALTER SYSTEM SET ${setting%%=*} = '${setting#*=}'" >/dev/null || die "no setting $setting"; done
	sql "SELECT pg_reload_conf()" >/dev/null
}

tests=0
bad=0
# is GOT WANTED WHAT
is() {
	tests=$((tests + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $tests - $3"
	else
		echo "not ok $tests - $3 (got $1, not $2)"
		bad=$((bad + 1))
	fi
}

inner() {
	local from took
	cd "$WORK/src" || exit 1
	here=$WORK/src/test
	trap stop_server EXIT
	trap 'exit 143' TERM
	make_private_installation
	build_and_install "$WORK/log/build.log" || die "brim could not be built"
	start_server workers "max_wal_size = 4GB" "max_worker_processes = $((WORKERS + 12))" || die "the server did not start"
	sql "CREATE DATABASE app" && export PGDATABASE=app
	sql "CREATE EXTENSION brim; CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0"
	sql "SELECT brim_grant('brim_worker', 'worker')" >/dev/null
	sql "UPDATE brim.campaign SET product_name = 'Flowline', product_pitch = 'Flowline connects tools.', sender_name = 'Ana',
			sender_address = 'ana@flowline.example', postal_address = '1 Harbour Road, Dublin' WHERE name = 'default'"
	step "Queueing two variants for $ROWS companies"
	sql "INSERT INTO brim.lead (company_id, company_name) SELECT 'c' || i, 'Company ' || i FROM generate_series(1, $ROWS) AS i;
		WITH written AS (
			INSERT INTO brim.email (campaign, company_id, variant, score, node_id, recipient, subject, body, generated_by,
									message_id, message_date)
			SELECT 'default', 'c' || i, v, 50 + (i::bigint * 7919 % 50)::integer, n.node_id, 'contact@c' || i || '.example',
				'A question', 'Hello', 'template', gen_random_uuid() || '@flowline.example', now()
			FROM generate_series(1, $ROWS) AS i CROSS JOIN (VALUES ('problem_focused'), ('roi_focused')) AS t (v) CROSS JOIN brim.node AS n
			RETURNING email_id, campaign, company_id, choice, score, node_id)
		INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
			SELECT email_id, campaign, company_id, choice, score, node_id FROM written"
	start_helper "$WORK/log/smtp.log" /usr/bin/python3 test/lib/smtp_server.py --store "$WORK/mails.jsonl" || die "smtp_server.py did not start"
	set_and_reload brim.worker_role=brim_worker brim.databases=app brim.workers="$WORKERS" brim.smtp_connections=8 \
		brim.smtp_url="smtp://127.0.0.1:$HELPER_PORT" brim.send_interval=0
	while [ "$(sql "SELECT count(*) FROM brim.worker_slots()")" != "$WORKERS" ]; do sleep 0.2; done
	step "Sending with $WORKERS workers of 8 connections"
	from=$EPOCHREALTIME
	set_and_reload brim.send=on
	while [ "$(sql "SELECT EXISTS (SELECT FROM brim.email_queue) OR EXISTS (SELECT FROM brim.send_ledger WHERE state IN ('claimed', 'committing'))")" != f ]; do sleep 1; done
	took=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }')
	note "$took s; by worker: $(sql "SELECT string_agg(sent::text, ' ' ORDER BY worker) FROM brim.worker_slots()")"
	sed 's/.*"rcpt_tos": *\["\([^"]*\)"\].*/\1/' "$WORK/mails.jsonl" | sort >"$WORK/recipients"
	is "$(uniq -d "$WORK/recipients" | wc -l)" 0 "no company got two mails"
	is "$(uniq "$WORK/recipients" | wc -l)" "$ROWS" "every company got one"
	is "$(sql "SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'")" "$ROWS" "as many e-mails are sent"
	is "$(sql "SELECT count(*) FROM brim.outbound_email WHERE status = 'superseded'")" "$ROWS" "the other variants are superseded"
	is "$(sql "SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'")" "$ROWS" "the ledger agrees"
	is "$(sql "SELECT count(*) FROM brim.worker_slots() WHERE sent = 0")" 0 "all workers took part"
	echo "1..$tests"
	[ "$bad" -eq 0 ]
	exit
}

case ${1:-} in
	-h | --help)
		sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
		exit 0
		;;
esac
if [ -n "${BRIM_INNER:-}" ]; then inner; fi
begin_run workers check
status=0
run_inner test/soak/workers.sh "$@" || status=$?
exit "$status"
