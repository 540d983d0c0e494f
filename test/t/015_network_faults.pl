# Every phase of a dialogue with the relay times every fault of a network or a
# server.  Before the final dot a fault costs the e-mail nothing; after it the
# e-mail is in doubt, and nobody is mailed twice; sent means that the server has
# said so.  While the relay is silent, in whatever phase, the worker holds up
# nobody: DROP DATABASE, which waits for every process, is prompt.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $brim = BrimTest->new('main', conf => "max_prepared_transactions = 1\n");
my $node = $brim->node;

# What becomes of the e-mail (status, outcome of the attempt, attempts charged):
#	q	as it was; the relay gets a pause
#	r	tried again later
#	f	refused for good
#	u	in doubt
#	s	sent
#	e	s or q, as libcurl takes it
#	.	there is no such cell
my %outcome = (
	q => 'queued transport 0',
	r => 'queued retry 1',
	f => 'failed failed 1',
	u => 'uncertain uncertain 0',
	s => 'sent sent 0');

# Faults of a connection.  To this very machine mail may go in the clear where
# STARTTLS or EHLO are refused; @: not to a relay that has another name.
my $connections = '
	         refuse close reset hang half 4xx full 5xx 421 garbage 999 drip early flood
	connect    q      .     q    q    .    .   .    .   .     .     .    .     .     .
	banner     .      q     q    q    .    q   .    q   q     q     q    s     e     e
	ehlo       .      q     q    q    .    s   .    s   q     q     e    s     e     e
	@ehlo      .      .     .    .    .    q   .    q   .     .     q    .     .     .
	starttls   .      q     q    q    .    s   .    s   .     q     .    s     q     .
	@starttls  .      .     .    .    .    q   .    q   q     .     q    .     q     .
	tls        .      q     q    q    q    .   .    .   .     q     q    s     .     .
	auth       .      q     q    q    .    q   .    q   q     q     q    s     e     e
	mail       .      q     q    .    .    r   q    q   q     q     q    s     q     q
';

# Faults of one e-mail
my $emails = '
	         refuse close reset hang half 4xx full 5xx 421 garbage 999 drip early flood
	rcpt       .      q     q    q    .    r   q    f   q     q     q    s     q     q
	data       .      q     q    q    .    r   q    f   q     q     q    s     q     q
	body       .      q     q    q    .    r   q    f   q     q     q    .     q     q
	dot        .      u     u    u    .    r   r    f   u     u     u    s     s     u
	reply      .      u     u    u    .    u   .    u   u     u     u    .     .     .
';

# Between the last byte of the message and the dot
my $gaps = '
	         refuse close reset hang half 4xx full 5xx 421 garbage 999 drip early flood
	gap        .      q     q    .    q    r   q    f   q     q     .    .     q     .
';

# Between two e-mails on one connection: both are sent
my @rests = qw(rest-close rest-reset rest-421 rest-garbage rest-early dot-early);

# cells(TABLE): [name, expected letter, remote] in order
sub cells
{
	my ($table) = @_;
	my ($head, @lines) = grep { /\S/ } split /\n/, $table;
	my @faults = split ' ', $head;
	my @cells;
	foreach my $line (@lines)
	{
		my ($phase, @expected) = split ' ', $line;
		die "a row of the wrong length: $line" unless @expected == @faults;
		my $remote = $phase =~ s/^@//;
		push @cells, map { [ "$phase-$faults[$_]", $expected[$_], $remote ] } grep { $expected[$_] ne '.' } 0 .. $#faults;
	}
	return @cells;
}

my @connections = cells($connections);
my %plan = map {
	(($_->[2] ? '@' : '') . $_->[0] => { faults => [ $_->[0] ], tls => 'starttls', auth => 1 })
} @connections;
# These end by brim.smtp_timeout only; so many of them share one
my @slow = map { $_->[0] } grep { $_->[0] =~ /garbage|half/ && $_->[0] !~ /mail/ } @connections;
my $faults = $brim->start_faults(
	%plan,
	slow => { faults => \@slow, tls => 'starttls', auth => 1 },
	'mail-hang' => { faults => ['mail-hang'] },
	clear => {},
	tls => { tls => 'smtps' });

# ---------------------------------------------------------------------------
# Tools
# ---------------------------------------------------------------------------

my $ncompanies = 0;
my $industry = 'SaaS'; # Biotech has a lower score, so that it comes later

# Queue one e-mail for each local part, to an address at a domain of its own; gives the addresses
sub queue
{
	my (@locals) = @_;
	my @companies = map {
		$ncompanies++;
		{
			company_name => "Company $ncompanies", domain => "c$ncompanies.example", contact_email => "$_\@c$ncompanies.example",
			employee_count => 100, industry => $industry, tech_stack => ['make'], recent_job_posts => ['ops']
		}
	} @locals;
	my $before = $brim->sql('SELECT count(*) FROM brim.outbound_email');
	$brim->score_batch(\@companies);
	$brim->wait_until('SELECT count(*) FROM brim.outbound_email', $before + @locals);
	return map { $_->{contact_email} } @companies;
}

# Events of the journal that match all of these; what was read is not read again
my (@journal, $journal_end);

sub events
{
	my (%wanted) = @_;
	my $text = PostgreSQL::Test::Utils::slurp_file($faults->{store}, $journal_end // 0);
	$text =~ s/[^\n]*\z//;
	$journal_end += length $text;
	push @journal, map { $BrimTest::json->decode($_) } split /\n/, $text;
	return grep { my $event = $_; !grep { ($event->{$_} // '') ne $wanted{$_} } keys %wanted } @journal;
}

sub wait_event
{
	my (%wanted) = @_;
	my $deadline = time() + $BrimTest::patience;
	until (events(%wanted))
	{
		die 'waited in vain for ' . join(' ', %wanted) . " in:\n" . PostgreSQL::Test::Utils::slurp_file($faults->{store})
		  if time() > $deadline;
		sleep(0.02);
	}
	return;
}

my $in_hand = q{SELECT count(*) FROM brim.outbound_email WHERE status IN ('claimed', 'committing')};

# Send nothing more; what is in progress is finished
sub send_off
{
	$brim->set('brim.send' => 'off');
	$brim->wait_until($in_hand, '0');
	return;
}

sub put_away
{
	send_off();
	$brim->sql(q{SELECT brim_cancel(email_id) FROM brim.outbound_email WHERE status = 'queued'});
	return;
}

# E-mails with the first of their attempts that fits, in the order of these
sub results
{
	my ($which) = @_;
	return $brim->rows(qq{
		SELECT * FROM (
			SELECT DISTINCT ON (e.email_id) e.status, e.attempts, e.recipient, a.outcome, a.phase, a.reply, a.started_at,
				   (SELECT l.state FROM brim.send_ledger AS l WHERE l.company_id = e.company_id) AS ledger
			  FROM brim.outbound_email AS e LEFT JOIN brim.attempts AS a USING (email_id)
			 WHERE $which ORDER BY e.email_id, a.attempt_no) AS first ORDER BY started_at});
}

# check(CELL, LETTER, RESULT): one e-mail, and what the server knows of it, are as the table says
sub check
{
	my ($cell, $letter, $row) = @_;
	my ($phase) = $cell =~ /(\w+)-\w+(?:,|$)/;
	my %to = (rcpt => $row->{recipient});

	$letter = $row->{status} eq 'sent' ? 's' : 'q' if $letter eq 'e';
	my $ended = $letter eq 's' || $phase =~ /^(?:dot|reply)$/ ? 1 : 0;
	# What was refused for sure leaves the ledger, before the barrier or after it
	my $ledger = $letter =~ /[us]/ ? $row->{status} : 'none';
	my $is = join(' ', map { $_ // 'none' } @$row{qw(status outcome attempts ledger)});
	is($is, "$outcome{$letter} $ledger", "$cell: $outcome{$letter}, ledger $ledger") or diag(explain($row));
	is(scalar(events(event => 'dot', %to)), $ended, "$cell: " . ($ended ? 'the mail ended once' : 'no dot was written'));
	is(scalar(events(event => 'accepted', %to)), 1, "$cell: the server has said so") if $letter eq 's';
	return;
}

# How long DROP DATABASE takes: it waits until every process has answered
my @measured;

sub measure_drop
{
	my ($what) = @_;
	my $started = time();
	$node->safe_psql('postgres', 'DROP DATABASE spare');
	my $took = (time() - $started) * 1000;
	push @measured, sprintf('%s %.0f', $what, $took);
	ok($took < 1000, sprintf('%s: DROP DATABASE is prompt (%.0f ms)', $what, $took));
	return;
}

sub make_spare
{
	$node->safe_psql('postgres', 'CREATE DATABASE spare');
	return;
}

my $password = $brim->secret_file('password', 'whatever');
$brim->sql(q{UPDATE brim.variant SET is_active = false WHERE name = 'roi_focused'});
$brim->set(
	'brim.ca_file' => $brim->certificates->{ca},
	'brim.smtp_username' => 'brim',
	'brim.smtp_password_file' => $password,
	'brim.smtp_timeout' => 1,
	'brim.smtp_connections' => 1,
	'brim.shutdown_grace' => 1,
	'brim.batch_size' => 1000,
	'brim.generate' => 'on');
make_spare();
measure_drop('nothing to do');

# ---------------------------------------------------------------------------
# Connections, one after the other: each cell is a relay of its own
# ---------------------------------------------------------------------------

# The first e-mail meets the fault; where it is got rid of, the next one finds
# nobody who listens.  So each cell ends with a pause, which the next one ends.
queue(('contact') x (@slow + grep { $_->[1] =~ /[srfe]/ } @connections));
$brim->set('brim.send' => 'on', 'brim.smtp_url' => $faults->url('127.0.0.1', 'connect-refuse'));
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'relay'}, 'fault');

# Statements that take up a relay, and those that wait until a query has rows
sub change_relay
{
	return "ALTER SYSTEM SET brim.smtp_url = '$_[0]'; DO 'BEGIN PERFORM pg_reload_conf(); END'; ";
}

sub await
{
	my ($query) = @_;
	return "DO \$\$ BEGIN
		FOR i IN 1 .. $BrimTest::patience * 100 LOOP EXIT WHEN EXISTS ($query); PERFORM pg_sleep(0.01); END LOOP; END \$\$; ";
}

foreach my $cell (@connections)
{
	my ($name, $letter, $remote) = @$cell;
	next if grep { $_ eq $name } @slow;
	my $listener = ($remote ? '@' : '') . $name;
	my $url = $faults->url($remote ? '0.0.0.0' : 'localhost', $listener);
	my $change = change_relay($url);
	if ($name =~ /hang/)
	{
		make_spare();
		$brim->sql($change . await("SELECT FROM brim.outbound_email WHERE status = 'claimed' OR EXISTS (SELECT FROM brim.attempts WHERE relay = '$url')"));
		wait_event(event => 'act', listener => $listener) unless $name =~ /connect/;
		measure_drop($name);
		$change = '';
	}
	$brim->sql($change . await("SELECT FROM brim.component WHERE component = 'relay' AND state = 'fault'
		AND EXISTS (SELECT FROM brim.attempts WHERE relay = '$url')"));
	my ($row) = results("a.relay = '$url'");
	check($listener, $letter, $row);
	is(scalar(events(event => 'act', listener => $listener)), 1, "$listener: the relay did it") unless $name =~ /refuse|connect-hang/;
}

my $url = $faults->url('localhost', 'slow');
$brim->set('brim.smtp_connections' => scalar @slow, 'brim.smtp_url' => $url);
$brim->wait_until("SELECT count(DISTINCT email_id) FROM brim.attempts WHERE relay = '$url'", scalar @slow);
is(join(' ', sort map { "$_->{phase}-$_->{fault}" } events(event => 'act', listener => 'slow')), join(' ', sort @slow), 'the relays did it, on a connection each');
check("slow $slow[0]", 'q', $_) foreach results("a.relay = '$url'");
put_away();

# ---------------------------------------------------------------------------
# E-mails, all at once, in the clear and through TLS
# ---------------------------------------------------------------------------

# Longer than what fits into a connection whose server does not read
sub lengthen
{
	$brim->sql(q{UPDATE brim.email AS e SET body = repeat(E'A line of a message that does not fit.\n', 20000)
		FROM brim.email_queue AS q WHERE e.recipient LIKE 'body-%' AND q.email_id = e.email_id});
	return;
}

foreach my $way (qw(clear tls))
{
	my @cells = grep { $_->[0] !~ /hang/ } cells($emails);
	queue((map { $_->[0] } @cells), ('contact') x 8);
	lengthen();
	my $first = $brim->sql(q{SELECT min(email_id) FROM brim.outbound_email WHERE status = 'queued'});
	$brim->set('brim.smtp_connections' => 128, 'brim.smtp_url' => $faults->url('localhost', $way), 'brim.send' => 'on');
	$brim->wait_until("SELECT count(*) FROM brim.outbound_email WHERE email_id >= $first AND claims = 0", '0');
	send_off();
	my %result;
	foreach my $row (results("e.email_id >= $first"))
	{
		my ($local) = $row->{recipient} =~ /^(.*)@/;
		push @{ $result{$local} }, $row;
	}
	check("$way $_->[0]", $_->[1], @{ $result{ $_->[0] } }) foreach @cells;
	is(join(' ', map { $_->{status} } @{ $result{contact} }), join(' ', ('sent') x 8), "$way: the e-mails beside them are sent");
	put_away();
}

# ---------------------------------------------------------------------------
# Between the last byte of the message and the dot
# ---------------------------------------------------------------------------

# A lock keeps the worker in the transaction of the barrier while the server does
# what it does.  A prepared transaction has it, which needs no session.
$brim->sql(q{
	CREATE FUNCTION public.gap() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
		$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
	CREATE TRIGGER gap AFTER UPDATE ON brim.send_ledger FOR EACH ROW WHEN (NEW.state = 'committing') EXECUTE FUNCTION public.gap()});
$brim->set('brim.smtp_connections' => 1, 'brim.smtp_url' => $faults->url('localhost', 'clear'));
foreach my $cell (cells($gaps))
{
	my ($name, $letter) = @$cell;
	my ($address) = queue($name);
	$brim->sql(q{BEGIN; SELECT pg_advisory_xact_lock(4711); PREPARE TRANSACTION 'gap'});
	$brim->set('brim.send' => 'on');
	wait_event(event => 'act', rcpt => $address);
	$brim->sql(q{ROLLBACK PREPARED 'gap'});
	$brim->wait_until("SELECT count(*) > 0 FROM brim.attempts JOIN brim.outbound_email USING (email_id) WHERE recipient = '$address'");
	send_off();
	check($name, $letter, results("e.recipient = '$address'"));
	put_away();
}
$brim->sql('DROP TRIGGER gap ON brim.send_ledger');

# ---------------------------------------------------------------------------
# Between two e-mails on one connection
# ---------------------------------------------------------------------------

my @addresses = queue(map { $_, 'contact' } @rests);
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status IN ('queued', 'claimed', 'committing')}, '0');
my %rest = map { $_->{recipient} => $_ } results("a.outcome = 'sent'");
foreach my $address (@addresses)
{
	my ($local) = $address =~ /^(.*)@/;
	check(($local eq 'contact' ? 'after-' : '') . $local, 's', $rest{$address} || { recipient => $address, status => 'not sent' });
}
send_off();

# ---------------------------------------------------------------------------
# An e-mail at which the relay stumbles again and again
# ---------------------------------------------------------------------------

my $good = q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient LIKE 'good@%'};

# The connection breaks at the first e-mail of the queue, each time
my ($bad) = queue('rcpt-close');
$industry = 'Biotech';
queue(('good') x 4);
$brim->set('brim.send' => 'on');
$brim->wait_until("SELECT count(*) > 0 FROM brim.attempts JOIN brim.outbound_email USING (email_id) WHERE recipient = '$bad'");
$brim->set('brim.smtp_timeout' => 2); # ends the pause
$brim->wait_until($good, '4');
pass('an e-mail that breaks each connection does not stop the others');
put_away();

# One hangs, another breaks its connection: the probe finds a connection all the same
$industry = 'SaaS';
my @bad = queue('dot-hang', 'rcpt-reset');
$brim->set('brim.smtp_connections' => 4, 'brim.send' => 'on');
wait_event(event => 'act', rcpt => $_) foreach @bad;
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'relay'}, 'fault');
$brim->sql("SELECT brim_cancel(email_id) FROM brim.outbound_email WHERE recipient = '$bad[1]'");
$industry = 'Biotech';
queue(('good') x 4);
$brim->wait_until($good, '8');
pass('an e-mail that hangs does not stop the others after a fault');
$brim->set('brim.send' => 'off');
$bad = $brim->worker_pid;
$brim->sql("SELECT pg_terminate_backend($bad)");
$brim->wait_worker($bad);
put_away();

# The relay takes one e-mail on a connection, then says that it is in trouble
$industry = 'SaaS';
queue('good');
$industry = 'Biotech';
($bad) = queue('rcpt-full');
$brim->set('brim.smtp_connections' => 1, 'brim.send' => 'on');
wait_event(event => 'act', rcpt => $bad);
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'relay'}, 'fault');
pass('trouble of the relay on a connection in use opens the breaker');
cmp_ok(scalar(events(event => 'act', rcpt => $bad)), '<', 5, 'and is not asked about again at once');
$industry = 'SaaS';
put_away();

# ---------------------------------------------------------------------------
# Silence, until the worker is asked to stop, and until the server goes
# ---------------------------------------------------------------------------

# What became of the e-mails from this number on
sub hanging
{
	my ($first) = @_;
	return "SELECT string_agg(concat_ws(' ', p, e.status, e.attempts, l.state), ', ' ORDER BY n)
		FROM unnest('{mail,rcpt,data,body,dot,reply}'::text[]) WITH ORDINALITY AS u (p, n)
		JOIN brim.outbound_email AS e ON e.recipient LIKE p || '-hang\@%' LEFT JOIN brim.send_ledger AS l USING (email_id)
		WHERE e.email_id >= $first";
}

# Clock ticks of work of a process
sub ticks
{
	my ($pid) = @_;
	my @field = split ' ', PostgreSQL::Test::Utils::slurp_file("/proc/$pid/stat");
	return $field[-39] + $field[-38];
}

my @before_dot = qw(rcpt-hang data-hang body-hang);
my @after_dot = qw(dot-hang reply-hang);
my $back = 'rcpt queued 0, data queued 0, body queued 0, dot uncertain 0 uncertain, reply uncertain 0 uncertain';
my $hung = 'rcpt claimed 0 claimed, data claimed 0 claimed, body claimed 0 claimed, dot committing 0 committing, reply committing 0 committing';

# The phases one after the other, each for the first time
@addresses = queue('mail-hang', @before_dot, @after_dot);
lengthen();
my $first = $brim->sql(q{SELECT min(email_id) FROM brim.outbound_email WHERE status = 'queued'});
$brim->sql(q{SELECT brim_hold(email_id) FROM brim.outbound_email WHERE status = 'queued' AND recipient NOT LIKE 'mail-%'});
$brim->set('brim.smtp_connections' => 16, 'brim.smtp_url' => $faults->url('localhost', 'mail-hang'), 'brim.send' => 'on');
make_spare();
wait_event(event => 'act', listener => 'mail-hang');
measure_drop('mail-hang');
$brim->set('brim.smtp_url' => $faults->url('localhost', 'clear'));
shift @addresses;
foreach my $address (@addresses)
{
	make_spare();
	$brim->sql("SELECT brim_release(email_id) FROM brim.outbound_email WHERE recipient = '$address'");
	wait_event(event => 'act', rcpt => $address);
	measure_drop($address =~ /^(.*)@/);
}
is($brim->sql(hanging($first)), "mail claimed 0 claimed, $hung", 'where the relay is silent nothing is decided');
@addresses = queue(('contact') x 3);
$brim->wait_until("SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND email_id > $first", '3');
is(scalar(map { events(event => 'accepted', rcpt => $_) } @addresses), 3, 'other e-mails are sent beside those that hang');

my $pid = $brim->worker_pid;
SKIP:
{
	skip 'no /proc here', 1 unless -r "/proc/$pid/stat";
	my $ticks = ticks($pid);
	$brim->sql('SELECT pg_sleep(0.5)');
	$ticks = ticks($pid) - $ticks;
	ok($ticks <= 5, "waiting for a silent relay is no work ($ticks ticks in 0.5 s)");
}
$brim->set('brim.send' => 'off');
my $stopped = time();
$brim->sql("SELECT pg_terminate_backend($pid)");
$brim->wait_worker($pid);
note(sprintf('the worker that hung was replaced after %.1f s', time() - $stopped));
$brim->wait_until(hanging($first), "mail queued 0, $back");
pass('a worker that stops gives back what is before the dot, and leaves the rest in doubt');
put_away();

# All at once, through TLS, and the server goes away
@addresses = queue(@before_dot, @after_dot);
lengthen();
$first = $brim->sql(q{SELECT min(email_id) FROM brim.outbound_email WHERE status = 'queued'});
$brim->set('brim.smtp_url' => $faults->url('localhost', 'tls'), 'brim.send' => 'on');
make_spare();
wait_event(event => 'act', rcpt => $_) foreach @addresses;
measure_drop('all through TLS');
is($brim->sql(hanging($first)), $hung, 'through TLS nothing is decided either');
$brim->set('brim.send' => 'off');
events();
$faults->stop;
$brim->wait_until(hanging($first), $back);
foreach my $row (results("e.email_id >= $first"))
{
	my ($local) = $row->{recipient} =~ /^(.*)@/;
	check("tls $local, the server gone", $local =~ /dot|reply/ ? 'u' : 'q', $row);
}

# ---------------------------------------------------------------------------
# All in all
# ---------------------------------------------------------------------------

my (%dots, %accepted);
$dots{ $_->{rcpt} }++ foreach events(event => 'dot');
$accepted{ $_->{rcpt} }++ foreach events(event => 'accepted');
is(join(' ', grep { $dots{$_} > 1 } sort keys %dots), '', 'no company was mailed twice');
my %status = map { $_->{recipient} => $_->{status} } $brim->rows('SELECT recipient, status FROM brim.outbound_email');
is(join(' ', grep { $status{$_} eq 'sent' && !$accepted{$_} } sort keys %status), '', 'nothing is sent without the word of the server');
is(join(' ', grep { $status{$_} !~ /^(?:sent|uncertain)$/ } sort keys %accepted), '', 'what the server has taken is sent or in doubt');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email AS e FULL JOIN brim.send_ledger AS l USING (email_id)
	WHERE (e.status IN ('sent', 'uncertain') OR l.state IS NOT NULL) AND e.status IS DISTINCT FROM l.state}), '0',
	'the ledger says of each what its row says');
note("DROP DATABASE, ms: ", join(', ', @measured));
$brim->log_is_clean;

done_testing();
