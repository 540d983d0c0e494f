# What the README says to paste works when pasted, and shows what the README shows.
# Programs that need a machine of one's own are replaced: sudo runs the rest of its
# line, and "systemctl restart postgresql" restarts the private server.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $text = slurp_file("$BrimTest::source/README.md");

# The code blocks of a section: [language, text]
sub blocks
{
	my ($heading) = @_;
	my ($section) = $text =~ /^## \Q$heading\E\n(.*?)(?=^## |\z)/ms or die "no section $heading";
	my @blocks;
	push @blocks, [ $1, $2 ] while $section =~ /^```(\w*)\n(.*?)^```$/msg;
	return @blocks;
}

# Rows of psql without alignment at line ends and without the count of rows
sub table
{
	my ($output) = @_;
	$output =~ s/[ \t]+$//mg;
	$output =~ s/^\(\d+ rows?\)\n+//mg;
	$output =~ s/\A\n+|\n+\z//g;
	return $output;
}

my ($install, $paste, $drafts, $switch) = blocks('Try it');
like($install->[1], qr/make && sudo make install/, 'the README says how to build and install');

my $brim = BrimTest->new('readme', preload => 0, extension => 0);
my $node = $brim->node;
my $bin = PostgreSQL::Test::Utils::tempdir();
my $restart = join ' ', map { "'$_'" } 'pg_ctl', '-D', $node->data_dir, '-l', $node->logfile, '-m', 'fast', '-w', 'restart';
foreach my $program (
	[ sudo => "if [ \"\$1\" = -u ]; then shift 2; fi\nexec \"\$@\"\n" ],
	# The README waits long enough for a machine that does nothing else
	[ sleep => "for i in \$(seq $BrimTest::patience); do\n\t/bin/sleep \$1\n"
		  . "\t[ \"\$(psql -Atc \"SELECT count(*) FROM brim.outbound_email\" growth)\" = 2 ] && exit 0\ndone\nexit 1\n" ],
	[ systemctl => "[ \"\$*\" = 'restart postgresql' ] && exec $restart >/dev/null\nexit 1\n" ])
{
	my ($name, $script) = @$program;
	append_to_file("$bin/$name", "#!/bin/sh\n$script");
	chmod 0755, "$bin/$name" or die $!;
}

# Run what is pasted, as a shell does with lines that arrive one after the other
sub paste
{
	my ($script) = @_;
	my ($output, $error);
	local $ENV{PATH} = "$bin:$ENV{PATH}";
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $ok = IPC::Run::run([ 'bash', '-s' ], '<', \$script, '>', \$output, '2>', \$error);
	$node->_update_pid(-1);
	return ($ok, $output, $error);
}

my ($ok, $output, $error) = paste($paste->[1]);
ok($ok, 'the lines to paste run to the end');
is($error, '', 'without an error');
my ($wanted) = table($drafts->[1]);
my $shown = table($output =~ s/\A.*(?=^ email_id)//msr);
is($shown, $wanted, 'and show the drafts that the README shows');

# What the top of the README shows
$brim->{db} = 'growth';
my ($top) = $text =~ /\A(.*?)^## /ms;
my @shown;
push @shown, [ $1, $2 ] while $top =~ /^```sql\n(.*?)^```\n```\n(.*?)^```$/msg;
is(scalar(@shown), 2, 'two queries with their output are at the top');
foreach my $example (@shown)
{
	my ($query, $result) = @$example;
	my ($answer) = (paste("psql growth <<'SQL'\n${query}SQL\n"))[1];
	is(table($answer), table($result), 'output as shown: ' . ($query =~ s/\s+/ /gr));
}

# Nothing is sent until somebody says so: approved, and switched on
$brim->set('brim.outbox_directory' => $brim->make_outbox);
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'draft'}), '2', 'the e-mails are drafts');
like($brim->sql(q{SELECT detail FROM brim_status() WHERE check_name = 'summary'}), qr/^Nothing is sent\. .*brim\.send is off/, 'and nothing is sent');
my $smtp = $brim->start_smtp;
my $url = $smtp->url;
(my $statements = $switch->[1]) =~ s{smtp://mail\.example\.com:587}{$url} or die 'no relay in the README';
($ok, $output, $error) = paste("psql -v ON_ERROR_STOP=1 growth <<'SQL'\n${statements}SQL\n");
ok($ok, 'the statements that switch sending on run') or diag($error);
$brim->wait_until(q{SELECT string_agg(email_id || ' ' || status, ', ' ORDER BY email_id) FROM brim.outbound_email}, '1 superseded, 2 sent');
is(scalar($smtp->mails), 1, 'the approved e-mail, and no other, is sent');

done_testing();
