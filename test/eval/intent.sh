#!/usr/bin/env bash
#
# intent.sh - how well does brim find events in texts?
#
#	bash test/eval/intent.sh FILE.tsv [--errors]	texts with their events; see intent.py
#	bash test/eval/intent.sh FILE.tsv --binary		sentences with an intent each
#	bash test/eval/intent.sh FILE.tsv --speed		nanoseconds a byte
#
# The lexicon is the one that CREATE EXTENSION installs on a private server,
# which is made for it and removed.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib/setup.sh
. "$here/../lib/setup.sh"

# The lexicon of the extension, as intent_eval reads it.
export_lexicon() {
	sql "COPY (
	SELECT 'class', class, polarity::text, weight::text, coalesce(half_life_days, 0)::text, '', '' FROM brim.intent_class
	UNION ALL
	SELECT 'term', class, term_no::text, source, array_to_string(words, E'\x1f'), array_to_string(near, E'\x1f'),
	       array_to_string(unless, E'\x1f') FROM brim.intent_term
	UNION ALL
	SELECT 'cue', kind, phrase, '', '', '', '' FROM brim.intent_cue) TO STDOUT"
}

inner() {
	trap stop_server EXIT
	trap 'exit 143' TERM
	cd "$WORK/src" || exit 1
	make_private_installation
	build_and_install "$WORK/log/build.log" || exit 1
	start_server eval "fsync = off" || exit 1
	sql "CREATE EXTENSION brim"
	export_lexicon >"$WORK/lexicon.tsv" || exit 1
	gcc -std=gnu11 -O2 -Isrc -o "$WORK/intent_eval" test/eval/intent_eval.c \
		src/core/{base,match,intent}/*.c || exit 1
	if [ "${2:-}" = --speed ]; then
		tail -n +2 "$1" | awk -F '\t' '{ print $2 "\t" $3 "\t" $4 }' |
			"$WORK/intent_eval" "$WORK/lexicon.tsv" --speed
	else
		/usr/bin/python3 test/eval/intent.py "$WORK/intent_eval" "$WORK/lexicon.tsv" "$@"
	fi
}

if [ -n "${BRIM_INNER:-}" ]; then
	inner "$@"
	exit
fi
if [ $# -lt 1 ] || [ ! -f "$1" ]; then
	sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
fi
begin_run eval build
cp "$1" "$WORK/texts.tsv"
shift
run_inner test/eval/intent.sh "$WORK/texts.tsv" "$@"
