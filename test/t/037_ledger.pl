# What an e-mail costs the database: its text is written once, its row in the
# ledger is updated in place, every look-up reads the rows it is about, even where
# the plans were made while the tables were empty.  And what a process took long
# ago is found when it dies.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(sleep);

# Without statistics, so that plans stay as they were made for empty tables
my $brim = BrimTest->new('main', conf => "restart_after_crash = on\nautovacuum = off\n");
my $tables = q{'{brim.email,brim.email_queue,brim.email_parked,brim.send_ledger,brim.email_owner,brim.email_attempt}'::regclass[]};
my $waiting = q{SELECT (SELECT count(*) FROM brim.email_queue) + (SELECT count(*) FROM brim.send_ledger WHERE state IN ('claimed', 'committing'))};

# What statistics say of indexes and of the ledger, once the worker has reported
sub counts
{
	my ($of) = @_;
	$brim->wait_until(q{SELECT bool_and(state = 'idle') FROM brim.worker_slots()}, 't');
	sleep(2);
	return map { $_->{name} => $_ } $brim->rows($of);
}

my $reads = qq{SELECT indexrelname AS name, idx_tup_read AS n FROM pg_stat_user_indexes WHERE relid = ANY ($tables)
	UNION ALL SELECT relname || ' without an index', seq_tup_read FROM pg_stat_user_tables WHERE relid = ANY ($tables)};
my $sent = 'SELECT sum(sent) FROM brim.worker_slots()';
my $updates = q{SELECT 'ledger' AS name, n_tup_upd AS n, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relid = 'brim.send_ledger'::regclass};

# ---------------------------------------------------------------------------
# To the outbox: plans for empty tables, then many e-mails
# ---------------------------------------------------------------------------
$brim->set('brim.batch_size' => 100000, 'brim.send' => 'on');
$brim->queue_emails(3, 'first');
$brim->wait_until($waiting, '0');
$brim->set('brim.send' => 'off');
$brim->sql('TRUNCATE brim.email, brim.email_queue, brim.send_ledger, brim.email_parked, brim.email_attempt');
$brim->set('brim.send' => 'on');
$brim->queue_emails(20, 'second');
$brim->wait_until($waiting, '0');

my $mails = 2000;
foreach my $bytes (1100, 2900)
{
	$brim->set('brim.send' => 'off');
	$brim->queue_emails($mails, "many$bytes-", $bytes);
	my %reads = counts($reads);
	my %ledger = counts($updates);
	$brim->sql('CHECKPOINT');
	my $lsn = $brim->sql('SELECT pg_current_wal_insert_lsn()');
	my $records = $brim->sql('SELECT wal_records FROM pg_stat_wal');
	my $images = $brim->sql('SELECT wal_fpi FROM pg_stat_wal');
	my $before = $brim->sql($sent);
	$brim->set('brim.send' => 'on');
	$brim->wait_until($sent, $before + $mails);
	my $wal = $brim->sql("SELECT round((pg_current_wal_insert_lsn() - '$lsn') / $mails)");
	my %reads_after = counts($reads);
	my %ledger_after = counts($updates);
	$records = ($brim->sql('SELECT wal_records FROM pg_stat_wal') - $records) / $mails;
	$images = $brim->sql('SELECT wal_fpi FROM pg_stat_wal') - $images;
	my %each = map { $_ => ($reads_after{$_}{n} - $reads{$_}{n}) / $mails } keys %reads;
	is(join(', ', map { "$_ $each{$_}" } grep { $each{$_} > 12 } sort keys %each), '', "$bytes bytes: no index is read more than a few times for an e-mail");
	note(join(', ', map { "$_ $each{$_}" } sort keys %each));
	my $updated = $ledger_after{ledger}{n} - $ledger{ledger}{n};
	my $hot = $ledger_after{ledger}{hot} - $ledger{ledger}{hot};
	is($updated, 2 * $mails, "$bytes bytes: the ledger is updated twice for each");
	cmp_ok($hot, '>=', 0.98 * $updated, "$bytes bytes: in place ($hot of $updated)");
	cmp_ok($wal, '<=', 1300, "$bytes bytes: at most 1.3 KB of WAL for each ($wal, $images page images)");
	cmp_ok($records, '<=', 12, "$bytes bytes: at most 12 records of WAL for each ($records)");
}
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}), 2 * $mails + 20, 'all are sent');

# ---------------------------------------------------------------------------
# One that hangs while many go, then its process dies
# ---------------------------------------------------------------------------
my $smtp = $brim->start_smtp(rules => [ { phase => 'rcpt', match => 'hanging', action => 'hang' } ]);
$brim->set('brim.send' => 'off', 'brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 4);
$brim->queue_emails(1, 'hanging');
$brim->set('brim.send' => 'on');
my $hanging = q{FROM brim.outbound_email WHERE recipient ~ 'hanging'};
$brim->wait_until("SELECT status $hanging", 'claimed');
my $since = $brim->sql('SELECT since FROM brim.email_owner');
$brim->queue_emails(700, 'passing');
$brim->wait_until(q{SELECT count(*) FROM brim.email_queue}, '0');
cmp_ok($brim->sql('SELECT count(DISTINCT claimed_at) FROM brim.send_ledger WHERE claimed_at > (SELECT claimed_at FROM brim.send_ledger WHERE state = $$claimed$$)'),
	'>', 64, 'many claims came after it');
is($brim->sql(qq{SELECT since > '$since' AND since <= (SELECT claimed_at FROM brim.send_ledger JOIN brim.email USING (email_id) WHERE recipient ~ 'hanging')
	FROM brim.email_owner}), 't', 'its process has moved up to it, and not past it');
my $pid = $brim->worker_pid;
kill 'KILL', $pid;
$brim->wait_worker($pid);
$brim->wait_until("SELECT crashes $hanging", '1');
pass('the next process finds it');
is($brim->sql('SELECT count(*) FROM brim.email_owner'), '1', 'and the dead one owns nothing any more');
$brim->log_is_clean('nothing but the death that was meant', qr/terminated by signal 9|was terminated by signal/);

done_testing();
