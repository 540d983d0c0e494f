# The extension installs with and without preloading, says how to be preloaded,
# leaves nothing behind when dropped, and survives pg_dump with all that users
# put into it.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Everything that a database and the cluster know, by name
my $catalog = q{
	SELECT string_agg(what, E'\n' ORDER BY what COLLATE "C") FROM (
		SELECT 'class ' || oid::regclass::text || ' ' || relkind::text FROM pg_class WHERE oid >= 16384
		UNION ALL SELECT 'proc ' || oid::regprocedure::text FROM pg_proc WHERE oid >= 16384
		UNION ALL SELECT 'type ' || oid::regtype::text FROM pg_type WHERE oid >= 16384
		UNION ALL SELECT 'namespace ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
		UNION ALL SELECT 'operator ' || oid::regoperator::text FROM pg_operator WHERE oid >= 16384
		UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger
		UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
		UNION ALL SELECT 'role ' || rolname FROM pg_roles
		UNION ALL SELECT 'extension ' || extname FROM pg_extension
		UNION ALL SELECT 'default acl ' || oid FROM pg_default_acl
		UNION ALL SELECT 'dependency ' || classid::regclass::text || ' ' || objid FROM pg_depend WHERE objid >= 16384
		UNION ALL SELECT 'shared dependency ' || classid::regclass::text || ' ' || objid FROM pg_shdepend
			WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
		UNION ALL SELECT 'database setting ' || setrole || ' ' || array_to_string(setconfig, ',') FROM pg_db_role_setting
	) AS c (what)};

# Without the library preloaded
my $plain = BrimTest->new('plain', preload => 0, extension => 0);
my $before = $plain->sql($catalog);
$plain->sql('CREATE EXTENSION brim');
is($plain->sql(q{
		SELECT brim_score(r) FROM (SELECT 120 AS employee_count, 'SaaS' AS industry,
			ARRAY['hubspot'] AS tech_stack, ARRAY['Head of Operations'] AS recent_job_posts) AS r}),
	'100', 'scores without being preloaded');
$plain->add_companies(3);
is($plain->sql('SELECT count(*) FROM brim.lead WHERE total_score > 75'), '3', 'takes companies without being preloaded');
is($plain->statuses('generation'), 'queued=3', 'queues generation without being preloaded');
like($plain->sql("SELECT string_agg(concat_ws(' ', status, detail, hint), E'\n') FROM brim_status() WHERE status = 'blocked'"),
	qr/shared_preload_libraries.*brim/s, 'brim_status() says how to preload');
$plain->sql('DROP EXTENSION brim');
is($plain->sql($catalog), $before, 'DROP EXTENSION leaves nothing behind');
$plain->sql('CREATE EXTENSION brim');
is($plain->sql('SELECT count(*) FROM brim.lead'), '0', 'and it can be created again');
$plain->sql('DROP EXTENSION brim');

# Schema brim is the extension's own
$plain->sql('CREATE SCHEMA brim');
my ($refused, undef, $why) = $plain->sql_as($plain->sql('SELECT current_user'), 'CREATE EXTENSION brim SCHEMA brim');
like($why, qr/cannot be created in schema "brim".*HINT:.*CREATE EXTENSION brim SCHEMA public/s, 'CREATE EXTENSION brim SCHEMA brim is refused, with what to write instead');
$plain->sql('DROP SCHEMA brim');
$plain->node->stop;

# With it, in a schema of the user's choice, while a worker runs
my $brim = BrimTest->new('preloaded', extension => 0, worker => 0);
$brim->sql(q{CREATE SCHEMA growth; CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0});
$before = $brim->sql($catalog);
$brim->sql('CREATE EXTENSION brim SCHEMA growth');
is($brim->sql("SELECT growth.brim_company_id('Acme', 'https://www.Acme.example:443/x') = growth.brim_company_id('Other', 'acme.example')"),
	't', 'lives in the schema it is given');
$brim->fill_campaign;
$brim->sql("SELECT growth.brim_grant('brim_worker', 'worker')");
$brim->set('brim.worker_role' => 'brim_worker', 'brim.databases' => 'app', 'brim.generate' => 'on');
$brim->sql(q{SELECT growth.brim_score_company('{"company_name": "Acme", "employee_count": 100, "industry": "SaaS",
	"tech_stack": ["make"], "recent_job_posts": ["RevOps lead"], "contact_email": "a@acme.example"}')});
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, '2');
pass('the worker writes e-mails in a schema of choice');
$brim->sql('DROP EXTENSION brim');
# The schema is the user's, and so is what brim_grant() was asked to give on it
$brim->sql('REVOKE USAGE ON SCHEMA growth FROM brim_worker');
is($brim->sql($catalog), $before, 'DROP EXTENSION leaves nothing behind, worker or no worker');
$brim->log_is_clean;
$brim->node->stop;

# What users put in comes back out of a dump
my $source = BrimTest->new('source', worker => 0);
$source->add_companies(5);
$source->sql(q{
	INSERT INTO brim.campaign (name, product_name, min_score) VALUES ('spring', 'Ümläut', 90);
	INSERT INTO brim.variant (campaign, name, instruction, weight) VALUES ('spring', 'short', 'Be short.', 2);
	UPDATE brim.variant SET instruction = 'Mine.' WHERE campaign = 'default' AND name = 'roi_focused';
	UPDATE brim.variant SET is_active = false WHERE campaign = 'default' AND name = 'problem_focused';
	SELECT brim_suppress('domain', 'nobody.example', 'asked');
	SELECT brim_log_event('u1', 'file_upload', '{"n": 1}');
	SELECT brim_report_outcome((SELECT min(company_id) FROM brim.lead), 'demo_booked');
	INSERT INTO brim.scoring_model (name, version, fit_weight, intent_weight)
		SELECT 'mine', 1, fit_weight, intent_weight FROM brim.scoring_model WHERE name = 'balanced';
	INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, low, points)
		VALUES ('mine', 1, 1, 'fit', 'employee_count', 'employee_count', 'range', 10, 70);
	SELECT brim_publish_model('mine', 1, true);
	UPDATE brim.intent_class SET weight = 0.25, half_life_days = NULL WHERE class = 'funding';
	UPDATE brim.intent_class SET is_active = false WHERE class = 'ipo';
	INSERT INTO brim.intent_class (class, polarity, weight) VALUES ('award', 1, 0.5);
	INSERT INTO brim.intent_term (class, term_no, words, near) VALUES ('award', 1000, '{wins}', '{>prize}'), ('layoffs', 1000, '{"says goodbye to {people}"}', '{}');
	UPDATE brim.intent_term SET words = words || '{gives up its seat}'::text[] WHERE class = 'delisting' AND term_no = 1;
	UPDATE brim.intent_term SET is_active = false WHERE class = 'partnership';
	INSERT INTO brim.intent_cue (kind, phrase) VALUES ('hedge', 'they say');
	UPDATE brim.intent_cue SET is_active = false WHERE kind = 'negation' AND phrase = 'denies';
	INSERT INTO brim.template (industry, variant, subject, body) VALUES ('saas', 'short', 'Hello {{company_name}}', 'Body');
	INSERT INTO brim.email (campaign, company_id, variant, score, node_id, recipient, subject, body,
			message_id, message_date, generated_by)
		SELECT 'default', company_id, v, 80, (SELECT node_id FROM brim.node), contact_email, 'S', 'B',
			company_id || '@x', now(), 'template' FROM (SELECT * FROM brim.lead LIMIT 1) AS l, unnest('{roi_focused,queued,parked}'::text[]) AS v;
	INSERT INTO brim.send_ledger (campaign, company_id, email_id, score, node_id, claims, state, sent_at)
		SELECT campaign, company_id, email_id, score, node_id, 1, 'sent', now() FROM brim.email WHERE variant = 'roi_focused';
	INSERT INTO brim.email_queue (campaign, company_id, email_id, score, node_id, choice)
		SELECT campaign, company_id, email_id, score, node_id, choice FROM brim.email WHERE variant = 'queued';
	INSERT INTO brim.email_parked (campaign, company_id, email_id, score, node_id, choice, status)
		SELECT campaign, company_id, email_id, score, node_id, choice, 'failed' FROM brim.email WHERE variant = 'parked';
	INSERT INTO brim.email_owner VALUES (3, 99, now());
	INSERT INTO brim.email_attempt SELECT email_id, 1, 'RCPT', 'failed', 550, '5.1.1', 'no', 'mx', now(), now() FROM brim.email_parked});

my $dir = PostgreSQL::Test::Utils::tempdir();
my $dump = sub {
	my ($db, $file) = @_;
	$source->node->command_ok([ 'pg_dump', '--no-sync', '-f', "$dir/$file", '-d', $source->node->connstr($db) ], "pg_dump of $db");
	my $text = PostgreSQL::Test::Utils::slurp_file("$dir/$file");
	# Newer servers put a random key around a dump
	$text =~ s/^\\(?:un)?restrict .*\n//mg;
	return $text;
};
my $first = $dump->('app', 'first.sql');
$source->node->safe_psql('postgres', 'CREATE DATABASE restored');
$source->node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $source->node->connstr('restored'), '-f', "$dir/first.sql" ],
	'the dump is restored without an error');
my $second = $dump->('restored', 'second.sql');
my $sorted = sub { return join("\n", sort split /\n/, $_[0]) };
is($sorted->($second), $sorted->($first), 'a dump of the restored database is the same dump');
# The lexicon as a whole, and what it finds
my $lexicon = q{SELECT concat_ws(E'\n',
	(SELECT string_agg(c::text, E'\n' ORDER BY class) FROM brim.intent_class AS c WHERE NOT is_shipped),
	(SELECT string_agg(t::text, E'\n' ORDER BY class, term_no) FROM brim.intent_term AS t WHERE NOT is_shipped),
	(SELECT string_agg(q::text, E'\n' ORDER BY kind, phrase) FROM brim.intent_cue AS q WHERE NOT is_shipped),
	(SELECT md5(string_agg(c::text, ',' ORDER BY class)) FROM brim.intent_class AS c),
	(SELECT md5(string_agg(t::text, ',' ORDER BY class, term_no)) FROM brim.intent_term AS t),
	(SELECT md5(string_agg(q::text, ',' ORDER BY kind, phrase)) FROM brim.intent_cue AS q))};
my $found = q{SELECT string_agg(concat_ws(' ', class, certainty, weight), ', ' ORDER BY class) FROM brim_intent_signals(
	'Acme raises $5M. Acme goes public. Acme wins a prize. Acme says goodbye to 50 people. Acme partners with Globex. Acme denies job cuts.', 'Acme', 'news')};
is($source->sql($found), 'award stated 0.5, funding stated 0.25, layoffs stated 1, layoffs stated 1', 'a lexicon as its users want it');
is($source->node->safe_psql('restored', $found), $source->sql($found), 'finds the same where it was restored');
is($source->node->safe_psql('restored', $lexicon), $source->sql($lexicon), 'row by row: changed, switched off, and own ones');
unlike($first, qr/brim\.node\b.*FROM stdin/, 'brim.node is not dumped');
isnt($source->node->safe_psql('restored', 'SELECT node_id FROM brim.node'),
	$source->sql('SELECT node_id FROM brim.node'), 'the restored database is another node');
is($source->node->safe_psql('restored', "SELECT brim_score(l) = brim_score(l, 'mine') FROM brim.lead AS l LIMIT 1"),
	't', 'the published default model survives');
is($source->node->safe_psql('restored', q{SELECT count(*) FROM (SELECT brim_log_event('u2', 'result_viewed')) AS x}),
	'1', 'identity columns go on where they were');
$source->log_is_clean;

done_testing();
