# Secrets stay where they are: not in the log at debug5, not in pg_settings, not
# in a dump, not in any table.  No worker runs as a superuser.  A plain role can
# score and nothing else, a reader can read views and nothing else.

use strict;
use warnings;
use BrimTest;
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Utils;
use Test::More;

my $password = 'correct-horse-7431';
my $key = 'AQ.secret-key-90210';
my $brim = BrimTest->new('main', conf => "log_min_messages = debug5\nlog_statement = all\n");
my $smtp = $brim->start_smtp(starttls => 1, auth => "brim:$password");
my $gemini = $brim->start_gemini(tls => 1, key => $key,
	script => [ { match => 'Refused', steps => [ 'r401', 'ok' ] }, { match => '.', steps => ['ok'] } ]);
$brim->set(
	'brim.smtp_url' => $smtp->url('localhost'),
	'brim.smtp_username' => 'brim',
	'brim.smtp_password_file' => $brim->secret_file('password', $password),
	'brim.gemini_url' => $gemini->url('localhost'),
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.ca_file' => $brim->certificates->{ca},
	'brim.generate' => 'on',
	'brim.send' => 'on');
$brim->add_companies(3);
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '3');
is($brim->sql(q{SELECT count(*) FROM brim.generation WHERE provider = 'gemini'}), '3', 'key and password were really used');
is(scalar(grep { $_->{key_matched} } $gemini->journal), 3, 'the key reached Gemini');

# Faults are where secrets like to slip out
$brim->add_companies(1, 'Refused');
$brim->wait_until(q{SELECT count(*) FROM brim.component WHERE state <> 'ok'}, '1');
$brim->set('brim.smtp_password_file' => $brim->secret_file('wrong', 'wrong-horse-1234'));
$brim->sql(q{SELECT * FROM brim_status()});

my @secrets = ($password, $key, 'wrong-horse-1234');
push @secrets, map { my $s = encode_base64($_, ''); $s =~ s/=+$//; $s } "\0brim\0$password", $password, "\0brim\0wrong-horse-1234";
my $finds = sub {
	my ($text) = @_;
	return join(' ', grep { index($text, $_) >= 0 } @secrets);
};
is($finds->(PostgreSQL::Test::Utils::slurp_file($brim->node->logfile)), '', 'no secret in the log at debug5');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$brim->node->command_ok([ 'pg_dumpall', '--no-sync', '-f', $dump, '-d', $brim->node->connstr('postgres') ], 'pg_dumpall');
is($finds->(PostgreSQL::Test::Utils::slurp_file($dump)), '', 'no secret in a dump of the cluster');
my $tables = join(";\n", map { "SELECT t::text FROM brim.$_ AS t" } split /\n/,
	$brim->sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'brim'::regnamespace AND relkind IN ('r', 'v')}));
is($finds->($brim->sql($tables)), '', 'no secret in any table or view');
is($finds->($brim->sql('SELECT t::text FROM brim_status() AS t')), '', 'no secret in brim_status()');
$brim->sql(q{CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE nobody LOGIN});
foreach my $role (qw(monitor nobody))
{
	my ($code, $out) = $brim->sql_as($role, q{SELECT name, setting, reset_val FROM pg_settings WHERE name LIKE 'brim.%';
		SELECT query, application_name FROM pg_stat_activity});
	is($code, 0, "$role reads pg_settings");
	is($finds->($out), '', "no secret in pg_settings as $role");
}

# The worker's role
is($brim->sql(q{SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = 'brim_worker'}),
	'f', 'the worker\'s role has no attribute');
is($brim->sql(q{SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'brim worker'}), 'brim_worker', 'the worker runs as it');
my ($code, $out, $err) = $brim->sql_as('brim_worker', 'SELECT 1');
isnt($code, 0, 'no client can use it');
like($err, qr/too many connections for role/, 'because of its connection limit');
is($brim->sql(q{SELECT string_agg(table_name || ' ' || privilege_type, ', ' ORDER BY table_name, privilege_type) FROM information_schema.role_table_grants
	WHERE grantee = 'brim_worker' AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE')}), 'email_owner DELETE, email_parked DELETE, email_queue DELETE, send_ledger DELETE',
	'it may SELECT, INSERT, UPDATE, and nothing else, except where e-mails pass through');

# A superuser is refused
$brim->sql(q{CREATE ROLE mighty SUPERUSER LOGIN CONNECTION LIMIT 0});
($code, $out, $err) = $brim->sql_as('postgres', q{SELECT brim_grant('mighty', 'worker')}) if 0;
my $refused = $brim->node->psql('app', q{SELECT brim_grant('mighty', 'worker')}, stderr => \$err);
isnt($refused, 0, 'brim_grant refuses to make a superuser the worker');
like($err, qr/superuser/, 'and says why');
my $pid = $brim->worker_pid;
$brim->sql("SELECT pg_terminate_backend($pid)");
$brim->set('brim.worker_role' => 'mighty');
$brim->wait_until(q{SELECT count(*) FROM brim_status() WHERE status = 'blocked' AND (detail || hint) ~ 'superuser'}, qr/^[1-9]/);
ok(scalar($brim->log_lines(qr/superuser/)) > 0, 'the log says so, too');
my $queued = $brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'});
is($brim->sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'mighty' AND state IS NOT NULL AND backend_type = 'brim worker' AND query <> ''}), '0',
	'no worker runs as a superuser');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}), $queued, 'nothing is sent');
$brim->set('brim.worker_role' => 'brim_worker');
$brim->wait_worker;
pass('back with the right role');

# A plain role scores, and that is all
($code, $out, $err) = $brim->sql_as('nobody', q{SELECT brim_score(r) FROM (SELECT 100 AS employee_count) AS r});
is("$code $out", '0 60', 'a plain role can score') or diag($err);
my @forbidden = (
	'SELECT * FROM brim.lead', 'SELECT * FROM brim.outbound_email', 'SELECT * FROM brim.email', 'SELECT * FROM brim.journal', 'SELECT * FROM brim.top_leads', 'SELECT * FROM brim.node',
	'INSERT INTO brim.lead (company_name) VALUES (1)', 'DELETE FROM brim.send_ledger', 'UPDATE brim.campaign SET min_score = 0',
	'SELECT brim_pause()', 'SELECT brim_approve(1)', 'SELECT * FROM brim_arm()', 'SELECT brim_cancel(1)', 'SELECT brim_resolve(1, $$delivered$$, $$x$$)',
	q{SELECT brim_score_company('{"company_name": "x"}')}, q{SELECT * FROM brim_score_batch('[]')}, q{SELECT brim_rescore()},
	q{SELECT brim_suppress('domain', 'x.example')}, q{SELECT brim_grant('nobody', 'admin')}, q{SELECT brim_log_event('u', 's')},
	q{SELECT brim.wake_worker()}, q{SELECT brim.file_problem('brim.ca_file')}, 'SELECT * FROM brim.installation()', q{SELECT * FROM brim_status()},
	q{SET brim.send = on}, q{ALTER SYSTEM SET brim.send = on}, 'TRUNCATE brim.event', 'CREATE TABLE brim.x ()',
	'CREATE TRIGGER t BEFORE INSERT ON brim.generation FOR EACH ROW EXECUTE FUNCTION brim.wake_worker_trigger()');
my @allowed = grep { ($brim->sql_as('nobody', $_))[0] == 0 } @forbidden;
is(join("\n", @allowed), '', 'a plain role can do nothing else');

# A reader reads views
$brim->sql(q{CREATE ROLE reader LOGIN; SELECT brim_grant('reader', 'reader')});
my @unread;
foreach my $view (split /\n/, $brim->sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'brim'::regnamespace AND relkind = 'v' AND relname NOT IN ('outbound_email', 'journal')}))
{
	($code, $out, $err) = $brim->sql_as('reader', "SELECT count(*) FROM brim.$view");
	push @unread, "$view: $err" if $code != 0;
}
is(join('', @unread), '', 'a reader reads every view that shows no texts, addresses or notes');
# It also may ask for the status
my %reader_may = map { $_ => 1 } 'SELECT * FROM brim.top_leads', 'SELECT * FROM brim_status()';
@allowed = grep { !$reader_may{$_} && ($brim->sql_as('reader', $_))[0] == 0 } @forbidden;
is(join("\n", @allowed), '', 'a reader can do nothing else');
$brim->log_is_clean;

done_testing();
