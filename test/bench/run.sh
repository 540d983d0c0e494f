#!/usr/bin/env bash
#
# run.sh - how fast brim is here.  Not a test: it prints figures, judges nothing.
#
#	bash test/bench/run.sh					everything
#	bash test/bench/run.sh score intake		parts: score intake rescore mail queue gemini
#
# Wants smtp-sink and smtp-source (Debian's postfix package) for mail and queue; mail compares with nodemailer where
# npm can install it (test/package.json).
# A server of its own, with fsync on and PostgreSQL's defaults except max_wal_size.
# How many: BRIM_BENCH_ROWS, _MAILS, _QUEUE, _GENERATIONS; BRIM_BENCH_SNAPSHOT=with or without; BRIM_BENCH_ROUNDS of mail.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"

ROWS=${BRIM_BENCH_ROWS:-1000000}
MAILS=${BRIM_BENCH_MAILS:-6000}
QUEUE=${BRIM_BENCH_QUEUE:-60000}
GENERATIONS=${BRIM_BENCH_GENERATIONS:-640}

psql_quiet() { "$PGBIN/psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }

# seconds_of COMMAND...: wall time with three digits, for the last command's sake on stdout
seconds_of() {
	local from=$EPOCHREALTIME to
	"$@" >/dev/null || die "failed: $*"
	to=$EPOCHREALTIME
	awk -v a="$from" -v b="$to" 'BEGIN { printf "%.3f", b - a }'
}

rate() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%.0f", n / s }'; }
line() { printf '%-44s %10s s  %12s %s\n' "$1" "$3" "$(rate "$2" "$3")" "$4"; }

# Companies as rows of a query: enough to qualify with two scores
companies() {
	echo "SELECT '$2 ' || i AS company_name, '$2-' || i || '.example' AS domain, 'Contact ' || i AS contact_name,
			'contact@$2-' || i || '.example' AS contact_email, 60 + i % 200 AS employee_count,
			CASE i % 2 WHEN 0 THEN 'SaaS' ELSE 'Biotech' END AS industry,
			ARRAY['hubspot', 'slack'] AS tech_stack, ARRAY['Head of Operations', 'Accountant'] AS recent_job_posts
			FROM generate_series(1, $1) AS i"
}

bench_score() {
	step "Scoring $ROWS leads, serial unless said: medians of 15 rounds, of five for what takes seconds; times the four columns"
	psql_quiet --set=rows="$ROWS" --file=test/bench/score.sql || die "score.sql failed"
}

empty_intake() { sql "TRUNCATE brim.generation, brim.event, brim.lead"; }

# best_of TRIES COMMAND...: the shortest time, starting from empty tables each time
best_of() {
	local tries=$1 best='' took
	shift
	while [ "$tries" -gt 0 ]; do
		empty_intake
		took=$(seconds_of "$@") || exit 1
		best=$(printf '%s\n' "$took" $best | sort -n | head -n 1)
		tries=$((tries - 1))
	done
	echo "$best"
}

# compare_copy LABEL QUERY: COPY with and without the triggers of brim.lead
compare_copy() {
	local csv=$WORK/tmp/leads.csv with without
	local columns="company_name, domain, contact_name, contact_email, employee_count, industry, tech_stack, recent_job_posts"
	# The key comes along, since without triggers nobody fills it in
	sql "COPY (SELECT brim_company_id(company_name, domain), c.* FROM ($2) AS c) TO '$csv'"
	with=$(best_of 3 sql "COPY brim.lead (company_id, $columns) FROM '$csv'") || exit 1
	line "COPY of 100,000 leads, $1" 100000 "$with" "rows/s"
	sql "ALTER TABLE brim.lead DISABLE TRIGGER USER"
	without=$(best_of 3 sql "COPY brim.lead (company_id, $columns) FROM '$csv'") || exit 1
	sql "ALTER TABLE brim.lead ENABLE TRIGGER USER"
	line "  the same without brim's triggers" 100000 "$without" "rows/s"
	awk -v a="$with" -v b="$without" 'BEGIN { printf "  ratio %.2f\n", a / b }'
}

bench_intake() {
	local batch
	step "Taking in companies, best of three"
	compare_copy "a third qualifies" "SELECT 'Mixed ' || i AS company_name, 'mixed' || i || '.example' AS domain, 'Contact ' || i AS contact_name,
			'contact@mixed' || i || '.example' AS contact_email, 1 + i * 7919 % 700 AS employee_count,
			(ARRAY['SaaS', 'Fintech', 'Retail', 'Healthcare', 'E-commerce'])[1 + i % 5] AS industry,
			(ARRAY['{zapier,slack}', '{sap}', '{make}', '{}'])[1 + i % 4]::text[] AS tech_stack,
			(ARRAY['{Head of Operations}', '{Designer,Accountant}', '{}'])[1 + i % 3]::text[] AS recent_job_posts
			FROM generate_series(1, 100000) AS i"
	compare_copy "all qualify" "$(companies 100000 copied)"
	sql "SELECT json_agg(c) FROM ($(companies 10000 batched)) AS c" >"$WORK/tmp/batch.json"
	batch=$(best_of 3 sql "SELECT count(*) FROM brim_score_batch(pg_read_file('$WORK/tmp/batch.json')::jsonb)") || exit 1
	line "brim_score_batch of 10,000 companies" 10000 "$batch" "rows/s"
	empty_intake
}

# rescored LABEL N STATEMENT: how long it takes, and how many leads it writes
rescored() {
	local took written
	sql "VACUUM ANALYZE brim.lead" && sql "CHECKPOINT"
	written=$(sql "SELECT coalesce(max(event_id), 0) FROM brim.event")
	took=$(seconds_of sql "$3") || exit 1
	written=$(sql "SELECT count(*) FROM brim.event WHERE event_id > $written AND event_type = 'score_calculated'")
	line "$1, $written change" "$ROWS" "$took" "leads/s"
}

# plain LABEL WHERE: an UPDATE that writes the same rows, with and without brim's triggers
plain() {
	local took rows
	rows=$(sql "SELECT count(*) FROM brim.lead WHERE $2")
	sql "VACUUM ANALYZE brim.lead" && sql "CHECKPOINT"
	took=$(seconds_of sql "UPDATE brim.lead SET country = 'SE' WHERE $2") || exit 1
	line "  plain UPDATE of $1" "$rows" "$took" "rows/s"
	sql "ALTER TABLE brim.lead DISABLE TRIGGER USER"
	sql "VACUUM ANALYZE brim.lead" && sql "CHECKPOINT"
	took=$(seconds_of sql "UPDATE brim.lead SET country = 'NO' WHERE $2") || exit 1
	sql "ALTER TABLE brim.lead ENABLE TRIGGER USER"
	line "  the same without brim's triggers" "$rows" "$took" "rows/s"
}

bench_rescore() {
	local took
	step "Comparing models over $ROWS stored leads, then rescoring these"
	empty_intake
	sql "UPDATE brim.campaign SET is_active = false"
	sql "SELECT brim_copy_model('balanced', new_name => 'bench')" >/dev/null
	sql "SELECT brim_publish_model('bench')" >/dev/null
	sql "INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack, recent_job_posts, model)
			SELECT md5(i::text), 'Company ' || i, CASE WHEN i % 17 <> 0 THEN i % 700 END,
				(ARRAY['SaaS', 'Fintech', 'AI', 'Technology', 'E-commerce', 'Biotech', 'Education', 'Mining', 'Retail', NULL])[1 + i % 10],
				CASE i % 4 WHEN 0 THEN ARRAY['Slack', 'HubSpot', 'Jira'] WHEN 1 THEN ARRAY['slack', 'jira', 'github'] WHEN 2 THEN ARRAY['Zapier'] END,
				CASE i % 3 WHEN 0 THEN ARRAY['Head of Operations for the northern region', 'Senior accountant']
					WHEN 1 THEN ARRAY['Sales representative for laptops and shops', 'Store manager'] END, 'bench'
			FROM generate_series(1, $ROWS) AS i"
	sql "VACUUM ANALYZE"
	took=$(seconds_of sql "SELECT sum(brim_score(l)) FROM brim.lead AS l") || exit 1
	line "brim_score() of all, for comparison" "$ROWS" "$took" "leads/s"
	took=$(seconds_of sql "SELECT * FROM brim_compare_models_summary('balanced', 'aggressive')") || exit 1
	line "brim_compare_models_summary()" "$ROWS" "$took" "leads/s"
	took=$(seconds_of sql "SELECT count(*) FROM brim_compare_models('balanced', 'aggressive') WHERE crossed = 'up'") || exit 1
	line "brim_compare_models(), those that cross" "$ROWS" "$took" "leads/s"
	took=$(seconds_of sql "SELECT * FROM brim.model_comparison WHERE model = 'aggressive'") || exit 1
	line "brim.model_comparison, one model" "$ROWS" "$took" "leads/s"
	rescored "brim_rescore()" "$ROWS" "SELECT brim_rescore()"
	rescored "brim_rescore_all()" "$ROWS" "CALL brim_rescore_all()"
	sql "UPDATE brim.scoring_rule SET keywords = keywords || 'mining'::text WHERE model = 'bench' AND rule_no = 20"
	rescored "brim_rescore_all()" "$ROWS" "CALL brim_rescore_all()"
	plain "a tenth" "industry = 'Mining'"
	rescored "brim_rescore_all('aggressive')" "$ROWS" "CALL brim_rescore_all('aggressive')"
	rescored "brim_rescore('conservative')" "$ROWS" "SELECT brim_rescore('conservative')"
	plain "all" "true"
	empty_intake
	sql "UPDATE brim.campaign SET is_active = true"
}

# wait_for QUERY EXPECTED: ask often, give up late
wait_for() {
	local deadline=$((SECONDS + 600))
	until [ "$(sql "$1")" = "$2" ]; do
		[ "$SECONDS" -lt "$deadline" ] || die "waited in vain for $1 to give $2, not $(sql "$1")"
		sleep 0.05
	done
}

set_and_reload() {
	local pair
	for pair in "$@"; do sql "ALTER SYSTEM SET ${pair%%=*} = '${pair#*=}'"; done
	sql "SELECT pg_reload_conf()" >/dev/null
}

add_leads() { sql "INSERT INTO brim.lead (company_name, domain, contact_name, contact_email, employee_count, industry, tech_stack, recent_job_posts) $(companies "$1" "$2")"; }

# start_sink: smtp-sink on a port of its own; sets SINK_PORT, or fails where there is none
start_sink() {
	local sink
	sink=$(command -v smtp-sink || ls /usr/sbin/smtp-sink 2>/dev/null)
	SOURCE=$(command -v smtp-source || ls /usr/sbin/smtp-source 2>/dev/null)
	if [ -z "$sink" ] || [ -z "$SOURCE" ]; then
		note "left out: smtp-sink and smtp-source are not here (package postfix)"
		return 1
	fi
	SINK_PORT=$((20000 + RANDOM % 20000))
	"$sink" "127.0.0.1:$SINK_PORT" 1000 >/dev/null 2>&1 &
	SINK_PID=$!
}

stop_sink() {
	kill "$SINK_PID" 2>/dev/null
	SINK_PID=
}

# queue_mails N NAME [BYTES]: N queued e-mails with a body of prose of so many bytes, 2900 without, in fifty scores
queue_mails() {
	sql "INSERT INTO brim.lead (company_id, company_name, domain)
			SELECT '$2-' || i, 'Company ' || i, '$2-' || i || '.example' FROM generate_series(1, $1) AS i;
		WITH written AS (
			INSERT INTO brim.email (campaign, company_id, variant, score, node_id, recipient, subject, body, generated_by,
									message_id, message_date)
			SELECT 'default', '$2-' || i, 'roi_focused', 50 + (i::bigint * 7919 % 50)::integer, n.node_id,
				'contact@$2-' || i || '.example', 'A question about company ' || i, p.body, 'template',
				replace(gen_random_uuid()::text, '-', '') || '@flowline.example', now()
			  FROM generate_series(1, $1) AS i
			 CROSS JOIN brim.node AS n
			 CROSS JOIN LATERAL (
				SELECT left(string_agg(w.words[1 + abs(hashint4(i * 1000 + k)) % 48], ' '), ${3:-2900}) AS body
				  FROM generate_series(1, ${3:-2900} / 5) AS k,
				       (SELECT string_to_array('your team spends hours each week moving orders between tools that were never meant to talk and somebody always pays for it later we saw that you are hiring operations people so perhaps this year more of the work could run by itself instead of by hand', ' ') AS words) AS w
			 ) AS p
			RETURNING email_id, campaign, company_id, choice, score, node_id)
		INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
			SELECT email_id, campaign, company_id, choice, score, node_id FROM written"
}

# CPU seconds of all workers of this database so far
worker_cpu() {
	local pid ticks=0
	for pid in $(sql "SELECT pid FROM brim.worker_slots()"); do
		ticks=$((ticks + $(awk '{ print $14 + $15 }' "/proc/$pid/stat")))
	done
	awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", t / hz }'
}

# send_queued N: send what is queued; sets TOOK, CPU (ms a mail), and what went into the WAL: WAL_BYTES and
# WAL_RECORDS a mail, with the share of images of whole pages; HOT is the share of updates of the ledger that were HOT
send_queued() {
	local cpu lsn
	sql "VACUUM ANALYZE brim.email, brim.email_queue, brim.send_ledger, brim.email_owner"
	sql "CHECKPOINT"
	sql "SELECT pg_stat_reset_single_table_counters('brim.send_ledger'::regclass)" >/dev/null
	cpu=$(worker_cpu)
	lsn=$(sql "SELECT pg_current_wal_insert_lsn()")
	TOOK=$(seconds_of eval "set_and_reload brim.send=on && wait_for \"SELECT EXISTS (SELECT FROM brim.email_queue)\" f &&
		wait_for \"SELECT EXISTS (SELECT FROM brim.send_ledger WHERE state IN ('claimed', 'committing'))\" f") || exit 1
	CPU=$(awk -v a="$cpu" -v b="$(worker_cpu)" -v n="$1" 'BEGIN { printf "%.3f", (b - a) * 1000 / n }')
	set_and_reload brim.send=off
	wal_since "$lsn" "$1"
	sleep 1.5
	HOT=$(sql "SELECT round(100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0), 1) FROM pg_stat_user_tables WHERE relid = 'brim.send_ledger'::regclass")
}

# wal_since LSN N: WAL_RECORDS, WAL_BYTES and WAL_IMAGES a mail
wal_since() {
	local total
	total=$("$PGBIN/pg_waldump" --stats --path="$PGDATA/pg_wal" --start="$1" --end="$(sql "SELECT pg_current_wal_flush_lsn()")" | sed -n 's/^Total //p') ||
		die "pg_waldump failed"
	WAL_RECORDS=$(awk -v n="$2" '{ printf "%.1f", $1 / n }' <<<"$total")
	WAL_BYTES=$(awk -v n="$2" '{ printf "%.0f", $2 / n }' <<<"$(sed 's/\[[^]]*\]//g' <<<"$total")")
	WAL_IMAGES=$(awk -v n="$2" '{ printf "%.0f", $3 / n }' <<<"$(sed 's/\[[^]]*\]//g' <<<"$total")")
}

# What nodemailer's pool takes for N mails over so many connections: sets TOOK and CPU (ms a mail)
nodemailer() {
	local said
	said=$(cd "$WORK/nodemailer" && node mail.js "$SINK_PORT" "$2" "$1" "$3") || die "nodemailer failed"
	TOOK=${said% *}
	CPU=$(awk -v s="${said#* }" -v n="$1" 'BEGIN { printf "%.3f", s * 1000 / n }')
}

# install_nodemailer: fails where npm is not here, or does not get it
install_nodemailer() {
	command -v npm >/dev/null || return 1
	mkdir -p "$WORK/nodemailer" && cp test/package.json test/bench/mail.js "$WORK/nodemailer/" &&
		(cd "$WORK/nodemailer" && npm install --no-audit --no-fund --silent --cache "$WORK/tmp/npm" >"$WORK/log/npm.log" 2>&1)
}

# shares A B, of two numbers with digits: A as a multiple of B
shares() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

bench_mail() {
	local connections took workers has_npm='' length round brim_took brim_cpu
	step "Writing from templates, then sending $MAILS e-mails to smtp-sink"
	set_and_reload brim.send=off brim.generate=on
	took=$(seconds_of eval "add_leads 3000 written && wait_for \"SELECT count(*) FROM brim.generation WHERE status <> 'done'\" 0") || exit 1
	line "written from templates (two variants each)" 3000 "$took" "companies/s"
	sql "SELECT brim_cancel(email_id) FROM brim.email_queue" >/dev/null
	set_and_reload brim.generate=off
	start_sink || return
	if install_nodemailer; then has_npm=1; else note "left out: nodemailer, which npm could not install"; fi
	set_and_reload brim.smtp_url="smtp://127.0.0.1:$SINK_PORT" brim.batch_size=100000
	for length in 1100 2900; do
		step "Bodies of $length bytes of prose, rounds of brim and nodemailer's pool in turn"
		for round in $(seq "${BRIM_BENCH_ROUNDS:-3}"); do
			for connections in 16 64; do
				set_and_reload brim.smtp_connections=$connections
				queue_mails "$MAILS" "mail$length-$connections-$round" "$length"
				send_queued "$MAILS"
				brim_took=$TOOK brim_cpu=$CPU
				line "brim, $connections connections" "$MAILS" "$TOOK" "mails/s, $CPU ms CPU, $WAL_BYTES bytes of WAL ($WAL_IMAGES of page images) in $WAL_RECORDS records a mail, $HOT % HOT"
				[ -n "$has_npm" ] || continue
				nodemailer "$MAILS" "$connections" "$length"
				line "nodemailer's pool, $connections connections" "$MAILS" "$TOOK" "mails/s, $CPU ms CPU; brim: $(shares "$TOOK" "$brim_took") x the rate, $(shares "$brim_cpu" "$CPU") x the CPU"
			done
		done
	done
	step "Other numbers of connections and workers, beside smtp-source with the same connections"
	for workers in 1 2; do
		for connections in 1 4 16 64; do
			[ "$workers" = 1 ] || [ "$connections" = 16 ] || continue
			set_and_reload brim.smtp_connections=$connections brim.workers=$workers
			wait_for "SELECT count(*) FROM brim.worker_slots()" "$workers"
			queue_mails "$MAILS" "mail$workers-$connections"
			send_queued "$MAILS"
			took=$(seconds_of "$SOURCE" -d -s "$((connections * workers))" -m "$((MAILS * 4))" -l 3000 "127.0.0.1:$SINK_PORT") || exit 1
			line "$workers worker(s), $connections connection(s) each" "$MAILS" "$TOOK" "mails/s, $CPU ms CPU a mail; smtp-source $(rate $((MAILS * 4)) "$took")"
		done
	done
	set_and_reload brim.workers=1
	stop_sink
}

sizes() {
	sql "SELECT string_agg(format('%s %s and %s of indexes', t, pg_size_pretty(pg_table_size(t)), pg_size_pretty(pg_indexes_size(t))), '; ')
		FROM unnest(ARRAY['brim.email_queue', 'brim.send_ledger']::regclass[]) AS t"
}

bench_queue() {
	local snapshot from now sent last_sent last i
	start_sink || return
	set_and_reload brim.smtp_url="smtp://127.0.0.1:$SINK_PORT" brim.batch_size=100000 brim.smtp_connections=16 brim.generate=off brim.send=off
	for snapshot in ${BRIM_BENCH_SNAPSHOT:-without with}; do
		step "Sending $QUEUE e-mails over 16 connections $snapshot an old snapshot"
		sql "TRUNCATE brim.email, brim.email_queue, brim.email_parked, brim.email_attempt, brim.send_ledger, brim.generation, brim.event, brim.lead"
		queue_mails "$QUEUE" "queue-$snapshot"
		sql "VACUUM ANALYZE"
		sql "SELECT pg_stat_reset()" >/dev/null
		note "before: $(sizes)"
		if [ "$snapshot" = with ]; then
			{ echo "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM brim.campaign;" && sleep 3600; } | psql_quiet >/dev/null &
			HOLDER_PID=$!
			sleep 1
		fi
		from=$EPOCHREALTIME last=$from last_sent=0
		set_and_reload brim.send=on
		for i in 1 2 3 4; do
			wait_for "SELECT sent >= $QUEUE / 4 * $i FROM (SELECT count(*) AS sent FROM brim.send_ledger WHERE state = 'sent') AS s" t
			now=$EPOCHREALTIME
			sent=$(sql "SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'")
			line "quarter $i" "$((sent - last_sent))" "$(awk -v a="$last" -v b="$now" 'BEGIN { printf "%.3f", b - a }')" "mails/s"
			last=$now last_sent=$sent
		done
		set_and_reload brim.send=off
		note "after: $(sizes); $(sql "SELECT string_agg(format('%s: %s updates, %s dead rows, %s autovacuums', relname, n_tup_upd, n_dead_tup, autovacuum_count), '; ')
			FROM pg_stat_user_tables WHERE relid IN ('brim.email_queue'::regclass, 'brim.send_ledger'::regclass)")"
		[ "$snapshot" = without ] || sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND state = 'idle in transaction'" >/dev/null
	done
	kill "$HOLDER_PID" 2>/dev/null
	stop_sink
}

bench_gemini() {
	local connections took name
	printf 'bench-key\n' >"$WORK/tmp/key"
	chmod 600 "$WORK/tmp/key"
	start_helper "$WORK/log/gemini.log" /usr/bin/python3 "$here/lib/gemini_server.py" --key-value bench-key \
		--latency-ms 500 || die "gemini_server.py did not start"
	step "Generating for $GENERATIONS companies, each answer after 500 ms"
	set_and_reload brim.send=off brim.generate=on brim.gemini_url="http://127.0.0.1:$HELPER_PORT" brim.gemini_api_key_file="$WORK/tmp/key"
	for connections in 4 16 64; do
		name=gen$connections
		set_and_reload brim.gemini_connections=$connections
		took=$(seconds_of eval "add_leads $GENERATIONS $name && wait_for \"SELECT count(*) FROM brim.generation WHERE status <> 'done'\" 0") || exit 1
		line "generated over $connections connections (at most $((connections * 2))/s)" "$GENERATIONS" "$took" "companies/s"
	done
	[ "$(sql "SELECT count(*) FROM brim.generation WHERE provider = 'template' AND company_id IN (SELECT company_id FROM brim.lead WHERE domain LIKE 'gen%')")" = 0 ] ||
		note "not all of them were written by the server: the figures are not worth much"
	set_and_reload brim.gemini_api_key_file=
}

inner() {
	local part
	cd "$WORK/src" || exit 1
	here=$WORK/src/test
	SINK_PID=
	HOLDER_PID=
	trap 'kill $SINK_PID $HOLDER_PID 2>/dev/null; stop_server' EXIT
	trap 'exit 143' TERM
	make_private_installation
	build_and_install "$WORK/log/build.log" || die "brim could not be built"
	start_server bench "max_wal_size = 4GB" "max_worker_processes = 20" || die "the server did not start"
	sql "CREATE DATABASE bench" && export PGDATABASE=bench
	sql "CREATE EXTENSION brim; CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0"
	sql "SELECT brim_grant('brim_worker', 'worker')" >/dev/null
	sql "UPDATE brim.campaign SET product_name = 'Flowline', product_pitch = 'Flowline connects tools.', sender_name = 'Ana',
			sender_address = 'ana@flowline.example', postal_address = '1 Harbour Road, Dublin' WHERE name = 'default'"
	say "$("$PG_CONFIG" --version), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	for part in "${parts[@]}"; do
		if [ "$part" = mail ] || [ "$part" = queue ]; then
			set_and_reload brim.worker_role=brim_worker brim.databases=bench brim.send_interval=0
		elif [ "$part" = gemini ]; then
			set_and_reload brim.worker_role=brim_worker brim.databases=bench
		fi
		"bench_$part"
	done
	exit 0
}

parts=("$@")
[ "${#parts[@]}" -gt 0 ] || parts=(score intake rescore mail queue gemini)
for part in "${parts[@]}"; do
	case $part in
		score | intake | rescore | mail | queue | gemini) ;;
		*) die "there is no part $part: score intake rescore mail queue gemini" ;;
	esac
done

if [ -n "${BRIM_INNER:-}" ]; then inner; fi
begin_run bench demo
status=0
run_inner test/bench/run.sh "${parts[@]}" || status=$?
exit "$status"
