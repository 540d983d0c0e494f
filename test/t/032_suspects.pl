# What a worker had claimed when it died is a suspect: it goes alone, so that a second
# death is charged to one e-mail only, which is held as poison.  A suspect that
# merely hangs does not stop the others.  An e-mail whose process may still be
# writing cannot be called not delivered.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $brim = BrimTest->new('main', conf => "restart_after_crash = on\n");
$brim->sql(q{UPDATE brim.variant SET is_active = false WHERE name = 'roi_focused'});
my $smtp = $brim->start_smtp(rules => [
		{ phase => 'rcpt', match => '@bad', action => 'hang' },
		{ phase => 'rcpt', match => '@slow', count => 3, action => 'hang' } ]);
my $crashes = q{SELECT string_agg(l.company_name || ' ' || e.status || ' ' || e.crashes, ', ' ORDER BY l.company_name)
	FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id)};
my $claimed = q{SELECT coalesce(string_agg(l.company_name, ' ' ORDER BY l.company_name), '')
	FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id) WHERE e.status = 'claimed'};

# kill -9 of a worker restarts the whole server
sub kill_worker
{
	my $pid = $brim->worker_pid;
	kill 'KILL', $pid;
	$brim->wait_worker($pid);
	return;
}

$brim->set('brim.generate' => 'on', 'brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 4);
$brim->add_companies(3, 'Slow');
$brim->add_companies(1, 'Bad');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '4');
$brim->set('brim.send' => 'on');
$brim->wait_until($claimed, 'Bad 1 Slow 1 Slow 2 Slow 3');

# In good order nothing is charged
my $worker = $brim->worker_pid;
$brim->sql("SELECT pg_terminate_backend($worker)");
$brim->wait_worker($worker);
is($brim->sql(q{SELECT max(crashes) FROM brim.outbound_email}), '0', 'what was claimed when a worker was asked to stop is charged nothing');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '3');
$brim->wait_until($claimed, 'Bad 1');
$brim->sql(q{UPDATE brim.campaign SET is_active = false});

# Dead with four claimed e-mails
$brim->set('brim.send' => 'off');
$brim->sql("SELECT pg_terminate_backend($worker)") if ($worker = $brim->worker_pid);
$brim->wait_worker($worker);
$brim->wait_until($claimed, '');
$brim->add_companies(3, 'Kind');
$brim->sql(q{UPDATE brim.campaign SET is_active = true});
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '4');
$brim->take('SELECT email_id FROM brim.email_queue', 1, 7);
kill_worker();
$brim->set('brim.send' => 'on');
$brim->wait_until($claimed, 'Bad 1');
like($brim->sql($crashes), qr/Bad 1 claimed 1, Kind 1 \w+ 1, Kind 2 \w+ 1, Kind 3 \w+ 1/, 'whatever was claimed when a worker died is charged it');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status IN ('claimed', 'committing')}), '1', 'a suspect goes alone');
kill_worker();
$brim->wait_until(q{SELECT hold_reason FROM brim.outbound_email WHERE crashes = 2}, 'poison');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '6');
is($brim->sql($crashes), 'Bad 1 held 2, Kind 1 sent 1, Kind 2 sent 1, Kind 3 sent 1, Slow 1 sent 0, Slow 2 sent 0, Slow 3 sent 0',
	'the second death is charged to the one alone, which is held; the others are sent');

# One that only hangs has the worker to itself for ten seconds at most
my $id = $brim->sql(q{SELECT email_id FROM brim.outbound_email WHERE status = 'held'});
$brim->sql("BEGIN; SELECT brim_release($id); UPDATE brim.email_queue SET crashes = 1 WHERE email_id = $id; COMMIT");
$brim->wait_until($claimed, 'Bad 1');
my $since = time();
$brim->add_companies(2, 'Patient');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '8', 30);
cmp_ok(time() - $since, '>', 5, 'a suspect has the worker to itself for a while');
is($brim->sql($claimed), 'Bad 1', 'but not until it ends');

# Whose process lives
$brim->sql(q{UPDATE brim.send_ledger SET state = 'uncertain', sent_at = NULL, claim_token = 9, claimed_by = 1 WHERE email_id =
	(SELECT email_id FROM brim.send_ledger WHERE state = 'sent' ORDER BY email_id LIMIT 1);
	INSERT INTO brim.email_owner SELECT claimed_by, claim_token, claimed_at FROM brim.send_ledger WHERE claim_token = 9});
$id = $brim->sql(q{SELECT email_id FROM brim.outbound_email WHERE status = 'uncertain'});
my ($code, $out, $err) = $brim->sql_as($brim->sql('SELECT current_user'), "SELECT brim_resolve($id, 'not_delivered')");
isnt($code, 0, 'an e-mail whose worker lives cannot be called not delivered');
like($err, qr/55006.*may still be on its way/, 'with the reason');
$worker = $brim->worker_pid;
$brim->sql("SELECT pg_terminate_backend($worker)");
$brim->wait_worker($worker);
$brim->wait_until("SELECT claimed_by IS NULL FROM brim.outbound_email WHERE email_id = $id", 't');
$brim->sql("SELECT brim_resolve($id, 'not_delivered')");
pass('when that process is gone it can');
$brim->log_is_clean('nothing but the deaths that were meant', qr/terminated by signal 9|was terminated by signal/);

done_testing();
