# From 0.1.0 to today: its library is built from test/upgrade, fills a database
# with a worker at work, and is swapped.  Until ALTER EXTENSION everything waits or
# says so; afterwards the queue goes on, nobody is mailed twice, what users made is
# there, and the catalogs are those of a fresh installation.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = $BrimTest::source;
my $root = "$source/../pg";
plan skip_all => 'needs the private installation of check.sh' unless -d $root;

sub sh
{
	my ($command) = @_;
	my $out = `($command) 2>&1`;
	die "$command: $out" if $?;
	return $out;
}

# An installation of our own, whose library and scripts can be swapped, and the old source
my $dir = PostgreSQL::Test::Utils::tempdir();
my $old = $ENV{BRIM_OLD_LIBRARY} || "$dir/old"; # one that was built before saves time
sh(qq{cp -a "$root" "$dir/pg" && mkdir -p "$old" && tar -C "$old" --keep-newer-files -xJf "$source/test/upgrade/brim-0.1.0.tar.xz"});
(my $bin = PostgreSQL::Test::Utils::slurp_file('/dev/null') . sh('pg_config --bindir')) =~ s/\s+$//;
my ($below) = $bin =~ m{/pg(/.*)/bin$} or die "no private installation: $bin";
my $installation = "$dir/pg$below";
my $make = qq{make -s PG_CONFIG="$installation/bin/pg_config" with_llvm=no};
sh(qq{cd "$dir/pg" && find . -name 'brim--*.sql' -delete});
sh(qq{cd "$old" && $make CFLAGS="-O1 -fPIC" && $make install});

my ($version) = PostgreSQL::Test::Utils::slurp_file("$source/brim.control") =~ /default_version = '(.+)'/;
my $message = qr/extension "brim" is installed in version 0\.1\.0, but its library has version \Q$version\E/;
my $hint = qr/HINT:  Run ALTER EXTENSION brim UPDATE in this database/;

# 0.1.0 at work ---------------------------------------------------------------------

my $brim = BrimTest->new('main', installation => $installation);
my $smtp = $brim->start_smtp;
my $installed = q{SELECT extversion FROM pg_extension WHERE extname = 'brim'};
is($brim->sql($installed), '0.1.0', 'version 0.1.0 is installed');
$brim->sql(q{
	CREATE ROLE reader; SELECT brim_grant('reader', 'reader');
	CREATE ROLE operator; SELECT brim_grant('operator', 'operator');
	CREATE ROLE admin; SELECT brim_grant('admin', 'admin');
	CREATE ROLE plain_user; SELECT brim_grant('plain_user', 'user');
	SELECT brim_copy_model('balanced', NULL, 'own');
	SELECT brim_publish_model('own');
	UPDATE brim.intent_class SET weight = 0.5 WHERE class = 'funding';
	INSERT INTO brim.intent_term (class, term_no, source, words) VALUES ('funding', 900, 'any', '{zebra round}');
	UPDATE brim.template SET subject = 'Own subject for {{company_name}}' WHERE industry = '' AND variant = 'roi_focused';
	SELECT brim_suppress('domain', 'never1.example', 'asked')});
$brim->add_companies(60);
$brim->add_companies(1, 'Never');
$brim->set('brim.smtp_url' => $smtp->url, 'brim.send_interval' => 86400, 'brim.batch_size' => 20, 'brim.smtp_connections' => 2);
$brim->set('brim.generate' => 'on', 'brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status IN ('queued', 'running')}, '0');
$brim->wait_until(q{SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'}, '20');
$brim->sql(q{
	SELECT brim_hold((SELECT min(email_id) FROM brim.outbound_email WHERE status = 'queued'), 'for later');
	SELECT brim_report_outcome((SELECT company_id FROM brim.send_ledger ORDER BY company_id LIMIT 1), 'demo_booked');
	WITH doubt AS (UPDATE brim.send_ledger SET state = 'uncertain'
	                WHERE email_id = (SELECT email_id FROM brim.send_ledger WHERE state = 'sent' ORDER BY email_id LIMIT 1) RETURNING email_id)
	UPDATE brim.outbound_email SET status = 'uncertain', sent_at = NULL WHERE email_id IN (SELECT email_id FROM doubt);
	DELETE FROM brim.event WHERE event_type = 'email_sent' AND email_id IN (SELECT email_id FROM brim.send_ledger WHERE state = 'uncertain')});
# A restore brought the ledger of one company without its e-mail, whose number another e-mail has
$brim->sql(q{INSERT INTO brim.send_ledger (campaign, company_id, email_id, message_id, state)
	SELECT 'default', 'orphan', max(email_id), 'orphan@example', 'sent' FROM brim.outbound_email WHERE status = 'queued'});
my @kept = (
	q{SELECT string_agg(concat_ws(' ', company_id, total_score, fit_score, intent_score), E'\n' ORDER BY company_id) FROM brim.lead},
	q{SELECT string_agg(concat_ws(' ', email_id, company_id, variant, status, hold_reason, recipient, message_id, md5(subject || body)), E'\n' ORDER BY email_id) FROM brim.outbound_email},
	q{SELECT string_agg(concat_ws(' ', campaign, company_id, email_id, state), E'\n' ORDER BY campaign, company_id) FROM brim.send_ledger WHERE company_id <> 'orphan'},
	q{SELECT string_agg(concat_ws(' ', generation_id, company_id, status, score), E'\n' ORDER BY generation_id) FROM brim.generation},
	q{SELECT string_agg(concat_ws(' ', company_id, event_type, occurred_at), E'\n' ORDER BY company_id, event_type, occurred_at) FROM brim.event},
	q{SELECT string_agg(to_jsonb(r)::text, E'\n' ORDER BY r.model, r.version, r.rule_no) FROM brim.scoring_rule AS r WHERE r.model = 'own'},
	q{SELECT string_agg(concat_ws(' ', email_id, attempt_no, phase, outcome, smtp_code, reply, started_at), E'\n' ORDER BY email_id, attempt_no) FROM brim.attempts},
	q{SELECT to_jsonb(c)::text FROM brim.campaign AS c},
	q{SELECT string_agg(concat_ws(' ', kind, value), ',' ORDER BY kind, value) FROM brim.suppression},
	q{SELECT (SELECT weight FROM brim.intent_class WHERE class = 'funding') || ' ' || (SELECT words::text FROM brim.intent_term WHERE class = 'funding' AND term_no = 900)
		|| (SELECT string_agg(subject, ' ') FROM brim.template WHERE NOT is_shipped)});
my @before = map { $brim->sql($_) } @kept;
$brim->node->safe_psql('postgres', 'CREATE DATABASE empty');
$brim->node->safe_psql('empty', 'CREATE EXTENSION brim');

# The new library ---------------------------------------------------------------------

$brim->node->stop;
sh(qq{cd "$source" && $make install});
$brim->start;
$brim->wait_log(qr/WARNING: .*$message/);
ok($brim->log_lines($hint), 'the worker says once why it waits, and what to do');
my ($code, $out, $err) = $brim->sql_as($brim->sql('SELECT current_user'), 'SELECT sum(brim_score(l)) FROM brim.lead AS l');
like($err, $message, 'until ALTER EXTENSION scoring says what is wrong');
like($err, $hint, 'and what to do');
($code, $out, $err) = $brim->sql_as($brim->sql('SELECT current_user'), q{INSERT INTO brim.lead (company_name, employee_count) VALUES ('Early', 100)});
like($err, $message, 'so does a new lead');
$brim->set('brim.send_interval' => 0, 'brim.batch_size' => 1000);
$brim->sql('SELECT brim.wake_worker()');
sleep(2);
is(scalar(my @mails = $smtp->mails), 20, 'the worker sends nothing');
is(scalar(my @said = grep { /WARNING/ } $brim->log_lines($message)), 1, 'and says so once');

# The update --------------------------------------------------------------------------

$brim->set('brim.send' => 'off');
$brim->sql('ALTER EXTENSION brim UPDATE');
$brim->node->safe_psql('empty', 'ALTER EXTENSION brim UPDATE');
is($brim->sql($installed), $version, 'ALTER EXTENSION brim UPDATE updates');
for my $i (0 .. $#kept)
{
	my ($what) = $kept[$i] =~ /FROM (brim\.\w+)/;
	# That an e-mail was sent is in the ledger from 0.2.0 on
	(my $now = $kept[$i]) =~ s/brim\.event\b/brim.journal/;
	is($brim->sql($now), $before[$i], "$what is as it was");
}
is($brim->sql(q{SELECT state || ' ' || (email_id < 0) FROM brim.send_ledger WHERE company_id = 'orphan'}), 'abandoned true',
	'a ledger row without an e-mail goes on blocking its company, and no other');
my $last = $brim->sql(q{SELECT count(DISTINCT company_id) FROM brim.outbound_email WHERE status = 'queued'}) + 20;
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status IN ('queued', 'claimed', 'committing')}, '0');
my %to;
$to{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
is(scalar(keys %to), $last, 'the queue is sent to its end');
is(join(' ', grep { $to{$_} > 1 } sort keys %to), '', 'and nobody is mailed twice');
ok(!$to{'contact@never1.example'}, 'nor who must not be');
$brim->add_companies(5, 'Later');
$brim->wait_until(q{SELECT count(*) FROM brim.send_ledger AS s JOIN brim.lead AS l USING (company_id) WHERE l.company_name LIKE 'Later%' AND s.state = 'sent'}, '5');
pass('new companies are taken, scored, written to');
is($brim->sql('SELECT count(*) FROM brim.lead AS l WHERE brim_score(l) <> total_score'), '0', 'scores are what they were');
is($brim->sql(q{SELECT count(*) FROM brim_status() WHERE status = 'blocked'}), '0', 'brim_status() is content');
foreach my $case ([ reader => 'SELECT count(*) FROM brim.kpi' ], [ operator => 'SELECT brim_pause(), brim_resume()' ], [ admin => 'SELECT count(*) FROM brim.scoring_rule' ], [ plain_user => 'SELECT count(*) FROM brim.lead' ])
{
	my ($role, $query) = @$case;
	my ($code, $out, $err) = $brim->sql_as($brim->sql('SELECT current_user'), "SET ROLE $role; $query");
	is($code, 0, "the $role has its rights") or diag($err);
}

# Fresh and updated -------------------------------------------------------------------

my $catalog = PostgreSQL::Test::Utils::slurp_file("$source/test/upgrade/catalog.sql");
my $rows = q{
	SELECT format('row of %s %s', x.name, replace(r.row::text, E'\n', ' '))
	  FROM (SELECT c.oid::regclass AS name
			  FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
			 WHERE c.relkind = 'r' AND c.oid <> 'brim.node'::regclass) AS x
	 CROSS JOIN LATERAL (SELECT u.e AS row
						   FROM unnest(xpath('/table/row', query_to_xml('SELECT to_jsonb(t) - ''{created_at,updated_at,published_at}''::text[] AS r FROM ' || x.name || ' AS t', true, false, ''))) AS u (e)) AS r
	 ORDER BY 1};
$brim->node->safe_psql('postgres', 'CREATE DATABASE fresh');
$brim->node->safe_psql('fresh', 'CREATE EXTENSION brim');

# Lines that only one of two texts has
sub difference
{
	my ($updated, $fresh) = map { my %h = map { $_ => 1 } split /\n(?=\S)/, $_; \%h } @_;
	return join("\n", map({ "updated: $_" } grep { !$fresh->{$_} } sort keys %$updated), map({ "fresh: $_" } grep { !$updated->{$_} } sort keys %$fresh));
}
is(difference($brim->node->safe_psql('empty', $catalog), $brim->node->safe_psql('fresh', $catalog)), '', 'an updated database has the catalogs of a fresh one');
is(difference($brim->node->safe_psql('empty', $rows), $brim->node->safe_psql('fresh', $rows)), '', 'and the shipped rows');
$brim->log_is_clean;

done_testing();
