# The worker gets in nobody's way: other databases are dropped and copied at
# once, the extension is dropped under its hands, the server stops, settings
# change, all while mail server and Gemini hang.  Terminated fifty times during
# work it takes no session with it, loses nothing and mails nobody twice.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(time);

my $brim = BrimTest->new('main');
my $node = $brim->node;

# How long something takes, in seconds
sub seconds
{
	my ($what) = @_;
	my $started = time();
	$what->();
	return time() - $started;
}

sub quick
{
	my ($what, $limit, $name) = @_;
	my $took = seconds($what);
	ok($took < $limit, sprintf('%s (%.2f s)', $name, $took));
	return;
}

# Both servers hang: requests without an answer, a dialogue that stops at RCPT
my $hanging = $brim->start_smtp(rules => [ { match => '.', phase => 'rcpt', action => 'hang' } ]);
my $gemini = $brim->start_gemini(script => [ { match => 'Stuck', steps => ['hang:300'] }, { match => '.', steps => ['ok'] } ]);
$brim->set(
	'brim.smtp_url' => $hanging->url,
	'brim.gemini_url' => $gemini->url,
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.gemini_connections' => 8,
	'brim.gemini_timeout' => 300,
	'brim.shutdown_grace' => 2,
	'brim.generate' => 'on',
	'brim.send' => 'on');
my $hang = sub {
	$brim->add_companies(4, shift);
	$brim->add_companies(4, 'Stuck ' . shift);
	$brim->wait_until(q{SELECT count(*) > 0 FROM brim.outbound_email WHERE status = 'claimed'}, 't');
	$brim->wait_until(q{SELECT count(*) > 3 FROM brim.generation WHERE status = 'running'}, 't');
};
$hang->('First', 'A');

$node->safe_psql('postgres', 'CREATE DATABASE other');
quick(sub { $node->safe_psql('postgres', 'DROP DATABASE other') }, 3, 'DROP DATABASE of another database is prompt while servers hang');
quick(sub { $node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE template1; DROP DATABASE copy') }, 5,
	'CREATE DATABASE and DROP DATABASE are prompt');
quick(sub { $brim->sql('VACUUM FULL brim.lead; ALTER TABLE brim.lead ADD COLUMN extra int; ALTER TABLE brim.lead DROP COLUMN extra') }, 5,
	'no lock and no transaction is held while waiting for servers');
is($brim->sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim worker' AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL)}),
	'0', 'the waiting worker has no transaction and no snapshot');

# Settings change without a restart
my $pid = $brim->worker_pid;
my $working = $brim->start_smtp;
$brim->sql(q{SELECT brim_pause()});
$brim->set('brim.smtp_url' => $working->url);
$brim->sql(q{SELECT brim_resume()});
$brim->add_companies(2, 'Fresh');
$brim->wait_until(q{SELECT count(DISTINCT company_id) FROM brim.generation JOIN brim.lead USING (company_id) WHERE company_name LIKE 'Fresh%' AND status = 'done'}, '2');
pass('other jobs go on while some hang');

# Stop while servers hang
quick(sub { $node->stop('fast') }, 12, 'pg_ctl stop -m fast is prompt while servers hang');
$node->start;
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '6');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'uncertain'}), '0',
	'what was stopped before the final dot is sent after the restart');
my %count;
$count{ $_->{rcpt_tos}[0] }++ foreach $working->mails;
is(join(' ', map { "$_=$count{$_}" } grep { $count{$_} > 1 } sort keys %count), '', 'and only once');

# The extension is dropped and created again while the worker runs
$brim->wait_until(q{SELECT count(*) > 3 FROM brim.generation WHERE status = 'running'}, 't');
quick(sub { $brim->sql('DROP EXTENSION brim') }, 5, 'DROP EXTENSION is prompt while the worker is busy');
$brim->sql('CREATE EXTENSION brim');
$brim->fill_campaign;
$brim->sql(q{SELECT brim_grant('brim_worker', 'worker')});
my $before = $working->mails;
$brim->add_companies(5, 'Anew');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '5');
is(scalar($working->mails), $before + 5, 'a new extension works with the same worker settings');

# Dropping the worker's own database: it gives way
$node->safe_psql('postgres', 'CREATE DATABASE second');
$brim->set('brim.databases' => 'app, second');
$brim->{db} = 'second';
$brim->wait_worker;
$brim->{db} = 'app';
quick(sub { $node->safe_psql('postgres', 'DROP DATABASE second WITH (FORCE)') }, 5, 'DROP DATABASE (FORCE) of a worker\'s own database is prompt');
$brim->set('brim.databases' => 'app');

# Fifty times
my $session = $node->background_psql('app');
my $survivor = $session->query_safe('SELECT pg_backend_pid()');
my $slow = $brim->start_smtp(rules => [ { match => '.', phase => 'dot', action => 'accept', delay => 0.02 } ]);
$brim->set('brim.smtp_url' => $slow->url, 'brim.gemini_api_key_file' => undef, 'brim.batch_size' => 5);
my $companies = 0;
my ($killed, $last, $before_work) = (0, undef, 0);
my $done = q{SELECT (SELECT count(*) FROM brim.generation WHERE status = 'done')
	+ (SELECT count(*) FROM brim.outbound_email WHERE status IN ('sent', 'uncertain'))};
while ($killed < 50)
{
	# There is always something to do, and each worker gets to do something
	if ($companies - $brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%many%' AND status IN ('sent', 'uncertain')}) < 100)
	{
		$companies += 200;
		$brim->add_companies(200, "Many $companies");
	}
	$last = $brim->wait_worker($last);
	$brim->wait_until("$done > $before_work", 't');
	$before_work = $brim->sql($done);
	next unless $brim->sql("SELECT pg_terminate_backend($last)") eq 't';
	$killed++;
	# Every other one is not given the time to wait for the mail server's answers
	$brim->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $last") if $killed % 2;
}
is($killed, 50, 'the worker was terminated 50 times during work');
$brim->wait_idle(120);
is($session->query_safe('SELECT pg_backend_pid()'), $survivor, 'another session lived through it');
$session->quit;
my $statuses = $brim->statuses('outbound_email');
note($statuses);
is($brim->sql("SELECT count(*) FROM brim.generation WHERE status <> 'done'"), '0', 'every company has its e-mails');
%count = ();
$count{ $_->{rcpt_tos}[0] }++ foreach $slow->mails;
is(join(' ', map { "$_=$count{$_}" } grep { $count{$_} > 1 } sort keys %count), '', 'nobody was mailed twice');
my %sent = map { $_->{recipient} => $_->{status} } $brim->rows(
	q{SELECT recipient, status FROM brim.outbound_email WHERE recipient LIKE '%many%' AND status IN ('sent', 'uncertain')});
is(scalar(keys %sent), $companies, 'each company was mailed, or is listed as uncertain');
is(join(' ', grep { $sent{$_} eq 'sent' && !$count{$_} } sort keys %sent), '', 'what is marked sent has arrived');
is(join(' ', grep { !$sent{$_} } sort keys %count), '', 'what has arrived is marked sent or uncertain');
$brim->log_is_clean('no process crashed', qr/brim worker/);
is(scalar($brim->log_lines(qr/was terminated by signal|all server processes terminated/)), 0, 'the cluster was never restarted');

done_testing();
