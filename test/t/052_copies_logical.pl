# Logical replication does not send: leads, jobs and e-mails that reach a
# subscriber stay the publisher's, also when the subscriber is a working
# installation of its own, starts again with rows that the publisher has claimed,
# or has its brim.node overwritten by the publisher's.

use strict;
use warnings;
use BrimCopy;
use BrimTest;
use Test::More;

my $conf = "max_wal_senders = 20\nmax_replication_slots = 40\nmax_worker_processes = 24\n"
  . "max_logical_replication_workers = 12\nmax_sync_workers_per_subscription = 3\n";
my ($major) = `pg_config --version` =~ /(\d+)/;
$conf .= "max_active_replication_origins = 40\n" if $major >= 18;
my $brim = BrimTest->new('publisher', standby => 'logical', conf => $conf);
my $away = BrimTest->new('subscriber', standby => 'logical', conf => $conf);
my $smtp = $brim->start_smtp(rules => [
		{ match => 'inhand', phase => 'rcpt', action => 'hang' },
		{ match => 'indoubt', phase => 'dot', action => 'hang' }]);
my $elsewhere = $away->start_smtp;
my $gemini = $brim->start_gemini(script => [ { match => 'Halfwritten', steps => ['hang:300'] }, { match => '.', steps => ['ok'] } ]);

# Do something in another database of the subscriber
sub in
{
	my ($db, $what) = @_;
	local $away->{db} = $db;
	return $what->();
}

# Wait until all that the publisher has committed is at the subscriber
sub catch_up
{
	my ($subscription) = @_;
	$brim->node->wait_for_catchup($subscription, 'replay', $brim->node->lsn('write'));
	return;
}

# What the subscriber mails after its worker has seen all that is there: one company of its own
my $own = 0;
sub mails_its_own
{
	my ($what) = @_;
	my $name = 'own' . ++$own;
	$away->score_batch([ { company_name => $name, contact_email => "contact\@$name.example", employee_count => 100,
				industry => 'SaaS', tech_stack => ['hubspot'], recent_job_posts => ['Head of Operations'] } ]);
	$away->wait_until("SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient LIKE '%$name.%'", '1');
	is(mailed($elsewhere), $name, $what);
	return;
}

# Another worker process for the subscriber
sub begin_anew
{
	my $pid = $away->wait_worker;
	$away->sql("SELECT pg_terminate_backend($pid)");
	$away->wait_worker($pid);
	return;
}

# The publisher: mailed, claimed before and past the barrier, waiting
$brim->set(
	'brim.smtp_url' => $smtp->url,
	'brim.smtp_connections' => 4,
	'brim.gemini_url' => $gemini->url,
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.gemini_connections' => 4,
	'brim.gemini_timeout' => 300,
	'brim.shutdown_grace' => 1,
	'brim.generate' => 'on',
	'brim.send' => 'on');
$brim->add_companies(2, 'Mailed');
$brim->add_companies(1, $_) foreach qw(Inhand Indoubt);
$brim->wait_until(q{SELECT string_agg(status, ' ' ORDER BY status) FROM brim.outbound_email WHERE status NOT IN ('queued', 'superseded')},
	'claimed committing sent sent');
$brim->set('brim.send' => 'off');
$brim->add_companies(3, 'Waiting');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%waiting%' AND status = 'queued'}, '6');
is(mailed($smtp), 'mailed1 mailed2', 'the publisher has mailed two companies');

# The subscriber: an installation at work, whose numbers are out of the publisher's way
my $publisher = $brim->node->connstr . ' dbname=app';
$away->set('brim.smtp_url' => $elsewhere->url, 'brim.generate' => 'on', 'brim.send' => 'on');
$away->sql(q{
	ALTER TABLE brim.generation ALTER generation_id RESTART WITH 1000001;
	ALTER TABLE brim.email ALTER email_id RESTART WITH 1000001;
	ALTER TABLE brim.event ALTER event_id RESTART WITH 1000001});
my $everything = 'TABLES IN SCHEMA brim';
$everything = 'TABLE ' . $brim->sql(q{SELECT string_agg(format('brim.%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'brim'})
  if $major < 15;
$brim->sql("CREATE PUBLICATION everything FOR $everything; CREATE PUBLICATION leads FOR TABLE brim.lead");
$away->sql("CREATE SUBSCRIPTION everything CONNECTION '$publisher' PUBLICATION everything");
# The others hold the same shipped rows on both sides and are of no use here
my $synced = q{SELECT string_agg(DISTINCT srsubstate::text, '') FROM pg_subscription_rel
	WHERE srrelid IN ('brim.lead'::regclass, 'brim.generation'::regclass, 'brim.email'::regclass, 'brim.email_queue'::regclass, 'brim.send_ledger'::regclass)};
$away->wait_until($synced, 'r');
catch_up('everything');

is($away->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued' AND recipient LIKE '%waiting%'}), '6', 'the queue is at the subscriber');
mails_its_own('a subscriber mails its own company and none of the publisher');
is($away->sql(q{SELECT count(*) || ' ' || min(reason) FROM brim.queue_blocked WHERE kind = 'email' AND reason NOT IN ('company_taken', 'already_mailed')}),
	'6 other_node', 'and says why the others wait');

# A worker that begins takes over what its predecessor had claimed
is($away->sql(q{SELECT string_agg(status, ' ' ORDER BY status) FROM brim.outbound_email WHERE status IN ('claimed', 'committing')}),
	'claimed committing', 'what the publisher has claimed is at the subscriber');
begin_anew();
mails_its_own('a worker restarted at the subscriber mails none of what the publisher has claimed');

# Replicated while it happens
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '5');
$brim->set('brim.send' => 'off');
$brim->add_companies(2, 'Later');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%later%' AND status = 'queued'}, '4');
catch_up('everything');
is(mailed($smtp), 'waiting1 waiting2 waiting3', 'the publisher goes on');
is($away->sql(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%later%' AND status = 'queued'}), '4', 'the subscriber follows');
mails_its_own('a subscriber mails none of what is queued while it follows');
is($away->sql(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%waiting%' AND status = 'sent'}), '3', 'it knows whom the publisher mailed');
$away->sql(q{SELECT brim_release(min(email_id)) FROM brim.outbound_email WHERE recipient LIKE '%later1.%'});
$away->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%later1.%' AND status = 'sent'}, '1');
is(mailed($elsewhere), 'later1', 'what an operator adopts is sent');

# ---------------------------------------------------------------------------
# Jobs belong to the node that queued them, as e-mails do
# ---------------------------------------------------------------------------
$brim->add_companies(1, 'Halfwritten');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'running'}, '1');
$brim->set('brim.generate' => 'off');
$brim->add_companies(1, 'Unwritten');
catch_up('everything');
my $jobs = q{SELECT string_agg(status, ' ' ORDER BY company_name) FROM brim.generation JOIN brim.lead USING (company_id)
	WHERE company_name IN ('Halfwritten 1', 'Unwritten 1')};
is($away->sql($jobs), 'running queued', 'the jobs are at the subscriber');
mails_its_own('a subscriber writes none of the publisher\'s jobs');
begin_anew();
mails_its_own('nor when its worker is restarted');
is($away->sql(q{SELECT string_agg(DISTINCT reason, ' ') FROM brim.queue_blocked WHERE kind = 'generation'}), 'other_node', 'and it says why they wait');
$away->sql(q{SELECT brim_retry_generation(generation_id) FROM brim.generation JOIN brim.lead USING (company_id) WHERE company_name = 'Unwritten 1'});
$away->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%unwritten%' AND status = 'sent'}, '1');
is(mailed($elsewhere), 'unwritten1', 'a job that an operator adopts is written and sent');

# ---------------------------------------------------------------------------
# Leads alone, and a subscriber whose brim.node is overwritten
# ---------------------------------------------------------------------------
$away->sql('DROP SUBSCRIPTION everything');
foreach my $db (qw(leads blank))
{
	$away->node->safe_psql('postgres', "CREATE DATABASE $db");
	in($db, sub {
			$away->sql(q{CREATE EXTENSION brim; SELECT brim_grant('brim_worker', 'worker')});
			$away->fill_campaign($db);
		});
}
$away->set('brim.databases' => 'app, leads, blank');
in('leads', sub {
		$away->wait_until(q{SELECT string_agg(DISTINCT state, ' ') FROM brim.worker_slots()}, 'idle');
		$away->sql("CREATE SUBSCRIPTION leads CONNECTION '$publisher' PUBLICATION leads");
		$away->wait_until(q{SELECT string_agg(srsubstate::text, '') FROM pg_subscription_rel}, 'r');
		catch_up('leads');
		is($away->sql(q{SELECT count(*) > 10 FROM brim.lead}), 't', 'leads are at a subscriber of leads');
		mails_its_own('a subscriber of leads mails its own company and none of theirs');
		is($away->sql(q{SELECT count(*) FROM brim.generation}), '1', 'and makes no jobs for them');
	});
in('blank', sub {
		$away->wait_until(q{SELECT string_agg(DISTINCT state, ' ') FROM brim.worker_slots()}, 'idle');
		$away->sql("CREATE SUBSCRIPTION blank CONNECTION '$publisher' PUBLICATION everything WITH (copy_data = false)");
		$brim->sql('SELECT brim_pause()');
		$brim->sql('SELECT brim_resume()');
		$brim->set('brim.generate' => 'on');
		$brim->add_companies(1, 'Streamed');
		$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%streamed%' AND status = 'queued'}, '2');
		catch_up('blank');
		is($away->sql(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.node AS n USING (node_id) WHERE recipient LIKE '%streamed%'}), '2',
			'brim.node of a subscriber to everything is the publisher\'s');
		begin_anew();
		$away->wait_until(q{SELECT string_agg(DISTINCT state, ' ') FROM brim.worker_slots()}, 'disarmed');
		like($away->sql(q{SELECT detail FROM brim_status() WHERE check_name = 'node'}), qr/This is a copy/, 'so its worker is disarmed');
		is(mailed($elsewhere), '', 'and mails nobody');
	});
$brim->log_is_clean('the publisher: the log speaks of no crash and no leak');
$away->log_is_clean('the subscriber: the log speaks of no crash and no leak');

done_testing();
