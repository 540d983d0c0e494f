# The power goes while e-mails are on their way, twice.  What lies on the disk is
# the same installation, so it goes on by itself: what had not passed the barrier
# goes again, what had is in doubt, and nobody is mailed twice.

use strict;
use warnings;
use BrimCopy;
use BrimTest;
use Test::More;

my $connections = 8;
my $companies = 40;
my $brim = BrimTest->new('main');
my $smtp = $brim->start_smtp(rules => [
		{ match => 'inhand1', phase => 'rcpt', action => 'hang', count => 1 },
		{ match => 'inhand2', phase => 'rcpt', action => 'hang', count => 1 },
		{ match => 'taken', phase => 'dot', action => 'hang', store => JSON::PP::true },
		{ match => 'lost', phase => 'dot', action => 'hang' },
		{ match => '.', phase => 'dot', action => 'accept', delay => 0.05 }]);
$brim->set('brim.smtp_url' => $smtp->url, 'brim.smtp_connections' => $connections, 'brim.generate' => 'on', 'brim.send' => 'on');

foreach my $round (1, 2)
{
	# One before the barrier; two behind it, of which the mail server takes one; and many on their way
	$brim->add_companies(1, "$_ $round ") foreach qw(Inhand Taken Lost);
	my $at = sub { return "SELECT status FROM brim.outbound_email WHERE recipient LIKE '%$_[0]${round}1.%' AND status NOT IN ('queued', 'superseded')" };
	$brim->wait_until($at->('inhand'), 'claimed');
	$brim->wait_until($at->($_), 'committing') foreach qw(taken lost);
	$brim->add_companies($companies, "Many $round ");
	$brim->wait_until("SELECT count(*) >= 10 FROM brim.outbound_email WHERE status = 'sent' AND recipient LIKE '%many$round%'", 't');

	my $place = (stat $brim->node->data_dir)[1];
	$brim->power_loss;
	is((stat $brim->node->data_dir)[1], $place, 'the data directory is the same');
	$brim->wait_until($at->($_), 'uncertain') foreach qw(taken lost);
	pass('after a loss of power the worker goes on by itself: what had passed the barrier is in doubt');
	$brim->wait_until($at->('inhand'), 'sent');
	pass('what had not passed it goes again');
}
$brim->wait_idle;

note($brim->statuses('outbound_email'));
my %row = map { $_->{recipient} => $_->{status} } $brim->rows(
	q{SELECT recipient, status FROM brim.outbound_email WHERE status IN ('sent', 'uncertain', 'failed', 'held')});
my %mailed;
$mailed{ $_->{rcpt_tos}[0] }++ foreach $smtp->mails;
is(join(' ', grep { $mailed{$_} > 1 } sort keys %mailed), '', 'nobody was mailed twice');
is(scalar(keys %row), 2 * ($companies + 3), 'every company is mailed or in doubt');
is(join(' ', grep { !$mailed{$_} } grep { $row{$_} eq 'sent' } sort keys %row), '', 'what is marked sent has arrived');
is(join(' ', grep { !defined $row{$_} || $row{$_} !~ /^(?:sent|uncertain)$/ } sort keys %mailed), '', 'what has arrived is marked sent or uncertain');
my $uncertain = grep { $_ eq 'uncertain' } values %row;
cmp_ok($uncertain, '<=', 2 * $connections, "no more are in doubt than there were connections ($uncertain)");
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email AS e FULL JOIN brim.send_ledger AS l USING (email_id)
	WHERE e.status IN ('sent', 'uncertain') AND e.status IS DISTINCT FROM l.state OR e.status IS NULL}), '0', 'the ledger agrees');
$brim->log_is_clean;

done_testing();
