#!/usr/bin/env bash
#
# memory.sh - does scoring keep memory from call to call?
#
#	bash test/soak/memory.sh					10,000,000 calls of brim_score(), fewer of what is dearer
#	bash test/soak/memory.sh --calls 200000		so many
#
# A server of its own.  PG_CONFIG=... chooses the PostgreSQL.  What is measured
# is in memory.sql.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"

usage() {
	sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
	exit "${1:-0}"
}

inner() {
	local out=$WORK/log/memory.out status=0
	cd "$WORK/src" || exit 1
	trap 'stop_run; stop_server' EXIT
	trap 'exit 143' TERM
	make_private_installation
	build_and_install "$WORK/log/build.log" || die "brim could not be built"
	start_server memory "fsync = off" || die "the server did not start"
	sql "CREATE DATABASE memory" && export PGDATABASE=memory
	# In the background, so that a signal to us is dealt with at once
	{
		"$PGBIN/psql" --no-psqlrc --set=calls="$calls" --file=test/soak/memory.sql | tee "$out"
		exit "${PIPESTATUS[0]}"
	} &
	RUN_PID=$!
	wait "$RUN_PID" || status=$?
	RUN_PID=
	# The last line is the statement that is there to grow
	if [ "$status" -ne 0 ] || sed '$d' "$out" | grep -vq ': ok$' || ! tail -n 1 "$out" | grep -q ': grows$'; then
		say "scoring keeps memory, or was not measured"
		exit 1
	fi
	exit 0
}

stop_run() {
	[ -z "${RUN_PID:-}" ] || { kill "$RUN_PID" && wait "$RUN_PID"; } 2>/dev/null
}

calls=10000000
arguments=("$@")
while [ $# -gt 0 ]; do
	case $1 in
		--calls) calls=${2:-} && shift ;;
		-h | --help) usage ;;
		*) usage 2 >&2 ;;
	esac
	shift
done
[[ $calls =~ ^[1-9][0-9]{5,}$ ]] || die "--calls wants a number of at least 100000"

if [ -n "${BRIM_INNER:-}" ]; then inner; fi
begin_run memory demo
status=0
run_inner test/soak/memory.sh ${arguments[0]+"${arguments[@]}"} || status=$?
exit "$status"
