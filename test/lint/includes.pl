#!/usr/bin/perl
#
# includes.pl - includes point downwards only (docs/architecture.md).
#
#	init -> worker -> pg, net -> core -> nothing
#
# and, within core and pg, from room to room as BrimRooms.pm says.  Of another room
# only its public header is included: core/score/score.h of core/score.  What
# the files of a room share among themselves is in its internal.h, of which
# there is at most one.  Also: the core includes neither PostgreSQL nor libcurl,
# only src/net includes libcurl, and no include has a circle.  Run from the top
# of the source.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use BrimRooms;

# The only headers that everybody above the core may take from src itself
my %common = map { $_ => 1 } qw(compat.h);

# System headers of the core: those of the C standard, and the compiler's own for SSE2
my %standard = map { $_ => 1 }
  qw(assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdarg.h stdbool.h
  stddef.h stdint.h stdio.h stdlib.h string.h strings.h time.h
  emmintrin.h);

my @faults;
my %includes;

foreach my $path (source_files('[ch]'))
{
	my $file = "src/$path";
	my $dir = room_of($path);
	push @faults, "$file: no room is called src/$dir" unless known_room($dir);
	push @faults, "$file: what a room shares inside belongs in its internal.h"
	  if $file =~ m{_(?:internal|private|int)\.h$};

	open(my $fh, '<', $file) or die "$file: $!";
	while (my $line = <$fh>)
	{
		next unless $line =~ /^\s*#\s*include\s+([<"])([^>"]+)[>"]/;
		my ($kind, $name) = ($1, $2);
		my $where = "$file:$.";

		push @faults, "$where: only src/net includes $name"
		  if $name =~ m{^curl/} && $dir ne 'net';
		push @faults, "$where: \"..\" in an include" if $name =~ /\.\./;

		if ($kind eq '"' && -f "src/$name")
		{
			my $other = room_of($name);
			push @faults, "$where: src/$dir must not include $name"
			  unless may_use($dir, $other) || ($common{$name} && $dir !~ m{^core/});
			push @faults, "$where: of $other only its public header is included, not $name"
			  if $other ne $dir && $other =~ m{^(?:core|pg)/(\w+)$} && $name ne "$other/$1.h";
			$includes{"src/$name"} //= {};
			$includes{$file}{"src/$name"} = 1;
		}
		elsif ($dir =~ m{^core/})
		{
			next if $standard{$name};
			next if $name =~ m{^json-c/} && $dir eq 'core/gemini';
			push @faults, "$where: the core must not include $name";
		}
		elsif ($name =~ m{^json-c/})
		{
			push @faults, "$where: json-c belongs to src/core/gemini";
		}
	}
	close($fh);
}

# Circles: a file that reaches itself
foreach my $start (sort keys %includes)
{
	my %seen;
	my @todo = keys %{ $includes{$start} };
	while (defined(my $next = shift @todo))
	{
		if ($next eq $start)
		{
			push @faults, "$start: includes itself in a circle";
			last;
		}
		push @todo, keys %{ $includes{$next} || {} } unless $seen{$next}++;
	}
}

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
