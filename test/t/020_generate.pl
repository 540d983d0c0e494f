# Whatever Gemini answers, each job ends as it should, the others go on
# meanwhile, and nothing is left running.

use strict;
use warnings;
use BrimTest;
use Test::More;
use Time::HiRes qw(time);

my $brim = BrimTest->new('main');
my @cases = (
	# company, what Gemini does, who wrote in the end, requests made
	[ 'Good', ['ok'], 'gemini', 1 ],
	[ 'Thought', ['thought'], 'gemini', 1 ],
	[ 'Slow', ['slow:1500'], 'gemini', 1 ],
	[ 'Cutoff', [ 'max_tokens', 'ok' ], 'gemini', 2 ],
	[ 'Unsafe', [ 'safety', 'ok' ], 'template', 1 ],
	[ 'Blocked', [ 'block_reason', 'ok' ], 'template', 1 ],
	[ 'Limited', [ 'r429', 'ok' ], 'gemini', 2 ],
	[ 'Overload', [ 'r503', 'r503', 'r503', 'ok' ], 'gemini', 4 ],
	[ 'Malformed', [ 'malformed', 'ok' ], 'gemini', 2 ],
	[ 'Notjson', [ 'not_json', 'ok' ], 'gemini', 2 ],
	[ 'Htmlpage', [ 'r500_html', 'ok' ], 'gemini', 2 ],
	[ 'Reset', [ 'reset', 'ok' ], 'gemini', 2 ],
	[ 'Short', [ 'short', 'ok' ], 'gemini', 2 ],
	[ 'Hanging', [ 'hang:30', 'ok' ], 'gemini', 2 ],
	[ 'Huge', [ 'big:2000000', 'ok' ], 'gemini', 2 ],
	[ 'Badbytes', [ 'bad_utf8', 'ok' ], 'gemini', 2 ],
	[ 'Nulls', [ 'nul_escape', 'ok' ], 'gemini', 2 ],
	[ 'Never', ['max_tokens'], 'template', 5 ],);
my $gemini = $brim->start_gemini(
	tls => 1,
	script => [ map { { match => "$_->[0] 1\\b", steps => $_->[1] } } @cases ]);
$brim->set(
	'brim.gemini_url' => $gemini->url('localhost'),
	'brim.gemini_api_key_file' => $gemini->{key_file},
	'brim.ca_file' => $brim->certificates->{ca},
	'brim.gemini_connections' => 4,
	'brim.gemini_timeout' => 4);
$brim->add_companies(1, $_->[0]) foreach @cases;
my $total = @cases;
my $started = time();
$brim->set('brim.generate' => 'on');

# While one request hangs, the others are answered
$brim->wait_until(
	q{SELECT count(*) FROM brim.generation JOIN brim.lead USING (company_id)
	   WHERE status = 'done' AND company_name IN ('Good 1', 'Thought 1', 'Slow 1', 'Unsafe 1', 'Blocked 1')}, '5', 20);
pass('the loop does not stall while requests hang, fail and wait');

# The schedule says when a failed job is due again; then its turn is brought forward
my %waits;
my $deadline = time() + 150;
while (1)
{
	foreach my $row ($brim->rows(q{
		SELECT generation_id, company_name, attempts, extract(epoch FROM next_attempt_at - now()) AS wait
		  FROM brim.generation JOIN brim.lead USING (company_id)
		 WHERE status = 'queued' AND attempts > 0 AND next_attempt_at > now()}))
	{
		my $seen = $waits{ $row->{company_name} } ||= [];
		next if defined $seen->[ $row->{attempts} ];
		$seen->[ $row->{attempts} ] = $row->{wait};
		$brim->sql("UPDATE brim.generation SET next_attempt_at = now()
			WHERE generation_id = $row->{generation_id} AND attempts = $row->{attempts} AND status = 'queued'")
		  if $row->{attempts} > 1;
	}
	last if $brim->sql(q{SELECT count(*) FROM brim.generation WHERE status = 'done'}) == $total;
	if (time() > $deadline)
	{
		$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'done'}, $total, 1);
	}
	Time::HiRes::sleep(0.2);
}
is($brim->statuses('generation'), "done=$total", 'every job ends; nothing is left running');
ok(defined $waits{'Hanging 1'}[1] && $waits{'Hanging 1'}[1] > 0.5 && $waits{'Hanging 1'}[1] < 2.5, 'after one failure a job waits about 2 s');
ok(defined $waits{'Overload 1'}[2] && $waits{'Overload 1'}[2] > 5 && $waits{'Overload 1'}[2] < 13,
	'after two failures about 10 s');
ok(defined $waits{'Never 1'}[3] && $waits{'Never 1'}[3] > 40 && $waits{'Never 1'}[3] < 73, 'after three about 60 s');

my %row = map { $_->{company_name} => $_ } $brim->rows(q{SELECT * FROM brim.generation JOIN brim.lead USING (company_id)});
my %requests;
foreach my $request ($gemini->journal)
{
	my $text = $BrimTest::json->encode($request);
	foreach my $case (@cases) { $requests{ $case->[0] }++ if $text =~ /\b$case->[0] 1\b/ }
}
foreach my $case (@cases)
{
	my ($name, $steps, $provider, $attempts) = @$case;
	my $row = $row{"$name 1"};
	my $what = join(', ', @$steps);
	is($row->{provider}, $provider, "$what: written by $provider");
	# On a kept connection that turns out to be dead libcurl asks once more by itself
	cmp_ok($row->{attempts}, $name eq 'Reset' ? '<=' : '==', $attempts, "$what: $attempts requests counted");
	is($requests{$name}, $attempts, "$what: $attempts requests made");
	is($brim->sql("SELECT string_agg(variant || ' ' || generated_by, ' ' ORDER BY variant) FROM brim.outbound_email WHERE company_id = '$row->{company_id}'"),
		"problem_focused $provider roi_focused $provider", "$what: both variants are there");
}
ok($row{'Good 1'}{model_version} && $row{'Good 1'}{prompt_tokens} > 0 && $row{'Good 1'}{output_tokens} > 0
	  && $row{'Slow 1'}{latency_ms} >= 1500, 'model version, tokens and latency are recorded');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id) WHERE e.recipient IS DISTINCT FROM l.contact_email}),
	'0', 'the recipient is the lead\'s contact, whatever the model says');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status <> 'queued'}), '0', 'all are queued');

# The wrong key: asking stops, the jobs stay, and a reload with the right one goes on
my $key = $gemini->{key_file};
my $right = PostgreSQL::Test::Utils::slurp_file($key);
my $wrong = $brim->secret_file('wrong.key', 'not-the-key');
$brim->set('brim.gemini_api_key_file' => $wrong);
$brim->add_companies(20, 'Later');
$brim->wait_until(q{SELECT count(*) FROM brim.component WHERE component ~* 'gemini|generat' AND state <> 'ok'}, '1');
is($brim->sql(q{SELECT count(*) FROM brim.generation WHERE status = 'queued' AND attempts = 0}), '20', 'a refused key costs no job anything');
unlike($brim->sql('SELECT string_agg(detail, chr(10)) FROM brim.component'), qr/not-the-key/, 'the key is not shown');
my $asked = $gemini->journal;
cmp_ok($asked, '<', 90, 'asking stops after a refused key');
$brim->set('brim.gemini_api_key_file' => $key);
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'done' AND provider = 'gemini' AND company_id IN
	(SELECT company_id FROM brim.lead WHERE company_name LIKE 'Later%')}, '20');
pass('with the right key the jobs that waited are done');
$brim->log_is_clean;

done_testing();
