#!/usr/bin/env bash
#
# run.sh - take out each guard of the sender and of the classifying job in turn;
# a named test must notice.
#
#	bash test/guards/run.sh				all of them, about 20 minutes
#	bash test/guards/run.sh token place	these only
#	bash test/guards/run.sh --part 1/4	the first quarter of the list
#	bash test/guards/run.sh --pick 2	two of those with a quick test, others each day
#	bash test/guards/run.sh --dry-run	only see that each can still be taken out
#
# A guard that no test misses is no guard, or has no test.  Works on a copy of
# the source; each line of the list below is one guard:
#
#	name | file | what perl does to it | suites or tests of check.sh | what the failure looks like

set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

GUARDS='
token          | test/specs/barrier.spec | s/AND l\.claim_token = \$2 AND l\.claims = \(ARRAY\[1\]\)\[array_position\(\$1, l\.email_id\)\]//g | isolation | barrier
ledger         | test/specs/claim_claim.spec | s/\t\tAND NOT EXISTS \(SELECT FROM brim\.send_ledger l .*?\n//g; s/ON CONFLICT DO NOTHING/ON CONFLICT (email_id) DO NOTHING/g | isolation | claim_claim
unique         | sql/parts/10_tables.sql | s/CONSTRAINT send_ledger_once UNIQUE \(company_id, campaign\)/CONSTRAINT send_ledger_once CHECK (true)/ | regress | operations
unsubscribed   | test/specs/suppress_claim.spec | s/AND NOT \(EXISTS \(SELECT FROM brim\.suppression\).*?OFFSET 0\)\) OFFSET 0\)\)//gs | isolation | suppress_claim
late           | src/pg/queue/email.c | s/AND \x22 IS_SUPPRESSED\(\x22l\.email_id\x22\)/AND false\x22/ | tap t/014_late_unsubscribe.pl | 014_late_unsubscribe
barrier        | src/worker/jobs/transport_relay.c | s/case BRIM_SMTP_BARRIER:\n/case BRIM_SMTP_BARRIER:\n\t\t\tbrim_smtp_dot(line->smtp);\n\t\t\t(void) transmit(line);\n/ | tap t/014_late_unsubscribe.pl | 014_late_unsubscribe
granted        | src/worker/pipeline.c | s/else if \(!slots\[i\]->granted\)/else if (false)/ | tap t/014_late_unsubscribe.pl | 014_late_unsubscribe
early-reply    | src/worker/jobs/transport_relay.c | s/(still counts as before the dot \*\/\n)\s*\(void\) receive\(line\);/$1/ | tap t/015_network_faults.pl | 015_network_faults
uncertain      | src/worker/jobs/delivery.c | s/row->status = "uncertain";/row->status = "queued";/ | tap t/012_send_errors.pl | 012_send_errors
doubt          | src/pg/queue/email_recovery.c | s/(SET state = )\x27uncertain\x27/$1\x27claimed\x27/ | tap t/054_power_loss.pl | 054_power_loss
durable        | src/pg/server/txn.c | s/\{"synchronous_commit", "on"\},// | tap t/017_hostile_settings.pl | 017_hostile_settings
owner          | sql/parts/50_queue_operations.sql | s/v_email\.claimed_by IS NOT NULL AND brim\.claim_owner_alive\(v_email\.claimed_by\)/false/ | tap t/032_suspects.pl | cannot be called not delivered
number-lock    | src/worker/recovery.c | s/brim_shared_lock_dead_number\(number\)/true/ | tap t/031_workers.pl | 031_workers
alone          | src/pg/queue/email.c | s/\(q\.crashes > 0\) = \$5/\$5 IS NOT NULL/ | tap t/032_suspects.pl | 032_suspects
poison         | src/pg/queue/email_recovery.c | s/f\.crashes >= 2/false/; s/f\.crashes < 2/true/ | tap t/032_suspects.pl | 032_suspects
breaker        | src/worker/pipeline.c | s/!breaker->may_try/false/ | tap t/031_workers.pl | 031_workers
place          | src/pg/queue/node.c | s/node->is_armed = brim_txn_bool\(0, 3\);/node->is_armed = true;/ | tap t/050_copies.pl | 050_copies
node           | src/pg/queue/email.c | s/AND q\.node_id = \$4/AND \$4 IS NOT NULL/ | tap t/050_copies.pl | 050_copies
owner-since    | src/pg/queue/email.c | s/coalesce\(\(SELECT l\.claimed_at FROM brim\.send_ledger l\x22.*?LIMIT 1\), \$3\)/\$3/s | tap t/037_ledger.pl | 037_ledger
in-place       | sql/parts/10_tables.sql | s/(CREATE INDEX send_ledger_claimed_at)/CREATE INDEX send_ledger_state ON brim.send_ledger (state);\n$1/ | tap t/037_ledger.pl | in place
by-key         | src/pg/queue/email_record.c | s/WHERE l\.email_id = ANY \(\$1\)\x22/WHERE l.email_id + 0 = ANY (\$1)\x22/ | tap t/037_ledger.pl | no index is read
node-of-jobs   | src/pg/queue/table.c | s/AND q\.node_id = \$4/AND \$4 IS NOT NULL/ | tap t/050_copies.pl t/052_copies_logical.pl | 05[02]_copies
standby        | src/pg/server/standby.c | s/confirmed = WalSndCtl->lsn\[SYNC_REP_WAIT_FLUSH\] >= upto;/confirmed = true;/ | tap t/053_promotion.pl | cancelled ten times
clock          | src/pg/server/clock.c | s/if \(!superuser\(\)\)/if (false)/ | tap t/033_clock.pl | only a superuser turns it
clock-due      | src/pg/queue/table.c | s/TimestampTzGetDatum\(brim_clock_of_transaction\(\)\);/TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());/ | tap t/033_clock.pl | waited
grace          | src/worker/process.c | s/hold_stop = hold;/hold_stop = false;/ | tap t/030_lifecycle.pl | 030_lifecycle
pace           | src/worker/jobs/send.c | s/if \(!brim_node_lock_batch\(&last\)\)/last = 0;\n\tif (false)/ | tap t/031_workers.pl | keep to brim.batch_size
prepared       | src/pg/server/prepared.c | s/brim_shared_wake_others\(\);// | tap t/036_prepared.pl | 036_prepared
prepared-task  | src/pg/server/prepared.c | s/brim_task_slots_note_news\(\);// | tap t/036_prepared.pl | 036_prepared
task-alive     | sql/parts/16_server_task.sql | s/(WHERE t\.status = .running.) AND NOT brim\.task_alive\(t\.task_id\);/$1;/ | tap t/034_tasks.pl | 034_tasks
task-right     | sql/parts/16_server_task.sql | s/PERFORM brim\.check_task\(t\.kind.*?;//s | tap t/034_tasks.pl | 034_tasks
task-outside   | sql/parts/16_server_task.sql | s/ AND t\.pid = pg_backend_pid\(\);/;/ | tap t/034_tasks.pl | 034_tasks
task-wish      | src/worker/loop.c | s/\(void\) brim_process_try\(brim_task_look, NULL\);\n\}/}/ | tap t/034_tasks.pl | 034_tasks
classify-off     | sql/parts/41_queue_classify.sql | s/IF NOT brim\.is_on\(.brim\.classify.\) OR /IF /g | tap t/022_classify.pl | 022_classify
classify-node    | src/pg/queue/table.c | s/AND q\.node_id = \$4/AND \$4 IS NOT NULL/ | tap t/022_classify.pl | a copy does not ask
classify-token   | src/pg/queue/classification.c | s/   AND c\.claim_token = \$1"\n/   AND \$1 IS NOT NULL"\n/ | tap t/022_classify.pl | with another claim is not recorded
classify-poison  | src/pg/queue/table.c | s/q\.crashes \+ \$3 >= 2/false/g | tap t/022_classify.pl | 022_classify
classify-apart   | src/worker/jobs/classify.c | s/(case BRIM_GEMINI_REFUSED:\n\t\t\tslot->go_apart =) slot->ntexts > 1/$1 false/ | tap t/022_classify.pl | asked again text by text
classify-breaker | src/worker/jobs/classify.c | s/\.name = "classifier"/.name = "generator"/ | tap t/022_classify.pl | 022_classify
classify-lead    | sql/parts/41_queue_classify.sql | s/FOR NO KEY UPDATE SKIP LOCKED\);/);/ | tap t/022_classify.pl | 022_classify
classify-lock    | sql/parts/41_queue_classify.sql | s/ SET lock_timeout = .100ms.// | isolation | classify_lock
classify-class   | src/core/gemini/classify.c | s/finding->is_odd = true;\n\t\treturn;/found.class_no = 0;/ | unit | evidence that is not in the text
classify-active  | src/pg/queue/classification.c | s/ WHERE c\.is_active"\n/ WHERE true"\n/ | tap t/022_classify.pl | 022_classify
classify-words   | src/core/gemini/classify.c | s/if \(memcmp\(next, words\.data, words\.len\) == 0\)/if (next != NULL)/ | unit | evidence that is not in the text
'

# Suites and tests that take no longer than about half a minute
QUICK='^(unit|regress|isolation|tap t/(010_send_smtp|012_send_errors|014_late_unsubscribe|017_hostile_settings|032_suspects)\.pl)$'

usage() {
	sed -n '3,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
	exit "$1"
}

trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }

dry=
chosen=()
part=1
parts=1
pick=
while [ $# -gt 0 ]; do
	case $1 in
		--dry-run) dry=1 ;;
		--part)
			[[ ${2:-} =~ ^([1-9][0-9]*)/([1-9][0-9]*)$ ]] || usage 2
			part=${BASH_REMATCH[1]}
			parts=${BASH_REMATCH[2]}
			[ "$part" -le "$parts" ] || usage 2
			shift
			;;
		--pick)
			[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage 2
			pick=$2
			shift
			;;
		-h | --help) usage 0 ;;
		-*) usage 2 ;;
		*) chosen+=("$1") ;;
	esac
	shift
done

# --pick: as many as are wanted of the quick ones, from a place that moves on each day,
# so that all of them have their turn
if [ -n "$pick" ]; then
	quick=()
	while IFS='|' read -r name _ _ suites _; do
		[[ $(trim "$suites") =~ $QUICK ]] && quick+=("$(trim "$name")")
	done <<<"$GUARDS"
	first=$((${BRIM_GUARDS_DAY:-$(date -u +%s) / 86400} * pick))
	for ((i = 0; i < pick && i < ${#quick[@]}; i++)); do
		chosen+=("${quick[(first + i) % ${#quick[@]}]}")
	done
fi
for name in ${chosen[0]+"${chosen[@]}"}; do
	grep -Eq "^$name +\|" <<<"$GUARDS" || {
		echo "no guard is called $name" >&2
		exit 2
	}
done

work=$(mktemp -d "${TMPDIR:-/tmp}/brim-guards.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
tests=0
bad=0

result() {
	tests=$((tests + 1))
	if [ "$1" = ok ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		bad=$((bad + 1))
	fi
}

number=0
while IFS='|' read -r name file change suites sign; do
	name=$(trim "$name")
	file=$(trim "$file")
	change=$(trim "$change")
	sign=$(trim "$sign")
	[ -n "$name" ] || continue
	number=$((number + 1))
	[ $((number % parts)) -eq $((part % parts)) ] || continue
	if [ "${#chosen[@]}" -gt 0 ] && [[ " ${chosen[*]} " != *" $name "* ]]; then continue; fi
	if [ -n "$dry" ]; then
		cp "$top/$file" "$work/file"
		perl -0pi -e "$change" "$work/file" 2>"$work/error"
		if [ ! -s "$work/error" ] && ! cmp -s "$top/$file" "$work/file"; then
			result ok "guard $name can be taken out of $file"
		else
			result bad "guard $name can be taken out of $file"
		fi
		continue
	fi
	rm -rf "$work/tree" && mkdir "$work/tree"
	if [ -n "${BRIM_KEEP_OBJECTS:-}" ]; then objects=(); else objects=('--exclude=*.o'); fi
	tar -C "$top" -cf - --exclude=./.git ${objects[0]+"${objects[@]}"} --exclude='*.so' . | tar -C "$work/tree" -xf -
	perl -0pi -e "$change" "$work/tree/$file"
	# shellcheck disable=SC2046
	BRIM_TEST_PATIENCE=${BRIM_TEST_PATIENCE:-20} bash "$work/tree/test/check.sh" $(trim "$suites") >"$work/log" 2>&1 </dev/null
	status=$?
	if cmp -s "$top/$file" "$work/tree/$file"; then
		result bad "guard $name can be taken out of $file"
	elif [ "$status" -eq 0 ] || grep -q 'brim builds and installs' "$work/log"; then
		result bad "without the guard $name: $(trim "$suites") notices nothing, or brim does not build"
		tail -n 5 "$work/log" | sed 's/^/# /'
	elif sed -n '/--- what failed/,$p; /^\( *| \)\{0,1\}not ok/p; /FAILED/p' "$work/log" | grep -E "$sign" >/dev/null; then
		result ok "without the guard $name: $(trim "$suites") fails"
	else
		result bad "without the guard $name: $(trim "$suites") fails, but not where it should"
		tail -n 20 "$work/log" | sed 's/^/# /'
	fi
done <<<"$GUARDS"
echo "1..$tests"
[ "$bad" -eq 0 ] && [ "$tests" -gt 0 ]
