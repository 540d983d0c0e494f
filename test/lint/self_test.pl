#!/usr/bin/perl
#
# self_test.pl - the lints find what they are for, and fail where they cannot check.
#
# Works on a copy of the tree, built as make leaves it: faults are put into the
# copy and must be found.  Run from the top of the source, after make.

use strict;
use warnings;
use Cwd qw(getcwd);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $copy = tempdir('brim-lint.XXXXXX', TMPDIR => 1, CLEANUP => 1);
system("tar -cf - --exclude=./.git --exclude='*/build' . | tar -xf - -C '$copy'") == 0
  or BAIL_OUT('the tree cannot be copied');
chdir $copy or BAIL_OUT($copy);

sub put
{
	my ($file, $text) = @_;
	open(my $fh, '>', $file) or die "$file: $!";
	print $fh $text;
	close($fh) or die "$file: $!";
}

sub get
{
	my ($file) = @_;
	local $/;
	open(my $fh, '<', $file) or return '';
	return scalar <$fh>;
}

# Put a module into src: header, source, object
sub module
{
	my ($path, $header, $source) = @_;
	put("src/$path.h", $header) if defined $header;
	put("src/$path.c", $source);
	system("gcc -c -Isrc -fPIC -o src/$path.o src/$path.c") == 0 or die "$path.c does not compile";
	return;
}

sub take_out
{
	my (@paths) = @_;
	unlink glob("src/$_.[cho]") foreach @paths;
	return;
}

# Run a lint; return its exit code and what it prints
sub lint
{
	my ($command) = @_;
	my $output = `$command 2>&1`;
	return ($? >> 8, $output);
}

sub passes
{
	my ($command, $what) = @_;
	my ($status, $output) = lint($command);
	ok($status == 0, $what) or diag($output);
	return;
}

sub finds
{
	my ($command, $pattern, $what) = @_;
	my ($status, $output) = lint($command);
	ok($status != 0 && $output =~ $pattern, $what) or diag("exit code $status\n$output");
	return;
}

my $calls = 'perl test/lint/calls.pl';

# ---------------------------------------------------------------------------
# Calls
# ---------------------------------------------------------------------------

# Make the objects younger than all sources, as make would
sub refresh
{
	system(q{find src -name '*.o' -exec touch {} +});
	return;
}

passes($calls, 'calls.pl accepts the tree');

put('src/core/match/pong.h', "extern int brim_pong(int n);\nextern int brim_pong_count;\n");
module('core/match/ping', "extern int brim_ping(int n);\n",
	"#include \"core/match/ping.h\"\n#include \"core/match/pong.h\"\nint brim_ping(int n) { return n ? brim_pong(n - 1) : 0; }\n");
module('core/match/pong', undef,
	"#include \"core/match/pong.h\"\nint brim_pong_count = 1;\nint brim_pong(int n) { return n; }\n");
refresh();
passes($calls, 'calls.pl accepts a call between two files of a room');

module('core/match/pong', undef,
	"#include \"core/match/ping.h\"\n#include \"core/match/pong.h\"\nint brim_pong_count = 1;\n"
	  . "int brim_pong(int n) { return brim_ping(n); }\n");
refresh();
finds($calls, qr{src/core/match/ping\.c: calls in a circle of 2 files}, 'a circle of calls');

module('core/match/ping', "extern int brim_ping(int n);\nextern int brim_ping_last;\n",
	"#include \"core/match/ping.h\"\n#include \"core/match/pong.h\"\nint brim_ping_last;\n"
	  . "int brim_ping(int n) { return n ? brim_pong(n - 1) : 0; }\n");
module('core/match/pong', undef,
	"#include \"core/match/ping.h\"\n#include \"core/match/pong.h\"\nint brim_pong_count = 1;\n"
	  . "int brim_pong(int n) { return brim_ping_last = n; }\n");
refresh();
finds($calls, qr{src/core/match/pong\.c: calls in a circle of 2 files}, 'a circle that a variable closes');
take_out('core/match/ping', 'core/match/pong');

module('core/match/higher', "extern int brim_higher(void);\n", "#include \"core/match/higher.h\"\nint brim_higher(void) { return 1; }\n");
module('core/base/lower', "extern int brim_lower(void);\n",
	"#include \"core/base/lower.h\"\n#include \"core/match/higher.h\"\nint brim_lower(void) { return brim_higher(); }\n");
refresh();
finds($calls, qr{src/core/base/lower\.c: uses brim_higher of src/core/match/higher\.c, which is not below}, 'an upward use');
finds('perl test/lint/includes.pl', qr{src/core/base must not include core/match/higher\.h}, 'an upward include');
take_out('core/match/higher', 'core/base/lower');

module('core/match/odd', "extern int brim_even_number(void);\n",
	"#include \"core/match/odd.h\"\nint brim_even_number(void) { return 1; }\n");
refresh();
finds($calls, qr{src/core/match/odd\.c: the prefix of brim_even_number is that of no file}, 'a prefix that no file has');
module('core/match/odd_one', "extern int brim_odd_one_number(void);\n",
	"#include \"core/match/odd_one.h\"\nint brim_odd_one_number(void) { return 1; }\n");
module('core/match/odd', "extern int brim_odd_one_more(void);\n",
	"#include \"core/match/odd.h\"\nint brim_odd_one_more(void) { return 1; }\n");
refresh();
finds($calls, qr{src/core/match/odd\.c: the prefix of brim_odd_one_more is that of src/core/match/odd_one\.c}, 'the prefix of another file');
take_out('core/match/odd_one');
module('core/base/odd', "extern int brim_odd_low(void);\n", "#include \"core/base/odd.h\"\nint brim_odd_low(void) { return 1; }\n");
module('core/match/odd', "extern int brim_odd_high(void);\n", "#include \"core/match/odd.h\"\nint brim_odd_high(void) { return 1; }\n");
refresh();
finds($calls, qr{the prefix of brim_odd_low is that of src/core/match/odd\.c}, 'a prefix that two files use');
module('core/match/odd', "extern int brim_match_odd_high(void);\n",
	"#include \"core/match/odd.h\"\nint brim_match_odd_high(void) { return 1; }\n");
refresh();
passes($calls, 'calls.pl accepts two files of one name whose prefixes differ');
take_out('core/base/odd', 'core/match/odd');

put('src/core/match/other.h', "extern int brim_home(void);\n");
module('core/match/home', undef, "#include \"core/match/other.h\"\nint brim_home(void) { return 1; }\n");
refresh();
finds($calls, qr{src/core/match/home\.c: brim_home is declared in core/match/other\.h}, 'a declaration in the header of another file');
unlink 'src/core/match/other.h';
module('core/match/home', undef, "int brim_home(void) { return 1; }\n");
refresh();
finds($calls, qr{src/core/match/home\.c: brim_home is declared in no header}, 'a name that no header declares');
foreach my $header ('internal', 'match')
{
	my $had = get("src/core/match/$header.h");
	put("src/core/match/$header.h", "${had}extern int brim_home(void);\n");
	module('core/match/home', undef, "int brim_home(void);\nint brim_home(void) { return 1; }\n");
	refresh();
	passes($calls, "calls.pl accepts a declaration in $header.h of the room");
	if ($had ne '') { put("src/core/match/$header.h", $had); }
	else { unlink "src/core/match/$header.h"; }
}
module('core/match/home', "extern int brim_home(void);\n", "#include \"core/match/home.h\"\nint brim_home(void) { return 1; }\n");
module('core/match/guest', "extern int brim_guest(void);\n",
	"#include \"core/match/guest.h\"\nextern int brim_home(void);\nint brim_guest(void) { return brim_home(); }\n");
refresh();
finds($calls, qr{src/core/match/guest\.c: declares brim_home}, 'a declaration in a .c of another file');
put('src/core/score/peep.h', "#include \"core/match/home.h\"\n");
finds('perl test/lint/includes.pl', qr{of core/match only its public header is included, not core/match/home\.h}, 'a header of another room that is not its public one');
unlink 'src/core/score/peep.h';
take_out('core/match/home', 'core/match/guest');
refresh();

# Known faults only shrink
my $known = get('test/lint/calls_known.txt');
put('test/lint/calls_known.txt', "${known}prefix brim_mended_long_ago\n");
finds($calls, qr{"prefix brim_mended_long_ago" occurs no longer}, 'a known fault that occurs no longer');
system("$calls --shrink");
passes($calls, 'calls.pl --shrink takes it out');
if ($known ne '') { put('test/lint/calls_known.txt', $known); }
else { unlink 'test/lint/calls_known.txt'; }

# ---------------------------------------------------------------------------
# Words
# ---------------------------------------------------------------------------

my $words = 'perl test/lint/words.pl';
foreach my $case (
	[ 'probe.md', "What the worker has in\nhand goes on.\n", qr{probe\.md:1: "in hand"}, 'an idiom across two lines of a document' ],
	[ 'src/probe.c', "/* plan it anew */\n", qr{src/probe\.c:1: "anew"}, 'an idiom in a comment' ],
	[ 'src/probe.c', "errmsg(\"column stands \"\n\"twice\")\n", qr{"stands twice"}, 'an idiom in a message of two strings' ],
	[ 'src/probe.c', "/* Has it ended? */\n", qr{does not ask: Has it ended\?}, 'a comment that asks' ],
	[ 'src/probe.h', "/*\n * Whether a job is idle.  Does the\n * caller wait? */\n", undef, 'a comment that states first' ],
	[ 'sql/probe.sql', "-- no row who waits\n", qr{"row who"}, '"who" for a thing' ],
	[ 'sql/probe.sql', "COMMENT ON TABLE brim.t IS 'Is it active?';\n", qr{does not ask: Is it active}, 'a COMMENT that asks' ],
	[ 'test/probe.pl', "# Does it work?\n", qr{does not ask: Does it work}, 'a comment of a test that asks' ],
	[ 'test/probe.sql', "SELECT 'in hand';\n", undef, 'data of a test' ],
	[ 'probe.md', "```\nin hand\n```\n", undef, 'output in a document' ],
	[ 'probe.md', "see /" . "work/wt/x\n", qr{path of a developer's machine}, 'a path of one machine' ],)
{
	my ($file, $text, $pattern, $what) = @$case;
	put($file, $text);
	if (defined $pattern) { finds("$words $file", $pattern, "words.pl finds $what"); }
	else { passes("$words $file", "words.pl accepts $what"); }
	unlink $file;
}

# ---------------------------------------------------------------------------
# Packages
# ---------------------------------------------------------------------------

# Without root and sudo, test/lib/setup.sh names what to install
put('probe.sh', <<'EOT');
. test/lib/setup.sh
id() { echo 1000; }
command() { [ "$2" != sudo ] && builtin command "$@"; }
missing_packages() { echo make postgresql-MAJOR postgresql-server-dev-MAJOR; }
eval "packaged_major() { echo $1; }"
install_packages check /dev/null
EOT
finds('bash probe.sh 17', qr{apt-get install make postgresql-17 postgresql-server-dev-17\s*$}, 'the packages to install have the distribution\'s version');
finds('bash probe.sh ""', qr{apt-get install make postgresql postgresql-server-dev-all\s*$}, 'or stand for every version');
unlink 'probe.sh';

# ---------------------------------------------------------------------------
# Installed SQL
# ---------------------------------------------------------------------------

my $sql = 'perl test/lint/sql.pl';
passes($sql, 'sql.pl accepts the tree');
my $status = get('sql/parts/54_server_status.sql');
foreach my $case (
	[ qr/CASE WHEN s\.held \+ s\.failed > 0 THEN 'warning' ELSE 'ok' END/, "'ok'",
		qr/brim\.check_\w+: always returns the state 'ok'/, 'a check whose state is the constant ok' ],
	[ qr/CASE WHEN s\.held \+ s\.failed > 0 THEN 'warning' ELSE 'ok' END/, "CASE WHEN s.held > 0 THEN 'ok' ELSE 'ok' END",
		qr/brim\.check_\w+: always returns the state 'ok'/, 'a check whose cases are all ok' ],
	[ qr/ WHERE s\.problem IS NOT NULL;/, ';',
		qr/brim\.check_ca_file: returns the same state 'blocked'/, 'a check that is always blocked' ],
	[ qr/\n *UNION ALL [^\n]*brim\.check_emails\(\) AS c/, '',
		qr/brim\.check_emails is in brim_status\(\) 0 times/, 'a check that brim_status() does not ask' ],
	[ qr/brim\.check_emails\(\) AS c/, 'brim.check_nothing() AS c',
		qr/brim_status\(\) asks brim\.check_nothing, which is no check/, 'a check that is not there' ],
	[ qr/\z/, '-- ' . 'x' x 140 . "\n", qr/54_server_status\.sql:\d+: longer than 140 characters/, 'a long line' ],)
{
	my ($from, $to, $pattern, $what) = @$case;
	(my $text = $status) =~ s/$from/$to/ or die "nothing to take out for: $what";
	put('sql/parts/54_server_status.sql', $text);
	finds($sql, $pattern, "sql.pl finds $what");
}
put('sql/parts/54_server_status.sql', $status);

# ---------------------------------------------------------------------------
# What cannot be checked
# ---------------------------------------------------------------------------

refresh();
finds("PATH=/nowhere $^X test/lint/calls.pl", qr{cannot check: nm}, 'calls.pl without nm fails');
my ($object) = glob('src/core/base/*.o');
(my $source = $object) =~ s/o$/c/;
rename $object, "$object.away";
finds($calls, qr{cannot check: \Q$object\E is missing}, 'calls.pl without an object fails');
rename "$object.away", $object;
utime(time() + 10, time() + 10, $source);
finds($calls, qr{cannot check: \Q$object\E is older than its source}, 'calls.pl with an old object fails');
utime(time() - 10, time() - 10, $source);
put($object, 'no object');
refresh();
finds($calls, qr{cannot check: nm fails}, 'calls.pl with an object that nm cannot read fails');

my $elsewhere = tempdir('brim-lint.XXXXXX', TMPDIR => 1, CLEANUP => 1);
make_path("$elsewhere/src", "$elsewhere/docs");
foreach my $lint (map { s{.*/}{}r } glob('test/lint/*.pl'))
{
	next if $lint eq 'self_test.pl';
	finds("cd $elsewhere && perl $copy/test/lint/$lint brim.so", qr/\w/, "$lint with nothing to check fails");
}
finds("cd $elsewhere && bash $copy/test/lint/format.sh", qr{cannot check: no sources}, 'format.sh with nothing to check fails');

make_path("$elsewhere/bin");
foreach my $name ('clang-format', 'clang-format-14')
{
	put("$elsewhere/bin/$name", "#!/bin/sh\necho 'clang-format version 19.1.7'\n");
	chmod 0755, "$elsewhere/bin/$name";
}
finds("PATH=$elsewhere/bin:\$PATH bash test/lint/format.sh", qr{cannot check: clang-format 14 is needed}, 'format.sh with another version fails');

chdir '/';
done_testing();
