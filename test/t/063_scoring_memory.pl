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

done_testing();
