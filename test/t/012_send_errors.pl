# Each answer of a relay means what RFC 5321 and 3463 say: an address that does
# not exist is suppressed, a policy refusal is not held against the recipient, a
# temporary refusal is tried again on the schedule, a lost answer to the final
# dot is uncertain, and a relay that cannot be used costs no e-mail anything.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my @cases = (
	# company, rule, status, attempts, suppressed
	[ 'Plain', undef, 'sent', 0, 0 ],
	[ 'Gone', { phase => 'rcpt', reply => '550 5.1.1 no such user here' }, 'failed', 1, 1 ],
	[ 'Policy', { phase => 'rcpt', reply => '550 5.7.1 your mail is not wanted' }, 'failed', 1, 0 ],
	[ 'Bare', { phase => 'rcpt', reply => '550 no' }, 'failed', 1, 0 ],
	[ 'Grey', { phase => 'rcpt', reply => '450 4.2.0 greylisted' }, 'queued', 1, 0 ],
	[ 'Full', { phase => 'rcpt', reply => '552 5.2.2 mailbox full' }, 'queued', 1, 0 ],
	[ 'Content', { phase => 'data', reply => '554 5.6.0 content not wanted' }, 'failed', 1, 0 ],
	[ 'Busydot', { phase => 'dot', reply => '451 4.3.0 try later' }, 'queued', 1, 0 ],
	[ 'Spamdot', { phase => 'dot', reply => '554 5.7.1 looks like spam' }, 'failed', 1, 0 ],
	[ 'Lostdot', { phase => 'dot', action => 'close' }, 'uncertain', undef, 0 ],
	[ 'Byedot', { phase => 'dot', reply => '421 4.3.2 shutting down' }, 'uncertain', undef, 0 ],
	[ 'Garbled', { phase => 'dot', reply => 'fine, thanks' }, 'uncertain', undef, 0 ],
	[ 'Also plain', undef, 'sent', 0, 0 ],);
my @rules;
foreach my $case (@cases)
{
	(my $domain = lc $case->[0]) =~ s/[^a-z]//g;
	push @rules, { match => "\@${domain}1\\.example", %{ $case->[1] } } if $case->[1];
	$brim->add_companies(1, $case->[0]);
}
# One variant each, so that the other one does not step in for a refused one
$brim->sql(q{UPDATE brim.variant SET is_active = false WHERE name = 'roi_focused'});
my $smtp = $brim->start_smtp(starttls => 1, auth => 'brim:right', rules => \@rules);
$brim->set('brim.generate' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'queued'}, scalar @cases);

my $password = $brim->secret_file('password', 'wrong');
my $attempts = q{SELECT coalesce(max(attempts), 0) FROM brim.outbound_email};
my $fault = sub { return q{SELECT count(*) FROM brim.component WHERE state <> 'ok' AND detail ~* '} . $_[0] . q{'} };

# A relay without STARTTLS that is not the loopback address by name.  0.0.0.0 leads here, too.
my $bare = $brim->start_smtp;
$brim->set('brim.smtp_url' => $bare->url('0.0.0.0'), 'brim.send' => 'on', 'brim.batch_size' => 100);
$brim->wait_until($fault->('STARTTLS|TLS|SSL'), '1');
is(scalar($bare->mails), 0, 'a relay without STARTTLS gets nothing unless it is this machine');

# A certificate that nobody vouches for
$brim->set('brim.smtp_url' => $smtp->url('localhost'));
$brim->wait_until($fault->('certificate|SSL'), '1');
is(scalar($smtp->mails), 0, 'an untrusted relay gets nothing');

# A wrong password
$brim->set(
	'brim.ca_file' => $brim->certificates->{ca},
	'brim.smtp_username' => 'brim',
	'brim.smtp_password_file' => $password);
$brim->wait_until($fault->('login|auth|password|denied|535'), '1');
is(scalar($smtp->mails), 0, 'a wrong password sends nothing');
is($brim->sql($attempts), '0', 'none of these faults is charged to an e-mail');
is($brim->sql(q{SELECT count(*) FROM brim.send_ledger WHERE state <> 'claimed'}), '0', 'and none stays in the ledger');
like($brim->sql("SELECT string_agg(concat_ws(' ', status, detail), E'\n') FROM brim_status() WHERE status IN ('blocked', 'warning')"),
	qr/login|auth|password|denied|535/i, 'brim_status() says why nothing is sent');

# The right one: a reload is enough
open(my $fh, '>', $password) or die $!;
print $fh "right\n";
close($fh);
$brim->set('brim.smtp_password_file' => $password);
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status IN ('queued', 'claimed', 'committing') AND attempts = 0}, '0');

my %row = map { $_->{company_name} => $_ } $brim->rows(q{
	SELECT l.company_name, e.*, extract(epoch FROM e.next_attempt_at - now()) AS wait,
		   (SELECT state FROM brim.send_ledger AS s WHERE s.company_id = e.company_id) AS ledger,
		   (SELECT count(*) FROM brim.suppression AS s WHERE s.value = lower(e.recipient)) AS suppressed,
		   (SELECT a.phase || ' ' || coalesce(a.enhanced_code, '') FROM brim.attempts AS a WHERE a.email_id = e.email_id ORDER BY attempt_no DESC LIMIT 1) AS attempt
	  FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id)});
my %mailed;
$mailed{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
foreach my $case (@cases)
{
	my ($name, $rule, $status, $charged, $suppressed) = @$case;
	my $row = $row{"$name 1"};
	my $said = $rule ? "$rule->{phase} " . ($rule->{reply} || $rule->{action}) : 'accepted';
	is($row->{status}, $status, "$said: $status");
	is($row->{attempts}, $charged, "$said: $charged attempts charged") if defined $charged;
	is($row->{suppressed}, $suppressed, $suppressed ? "$said: the address is suppressed" : "$said: the address is not suppressed");
	if ($status eq 'queued')
	{
		ok($row->{wait} > 200 && $row->{wait} < 365, "$said: tried again in about five minutes ($row->{wait} s)");
	}
	is($row->{ledger} || '', $status =~ /sent|uncertain/ ? $status : '', "$said: the ledger agrees");
	is($mailed{ $row->{recipient} } || 0, $status eq 'sent' ? 1 : 0, "$said: " . ($status eq 'sent' ? 'one mail' : 'no mail'));
}
like($row{'Gone 1'}{attempt}, qr/^RCPT 5\.1\.1/i, 'the attempt has phase and code');

# An uncertain e-mail is decided by people only
my $id = $row{'Lostdot 1'}{email_id};
$brim->sql("SELECT brim_resolve($id, 'delivered', 'found in the relay''s log')");
is($brim->sql("SELECT status FROM brim.outbound_email WHERE email_id = $id"), 'sent', "brim_resolve(.., 'delivered')");
$brim->log_is_clean;

done_testing();
