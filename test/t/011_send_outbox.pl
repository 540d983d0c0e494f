# Without a relay each e-mail becomes one file of a Maildir: exactly one a
# qualified company, whole, in score order, with the stored subject and body.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
$brim->score_batch([ BrimTest::demo_companies() ]);
$brim->set('brim.generate' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status <> 'done'}, '0');
my $waiting = $brim->sql(q{SELECT count(DISTINCT company_id) FROM brim.outbound_email WHERE status = 'queued'});
cmp_ok($waiting, '>=', 15, "companies are waiting ($waiting)");
like($brim->sql("SELECT string_agg(detail, ' ') FROM brim_status()"), qr/outbox/i,
	'brim_status() says plainly that messages go to the outbox');

$brim->set('brim.batch_size' => 1000, 'brim.send' => 'on');
$brim->wait_idle;
my $outbox = $brim->{outbox};
my @files = glob("$outbox/new/*");
is(scalar(@files), $waiting, 'one file for each company with an address');
is(scalar(grep { -f $_ } glob("$outbox/tmp/*")), 0, 'nothing half-written is left');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}), $waiting, 'each is marked sent');
is($brim->sql(q{SELECT count(*) FROM (SELECT score, lag(score) OVER (ORDER BY sent_at, email_id) AS before FROM brim.outbound_email WHERE status = 'sent') AS x
	WHERE score > before}), '0', 'written in score order');
is(sprintf('%o', (stat($outbox))[2] & 0077), '0', 'nobody else can look into the outbox');

my %stored = map { $_->{message_id} => $_ } $brim->rows(q{SELECT * FROM brim.outbound_email WHERE status = 'sent'});
my $different = '';
foreach my $file (@files)
{
	my $bytes = PostgreSQL::Test::Utils::slurp_file($file);
	my $parsed = BrimTest::parse_mail($bytes);
	my ($id) = $bytes =~ /^Message-ID:\s*<([^>]+)>/mi;
	my $row = delete $stored{$id} or $different .= "no row for $file\n";
	next unless $row;
	(my $body = $row->{body}) =~ s/\n+\z//;
	(my $wanted = "$body\n\n$row->{footer}") =~ s/\s+\z//;
	(my $text = $parsed->{body}) =~ s/\s+\z//;
	$different .= "$file: $text\n--- instead of\n$wanted\n" if $text ne $wanted || $parsed->{subject} ne $row->{subject};
}
is($different, '', 'each file holds the stored subject, body and footer');
is(scalar(keys %stored), 0, 'and each sent row has its file');

# An outbox that cannot be written: nothing is lost, and it is said
$brim->set('brim.outbox_directory' => '/dev/null/outbox');
$brim->add_companies(2);
$brim->wait_until(q{SELECT count(*) FROM brim.component WHERE state <> 'ok' AND detail ~ '/dev/null/outbox'}, '1');
is($brim->sql(q{SELECT max(attempts) FROM brim.outbound_email WHERE status IN ('queued', 'claimed')}), '0',
	'a broken outbox is charged to no e-mail');
$brim->set('brim.outbox_directory' => $outbox);
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent' AND recipient ~ 'company'}, '2');
pass('and once it can be written, the e-mails go');
$brim->log_is_clean;


# A directory that cannot be written is the outbox's fault, and is over when it is mended
my $report = q{SELECT state || ': ' || detail FROM brim.component WHERE component = 'relay'};
chmod(0500, "$outbox/tmp") or die $!;
$brim->add_companies(1, 'Unlucky');
$brim->wait_until(q{SELECT count(*) FROM brim.component WHERE component = 'relay' AND state = 'fault' AND detail ~ 'could not write file'}, '1');
is($brim->sql(q{SELECT max(attempts) FROM brim.outbound_email}), '0', 'no e-mail is charged for it');
chmod(0700, "$outbox/tmp") or die $!;
$brim->wait_idle;
like($brim->sql($report), qr/^outbox: no brim\.smtp_url is set/, 'afterwards the report says again where messages go');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email JOIN brim.lead USING (company_id) WHERE company_name = 'Unlucky 1' AND status = 'sent'}),
	'1', 'and the e-mail is written');
done_testing();
