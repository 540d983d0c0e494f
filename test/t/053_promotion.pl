# brim.after_promotion = resume: with a synchronous standby that confirms every
# barrier, sending goes on after its promotion by itself, and nobody is mailed
# twice.  Without that ground it holds, and the primary sends nothing that the
# standby has not confirmed.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('primary', standby => 1, conf => "autovacuum = off\n");
my $primary = $brim->node;
my $smtp = $brim->start_smtp(rules => [ { phase => 'dot', action => 'accept', delay => 0.05 } ]);
my $sent = q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'};
my $confirmed = q{SELECT coalesce(confirmed_by, 'none') FROM brim.node};

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby1');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init_from_backup($primary, 'base', has_streaming => 1);
$other->start;

# The settings of a server are its own
foreach my $node ($standby, $other)
{
	my $url = $smtp->url;
	$node->append_conf('postgresql.conf', "brim.after_promotion = resume\nbrim.smtp_url = '$url'\nbrim.generate = on\nbrim.send = on\n"
		  . "brim.smtp_connections = 2\n");
	$node->reload;
}

# Without synchronous replication the setting alone is no ground
$brim->set('brim.after_promotion' => 'resume', 'brim.smtp_url' => $smtp->url, 'brim.generate' => 'on', 'brim.send' => 'on', 'brim.smtp_connections' => 2);
$brim->add_companies(2, 'First');
$brim->wait_until($sent, '2');
is($brim->sql($confirmed), 'none', 'nobody confirms without synchronous_standby_names');
$brim->set('synchronous_standby_names' => '1 (standby1, other)');
$brim->add_companies(2, 'Second');
$brim->wait_until($sent, '4');
is($brim->sql($confirmed), 'none', 'one of two is not enough: each of them may lack the last barriers');
$brim->set('synchronous_standby_names' => 'standby1');
$brim->add_companies(2, 'Third');
$brim->wait_until($sent, '6');
is($brim->sql($confirmed), 'standby1', 'a standby that all commits wait for is relied on');

# A standby that is relied on cannot be left out silently
$brim->set('synchronous_standby_names' => '');
$brim->add_companies(1, 'Fourth');
$brim->wait_until(q{SELECT count(*) FROM brim_status() WHERE check_name = 'standbys' AND status = 'blocked' AND detail LIKE '%standby1%'}, '1');
pass('brim_status() says that the standby is missing');
$brim->turn_clock('2 min');
$brim->wait_settled;
is($brim->sql($sent), '6', 'and nothing is sent meanwhile');
$brim->set('synchronous_standby_names' => 'standby1');
$brim->wait_until($sent, '7');
pass('it goes on when the standby is required again');

# No standby, no confirmation, no dot: even when the wait for it is cut short
$standby->stop;
$brim->node->psql('app', q{SET synchronous_commit = local; SELECT brim_score_company('{"company_name": "Fifth", "employee_count": 100, "industry": "SaaS",
	"tech_stack": ["make"], "recent_job_posts": ["ops"], "contact_email": "five@fifth.example"}')});
my $mails = scalar($smtp->mails);
for (1 .. 10)
{
	# its pause after the error before is over
	$brim->turn_clock('2 min');
	$brim->wait_until("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'brim worker' AND wait_event = 'SyncRep') OR ($sent) > 7", 't');
	$primary->psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'brim worker'});
}
is(scalar($smtp->mails), $mails, 'without the standby nothing is sent, though its wait was cancelled ten times');
$standby->start;
$brim->wait_until($sent, '8');
pass('with the standby back it is sent');

# Kill the primary while it sends; promote
$brim->add_companies(60, 'Many');
$brim->wait_until(q{SELECT count(*) >= 20 FROM brim.outbound_email WHERE status = 'sent'}, 't');
$primary->stop('immediate');
$other->stop;
$standby->promote;
my $after = bless { %$brim, node => $standby, servers => [] }, 'BrimTest';
$after->wait_until(q{SELECT count(*) FROM brim.event WHERE event_type = 'worker_armed' AND data ->> 'cause' = 'promotion'}, '1');
pass('the promoted standby arms itself and journals it');
$after->wait_idle;
my %mailed;
$mailed{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
is(join(' ', grep { $mailed{$_} > 1 } sort keys %mailed), '', 'nobody was mailed twice');
my $uncertain = $after->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'uncertain'});
cmp_ok($uncertain, '<=', 2, "at most one e-mail a connection is in doubt ($uncertain)");
is($after->sql(q{SELECT count(DISTINCT company_id) FROM brim.outbound_email WHERE status IN ('sent', 'uncertain')}), '68', 'every company has its e-mail');
is($after->sql($confirmed), 'none', 'the new primary relies on no standby yet');

# A standby that was not relied on holds, whatever its setting
$other->start;
$other->promote;
my $held = bless { %$brim, node => $other, servers => [] }, 'BrimTest';
$held->wait_until(q{SELECT state FROM brim.worker_slots()}, 'disarmed');
pass('a promoted standby that did not confirm is disarmed');

done_testing();
