#!/usr/bin/env bash
#
# kill_loop.sh - kill the worker and the server while e-mails go out, again and
# again, then count the mails where they arrived.
#
#	bash test/soak/kill_loop.sh					5000 companies, 200 kills
#	bash test/soak/kill_loop.sh --points		kills at fault points only
#
#	--rows N		companies, at least, each with two variants (5000)
#	--kills M		how many times something is killed, at least (200)
#	--connections C	brim.smtp_connections (4)
#	--workers W		brim.workers (2)
#	--seed S		what is killed, when and where (from the clock)
#	--keep			keep the work directory: logs, mails, data
#
# It builds brim with fault points (src/pg/server/faults.h) in a directory of its own,
# with a PostgreSQL server whose fsync is on, a mail server that keeps what it
# accepts and is never killed, and a server that speaks Gemini.  At the end come
# a table and TAP lines; the exit code says whether all are ok.
# PG_CONFIG=... chooses the PostgreSQL.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"

usage() {
	sed -n '3,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
	exit "${1:-0}"
}

inner() {
	local status=0
	cd "$WORK/src" || exit 1
	trap 'stop_driver; stop_server' EXIT
	trap 'exit 143' TERM
	make_private_installation
	build_and_install "$WORK/log/build.log" COPT=-DBRIM_FAULTS || die "brim could not be built"
	grep -q 'brim_fault' "$("$PG_CONFIG" --pkglibdir)/brim.so" || die "this build has no fault points"
	start_server kill || die "the server did not start"
	sql "CREATE DATABASE kill" && export PGDATABASE=kill
	sql "CREATE EXTENSION brim; CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0"
	sql "SELECT brim_grant('brim_worker', 'worker')" >/dev/null
	sql "UPDATE brim.campaign SET product_name = 'Flowline', product_pitch = 'Flowline connects tools.', sender_name = 'Ana',
			sender_address = 'ana@flowline.example', postal_address = '1 Harbour Road, Dublin' WHERE name = 'default'"
	# In the background, so that a signal to us is dealt with at once
	/usr/bin/python3 test/soak/kill_loop.py --work "$WORK" --pgbin "$PGBIN" "${arguments[@]}" &
	DRIVER_PID=$!
	wait "$DRIVER_PID" || status=$?
	DRIVER_PID=
	exit "$status"
}

stop_driver() {
	[ -z "${DRIVER_PID:-}" ] || { kill "$DRIVER_PID" && wait "$DRIVER_PID"; } 2>/dev/null
}

KEEP_WORK=
arguments=("$@")
while [ $# -gt 0 ]; do
	case $1 in
		--rows | --kills | --connections | --workers | --seed)
			[[ ${2:-} =~ ^[0-9]+$ ]] || usage 2 >&2
			shift
			;;
		--points) ;;
		--keep) KEEP_WORK=1 ;;
		-h | --help) usage ;;
		*) usage 2 >&2 ;;
	esac
	shift
done

if [ -n "${BRIM_INNER:-}" ]; then inner; fi
begin_run kill demo
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || try_package python3-aiosmtpd "$WORK/log/packages.log" ||
	die "please install python3-aiosmtpd"
status=0
run_inner test/soak/kill_loop.sh ${arguments[0]+"${arguments[@]}"} || status=$?
if [ -n "$KEEP_WORK" ]; then say "# kept: $WORK"; fi
exit "$status"
