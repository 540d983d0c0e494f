# Scoring keeps no memory from call to call: a short run of test/soak/memory.sql (memory.sh is the long one).

use strict;
use warnings;
use BrimTest;
use Test::More;

plan skip_all => 'there is no /proc here' unless -r '/proc/self/status';
my $brim = BrimTest->new('main', worker => 0, campaign => 0, conf => 'fsync = off');

my ($out, $err) = ('', '');
my $code = $brim->node->psql('app', undef, stdout => \$out, stderr => \$err,
	extra_params => [ '--set=calls=100000', '-f', "$BrimTest::source/test/soak/memory.sql" ]);
is($code, 0, 'every way to score was measured') or diag($err);

my @lines = split(/\n/, $out);
my $control = pop @lines;
cmp_ok(scalar(@lines), '==', 13, 'by columns, as a row, by spec, explained, events, in one statement and in many');
foreach my $line (@lines)
{
	my ($way) = $line =~ /^(.*?)  /;
	like($line, qr/: ok$/, ($way || 'a way') . ': nothing is kept') or diag($line);
	note($line);
}
like($control, qr/keeps all it sees.*: grows$/, 'and what keeps memory is found out');

# Forty times the lexicon changes between statements of one session; a model with its lexicon is several megabytes
my $rounds = join('', map { "UPDATE brim.intent_class SET weight = weight WHERE class = 'ipo';\n"
	  . "SELECT count(brim_score(l, 'intent_plus')) FROM memory.lead AS l WHERE id < 3;\n" } 1 .. 40);
($out, $err) = ('', '');
$code = $brim->node->psql('app', $rounds . q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'brim scoring model'},
	stdout => \$out, stderr => \$err);
is($code, 0, 'the lexicon changed forty times') or diag($err);
like($out, qr/^(?:2\n){40}[123]$/, 'what plans were made for is forgotten when it has changed');

done_testing();
