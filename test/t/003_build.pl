# brim builds in a directory of its own, or says why not; what is too old for it
# is refused with words, when it is built and when it starts.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $pg_config = $ENV{PG_CONFIG} || 'pg_config';

# sh(COMMAND): its exit code and its output
sub sh
{
	my ($command) = @_;
	my $out = `($command) 2>&1`;
	return ($? >> 8, $out);
}

# A clean copy of the source
my $copy = PostgreSQL::Test::Utils::tempdir();
my ($status, $out) = sh(qq{cd "$BrimTest::source" && tar -cf - --exclude='*.o' --exclude='*.bc' --exclude='*.so' Makefile brim.control src sql data | tar -C "$copy" -xf -});
unlink(grep { !/--.*--/ } glob("$copy/sql/brim--*.sql"));
my $make = qq{make -s PG_CONFIG="$pg_config" with_llvm=no CFLAGS=-O0};

# Out of tree
mkdir "$copy/b" or die $!;
($status, $out) = sh(qq{cd "$copy/b" && $make -f ../Makefile VPATH=..});
is($status, 0, 'brim builds out of tree') or diag($out);
($status, $out) = sh(qq{cd "$copy/b" && $make -f ../Makefile VPATH=.. install DESTDIR="$copy/d" && cd "$copy/d" && find . -type f | sed 's|.*/||' | sort | tr '\\n' ' '});
my ($version) = PostgreSQL::Test::Utils::slurp_file("$copy/brim.control") =~ /default_version = '(.+)'/;
like($out, qr/\bbrim--\Q$version\E\.sql .*brim\.so $/, 'and installs library, script and control file of its version');
ok(!-e "$copy/src/init.o" && !-e "$copy/sql/brim--$version.sql", 'nothing is written into the source');
PostgreSQL::Test::Utils::append_to_file("$copy/sql/brim--$version.sql", '-- left behind');
($status, $out) = sh(qq{cd "$copy/b" && $make -f ../Makefile VPATH=..});
like($out, qr/has been built in: run make clean there first/, 'a source that was built in is refused');
unlink("$copy/sql/brim--$version.sql");

# Without a version
($status, $out) = sh(qq{cd "$copy" && mv brim.control was && sed 's/^default_version/#/' was > brim.control && $make; mv was brim.control});
like($out, qr/brim\.control has no default_version/, 'there is no build without a version');

# A libcurl that is too old: pkg-config, headers
($status, $out) = sh(qq{cd "$copy" && $make PKG_CONFIG="echo Requested libcurl is too old, but; false"});
like($out, qr/brim needs libcurl 7\.81\.0 or later and json-c, with their headers: Requested/, 'make says what is missing');
($status, $out) = sh(qq{cd "$copy" && $make PKG_CONFIG=false clean});
is($status, 0, 'make clean wants nothing') or diag($out);
mkdir "$copy/old" or die $!;
mkdir "$copy/old/curl" or die $!;
my $compile = qq{gcc -std=gnu11 -fsyntax-only -Werror -Wno-deprecated-declarations -DCURL_DISABLE_TYPECHECK -I"$copy/old" -I"$copy/src" `pkg-config --cflags libcurl json-c`};
foreach my $case ([ '0x075000', 1 ], [ '0x075100', 0 ], [ '0x075500', 0 ], [ '0x075700', 0 ])
{
	my ($number, $fails) = @$case;
	unlink("$copy/old/curl/curl.h");
	# Newer options are no names there
	my $names = join('', map { "#undef $_->[0]\n#define $_->[0] no_such_name\n" } grep { hex($number) < $_->[1] } [ 'CURLOPT_PROTOCOLS_STR', 0x075500 ], [ 'CURLOPT_QUICK_EXIT', 0x075700 ]);
	PostgreSQL::Test::Utils::append_to_file("$copy/old/curl/curl.h",
		"#include_next <curl/curl.h>\n#undef LIBCURL_VERSION_NUM\n#define LIBCURL_VERSION_NUM $number\n$names");
	($status, $out) = sh("cd \"$copy\" && for f in src/net/*.c; do $compile \$f || exit 1; done");
	is($status, $fails, "the headers of libcurl $number: " . ($fails ? 'refused' : 'compile')) or diag($out);
	like($out, qr/brim needs libcurl 7\.81\.0 or later/, 'with words') if $fails;
}

# The one that the server loads
my $brim = BrimTest->new('main', mishap => 1);
$brim->node->stop;
$brim->mishap('curl', '7.80.1');
$brim->start;
$brim->wait_log(qr/FATAL: .*libcurl 7\.80\.1 is too old: brim needs 7\.8[15]\.0 or later/);
ok($brim->log_lines(qr/HINT: .*Install a newer libcurl/), 'a worker does not start with a libcurl that is too old, and says what to do');
$brim->mended('curl');
$brim->wait_worker;
pass('it starts when that is put right');

done_testing();
