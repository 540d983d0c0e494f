# Tasks: long pieces of work, each in a process of its own.  They show how far
# they are, can be cancelled, survive nothing and leave a row that says so; what
# they had done stays.  They get in nobody's way, and who may not have something
# done may not have it done by a task either.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $n = 2000;
my $brim = BrimTest->new('main', conf => "max_worker_processes = 12\nrestart_after_crash = on\n");
my $node = $brim->node;
my $me = $brim->sql('SELECT session_user');

# Leads of which some change; a run can be made to wait at one of them
my $fill = q{
	UPDATE brim.campaign SET is_active = false;
	SELECT brim_copy_model('balanced', new_name => 'mine');
	SELECT brim_publish_model('mine');
	INSERT INTO brim.lead (company_id, company_name, employee_count, industry, model)
	SELECT lpad(i::text, 6, '0'), 'Company ' || i, 1 + i % 400, (ARRAY['SaaS', 'Mining', 'Biotech', 'AI'])[1 + i % 4], 'mine'
	  FROM generate_series(1, } . $n . q{) AS i;
	ANALYZE brim.lead;
	CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END'};
$brim->sql($fill);

# Each time other industries are the good ones
my $turn = 0;
my $change_rules = sub {
	my $industry = $turn++ % 2 ? 'biotech' : 'mining';
	$brim->sql(qq{UPDATE brim.scoring_rule SET points = 95, keywords = ARRAY['$industry'] WHERE model = 'mine' AND rule_no = 20});
};
my $wrong = q{SELECT count(*) FROM brim.lead AS l WHERE l.total_score <> brim_score(l, l.model)};

# A run waits at the lead in the middle, a mining company, as long as the lock is held
my $mid = '001001';
my $seen_then = 1000;
my $holder;
my $hold = sub {
	$brim->sql(qq{
		DROP TRIGGER IF EXISTS wait_here ON brim.lead;
		CREATE TRIGGER wait_here BEFORE UPDATE ON brim.lead FOR EACH ROW WHEN (NEW.company_id = '$mid') EXECUTE FUNCTION wait_here()});
	$holder = $node->background_psql('app');
	$holder->query_safe('SELECT pg_advisory_lock(42)');
};
my $let_go = sub {
	eval { $holder->quit };
	$brim->sql('DROP TRIGGER wait_here ON brim.lead');
};
my $task;
my $start = sub {
	my ($arguments) = @_;
	$arguments = '{"batch_size": 100}' unless defined $arguments;
	$task = $brim->sql(qq{SELECT brim_start_task('rescore', '$arguments')});
	return $task;
};
my $pid_that_waits = sub {
	return $brim->wait_until(qq{SELECT t.pid FROM brim.task AS t JOIN pg_stat_activity AS a USING (pid)
		 WHERE t.task_id = $task AND t.status = 'running' AND a.wait_event = 'advisory'}, qr/^\d+$/);
};
my $row = sub {
	my ($columns) = @_;
	return $brim->sql("SELECT $columns FROM brim.task_status WHERE task_id = $task");
};
my $wait_for = sub {
	my ($status, $seconds) = @_;
	return $brim->wait_until("SELECT status FROM brim.task WHERE task_id = $task", $status, $seconds);
};
my $processes = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim task'};

# To its end, with what can be seen on the way
$change_rules->();
cmp_ok($brim->sql($wrong), '>', 200, 'some leads are to change');
is($brim->sql($processes), '0', 'without tasks there is no process for them');
$hold->();
$start->();
my $pid = $pid_that_waits->();
is($row->('status, done_units, total_units, share_done'), "running|$seen_then|$n|50.0", 'a task shows how far it is');
like($row->('progress'), qr/^\d+ leads changed$/, 'also in words');
is($row->('requested_by'), $me, 'and who asked for it');
is($brim->sql("SELECT usename, datname, query FROM pg_stat_activity WHERE pid = $pid"), "brim_worker|app|brim task $task: rescore",
	'it runs as the role of the worker');
is($brim->sql(q{SELECT state || ' ' || started_by FROM brim.rescore_progress}), "running $me", 'it is a run of brim_rescore_all()');
my ($code, $out, $err) = $brim->sql_as($me, 'CALL brim_rescore_all()');
like($err, qr/55006: process $pid is rescoring the leads by their models already/, 'which nobody else may do meanwhile');
my $first = $task;
$start->();
$wait_for->('failed');
like($row->('error'), qr/^process $pid is rescoring the leads by their models already/, 'not another task either: it fails, and says why');
$task = $first;
$let_go->();
$wait_for->('done');
is($row->('status, done_units, total_units, share_done, error'), "done|$n|$n|100.0|", 'it is done');
is($row->('created_at <= started_at AND started_at < progress_at AND progress_at <= ended_at'), 't', 'and says when it was what');
is($brim->sql($wrong), '0', 'the leads have their scores');
$brim->wait_until($processes, '0');
pass('its process has ended');

# Cancelled while it runs: at once, and what was committed stays
$change_rules->();
my $to_change = $brim->sql($wrong);
$hold->();
$start->();
$pid = $pid_that_waits->();
my $started = time();
is($brim->sql("SELECT brim_cancel_task($task)"), 't', 'a running task is cancelled');
$wait_for->('cancelled', 5);
my $took = time() - $started;
cmp_ok($took, '<', 1, sprintf('at once (%.2f s)', $took));
is($row->('error'), "cancelled by $me", 'and its row says by whom');
$let_go->();
my $left = $brim->sql($wrong);
ok($left > 0 && $left < $to_change, "what it had done stays done ($left of $to_change are left)");
is($brim->sql("SELECT brim_cancel_task($task)"), 'f', 'what has ended is not cancelled');
is($row->('status'), 'cancelled', 'and stays as it ended');
($code, $out, $err) = $brim->sql_as($me, 'SELECT brim_cancel_task(99999)');
like($err, qr/P0002: task 99999 does not exist/, 'an unknown task is named');

# Two at a time; the third waits, and is cancelled without having begun
$hold->();
my $one = $start->();
$pid_that_waits->();
my $two = $start->('{"model": "mine", "batch_size": 100}');
$brim->wait_until("SELECT status FROM brim.task WHERE task_id = $two", 'running');
my $three = $start->('{"model": "balanced"}');
$brim->wait_until('SELECT brim.task_wait()', 'turn');
is($row->('status, pid'), 'queued|', 'a third one waits');
my $status = q{SELECT status || ' ' || detail FROM brim_status() WHERE check_name = 'tasks'};
is($brim->sql($status), 'info 2 tasks run, 1 wait: as many run in this server as may at once.', 'and brim_status() says for what');
is($brim->sql("SELECT brim_cancel_task($three)"), 't', 'one that waits is cancelled');
is($row->('status, error'), "cancelled|cancelled by $me before it began", 'before it has begun');
my $four = $start->('{"model": "mine"}');
$brim->sql("SELECT brim_cancel_task($one), brim_cancel_task($two)");
$let_go->();
$wait_for->('done');
is($brim->sql($wrong), '0', 'when there is room the next one begins');

# Its process is killed: so is every process of the server, but the row gets its end, and another task goes on from there
$change_rules->();
$hold->();
$start->();
$pid = $pid_that_waits->();
kill('KILL', $pid);
$brim->wait_until("SELECT status FROM brim.task WHERE task_id = $task", 'failed');
like($row->('error'), qr/^its process \($pid\) ended without a word, some time after 20\d\d-/, 'a task whose process was killed has failed, and says so');
is($row->('done_units, ended_at IS NOT NULL'), "$seen_then|t", 'it shows how far it had come');
eval { $holder->quit };
is($brim->sql(q{SELECT state, seen FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1}), "interrupted|$seen_then", 'its work is kept');
is($brim->sql($processes), '0', 'and it is not begun again by itself');
like($brim->sql(q{SELECT status || ' ' || detail FROM brim_status() WHERE check_name = 'failed task rescore'}),
	qr/^warning The last task rescore failed: its process \($pid\) ended without a word/, 'brim_status() says that it failed');
$hold->();
$start->();
$pid_that_waits->();
is($row->('done_units'), '0', 'a new task waits at the same lead');
is($brim->sql(q{SELECT state, seen FROM brim.rescore_progress ORDER BY run_id DESC LIMIT 1}), "running|$seen_then", 'where the other one stopped');
$let_go->();
$wait_for->('done');
is($brim->sql($wrong), '0', 'and gets to the end');

# Told to stop, by somebody or since the server stops
$change_rules->();
$hold->();
$start->();
$pid = $pid_that_waits->();
$brim->sql("SELECT pg_terminate_backend($pid)");
$wait_for->('failed', 5);
is($row->('error'), 'its process was asked to stop before it was done', 'a process that is terminated says so');
$start->();
$pid_that_waits->();
$started = time();
$node->stop('fast');
eval { $holder->quit };
$took = time() - $started;
cmp_ok($took, '<', 10, sprintf('the server stops while a task runs (%.2f s)', $took));
$node->start;
is($row->('status, error'), 'failed|its process was asked to stop before it was done', 'the task says that it had to stop');

# Where nobody looks after it, nobody takes it for running
$hold->();
$start->();
$pid = $pid_that_waits->();
$node->stop('immediate');
eval { $holder->quit };
$node->append_conf('postgresql.auto.conf', "brim.databases = ''\n");
$node->start;
is($brim->sql("SELECT status FROM brim.task WHERE task_id = $task"), 'running', 'without a worker the row stays as the crash left it');
like($row->(q{status || ': ' || error}), qr/^failed: its process \($pid\) ended without a word/, 'but the view shows what it is worth');
is($brim->sql("SELECT brim_cancel_task($task)"), 'f', 'there is nothing to cancel');
is($brim->sql("SELECT status FROM brim.task WHERE task_id = $task"), 'failed', 'and now it has its end');
$start->();
sleep(1);
is($row->('status'), 'queued', 'where the database has no worker a task waits');
is($brim->sql($status), 'warning 0 tasks run, 1 wait: no worker runs in this database.', 'and brim_status() says so');
$brim->sql('DROP TRIGGER wait_here ON brim.lead');
$brim->set('brim.databases' => 'app');
$wait_for->('done');
pass('until it has one');
is($brim->sql(q{SELECT count(*) FROM brim_status() WHERE check_name LIKE '%task%'}), '0', 'where all is well brim_status() says nothing of tasks');

# Other databases, all at once
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->safe_psql('second', "CREATE EXTENSION brim; SELECT brim_grant('brim_worker', 'worker'); $fill");
$brim->set('brim.databases' => 'app, second');
$brim->wait_until(q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'second' AND backend_type = 'brim worker'}, '1');
$change_rules->();
$hold->();
$start->();
$pid_that_waits->();
my $there = $node->safe_psql('second', q{SELECT brim_start_task('rescore')});
is($node->poll_query_until('second', "SELECT status = 'done' FROM brim.task WHERE task_id = $there"), 1, 'a task of another database runs meanwhile');
is($row->('status'), 'running', 'while this one waits');
$let_go->();
$wait_for->('done');

# The database is dropped under its hands, and so is the extension
my $other = $node->background_psql('second');
$other->query_safe(q{
	UPDATE brim.scoring_rule SET points = 11, keywords = ARRAY['mining'] WHERE model = 'mine' AND rule_no = 20;
	CREATE TRIGGER wait_here BEFORE UPDATE ON brim.lead FOR EACH ROW WHEN (NEW.company_id = '001001') EXECUTE FUNCTION wait_here();
	SELECT pg_advisory_lock(42);
	SELECT brim_start_task('rescore', '{"batch_size": 100}')});
is($node->poll_query_until('second', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = 'second' AND backend_type = 'brim task' AND wait_event = 'advisory')}),
	1, 'a task waits in the other database');
$started = time();
$node->safe_psql('postgres', 'DROP DATABASE second WITH (FORCE)');
$took = time() - $started;
cmp_ok($took, '<', 5, sprintf('DROP DATABASE (FORCE) is prompt while a task runs (%.2f s)', $took));
eval { $other->quit };
$brim->wait_until(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'brim task'}, '0');
pass('the task is gone with it');
$brim->set('brim.databases' => 'app');

# Tasks as short as can be, one after the other: the extension is dropped between two batches of one of them
$change_rules->();
$start->('{"batch_size": 1}');
$brim->wait_until("SELECT done_units > 0 FROM brim.task WHERE task_id = $task", 't');
$started = time();
$brim->sql('DROP EXTENSION brim CASCADE');
$took = time() - $started;
cmp_ok($took, '<', 8, sprintf('DROP EXTENSION is prompt while a task runs (%.2f s)', $took));
$brim->wait_until($processes, '0');
pass('the task ends');
$brim->sql("DROP FUNCTION wait_here(); CREATE EXTENSION brim; SELECT brim_grant('brim_worker', 'worker'); $fill");
$change_rules->();
$start->();
is($task, '1', 'a new extension counts from one');
$wait_for->('done');
is($brim->sql($wrong), '0', 'and has tasks of its own');

# Who may do what
$brim->sql(q{
	CREATE ROLE chief LOGIN; SELECT brim_grant('chief', 'admin');
	CREATE ROLE hand LOGIN; SELECT brim_grant('hand', 'operator');
	CREATE ROLE watcher LOGIN; SELECT brim_grant('watcher', 'reader')});
($code, $task, $err) = $brim->sql_as('chief', q{SELECT brim_start_task('rescore', '{"model": "mine"}')});
is($code, 0, 'an admin may start a task') or diag($err);
$wait_for->('done');
is($row->('requested_by'), 'chief', 'and is named');
$change_rules->();
$hold->();
$start->();
$pid_that_waits->();
foreach my $role (qw(hand watcher))
{
	foreach my $statement (q{brim_start_task('rescore')}, "brim_cancel_task($task)", "brim.interrupt_task($task)", 'brim.settle_tasks()',
		"brim.begin_rescore_task($task)", "brim.step_rescore_task($task, 1)")
	{
		($code, $out, $err) = $brim->sql_as($role, "SELECT $statement");
		like($err, qr/42501/, "$role may not call $statement");
	}
	($code, $out, $err) = $brim->sql_as($role, q{INSERT INTO brim.task (kind) VALUES ('rescore')});
	like($err, qr/42501/, "$role may not queue a row");
	($code, $out, $err) = $brim->sql_as($role, "SELECT status FROM brim.task_status WHERE task_id = $task");
	is($out, 'running', "but $role sees the task") or diag($err);
}
foreach my $step ("brim.begin_rescore_task($task)", "brim.step_rescore_task($task, 1)")
{
	($code, $out, $err) = $brim->sql_as($me, "SET ROLE brim_worker; SELECT $step");
	like($err, qr/55000: process \d+ does not run task $task\b/, "the role of the worker cannot use $step where it does not run the task itself");
}
($code, $out, $err) = $brim->sql_as('chief', "SELECT brim_cancel_task($task)");
is($out, 't', 'an admin may cancel it') or diag($err);
$wait_for->('cancelled');
is($row->('error'), 'cancelled by chief', 'and is named');
$let_go->();
($code, $out, $err) = $brim->sql_as('chief', qq{INSERT INTO brim.task (kind, requested_by) VALUES ('rescore', '$me')});
like($err, qr/42501/, 'nobody asks in the name of another');
($code, $out, $err) = $brim->sql_as('chief', "UPDATE brim.task SET status = 'queued', ended_at = NULL WHERE task_id = $task");
like($err, qr/42501/, 'or changes a row by hand');
$brim->sql(q{GRANT EXECUTE ON FUNCTION brim_start_task(text, jsonb) TO watcher; GRANT INSERT (kind, arguments), SELECT ON brim.task TO watcher});
($code, $out, $err) = $brim->sql_as('watcher', q{SELECT brim_start_task('rescore')});
like($err, qr/42501: role "watcher" may not rescore leads/, 'who may not rescore by hand may not by a task, whatever else it was given');

# The right is asked for again when the task begins
$brim->set('brim.databases' => '');
$brim->wait_until(q{SELECT count(*) FROM brim.worker_slots()}, '0');
($code, $task, $err) = $brim->sql_as('chief', q{SELECT brim_start_task('rescore')});
$brim->sql('REVOKE EXECUTE ON PROCEDURE brim_rescore_all(text, integer) FROM chief');
$brim->set('brim.databases' => 'app');
$wait_for->('failed');
is($row->('error'), 'role "chief" may not rescore leads', 'a right that was taken away since counts');
($code, $out, $err) = $brim->sql_as('brim_worker', 'SELECT 1');
isnt($code, 0, 'nobody logs in as the worker');

# What cannot be done is refused when it is asked for
my %refused = (
	q{'dance'} => qr/22023: no task is called 'dance'/,
	q{'rescore', '{"modle": "mine"}'} => qr/22023: task rescore has no argument "modle"/,
	q{'rescore', '{"model": 7}'} => qr/22023: argument "model" of task rescore is no text/,
	q{'rescore', '{"model": "nobody"}'} => qr/nobody/,
	q{'rescore', '{"model": "mine@1"}'} => qr/22023: leads are not rescored by "mine\@1"/,
	q{'rescore', '{"batch_size": 0}'} => qr/22023: invalid batch_size 0/,
	q{'rescore', '{"batch_size": "many"}'} => qr/22023: argument "batch_size"/,
	q{'rescore', '[]'} => qr/22023: the arguments of a task are no object but array/,);
foreach my $arguments (sort keys %refused)
{
	($code, $out, $err) = $brim->sql_as($me, "SELECT brim_start_task($arguments)");
	like($err, $refused{$arguments}, "brim_start_task($arguments) is refused");
}

$brim->log_is_clean('nothing but the processes that were killed', qr/brim task.*terminated by signal|signal 9/);

# A server that has no process left: the task waits, says for what, and keeps no worker from its own
my $small = BrimTest->new('small', conf => "max_worker_processes = 4\n");
$small->set('brim.workers' => 2);
$small->wait_until(q{SELECT count(*) FROM brim.worker_slots()}, '2');
$task = $small->sql(q{SELECT brim_start_task('rescore')});
$small->wait_until('SELECT brim.task_wait()', 'process');
is($small->sql("SELECT status FROM brim.task_status WHERE task_id = $task"), 'queued', 'without a free background worker a task waits');
is($small->sql($status), 'warning 0 tasks run, 1 wait: the server has no background worker left.', 'and brim_status() says so');
my $worker = $small->worker_pid;
$small->sql("SELECT pg_terminate_backend($worker)");
$small->wait_until(qq{SELECT count(*) FROM brim.worker_slots() WHERE pid <> $worker}, '2');
is($small->sql("SELECT status FROM brim.task_status WHERE task_id = $task"), 'queued', 'a worker that is started again comes first');
$small->set('brim.workers' => 1);
$small->wait_until("SELECT status FROM brim.task WHERE task_id = $task", 'done');
pass('when one is free the task is done');

done_testing();
