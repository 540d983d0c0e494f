#!/usr/bin/perl
#
# calls.pl - the rules of calls, read from the object files of the build.
#
#	circle		the call graph between .c files has no circle
#	upward		between rooms, uses point downwards as BrimRooms.pm says
#	header		what X.c defines is declared in X.h of its directory, in internal.h
#				or in the public header ROOM.h of its room, and nowhere else
#	prefix		the prefix of a name says which file defines it: brim_FILE_ or
#				brim_ROOM_FILE_, for ROOM.c brim_ROOM_; in src/worker and src/net
#				brim_FILE_.  The longest prefix that some file could have must be that
#				of the defining file, and no other file may use it too
#
# "Uses" are those that the linker sees: functions and variables, by nm.  Functions
# that SQL calls and PGDLLEXPORT entry points need no header and no prefix; the
# variable of a setting is named after the setting.
#
#	perl test/lint/calls.pl				from the top of the source, after make
#	perl test/lint/calls.pl --shrink	take from calls_known.txt what has been mended
#
# test/lint/calls_known.txt lists faults that are being mended.  The list only
# shrinks: an entry that no longer occurs is a fault.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use BrimRooms;
use Time::HiRes qw(stat);

my $known_file = 'test/lint/calls_known.txt';
my $shrink = @ARGV && $ARGV[0] eq '--shrink';
die "usage: calls.pl [--shrink]\n" if @ARGV > ($shrink ? 1 : 0);

my @sources = source_files('c');
my @headers = source_files('h');

# ---------------------------------------------------------------------------
# What cannot be checked is an error
# ---------------------------------------------------------------------------

my $newest_header = 0;
foreach my $header (@headers)
{
	my $mtime = (stat("src/$header"))[9];
	$newest_header = $mtime if $mtime > $newest_header;
}
foreach my $source (@sources)
{
	(my $object = "src/$source") =~ s/\.c$/.o/;
	die "cannot check: $object is missing; run make first\n" unless -f $object;
	my $built = (stat($object))[9];
	die "cannot check: $object is older than its source; run make first\n"
	  if $built < (stat("src/$source"))[9];
	die "cannot check: $object is older than a header; run make first\n" if $built < $newest_header;
}

# ---------------------------------------------------------------------------
# Definitions and uses
# ---------------------------------------------------------------------------

my (%defined_in, %used_by, %is_called_by_sql);

# One line a symbol: src/room/file.o: name type ...
open(my $nm, '-|', 'nm', '-A', '--format=posix', map { "src/$_" =~ s/\.c$/.o/r } @sources) or die "cannot check: nm: $!\n";
while (my $line = <$nm>)
{
	my ($source, $name, $type) = $line =~ m{^src/(.*)\.o: (\S+) (\S)} or die "cannot check: nm says $line";
	$source .= '.c';
	if ($type =~ /^[Uw]$/)
	{
		$used_by{$source}{$name} = 1;
	}
	elsif ($type =~ /^[A-Zv]$/)
	{
		die "cannot check: $name is defined in $defined_in{$name} and in $source\n"
		  if exists $defined_in{$name} && $defined_in{$name} ne $source;
		$defined_in{$name} = $source;
		$is_called_by_sql{$1} = 1 if $name =~ /^pg_finfo_(\w+)$/;
	}
}
close($nm) or die "cannot check: nm fails\n";
die "cannot check: the object files define nothing\n" unless %defined_in;

my %entry = map { $_ => 1 } qw(Pg_magic_func _PG_init);
my %exempt;						# from the rule of prefixes only
foreach my $name (keys %is_called_by_sql)
{
	$entry{$name} = $entry{"pg_finfo_$name"} = 1;
}

# Text without comments, strings and preprocessor lines
sub code_of
{
	my ($text) = @_;
	$text =~ s{/\*.*?\*/}{ }gs;
	$text =~ s{"(?:\\.|[^"\\\n])*"}{""}g;
	$text =~ s{^[ \t]*#(?:[^\n]*\\\n)*[^\n]*}{}mg;
	return $text;
}

foreach my $file (@sources, @headers)
{
	my $code = code_of(slurp("src/$file"));
	$entry{$1} = 1 while $code =~ /\bPGDLLEXPORT\b[^;{(]*?\b(\w+)\s*\(/g;
}
# The variable of a setting is named after the setting: brim_send_interval holds brim.send_interval
foreach my $source (grep { m{^pg/server/settings} } @sources)
{
	my $text = slurp("src/$source");
	$exempt{"brim_$1"} = 1 while $text =~ /"brim\.(\w+)"/g;
}
my @names = sort grep { !$entry{$_} } keys %defined_in;
my @prefixed = grep { !$exempt{$_} } @names;

# Faults, each under a key that calls_known.txt may name
my %faults;

# ---------------------------------------------------------------------------
# Circles and rooms
# ---------------------------------------------------------------------------

my %calls;
foreach my $source (@sources)
{
	foreach my $name (sort keys %{ $used_by{$source} })
	{
		my $other = $defined_in{$name};
		next if !defined $other || $other eq $source;
		push @{ $calls{$source}{$other} }, $name;

		my ($room, $there) = (room_of($source), room_of($other));
		$faults{"upward $source $name"} = "src/$source: uses $name of src/$other, which is not below src/$room"
		  unless $room eq $there || ($there ne '.' && may_use($room, $there));
	}
}

# Files that reach each other (Tarjan's strongly connected components)
my (%index, %low, %on_stack, @stack, @circles);

sub visit
{
	no warnings 'recursion';
	my ($file) = @_;
	$index{$file} = $low{$file} = scalar(keys %index);
	push @stack, $file;
	$on_stack{$file} = 1;
	foreach my $other (sort keys %{ $calls{$file} })
	{
		if (!defined $index{$other})
		{
			visit($other);
			$low{$file} = $low{$other} if $low{$other} < $low{$file};
		}
		elsif ($on_stack{$other} && $index{$other} < $low{$file})
		{
			$low{$file} = $index{$other};
		}
	}
	return if $low{$file} != $index{$file};

	my @component;
	while (1)
	{
		my $member = pop @stack;
		delete $on_stack{$member};
		push @component, $member;
		last if $member eq $file;
	}
	push @circles, [ sort @component ] if @component > 1;
}
foreach my $source (@sources)
{
	visit($source) unless defined $index{$source};
}
foreach my $circle (@circles)
{
	my %member = map { $_ => 1 } @$circle;
	foreach my $file (@$circle)
	{
		my @uses = map { "$_ (" . join(', ', @{ $calls{$file}{$_} }) . ')' }
		  grep { $member{$_} } sort keys %{ $calls{$file} };
		$faults{"circle $file"} = "src/$file: calls in a circle of " . scalar(@$circle) . ' files: uses ' . join(', ', @uses);
	}
}

# ---------------------------------------------------------------------------
# Headers
# ---------------------------------------------------------------------------

# The names that a text declares outside of braces
sub declared_in
{
	my ($text) = @_;
	my $code = code_of($text);
	1 while $code =~ s/\{[^{}]*\}/;/g;
	my %declared;
	foreach my $declaration (split /;/, $code)
	{
		next if $declaration =~ /^\s*(?:typedef|static)\b/ || $declaration =~ /=/;
		if ($declaration =~ /^\s*\w[\w\s*]*?\b(\w+)\s*\(/)
		{
			$declared{$1} = 1;
		}
		elsif ($declaration =~ /^\s*(?:PGDLLIMPORT\s+)?extern\b/)
		{
			$declared{$_} = 1 foreach $declaration =~ /\b(brim_\w+)/g;
		}
	}
	return \%declared;
}

my %declaring;
foreach my $header (@headers)
{
	push @{ $declaring{$_} }, $header foreach keys %{ declared_in(slurp("src/$header")) };
}
# A declaration in a .c goes around the headers
foreach my $source (@sources)
{
	my $code = code_of(slurp("src/$source"));
	while ($code =~ /^extern\b([^;{]*);/mg)
	{
		foreach my $name ($1 =~ /\b(\w+)/g)
		{
			next unless defined $defined_in{$name} && $defined_in{$name} ne $source;
			$faults{"header $name"} = "src/$source: declares $name, which is src/$defined_in{$name}'s";
		}
	}
}
foreach my $name (@names)
{
	my $source = $defined_in{$name};
	my ($directory) = $source =~ m{^(.*)/[^/]+$};
	next unless defined $directory;
	my $room = room_of($source);
	(my $own = $source) =~ s/c$/h/;
	my %right = map { $_ => 1 } $own;
	foreach my $place ($directory, $room)
	{
		$right{"$place/internal.h"} = $right{ "$place/" . ($place =~ s{^.*/}{}r) . '.h' } = 1;
	}
	my @declaring = @{ $declaring{$name} || [] };
	my @wrong = grep { !$right{$_} } @declaring;
	if (@wrong)
	{
		$faults{"header $name"} = "src/$source: $name is declared in @wrong";
	}
	elsif (!@declaring)
	{
		$faults{"header $name"} = "src/$source: $name is declared in no header";
	}
}

# ---------------------------------------------------------------------------
# Prefixes
# ---------------------------------------------------------------------------

my %prefixes;
foreach my $source (@sources)
{
	my ($file) = $source =~ m{([^/]+)\.c$};
	my $room = room_of($source);
	next if $room eq '.';
	my ($short) = $room =~ m{([^/]+)$};
	my @prefixes = "brim_${file}";
	push @prefixes, "brim_${short}_${file}" if $room =~ m{^(?:core|pg)/} && $file ne $short;
	push @{ $prefixes{$_} }, $source foreach @prefixes;
}
my (%best, %owners);
foreach my $name (@prefixed)
{
	my ($best, $length) = ('', 0);
	foreach my $prefix (keys %prefixes)
	{
		next unless $name eq $prefix || index($name, "${prefix}_") == 0;
		($best, $length) = ($prefix, length $prefix) if length $prefix > $length;
	}
	$best{$name} = $best;
	$owners{$best}{ $defined_in{$name} } = 1 if grep { $_ eq $defined_in{$name} } @{ $prefixes{$best} || [] };
}
foreach my $name (@prefixed)
{
	my $source = $defined_in{$name};
	my $owners = $owners{ $best{$name} } || {};
	next if $owners->{$source} && keys %$owners == 1;
	my @others = map { "src/$_" } grep { $_ ne $source } (keys %$owners ? sort keys %$owners : @{ $prefixes{ $best{$name} } || [] });
	$faults{"prefix $name"} = "src/$source: the prefix of $name is that of " . (@others ? join(' and ', @others) : 'no file');
}

# ---------------------------------------------------------------------------
# Known faults
# ---------------------------------------------------------------------------

my (@known, %known);
if (-f $known_file)
{
	@known = grep { /\S/ } split /\n/, slurp($known_file);
	%known = map { $_ => 1 } grep { !/^#/ } @known;
}
if ($shrink)
{
	open(my $fh, '>', $known_file) or die "$known_file: $!\n";
	print $fh "$_\n" foreach grep { /^#/ || $faults{$_} } @known;
	close($fh) or die "$known_file: $!\n";
	exit 0;
}
my @report = map { "$faults{$_}    [$_]" } grep { !$known{$_} } sort keys %faults;
push @report, map { "$known_file: \"$_\" occurs no longer; run calls.pl --shrink" }
  grep { !$faults{$_} } sort keys %known;
print "$_\n" foreach @report;
exit(@report ? 1 : 0);
