# A task that dies, fails or stalls at each of its fault points leaves a row that
# is true, and the next one can be done.  Only a library with fault points has
# them:
#
#	COPT=-DBRIM_FAULTS bash test/check.sh tap t/035*

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $library = `pg_config --pkglibdir`;
chomp $library;
plan skip_all => 'this library has no fault points' unless PostgreSQL::Test::Utils::slurp_file("$library/brim.so") =~ /brim_fault/;

my $n = 500;
my $brim = BrimTest->new('main', conf => "restart_after_crash = on\n");
my $node = $brim->node;
$brim->sql(qq{
	UPDATE brim.campaign SET is_active = false;
	SELECT brim_copy_model('balanced', new_name => 'mine');
	SELECT brim_publish_model('mine');
	INSERT INTO brim.lead (company_id, company_name, employee_count, industry, model)
	SELECT lpad(i::text, 6, '0'), 'Company ' || i, 1 + i % 400, (ARRAY['SaaS', 'Mining', 'Biotech', 'AI'])[1 + i % 4], 'mine'
	  FROM generate_series(1, $n) AS i});

my $turn = 0;
my $lost = qr/^failed\|its process \(\d+\) ended without a word/;
my @cases = (
	[ 'task_launch kill9', qr/^done\|$/, 'the launcher dies before it starts the process: it is started in the end' ],
	[ 'task_start kill9', qr/^done\|$/, 'the process dies before it has looked: another one does it' ],
	[ 'task_start exit', qr/^done\|$/, 'it ends before it has looked: the same' ],
	[ 'task_start error', qr/^done\|$/, 'it fails before it has looked: the same' ],
	[ 'task_taken kill9', $lost, 'it dies when it has just taken the row: the row is not left running' ],
	[ 'task_taken exit', $lost, 'it ends when it has just taken the row: the row is not left running' ],
	[ 'task_progress kill9', $lost, 'it dies in a step' ],
	[ 'task_progress exit', $lost, 'it ends in a step' ],
	[ 'task_progress error', qr/^failed\|brim fault point "task_progress"$/, 'a step fails: the row says with what' ],
	[ 'task_progress sleep 300', qr/^done\|$/, 'a step that stalls only takes longer' ],
	[ 'task_end kill9', $lost, 'it dies before the end is recorded: it is not said to be done' ],
	[ 'task_end error', qr/^done\|$/, 'the end cannot be recorded: it is tried again' ],
	[ 'task_end exit', $lost, 'it ends before the end is recorded' ],);

foreach my $case (@cases)
{
	my ($fault, $expected, $name) = @$case;
	my $industry = $turn++ % 2 ? 'biotech' : 'mining';
	$brim->wait_until(q{SELECT count(*) FROM brim.worker_slots() WHERE state = 'idle'}, '1');
	$brim->sql(qq{UPDATE brim.scoring_rule SET points = 95, keywords = ARRAY['$industry'] WHERE model = 'mine' AND rule_no = 20});
	my $file = $node->data_dir . '/brim_fault';
	PostgreSQL::Test::Utils::append_to_file("$file.new", "$fault\n");
	rename("$file.new", $file) or die "$file: $!";
	# The session may be lost with the server, but not what it has committed
	my $before = $brim->sql('SELECT coalesce(max(task_id), 0) FROM brim.task');
	$node->psql('app', q{SELECT brim_start_task('rescore', '{"batch_size": 100}')});
	my $task = $brim->wait_until("SELECT max(task_id) FROM brim.task WHERE task_id > $before", qr/^\d+$/);
	$brim->wait_until("SELECT status FROM brim.task WHERE task_id = $task", qr/^(?:done|failed)$/);
	like($brim->sql("SELECT status, error FROM brim.task WHERE task_id = $task"), $expected, "$fault: $name");
	ok(!-e $file, 'the fault has happened');
	$brim->wait_until(q{SELECT count(*) FROM brim.worker_slots() WHERE state = 'idle'}, '1');
	$task = $brim->sql(q{SELECT brim_start_task('rescore', '{"batch_size": 100}')});
	$brim->wait_until("SELECT status FROM brim.task WHERE task_id = $task", 'done');
	is($brim->sql(q{SELECT count(*) FROM brim.lead AS l WHERE l.total_score <> brim_score(l, l.model)}), '0', 'the next task does the rest');
}

done_testing();
