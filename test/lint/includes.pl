#!/usr/bin/perl
#
# includes.pl - includes point downwards only (docs/architecture.md).
#
#	init -> api, worker -> db, net -> core -> nothing
#
# Also: the core includes neither PostgreSQL nor libcurl, only src/net includes
# libcurl, and no include has a circle.  Run from the top of the source.

use strict;
use warnings;

# What the files of a directory may include of the others
my %may = (
	'.' => [qw(. api worker db net core)],
	api => [qw(api db net core .)],
	worker => [qw(worker db net core .)],
	db => [qw(db core .)],
	net => [qw(net core .)],
	core => [qw(core)],);

# The only headers that everybody above the core may take from src itself
my %common = map { $_ => 1 } qw(compat.h);

# System headers of the core: those of the C standard, and the compiler's own for SSE2
my %standard = map { $_ => 1 }
  qw(assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdarg.h stdbool.h
  stddef.h stdint.h stdio.h stdlib.h string.h strings.h time.h
  emmintrin.h);

my @faults;
my %includes;

foreach my $file (sort(glob('src/*.[ch] src/*/*.[ch]')))
{
	my ($dir) = $file =~ m{^src/(?:([^/]+)/)?[^/]+$};
	$dir //= '.';
	push @faults, "$file: no place for code is called src/$dir" unless $may{$dir};

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
			my ($other) = $name =~ m{^([^/]+)/};
			$other //= '.';
			push @faults, "$where: src/$dir must not include $name"
			  unless grep { $_ eq $other } @{ $may{$dir} || [] };
			push @faults, "$where: only init.c includes $name"
			  if $other eq '.' && $dir ne '.' && !$common{$name};
			$includes{"src/$name"} //= {};
			$includes{$file}{"src/$name"} = 1;
		}
		elsif ($dir eq 'core')
		{
			next if $standard{$name};
			next if $name =~ m{^json-c/} && $file =~ m{/gemini[^/]*\.[ch]$};
			push @faults, "$where: the core must not include $name";
		}
		elsif ($name =~ m{^json-c/})
		{
			push @faults, "$where: json-c belongs to src/core/gemini*";
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
