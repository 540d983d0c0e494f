#
# BrimCopy.pm - copies of a node, and what its mail servers tell of them.
#
# The methods are BrimTest's; here are those that work on the files and the
# processes of the whole server.
#
#	$brim->snapshot('disk');
#	$copy->init_from_backup($brim->node, 'disk');
#	my $other = $brim->copy($copy, 'brim.smtp_url' => $elsewhere->url);
#	is(mailed($elsewhere), '', 'the copy mails nobody');

package BrimCopy;

use strict;
use warnings;
use BrimTest;
use Exporter 'import';

our @EXPORT = qw(mailed);

my %seen;

# Which companies a mail server has taken mails for since the last call, as
# "name name"; those of BrimTest's add_companies() are called by their domain
sub mailed
{
	my ($server) = @_;
	my @mails = $server->mails;
	my @new = splice(@mails, $seen{ $server->port } || 0);
	$seen{ $server->port } += @new;
	return join(' ', sort map { $_->{rcpt_tos}[0] =~ /\@(\w+)\./ } @new);
}

package BrimTest;

use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

# Processes that are stopped.  A test that ends early continues them, so that they can be ended.
my @frozen;

END { kill('CONT', @frozen) if @frozen }

# copy(NODE, SETTING => VALUE, ...): start a node made of a copy of this one's
# data directory, where these settings go before those that were copied
sub copy
{
	my ($self, $node, %setting) = @_;
	$node->append_conf('postgresql.auto.conf', "$_ = '$setting{$_}'") foreach sort keys %setting;
	$node->start;
	return bless { %$self, node => $node, name => $node->name, servers => [] }, ref $self;
}

# "state parent" of a process, as "S 1"; X where there is none
sub process_state
{
	my ($pid) = @_;
	my $line;
	if (open(my $fh, '<', "/proc/$pid/stat"))
	{
		$line = <$fh>;
	}
	return defined $line && $line =~ /.*\) (\S \d+)/ ? $1 : 'X 0';
}

# Send a signal and wait until the processes are in one of these states
sub signal_and_wait
{
	my ($signal, $states, @pids) = @_;
	my $deadline = time() + $BrimTest::patience;
	kill($signal, @pids);
	foreach my $pid (@pids)
	{
		until (process_state($pid) =~ /^[$states]/)
		{
			die "process $pid does not heed SIG$signal" if time() > $deadline;
			sleep(0.005);
		}
	}
	return;
}

# Make every process of the server stand still, the postmaster first: it starts no other then
sub freeze
{
	my ($self) = @_;
	my $postmaster = $self->{node}->{_pid};
	@frozen = ($postmaster);
	signal_and_wait('STOP', 'TXZ', $postmaster);
	push @frozen, grep { process_state($_) =~ / $postmaster$/ } map { m{^/proc/(\d+)$} } glob('/proc/[0-9]*');
	signal_and_wait('STOP', 'TXZ', @frozen);
	return;
}

# snapshot(NAME): a backup of the data directory as a loss of power at this moment would leave it
sub snapshot
{
	my ($self, $name) = @_;
	my $dir = $self->{node}->backup_dir;
	mkdir $dir;
	$self->freeze;
	system_or_bail('cp', '-a', $self->{node}->data_dir, "$dir/$name");
	kill('CONT', splice @frozen);
	unlink "$dir/$name/postmaster.pid";
	return;
}

# Put a backup where the server was, in the very directory
sub restore_in_place
{
	my ($self, $name) = @_;
	my $node = $self->{node};
	system_or_bail('find', $node->data_dir, '-mindepth', '1', '-delete');
	system_or_bail('cp', '-a', $node->backup_dir . "/$name/.", $node->data_dir);
	unlink $node->data_dir . '/postmaster.pid';
	return;
}

# Lose the power: every process vanishes at the same moment.  What they left
# comes back as a copy in the same directory, and the server is started again.
sub power_loss
{
	my ($self) = @_;
	my $node = $self->{node};
	my $kept = $node->backup_dir . '/power_loss';

	mkdir $node->backup_dir;
	$self->freeze;
	system_or_bail('cp', '-a', $node->data_dir, $kept);
	signal_and_wait('KILL', 'XZ', splice @frozen);
	$node->kill9;
	$self->restore_in_place('power_loss');
	system_or_bail('rm', '-r', $kept);
	# After a reboot the process id there means nobody; here it may be one that init has not reaped yet
	unlink glob($node->host . '/.s.PGSQL.' . $node->port . '*');
	$node->start;
	return;
}

1;
