# Whoever unsubscribes after the worker took the e-mail, but before the final dot
# may be written, is not mailed; the others are.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my $smtp = $brim->start_smtp(rules => [
	{ match => '@leaving1\.example', phase => 'data', action => 'accept', delay => 3 } ]);
$brim->add_companies(1, 'Leaving');
$brim->add_companies(1, 'Staying');
$brim->set(
	'brim.smtp_url' => $smtp->url,
	'brim.smtp_connections' => 2,
	'brim.batch_size' => 100,
	'brim.generate' => 'on',
	'brim.send' => 'on');

my $leaving = q{FROM brim.outbound_email JOIN brim.lead USING (company_id) WHERE company_name LIKE 'Leaving%'};
$brim->wait_until("SELECT count(*) $leaving AND status = 'claimed'", '1');
$brim->sql("SELECT brim_suppress('address', contact_email, 'asked by phone') FROM brim.lead WHERE company_name LIKE 'Leaving%'");
is($brim->sql("SELECT count(*) $leaving AND status = 'claimed'"), '1', 'the e-mail was claimed when its recipient unsubscribed');
$brim->wait_idle;
is($brim->sql("SELECT string_agg(DISTINCT status, ' ') $leaving"), 'suppressed', 'its e-mails are suppressed');
is($brim->sql(q{SELECT count(*) FROM brim.send_ledger WHERE company_id IN (SELECT company_id FROM brim.lead WHERE company_name LIKE 'Leaving%')}),
	'0', 'the ledger does not know the company');
is(join(' ', map { @{ $_->{rcpt_tos} } } $smtp->mails), $brim->sql(q{SELECT contact_email FROM brim.lead WHERE company_name LIKE 'Staying%'}),
	'the mail server got the other mail and nothing else');
done_testing();
