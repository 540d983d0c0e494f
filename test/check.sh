#!/usr/bin/env bash
#
# check.sh - build brim and prove it: the one command for developers and CI.
#
#	bash test/check.sh				everything
#	bash test/check.sh unit regress	these suites only
#	bash test/check.sh tap t/010*	some TAP tests only (paths below test/)
#	bash test/check.sh --list		what there is
#
# Everything is built, installed and served in a directory of its own, which is
# removed at the end (kept with --keep), so runs do not disturb each other.
# PG_CONFIG=... chooses the PostgreSQL.  The last line is "N passed, N failed".

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/setup.sh
. "$here/lib/setup.sh"

SUITES=(compile lint unit model fuzz regress isolation tap user guards soak)
declare -A PURPOSE=(
	[compile]="every source compiles without a warning, with gcc and with clang"
	[lint]="layout, includes, exports, names, scripts; clang-format, cppcheck, shellcheck"
	[unit]="the pure core alone, under the address and undefined-behaviour sanitizers"
	[model]="the sender's state machine, exhaustively (spin); each guard taken out gives a counterexample"
	[fuzz]="a short run of each fuzz target"
	[regress]="SQL in, text out (pg_regress)"
	[isolation]="sessions that get in each other's way (isolation specs)"
	[tap]="real servers: PostgreSQL, SMTP, Gemini (prove)"
	[user]="what depends on the operating system's user, as another one"
	[guards]="two guards of the sender taken out, others each day; their tests must notice (test/guards/run.sh: all)"
	[soak]="a short kill loop: mails counted at the server"
)
STRICT_FLAGS="-Werror -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
	-Wvla -Wformat=2 -Wundef -Wwrite-strings -Wno-unused-parameter -Wno-sign-compare
	-Wno-missing-field-initializers"

passed=0
failed=0
failures=()

ok() { passed=$((passed + 1)); }
not_ok() {
	failed=$((failed + 1))
	failures+=("$1")
	say "${red}not ok${plain} $1"
}

# one NAME COMMAND...: a step that counts as one test.
one() {
	local name=$1 log=$WORK/log/one.log
	shift
	if "$@" >"$log" 2>&1; then
		ok
		say "ok $name"
	else
		not_ok "$name"
		head -n 60 "$log" | sed 's/^/    | /'
	fi
}

# count_tap LOG STATUS NAME: add the "ok" and "not ok" lines of a TAP log.
count_tap() {
	local log=$1 status=$2 name=$3 good bad
	good=$(grep -c '^ok' "$log")
	bad=$(grep -c '^not ok' "$log")
	passed=$((passed + good))
	if [ "$bad" -gt 0 ]; then
		failed=$((failed + bad))
		failures+=("$name: $bad not ok")
	elif [ "$status" -ne 0 ]; then
		not_ok "$name (exit code $status)"
	fi
	if [ "$bad" -gt 0 ] || [ "$status" -ne 0 ]; then
		grep -v '^ok' "$log" | tail -n 60 | sed 's/^/    | /'
	fi
	say "$name: $good passed, $bad failed"
}

# ---------------------------------------------------------------------------
# Suites
# ---------------------------------------------------------------------------

# The sources, each compiled alone so that one failure does not hide another.
compile_with() {
	local compiler=$1
	shift
	# shellcheck disable=SC2046,SC2086
	find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -n 1 \
		"$compiler" -std=gnu11 -O2 -fPIC -fvisibility=hidden $STRICT_FLAGS "$@" -Isrc '-DBRIM_VERSION="0"' \
		-isystem "$("$PG_CONFIG" --includedir-server)" -D_GNU_SOURCE $(pkg-config --cflags libcurl json-c) \
		-o /dev/null -c
}

suite_compile() {
	one "gcc compiles without a warning" compile_with gcc
	one "clang compiles without a warning" compile_with clang -Wno-missing-braces
	one "assertions compile without a warning" compile_with gcc -DUSE_ASSERT_CHECKING
}

shell_scripts() { find test .ci -name '*.sh' -o -path '.ci/run' | sort; }

lint_cppcheck() {
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c -Isrc \
		--enable=warning,performance,portability --suppress=missingInclude --suppress=missingIncludeSystem \
		--suppressions-list=test/lint/cppcheck.txt --library=test/lint/cppcheck.cfg -j2 src
}

# compiles COMMAND FILE...: each file of those given compiles, and there is one.
compiles() {
	local command=$1 file status=0 checked=0
	shift
	for file in "$@"; do
		[ -f "$file" ] || continue
		$command "$file" || status=1
		checked=$((checked + 1))
	done
	[ "$checked" -gt 0 ] || say "nothing to check"
	[ "$status" -eq 0 ] && [ "$checked" -gt 0 ]
}

lint_perl() { compiles "perl -I $PERL_LIB -I test/lib -I test/lint -wc" test/lint/*.p[lm] test/t/*.pl test/lib/*.pm; }

lint_python() {
	PYTHONPYCACHEPREFIX=$WORK/tmp compiles "/usr/bin/python3 -m py_compile" \
		test/lib/*.py test/bench/*.py test/soak/*.py test/eval/*.py test/reference/*.py
}

lint_shell() { shell_scripts | xargs shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR; }

suite_lint() {
	one "the C code is formatted as .clang-format says" bash test/lint/format.sh
	one "cppcheck finds nothing" lint_cppcheck
	one "includes point downwards only" perl test/lint/includes.pl
	one "calls have no circle and point downwards; a name's prefix says its file" perl test/lint/calls.pl
	one "C rules: PG_VERSION_NUM, curl, guards, error codes" perl test/lint/sources.pl
	one "SQL rules: CREATE only, search_path, comments, privileges" perl test/lint/sql.pl
	one "words of the lexicon become SQL, and faults in them are found" perl test/lint/lexicon.pl
	one "the library exports its functions and nothing else" \
		perl test/lint/exports.pl "$("$PG_CONFIG" --pkglibdir)/brim.so"
	one "isolation specs run the worker's statements" perl test/lint/specs.pl
	one "documents name what exists, and all of it" perl test/lint/docs.pl
	one "the documented settings are those of the library" perl test/lint/settings.pl
	one "no word of a developer's machine, no idiom that stops a reader" perl test/lint/words.pl
	one "each guard of the sender can be taken out" bash test/guards/run.sh --dry-run
	one "Perl compiles" lint_perl
	one "Python compiles" lint_python
	one "shellcheck finds nothing" lint_shell
	lint_self_test
}

lint_self_test() {
	local status=0
	perl test/lint/self_test.pl >"$WORK/log/self_test.log" 2>&1 || status=$?
	count_tap "$WORK/log/self_test.log" "$status" "the lints themselves"
}

suite_unit() {
	local status=0
	{ make -s -j"$(nproc)" -f test/unit/Makefile build && make -s -f test/unit/Makefile run; } \
		>"$WORK/log/unit.log" 2>&1 || status=$?
	count_tap "$WORK/log/unit.log" "$status" unit
}

suite_model() {
	local status=0
	bash test/model/run.sh "$WORK/model" >"$WORK/log/model.log" 2>&1 || status=$?
	count_tap "$WORK/log/model.log" "$status" model
}

fuzz_smoke() {
	make -s -j"$(nproc)" -f test/fuzz/Makefile build &&
		make -s -f test/fuzz/Makefile smoke SECONDS_EACH="${BRIM_FUZZ_SECONDS:-8}"
}

suite_fuzz() { one "no fuzz target finds anything in a short run" fuzz_smoke; }

# Both forms of pg_regress's answers: "test x ... ok 9 ms", and TAP since 16.
count_regress() {
	local name=$1 log=$2 status=$3 good bad
	good=$(grep -cE '^(test +[^ ]+ +\.\.\. ok|     [^ ]+ +\.\.\. ok|ok [0-9]+)' "$log")
	bad=$(grep -cE '^(test +[^ ]+ +\.\.\. FAILED|     [^ ]+ +\.\.\. FAILED|not ok [0-9]+)' "$log")
	passed=$((passed + good))
	if [ "$bad" -gt 0 ]; then
		failed=$((failed + bad))
		failures+=("$name: $(grep -E '^not ok|FAILED' "$log" | tr -s ' ' | head -n 20 | tr '\n' ';')")
	elif [ "$status" -ne 0 ]; then
		not_ok "$name (exit code $status)"
		tail -n 30 "$log" | sed 's/^/    | /'
	fi
	say "$name: $good passed, $bad failed"
}

# suite_regress [TEST...]: these tests only
suite_regress() {
	local status=0
	need_server || return
	make -s installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no ISOLATION= TAP_TESTS= ${1+"REGRESS=$*"} \
		>"$WORK/log/regress.log" 2>&1 || status=$?
	count_regress regress "$WORK/log/regress.log" "$status"
	if [ -f regression.diffs ]; then head -n 200 regression.diffs; fi
}

suite_isolation() {
	local status=0
	need_server || return
	if ! ls test/specs/*.spec >/dev/null 2>&1; then
		say "isolation: no specs"
		return
	fi
	make -s installcheck PG_CONFIG="$PG_CONFIG" with_llvm=no REGRESS= TAP_TESTS= \
		>"$WORK/log/isolation.log" 2>&1 || status=$?
	count_regress isolation "$WORK/log/isolation.log" "$status"
	if [ -f output_iso/regression.diffs ]; then head -n 200 output_iso/regression.diffs; fi
}

suite_tap() {
	local status=0 jobs
	local -a tests=(test/t/*.pl)
	if [ "${#chosen_tests[@]}" -gt 0 ]; then tests=("${chosen_tests[@]/#/test/}"); fi
	jobs=$(nproc)
	[ "$jobs" -le 4 ] || jobs=4
	# shellcheck disable=SC2068,SC2206
	tests=(${tests[@]})
	mkdir -p "$TAP_DIR"
	# The server of regress has another superuser than those of these tests
	env -u PGUSER TESTDIR="$TAP_DIR" TESTDATADIR="$TAP_DIR/tmp_check" TESTLOGDIR="$TAP_DIR/tmp_check/log" \
		PG_REGRESS="$(dirname "$("$PG_CONFIG" --pgxs)")/../test/regress/pg_regress" \
		PGHOST= PGDATABASE=postgres BRIM_SRC="$WORK/src" \
		prove --jobs "$jobs" --timer -I "$PERL_LIB" -I test/lib "${tests[@]}" \
		>"$WORK/log/tap.log" 2>"$WORK/log/tap.err" || status=$?
	say "tap:"
	grep -E '^\[[0-9:]+\] .* (ok|Dubious|Failed)|^Files=|^Result:' "$WORK/log/tap.log"
	if [ "$status" -ne 0 ]; then
		say "--- what failed"
		grep -v '^# *$' "$WORK/log/tap.err" | tail -n 150
		sed -n '/^Test Summary Report/,$p' "$WORK/log/tap.log"
		tap_server_log
	fi
	local good bad
	# Run in parallel, prove keeps the lines to itself; each test's own log has them
	good=$(cat "$TAP_DIR"/tmp_check/log/regress_log_* | grep -cE '^(\[[^]]*\]\([^)]*\) )?ok [0-9]+')
	bad=$(cat "$TAP_DIR"/tmp_check/log/regress_log_* | grep -cE '^(\[[^]]*\]\([^)]*\) )?not ok [0-9]+')
	passed=$((passed + good))
	if [ "$bad" -gt 0 ]; then
		failed=$((failed + bad))
		failures+=("tap: $bad not ok")
	elif [ "$status" -ne 0 ]; then
		not_ok "tap (a test ended early)"
	fi
}

# In work directories of their own, below this one.
suite_guards() {
	local status=0
	env -u BRIM_INNER -u WORK -u PGUSER BRIM_KEEP_OBJECTS=1 bash test/guards/run.sh --pick 2 \
		>"$WORK/log/guards.log" 2>&1 || status=$?
	grep '^ok' "$WORK/log/guards.log"
	count_tap "$WORK/log/guards.log" "$status" guards
}

# Everything else runs as one user.  What names roles, or connects as whoever runs it,
# runs as another one, too: the outer run has done that (see below), since only root can.
suite_user() {
	if [ -n "${BRIM_OTHER_RUN:-}" ]; then
		one "this user is neither root nor postgres: $(id -un)" test "$(id -u)" -ne 0 -a "$(id -un)" != postgres
		suite_regress scoring_plans privileges
		chosen_tests=(t/004_readme.pl t/060_rescore.pl)
		suite_tap
	elif [ -n "${BRIM_OTHER_USER:-}" ]; then
		local more
		if ! { read -r passed_there failed_there && mapfile -t more; } <"$WORK/other_run" 2>/dev/null; then
			not_ok "the run as $BRIM_OTHER_USER has no result"
			return
		fi
		passed=$((passed + passed_there))
		failed=$((failed + failed_there))
		[ "$failed_there" -eq 0 ] || failures+=("${more[@]/#/as $BRIM_OTHER_USER: }")
		say "as $BRIM_OTHER_USER: $passed_there passed, $failed_there failed"
	elif [ "$(id -un)" = postgres ]; then
		say "# not shown: this is user postgres, and only root can start tests as another one"
	else
		one "all suites run as an ordinary user: $(id -un)" test "$(id -u)" -ne 0
	fi
}

# It builds with fault points in a work directory of its own, below this one.
suite_soak() {
	local status=0
	env -u BRIM_INNER -u WORK bash test/soak/kill_loop.sh --rows 300 --kills 20 --seed 7 \
		>"$WORK/log/soak.log" 2>&1 || status=$?
	grep '^# ' "$WORK/log/soak.log"
	count_tap "$WORK/log/soak.log" "$status" soak
}

# What the servers of failed TAP tests complained about.
tap_server_log() {
	local test log
	for test in $(sed -n 's|^test/t/\([^ ]*\)\.pl .*(Wstat.*|\1|p' "$WORK/log/tap.log"); do
		say "--- the end of regress_log_$test"
		tail -n 25 "$TAP_DIR/tmp_check/log/regress_log_$test" | cut -c1-400
		for log in "$TAP_DIR"/tmp_check/log/"$test"_*.log; do
			[ -f "$log" ] || continue
			say "--- $(basename "$log")"
			grep -E 'WARNING|ERROR|FATAL|PANIC|TRAP|signal' "$log" | tail -n 30
		done
	done
}

# The server of regress and isolation, started once.
need_server() {
	[ -z "${server_is_up:-}" ] || return 0
	if start_server "regress${BRIM_OTHER_RUN:+_other}" "max_prepared_transactions = 0" "fsync = off"; then
		server_is_up=1
	else
		not_ok "a private server with brim preloaded starts"
		return 1
	fi
}

# ---------------------------------------------------------------------------
# The two runs
# ---------------------------------------------------------------------------

usage() {
	sed -n '3,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
	exit "${1:-0}"
}

inner() {
	local suite started
	TAP_DIR=$WORK/tap${BRIM_OTHER_RUN:+_other}
	cd "$WORK/src" || exit 1
	trap stop_server EXIT
	trap 'exit 143' TERM
	make_private_installation
	PERL_LIB=$(dirname "$("$PG_CONFIG" --pgxs)")/../test/perl
	step "Building for $("$PG_CONFIG" --version)"
	if ! build_and_install "$WORK/log/build.log"; then
		not_ok "brim builds and installs"
		not_built=1
	fi
	for suite in "${chosen_suites[@]}"; do
		step "$suite: ${PURPOSE[$suite]}"
		started=$SECONDS
		case $suite in
			regress | isolation | tap | user | guards)
				if [ -n "${not_built:-}" ]; then
					not_ok "$suite: not run, since there is nothing installed to run it with"
					continue
				fi
				;;
		esac
		"suite_$suite"
		note "$((SECONDS - started)) s"
	done
	finish
}

finish() {
	local failure
	if [ -n "${BRIM_OTHER_RUN:-}" ]; then
		{
			say "$passed $failed"
			printf '%s\n' ${failures[0]+"${failures[@]}"}
		} >"$WORK/other_run"
		exit 0
	fi
	if [ "$failed" -gt 0 ]; then
		step "What failed"
		for failure in "${failures[@]}"; do say "    $failure"; done
	fi
	say "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
	exit
}

chosen_suites=()
chosen_tests=()
KEEP_WORK=
arguments=("$@")
while [ $# -gt 0 ]; do
	case $1 in
		--list)
			for suite in "${SUITES[@]}"; do printf '%-10s %s\n' "$suite" "${PURPOSE[$suite]}"; done
			exit 0
			;;
		--keep) KEEP_WORK=1 ;;
		-h | --help) usage ;;
		t/*) chosen_tests+=("$1") ;;
		*)
			[ -n "${PURPOSE[$1]:-}" ] || { say "no suite is called $1" >&2 && usage 2 >&2; }
			chosen_suites+=("$1")
			;;
	esac
	shift
done
[ "${#chosen_suites[@]}" -gt 0 ] || chosen_suites=("${SUITES[@]}")

if [ -n "${BRIM_INNER:-}" ]; then inner; fi

begin_run check check
status=0

# As root, the suite "user" runs first, as another user than the rest.
if [ "$(id -u)" -eq 0 ] && [[ " ${chosen_suites[*]} " == *" user "* ]]; then
	usual=$(unprivileged_user)
	for BRIM_OTHER_USER in nobody daemon ""; do
		if [ "$BRIM_OTHER_USER" != "$usual" ] && id "$BRIM_OTHER_USER" >/dev/null 2>&1; then break; fi
	done
	if [ -n "$BRIM_OTHER_USER" ]; then
		export BRIM_OTHER_USER
		BRIM_USER=$BRIM_OTHER_USER BRIM_OTHER_RUN=1 run_inner test/check.sh user || true
	fi
fi
run_inner test/check.sh ${arguments[0]+"${arguments[@]}"} || status=$?
if [ -n "$KEEP_WORK" ]; then say "kept: $WORK"; fi
exit "$status"
