# The machine fails: there is no space for data, for the WAL, for the outbox;
# the relay and Gemini are not there; the clock is set.  The worker lives through
# it, says what is wrong, and goes on by itself.  No e-mail is charged for it, no
# company is mailed twice or forgotten.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $brim = BrimTest->new('main', mishap => 1, conf => "restart_after_crash = on\n");
my $errors = q{SELECT coalesce(sum(errors), 0) FROM brim.worker_slots()};
my $unwritten = q{SELECT count(*) FROM brim.generation WHERE status IN ('queued', 'running')};
my $first = q{UPDATE brim.email_queue AS q SET score = 101 FROM brim.email AS e WHERE e.email_id = q.email_id AND e.recipient ~ 'slow|early'};
my (@relays, %wanted, %in_doubt);

# "Slow" e-mails wait for the relay's answer to the final dot, "early" ones reach
# the barrier late
sub open_relay
{
	push @relays, $brim->start_smtp(
		rules => [
			{ match => 'slow', phase => 'dot', action => 'accept', delay => 2 },
			{ match => 'early', phase => 'rcpt', action => 'accept', delay => 2 } ],
		@_);
	return $relays[-1];
}

# N companies whose mail is to arrive once
sub add
{
	my ($n, $prefix) = @_;
	$brim->add_companies($n, $prefix);
	(my $lower = lc $prefix) =~ s/[^a-z0-9]//g;
	$wanted{"contact\@$lower$_.example"} = $prefix foreach 1 .. $n;
	return;
}

# The same, and their e-mails wait in the queue
sub write_only
{
	$brim->set('brim.send' => 'off');
	add(@_);
	$brim->wait_until($unwritten, '0');
	return;
}

# What a part of the worker complains about
sub wait_fault
{
	my ($component) = @_;
	$brim->wait_until("SELECT count(*) FROM brim.component WHERE component = '$component' AND state = 'fault'", '1');
	return;
}

sub status_of
{
	my ($check) = @_;
	return $brim->sql("SELECT status || ': ' || detail FROM brim_status() WHERE check_name = '$check'");
}

# Until the relay has taken this many e-mails to addresses that match
sub wait_mails
{
	my ($match, $n) = @_;
	my $deadline = time() + $BrimTest::patience;
	until ((grep { $_->{rcpt_tos}[0] =~ $match } map { $_->mails } @relays) >= $n)
	{
		die "the relay has not taken $n e-mails for $match" if time() > $deadline;
		sleep(0.05);
	}
	return;
}

# What the outbox holds in one of its parts
sub letters
{
	my ($part) = @_;
	my @files = glob("$brim->{outbox}/$part/*");
	return @files;
}

# Each company has its mail, and no more than one; what is in doubt may have none
sub all_mailed
{
	my ($name) = @_;
	my %count;
	$count{ $_->{rcpt_tos}[0] }++ foreach map { $_->mails } @relays;
	is(join(' ', grep { $count{$_} > 1 } sort keys %count), '', "$name: nobody is mailed twice");
	is(join(' ', grep { !$count{$_} && !$in_doubt{$_} } sort keys %wanted), '', "$name: nobody is forgotten");
	is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE attempts > 0 OR crashes > 0 OR status IN ('failed', 'held')}),
		'0', "$name: nothing is charged to an e-mail");
	return;
}

my $smtp = open_relay();
my $gemini = $brim->start_gemini(latency_ms => 500);
$brim->set(
	'brim.smtp_url' => $smtp->url,
	'brim.smtp_connections' => 3,
	'brim.gemini_url' => $gemini->url,
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.gemini_connections' => 32,
	'brim.generate' => 'on');

# ---------------------------------------------------------------------------
# No space for data
# ---------------------------------------------------------------------------
$brim->set('brim.send' => 'off');
add(40, 'Written');
$brim->wait_until(q{SELECT count(*) > 10 FROM brim.generation WHERE status = 'running'}, 't');
$brim->mishap('data');
$brim->wait_until($errors, qr/^[1-9]/);
$brim->mended('data');
$brim->wait_until($unwritten, '0');
is($brim->sql(q{SELECT string_agg(DISTINCT concat_ws(' ', status, provider, error), '; ') FROM brim.generation}), 'done gemini',
	'what Gemini wrote when the disk was full is stored when there is room');

write_only(60, 'Data');
write_only(2, 'Slow data');
$brim->sql($first);
my $worker = $brim->worker_pid;
my $before = $brim->sql($errors);
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) > 0 FROM brim.outbound_email WHERE status = 'committing' AND recipient ~ 'slow'}, 't');
$brim->mishap('data');
$brim->wait_until($errors, qr/^(?!$before$)\d+$/);
ok(scalar($brim->log_lines(qr/brim worker ERROR:  could not extend file .*No space left/)), 'a full disk is in the log');
unlike(status_of('summary'), qr/^ok/, 'brim_status() says that the worker fails');
wait_mails('slowdata', 2);
$brim->mended('data');
$brim->wait_idle;
all_mailed('no space for data');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'uncertain'}), '0',
	'what was handed over when the disk was full is recorded when there is room');
is($brim->worker_pid, $worker, 'the worker lived through it');

# ---------------------------------------------------------------------------
# No space for the WAL: the server itself panics and restarts
# ---------------------------------------------------------------------------
write_only(30, 'Wal');
write_only(4, $_) foreach 'Slow wal', 'Early wal';
$brim->sql($first);
$brim->set('brim.smtp_connections' => 8, 'brim.send' => 'on');
$brim->wait_until(
	q{SELECT count(*) FILTER (WHERE status = 'committing') || ' ' || count(*) FILTER (WHERE status = 'claimed')
		FROM brim.outbound_email}, '4 4');
$brim->mishap('wal');
$brim->wait_worker($worker);
ok(scalar($brim->log_lines(qr/PANIC:  .*No space left/)), 'without space for the WAL the server panics');
$brim->wait_idle;
$in_doubt{ $_->{recipient} } = 1 foreach $brim->rows(q{SELECT recipient FROM brim.outbound_email WHERE status = 'uncertain'});
is(scalar(grep { /^contact\@slowwal/ } keys %in_doubt), 4, 'what was handed over when the server panicked is in doubt');
is(scalar(keys %in_doubt), 4, 'and nothing else');
all_mailed('no space for the WAL');
$brim->sql(q{SELECT brim_resolve(email_id, 'delivered', 'in the log of the relay') FROM brim.outbound_email WHERE status = 'uncertain'});

# ---------------------------------------------------------------------------
# Neither the relay nor Gemini is there
# ---------------------------------------------------------------------------
write_only(5, 'Relay');
my ($relay_port, $gemini_port) = ($smtp->port, $gemini->port);
$_->stop foreach $smtp, $gemini;
$brim->set('brim.send' => 'on');
add(5, 'Gemini');
wait_fault('relay');
like(status_of('relay'), qr/^blocked: .*connect.*tries again at/i, 'brim_status() says that the relay is down');
like(status_of('summary'), qr/^blocked: Nothing is sent/, 'and that nothing is sent');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'queued' AND error IS NOT NULL}, '5');
like(status_of('generations to retry'), qr/^warning: 5 jobs .*connect/i, 'and that Gemini is down');
open_relay(port => $relay_port);
$gemini = $brim->start_gemini(port => $gemini_port);
$brim->wait_idle;
like(status_of('relay'), qr/^ok/, 'e-mails are sent by themselves when the relay is there again');
is($brim->sql(q{SELECT count(*) FROM brim.generation JOIN brim.lead USING (company_id)
	WHERE company_name LIKE 'Gemini%' AND status = 'done' AND provider = 'gemini' AND crashes = 0}), '5', 'and written when Gemini is');
all_mailed('relay and Gemini down');

# ---------------------------------------------------------------------------
# No space in the outbox
# ---------------------------------------------------------------------------
$brim->set('brim.smtp_url' => undef);
$brim->mishap('outbox');
$brim->add_companies(5, 'Outbox');
wait_fault('relay');
like(status_of('relay'), qr/^blocked: .*No space left/, 'brim_status() says that the outbox is full');
is(scalar(letters('new')), 0, 'a full outbox has no half message');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'claimed'}, '0');
is(scalar(letters('tmp')), 0, 'and keeps none of those that did not fit');
$brim->mended('outbox');
$brim->wait_idle;
is(scalar(letters('new')), 5, 'each has its message when there is room again');
is(scalar(grep { slurp_file($_) !~ /Harbour Road/ } letters('new')), 0, 'a whole one');
$brim->set('brim.smtp_url' => $smtp->url);
all_mailed('no space in the outbox');

# ---------------------------------------------------------------------------
# The clock is set
# ---------------------------------------------------------------------------
write_only(3, 'Yesterday');
$brim->set('brim.send' => 'on');
add(2, 'Slow yesterday');
$brim->wait_until(q{SELECT count(*) > 0 FROM brim.outbound_email WHERE status = 'committing' AND recipient ~ 'slow'}, 't');
$brim->mishap('clock', 86400);
add(3, 'Tomorrow');
$brim->wait_idle;
all_mailed('clock set forward by a day');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'uncertain'}), '0',
	'an answer that comes after the clock was set forward is waited for');

write_only(3, 'Back');
$brim->mended('clock');
$brim->set('brim.send' => 'on');
$brim->wait_idle(90);
all_mailed('clock set back by a day');

$brim->log_is_clean('the log speaks of no crash but that of the full disk', qr/PANIC:  .*No space left|terminated by signal 6|server process/);

done_testing();
