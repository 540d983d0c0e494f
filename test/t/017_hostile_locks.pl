# Sessions hold rows and tables of the queue for long.  What they do not hold
# flows on, what they hold goes when they release it, and an answer that the relay
# gave meanwhile is not lost.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my $node = $brim->node;

# "Slow" e-mails wait for the relay's answer to the final dot, "early" ones reach
# the barrier late
my $smtp = $brim->start_smtp(
	rules => [
		{ match => 'slow', phase => 'dot', action => 'accept', delay => 2 },
		{ match => 'early', phase => 'rcpt', action => 'accept', delay => 2 },
		{ match => 'refused', phase => 'dot', reply => '451 4.3.0 try later', count => 1 } ]);
my $sent = q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id) WHERE e.status = 'sent' AND l.company_name LIKE '%s%%'};
my $written = q{SELECT count(*) FROM brim.generation WHERE status <> 'done'};
my %wanted;

# N companies whose mail is to arrive once
sub add
{
	my ($n, $prefix) = @_;
	$brim->add_companies($n, $prefix);
	(my $lower = lc $prefix) =~ s/[^a-z0-9]//g;
	$wanted{"contact\@$lower$_.example"} = $prefix foreach 1 .. $n;
	return;
}

# A session in whose open transaction the statement has run
sub hold
{
	my ($statement) = @_;
	my $session = $node->background_psql('app');
	$session->query_safe("BEGIN; $statement");
	return $session;
}

sub let_go
{
	my ($session) = @_;
	$session->query_safe('COMMIT');
	$session->quit;
	return;
}

# The same, and wait until the worker has met the lock; a locked table leaves
# only the log to ask
sub hold_in_its_way
{
	my ($statement, $then) = @_;
	my $offset = -s $node->logfile;
	my $session = hold($statement);
	$then->() if $then;
	$brim->wait_log(qr/brim worker ERROR:  canceling statement due to lock timeout/, $offset);
	return $session;
}

# Each company has its mail, no more than one, and that is known
sub all_mailed
{
	my ($name) = @_;
	$brim->wait_idle;
	my %count;
	$count{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
	is(join(' ', grep { $count{$_} > 1 } sort keys %count), '', "$name: nobody is mailed twice");
	is(join(' ', grep { !$count{$_} } sort keys %wanted), '', "$name: nobody is forgotten");
	is($brim->statuses('outbound_email'), join(' ', map { "$_=" . keys %wanted } qw(sent superseded)), "$name: each is recorded as sent");
	is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE attempts > 0 OR crashes > 0}), '0', "$name: nothing is charged to an e-mail");
	return;
}

$brim->set('brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 4, 'brim.generate' => 'on');
my $pid = $brim->wait_worker;

# ---------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------
add(10, 'Free');
add(4, 'Taken');
$brim->wait_until($written, '0');
my $session = hold(q{UPDATE brim.email_queue AS q SET score = q.score FROM brim.email AS e WHERE e.email_id = q.email_id AND e.recipient ~ 'taken'});
$brim->set('brim.send' => 'on');
$brim->wait_until(sprintf($sent, 'Free'), '10');
is($brim->sql(sprintf($sent, 'Taken')), '0', 'e-mails that a session holds wait, the others go');
let_go($session);
all_mailed('rows held');

my @sessions = map { hold("UPDATE brim.$_") } 'campaign SET product_name = product_name', 'node SET is_paused = is_paused';
add(4, 'Campaign');
$brim->wait_until(sprintf($sent, 'Campaign'), '4');
pass('a campaign that is being changed, and a held row of brim.node, stop nothing');
let_go($_) foreach @sessions;

# With a pace each batch is noted in brim.node
$brim->set('brim.send' => 'off', 'brim.send_interval' => 1, 'brim.batch_size' => 100);
add(4, 'Pace');
$brim->wait_until($written, '0');
$session = hold('UPDATE brim.node SET is_paused = is_paused');
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT bool_and(state = 'idle') FROM brim.worker_slots()}, 't');
let_go($session);
all_mailed('row of brim.node held');
$brim->set('brim.send_interval' => 0);

# An e-mail that may be tried again, whose row in the ledger is held when it reaches the barrier
add(1, 'Early refused');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient ~ 'refused' AND attempts = 1 AND status = 'queued'}, '1');
$brim->set('brim.send' => 'off', 'brim.smtp_connections' => 1);
add(10, 'Behind');
$brim->wait_until($written, '0');
$brim->sql(q{UPDATE brim.email_queue AS q SET next_attempt_at = now(), score = 101, attempts = 0
	FROM brim.email AS e WHERE e.email_id = q.email_id AND e.recipient ~ 'refused'});
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient ~ 'refused' AND status = 'claimed'}, '1');
$session = hold_in_its_way(
	q{SELECT l.* FROM brim.send_ledger AS l JOIN brim.lead USING (company_id) WHERE company_name = 'Early refused 1' FOR UPDATE OF l});
$brim->wait_until(sprintf($sent, 'Behind'), '10');
pass('a held row of the ledger does not keep the others from going');
let_go($session);
all_mailed('row of the ledger held');
$brim->set('brim.smtp_connections' => 4);

# ---------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------
foreach my $table (qw(email_queue send_ledger suppression))
{
	$brim->set('brim.send' => 'off');
	add(2, "Slow $table");
	add(2, "Early $table");
	$brim->wait_until($written, '0');
	$brim->set('brim.send' => 'on');
	$brim->wait_until(
		q{SELECT count(*) FILTER (WHERE status = 'committing') = 2 AND count(*) FILTER (WHERE status = 'claimed') = 2
			FROM brim.outbound_email}, 't');
	let_go(hold_in_its_way("LOCK TABLE brim.$table IN ACCESS EXCLUSIVE MODE"));
	all_mailed("brim.$table locked");
}

# ---------------------------------------------------------------------------
# An old snapshot: what is over cannot be vacuumed
# ---------------------------------------------------------------------------
my $work = q{SELECT sum(idx_tup_read) FROM pg_stat_all_indexes
	WHERE relid IN ('brim.email_queue'::regclass, 'brim.send_ledger'::regclass, 'brim.email_owner'::regclass)};

# How many index entries of the queue are read for each of 500 e-mails to the outbox
sub entries_each
{
	my ($round) = @_;
	my $before = $brim->sql($work);
	$brim->queue_emails(500, "many$round-");
	$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status <> 'sent' AND variant = 'one'}, '0');
	return ($brim->sql($work) - $before) / 500;
}

$brim->set('brim.smtp_url' => undef);
$session = hold('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM brim.lead');
my @entries = map { entries_each($_) } 0 .. 3;
# A claim takes up to 16. If each walked past the 1,500 that are over by now, that would be 94 entries more for each e-mail
cmp_ok($entries[3] - $entries[0], '<', 1500 / 16 / 2, "under an old snapshot not even every other claim walks past what is over (@entries)");
let_go($session);

is($brim->worker_pid, $pid, 'one worker lived through all of it');
$brim->log_is_clean;

done_testing();
