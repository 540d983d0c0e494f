# Transactions in two phases: what another session commits later wakes the worker
# like any other commit, also when the server was restarted in between.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(time);

my $brim = BrimTest->new('main', conf => "max_prepared_transactions = 4\n");
my $node = $brim->node;
$brim->set('brim.generate' => 'on');

my $asleep = q{SELECT count(*) FROM brim.worker_slots() WHERE state = 'idle'};
my $prepare = sub {
	my ($name, $company) = @_;
	$brim->sql(qq{
		BEGIN;
		SELECT brim_score_company('{"company_name": "$company", "domain": "$name.example", "contact_email": "ana\@$name.example",
			"employee_count": 100, "industry": "SaaS", "tech_stack": ["hubspot"], "recent_job_posts": ["Head of Operations"]}');
		SELECT brim_start_task('rescore');
		PREPARE TRANSACTION '$name'});
};
my $see = sub {
	my ($name, $company) = @_;
	$brim->wait_until($asleep, '1');
	my $started = time();
	$brim->sql("COMMIT PREPARED '$name'");
	$brim->wait_until(qq{SELECT g.status FROM brim.generation AS g JOIN brim.lead USING (company_id) WHERE company_name = '$company'}, 'done', 10);
	my $took = time() - $started;
	ok($took < 5, sprintf('%s: its e-mails are written at once (%.2f s)', $company, $took));
	$brim->wait_until(q{SELECT count(*) FROM brim.task WHERE status <> 'done'}, '0', 10);
	pass("$company: the task that was queued with it is done");
};

$prepare->('first', 'Prepared here');
is($brim->sql(q{SELECT count(*) FROM brim.lead}), '0', 'what is prepared is not there yet');
$see->('first', 'Prepared here');

$prepare->('second', 'Prepared before');
$node->restart;
$see->('second', 'Prepared before');

# What is rolled back leaves nothing
$prepare->('third', 'Never there');
$brim->sql("ROLLBACK PREPARED 'third'");
is($brim->sql(q{SELECT count(*) FROM brim.task}), '2', 'what is rolled back was never queued');
$brim->log_is_clean;

done_testing();
