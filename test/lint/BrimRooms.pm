# BrimRooms.pm - the rooms of src, and which room may use which.
#
# Shared by includes.pl (what files include) and calls.pl (what object files use).
#
#	init -> worker -> pg, net -> core -> nothing
#
# A room is a directory of src; src/worker/jobs belongs to the room worker.

package BrimRooms;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(room_of may_use known_room source_files slurp);

# Within core and within pg: what a room may use of the others
my %core = (
	'core/base' => [],
	'core/match' => [qw(core/base)],
	'core/intent' => [qw(core/base core/match)],
	'core/score' => [qw(core/base core/match core/intent)],
	'core/mail' => [qw(core/base)],
	'core/gemini' => [qw(core/base)],);
my %pg = (
	'pg/server' => [],
	'pg/row' => [qw(pg/server)],
	'pg/intent' => [qw(pg/server pg/row)],
	'pg/score' => [qw(pg/server pg/row pg/intent)],
	'pg/lead' => [qw(pg/server pg/row pg/intent pg/score)],
	'pg/queue' => [qw(pg/server pg/row pg/intent pg/score)],);

my @core = sort keys %core;
my @pg = sort keys %pg;
my %may = (
	%core,
	(map { $_ => [ @{ $pg{$_} }, @core ] } @pg),
	'net' => [@core],
	'worker' => [ @pg, 'net', @core ],
	'.' => [ 'worker', @pg, 'net', @core ],);

# The room of a file given by its path below src
sub room_of
{
	my ($file) = @_;
	my $directory = $file =~ m{^(.*)/[^/]+$} ? $1 : '.';
	$directory =~ s{^worker/jobs$}{worker};
	return $directory;
}

sub known_room
{
	my ($room) = @_;
	return exists $may{$room};
}

# Return true if code of one room may use what another room has
sub may_use
{
	my ($room, $other) = @_;
	return $room eq $other || grep { $_ eq $other } @{ $may{$room} || [] };
}

# The files below src with one of the given endings, as paths below src.
# A check that finds nothing to check must not pass, so none at all is an error.
sub source_files
{
	my ($endings) = @_;
	my @files = sort(glob("src/*.$endings src/*/*.$endings src/*/*/*.$endings"));
	@files = grep { -f $_ } @files;
	die "no sources in src: run this from the top of the source\n" unless @files;
	s{^src/}{} foreach @files;
	return @files;
}

sub slurp
{
	my ($file) = @_;
	local $/;
	open(my $fh, '<', $file) or die "$file: $!\n";
	return scalar <$fh>;
}

1;
