# Texts about leads are classified once each, whatever Gemini answers and however
# often the worker dies; what is found reaches every lead that has the text, and
# its score.  Off, which is the default, nothing of this happens.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $brim = BrimTest->new('main', conf => "restart_after_crash = on\n");
my @cases = (
	# a text, what Gemini does with requests that hold it, how it ends, its events, requests made
	[ 'Good [funding] round', ['ok'], 'done', 'funding stated', 1 ],
	[ 'Hedged [layoffs?] talk', ['ok'], 'done', 'layoffs hedged', 1 ],
	[ 'Silent about everything', ['ok'], 'done', '', 1 ],
	[ 'Two [acquisition] and [layoffs]', ['thought'], 'done', 'acquisition stated, layoffs stated', 1 ],
	[ 'Forgotten [ipo]', [ 'missing_n', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Misnumbered [ipo]', [ 'wrong_n', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Zeppelin [ipo]', [ 'unknown_class', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Invented [ipo]', ['invented'], 'done', 'ipo stated', 1 ],
	[ 'Cutoff [ipo]', [ 'max_tokens', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Malformed [ipo]', [ 'malformed', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Notjson [ipo]', [ 'not_json', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Badbytes [ipo]', [ 'bad_utf8', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Huge [ipo]', [ 'big:2000000', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Limited [ipo]', [ 'r429', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Overload [ipo]', [ 'r503', 'r500_html', 'ok' ], 'done', 'ipo stated', 3 ],
	[ 'Short [ipo]', [ 'short', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Hanging [ipo]', [ 'hang:30', 'ok' ], 'done', 'ipo stated', 2 ],
	[ 'Blocked [ipo]', ['block_reason'], 'failed', '', 1 ],
	[ 'Never [ipo]', ['max_tokens'], 'failed', '', 5 ],
	[ 'Airship [ipo]', ['unknown_class'], 'done', '', 2 ],);
my $gemini = $brim->start_gemini(
	script => [ (map { my ($word) = $_->[0] =~ /^(\w+)/; { match => "\\b$word\\b", steps => $_->[1] } } @cases),
		# in company they are refused, alone they are not, except one
		{ match => 'Spoiler', steps => ['block_reason'] },
		{ match => 'Slowly|Sluggish', steps => ['slow:3000'] },
		{ match => 'Stuck', steps => [ 'hang:300', 'ok' ] },
		{ match => 'Quota', steps => [ 'r429_day', 'ok' ] },
		{ match => 'Wrongkey', steps => [ 'r401', 'ok' ] } ]);

# How many requests held this text
sub asked
{
	my ($word) = @_;
	return scalar(grep { defined $_->{user_text} && $_->{user_text} =~ /\b\Q$word\E\b/ } $gemini->journal);
}

sub wait_done
{
	my ($seconds) = @_;
	$brim->wait_until(q{SELECT (SELECT count(*) FROM brim.classification WHERE status IN ('queued', 'running'))
		+ (SELECT count(*) FROM brim.classification WHERE to_hand_on)
		+ (SELECT count(*) FROM brim.pending_lead WHERE error IS NULL)}, '0', $seconds);
	return;
}

sub events { return $brim->sql(q{SELECT coalesce(attributes ->> 'gemini_events', '-') FROM brim.lead WHERE company_id = '} . shift . q{'}) }

# A quoted array of texts
sub texts
{
	return 'ARRAY[' . join(', ', map { (my $t = $_) =~ s/'/''/g; "'$t'" } @_) . ']::text[]';
}

# Off -----------------------------------------------------------------------------

$brim->set(
	'brim.gemini_url' => $gemini->url,
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.gemini_timeout' => 4);
is($brim->sql('SHOW brim.classify'), 'off', 'brim.classify is off by default');
my $n = 0;
foreach my $case (@cases)
{
	$n++;
	$brim->sql("INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('c$n', 'Case $n', " . texts($case->[0]) . ')');
}
# Something else wakes the worker and ends
$brim->sql(q{SELECT brim_pause(); SELECT brim_resume()});
$brim->wait_until(q{SELECT string_agg(state, ' ') FROM brim.worker_status WHERE component = 'worker'}, 'idle');
is($brim->sql(q{SELECT (SELECT count(*) FROM brim.classification) || ' ' || (SELECT count(*) FROM brim.lead_text) || ' ' || (SELECT count(*) FROM brim.pending_lead)}),
	'0 0 0', 'off, leads leave nothing behind');
is(scalar($gemini->journal), 0, 'and there is no request');
is($brim->sql(q{SELECT status FROM brim_status() WHERE check_name = 'classify'}), 'info', 'brim_status() says that it is off');
is($brim->sql('SELECT brim_classify_leads()'), scalar(@cases), 'stored leads are queued when that is asked for');
is($brim->sql('SELECT brim_classify_leads()'), '0', 'once');
is($brim->sql(q{SELECT string_agg(DISTINCT reason, ' ') FROM brim.queue_blocked WHERE kind = 'classification'}), 'classify_off',
	'brim.queue_blocked says why they wait');
is(scalar($gemini->journal), 0, 'and still there is no request');

# Whatever Gemini answers -----------------------------------------------------------

# Each alone, so that a case is a request
$brim->sql('UPDATE brim.classification SET goes_apart = true');
$brim->set('brim.classify' => 'on');
my $deadline = time() + 120;
while ($brim->sql(q{SELECT count(*) FROM brim.classification WHERE status IN ('queued', 'running')}) > 0)
{
	die 'texts are not classified: ' . $brim->statuses('classification') if time() > $deadline;
	# The schedule is that of generations; later attempts are brought forward
	$brim->sql(q{UPDATE brim.classification SET next_attempt_at = now() WHERE status = 'queued' AND attempts > 1});
	sleep(0.2);
}
wait_done();
$n = 0;
foreach my $case (@cases)
{
	my ($text, $steps, $status, $events, $requests) = @$case;
	my ($word) = $text =~ /^(\w+)/;
	my $what = "$word (" . join(', ', @$steps) . ')';
	$n++;
	my ($row) = $brim->rows("SELECT * FROM brim.classification WHERE content = '$text'");
	is($row->{status}, $status, "$what: $status");
	is($row->{attempts}, $requests, "$what: $requests requests counted");
	is(asked($word), $requests, "$what: $requests requests made");
	is($brim->sql("SELECT coalesce(string_agg(class || ' ' || certainty, ', ' ORDER BY class), '') FROM brim.lead_classification WHERE company_id = 'c$n'"),
		$events, "$what: its events");
	my @classes = map { (split / /)[0] } split /, /, $events;
	is(events("c$n"), @classes ? '[' . join(', ', map { qq{"$_"} } @classes) . ']' : '-', "$what: the lead has them");
}
is($brim->sql(q{SELECT evidence FROM brim.lead_classification WHERE company_id = 'c1'}), '[funding]', 'evidence is kept');
is($brim->sql(q{SELECT count(*) FROM brim.lead_classification WHERE company_id = 'c8' AND evidence IS NULL}), '1', 'evidence that is not in the text is not');
is($brim->sql(q{SELECT string_agg(class || polarity, ' ' ORDER BY class) FROM brim.lead_classification WHERE company_id IN ('c1', 'c2')}),
	'funding1 layoffs-1', 'the polarity is that of the class');
is(scalar(grep { $_->{problem} } $gemini->journal), 0, 'the service found nothing wrong with a request');
ok($brim->sql(q{SELECT count(*) FROM brim.classification WHERE status = 'done' AND (model_version IS NULL OR prompt_tokens IS NULL OR latency_ms IS NULL)}) == 0,
	'model version, tokens and latency are recorded');
is($brim->sql(q{SELECT sum(texts) = (SELECT count(*) FROM brim.classification) AND sum(cost_usd) > 0 FROM brim.classification_cost}), 't', 'the cost is shown');

# A failed one is tried again by an operator
my $failed = $brim->sql(q{SELECT content_hash FROM brim.classification WHERE content LIKE 'Blocked%'});
like($brim->sql(q{SELECT status || ': ' || detail || ' ' || hint FROM brim_status() WHERE check_name = 'classifications'}),
	qr/^warning: .* 2 failed.*brim_retry_classification/, 'brim_status() reports what failed');
$brim->sql("SELECT brim_retry_classification('$failed')");
$brim->wait_until("SELECT status FROM brim.classification WHERE content_hash = '$failed'", 'failed');
is(asked('Blocked'), 2, 'brim_retry_classification() has it asked once more');
my ($code, $out, $err) = $brim->sql_as($brim->sql('SELECT current_user'),
	q{SELECT brim_retry_classification(content_hash) FROM brim.classification WHERE content LIKE 'Good%'});
like($err, qr/55000.*is done, not held or failed/, 'one that is done is not tried again');

# Once each -------------------------------------------------------------------------

my $before = $gemini->journal;
$brim->sql(q{SELECT brim_pause()});
$brim->sql(q{
	INSERT INTO brim.lead (company_id, company_name, news_mentions, recent_job_posts)
	SELECT 's' || i, 'Shared ' || i, ARRAY['Shared [expansion] news', 'Good [funding] round', '  ', NULL],
		   ARRAY['Shared [expansion] news', 'Post ' || i || ' [hiring_sales]']
	  FROM generate_series(1, 30) AS i});
$brim->sql(q{SELECT brim_resume()});
wait_done();
is($brim->sql(q{SELECT count(*) FROM brim.classification WHERE content LIKE 'Shared%' OR content LIKE 'Post%'}), '32',
	'a text of 30 leads is stored once, twice where it is news and a job post');
is($brim->sql(q{SELECT max(attempts) FROM brim.classification WHERE content LIKE 'Shared%' OR content LIKE 'Post%'}), '1', 'and asked about once');
cmp_ok($gemini->journal - $before, '<=', 3, 'with 20 texts a request');
is($brim->sql(q{SELECT count(*) FROM brim.classification WHERE btrim(content) = ''}), '0', 'empty texts are skipped');
is($brim->sql(q{SELECT count(*) FROM brim.lead WHERE company_id LIKE 's%' AND attributes -> 'gemini_events' = '["expansion", "funding", "hiring_sales"]'}), '30',
	'all of them have the events, sorted and distinct, those that were known before, too');
$before = $gemini->journal;
$brim->sql(q{
	SELECT count(*) FROM brim_score_batch((SELECT jsonb_agg(jsonb_build_object('company_id', 's' || i, 'company_name', 'Shared ' || i,
		'news_mentions', jsonb_build_array('Good [funding] round', 'Shared [expansion] news'), 'attributes', jsonb_build_object('k', i)))
		FROM generate_series(1, 30) AS i));
	DELETE FROM brim.lead WHERE company_id = 's7';
	INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('s7', 'Again', '{Shared [expansion] news}')});
wait_done();
is($gemini->journal - $before, 0, 'nothing is asked again after a new import');
is($brim->sql(q{SELECT count(*) FROM brim.lead WHERE company_id LIKE 's%' AND attributes -> 'gemini_events' = '["expansion", "funding", "hiring_sales"]'}), '29',
	'events that were replaced with the other attributes are set again');
is(events('s7'), '["expansion"]', 'a lead that comes later has the events of a text that is known');
$brim->sql(q{UPDATE brim.lead SET news_mentions = '{Silent about everything}', recent_job_posts = NULL WHERE company_id = 's7'});
wait_done();
is(events('s7'), '-', 'a lead that loses a text loses its events');
is($brim->sql(q{SELECT string_agg(content, ' ') FROM brim.classification JOIN brim.lead_text USING (content_hash) WHERE company_id = 's7'}),
	'Silent about everything', 'and is no more among those that have it');
$before = $gemini->journal;
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('long', 'Long', ARRAY['Long [ipo] ' || repeat('ä', 30000)])});
wait_done();
is(events('long'), '["ipo"]', 'a long text is cut');

# One that is refused spoils no other
$brim->sql(q{SELECT brim_pause()});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions)
	VALUES ('spoil', 'Spoil', '{Spoiler,Victim one [ipo],Victim two [funding]}')});
$brim->sql(q{SELECT brim_resume()});
wait_done();
is($brim->sql(q{SELECT string_agg(status || ' ' || attempts, ', ' ORDER BY content) FROM brim.classification WHERE content ~ '^(Spoil|Vict)'}),
	'failed 2, done 2, done 2', 'a request that is refused is asked again text by text');
is(events('spoil'), '["funding", "ipo"]', 'so that the others are classified');

# What nobody has claimed any more is not recorded
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('token', 'Token', '{Sluggish [ipo] taken}')});
$brim->wait_until(q{SELECT status FROM brim.classification WHERE content LIKE 'Sluggish [ipo] taken'}, 'running');
$brim->sql(q{UPDATE brim.classification SET claim_token = 1 WHERE content LIKE 'Sluggish [ipo] taken'});
my $deadline = time() + 60;
sleep(0.1) until asked('Sluggish') || time() > $deadline;
is(asked('Sluggish'), 1, 'a text is asked about');
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('after', 'After', '{Sluggish [funding] later}')});
$brim->wait_until(q{SELECT status FROM brim.classification WHERE content LIKE 'Sluggish [funding] later'}, 'done');
is($brim->sql(q{SELECT status || ' ' || attempts || ' ' || (SELECT count(*) FROM brim.classification_event AS v WHERE v.content_hash = c.content_hash)
	FROM brim.classification AS c WHERE content LIKE 'Sluggish [ipo] taken'}), 'running 0 0', 'the answer for a text with another claim is not recorded');
$brim->sql(q{DELETE FROM brim.classification WHERE content LIKE 'Sluggish %'; DELETE FROM brim.lead WHERE company_id IN ('token', 'after')});

# A quota that is used up stops these requests, costs no text anything, and no company its e-mail
$brim->set('brim.generate' => 'on');
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('quota', 'Quota', '{Quota [ipo]}')});
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'classifier'}, 'fault');
like($brim->sql(q{SELECT status || ' ' || detail FROM brim_status() WHERE check_name = 'classify'}), qr/^warning Texts about leads wait: Gemini's quota is used up: HTTP 429/,
	'brim_status() says why texts wait');
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, contact_email, employee_count, industry, tech_stack, recent_job_posts)
	VALUES ('mail', 'Mail', 'a@mail.example', 100, 'SaaS', '{zapier}', '{Head of Operations}')});
$brim->wait_until(q{SELECT status || ' ' || provider FROM brim.generation WHERE company_id = 'mail'}, 'done gemini');
is(asked('Quota'), 1, 'nothing is asked about texts meanwhile');
$brim->set('brim.generate' => 'off'); # no reload ends the pause but this one
$brim->wait_until(q{SELECT status || ' ' || attempts FROM brim.classification WHERE content LIKE 'Quota%'}, 'done 1');
is(asked('Quota'), 2, 'a pause ends with a reload');
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'classifier'}, 'ok');

# A wrong key, too
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('key', 'Key', '{Wrongkey [ipo]}')});
$brim->wait_until(q{SELECT state FROM brim.component WHERE component = 'classifier'}, 'fault');
is($brim->sql(q{SELECT status || ' ' || attempts FROM brim.classification WHERE content LIKE 'Wrongkey%'}), 'queued 0', 'a wrong key is charged to no text');
$brim->set('brim.generate' => 'off', 'brim.gemini_connections' => 5);
wait_done();
is(events('key'), '["ipo"]', 'and none is lost');

# Scores --------------------------------------------------------------------------

# The example of the document, as it stands there
my ($example) = PostgreSQL::Test::Utils::slurp_file("$BrimTest::source/docs/classify.md") =~ /```sql\n(SELECT brim_edit_model.*?)```/s;
$brim->sql($example);
$brim->sql(q{SELECT brim_pause()});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, employee_count, industry, news_mentions) VALUES
	('rule', 'Rule', 100, 'SaaS', '{New [funding] for Rule,Rule [expansion]}'), ('bad news', 'Bad News', 100, 'SaaS', '{Bad News in [bankruptcy]}')});
my $scores = q{SELECT string_agg(concat_ws(' ', company_id, fit_score, intent_score, total_score), ', ' ORDER BY company_id) FROM brim.lead WHERE company_id IN ('rule', 'bad news')};
is($brim->sql($scores), 'bad news 100 0 60, rule 100 0 60', 'before, the events count nothing');
$brim->sql(q{SELECT brim_resume()});
$brim->wait_until($scores, 'bad news 100 0 0, rule 100 40 76');
pass('rules that read the events score the leads again');
is($brim->sql(q{SELECT brim_explain(l) -> 'reasoning' ->> 'positive' FROM brim.lead AS l WHERE company_id = 'rule'}),
	'["Ideal company size (100 employees).", "Ideal industry: SaaS.", "In the news: funding, expansion."]', 'and say so');
is($brim->sql(q{SELECT count(*) FROM brim.event WHERE company_id = 'rule' AND event_type = 'score_calculated'}), '2', 'and that is journalled');

# A class that is switched off is not asked for
$brim->sql(q{
	UPDATE brim.intent_class SET is_active = false WHERE class = 'customer_win';
	INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('class', 'Class', '{Class has a [customer_win] and its [ipo]}')});
wait_done();
$brim->wait_until(q{SELECT attributes ->> 'gemini_events' FROM brim.lead WHERE company_id = 'class'}, '["ipo"]');
is($brim->sql(q{SELECT string_agg(class, ' ') FROM brim.lead_classification WHERE company_id = 'class'}), 'ipo', 'a class that is switched off is not asked for');
$brim->sql(q{UPDATE brim.intent_class SET is_active = true WHERE class = 'customer_win'});

# A lead that cannot be written stops no other
$brim->sql(q{
	UPDATE brim.lead SET news_mentions = NULL WHERE company_id IN ('c18', 'c19');
	ALTER TABLE brim.lead ADD CONSTRAINT no_events CHECK (company_id <> 'bad' OR NOT attributes ? 'gemini_events');
	INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('bad', 'Bad', '{Good [funding] round}'), ('fine', 'Fine', '{Good [funding] round}')});
wait_done();
is(events('fine'), '["funding"]', 'a lead that cannot be given its events stops no other');
like($brim->sql(q{SELECT status || ' ' || detail FROM brim_status() WHERE check_name = 'events of leads'}), qr/^warning 1 leads .*no_events/, 'brim_status() reports it');
$brim->sql(q{ALTER TABLE brim.lead DROP CONSTRAINT no_events; UPDATE brim.pending_lead SET due_at = now()});
$brim->wait_until(q{SELECT count(*) FROM brim.pending_lead}, '0');
is(events('bad'), '["funding"]', 'it gets them when it can');

# A lead that somebody else is writing is waited for, not by the worker
my $session = $brim->node->background_psql('app');
$session->query_safe(q{BEGIN; UPDATE brim.lead SET country = 'IE' WHERE company_id = 'fine'});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('free', 'Free', '{Locked [ipo]}')});
$brim->sql(q{INSERT INTO brim.pending_lead (company_id, what) VALUES ('fine', 'events')});
$brim->wait_until(q{SELECT attributes ->> 'gemini_events' FROM brim.lead WHERE company_id = 'free'}, '["ipo"]', 4);
is($brim->sql(q{SELECT count(*) FROM brim.pending_lead WHERE company_id = 'fine'}), '1', 'a locked lead comes later');
$session->query_safe('COMMIT');
$session->quit;
wait_done();

# Ten thousand ----------------------------------------------------------------------

$brim->sql(q{
	INSERT INTO brim.lead (company_id, company_name, news_mentions)
	SELECT 'm' || i, 'Many ' || i, ARRAY['Slowly [new_market] for all'] FROM generate_series(1, 10000) AS i});
my $started = time();
wait_done(120);
note(sprintf('10000 leads in %.1f s', time() - $started));
is($brim->sql(q{SELECT count(*) FROM brim.lead WHERE company_id LIKE 'm%' AND attributes -> 'gemini_events' = '["new_market"]'}), '10000',
	'10000 leads that share a text all get its event');
is(asked('Slowly'), 1, 'after one request');
is($brim->sql(q{SELECT max(n) <= 100 FROM (SELECT count(*) AS n FROM brim.lead WHERE company_id LIKE 'm%' GROUP BY xmin::text) AS x}), 't',
	'in transactions of a hundred leads at most');

# Several workers -------------------------------------------------------------------

$brim->set('brim.workers' => 3);
$brim->wait_until(q{SELECT count(*) FROM brim.worker_status WHERE component = 'worker'}, '3');
$brim->sql(q{
	INSERT INTO brim.lead (company_id, company_name, news_mentions)
	SELECT 'w' || i, 'W ' || i, ARRAY['Worked ' || i % 1150 || ' [partnership]', 'Worked by all [ipo]'] FROM generate_series(1, 2300) AS i});
wait_done();
is($brim->sql(q{SELECT count(*) || ' ' || max(attempts) FROM brim.classification WHERE content LIKE 'Worked%' AND status = 'done'}), '1151 1',
	'three workers share the texts, each is asked about once');
my %held;
foreach my $request ($gemini->journal)
{
	$held{$1}++ while ($request->{user_text} || '') =~ /(Worked (?:\d+|by all))/g;
}
is(join(' ', grep { $held{$_} > 1 } sort keys %held), '', 'by one of them');
is($brim->sql(q{SELECT count(*) FROM brim.lead WHERE company_id LIKE 'w%' AND attributes -> 'gemini_events' = '["ipo", "partnership"]'}), '2300',
	'and every lead has what was found');
$brim->set('brim.workers' => 1);
$brim->wait_until(q{SELECT count(*) FROM brim.worker_status WHERE component = 'worker'}, '1');

# Deaths ---------------------------------------------------------------------------

$brim->set('brim.gemini_timeout' => 300);
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('stuck', 'Stuck', '{Stuck [ipo]}')});
$brim->wait_until(q{SELECT status FROM brim.classification WHERE content LIKE 'Stuck%'}, 'running');
my $pid = $brim->worker_pid;
kill 'KILL', $pid;
$brim->wait_worker($pid);
$brim->wait_until(q{SELECT status || ' ' || crashes FROM brim.classification WHERE content LIKE 'Stuck%'}, 'done 1');
wait_done();
is(asked('Stuck'), 2, 'after kill -9 a text is asked about again');
is(events('stuck'), '["ipo"]', 'and nothing is lost');

# Poison: two deaths
$brim->sql(q{
	INSERT INTO brim.classification (content_hash, source, content, node_id, status, claimed_by, claim_token, crashes)
	SELECT 'poison', 'news', 'Poison', node_id, 'running', 1, 7, 1 FROM brim.node});
$pid = $brim->worker_pid;
kill 'KILL', $pid;
$brim->wait_worker($pid);
$brim->wait_until(q{SELECT concat_ws(' ', status, hold_reason, crashes) FROM brim.classification WHERE content = 'Poison'}, 'held poison 2');
is($brim->sql(q{SELECT reason FROM brim.queue_blocked WHERE kind = 'classification' AND status = 'held'}), 'poison', 'two deaths hold a text as poison');
$brim->sql(q{DELETE FROM brim.classification WHERE content = 'Poison'});

# A stop, with requests under way, is prompt and charges nothing
$brim->sql(q{UPDATE brim.classification SET crashes = 0});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('slow', 'Slow', '{Slowly [ipo] told}')});
$brim->wait_until(q{SELECT status FROM brim.classification WHERE content LIKE 'Slowly [ipo]%'}, 'running');
$started = time();
$brim->node->stop('fast');
cmp_ok(time() - $started, '<', 10, 'a stop is prompt');
$brim->node->start;
$brim->wait_until(q{SELECT status || ' ' || crashes || ' ' || attempts FROM brim.classification WHERE content LIKE 'Slowly [ipo]%'}, 'done 0 1');
pass('what was under way is asked about again and charged nothing');

# Of another installation
$brim->sql(q{SELECT brim_pause()});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('copy', 'Copy', '{Copied [ipo]}')});
$brim->sql(q{SELECT brim_classify_leads(); UPDATE brim.classification SET node_id = 'another' WHERE content LIKE 'Copied%'; SELECT brim_resume()});
$brim->wait_until(q{SELECT count(*) FROM brim.pending_lead}, '0');
is($brim->sql(q{SELECT reason FROM brim.queue_blocked WHERE kind = 'classification'}), 'other_node', 'a copy does not ask about what its original has queued');
is(asked('Copied'), 0, 'not at all');
$brim->sql(q{SELECT brim_retry_classification(content_hash) FROM brim.classification WHERE content LIKE 'Copied%'});
wait_done();
is(events('copy'), '["ipo"]', 'unless an operator adopts it');

# Without a lead, without a switch
$before = $gemini->journal;
$brim->sql(q{SELECT brim_pause()});
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('gone', 'Gone', '{Gone [ipo]}'); SELECT brim_classify_leads();
	DELETE FROM brim.lead WHERE company_id = 'gone'; SELECT brim_resume()});
$brim->wait_until(q{SELECT count(*) FROM brim.pending_lead}, '0');
is($brim->sql(q{SELECT reason FROM brim.queue_blocked WHERE kind = 'classification'}), 'no_lead', 'a text that no lead has any more waits');
is($gemini->journal - $before, 0, 'and is not asked about');
$brim->set('brim.classify' => 'off');
$brim->wait_until(q{SHOW brim.classify}, 'off');
$brim->sql(q{INSERT INTO brim.lead (company_id, company_name, news_mentions) VALUES ('off', 'Off', '{Off [ipo]}')});
is($brim->sql(q{SELECT count(*) FROM brim.pending_lead}), '0', 'off again, leads leave nothing behind');
is($gemini->journal - $before, 0, 'and there is no request');
$brim->log_is_clean('nothing but the deaths that were meant', qr/terminated by signal 9|was terminated by signal/);

done_testing();
