#!/usr/bin/env bash
#
# demo.sh - see brim do its whole job, in one command.
#
#	bash test/demo.sh				from source to sent e-mail, then clean up
#	bash test/demo.sh --keep		leave the server running to look around in
#
#	GEMINI_API_KEY_FILE=/path/to/key bash test/demo.sh
#									let Gemini write the e-mails instead of templates
#	PG_CONFIG=/path/to/pg_config	use this PostgreSQL
#
# Missing Debian packages are installed (as root, or through sudo).  Everything
# else happens in a directory of its own, with a PostgreSQL server and a mail
# server that exist for the demo only; nothing leaves the machine but requests
# to Gemini, if a key file is given.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/setup.sh
. "$here/lib/setup.sh"

PATIENCE=120					# seconds that writing and sending may take
COMPANIES=$here/data/companies.json

title() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }

# show QUERY: a table to read
show() {
	"$PGBIN/psql" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --pset=footer=off --pset=border=0 \
		--pset=null='-' --pset=pager=off --pset=format=aligned --command="$1" | sed '/^ *$/d; s/^/  /; s/ *$//'
}

# The mail server that can be had, best first: aiosmtpd with STARTTLS and login,
# smtp-sink, or none (then brim writes into its outbox).
start_mail_server() {
	local script=$here/lib/smtp_server.py
	STORE=$WORK/mails.jsonl
	if /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null && command -v openssl >/dev/null 2>&1; then
		mkdir -p "$WORK/tls"
		printf 'demo-password\n' >"$WORK/tls/password"
		chmod 600 "$WORK/tls/password"
		if quietly "$WORK/log/cert.log" sh "$here/lib/make_cert.sh" "$WORK/tls" &&
			start_helper "$WORK/log/smtp.log" /usr/bin/python3 "$script" --store "$STORE" --starttls \
				--cert "$WORK/tls/server.crt" --key "$WORK/tls/server.key" --require-auth demo:demo-password; then
			MAIL_SERVER=aiosmtpd
			sql "ALTER SYSTEM SET brim.smtp_url = 'smtp://localhost:$HELPER_PORT'"
			sql "ALTER SYSTEM SET brim.smtp_username = 'demo'"
			sql "ALTER SYSTEM SET brim.smtp_password_file = '$WORK/tls/password'"
			sql "ALTER SYSTEM SET brim.ca_file = '$WORK/tls/ca.crt'"
			note "a mail server (aiosmtpd) listens on port $HELPER_PORT and asks for STARTTLS and a login"
			return
		fi
	fi
	MAIL_SERVER=outbox
	note "no mail server could be had here: brim writes each e-mail into its outbox, a Maildir"
}

# Wait until nothing is on its way any more, and say how far it is.
wait_for_the_worker() {
	local deadline=$((SECONDS + PATIENCE)) line last='' open
	while :; do
		line=$(sql "SELECT format('%s companies qualify, %s have their e-mails written, %s e-mails sent',
				(SELECT count(*) FROM brim.generation),
				(SELECT count(*) FROM brim.generation WHERE status NOT IN ('queued', 'running')),
				(SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'))") || return 1
		if [ "$line" != "$last" ]; then
			if [ -t 1 ]; then printf '\r    %s' "$line"; else note "$line"; fi
			last=$line
		fi
		open=$(sql "SELECT (SELECT count(*) FROM brim.generation WHERE status IN ('queued', 'running'))
				+ (SELECT count(*) FROM brim.outbound_email WHERE status IN ('queued', 'claimed', 'committing'))")
		if [ "$open" = 0 ]; then break; fi
		if [ "$SECONDS" -gt "$deadline" ]; then
			say
			show "SELECT check_name, status, detail FROM brim_status() WHERE status IN ('warning', 'blocked')"
			show "SELECT * FROM brim.queue_blocked LIMIT 10"
			die "$open jobs are still open after $PATIENCE seconds"
		fi
		sleep 0.3
	done
	if [ -t 1 ]; then say; fi
}

# The first e-mail as it arrived, decoded by Python's own parser.
show_first_mail() {
	/usr/bin/python3 - "$1" "$2" <<'PYTHON'
import email, email.policy, glob, json, os, sys, textwrap

kind, place = sys.argv[1:]
if kind == "outbox":
    files = sorted(glob.glob(os.path.join(place, "new", "*")), key=os.path.getmtime)
    data = open(files[0], "rb").read()
else:
    with open(place, "rb") as store:
        record = json.loads(store.readline())
    data = record["data"].encode("latin-1")
    print(f"  envelope    {record['mail_from']} -> {', '.join(record['rcpt_tos'])}")
message = email.message_from_bytes(data, policy=email.policy.default)
for name in ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "Content-Type"):
    if message[name]:
        print(f"  {name}: {message[name]}")
print()
for line in message.get_content().rstrip().splitlines():
    for part in textwrap.wrap(line, 90, drop_whitespace=False) or [""]:
        print("  | " + part)
PYTHON
}

inner() {
	local started=$SECONDS outbox how
	cd "$WORK/src" || exit 1
	COMPANIES=$WORK/src/test/data/companies.json
	if [ -z "$KEEP_WORK" ]; then trap stop_server EXIT; fi
	trap 'stop_server; exit 143' TERM
	make_private_installation

	step "Building brim for $("$PG_CONFIG" --version)"
	build_and_install "$WORK/log/build.log" || die "brim could not be built"

	step "Starting a PostgreSQL server of its own, with shared_preload_libraries = 'brim'"
	start_server data "max_wal_size = 256MB" || die "the server did not start"
	sql "CREATE DATABASE demo" || die "no database could be made"
	export PGDATABASE=demo

	step "Installing the extension, giving the worker a role without superuser"
	note "CREATE EXTENSION brim; CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0; SELECT brim_grant('brim_worker', 'worker')"
	sql "CREATE EXTENSION brim" &&
		sql "CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0" &&
		sql "SELECT brim_grant('brim_worker', 'worker')" >/dev/null || die "the extension could not be installed"

	step "Filling in the campaign: what is offered, by whom, from where"
	sql "UPDATE brim.campaign
			SET product_name = 'Flowline',
				product_pitch = 'Flowline connects the tools an operations team already uses, so that hand-offs between them happen without anybody copying data.',
				sender_name = 'Ana Ortiz', sender_address = 'ana@flowline.example',
				postal_address = 'Flowline Ltd, 1 Harbour Road, Dublin 1, Ireland'
		  WHERE name = 'default'" || die "the campaign could not be filled in"

	step "Telling the worker what it may do"
	start_mail_server
	outbox=$WORK/outbox
	how="industry templates (set GEMINI_API_KEY_FILE to have Gemini write them)"
	if [ -f "$WORK/gemini.key" ]; then
		sql "ALTER SYSTEM SET brim.gemini_api_key_file = '$WORK/gemini.key'"
		sql "ALTER SYSTEM SET brim.gemini_connections = 8"
		how="Gemini, with industry templates where it cannot"
	fi
	note "e-mails are written by $how"
	sql "ALTER SYSTEM SET brim.outbox_directory = '$outbox'"
	sql "ALTER SYSTEM SET brim.worker_role = 'brim_worker'"
	sql "ALTER SYSTEM SET brim.databases = 'demo'"
	sql "ALTER SYSTEM SET brim.send_interval = 0"
	sql "ALTER SYSTEM SET brim.generate = on"
	sql "ALTER SYSTEM SET brim.send = on"
	sql "SELECT pg_reload_conf()" >/dev/null

	step "Scoring the companies of test/data/companies.json: SELECT * FROM brim_score_batch(...)"
	sql "SELECT format('%s companies scored, %s refused', count(*) FILTER (WHERE error IS NULL),
				count(*) FILTER (WHERE error IS NOT NULL))
		   FROM brim_score_batch(pg_read_file('$COMPANIES')::jsonb)" | sed 's/^/    /' ||
		die "the companies could not be scored"

	step "The worker writes and sends, best score first"
	wait_for_the_worker || die "the queue could not be read"
	report "$outbox"

	title "That was everything, in $((SECONDS - started)) seconds."
	if [ -n "$KEEP_WORK" ]; then
		say "The server keeps running.  Look around with:"
		say
		say "  $PGBIN/psql -h $PGHOST -U postgres demo"
		say
		say "and stop and remove it with:"
		say
		say "  $PGBIN/pg_ctl -D $PGDATA -m fast stop && rm -rf $WORK"
		if [ -n "${BRIM_AS_ROOT:-}" ]; then
			say
			say "(as user $(id -un): put  runuser -u $(id -un) --  in front of pg_ctl)"
		fi
	fi
	exit 0
}

# What the SQL views have to say about it.
report() {
	local outbox=$1
	title "How the leads score  (brim.score_distribution)"
	show "SELECT bin AS score, companies, repeat('█', companies::integer) AS \" \"
			FROM brim.score_distribution ORDER BY bin_no"

	title "The best ten, and why  (brim.top_leads)"
	show "SELECT total_score AS score, left(company_name, 28) AS company, positive_reasons AS reasons
			FROM brim.top_leads ORDER BY rank LIMIT 10" | cut -c1-150

	title "One company through all models  (brim_score(lead, model))"
	show "SELECT left(company_name, 28) AS company, brim_fit_score(l) AS fit, brim_intent_score(l) AS intent,
				brim_score(l, 'balanced') AS balanced, brim_score(l, 'aggressive') AS aggressive,
				brim_score(l, 'conservative') AS conservative
			FROM brim.lead AS l WHERE fit_score <> intent_score ORDER BY abs(fit_score - intent_score) DESC, company_name LIMIT 5"

	if [ "$MAIL_SERVER" = aiosmtpd ]; then
		title "The first e-mail as the mail server received it ($(wc -l <"$STORE") in all)"
		show_first_mail aiosmtpd "$STORE"
	else
		title "The first e-mail in the outbox ($(find "$outbox/new" -type f | wc -l) in all)"
		show_first_mail outbox "$outbox"
	fi

	say
	step "Pretending that a few readers answered and a few users came (brim_report_outcome, brim_log_event)"
	sql "SELECT count(brim_report_outcome(company_id, CASE n % 3 WHEN 0 THEN 'demo_booked' WHEN 1 THEN 'not_a_fit' ELSE 'closed_won' END))
			FROM (SELECT company_id, row_number() OVER (ORDER BY email_id) AS n
					FROM brim.outbound_email WHERE status = 'sent' ORDER BY email_id LIMIT 5) AS answered" >/dev/null
	sql "SELECT count(brim_log_event('user-' || u, s.step))
			FROM generate_series(1, 9) AS u,
				 (VALUES (1, 'file_upload'), (2, 'result_viewed'), (3, 'share_step_reached')) AS s (n, step)
		   WHERE s.n = 1 OR u % s.n = 0" >/dev/null

	title "The four figures of a growth team  (brim.kpi_*)"
	show "SELECT metric_name, current_value, previous_value, percentage_change, period_start, period_end FROM brim.kpi_qualified_leads
			UNION ALL SELECT metric_name, current_value, previous_value, percentage_change, period_start, period_end FROM brim.kpi_email_engagement
			UNION ALL SELECT metric_name, current_value, previous_value, percentage_change, period_start, period_end FROM brim.kpi_new_activations
			UNION ALL SELECT metric_name, current_value, previous_value, percentage_change, period_start, period_end FROM brim.kpi_funnel_conversion"

	title "Today's funnel  (brim.funnel_daily)"
	show "SELECT day, scored, qualified_leads, generated, sent, activations, outcomes
			FROM brim.funnel_daily ORDER BY day DESC LIMIT 1"

	title "Health of the queue  (brim.queue_health, brim.queue_blocked)"
	show "SELECT kind, campaign, status, rows, date_trunc('second', oldest) AS oldest, next_due, highest_score
			FROM brim.queue_health ORDER BY kind DESC, campaign, rows DESC"
	say
	show "SELECT kind, campaign, left(company_name, 28) AS company, reason, detail
			FROM brim.queue_blocked LEFT JOIN brim.lead USING (company_id) LIMIT 5"

	title "What the worker says about itself  (brim_status())"
	show "SELECT check_name, status, left(detail, 110) AS detail FROM brim_status()"
}

KEEP_WORK=
arguments=("$@")
for argument in "$@"; do
	case $argument in
		--keep) KEEP_WORK=1 ;;
		*)
			sed -n '3,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
			case $argument in -h | --help) exit 0 ;; *) exit 2 ;; esac
			;;
	esac
done

if [ -n "${BRIM_INNER:-}" ]; then inner; fi

keep=$KEEP_WORK
KEEP_WORK=
begin_run demo demo
log=$WORK/log/packages.log
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || try_package python3-aiosmtpd "$log" || true
command -v openssl >/dev/null 2>&1 || try_package openssl "$log" || true
if [ -n "${GEMINI_API_KEY_FILE:-}" ]; then
	[ -r "$GEMINI_API_KEY_FILE" ] || die "GEMINI_API_KEY_FILE=$GEMINI_API_KEY_FILE cannot be read"
	(umask 077 && head -n 1 "$GEMINI_API_KEY_FILE" >"$WORK/gemini.key")
fi
[ "$(id -u)" -ne 0 ] || export BRIM_AS_ROOT=1
status=0
run_inner test/demo.sh ${arguments[0]+"${arguments[@]}"} || status=$?
if [ "$status" -eq 0 ]; then KEEP_WORK=$keep; fi
exit "$status"
