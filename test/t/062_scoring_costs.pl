# Scoring reads neither catalogs nor rules for each row: it scans the same tables equally often
# for 1,000 rows and for 100,000, counted by PostgreSQL in the session that scores.

use strict;
use warnings;
use BrimTest;
use Test::More;

# Whoever changes tables meanwhile makes sessions read catalogs again
my $brim = BrimTest->new('main', worker => 0, campaign => 0, conf => 'autovacuum = off');
my ($few, $many) = (1000, 100_000);

$brim->sql(qq{
	CREATE SCHEMA crm;
	CREATE TABLE crm.company AS
	SELECT i AS id, 'Company ' || i AS company_name, i % 700 AS employee_count,
		   (ARRAY['SaaS', 'fintech', 'Biotech', 'Mining', NULL])[1 + i % 5] AS industry,
		   (ARRAY['{zapier,slack}', '{slack}', '{}', '{HubSpot,NULL}'])[1 + i % 4]::text[] AS tech_stack,
		   (ARRAY['{Head of Operations}', '{Laptops sales}', NULL])[1 + i % 3]::text[] AS recent_job_posts,
		   ARRAY[format((ARRAY['%s raises \$12 million in Series A', 'Größe: %s', '%s cuts 120 jobs'])[1 + i % 3], 'Company ' || i)] AS news_mentions,
		   jsonb_build_object('crm', jsonb_build_object('tier', (ARRAY['gold', 'tin'])[1 + i % 2])) AS attributes
	  FROM generate_series(1, $many) AS i;
	CREATE VIEW crm.customer AS SELECT * FROM crm.company;
	ANALYZE crm.company;

	-- A model with rules of every kind
	INSERT INTO brim.scoring_model (name, fit_weight, intent_weight) VALUES ('mine', 0.5, 0.5);
	INSERT INTO brim.scoring_rule (model, version, rule_no, dimension, signal, attribute, path, kind, low, keywords, pattern, stem, points) VALUES
		('mine', 1, 10, 'fit', 'size', 'employee_count', NULL, 'range', 100, NULL, NULL, false, 80),
		('mine', 1, 20, 'fit', 'industry', 'industry', NULL, 'one_of', NULL, '{saas}', NULL, false, 90),
		('mine', 1, 30, 'fit', 'tier', 'attributes', '{crm,tier}', 'one_of', NULL, '{gold}', NULL, false, 70),
		('mine', 1, 40, 'intent', 'tools', 'tech_stack', NULL, 'all_of', NULL, '{zapier,slack}', NULL, false, 60),
		('mine', 1, 41, 'intent', 'tools', 'tech_stack', NULL, 'otherwise', NULL, NULL, NULL, false, 10),
		('mine', 1, 50, 'intent', 'posts', 'recent_job_posts', NULL, 'words', NULL, '{operate,größe}', NULL, true, 50),
		('mine', 1, 51, 'intent', 'posts', 'recent_job_posts', NULL, 'regex', NULL, NULL, 's[ae]les\$', false, 40),
		('mine', 1, 60, 'intent', 'news', 'news_mentions', NULL, 'event', NULL, '{funding,layoffs}', NULL, false, 30);
	SELECT brim_publish_model('mine');

	-- What this session has read of each table so far, except those that the rows come from
	CREATE FUNCTION crm.read_so_far() RETURNS TABLE (name text, n bigint) LANGUAGE sql AS '
		SELECT format(''%s.%s'', schemaname, relname), seq_scan + coalesce(idx_scan, 0) + seq_tup_read + coalesce(idx_tup_fetch, 0)
		  FROM pg_stat_xact_all_tables WHERE schemaname <> ''crm''';
	-- What a statement reads for so many rows, after a run for few that fills the caches of the session
	CREATE FUNCTION crm.reads(statement text, n integer) RETURNS text LANGUAGE plpgsql AS \$\$
	DECLARE
		v_before jsonb;
		v_read text;
	BEGIN
		FOREACH n IN ARRAY ARRAY[10, n] LOOP
			v_before := (SELECT jsonb_object_agg(r.name, r.n) FROM crm.read_so_far() AS r);
			EXECUTE replace(statement, 'ROWS', n::text);
			v_read := (SELECT coalesce(string_agg(r.name || ' ' || r.n - coalesce((v_before ->> r.name)::bigint, 0), ', ' ORDER BY r.name), 'nothing')
						 FROM crm.read_so_far() AS r WHERE r.n > coalesce((v_before ->> r.name)::bigint, 0));
		END LOOP;
		RETURN v_read;
	END
	\$\$;

	-- Two functions that do what must not be
	CREATE FUNCTION crm.reads_rules(lead crm.company) RETURNS integer LANGUAGE plpgsql AS '
		BEGIN RETURN (SELECT max(points) FROM brim.scoring_rule WHERE model = ''mine'' AND points < lead.employee_count); END';
	CREATE FUNCTION crm.reads_catalog(lead crm.company) RETURNS integer LANGUAGE plpgsql AS '
		BEGIN RETURN (SELECT count(*) FROM pg_attribute WHERE attrelid = ''crm.company''::regclass AND attnum <= lead.employee_count); END'});

my $serial = 'SET max_parallel_workers_per_gather = 0; SET jit = off; ';

# What a statement reads for so many rows, as a hash from tables to numbers
sub reads_of
{
	my ($statement, $rows) = @_;
	$statement =~ s/'/''/g;
	my $text = $brim->sql($serial . "SELECT crm.reads('$statement', $rows)");
	return ($text, { $text eq 'nothing' ? () : map { /^(.*) (\d+)$/ } split(/, /, $text) });
}

# The comparison can fail: both functions are seen
my ($text, $read) = reads_of('SELECT sum(crm.reads_rules(c)) FROM crm.company AS c WHERE id <= ROWS', $few);
cmp_ok($read->{'brim.scoring_rule'} || 0, '>=', $few, 'a function that reads rules for each row would be seen') or diag($text);
($text, $read) = reads_of('SELECT sum(crm.reads_catalog(c)) FROM crm.company AS c WHERE id <= ROWS', $few);
cmp_ok($read->{'pg_catalog.pg_attribute'} || 0, '>=', $few, 'and one that reads a catalog') or diag($text);

# brim's own reading is seen where there is some: after a change of a rule, once a statement
my $change = q{UPDATE brim.scoring_rule SET points = points WHERE model = 'mine' AND rule_no = 10; };
my @after_change;
foreach my $rows ($few, $many)
{
	($text, $read) = reads_of("${change}SELECT sum(brim_score(c, 'mine')) FROM crm.company AS c WHERE id <= ROWS", $rows);
	push @after_change, $text;
	cmp_ok($read->{'brim.scoring_rule'} || 0, '>', 8, 'after a change the rules are read again') or diag($text);
}
is($after_change[1], $after_change[0], 'once, however many rows are scored');

# name, what scores, does the planner put the columns in the place of the row?, how many rows
my $spec = q{(SELECT spec FROM brim.model_spec WHERE name = 'mine')};
my $literal = $brim->sql("SELECT quote_literal(spec) FROM brim.model_spec WHERE name = 'mine'") . '::jsonb';
my @ways = (
	[ 'by columns', 'SELECT sum(brim_score(c)), sum(brim_fit_score(c)), sum(brim_intent_score(c)) FROM crm.company AS c WHERE id <= ROWS', 1 ],
	[ 'a model by columns', q{SELECT sum(brim_score(c, 'mine')) FROM crm.company AS c WHERE id <= ROWS}, 1 ],
	[ 'a version', q{SELECT sum(brim_score(c, 'mine@1')) FROM crm.company AS c WHERE id <= ROWS}, 1 ],
	[ 'intent_plus', q{SELECT sum(brim_score(c, 'intent_plus')) FROM crm.company AS c WHERE id <= ROWS}, 1 ],
	[ 'a view', q{SELECT sum(brim_score(c, 'mine')) FROM crm.customer AS c WHERE id <= ROWS}, 1 ],
	[ 'a row that may be missing', q{SELECT sum(brim_score(c, 'mine')) FROM (SELECT 1) AS one LEFT JOIN crm.company AS c ON c.id <= ROWS}, 0 ],
	[ 'a row of a subquery', q{SELECT sum(brim_score(q, 'mine')) FROM (SELECT employee_count::numeric, industry || id AS industry, tech_stack::varchar[], attributes
		FROM crm.company WHERE id <= ROWS OFFSET 0) AS q}, 1 ],
	[ 'a row that is computed', q{SELECT sum(brim_score(CASE WHEN q.id > 0 THEN q END, 'mine')) FROM (SELECT id, employee_count::numeric, industry || id AS industry, tech_stack::varchar[], attributes
		FROM crm.company WHERE id <= ROWS OFFSET 0) AS q}, 0 ],
	[ 'the model a column', q{SELECT sum(brim_score(c, m.name)) FROM crm.company AS c, (VALUES ('mine'), ('aggressive'), (NULL)) AS m (name) WHERE id <= ROWS}, 0 ],
	[ 'the spec a constant', qq{SELECT sum(brim_score(c, $literal)) FROM crm.company AS c WHERE id <= ROWS}, 1 ],
	[ 'the spec from a subquery', qq{SELECT sum(brim_score(c, $spec)) FROM crm.company AS c WHERE id <= ROWS}, 0 ],
	[ 'specs that vary', qq{SELECT sum(brim_score(c, s.spec)) FROM crm.company AS c, (SELECT spec FROM brim.model_spec WHERE is_published OFFSET 0) AS s WHERE id <= ROWS}, 0, 20_000 ],
	[ 'explanations', q{SELECT count(brim_explain(c)) FROM crm.company AS c WHERE id <= ROWS}, undef ],
	[ 'explanations by name and spec', qq{SELECT count(brim_explain(c, 'mine')), count(brim_explain(c, $spec)) FROM crm.company AS c WHERE id <= ROWS}, undef, 10_000 ],
	[ 'events of a text', q{SELECT count(e.class) FROM crm.company AS c, LATERAL brim_intent_signals(c.news_mentions[1], c.company_name, 'news') AS e WHERE id <= ROWS}, undef ]);

foreach my $way (@ways)
{
	my ($name, $statement, $by_columns, $rows) = (@$way, $many);
	my ($of_few) = reads_of($statement, $few);
	my ($of_many) = reads_of($statement, $rows);
	is($of_many, $of_few, "$name: $rows rows read what $few do");
	note("$name: $of_few");
	next unless defined $by_columns;
	my $plan = $statement;
	$plan =~ s/ROWS/$many/g;
	$plan = $brim->sql("${serial}EXPLAIN (VERBOSE, COSTS OFF) $plan");
	my $found = $plan =~ /score_columns/ ? 1 : 0;
	is($found, $by_columns, "$name: " . ($by_columns ? 'the row is not built' : 'the row is built')) or diag($plan);
}

# Leads that are written are scored by a trigger. Writing reads indexes for each row, but not the rules.
my %of;
foreach my $rows (100, 1000)
{
	my (undef, $all) = reads_of("INSERT INTO brim.lead (company_name, employee_count, industry, model)
		SELECT 'Lead ' || ROWS || ' ' || clock_timestamp() || id, employee_count, industry, 'mine' FROM crm.company WHERE id <= ROWS", $rows);
	$of{$rows} = join(', ', map { "$_ $all->{$_}" } grep { /scoring_|published_model|intent_/ } sort keys %$all);
}
is($of{1000}, $of{100}, 'leads that are stored: 1000 read as much of rules as 100 do');
note("stored: $of{100}");

done_testing();
