#
# BrimTest.pm - what brim's TAP tests share, on top of PostgreSQL::Test::Cluster.
#
# Words:
#	node		a private PostgreSQL server with brim preloaded and a database
#				"app" in which brim is installed and its worker runs
#	mail server	test/lib/smtp_server.py: keeps each accepted mail as a line of JSON
#	Gemini		test/lib/gemini_server.py: answers as its script says, keeps a journal
#
# A helper server lives as long as its standard input: when the test ends, for
# whatever reason, the servers end too.
#
#	my $brim = BrimTest->new('main');
#	my $smtp = $brim->start_smtp(rules => [...]);
#	$brim->set('brim.send' => 'on', 'brim.smtp_url' => $smtp->url);
#	$brim->load_companies(n => 50);
#	$brim->wait_until($sql, $expected);
#	my @mails = $smtp->mails;

package BrimTest;

use strict;
use warnings;

use Carp;
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our $python = $ENV{BRIM_PYTHON} || '/usr/bin/python3';
our $source = $ENV{BRIM_SRC} || '.';

# How long anything may take before a test gives up waiting for it, in seconds
our $patience = $ENV{BRIM_TEST_PATIENCE} || 60;

# Statuses from which an e-mail does not move without a person or new facts
our $final_email = "('sent','failed','uncertain','superseded','cancelled','suppressed','held','draft')";
our $final_generation = "('done','failed','held','cancelled')";

our $state_query = q{
	SELECT 'generation ' || status || ' ' || count(*) FROM brim.generation GROUP BY status
	UNION ALL
	SELECT 'e-mail ' || status || ' ' || coalesce(hold_reason, '') || ' ' || count(*) FROM brim.outbound_email GROUP BY status, hold_reason
	UNION ALL
	SELECT 'component ' || component || ' ' || state || ' ' || detail FROM brim.component
	UNION ALL
	(SELECT 'generation error ' || generation_id || ' ' || error FROM brim.generation WHERE error IS NOT NULL LIMIT 5)
	UNION ALL
	(SELECT 'attempt ' || concat_ws(' ', email_id, phase, outcome, smtp_code, reply) FROM brim.attempts ORDER BY ended_at DESC LIMIT 5)};

our $json = JSON::PP->new->utf8->canonical;

# new(NAME, OPTION => VALUE, ...): a started node.  Options, all on by default
# unless said otherwise:
#	preload		shared_preload_libraries = brim
#	extension	CREATE EXTENSION in database app
#	campaign	the default campaign is filled in
#	worker		a role brim_worker with its rights, and brim.databases = app
#	standby		(off) ready to be replicated; 'logical' for logical replication too
#	archive		(off) WAL is archived; with standby only
#	mishap		(off) disk and clock obey ->mishap()
#	conf		(none) lines for postgresql.conf
#	installation	(none) another PostgreSQL than the one in PATH
sub new
{
	my ($class, $name, %opt) = @_;
	my %default = (preload => 1, extension => 1, campaign => 1, worker => 1, standby => 0, archive => 0, mishap => 0, conf => '', installation => undef);
	foreach my $key (keys %opt)
	{
		croak "unknown option $key" unless exists $default{$key};
	}
	%opt = (%default, %opt);

	my $node = PostgreSQL::Test::Cluster->new($name, defined $opt{installation} ? (install_path => $opt{installation}) : ());
	$node->init(
		allows_streaming => $opt{standby},
		has_archiving => $opt{archive},
		extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'brim'\n") if $opt{preload};
	$node->append_conf('postgresql.conf', "log_line_prefix = '%m [%p] %b '\n");
	# The tests kill; what a crash does to a disk without fsync is not the question
	$node->append_conf('postgresql.conf', "fsync = off\nautovacuum_naptime = 5s\n");
	$node->append_conf('postgresql.conf', $opt{conf});
	my $self = bless { node => $node, db => 'app', servers => [], name => $name }, $class;
	$self->{mishap} = make_mishap() if $opt{mishap};
	$self->start;
	$node->safe_psql('postgres', 'CREATE DATABASE app');
	$self->sql('CREATE EXTENSION brim') if $opt{extension};
	$self->fill_campaign if $opt{campaign} && $opt{extension};
	if ($opt{worker} && $opt{preload} && $opt{extension})
	{
		$self->sql(q{
			CREATE ROLE brim_worker LOGIN CONNECTION LIMIT 0;
			SELECT brim_grant('brim_worker', 'worker')});
		my $outbox = $self->make_outbox;
		$self->set(
			'brim.worker_role' => 'brim_worker',
			'brim.databases' => 'app',
			'brim.send_interval' => 0,
			'brim.outbox_directory' => $outbox);
	}
	return $self;
}

sub node { return $_[0]->{node} }

# Start the server once more, with the same disk and clock as before
sub start
{
	my ($self) = @_;
	local $ENV{LD_PRELOAD} = $self->{mishap} ? "$self->{mishap}/mishap.so" : $ENV{LD_PRELOAD} || '';
	local $ENV{BRIM_MISHAP} = $self->{mishap} || '';
	$self->{node}->start;
	return;
}

# test/lib/mishap.c as a library, in a directory of its own
sub make_mishap
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $out = `gcc -shared -fPIC -O2 -o "$dir/mishap.so" "$source/test/lib/mishap.c" -ldl 2>&1`;
	die "mishap.c: $out" if $?;
	return $dir;
}

# mishap(KIND, [TEXT]) turns on what mishap.c describes; mended(KIND) turns it off
sub mishap
{
	my ($self, $kind, $text) = @_;
	PostgreSQL::Test::Utils::append_to_file("$self->{mishap}/new", defined $text ? $text : '');
	rename("$self->{mishap}/new", "$self->{mishap}/$kind") or die "$kind: $!";
	return;
}

sub mended
{
	my ($self, $kind) = @_;
	unlink("$self->{mishap}/$kind");
	return;
}

# Where a Maildir may be made below the test's directory; the worker makes it
sub make_outbox
{
	my ($self) = @_;
	my $outbox = PostgreSQL::Test::Utils::tempdir() . '/outbox';

	$self->{outbox} = $outbox;
	return $outbox;
}

# The product, sender and postal address that sending needs
sub fill_campaign
{
	my ($self, $db) = @_;
	$self->{node}->safe_psql(
		$db || $self->{db}, q{
		UPDATE brim.campaign
		   SET product_name = 'Flowline', product_pitch = 'Flowline connects the tools of an operations team.',
			   sender_name = 'Ana Ortiz', sender_address = 'ana@flowline.example',
			   postal_address = 'Flowline Ltd, 1 Harbour Road, Dublin 1, Ireland'
		 WHERE name = 'default'});
	return;
}

# ---------------------------------------------------------------------------
# SQL
# ---------------------------------------------------------------------------

# One statement or several in database app; dies on an error
sub sql
{
	my ($self, $query) = @_;
	return $self->{node}->safe_psql($self->{db}, $query);
}

# The same as another role, or as the superuser for undef; gives (exit code, output,
# errors) and does not die
sub sql_as
{
	my ($self, $role, $query) = @_;
	my ($out, $err) = ('', '');
	my $code = $self->{node}->psql(
		$self->{db}, $query,
		stdout => \$out,
		stderr => \$err,
		on_error_stop => 1,
		extra_params => [ defined $role ? ('-U', $role) : (), '-v', 'VERBOSITY=verbose' ]);
	return ($code, $out, $err);
}

# Rows as arrays of text; NULL is the empty string
sub rows
{
	my ($self, $query) = @_;
	my $answer = $self->{node}->safe_psql($self->{db},
		"SELECT coalesce(json_agg(r), '[]') FROM ($query) AS r");
	return @{ JSON::PP->new->decode(characters($answer)) };
}

# psql's bytes as Perl's characters
sub characters
{
	my ($bytes) = @_;
	utf8::decode($bytes);
	return $bytes;
}

# ALTER SYSTEM SET each, then reload; undef means RESET
sub set
{
	my ($self, %setting) = @_;
	my $node = $self->{node};
	foreach my $name (sort keys %setting)
	{
		my $value = $setting{$name};
		if (defined $value)
		{
			$value =~ s/'/''/g;
			$node->safe_psql('postgres', "ALTER SYSTEM SET $name = '$value'");
		}
		else
		{
			$node->safe_psql('postgres', "ALTER SYSTEM RESET $name");
		}
	}
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return;
}

# wait_until(SQL, EXPECTED, [SECONDS]): ask until the answer is as expected (text
# or regexp); dies with the last answer and what the queue looks like.
sub wait_until
{
	my ($self, $query, $expected, $seconds) = @_;
	$expected = 't' unless defined $expected;
	$seconds ||= $patience;
	my $deadline = time() + $seconds;
	my ($last, $err, $code);
	while (1)
	{
		$code = $self->{node}->psql($self->{db}, $query, stdout => \$last, stderr => \$err);
		if (defined $code && $code == 0)
		{
			return $last if ref $expected ? $last =~ $expected : $last eq $expected;
		}
		last if time() > $deadline;
		sleep(0.1);
	}
	my $state = '';
	$self->{node}->psql($self->{db}, $state_query, stdout => \$state);
	my ($package, $file, $line) = caller;
	die "$file:$line: waited $seconds s in vain for $query\n"
	  . "to give: $expected\nlast answer: $last\n$err\nstate:\n$state\n";
}

# Until every generation and every e-mail has settled; the variants that
# wait behind one in doubt have
sub wait_idle
{
	my ($self, $seconds) = @_;
	$self->wait_until(
		"SELECT (SELECT count(*) FROM brim.generation WHERE status NOT IN $final_generation)
			  + (SELECT count(*) FROM brim.outbound_email AS e WHERE status NOT IN $final_email
				 AND NOT (status = 'queued' AND EXISTS (SELECT FROM brim.outbound_email AS u
							WHERE u.campaign = e.campaign AND u.company_id = e.company_id AND u.status = 'uncertain')))",
		'0', $seconds);
	return;
}

# take(WHICH, WORKER, TOKEN, [STATE]): e-mails of the queue, WHICH being a query of
# their numbers, as if a process of that token, the worker of that number, had them under way
sub take
{
	my ($self, $which, $worker, $token, $state) = @_;
	$state ||= "'claimed'";
	$self->sql(
		"WITH owner AS (
			INSERT INTO brim.email_owner (claimed_by, claim_token, since) VALUES ($worker, $token, now()) ON CONFLICT DO NOTHING),
		 gone AS (DELETE FROM brim.email_queue AS q WHERE q.email_id IN ($which) RETURNING q.*)
		 INSERT INTO brim.send_ledger (email_id, campaign, company_id, score, node_id, attempts, claims, crashes,
									   claim_token, claimed_by, state)
		 SELECT email_id, campaign, company_id, score, node_id, attempts, claims + 1, crashes, $token, $worker, $state FROM gone");
	return;
}

# Put back what is claimed
sub give_back
{
	my ($self) = @_;
	$self->sql(
		q{WITH gone AS (DELETE FROM brim.send_ledger WHERE state = 'claimed' RETURNING *)
		 INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id, attempts, claims, crashes)
		 SELECT g.email_id, g.campaign, g.company_id, e.choice, g.score, g.node_id, g.attempts, g.claims, g.crashes
		   FROM gone AS g JOIN brim.email AS e USING (email_id)});
	return;
}

# queue_emails(N, NAME, [BYTES]): N e-mails in the queue, to contact@NAME1.example and so on, without leads; variant one
sub queue_emails
{
	my ($self, $n, $name, $bytes) = @_;
	my $body = $bytes ? "left(repeat('Your team moves orders by hand, week after week, number ' || i || '. ', 100), $bytes)" : "'Hello'";
	$self->sql(qq{
		WITH written AS (
			INSERT INTO brim.email (campaign, company_id, variant, score, node_id, recipient, subject, body, generated_by,
									message_id, message_date)
			SELECT 'default', '$name' || i, 'one', 100, n.node_id, 'contact\@$name' || i || '.example', 'Hello', $body,
				   'template', '$name' || i || '\@flowline.example', now()
			  FROM generate_series(1, $n) AS i, brim.node AS n
			RETURNING *)
		INSERT INTO brim.email_queue (email_id, campaign, company_id, choice, score, node_id)
		SELECT email_id, campaign, company_id, choice, score, node_id FROM written});
	return;
}

# Turn the clock of all workers forward, instead of waiting
sub turn_clock
{
	my ($self, $by) = @_;
	return $self->sql("SELECT brim.turn_clock('$by')");
}

# Until all workers have run a transaction from now on and found nothing more to
# do.  After something that wakes them, and only where they look at a queue.
sub wait_settled
{
	my ($self) = @_;
	my $since = $self->sql('SELECT clock_timestamp()');
	$self->sql(q{SELECT brim.wake_worker()});
	$self->wait_until(
		"SELECT bool_and(w.state = 'idle' AND a.state = 'idle' AND a.state_change > '$since')
		   FROM brim.worker_slots() AS w JOIN pg_stat_activity AS a USING (pid)");
	return;
}

# How many rows have each status, as "status=n status=n"
sub statuses
{
	my ($self, $table) = @_;
	return $self->sql(
		"SELECT string_agg(status || '=' || n, ' ' ORDER BY status COLLATE \"C\")
		   FROM (SELECT status, count(*) AS n FROM brim.$table GROUP BY status) AS s");
}

# Process id of the worker of a database, or the empty string
sub worker_pid
{
	my ($self, $db) = @_;
	$db ||= $self->{db};
	return $self->{node}->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE datname = '$db' AND backend_type LIKE 'brim%' LIMIT 1");
}

# Wait for a worker (another one than $old) and return its process id
sub wait_worker
{
	my ($self, $old, $seconds) = @_;
	my $not = $old ? "AND pid <> $old" : '';
	return $self->wait_until(
		"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type LIKE 'brim%' $not LIMIT 1",
		qr/^\d+$/, $seconds);
}

# ---------------------------------------------------------------------------
# Companies
# ---------------------------------------------------------------------------

# add_companies(N, [PREFIX]): N companies whose names are "PREFIX 1".. with an
# address at PREFIX1.example.  All qualify, in two scores: even ones are at 100,
# odd ones at 80 or less (a 60-point industry).
sub add_companies
{
	my ($self, $n, $prefix, %also) = @_;
	$prefix = 'Company' unless defined $prefix;
	my $lower = lc $prefix;
	$lower =~ s/[^a-z0-9]//g;
	my @companies;
	foreach my $i (1 .. $n)
	{
		push @companies,
		  {
			company_name => "$prefix $i",
			domain => "$lower$i.example",
			contact_name => "Contact $i",
			contact_email => "contact\@$lower$i.example",
			employee_count => 100 + $i % 100,
			industry => ($i % 2 ? 'Biotech' : 'SaaS'),
			tech_stack => ['hubspot'],
			recent_job_posts => ['Head of Operations'],
			%also
		  };
	}
	return $self->score_batch(\@companies);
}

# Hand companies to brim_score_batch; dies unless each was taken
sub score_batch
{
	my ($self, $companies) = @_;
	my $text = ref $companies ? $json->encode($companies) : $companies;
	$text =~ s/'/''/g;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/batch.sql';
	open(my $fh, '>', $file) or die "$file: $!";
	print $fh "SELECT ordinal || ': ' || error FROM brim_score_batch('$text'::jsonb) WHERE error IS NOT NULL;\n";
	close($fh) or die "$file: $!";
	my ($out, $err) = ('', '');
	my $code = $self->{node}->psql($self->{db}, undef,
		stdout => \$out, stderr => \$err, on_error_stop => 1, extra_params => [ '-f', $file ]);
	die "brim_score_batch: $out$err" if $code != 0 || $out ne '';
	return;
}

# The companies that brim ships for the demo
sub demo_companies
{
	my $file = "$source/test/data/companies.json";
	open(my $fh, '<:raw', $file) or die "$file: $!";
	local $/;
	return @{ $json->decode(scalar <$fh>) };
}

# ---------------------------------------------------------------------------
# Helper servers
# ---------------------------------------------------------------------------

# A test CA and a certificate for localhost, made once a test: (ca, cert, key)
sub certificates
{
	my ($self) = @_;
	unless ($self->{certificates})
	{
		my $dir = PostgreSQL::Test::Utils::tempdir() . '/tls';
		mkdir $dir or die "$dir: $!";
		my $out = `sh "$source/test/lib/make_cert.sh" "$dir" 2>&1`;
		die "make_cert.sh: $out" if $?;
		$self->{certificates} = { dir => $dir, ca => "$dir/ca.crt", cert => "$dir/server.crt", key => "$dir/server.key" };
		foreach my $file (qw(ca cert key))
		{
			die "make_cert.sh made no $self->{certificates}{$file}: " . join(' ', glob("$dir/*"))
			  unless -f $self->{certificates}{$file};
		}
	}
	return $self->{certificates};
}

# A file with these words in it, readable by its owner alone
sub secret_file
{
	my ($self, $name, $words) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name";
	open(my $fh, '>', $file) or die "$file: $!";
	print $fh "$words\n";
	close($fh) or die "$file: $!";
	chmod 0600, $file;
	return $file;
}

# start_smtp(starttls => 1, tls => 1, auth => 'user:password', rules => [...], port => N)
sub start_smtp
{
	my ($self, %opt) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $store = "$dir/mails.jsonl";
	my @command = ("$source/test/lib/smtp_server.py", '--store', $store);
	if ($opt{starttls} || $opt{tls})
	{
		my $tls = $self->certificates;
		push @command, $opt{tls} ? '--tls' : '--starttls', '--cert', $tls->{cert}, '--key', $tls->{key};
	}
	push @command, '--require-auth', $opt{auth} if $opt{auth};
	push @command, '--port', $opt{port} if $opt{port};
	push @command, '--rules', write_json("$dir/rules.json", $opt{rules}) if $opt{rules};
	my $server = BrimTest::Server->start("$dir/smtp.log", @command);
	$server->{store} = $store;
	$server->{scheme} = $opt{tls} ? 'smtps' : 'smtp';
	push @{ $self->{servers} }, $server;
	return $server;
}

# start_faults(NAME => OPTIONS, ...): the listeners of test/lib/fault_server.py;
# ->url(HOST, NAME), ->journal
sub start_faults
{
	my ($self, %plan) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $tls = $self->certificates;
	my $server = BrimTest::Server->start("$dir/faults.log", "$source/test/lib/fault_server.py",
		'--plan', write_json("$dir/plan.json", \%plan), '--ports', "$dir/ports.json",
		'--journal', "$dir/journal.jsonl", '--cert', $tls->{cert}, '--key', $tls->{key});
	$server->{store} = "$dir/journal.jsonl";
	$server->{ports} = $json->decode(PostgreSQL::Test::Utils::slurp_file("$dir/ports.json"));
	$server->{plan} = \%plan;
	push @{ $self->{servers} }, $server;
	return $server;
}

# start_gemini(script => [...], key => '...', tls => 1, latency_ms => N, port => N)
sub start_gemini
{
	my ($self, %opt) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $key = defined $opt{key} ? $opt{key} : 'test-key-1234567890';
	my @command = ("$source/test/lib/gemini_server.py", '--key-value', $key, '--journal', "$dir/journal.jsonl");
	push @command, '--script', write_json("$dir/script.json", $opt{script}) if $opt{script};
	push @command, '--latency-ms', $opt{latency_ms} if $opt{latency_ms};
	push @command, '--port', $opt{port} if $opt{port};
	if ($opt{tls})
	{
		my $tls = $self->certificates;
		push @command, '--cert', $tls->{cert}, '--key', $tls->{key};
	}
	my $server = BrimTest::Server->start("$dir/gemini.log", @command);
	$server->{store} = "$dir/journal.jsonl";
	$server->{scheme} = $opt{tls} ? 'https' : 'http';
	$server->{key_file} = $self->secret_file('gemini.key', $key);
	push @{ $self->{servers} }, $server;
	return $server;
}

sub write_json
{
	my ($file, $what) = @_;
	open(my $fh, '>:raw', $file) or die "$file: $!";
	print $fh $json->encode($what);
	close($fh) or die "$file: $!";
	return $file;
}

# parse_mail(BYTES or mail of ->mails): what an independent parser reads in it
sub parse_mail
{
	my ($mail) = @_;
	my $bytes = ref $mail ? $mail->{data} : $mail;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/mail.eml';
	open(my $fh, '>:raw', $file) or die "$file: $!";
	print $fh $bytes;
	close($fh) or die "$file: $!";
	open(my $parser, '-|:raw', $python, "$source/test/lib/parse_mail.py", $file) or die "parse_mail.py: $!";
	local $/;
	my $text = <$parser>;
	close($parser) or die "parse_mail.py failed on:\n$bytes";
	my $answer = $json->decode($text);
	return ref $answer eq 'ARRAY' ? $answer->[0] : $answer;
}

# ---------------------------------------------------------------------------
# Log
# ---------------------------------------------------------------------------

# Lines of the server's log that match
sub log_lines
{
	my ($self, $pattern, $offset) = @_;
	my $text = PostgreSQL::Test::Utils::slurp_file($self->{node}->logfile, $offset || 0);
	return grep { $_ =~ $pattern } split /\n/, $text;
}

# Until a line behind the offset matches
sub wait_log
{
	my ($self, $pattern, $offset) = @_;
	my $deadline = time() + $patience;
	until ($self->log_lines($pattern, $offset))
	{
		croak "waited $patience s in vain for the log to say $pattern" if time() > $deadline;
		sleep(0.1);
	}
	return;
}

# Nothing in the log that a healthy server does not say
sub log_is_clean
{
	my ($self, $name, $allowed) = @_;
	my @bad = grep { !defined $allowed || $_ !~ $allowed }
	  $self->log_lines(qr/PANIC|TRAP:|terminated by signal|server process .* was terminated|WARNING:  .*(?:leak|still|not closed)|cache lookup failed|could not find/);
	is(join("\n", @bad), '', $name || 'the log speaks of no crash and no leak');
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	$_->stop foreach grep { defined } @{ $self->{servers} || [] };
	return;
}

# ---------------------------------------------------------------------------
# A helper server
# ---------------------------------------------------------------------------

package BrimTest::Server;

use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(sleep time);

# start(LOG, SCRIPT, ARG...): returns when the server has said READY
sub start
{
	my ($class, $log, @command) = @_;
	open(my $made, '>', $log) or die "$log: $!";
	close($made);
	pipe(my $read, my $write) or die "pipe: $!";
	my $pid = fork();
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		open(STDIN, '<&', $read) && open(STDOUT, '>>', $log) && open(STDERR, '>>', $log)
		  and exec($BrimTest::python, @command);
		POSIX::_exit(127);
	}
	close($read);
	# The write end closes when this process ends: that stops the server
	my $self = bless { log => $log, pid => $pid, stdin => $write }, $class;
	my $deadline = time() + 30;
	until (($self->{port}) = PostgreSQL::Test::Utils::slurp_file($log) =~ /^READY port=(\d+)/m)
	{
		die "$command[0] did not start:\n" . PostgreSQL::Test::Utils::slurp_file($log)
		  if time() > $deadline || waitpid($pid, POSIX::WNOHANG()) != 0;
		sleep(0.02);
	}
	return $self;
}

sub port { return $_[0]->{port} }

# URL with a host, 127.0.0.1 unless said otherwise; of a listener where the server has several
sub url
{
	my ($self, $host, $listener) = @_;
	my $port = defined $listener ? $self->{ports}{$listener} : $self->{port};
	my $scheme = defined $listener ? (($self->{plan}{$listener}{tls} || '') eq 'smtps' ? 'smtps' : 'smtp') : $self->{scheme};
	return "$scheme://" . ($host || '127.0.0.1') . ":$port";
}

# Everything kept so far: mails accepted, or requests answered
sub mails
{
	my ($self) = @_;
	return () unless -f $self->{store};
	open(my $fh, '<:raw', $self->{store}) or die "$self->{store}: $!";
	my @kept;
	while (my $line = <$fh>)
	{
		push @kept, $BrimTest::json->decode($line) if $line =~ /\n\z/;
	}
	close($fh);
	return @kept;
}

sub journal { return $_[0]->mails }

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;
	close($self->{stdin});
	my $deadline = time() + 5;
	while (waitpid($pid, POSIX::WNOHANG()) == 0)
	{
		kill('KILL', $pid) if time() > $deadline;
		sleep(0.02);
	}
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	$self->stop;
	return;
}

1;
