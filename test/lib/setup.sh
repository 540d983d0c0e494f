# shellcheck shell=bash disable=SC2034
#
# setup.sh - what demo.sh, check.sh and bench/run.sh share.
#
# Sourced, not run.  It finds PostgreSQL, installs missing Debian packages,
# makes a work directory with a copy of the source and a private installation
# of PostgreSQL in it, and gives that directory to an unprivileged user, since
# a PostgreSQL server refuses to run as root.
#
# Words:
#	work directory		 a fresh directory under ${TMPDIR:-/tmp}; everything that
#						 is built, installed, served or logged lives in it
#	private installation a copy of PostgreSQL's programs with links to the rest.
#						 PostgreSQL finds its files relative to its programs, so
#						 the extension is installed here and nowhere else
#	outer, inner		 started as root, a script runs twice: the outer run
#						 installs packages and cleans up, the inner run does
#						 the work as the unprivileged user.  Otherwise both are
#						 the same run

BRIM_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# ---------------------------------------------------------------------------
# Words to the user
# ---------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
	bold='' dim='' green='' red='' plain=''
fi

say() { printf '%s\n' "$*"; }
step() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
note() { printf '%s    %s%s\n' "$dim" "$*" "$plain"; }
die() {
	printf '%s%s: %s%s\n' "$red" "$(basename "$0")" "$*" "$plain" >&2
	exit 1
}

# quietly LOG COMMAND...: no word unless it fails, then the end of its output.
quietly() {
	local log=$1
	shift
	if "$@" >"$log" 2>&1 </dev/null; then
		return 0
	fi
	printf '%sfailed: %s%s\n' "$red" "$*" "$plain" >&2
	tail -n "${BRIM_LOG_TAIL:-40}" "$log" | sed 's/^/    | /' >&2
	return 1
}

# ---------------------------------------------------------------------------
# Packages
# ---------------------------------------------------------------------------

# Set PG_CONFIG to a pg_config that comes with what extensions are built with.
find_pg_config() {
	local candidate
	if [ -n "${PG_CONFIG:-}" ]; then
		has_pgxs "$PG_CONFIG" || die "PG_CONFIG=$PG_CONFIG has no server headers"
		PG_CONFIG=$(command -v "$PG_CONFIG")
		return 0
	fi
	for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV) pg_config; do
		if has_pgxs "$candidate"; then
			PG_CONFIG=$(command -v "$candidate")
			return 0
		fi
	done
	return 1
}

# Succeed if there is an installation that can both run a server and build extensions.
has_pgxs() {
	local makefile
	command -v "$1" >/dev/null 2>&1 || return 1
	makefile=$("$1" --pgxs 2>/dev/null) && [ -f "$makefile" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] &&
		[ -x "$("$1" --bindir)/initdb" ]
}

# The major version that the distribution's package "postgresql" stands for.
packaged_major() {
	apt-cache show postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\).*/\1/p' | sort -rn | head -n 1
}

# Print the package of clang-format if it is missing: version 14 where it can be had,
# since test/lint/format.sh accepts no other.
clang_format_package() {
	if { clang-format-14 --version || clang-format --version; } 2>/dev/null | grep -q 'version 14\.'; then
		return
	elif apt-cache show clang-format-14 2>/dev/null | grep -q '^Package:'; then
		echo clang-format-14
	elif ! command -v clang-format >/dev/null 2>&1; then
		echo clang-format
	fi
}

# Print the packages that the given purpose (build, demo, check) still lacks.
missing_packages() {
	local purpose=$1

	has() { command -v "$1" >/dev/null 2>&1 || echo "$2"; }

	has make make
	has gcc gcc
	has pkg-config pkg-config
	pkg-config --exists libcurl 2>/dev/null || echo libcurl4-openssl-dev
	pkg-config --exists json-c 2>/dev/null || echo libjson-c-dev
	[ -f /usr/include/stdio.h ] || echo libc6-dev
	find_pg_config || echo postgresql-MAJOR postgresql-server-dev-MAJOR
	has perl perl
	has /usr/bin/python3 python3
	if [ "$purpose" = check ]; then
		/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || echo python3-aiosmtpd
		has openssl openssl
		has prove perl
		has spin spin
		has nm binutils
		perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
		has clang clang
		# libFuzzer lies where the architecture's name stands, in the file name or the directory
		compgen -G "$(clang -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.fuzzer*" >/dev/null || echo libclang-rt-dev
		clang_format_package
		has cppcheck cppcheck
		has shellcheck shellcheck
	fi
}

# real_packages PACKAGE...: with the major version that the distribution has for MAJOR,
# or the packages that stand for every version where that is not known.
real_packages() {
	local major
	major=$(packaged_major)
	if [ -n "$major" ]; then
		printf '%s\n' "${*//MAJOR/$major}"
	else
		printf '%s\n' "$*" | sed 's/server-dev-MAJOR/server-dev-all/g; s/-MAJOR//g'
	fi
}

# Install what is missing, as root or through sudo, or say what to install.
install_packages() {
	local purpose=$1 log=$2 packages
	packages=$(missing_packages "$purpose" | tr ' ' '\n' | sort -u | tr '\n' ' ')
	[ -n "${packages// /}" ] || return 0

	local -a as_root=()
	if ! command -v apt-get >/dev/null 2>&1; then
		die "please install what these Debian packages hold, then try again: $(real_packages "$packages")"
	fi
	if [ "$(id -u)" -ne 0 ]; then
		if command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
			as_root=(sudo)
		else
			die "please install these packages as root, then try again: apt-get install $(real_packages "$packages")"
		fi
	fi
	step "Installing packages"
	note "reading the package lists"
	quietly "$log" ${as_root[0]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q update ||
		note "the package lists could not be brought up to date; going on with those from before"
	packages=$(real_packages "$packages")
	note "installing: $packages"
	# shellcheck disable=SC2086
	quietly "$log" ${as_root[0]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install $packages ||
		die "packages could not be installed: $packages"
	hash -r
	packages=$(missing_packages "$purpose" | tr '\n' ' ')
	[ -z "${packages// /}" ] || die "still missing after the installation: $packages"
}

# Install one package that is good to have; false when it cannot be had.
try_package() {
	local package=$1 log=$2
	local -a as_root=()
	command -v apt-get >/dev/null 2>&1 || return 1
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null || return 1
		as_root=(sudo)
	fi
	note "installing: $package"
	{
		${as_root[0]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
			apt-get -q -y --no-install-recommends install "$package" ||
			{ ${as_root[0]+"${as_root[@]}"} apt-get -q update &&
				${as_root[0]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
					apt-get -q -y --no-install-recommends install "$package"; }
	} >"$log" 2>&1 </dev/null
}

# ---------------------------------------------------------------------------
# Work directory, and who works in it
# ---------------------------------------------------------------------------

# make_work NAME: set WORK to a fresh directory with a copy of the source in it.
# With BRIM_KEEP_OBJECTS set, objects come along: those that check.sh itself has built.
make_work() {
	local base=${TMPDIR:-/tmp}
	[ "${#base}" -le 40 ] || base=/tmp	# a socket's whole path has at most 107 bytes
	WORK=$(mktemp -d "$base/brim-$1.XXXXXX") || die "no work directory could be made"
	chmod 755 "$WORK"
	mkdir -p "$WORK/src" "$WORK/log" "$WORK/home" "$WORK/tmp"
	local -a objects=('--exclude=*.o')
	if [ -n "${BRIM_KEEP_OBJECTS:-}" ]; then objects=(); fi
	tar -C "$BRIM_TOP" -cf - --exclude=./.git ${objects[0]+"${objects[@]}"} --exclude='*.bc' --exclude='*.so' \
		--exclude=./tmp_check --exclude=./results --exclude=./test/unit/build \
		--exclude=./test/fuzz/build --exclude=./test/node_modules . |
		tar -C "$WORK/src" -xf - --no-same-owner || die "the source could not be copied"
	# A half-written install script of another build would look newer than its parts
	find "$WORK/src/sql" -maxdepth 1 -name 'brim--*.sql' ! -name 'brim--*--*.sql' -delete
}

# begin_run NAME PACKAGES: what each outer run begins with: packages, a PostgreSQL,
# a work directory, and a trap that takes it away however the run ends.
begin_run() {
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap clean_up EXIT
	PACKAGES_LOG=$(mktemp "${TMPDIR:-/tmp}/brim-packages.XXXXXX") || die "no file could be made in ${TMPDIR:-/tmp}"
	install_packages "$2" "$PACKAGES_LOG"
	find_pg_config
	make_work "$1"
}

# The user that servers run as when we are root.
unprivileged_user() {
	local user
	for user in ${BRIM_USER:-} postgres nobody; do
		if id "$user" >/dev/null 2>&1; then
			echo "$user"
			return 0
		fi
	done
	die "no unprivileged user was found; name one in BRIM_USER"
}

# run_inner SCRIPT ARG...: do the inner run in $WORK and return its exit code.
# Run in the background, so that a signal to us is dealt with at once.
run_inner() {
	local script=$1 user status=0
	shift
	local -a as_user=()
	if [ "$(id -u)" -eq 0 ]; then
		user=$(unprivileged_user)
		chown -R "$user:" "$WORK"
		as_user=(setpriv "--reuid=$user" "--regid=$(id -gn "$user")" --init-groups)
	fi
	${as_user[0]+"${as_user[@]}"} env HOME="$WORK/home" TMPDIR="$WORK/tmp" LC_ALL=C.UTF-8 \
		BRIM_INNER=1 WORK="$WORK" PG_CONFIG="$PG_CONFIG" \
		bash "$WORK/src/$script" "$@" </dev/null &
	INNER_PID=$!
	wait "$INNER_PID" || status=$?
	INNER_PID=
	return "$status"
}

# For the outer run's trap: end the inner run, then remove the work directory.
clean_up() {
	rm -f "${PACKAGES_LOG:-}"
	trap '' INT TERM
	if [ -n "${INNER_PID:-}" ]; then
		kill -TERM "$INNER_PID" 2>/dev/null
		wait "$INNER_PID" 2>/dev/null
		INNER_PID=
	fi
	# The inner run stops its server; this is for one that was killed outright.
	if [ -n "${WORK:-}" ] && [ -z "${KEEP_WORK:-}" ]; then
		local pidfile
		for pidfile in "$WORK"/*/postmaster.pid; do
			if [ -f "$pidfile" ]; then kill -QUIT "$(head -n 1 "$pidfile")" 2>/dev/null; fi
		done
	fi
	if [ -n "${WORK:-}" ] && [ -z "${KEEP_WORK:-}" ]; then
		rm -rf "$WORK"
	fi
}

# ---------------------------------------------------------------------------
# Private installation
# ---------------------------------------------------------------------------

# Make a private installation of the PostgreSQL that PG_CONFIG belongs to in
# $WORK/pg, and let PG_CONFIG, PGBIN and PATH name it from here on.
make_private_installation() {
	local root=$WORK/pg bindir sharedir pkglibdir includedir entry
	bindir=$("$PG_CONFIG" --bindir)
	sharedir=$("$PG_CONFIG" --sharedir)
	pkglibdir=$("$PG_CONFIG" --pkglibdir)
	includedir=$("$PG_CONFIG" --pkgincludedir)

	# Programs are copied: they look for the rest relative to where they are.
	mkdir -p "$root$bindir" "$root$sharedir/extension" "$root$pkglibdir"
	cp -L "$bindir"/* "$root$bindir/"
	for entry in "$sharedir"/*; do
		[ "$entry" = "$sharedir/extension" ] || link_once "$entry" "$root$entry"
	done
	for entry in "$sharedir"/extension/*; do
		case $entry in
			*/brim.control | */brim--*.sql) ;;
			*) link_once "$entry" "$root$entry" ;;
		esac
	done
	for entry in "$pkglibdir"/*; do
		case $entry in
			*/brim.so | */bitcode) ;;
			*) link_once "$entry" "$root$entry" ;;
		esac
	done
	mkdir -p "$(dirname "$root$includedir")"
	link_once "$includedir" "$root$includedir"
	link_once "$("$PG_CONFIG" --includedir-server)" "$root$("$PG_CONFIG" --includedir-server)"

	PG_CONFIG=$root$bindir/pg_config
	PGBIN=$root$bindir
	PATH=$PGBIN:$PATH
	export PG_CONFIG PGBIN PATH
	if [ "$("$PG_CONFIG" --sharedir)" != "$root$sharedir" ] ||
		[ "$("$PG_CONFIG" --pkglibdir)" != "$root$pkglibdir" ]; then
		die "the PostgreSQL of $bindir cannot be moved, so no private installation can be made"
	fi
}

# Link unless something is there already or lies below a link made before.
link_once() {
	[ -e "$2" ] || { mkdir -p "$(dirname "$2")" && ln -s "$1" "$2"; }
}

# build_and_install LOG [MAKE-VARIABLE...]: into the private installation.
build_and_install() {
	local log=$1
	shift
	quietly "$log" make -s -C "$WORK/src" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no "$@" all &&
		quietly "$log.install" make -s -C "$WORK/src" PG_CONFIG="$PG_CONFIG" with_llvm=no install
}

# ---------------------------------------------------------------------------
# Private server
# ---------------------------------------------------------------------------

# start_server NAME [CONFIG-LINE...]: in $WORK/NAME, on a socket in $WORK/s only.
# Sets PGDATA, PGHOST, PGPORT, PGUSER, PGDATABASE for all that follows.
start_server() {
	local name=$1
	shift
	export PGDATA=$WORK/$name PGHOST=$WORK/s PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	mkdir -p "$PGHOST"
	quietly "$WORK/log/initdb.log" "$PGBIN/initdb" --pgdata="$PGDATA" --username=postgres --auth=trust \
		--encoding=UTF8 --locale=C.UTF-8 --no-sync || return 1
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$PGHOST'"
		echo "shared_preload_libraries = 'brim'"
		echo "log_line_prefix = '%m [%p] %q%b '"
		echo "cluster_name = 'brim-$name'"
		printf '%s\n' "$@"
	} >>"$PGDATA/postgresql.conf"
	quietly "$WORK/log/pg_ctl.log" "$PGBIN/pg_ctl" --pgdata="$PGDATA" --log="$WORK/log/server.log" \
		--wait --timeout=60 start || {
		tail -n 20 "$WORK/log/server.log" | sed 's/^/    | /' >&2
		return 1
	}
}

# End the server of start_server, if it runs.
stop_server() {
	if [ -n "${PGDATA:-}" ] && [ -f "$PGDATA/postmaster.pid" ]; then
		"$PGBIN/pg_ctl" --pgdata="$PGDATA" --mode=fast --wait --timeout=60 stop >/dev/null 2>&1 ||
			"$PGBIN/pg_ctl" --pgdata="$PGDATA" --mode=immediate --wait stop >/dev/null 2>&1
	fi
}

# sql QUERY: one value or bare rows, no decoration.
sql() { "$PGBIN/psql" --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --command="$1"; }

# start_helper LOG COMMAND...: a helper server (SMTP, Gemini) that prints
# "READY port=NNN" and ends when its standard input does.  Its input is held
# open by a tail that ends with the PostgreSQL server, so it cannot be left
# behind.  Sets HELPER_PORT.
start_helper() {
	local log=$1 waited=0
	shift
	: >"$log"
	tail -f /dev/null --pid="$(head -n 1 "$PGDATA/postmaster.pid")" 2>/dev/null |
		"$@" >"$log" 2>"$log.err" &
	HELPER_PORT=
	while [ -z "$HELPER_PORT" ]; do
		HELPER_PORT=$(sed -n 's/^READY port=\([0-9]*\).*/\1/p' "$log")
		if [ -n "$HELPER_PORT" ]; then return 0; fi
		waited=$((waited + 1))
		if [ "$waited" -gt 100 ]; then
			tail -n 10 "$log.err" >&2
			return 1
		fi
		sleep 0.1
	done
}
