# The settings that a database or a role brings along do not reach the worker's
# work: what its safety needs it sets itself.  So a commit is durable before the
# final dot even where the database has synchronous_commit off, which shows when
# the whole server is killed during sending.  Too few background worker slots are
# named.

use strict;
use warnings;
use BrimTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# Nobody but a commit that asks for it writes the WAL out
my $brim = BrimTest->new('main', conf => "wal_writer_delay = 10s\n");
my $node = $brim->node;
my $smtp = $brim->start_smtp(rules => [ { match => 'killed', phase => 'dot', action => 'accept', delay => 0.01 } ]);
my (%wanted, $worker);

# N companies whose mail is to arrive once
sub add
{
	my ($n, $prefix) = @_;
	$brim->add_companies($n, $prefix);
	(my $lower = lc $prefix) =~ s/[^a-z0-9]//g;
	$wanted{"contact\@$lower$_.example"} = $prefix foreach 1 .. $n;
	return;
}

# Each company has its mail, and no more than one; those in doubt need none
sub all_mailed
{
	my ($name) = @_;
	my (%count, %in_doubt);
	$in_doubt{ $_->{recipient} } = 1 foreach $brim->rows(q{SELECT recipient FROM brim.outbound_email WHERE status = 'uncertain'});
	$count{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
	is(join(' ', grep { $count{$_} > 1 } sort keys %count), '', "$name: nobody is mailed twice");
	is(join(' ', grep { !$count{$_} && !$in_doubt{$_} } sort keys %wanted), '', "$name: nobody is forgotten");
	return;
}

# ---------------------------------------------------------------------------
# Slots
# ---------------------------------------------------------------------------
my $small = BrimTest->new('small', conf => "max_worker_processes = 1\n");

sub small_status
{
	my ($check) = @_;
	return $small->sql("SELECT concat_ws(' ', status, detail, hint) FROM brim_status() WHERE check_name = '$check'");
}

like(small_status('launcher'), qr/^blocked .*max_worker_processes/, 'brim_status() says that the launcher found no slot');
like(small_status('summary'), qr/^blocked /, 'and that nothing is sent');
$small->set('max_worker_processes' => 2);
$small->node->restart;
$small->wait_until(q{SELECT status FROM brim_status() WHERE check_name = 'launcher'}, 'ok');
like(small_status('worker'), qr/^blocked No worker runs .*server log/, 'a worker without a slot is missed, and the log is named');
$small->wait_log(qr/could not start a worker for database "app": no free background worker slot/);
pass('where the reason is');
$small->set('max_worker_processes' => 3);
$small->node->restart;
$small->wait_worker;
pass('with slots enough it starts');
$small->node->stop('fast');

# ---------------------------------------------------------------------------
# Settings
# ---------------------------------------------------------------------------
$brim->sql(q{
	CREATE SCHEMA evil;
	GRANT USAGE ON SCHEMA evil TO PUBLIC;
	CREATE FUNCTION evil.trap() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
	CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT CASE WHEN evil.trap() THEN clock_timestamp() END$$;
	CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$SELECT CASE WHEN evil.trap() THEN $1 END$$;
	CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap()';
	CREATE FUNCTION evil.equal(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap()';
	CREATE FUNCTION evil.before(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap()';
	CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = text, RIGHTARG = text);
	CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = bigint, RIGHTARG = bigint);
	CREATE OPERATOR evil.<= (FUNCTION = evil.before, LEFTARG = timestamptz, RIGHTARG = timestamptz)});
my %anywhere = (
	# what ends or refuses statements
	statement_timeout => 1, lock_timeout => 1, idle_in_transaction_session_timeout => 1, idle_session_timeout => 1,
	default_transaction_read_only => 'on', default_transaction_isolation => 'serializable', default_transaction_deferrable => 'on',
	'plpgsql.extra_errors' => 'all',
	# what statements mean
	search_path => 'evil, pg_catalog, public', synchronous_commit => 'off', transform_null_equals => 'on', array_nulls => 'off',
	standard_conforming_strings => 'off', DateStyle => 'German', IntervalStyle => 'sql_standard', TimeZone => 'Pacific/Apia',
	extra_float_digits => -15, bytea_output => 'escape', quote_all_identifiers => 'on',
	# how they are run
	work_mem => '64kB', enable_indexscan => 'off', enable_indexonlyscan => 'off', enable_nestloop => 'off', enable_material => 'off',
	jit => 'on', jit_above_cost => 0, plan_cache_mode => 'force_custom_plan', from_collapse_limit => 1,
	join_collapse_limit => 1, track_activities => 'off', track_counts => 'off', row_security => 'on');
# Two that mark the restore of a dump, and one that switches triggers off: in other
# sessions they are meant to do that
my %worker_only = (%anywhere, check_function_bodies => 'off', row_security => 'off', session_replication_role => 'replica',
	temp_file_limit => 0);

$brim->set('brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => 4, 'brim.batch_size' => 1000, 'brim.generate' => 'on', 'brim.send' => 'on');
# This test's own sessions need to get on
$ENV{PGOPTIONS} = join ' ', map { "-c $_" } qw(search_path=public statement_timeout=0 lock_timeout=0 idle_session_timeout=0
	idle_in_transaction_session_timeout=0 default_transaction_read_only=off);
foreach my $whose ('DATABASE app', 'ROLE brim_worker', 'ROLE brim_worker IN DATABASE app')
{
	my %settings = $whose =~ /^DATABASE/ ? %anywhere : %worker_only;
	my $old = $brim->worker_pid;
	$node->safe_psql('postgres', join '', map { "ALTER $whose SET $_ = " . ($_ eq 'search_path' ? $settings{$_} : "'$settings{$_}'") . ";\n" } sort keys %settings);
	$brim->sql("SELECT pg_terminate_backend($old)");
	$brim->wait_worker($old);
	add(10, "Settings $whose");
	$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, scalar keys %wanted);
	pass("hostile settings of $whose stop nothing");
}
all_mailed('hostile settings');
is($brim->sql(q{SELECT (SELECT count(*) FROM brim.generation WHERE attempts > 0 OR crashes > 0 OR error IS NOT NULL)
	+ (SELECT count(*) FROM brim.outbound_email WHERE attempts > 0 OR crashes > 0)}), '0', 'nothing is charged to a row');
is($brim->sql('SELECT sum(errors) FROM brim.worker_slots()'), '0', 'no transaction of the worker failed');
is(scalar(my @trapped = $brim->log_lines(qr/ERROR:  trapped/)), 0, 'no function and no operator of another schema was called');

# An error is the end of a transaction, not of the process, whatever exit_on_error says
$worker = $brim->worker_pid;
$node->safe_psql('postgres', 'ALTER ROLE brim_worker SET exit_on_error = on');
$brim->sql("SELECT pg_terminate_backend($worker)");
$worker = $brim->wait_worker($worker);
$brim->sql(q{ALTER TABLE brim.send_ledger ADD CONSTRAINT no_sent CHECK (state <> 'sent') NOT VALID});
add(2, 'Error');
$brim->wait_log(qr/brim worker (ERROR|FATAL): .*no_sent/);
$brim->sql(q{ALTER TABLE brim.send_ledger DROP CONSTRAINT no_sent});
$brim->wait_idle;
is($brim->worker_pid, $worker, 'an error does not end the worker');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'uncertain'}), '0', 'nor does it leave an e-mail in doubt');

# ---------------------------------------------------------------------------
# Durable before the dot
# ---------------------------------------------------------------------------
sub children_of
{
	my ($parent) = @_;
	my @found;
	foreach my $file (glob('/proc/[0-9]*/stat'))
	{
		open(my $fh, '<', $file) or next;
		my ($pid, $of) = (<$fh> || '') =~ /^(\d+) \(.*\) \S (\d+)/;
		push @found, $pid if defined $of && $of == $parent;
	}
	return @found;
}

sub taken
{
	my @lines = slurp_file($smtp->{store}) =~ /\n/g;
	return scalar(@lines);
}

# The worker's own setting, as a trigger sees it in its transactions
$brim->sql(q{
	CREATE TABLE public.seen (value text);
	CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
		BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
	CREATE TRIGGER see AFTER UPDATE OF state ON brim.send_ledger FOR EACH ROW WHEN (NEW.state = 'committing') EXECUTE FUNCTION public.see()});
$brim->set('brim.send' => 'off');
add(250, 'Killed');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status <> 'done'}, '0');
$brim->set('brim.send' => 'on');
foreach my $round (1 .. 5)
{
	my $before = taken();
	my $deadline = time() + $BrimTest::patience;
	until (taken() > $before + 20)
	{
		die 'the worker sends nothing' if time() > $deadline;
		sleep(0.02);
	}
	my @all = children_of($node->{_pid});
	$node->kill9;
	kill('KILL', @all);
	sleep(0.02) while kill(0, @all);
	$brim->start;
}
$brim->wait_idle;
all_mailed('killed with all its processes five times');
is($brim->sql('SELECT string_agg(DISTINCT value, $$ $$) FROM public.seen'), 'on', 'every barrier is committed with synchronous_commit on');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE attempts > 0 OR status = 'failed'}), '0', 'nothing is charged to an e-mail');
done_testing();
