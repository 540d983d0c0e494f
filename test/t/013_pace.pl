# No more than brim.batch_size e-mails go out in any brim.send_interval: not when
# a batch was not full, not when the worker is restarted.

use strict;
use warnings;
use BrimTest;
use Test::More;

my ($size, $interval) = (3, 3600);
my $brim = BrimTest->new('main');
my $sent = q{SELECT count(*) FROM brim.outbound_email WHERE status = 'sent'};

$brim->add_companies(5, 'Early');
$brim->set(
	'brim.generate' => 'on',
	'brim.batch_size' => $size,
	'brim.send_interval' => $interval,
	'brim.send' => 'on');
$brim->wait_until($sent, '3');
my $old = $brim->worker_pid;
$brim->sql("SELECT pg_terminate_backend($old)");
$brim->wait_worker($old);
$brim->wait_settled;
is($brim->sql($sent), '3', 'a worker that starts again keeps to the interval');
$brim->turn_clock("$interval s");
$brim->wait_until($sent, '5');
pass('and goes on when it is over');

# The second batch had room for one more; once its time is over that is void
$brim->turn_clock("$interval s");
$brim->add_companies(5, 'Late');
$brim->wait_until($sent, '8');
$brim->wait_settled;
is($brim->sql($sent), '8', 'what a batch has left over is void once its time is over');
$brim->turn_clock("$interval s");
$brim->wait_until($sent, '10');

my @batches = map { $_->{sent} } $brim->rows(
	"SELECT count(*) AS sent FROM brim.outbound_email AS e
	   JOIN brim.outbound_email AS f ON f.status = 'sent'
	    AND f.sent_at >= e.sent_at AND f.sent_at < e.sent_at + interval '$interval s' - interval '1 s'
	  WHERE e.status = 'sent' GROUP BY e.email_id");
is(scalar(grep { $_ > $size } @batches), 0, "never more than $size in $interval s (@batches)");
cmp_ok((sort { $b <=> $a } @batches)[0], '==', $size, 'a full batch was seen');
done_testing();
