# Copies of a data directory do not send: a snapshot, a cold copy, a point-in-time
# recovery, a promoted standby and an upgraded cluster mail nobody until an
# operator has been shown what would go out and arms them.  Then goes out what
# waited, never what was mailed before or was under way.
#
# Names of companies say how far they are at the original when it is copied.

use strict;
use warnings;
use BrimCopy;
use BrimTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('origin', standby => 1, archive => 1);
my $origin = $brim->node;

# The original has a mail server of its own, so what a copy mails is counted apart
my $smtp = $brim->start_smtp(rules => [
		{ match => 'inhand', phase => 'rcpt', action => 'hang' },
		{ match => 'indoubt', phase => 'dot', action => 'hang' }]);
my $elsewhere = $brim->start_smtp;
my $gemini = $brim->start_gemini(script => [ { match => 'Halfwritten', steps => ['hang:300'] }, { match => '.', steps => ['ok'] } ]);
my %at_copy = (
	'archive_mode' => 'off',
	'brim.smtp_url' => $elsewhere->url,
	'brim.gemini_api_key_file' => '',
	'brim.generate' => 'on',
	'brim.send' => 'on');

# Let a copy see everything that waits in it; it must refuse and say why
my $states = q{SELECT string_agg(DISTINCT state, ' ') FROM brim.worker_slots()};
sub is_disarmed
{
	my ($copy, $what, $why) = @_;
	$copy->wait_until($states, 'disarmed');
	$copy->add_companies(1, 'Newcomer');
	# A worker that begins looks at the whole queue
	my $pid = $copy->wait_worker;
	$copy->sql("SELECT pg_terminate_backend($pid)");
	$copy->wait_worker($pid);
	$copy->wait_until($states, 'disarmed');
	pass("$what: its worker runs and is disarmed");
	my %check = map { $_->{check_name} => $_ } $copy->rows('SELECT * FROM brim_status()');
	is($check{node}{status}, 'blocked', "$what: brim_status() knows that nothing can be sent");
	like($check{node}{detail}, $why, "$what: and why");
	like($check{node}{hint}, qr/brim_arm/, "$what: and the way out");
	like($check{summary}{detail}, qr/^Nothing is sent\. This is a copy/, "$what: its summary says the same");
	is($copy->sql(q{SELECT status FROM brim.generation JOIN brim.lead USING (company_id) WHERE company_name = 'Newcomer 1'}), 'queued',
		"$what: writes nothing new");
	is(mailed($elsewhere), '', "$what: mails nobody");
	return;
}

# Look, arm, and after a look at the original's mails release what waits; returns
# what was shown, as "item=count item=count", and the confirmation
sub arm
{
	my ($copy, $what) = @_;
	my $shown = $copy->sql(q{SELECT string_agg(item || '=' || count, ' ') FROM brim_arm() WHERE item NOT IN ('place', 'confirm')});
	my $token = $copy->sql(q{SELECT substring(detail FROM 'brim_arm\(''([^'']+)''\)') FROM brim_arm() WHERE item = 'confirm' LIMIT 1});
	is($copy->sql($states), 'disarmed', "$what: to look arms nothing");
	$copy->sql("SELECT * FROM brim_arm('$token')");
	$copy->wait_idle;
	is(mailed($elsewhere), '', "$what: armed, it holds what waits");
	$copy->sql(q{SELECT brim_retry_generation(id) FROM brim.queue_blocked WHERE kind = 'generation' AND reason = 'copied'});
	$copy->sql(q{SELECT brim_release(id) FROM brim.queue_blocked AS b WHERE kind = 'email' AND reason = 'copied'
		AND NOT EXISTS (SELECT FROM brim.send_ledger AS l WHERE l.campaign = b.campaign AND l.company_id = b.company_id)});
	$copy->wait_idle;
	return ($shown, $token);
}

# Mailed, claimed before and past the barrier, waiting, being written
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
$brim->add_companies(1, 'Halfwritten');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%waiting%' AND status = 'queued'}, '6');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'running'}, '1');
is(mailed($smtp), 'mailed1 mailed2', 'the original has mailed two companies');

# ---------------------------------------------------------------------------
# The directory copied while the server runs, as a snapshot of its disk does
# ---------------------------------------------------------------------------
$brim->snapshot('hot');
$origin->backup('base');
$brim->sql(q{SELECT pg_create_restore_point('before')});

my $hot_node = PostgreSQL::Test::Cluster->new('hot');
$hot_node->init_from_backup($origin, 'hot');
my $hot = $brim->copy($hot_node, %at_copy);
is_disarmed($hot, 'a snapshot', qr/data directory was .*, is /);
is($hot->statuses('outbound_email'), 'claimed=1 committing=1 queued=8 sent=2 superseded=2', 'a snapshot: leaves what was claimed alone');
my ($shown, $hot_token) = arm($hot, 'a snapshot');
is($shown, 'held=8 uncertain=2 jobs=2 other_node=0', 'a snapshot: arming shows what it would do');
is(mailed($elsewhere), 'halfwritten1 newcomer1 waiting1 waiting2 waiting3', 'an armed snapshot mails who waited, and nobody else');
is($hot->statuses('outbound_email'), 'held=2 sent=7 superseded=7 uncertain=2', 'what was claimed is in doubt there');
is($hot->sql(q{SELECT string_agg(company_name || ' ' || state, ', ' ORDER BY company_name COLLATE "C") FROM brim.send_ledger JOIN brim.lead USING (company_id) WHERE state <> 'sent'}),
	'Indoubt 1 uncertain, Inhand 1 uncertain', 'and so says the ledger');
is($hot->sql(q{SELECT count(*) FROM brim_arm()}), '1', 'an armed snapshot has nothing more to arm');
$hot->log_is_clean('a snapshot: the log speaks of no crash and no leak');
$hot_node->stop;
$hot_node->clean_node;

# ---------------------------------------------------------------------------
# Recovery to a moment before the last e-mails
# ---------------------------------------------------------------------------
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '5');
my $since = mailed($smtp);
is($since, 'waiting1 waiting2 waiting3', 'the original goes on and mails three more');
my $wal = $brim->sql(q{SELECT pg_walfile_name(pg_switch_wal())});
$brim->wait_until("SELECT last_archived_wal >= '$wal' FROM pg_stat_archiver", 't');

my $past_node = PostgreSQL::Test::Cluster->new('past');
$past_node->init_from_backup($origin, 'base', has_restoring => 1, standby => 0);
$past_node->append_conf('postgresql.conf', "recovery_target_name = 'before'\nrecovery_target_action = 'promote'");
my $past = $brim->copy($past_node, %at_copy);
$past->wait_until('SELECT pg_is_in_recovery()', 'f');
is($past->sql(q{SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'}), '2', 'a recovered past does not know who was mailed since');
is_disarmed($past, 'a recovered past', qr/timeline was 1, is 2/);
my $err;
isnt($past_node->psql('app', "SELECT * FROM brim_arm('$hot_token')", stderr => \$err), 0, 'the confirmation of another place is refused');
like($err, qr/invalid confirmation/, 'with the reason');
# The mail server knows who: those are taken out before the past is armed
$past->sql(join(';', map { "SELECT brim_suppress('address', 'contact\@$_.example', 'mailed after the backup')" } split ' ', $since));
($shown) = arm($past, 'a recovered past');
is($shown, 'held=2 uncertain=2 jobs=2 other_node=0', 'a recovered past: arming shows what is left');
is(mailed($elsewhere), 'halfwritten1 newcomer1', 'an armed past mails none whom the relay knows');
$past->log_is_clean('a recovered past: the log speaks of no crash and no leak');
$past_node->stop;
$past_node->clean_node;

# ---------------------------------------------------------------------------
# A standby, and its promotion
# ---------------------------------------------------------------------------
my $standby_node = PostgreSQL::Test::Cluster->new('standby');
$standby_node->init_from_backup($origin, 'base', has_streaming => 1);
my $standby = $brim->copy($standby_node, %at_copy);
$brim->set('brim.send' => 'off');
$brim->add_companies(1, 'Behind');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%behind%' AND status = 'queued'}, '2');
$origin->wait_for_catchup($standby_node, 'replay', $origin->lsn('write'));
is($standby->sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'brim%'}), '0', 'neither launcher nor worker runs on a standby');
like($standby->sql(q{SELECT string_agg(concat_ws(' ', check_name, status, detail, hint), chr(10)) FROM brim_status()}),
	qr/^launcher blocked .*standby.*^node blocked .*^summary blocked Nothing is sent\./ms, 'brim_status() says so there');
isnt($standby_node->psql('app', 'SELECT * FROM brim_arm()', stderr => \$err), 0, 'a standby cannot be armed');
like($err, qr/read-only/, 'with the reason');
$standby_node->promote;
$standby->wait_until('SELECT pg_is_in_recovery()', 'f');
is_disarmed($standby, 'a promoted standby', qr/timeline was 1, is 2/);
($shown) = arm($standby, 'a promoted standby');
is($shown, 'held=4 uncertain=2 jobs=2 other_node=0', 'a promoted standby: arming shows what it would do');
is(mailed($elsewhere), 'behind1 halfwritten1 newcomer1', 'an armed standby mails who waited, and nobody else');
$standby->log_is_clean('a promoted standby: the log speaks of no crash and no leak');
$standby_node->stop;
$standby_node->clean_node;

# ---------------------------------------------------------------------------
# The directory copied while the server is down, and used beside the original
# ---------------------------------------------------------------------------
$origin->stop;
$origin->backup_fs_cold('cold');
$brim->copy($origin);
my $cold_node = PostgreSQL::Test::Cluster->new('cold');
$cold_node->init_from_backup($origin, 'cold');
my $cold = $brim->copy($cold_node, %at_copy);
is_disarmed($cold, 'a cold copy', qr/data directory was .*, is /);
$brim->set('brim.send' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%behind%' AND status = 'sent'}, '1');
is(mailed($smtp), 'behind1', 'the original goes on at its old place, unasked');
is(mailed($elsewhere), '', 'while the cold copy still mails nobody');
$cold->log_is_clean('a cold copy: the log speaks of no crash and no leak');
$cold_node->stop;
$cold_node->clean_node;

# ---------------------------------------------------------------------------
# pg_upgrade
# ---------------------------------------------------------------------------
$brim->set('brim.send' => 'off');
$brim->add_companies(1, 'Last');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%last%' AND status = 'queued'}, '2');
my $digest = q{SELECT concat_ws(' ',
	(SELECT md5(string_agg(l::text, ',' ORDER BY company_id)) FROM brim.lead AS l),
	(SELECT md5(string_agg(g::text, ',' ORDER BY generation_id)) FROM brim.generation AS g),
	(SELECT md5(string_agg(e::text, ',' ORDER BY email_id)) FROM brim.outbound_email AS e),
	(SELECT md5(string_agg(s::text, ',' ORDER BY campaign, company_id)) FROM brim.send_ledger AS s),
	(SELECT md5(string_agg(q::text, ',' ORDER BY email_id)) FROM brim.email_queue AS q),
	(SELECT md5(string_agg(p::text, ',' ORDER BY email_id)) FROM brim.email_parked AS p),
	(SELECT md5(string_agg(v::text, ',' ORDER BY event_id)) FROM brim.event AS v),
	(SELECT md5(string_agg(c::text, ',' ORDER BY name)) FROM brim.campaign AS c),
	(SELECT md5(string_agg(k::text, ',' ORDER BY class)) FROM brim.intent_class AS k),
	(SELECT md5(string_agg(t::text, ',' ORDER BY class, term_no)) FROM brim.intent_term AS t),
	(SELECT md5(string_agg(q::text, ',' ORDER BY kind, phrase)) FROM brim.intent_cue AS q),
	(SELECT last_value FROM brim.generation_generation_id_seq),
	(SELECT last_value FROM brim.email_email_id_seq),
	(SELECT last_value FROM brim.event_event_id_seq))};
$brim->set('brim.databases' => '');
$brim->wait_until(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim worker'}, '0');
# A stop that hits a running statement leaves what is claimed to the next start, as here
$brim->give_back;
$brim->sql(q{UPDATE brim.intent_class SET weight = 0.25 WHERE class = 'funding';
	UPDATE brim.intent_term SET is_active = false WHERE class = 'ipo';
	INSERT INTO brim.intent_cue (kind, phrase) VALUES ('hedge', 'they say')});
my $before = $brim->sql($digest);
is(mailed($smtp), '', 'nothing was mailed before the upgrade');
$origin->stop;
# pg_upgrade starts the old cluster at the place where it is armed
$origin->append_conf('postgresql.auto.conf', "brim.databases = 'app'\nbrim.send = on");

my $upgraded_node = PostgreSQL::Test::Cluster->new('upgraded');
$upgraded_node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$upgraded_node->append_conf('postgresql.conf', "shared_preload_libraries = 'brim'\nlog_line_prefix = '%m [%p] %b '\n"
	  . "brim.worker_role = 'brim_worker'\nbrim.databases = 'app'\nbrim.send_interval = 0\n");
$upgraded_node->append_conf('postgresql.auto.conf', "$_ = '$at_copy{$_}'") foreach sort keys %at_copy;
chomp(my $bin = `pg_config --bindir`);
chdir(PostgreSQL::Test::Utils::tempdir()) or die $!;
my ($major) = `pg_config --version` =~ /(\d+)/;
command_ok([ 'pg_upgrade', ($major < 15 ? () : '--no-sync'), '--link', '-b', $bin, '-B', $bin, '-s', $upgraded_node->host,
		'-d', $origin->data_dir, '-D', $upgraded_node->data_dir, '-p', $origin->port, '-P', $upgraded_node->port ], 'pg_upgrade');
is(mailed($smtp), '', 'pg_upgrade lets the old cluster mail nobody');
is(mailed($elsewhere), '', 'nor the new one');
my $upgraded = $brim->copy($upgraded_node);
is($upgraded->sql($digest), $before, 'leads, queue, ledger, journal, lexicon and sequences are as they were');
is_disarmed($upgraded, 'an upgraded cluster', qr/system identifier was \d+, is \d+/);
($shown) = arm($upgraded, 'an upgraded cluster');
is($shown, 'held=5 uncertain=0 jobs=2 other_node=0', 'an upgraded cluster: arming shows what it would do');
is(mailed($elsewhere), 'halfwritten1 inhand1 last1 newcomer1', 'an armed cluster mails who waited, and nobody else');
$upgraded->log_is_clean('an upgraded cluster: the log speaks of no crash and no leak');
$upgraded_node->stop;
$upgraded_node->clean_node;

# ---------------------------------------------------------------------------
# Recovery to that moment at the very place of the original
# ---------------------------------------------------------------------------
$brim->restore_in_place('base');
$origin->enable_restoring($origin, 0);
$origin->append_conf('postgresql.conf', "recovery_target_name = 'before'\nrecovery_target_action = 'promote'");
$brim->copy($origin, %at_copy);
$brim->wait_until('SELECT pg_is_in_recovery()', 'f');
is_disarmed($brim, 'a past recovered in place', qr/moved: timeline was 1, is 2\.$/);
$brim->log_is_clean('the original: the log speaks of no crash and no leak');

done_testing();
