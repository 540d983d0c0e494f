# A row scores the same in a serial plan, in a parallel plan and on a standby,
# and nothing is sent from a standby, nor from a promoted one before it is armed.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('primary', standby => 1);
my $primary = $brim->node;

$brim->sql(q{
	CREATE TABLE crm (id int, industry text, employee_count bigint, tech_stack text[], recent_job_posts varchar[], notes text);
	INSERT INTO crm
	SELECT i, (ARRAY['SaaS', 'fintech', 'Biotech', 'Mining', NULL])[1 + i % 5], i % 600,
		   (ARRAY['{zapier,slack}', '{slack}', '{}', '{HubSpot,NULL}'])[1 + i % 4]::text[],
		   (ARRAY['{Head of Operations}', '{Laptops sales}', NULL])[1 + i % 3]::varchar[], repeat('x', 200)
	  FROM generate_series(1, 20000) AS i;
	ANALYZE crm});

my $digest = q{SELECT md5(string_agg(concat_ws(',', id, s, f, i, a, e), ';' ORDER BY id)) FROM (
	SELECT id, brim_score(crm) AS s, brim_fit_score(crm) AS f, brim_intent_score(crm) AS i, brim_score(crm, 'aggressive') AS a,
		   md5(brim_explain(crm)::text) AS e
	  FROM crm) AS x};
my $serial = 'SET max_parallel_workers_per_gather = 0; ';
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; ';

my $expected = $brim->sql($serial . $digest);
like($expected, qr/^[0-9a-f]{32}$/, 'scored in a serial plan');
like($brim->sql($parallel . 'EXPLAIN (COSTS OFF) SELECT id, brim_score(crm) FROM crm WHERE brim_score(crm) > 75'),
	qr/Gather/, 'the planner may score in parallel');
is($brim->sql($parallel . $digest), $expected, 'a parallel plan gives the same');

# The standby
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is($standby->safe_psql('app', $serial . $digest), $expected, 'a standby gives the same');
is($standby->safe_psql('app', $parallel . $digest), $expected, 'a parallel plan on a standby gives the same');
is($standby->safe_psql('app', q{SELECT brim_score(crm, spec) FROM crm, brim.model_spec WHERE id = 99 AND name = 'balanced' AND is_published}),
	$brim->sql('SELECT brim_score(crm) FROM crm WHERE id = 99'), 'and so does the model as a value');
is($standby->safe_psql('app', 'SELECT count(*) FROM brim.kpi_qualified_leads'), '1', 'views are readable on a standby');

# A rule changed on the primary is seen by open sessions of the standby
my $session = $standby->background_psql('app');
my $ask = q{SELECT brim_score(ROW(r.*)) FROM (SELECT 1) AS r};
$ask = q{SELECT brim_score(crm, 'mine') FROM crm WHERE id = 99};
$brim->sql(q{
	INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight) VALUES ('mine', 1, 1, 0);
	INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, points)
		VALUES ('mine', 1, 1, 'fit', 'employee_count', 'employee_count', 'range', 1, 70);
	SELECT brim_publish_model('mine', 1)});
$primary->wait_for_catchup($standby);
is($session->query_safe($ask), '70', 'a session on the standby sees a new model');
$brim->sql(q{UPDATE brim.scoring_rule SET points = 30 WHERE model = 'mine'});
$primary->wait_for_catchup($standby);
is($session->query_safe($ask), '30', 'and, in the same session, a changed rule');
$session->quit;

# No worker there; after a promotion it runs, but disarmed
my $smtp = $brim->start_smtp;
$brim->set('brim.generate' => 'on');
$brim->add_companies(3);
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '6');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim worker'"), '0', 'no worker runs on a standby');
$primary->stop('immediate');
$standby->append_conf('postgresql.conf', "brim.send = on\nbrim.smtp_url = '" . $smtp->url . "'\n");
$standby->promote;
my $promoted = bless { %$brim, node => $standby, servers => [] }, 'BrimTest';
$promoted->set('brim.send' => 'on', 'brim.smtp_url' => $smtp->url);
$promoted->wait_until(q{SELECT state FROM brim.worker_slots()}, 'disarmed');
pass('a promoted standby is disarmed');
like($promoted->sql("SELECT string_agg(detail || hint, ' ') FROM brim_status() WHERE status = 'blocked'"),
	qr/brim_arm/, 'and says what to do');
is(scalar($smtp->mails), 0, 'nothing was mailed');
my $token = $promoted->sql(q{SELECT substring(detail FROM '''([^'']+)''') FROM brim_arm() WHERE item = 'confirm' LIMIT 1});
$promoted->sql("SELECT * FROM brim_arm('$token')");
$promoted->wait_idle;
is(scalar($smtp->mails), 0, 'armed, it holds what waits: the primary may have sent it since');
is($promoted->sql(q{SELECT DISTINCT reason FROM brim.queue_blocked}), 'copied', 'and says so');
$promoted->sql(q{SELECT brim_retry_generation(id) FROM brim.queue_blocked WHERE kind = 'generation'});
$promoted->sql(q{SELECT brim_release(id) FROM brim.queue_blocked WHERE kind = 'email'});
$promoted->wait_idle;
is(scalar($smtp->mails), 3, 'released, it sends each e-mail that was waiting');

done_testing();
