#!/usr/bin/env bash
#
# property.sh - brim against an independent implementation of its documents, at length.
#
#	bash test/reference/property.sh							100000 leads x all models, 2000 random models x 200 leads
#	bash test/reference/property.sh --leads 1000 --seed 7	arguments go to property.py
#
# A server of its own.  PG_CONFIG=... chooses the PostgreSQL.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=../lib/setup.sh
. "$here/lib/setup.sh"

inner() {
	local status=0
	cd "$WORK/src" || exit 1
	trap 'stop_run; stop_server' EXIT
	trap 'exit 143' TERM
	make_private_installation
	build_and_install "$WORK/log/build.log" || die "brim could not be built"
	start_server reference "fsync = off" "max_wal_size = 4GB" || die "the server did not start"
	sql "CREATE DATABASE reference" && export PGDATABASE=reference
	# In the background, so that a signal to us is dealt with at once
	/usr/bin/python3 -B test/reference/property.py "$@" &
	RUN_PID=$!
	wait "$RUN_PID" || status=$?
	RUN_PID=
	exit "$status"
}

stop_run() {
	[ -z "${RUN_PID:-}" ] || { kill "$RUN_PID" && wait "$RUN_PID"; } 2>/dev/null
}

if [ -n "${BRIM_INNER:-}" ]; then inner "$@"; fi
begin_run reference demo
status=0
run_inner test/reference/property.sh "$@" || status=$?
exit "$status"
