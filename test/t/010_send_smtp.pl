# From companies as JSON to a real SMTP server with STARTTLS and a login: exactly
# one mail a qualified company, accepted in score order on one connection, and an
# independent MIME parser reads back the stored subject and body.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my $smtp = $brim->start_smtp(starttls => 1, auth => 'brim:s3cret word');
my @companies = BrimTest::demo_companies();
cmp_ok(scalar(@companies), '>=', 50, 'at least 50 companies come along');

# Write first, send then: so that the whole queue is there to be ordered
$brim->score_batch(\@companies);
my $qualified = $brim->sql('SELECT count(*) FROM brim.lead WHERE total_score > 75');
cmp_ok($qualified, '>=', 15, "enough of them qualify ($qualified)");
$brim->set('brim.generate' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'done'}, $qualified);
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email}), 2 * $qualified, 'two variants were written for each');
my $waiting = $brim->sql(q{SELECT count(DISTINCT company_id) FROM brim.outbound_email WHERE status = 'queued'});
is($brim->sql(q{SELECT string_agg(DISTINCT hold_reason, ' ') FROM brim.outbound_email WHERE status = 'held' AND recipient IS NOT NULL}),
	'', 'nothing is held that has an address');

$brim->set(
	'brim.smtp_connections' => 1,
	'brim.smtp_url' => $smtp->url('localhost'),
	'brim.smtp_username' => 'brim',
	'brim.smtp_password_file' => $brim->secret_file('password', 's3cret word'),
	'brim.ca_file' => $brim->certificates->{ca},
	'brim.batch_size' => 1000,
	'brim.send' => 'on');
$brim->wait_idle;

my @mails = $smtp->mails;
is(scalar(@mails), $waiting, "one mail for each of the $waiting companies with an address");
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}), $waiting, 'each is marked sent');
is($brim->sql(q{SELECT count(*) FROM (SELECT 1 FROM brim.outbound_email WHERE status = 'sent' GROUP BY campaign, company_id HAVING count(*) > 1) AS x}),
	'0', 'no company has two');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email AS e WHERE status = 'queued'
	AND EXISTS (SELECT FROM brim.outbound_email AS s WHERE s.company_id = e.company_id AND s.status = 'sent')}),
	'0', 'the other variant of a mailed company waits no more');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email AS e JOIN brim.send_ledger AS l USING (campaign, company_id)
	WHERE e.status = 'sent' AND l.state = 'sent' AND l.email_id = e.email_id}),
	$waiting, 'each has its row in the ledger');
is($brim->sql(q{SELECT count(*) FROM brim.journal WHERE event_type = 'email_sent' AND email_id IS NOT NULL
	AND data ?& '{campaign,variant,message_id}'}), $waiting, 'and its event');
is($brim->sql(q{SELECT count(*) FROM brim.attempts WHERE smtp_code = 250 AND relay <> '' AND ended_at >= started_at}),
	$waiting, 'and its attempt');
is($brim->sql(q{SELECT (SELECT count(*) FROM brim.event WHERE event_type = 'email_sent') + (SELECT count(*) FROM brim.email_attempt)}),
	'0', 'which are no rows of their own: the ledger knows it all');

# What arrived
my %stored = map { $_->{message_id} => $_ } $brim->rows(
	q{SELECT e.*, l.company_name FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id) WHERE status = 'sent'});
my %connections = map { $_->{conn} => 1 } @mails;
is(scalar(keys %connections), 1, 'all on one connection');
my ($order, $different, $envelope, $headers) = ('', '', '', '');
my $last = 101;
foreach my $mail (@mails)
{
	my $parsed = BrimTest::parse_mail($mail);
	(my $id = $parsed->{message_id} || '') =~ s/^\s*<|>\s*$//g;
	my $row = $stored{$id};
	unless ($row)
	{
		$different .= "no row has Message-ID $id\n";
		next;
	}
	$order .= "$row->{company_name} ($row->{score}) after $last\n" if $row->{score} > $last;
	$last = $row->{score};
	(my $text = $parsed->{body}) =~ s/\r\n/\n/g;
	$text =~ s/\s+\z//;
	(my $body = $row->{body}) =~ s/\n+\z//;
	my $wanted = "$body\n\n$row->{footer}";
	$wanted =~ s/\s+\z//;
	$different .= "body of $row->{company_name}:\n$text\n--- instead of\n$wanted\n" if $text ne $wanted;
	$different .= "subject of $row->{company_name}: $parsed->{subject}\n" if $parsed->{subject} ne $row->{subject};
	$envelope .= "$row->{company_name}: @{ $mail->{rcpt_tos} }\n"
	  if "@{ $mail->{rcpt_tos} }" ne $row->{recipient} || $mail->{mail_from} ne 'ana@flowline.example';
	$headers .= "$row->{company_name}: no opt-out\n"
	  unless $mail->{data} =~ /^List-Unsubscribe: <mailto:ana\@flowline\.example/mi;
	$headers .= "$row->{company_name}: no postal address\n" unless $text =~ /Harbour Road/;
	$headers .= "$row->{company_name}: @{ $parsed->{problems} }\n" if @{ $parsed->{problems} };
	$headers .= "$row->{company_name}: to $parsed->{to}{name}\n"
	  if $parsed->{to}{name} ne (defined $row->{recipient_name} ? $row->{recipient_name} : '');
}
is($order, '', 'accepted in score order');
is($different, '', 'an independent parser reads back the stored subject, body and footer');
is($envelope, '', 'the envelope names the recipient of the row and the sender of the campaign');
is($headers, '', 'each has an opt-out and a postal address, and a strict reader finds nothing wrong');

# Importing the same companies again mails nobody again
my $count = @mails;
$brim->score_batch(\@companies);
$brim->add_companies(1, 'Straggler');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient LIKE '%straggler%'}, '1');
$brim->wait_idle;
is(scalar($smtp->mails), $count + 1, 'a second import of the same companies mails nobody twice');
$brim->log_is_clean;

done_testing();
