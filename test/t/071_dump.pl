# A dump is complete whatever loads it: pg_restore with four jobs, which keeps to no
# order between tables, and psql. Queue, ledger, own rules and words, and changes of
# what was shipped are what they were; nothing is queued or journalled a second time.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('main');
$brim->set('brim.classify' => 'on');
$brim->add_companies(200);
$brim->set('brim.generate' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status IN ('queued', 'running')}, '0', 180);
$brim->set('brim.batch_size' => 40, 'brim.send_interval' => 86400, 'brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'}, '40', 180);
$brim->set('brim.send' => 'off', 'brim.databases' => '');
$brim->sql(q{
	-- own campaign, variants, template, words, rules
	INSERT INTO brim.campaign (name, product_name, product_pitch, sender_name, sender_address, postal_address, min_score)
	VALUES ('spring', 'Flowline', 'Flowline connects tools.', 'Ana', 'ana@flowline.example', 'Dublin', 90);
	INSERT INTO brim.variant (campaign, name, instruction) VALUES ('spring', 'own', 'Write about spring.');
	UPDATE brim.campaign SET min_score = 77, approval = 'review' WHERE name = 'default';
	UPDATE brim.variant SET instruction = 'Changed.', is_active = false WHERE campaign = 'default' AND name = 'roi_focused';
	UPDATE brim.template SET subject = 'Own subject' WHERE industry = '' AND variant = 'roi_focused';
	INSERT INTO brim.intent_class (class, polarity, weight, half_life_days, description) VALUES ('zebra', 1, 0.5, 30, 'Own kind');
	INSERT INTO brim.intent_term (class, term_no, source, words) VALUES ('zebra', 1, 'any', '{zebra round}'), ('funding', 900, 'any', '{giraffe round}');
	INSERT INTO brim.intent_cue (kind, phrase) VALUES ('negation', 'by no zebra');
	UPDATE brim.intent_class SET weight = 0.5, is_active = false WHERE class = 'ipo';
	UPDATE brim.intent_term SET is_active = false WHERE class = 'funding' AND term_no = 1;
	UPDATE brim.intent_cue SET is_active = false WHERE (kind, phrase) = (SELECT kind, phrase FROM brim.intent_cue WHERE is_standard ORDER BY kind, phrase LIMIT 1);
	SELECT brim_copy_model('balanced', NULL, 'own');
	SELECT brim_publish_model('own', NULL, true);
	INSERT INTO brim.model_price VALUES ('own-model', 1, 2);
	SELECT brim_suppress('domain', 'never.example', 'asked');
	SELECT brim_report_outcome((SELECT company_id FROM brim.send_ledger ORDER BY company_id LIMIT 1), 'demo_booked');
	UPDATE brim.lead SET news_mentions = '{Raises money}' WHERE company_id = (SELECT company_id FROM brim.send_ledger ORDER BY company_id LIMIT 1)});

# All rows of all dumped tables
my $tables = q{
	SELECT string_agg(x.relation::regclass::text, ' ' ORDER BY x.relation::regclass::text)
	  FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) AS x (relation) JOIN pg_class AS c ON c.oid = x.relation
	 WHERE e.extname = 'brim' AND c.relkind = 'r'};
my @tables = split / /, $brim->sql($tables);
cmp_ok(scalar(@tables), '>', 20, 'there are tables to dump');
sub contents
{
	my ($db, $table) = @_;
	# A changed template lies before the shipped one, which a restored database has again
	my $own = $table eq 'brim.template' ? 'WHERE NOT is_shipped' : '';
	return $brim->node->safe_psql($db, "SELECT to_jsonb(t) - CASE WHEN to_jsonb(t) ->> 'is_shipped' = 'true' THEN '{created_at}'::text[] ELSE '{}' END AS r FROM $table AS t $own ORDER BY to_jsonb(t)::text COLLATE \"C\"");
}
my %before = map { $_ => contents('app', $_) } @tables;
my $sequences = q{SELECT string_agg(schemaname || '.' || sequencename || ' ' || coalesce(last_value, 0), E'\n' ORDER BY 1) FROM pg_sequences WHERE schemaname = 'brim'};
is($brim->sql(q{SELECT coalesce(string_agg(c.oid::regclass::text, ' '), '')
		FROM pg_extension AS e CROSS JOIN LATERAL unnest(e.extconfig) AS x (relation) JOIN pg_class AS c ON c.oid = x.relation
	   WHERE e.extname = 'brim' AND c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgname = 'begin_restore')}),
	'', 'each dumped table is loaded without its triggers');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/app';
$brim->node->command_ok([ 'pg_dump', '-Fc', '-f', "$dump.dump", 'app' ], 'pg_dump -Fc');
$brim->node->command_ok([ 'pg_dump', '-f', "$dump.sql", 'app' ], 'pg_dump');
foreach my $case ([ parallel => 'pg_restore', '-e', '-j4', '-d', 'parallel', "$dump.dump" ], [ serial => 'pg_restore', '-e', '-d', 'serial', "$dump.dump" ],
	[ single => 'pg_restore', '-e', '-1', '-d', 'single', "$dump.dump" ], [ plain => 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'plain', '-f', "$dump.sql" ])
{
	my ($db, @command) = @$case;
	$brim->node->safe_psql('postgres', "CREATE DATABASE $db");
	$brim->node->command_ok(\@command, "$db: restored without an error");
	my @different = grep { contents($db, $_) ne $before{$_} } @tables;
	is(join(' ', @different), '', "$db: all tables have the rows they had");
	is($brim->node->safe_psql($db, $sequences), $brim->sql($sequences), "$db: sequences, too");
	is($brim->node->safe_psql($db, 'SHOW session_replication_role'), 'origin', "$db: sessions are as usual");
	is($brim->node->safe_psql($db, q{SELECT count(*) FROM brim.lead AS l WHERE brim_score(l) IS NULL}), '0', "$db: it scores by its own rules");
	my ($code, $out, $err) = $brim->node->psql($db, q{INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, kind, points) VALUES ('none', 1, 1, 'fit', 'x', 'industry', 'presence', 1)});
	like($err, qr/foreign key|does not exist|not-null|violates/, "$db: and its tables are guarded as before");
}

# A setting of the database is no script of pg_dump
$brim->node->safe_psql('parallel', q{
	ALTER DATABASE parallel SET check_function_bodies = off;
	ALTER DATABASE parallel SET row_security = off});
my ($code, $out, $err) = $brim->node->psql('parallel', q{INSERT INTO brim.variant (campaign, name, instruction) VALUES ('none', 'x', 'y')});
like($err, qr/violates foreign key constraint/, 'a setting of the database takes no foreign key away');
$brim->log_is_clean;

done_testing();
