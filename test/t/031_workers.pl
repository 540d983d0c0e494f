# Several workers share the work of one database: nothing is sent twice, all of
# them take part, what one leaves behind another takes over, and what must be
# common to them is: the pace, and the pause after faults of the relay.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main', conf => "max_worker_processes = 20\n");
my $workers = q{SELECT count(*) FROM brim.worker_slots()};

# All take part
my $smtp = $brim->start_smtp(rules => [ { phase => 'dot', action => 'accept', delay => 0.02 } ]);
$brim->set('brim.workers' => 4, 'brim.generate' => 'on', 'brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 2);
$brim->wait_until($workers, '4');
is($brim->sql(q{SELECT string_agg(worker::text, ' ' ORDER BY worker) FROM brim.worker_status WHERE component = 'worker'}),
	'1 2 3 4', 'brim.workers processes run, each with a number of its own');
$brim->add_companies(120);
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '240');
$brim->set('brim.send' => 'on');
$brim->wait_idle;
my %mailed;
$mailed{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
is(scalar(keys %mailed), 120, 'every company got a mail');
is(scalar(grep { $_ > 1 } values %mailed), 0, 'and none got two');
is($brim->sql(q{SELECT count(*) FROM brim.worker_slots() WHERE sent = 0}), '0', 'all workers took part');

# One that ends while it has claimed e-mails: what it leaves behind goes on elsewhere, at once
$brim->set('brim.send' => 'off', 'brim.workers' => 3);
$brim->wait_until($workers, '3');
pass('fewer workers: the one with the highest number ends');
$brim->add_companies(4, 'Left');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '8');
$brim->take('SELECT DISTINCT ON (company_id) email_id FROM brim.email_queue ORDER BY company_id, choice DESC', 3, 99,
	q{CASE WHEN company_id = (SELECT min(company_id) FROM brim.lead WHERE company_name LIKE 'Left%') THEN 'committing' ELSE 'claimed' END});
$brim->set('brim.send' => 'on');
$brim->turn_clock('1 min'); # past the time after which each worker looks for what others left behind
$brim->wait_settled;
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE claimed_by = 3}), '4', 'what a living worker has claimed is left to it');
is($brim->sql(q{SELECT string_agg(n::text, ' ' ORDER BY n) FROM generate_series(1, 16) AS n WHERE brim.claim_owner_alive(n)}), '1 2 3',
	'the numbers in use are taken, and no other');
$brim->set('brim.workers' => 2);
$brim->wait_idle(20);
is($brim->sql(q{SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM (SELECT e.status, count(*) AS n FROM brim.outbound_email AS e
	JOIN brim.lead AS l USING (company_id) WHERE l.company_name LIKE 'Left%' AND e.status IN ('sent', 'uncertain', 'claimed', 'committing') GROUP BY 1) AS s}),
	'sent 3, uncertain 1', 'when it ends the others send what was claimed, and what was past the barrier is uncertain');
is($brim->sql(q{SELECT max(crashes) FROM brim.outbound_email}), '0', 'an end in good order is charged to nothing');

# One pace for all of them
$brim->set('brim.send' => 'off');
$brim->add_companies(12, 'Paced');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.lead USING (company_id) WHERE e.status = 'queued' AND company_name LIKE 'Paced%'}, '24');
$brim->set('brim.workers' => 4, 'brim.batch_size' => 3, 'brim.send_interval' => 3600, 'brim.send' => 'on');
$brim->wait_until($workers, '4');
foreach my $batch (1 .. 4)
{
	$brim->wait_until("SELECT count(*) >= 3 * $batch FROM brim.outbound_email AS e JOIN brim.lead USING (company_id) WHERE e.status = 'sent' AND company_name LIKE 'Paced%'", 't');
	$brim->wait_settled;
	$brim->turn_clock('1 h');
}
my $batches = $brim->sql(q{
	SELECT string_agg(n::text, ' ' ORDER BY b) FROM (
		SELECT b, count(*) AS n FROM (
			SELECT sum(CASE WHEN gap > interval '30 min' THEN 1 ELSE 0 END) OVER (ORDER BY sent_at) AS b FROM (
				SELECT sent_at, sent_at - lag(sent_at) OVER (ORDER BY sent_at) AS gap
				  FROM brim.outbound_email AS e JOIN brim.lead USING (company_id) WHERE e.status = 'sent' AND company_name LIKE 'Paced%') AS g) AS s
		 GROUP BY b) AS c});
is($batches, '3 3 3 3', 'all workers together keep to brim.batch_size and brim.send_interval');
$brim->set('brim.send_interval' => 0, 'brim.send' => 'off');

# One breaker for all of them: a relay that refuses every connection
my $port = $smtp->port;
$smtp->stop;
$brim->add_companies(40, 'Down');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.lead USING (company_id) WHERE e.status = 'queued' AND company_name LIKE 'Down%'}, '80');
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.component WHERE component = 'relay' AND state = 'fault'}, '1');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'claimed'}, '0');
# While the breaker is open nobody claims: all rest, and do not ask again and again
$brim->wait_until(q{SELECT bool_and(a.state_change < clock_timestamp() - interval '1 s')
	FROM brim.worker_slots() AS w JOIN pg_stat_activity AS a USING (pid)}, 't');
my $tries = $brim->sql(q{SELECT count(*) FROM brim.email_attempt AS a JOIN brim.outbound_email USING (email_id)
	  JOIN brim.lead USING (company_id) WHERE a.outcome = 'transport' AND company_name LIKE 'Down%'});
# A connection that was open finds out that it is closed, which is no fault, and then that no other opens
cmp_ok($tries, '<=', 16, "while the relay is down each of eight connections tries twice at most ($tries)");
is($brim->sql(q{SELECT count(*) FROM brim_status() WHERE check_name = 'relay' AND status = 'blocked'}), '1', 'brim_status() says so');
$smtp = $brim->start_smtp(port => $port);
$brim->turn_clock('1 min');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.lead USING (company_id) WHERE e.status = 'sent' AND company_name LIKE 'Down%'}, '40');
is($brim->sql(q{SELECT max(attempts) FROM brim.outbound_email}), '0', 'when it is back all goes on, and nothing is charged');
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'relay'}, 'ok');
is($brim->sql(q{SELECT count(*) FROM (SELECT company_id FROM brim.outbound_email WHERE status = 'sent' GROUP BY 1 HAVING count(*) > 1) AS x}), '0',
	'one e-mail a company');
$brim->log_is_clean;

done_testing();
