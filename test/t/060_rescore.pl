# brim_rescore_all(): interrupted for real, by a cancel, a lost session and a crash,
# it goes on where it stopped; nothing is lost, nothing is written that does not
# change, and two do not do the same work at once.

use strict;
use warnings;
use BrimTest;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $n = 3000;
my $brim = BrimTest->new('main', worker => 0);
my $node = $brim->node;

$brim->sql(qq{
	UPDATE brim.campaign SET is_active = false;
	SELECT brim_copy_model('balanced', new_name => 'mine');
	SELECT brim_publish_model('mine');
	INSERT INTO brim.lead (company_id, company_name, employee_count, industry, tech_stack, model)
	SELECT lpad(i::text, 6, '0'), 'Company ' || i, 1 + i % 400, (ARRAY['SaaS', 'Mining', 'Biotech', 'AI'])[1 + i % 4],
		   (ARRAY['{zapier}', '{sap}'])[1 + i % 2]::text[], 'mine'
	  FROM generate_series(1, $n) AS i;
	ANALYZE brim.lead;
	-- What the rows are before, and every write of one
	CREATE TABLE at_first AS SELECT company_id, ctid AS place, xmin::text AS made_by, total_score FROM brim.lead;
	CREATE TABLE write (company_id text, at_xid text DEFAULT pg_current_xact_id()::text);
	CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN INSERT INTO public.write (company_id) VALUES (NEW.company_id); RETURN NEW; END';
	CREATE TRIGGER note_write BEFORE UPDATE ON brim.lead FOR EACH ROW EXECUTE FUNCTION note_write();
	-- A lead at which a run waits while somebody holds this lock
	CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END'});

# A rule changes in place, so that some of the leads change and the others do not
$brim->sql(q{
	UPDATE brim.scoring_rule SET keywords = keywords || 'mining'::text WHERE model = 'mine' AND rule_no = 20;
	CREATE TABLE to_change AS SELECT company_id FROM brim.lead AS l WHERE total_score <> brim_score(l, 'mine')});
my $changes = $brim->sql('SELECT count(*) FROM to_change');
cmp_ok($changes, '>', 200, 'some leads are to change');
cmp_ok($changes, '<', 700, 'and most are not');

# Let a run reach a lead in the middle and stay there, as long as the lock is held
my $holder;
my $hold = sub {
	my ($company_id) = @_;
	$brim->sql(qq{
		DROP TRIGGER IF EXISTS wait_here ON brim.lead;
		CREATE TRIGGER wait_here BEFORE UPDATE ON brim.lead FOR EACH ROW WHEN (NEW.company_id = '$company_id') EXECUTE FUNCTION wait_here()});
	$holder = $node->background_psql('app');
	$holder->query_safe('SELECT pg_advisory_lock(42)');
};
my $let_go = sub { $holder->quit };
my $call = sub {
	my ($statement) = @_;
	my $run = { out => '', err => '' };
	$run->{handle} = IPC::Run::start(
		[ 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('app'), '-c', $statement ],
		'>', \$run->{out}, '2>', \$run->{err});
	return $run;
};
my $waiting = q{SELECT pid FROM pg_stat_activity WHERE query ~ '^CALL brim_rescore_all' AND wait_event = 'advisory'};
my $progress = q{SELECT state, seen, written, last_company_id FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1};

# What is committed when a run waits at a lead, in batches of 100
my $before = sub { return int(($_[0] - 1) / 100) * 100 };

# Canceled in the middle of a batch
my $mid = $brim->sql(q{SELECT max(company_id) FROM to_change WHERE company_id < '001550'});
$hold->($mid);
my $run = $call->('CALL brim_rescore_all(batch_size => 100)');
my $pid = $brim->wait_until($waiting, qr/^\d+$/);
my ($state, $seen, $written, $last) = split /\|/, $brim->sql($progress);
is($state, 'running', 'a run that waits is running');
is($seen, $before->($mid), 'what is committed can be seen while it runs');
is($brim->sql(q{SELECT share_done FROM brim.rescore_progress}), sprintf('%.1f', 100 * $seen / $n), 'and what share that is');
is($brim->sql('SELECT pid FROM brim.rescore_progress'), $pid, 'and who does it');

# Meanwhile nobody does the same; others may do something else
my ($code, $out, $err) = $brim->sql_as(undef, 'CALL brim_rescore_all()');
isnt($code, 0, 'a second one is refused');
like($err, qr/55006: process $pid is rescoring the leads by their models already/, 'with the process that is at it');

is($brim->sql("SELECT pg_cancel_backend($pid)"), 't', 'the run is canceled');
IPC::Run::finish($run->{handle});
like($run->{err}, qr/canceling statement due to user request/, 'and ends with that error');
$let_go->();
is($brim->sql($progress), "interrupted|$seen|$written|$last", 'it is interrupted, with all that it had committed');
is($last, sprintf('%06d', $seen), 'at the end of a batch');
is($brim->sql('SELECT max(company_id) FROM write'), $brim->sql(qq{SELECT max(company_id) FROM to_change WHERE company_id <= '$last'}),
	'of the current batch nothing is left');

# It goes on, in a session that is lost in the middle
$mid = $brim->sql(q{SELECT max(company_id) FROM to_change WHERE company_id < '002050'});
$hold->($mid);
$run = $call->('CALL brim_rescore_all(batch_size => 100)');
$pid = $brim->wait_until($waiting, qr/^\d+$/);
is($brim->sql(q{SELECT min(seen) FROM brim.rescore_progress}), $before->($mid), 'called again, it goes on where it stopped');
$brim->sql("SELECT pg_terminate_backend($pid)");
IPC::Run::finish($run->{handle});
$let_go->();
$brim->wait_until(qq{SELECT count(*) FROM pg_stat_activity WHERE pid = $pid}, '0');
like($brim->sql($progress), qr/^interrupted\|@{[$before->($mid)]}\|/, 'a lost session leaves an interrupted run');

# And in a server that crashes
$mid = $brim->sql(q{SELECT max(company_id) FROM to_change WHERE company_id < '002550'});
$hold->($mid);
$run = $call->('CALL brim_rescore_all(batch_size => 100)');
$brim->wait_until($waiting, qr/^\d+$/);
$node->stop('immediate');
IPC::Run::finish($run->{handle});
eval { $holder->quit };
$node->start;
like($brim->sql($progress), qr/^interrupted\|@{[$before->($mid)]}\|/, 'so does a crash');
$brim->sql('DROP TRIGGER wait_here ON brim.lead');

# Those between that came in or changed have their scores from their own writes
$brim->sql(q{
	INSERT INTO brim.lead (company_id, company_name, employee_count, industry, model) VALUES ('000000', 'First', 100, 'Mining', 'mine'), ('zzz', 'Last', 100, 'Mining', 'mine');
	UPDATE brim.lead SET employee_count = 5 WHERE company_id IN ('000002', '002998')});
$brim->sql('CALL brim_rescore_all(batch_size => 250)');
is($brim->sql(q{SELECT state, seen, written, share_done FROM brim.rescore_progress}), "finished|" . ($n + 1) . "|$changes|100.0", 'it finishes');
is($brim->sql(q{SELECT count(*) FROM brim.lead AS l, brim.lead_scores(l, l.model) AS s
				 WHERE (l.fit_score, l.intent_score, l.total_score, l.confidence, l.action, l.model, l.model_version)
					   IS DISTINCT FROM (s.fit_score, s.intent_score, s.total_score, s.confidence, s.action, s.model, s.model_version)}),
	'0', 'every lead has its score');
is($brim->sql(q{SELECT count(*), count(DISTINCT company_id) FROM write WHERE company_id NOT IN ('000002', '002998')}),
	"$changes|$changes", 'each lead that changes is written once');
is($brim->sql(q{SELECT count(DISTINCT at_xid) > 10 FROM write}), 't', 'in many transactions');
is($brim->sql(q{SELECT count(*) FROM at_first AS f JOIN brim.lead AS l USING (company_id)
				 WHERE l.company_id NOT IN ('000002', '002998') AND l.company_id NOT IN (SELECT company_id FROM to_change) AND (l.ctid, l.xmin::text) <> (f.place, f.made_by)}),
	'0', 'no other row has moved or been written');
is($brim->sql(q{SELECT count(*), count(DISTINCT company_id) FROM brim.score_changes WHERE company_id NOT IN ('000002', '002998')}),
	"$changes|$changes", 'the history has each change once');
is($brim->sql(q{SELECT count(*) FROM brim.score_changes AS c JOIN at_first AS f USING (company_id)
				 WHERE c.old_score <> f.total_score AND company_id NOT IN ('000002', '002998')}),
	'0', 'with the score that was before');

# Models that change while a run is at it: every lead has its score from the last
$brim->sql(q{UPDATE brim.scoring_rule SET points = 10 WHERE model = 'mine' AND rule_no = 20});
$hold->($mid);
$run = $call->('CALL brim_rescore_all(batch_size => 100)');
$brim->wait_until($waiting, qr/^\d+$/);
$brim->sql(q{UPDATE brim.scoring_rule SET points = 95 WHERE model = 'mine' AND rule_no = 20});
$let_go->();
IPC::Run::finish($run->{handle});
is($run->{err}, '', 'a run during which the models change ends well');
is($brim->sql(q{SELECT count(*) FROM brim.lead AS l WHERE l.total_score <> brim_score(l, l.model)}), '0', 'and all leads have their scores from the new rules');
is($brim->sql('SELECT count(*) FROM brim.rescore_run WHERE finished_at IS NULL'), '0', 'it has finished');

# Those with the capability may call it, and commit
$brim->sql(q{CREATE ROLE chief LOGIN; SELECT brim_grant('chief', 'admin'); UPDATE brim.scoring_rule SET points = 96 WHERE model = 'mine' AND rule_no = 20});
($code, $out, $err) = $brim->sql_as('chief', 'CALL brim_rescore_all(batch_size => 500)');
is($code, 0, 'an admin may call it') or diag($err);
is($brim->sql(q{SELECT started_by, state FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1}), 'chief|finished', 'and is named');
$brim->sql(q{CREATE ROLE watcher LOGIN; SELECT brim_grant('watcher', 'reader')});
($code, $out, $err) = $brim->sql_as('watcher', 'CALL brim_rescore_all()');
like($err, qr/42501/, 'a reader may not');
($code, $out, $err) = $brim->sql_as('watcher', 'SELECT count(*) FROM brim.rescore_progress');
is($code, 0, 'but may watch');

$brim->log_is_clean;
done_testing();
