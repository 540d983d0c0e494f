# Copies do not send: neither a restored dump nor a database made from a
# template mails anybody until an operator says so, and then only what is right.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $brim = BrimTest->new('main');
my $node = $brim->node;
my $smtp = $brim->start_smtp(rules => [
		{ match => 'inhand', phase => 'rcpt', action => 'hang', count => 1 },
		{ match => 'indoubt', phase => 'dot', action => 'hang' }]);

# Two companies mailed, one claimed before and one past the barrier, three waiting, one not written to yet
$brim->set('brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 3, 'brim.shutdown_grace' => 1, 'brim.generate' => 'on', 'brim.send' => 'on');
$brim->add_companies(2, 'Mailed');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '2');
$brim->add_companies(1, $_) foreach qw(Inhand Indoubt);
$brim->wait_until(q{SELECT string_agg(status, ' ' ORDER BY status) FROM brim.outbound_email WHERE status NOT IN ('queued', 'superseded')},
	'claimed committing sent sent');
$brim->set('brim.send' => 'off');
$brim->add_companies(3, 'Waiting');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE recipient LIKE '%waiting%' AND status = 'queued'}, '6');
$brim->set('brim.generate' => 'off');
$brim->add_companies(1, 'Unwritten');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/app.sql';
$node->command_ok([ 'pg_dump', '--no-sync', '-f', $dump, '-d', $node->connstr('app') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restored');
$brim->set('brim.databases' => '');
$brim->wait_until(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim worker'}, '0');
$node->safe_psql('postgres', 'CREATE DATABASE cloned TEMPLATE app');
pass('a database with brim can be a template while the launcher runs');

# Both copies get a worker that may send
$brim->set('brim.databases' => 'restored, cloned', 'brim.generate' => 'on', 'brim.send' => 'on');
my $in = sub {
	my ($db, $what) = @_;
	local $brim->{db} = $db;
	return $what->();
};
$in->('cloned', sub {
		$brim->wait_until(q{SELECT state FROM brim.worker_slots()}, 'disarmed');
		pass('the worker of a cloned database is disarmed');
		like($brim->sql(q{SELECT string_agg(detail || hint, ' ') FROM brim_status() WHERE status = 'blocked'}), qr/brim_arm/,
			'and brim_status() shows the way out');
	});
$in->('restored', sub {
		$brim->wait_until(q{SELECT state IN ('idle', 'busy') FROM brim.worker_slots()}, 't');
		$brim->sql(q{SELECT brim_score_company('{"company_name": "Newcomer", "employee_count": 100, "industry": "SaaS",
			"tech_stack": ["make"], "recent_job_posts": ["ops"], "contact_email": "new@newcomer.example"}')});
		$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient = 'new@newcomer.example'}, '1');
		pass('a restored database sends what was queued there');
		is($brim->sql(q{SELECT count(*) FROM brim.queue_blocked WHERE kind = 'email' AND reason = 'other_node'}), '8',
			'and holds what was queued or claimed elsewhere');
		is($brim->sql(q{SELECT state FROM brim.send_ledger JOIN brim.outbound_email USING (email_id) WHERE status = 'uncertain' AND recipient LIKE '%indoubt%'}),
			'uncertain', 'what had passed the barrier is in doubt');
	});
is(join(' ', sort map { $_->{rcpt_tos}[0] } grep { $_->{rcpt_tos}[0] !~ /mailed|newcomer/ } $smtp->mails), '', 'no copy mailed what waits');

# Jobs belong to the node that queued them, as e-mails do
$in->('restored', sub {
		my $job = q{FROM brim.generation JOIN brim.lead USING (company_id) WHERE company_name = 'Unwritten 1'};
		is($brim->sql("SELECT status $job"), 'queued', 'a restored database writes nothing that was queued elsewhere');
		is($brim->sql(q{SELECT string_agg(reason, ' ') FROM brim.queue_blocked WHERE kind = 'generation'}), 'other_node', 'and says why');
		$brim->sql(q{SELECT brim_retry_generation(id) FROM brim.queue_blocked WHERE kind = 'generation' AND reason = 'other_node'});
		$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient LIKE '%unwritten1%'}, '1');
		pass('an adopted job is written and sent');
	});

# Adopted one by one, the ledger still knows who was mailed
$in->('restored', sub {
		# The variant that would have had to wait for the other one, which stays behind
		my $id = $brim->sql(q{SELECT email_id FROM brim.outbound_email JOIN brim.lead USING (company_id)
			WHERE company_name = 'Waiting 1' ORDER BY choice LIMIT 1});
		$brim->sql("SELECT brim_release($id)");
		$brim->wait_until("SELECT status FROM brim.outbound_email WHERE email_id = $id", 'sent');
		pass('an adopted e-mail is sent');
		is($brim->sql(q{SELECT count(*) FROM brim.send_ledger WHERE state = 'sent'}), '5', 'the ledger came along');
		# All that is left, as the documents say
		$brim->sql(q{SELECT brim_release(id) FROM brim.queue_blocked WHERE kind = 'email' AND reason = 'other_node'});
		$brim->wait_idle;
		is(join(' ', sort map { $_->{rcpt_tos}[0] =~ /\@(\w+)\./ } $smtp->mails), 'inhand1 mailed1 mailed2 newcomer unwritten1 waiting1 waiting2 waiting3',
			'each is mailed once, none that was mailed or in doubt before');
	});

# Arming shows first what it would release, and cannot be done blindly
$in->('cloned', sub {
		my $shown = $brim->sql(q{SELECT * FROM brim_arm()});
		is($brim->sql(q{SELECT state FROM brim.worker_slots()}), 'disarmed', 'asking what would be released releases nothing');
		my $err;
		isnt($node->psql('cloned', q{SELECT * FROM brim_arm('yes')}, stderr => \$err), 0, 'arming blindly is refused');
		my ($token) = $shown =~ /brim_arm\('([^']+)'\)/;
		ok(defined $token, 'the token is shown') or diag($shown);
		$brim->sql("SELECT * FROM brim_arm('$token', 'release')"); # no worker ran when the copy was made
		$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '7');
		pass('an armed copy sends what waited in it');
	});
my %count;
$count{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
is($count{$_}, 1, "$_ was mailed once") foreach map { "contact\@mailed$_.example" } 1 .. 2;
$brim->log_is_clean;

done_testing();
