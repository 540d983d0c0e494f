# brim scores and explains as an independent implementation of its documents
# does: a short run of test/reference/property.py (property.sh is the long one).

use strict;
use warnings;
use BrimTest;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('main', worker => 0, campaign => 0);
my $node = $brim->node;

# Run a script, of test/reference if it says nothing else; gives (exit status is 0, output)
sub reference
{
	my ($script, @arguments) = @_;
	$script = "$BrimTest::source/test/reference/$script" unless $script =~ m{/};
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'app', PYTHONDONTWRITEBYTECODE => 1);
	my $out = '';
	my $good = IPC::Run::run([ $BrimTest::python, $script, @arguments ], '<', \'', '>', \$out, '2>&1');
	note($out);
	return ($good, BrimTest::characters($out));
}

my ($good, $out) = reference('examples.py');
ok($good, 'the reference agrees with what was worked out by hand') or diag($out);

($good, $out) = reference('property.py', '--leads', 1500, '--models', 30, '--each', 60, '--seed', 20, '--features', 'full');
ok($good, 'no difference was found') or diag($out);
like($out, qr/^shipped: [1-9]\d* models x 1500 leads, [1-9]\d+ scores equal/m, 'each shipped model scores each lead alike, whatever the row is made of');
like($out, qr/^random: 30 models x 60 leads, [1-9]\d+ scores equal/m, 'random models score alike, by spec and by stored rows');
like($out, qr/^stored: \d+ leads, [1-9]\d+ scores equal/m, 'and so are the stored columns of leads');
like($out, qr/^explain: [1-9]\d+ explanations, [1-9]\d+ signals equal/m, 'explanations say the same');

like($out, qr/^characters: 2\d{5} /m, 'words end, and letters are compared without case, where they should');
is($brim->sql(q{SELECT count(*) FROM pg_namespace WHERE nspname = 'reference'}), '0', 'nothing is left behind');
is($brim->sql(q{SELECT count(*) FROM brim.lead}) . $brim->sql(q{SELECT count(*) FROM brim.scoring_model WHERE NOT is_shipped}), '00', 'neither leads nor models');

# The comparison can fail: a reference that takes the upper end of a range for outside is found out, and how to see it is shown
my $dir = PostgreSQL::Test::Utils::tempdir();
foreach my $file (map { s{.*/}{}r } glob("$BrimTest::source/test/reference/*.py"))
{
	my $text = PostgreSQL::Test::Utils::slurp_file("$BrimTest::source/test/reference/$file");
	$text =~ s/value <= self\.high/value < self.high/ || die "$file: there is no such comparison" if $file eq 'brim_reference.py';
	PostgreSQL::Test::Utils::append_to_file("$dir/$file", $text);
}
($good, $out) = reference("$dir/property.py", '--leads', 1000, '--models', 0);
ok(!$good, 'a reference that is wrong is found out') or diag($out);
like($out, qr/^DIFFERENT: /m, 'it says so');
my ($statement) = $out =~ /^(SELECT brim_score.*;)$/ms;
like($statement, qr/(?:29|300|500)/, 'with a lead at the end of a range');
my ($score) = split(/\|/, $brim->sql($statement));
like($score, qr/^\d+$/, 'and a statement that can be pasted');
is($brim->sql('DROP SCHEMA reference CASCADE'), '', 'what a run that failed has left can be looked at, and dropped');

done_testing();
