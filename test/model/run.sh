#!/usr/bin/env bash
#
# run.sh [DIRECTORY] - check the models with spin; prints TAP.
#
# A line of the list below is one build of a model and what is asked of it:
#
#	holds	the claims hold in every state that can be reached; the search is
#			complete, neither depth nor memory cut it short
#	fails	the claims have a counterexample: a guard is taken out, or the world is
#			one in which brim does not promise them
#
# Searches are short, so compiling them well would take longer than it saves.
# Everything is built in DIRECTORY (a fresh one without), two builds at a time.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# expectation | model | what spin is given | claims | what the build stands for
LIST='
holds | sender   |                                | never_twice no_false_sent never_requeue ledger_knows never_suppressed one_variant never_poison | two variants, workers that die at any time, people who decide
fails | sender   |                                | never_sent | the model does send
holds | sender   | -DVARIANTS=1 -DPROCESSES=3     | never_twice never_poison | three workers one after another
fails | sender   | -DVARIANTS=1 -DPROCESSES=3 -DNOPOISON | never_poison | crashes are not counted
holds | sender   | -DFALSE_RECOVERY               | never_twice | rows are recovered at any time, though the worker lives
holds | sender   | -DFALSE_RECOVERY -DVARIANTS=1  | no_false_sent never_requeue ledger_knows | the same, one variant
holds | sender   | -DFALSE_RECOVERY -DVARIANTS=1 -DSLOTS=2 | never_twice | the same, and the worker takes the row a second time: a claim has a number, too
fails | sender   | -DFALSE_RECOVERY -DVARIANTS=1 -DSLOTS=2 -DNOCLAIMNO | never_twice | the same without that number: a token is one a process
fails | sender   | -DNOLOCK                       | never_twice | recovery without the lock of the number forgets owners that live
fails | sender   | -DNOBARRIER                    | never_twice ledger_knows | no commit before the dot, claimed rows are queued again
fails | sender   | -DRETRY_ON_UNKNOWN             | never_twice never_requeue | no answer to the dot is taken for a no
holds | sender   | -DNOTOKEN                      | never_twice | no claim token: the lock alone keeps workers apart
fails | sender   | -DNOTOKEN -DFALSE_RECOVERY     | never_twice never_requeue | neither claim token nor lock
holds | sender   | -DOPBLIND                      | never_twice | not_delivered without asking for the owner: with the lock an e-mail in doubt has none that still writes
fails | sender   | -DOPBLIND -DFALSE_RECOVERY     | never_twice | not_delivered without asking for the owner, and no lock
fails | sender   | -DNOLOG                        | never_twice | not_delivered without a look into the log of the relay
fails | sender   | -DHASTY                        | never_twice | not_delivered while the relay may still take it
fails | sender   | -DNOABANDONED                  | never_twice ledger_knows | what is abandoned leaves the ledger
holds | sender   | -DNOLEDGER_CLAIM               | never_twice | the claim does not look into the ledger: its key does
holds | sender   | -DNOKEY                        | never_twice | the ledger has no key: the claim looked, and one worker claims at a time
fails | sender   | -DNOKEY -DFALSE_RECOVERY       | never_twice one_variant | the same, and a second worker lives by mistake: it looked in an older snapshot
fails | sender   | -DNOKEY -DNOLEDGER_CLAIM       | never_twice | neither key nor look
holds | sender   | -DNOSUPPRESS_CLAIM             | never_suppressed | the claim does not look for unsubscribers: the barrier does
fails | sender   | -DNOSUPPRESS_BARRIER           | never_suppressed | the barrier does not look for unsubscribers
fails | sender   | -DNOSIBLINGS                   | one_variant | other variants stay when one has ended
holds | sender   | -DARM                          | never_twice never_requeue | brim_arm() while a worker is busy, which stays the owner
fails | sender   | -DARM_FORGETS                  | never_twice | brim_arm() while a worker is busy, which is forgotten
holds | failover | -DFENCE                        | never_twice no_false_sent never_requeue | the original was stopped and the copy is complete
fails | failover | -DFENCE                        | copy_never_sends | the copy does send
fails | failover |                                | never_twice | the copy lacks commits of the original and is armed
fails | failover | -DRESUME                       | never_twice | the copy lacks commits of the original and goes on by itself
holds | failover | -DARM_DOUBTS                   | never_twice no_false_sent never_requeue | the copy lacks commits of the original, and arming doubts what is queued
fails | failover | -DARM_DOUBTS -DOPBLIND         | never_twice | the same, and people decide while the original may live
holds | failover | -DSYNC                         | never_twice no_false_sent never_requeue | the barrier waits for the copy, which is armed
holds | failover | -DSYNC -DRESUME                | never_twice no_false_sent never_requeue | the barrier waits for the copy, which goes on by itself
fails | failover | -DSYNC -DRESUME -DOPBLIND      | never_twice | the same, and people decide while the original may live
fails | failover | -DSYNC -DRESUME -DSYNC_GIVEN_UP | never_twice | the same, and the wait for the copy is cancelled
'
DEPTH=100000
MEMORY_MB=2000
HASH_BITS=20
SECONDS_EACH=300

# trim TEXT: without the spaces around it.
trim() { sed 's/^ *//; s/ *$//' <<<"$1"; }

# complete LOG: was every state looked at?
complete() {
	grep -q '^Full statespace search for:' "$1" &&
		grep -q '^State-vector .*errors: 0$' "$1" &&
		! grep -qE 'max search depth too small|Search not completed|out of memory|memory limit|hashtable' "$1"
}

# job NUMBER EXPECTATION MODEL FLAGS CLAIMS TEXT: write "ok - ..." lines to NUMBER.tap.
job() {
	local number=$1 expectation=$2 model=$3 flags=$4 claims=$5 text=$6 claim log
	local place=$directory/$number
	mkdir -p "$place" && cd "$place" || exit 1
	# shellcheck disable=SC2086
	if ! { spin -a $flags "$here/$model.pml" && gcc -O0 -w -DSAFETY -DMEMLIM="$MEMORY_MB" -o pan pan.c; } >build.log 2>&1; then
		echo "not ok - $model.pml $flags builds"
		sed 's/^/# /' build.log
		return
	fi
	for claim in $claims; do
		log=$claim.log
		timeout "$SECONDS_EACH" ./pan "-m$DEPTH" "-w$HASH_BITS" -N "$claim" >"$log" 2>&1
		if [ "$expectation" = holds ] && complete "$log"; then
			echo "ok - $claim holds: $text ($(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$log") states)"
		elif [ "$expectation" = fails ] && grep -q "^pan: ltl formula $claim\$" "$log" &&
			grep -q '^pan:1: assertion violated' "$log" && grep -q '^State-vector .*errors: [1-9]' "$log"; then
			echo "ok - $claim is refuted: $text"
		else
			echo "not ok - $claim $expectation: $text ($model.pml $flags)"
			head -n 30 "$log" | sed 's/^/# /'
			if [ -f "$model.pml.trail" ]; then
				echo "# the way there:"
				spin -k "$model.pml.trail" -t -p -g -B $flags "$here/$model.pml" 2>&1 |
					grep -E '^ *[0-9]+:.*\[|=' | tail -n 150 | sed 's/^/# /'
			fi
		fi
	done
}

directory=${1:-}
if [ -z "$directory" ]; then
	directory=$(mktemp -d "${TMPDIR:-/tmp}/brim-model.XXXXXX") || exit 1
	trap 'rm -rf "$directory"' EXIT
fi
mkdir -p "$directory" && directory=$(cd "$directory" && pwd) || exit 1
for program in spin gcc; do
	command -v "$program" >/dev/null || { echo "Bail out! there is no $program" && exit 1; }
done

jobs=0
while IFS='|' read -r expectation model flags claims text; do
	[ -n "$model" ] || continue
	if [ "$((jobs++))" -ge 2 ]; then wait -n; fi
	job "$jobs" "$(trim "$expectation")" "$(trim "$model")" "$(trim "$flags")" "$(trim "$claims")" "$(trim "$text")" \
		>"$directory/$jobs.tap" 2>&1 </dev/null &
done <<<"$LIST"
wait

tests=0
bad=0
for ((i = 1; i <= jobs; i++)); do
	while IFS= read -r line; do
		case $line in
			'ok - '*) echo "ok $((++tests)) - ${line#ok - }" ;;
			'not ok - '*)
				echo "not ok $((++tests)) - ${line#not ok - }"
				bad=$((bad + 1))
				;;
			*) echo "$line" ;;
		esac
	done <"$directory/$i.tap"
done
echo "1..$tests"
[ "$bad" -eq 0 ] && [ "$tests" -gt 0 ]
