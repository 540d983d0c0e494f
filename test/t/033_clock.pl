# A superuser can turn the clock of the workers: what is due later is due now,
# brim_status() warns, and a restart of the server puts the clock right.

use strict;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my $smtp = $brim->start_smtp(rules => [ { phase => 'rcpt', count => 2, reply => '450 4.2.0 come back later' } ]);
my $warning = q{SELECT status || ': ' || detail FROM brim_status() WHERE check_name = 'clock'};

is($brim->sql($warning), '', 'brim_status() has no row while the clock is right');
$brim->set('brim.generate' => 'on', 'brim.send' => 'on', 'brim.smtp_url' => $smtp->url);
$brim->add_companies(1, 'Later');
$brim->wait_until(q{SELECT max(attempts) FROM brim.outbound_email}, '1');
$brim->wait_settled;
is($brim->sql(q{SELECT max(attempts) FROM brim.outbound_email}), '1', 'what was refused for now waits');
$brim->turn_clock('10 min');
$brim->wait_until(q{SELECT max(attempts) FROM brim.outbound_email}, '2');
pass('and is tried again when the clock is turned');
$brim->turn_clock('1 h');
$brim->wait_until(q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'}, '1');
cmp_ok($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE sent_at > now() + interval '1 h'}), '==', 1, 'what the worker writes bears its time');

is($brim->sql($warning), 'warning: The clock of the workers is turned ahead by 01:10:00.', 'brim_status() warns');
foreach my $by ('-1 s', '1 month', '-1 day')
{
	my $err = '';
	$brim->node->psql($brim->{db}, "SELECT brim.turn_clock('$by')", stderr => \$err);
	like($err, qr/cannot be turned by that interval/, "by $by is refused");
}
$brim->sql(q{CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA brim TO plain; GRANT EXECUTE ON FUNCTION brim.turn_clock(interval) TO plain});
my ($code, $out, $err) = $brim->sql_as('plain', q{SELECT brim.turn_clock('1 s')});
like($err, qr/42501.*only a superuser/, 'only a superuser turns it, whatever was granted');

$brim->node->restart;
is($brim->sql(q{SELECT brim.clock_ahead()}), '00:00:00', 'a restart puts it right');
is($brim->sql($warning), '', 'and the warning is gone');
done_testing();
