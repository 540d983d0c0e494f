#!/usr/bin/perl
#
# docs.pl - the documents name everything that a user can name, and nothing else.
#
#	functions	each public one has a section and a line of the overview in
#				docs/sql-reference.md; every brim_...() in a document exists
#	objects		each table and view is documented; every brim.name in a document exists
#	README		150 lines at most; CREATE EXTENSION once
#	rooms		the files that a room's README names are there
#	links		lead to files, and to headings in them
#	version		of META.json is that of brim.control; the change log has a heading for it
#
# Works on text alone.  Run from the top of the source.

use strict;
use warnings;

my @faults;

sub slurp
{
	my ($file) = @_;
	local $/;
	open(my $fh, '<', $file) or die "$file: $!";
	return scalar <$fh>;
}

my @documents = ('README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', sort(glob('docs/*.md src/README src/*/README src/*/*/README')));
my %text = map { $_ => slurp($_) } @documents;
my $sql = join("\n", map { slurp($_) } sort(glob('sql/parts/*.sql')));
my $c = join("\n", map { slurp($_) } sort(glob('src/*.[ch] src/*/*.[ch] src/*/*/*.[ch]')));

# Settings: the rows of docs/configuration.md, which settings.pl compares with the library
my %setting = map { $_ => 1 } $text{'docs/configuration.md'} =~ /^\| `(brim\.\w+)` \|/mg;
push @faults, 'docs/configuration.md: no row of a setting' unless %setting;

# Functions and objects of the install script
my %function = map { $_ => 1 } $sql =~ /\bCREATE (?:FUNCTION|PROCEDURE) \@extschema\@\.(brim_\w+)/g;
my %object = map { $_ => 1 } $sql =~ /\bCREATE (?:TABLE|VIEW|FUNCTION|TYPE)\s+brim\.(\w+)/g;
my %relation = map { $_ => 1 } $sql =~ /\bCREATE (?:TABLE|VIEW)\s+brim\.(\w+)/g;

my ($overview) = $text{'docs/sql-reference.md'} =~ /^## At a glance\n(.*?)^## /ms;
die "docs/sql-reference.md: no overview\n" unless defined $overview;
my ($views) = $text{'docs/sql-reference.md'} =~ /^## Views\n(.*?)^## /ms;
die "docs/sql-reference.md: no table of views\n" unless defined $views;
foreach my $name (sort keys %function)
{
	push @faults, "docs/sql-reference.md: nothing about $name()"
	  unless $text{'docs/sql-reference.md'} =~ /^### .*\b$name\(/m || $text{'docs/sql-reference.md'} =~ /`$name\(/;
	push @faults, "docs/sql-reference.md: $name() is not in the overview" unless $overview =~ /`$name\(/;
}
foreach my $name (sort keys %relation)
{
	push @faults, "documents: nothing about brim.$name"
	  unless $text{'docs/sql-reference.md'} =~ /`brim\.$name`/ || $text{'docs/analytics.md'} =~ /`(?:brim\.)?$name`/;
}
foreach my $name ($sql =~ /\bCREATE VIEW\s+brim\.(\w+)/g)
{
	push @faults, "docs/sql-reference.md: view brim.$name is not in the table of views" unless $views =~ /`brim\.$name`/;
}

# What the documents name.  Those for developers may name C functions, too.
foreach my $file (@documents)
{
	my $for_developers = $file =~ m{architecture|development|benchmarks|CONTRIBUTING|^src/};
	while ($text{$file} =~ /\b(brim_\w+)\(/g)
	{
		my $name = $1;
		push @faults, "$file: $name() does not exist"
		  unless $function{$name} || ($for_developers && $c =~ /\b$name\(/);
	}
	while ($text{$file} =~ /(?<![\w\/-])brim\.(\w+)\b(?![*(]?\.?\*)/g)
	{
		my $name = $1;
		next if $name =~ /^(?:control|so)$/ || $name =~ /_$/;
		push @faults, "$file: brim.$name is neither a setting nor an object"
		  unless $object{$name} || $setting{"brim.$name"};
	}
}

# Links, and the headings that they lead to as GitHub names them
sub anchors
{
	my ($markdown) = @_;
	my %anchor;
	$markdown =~ s/^```.*?^```//msg;
	while ($markdown =~ /^#+ +(.+?) *$/mg)
	{
		my $heading = lc $1;
		$heading =~ s/[^\w\- ]//g;
		$heading =~ s/ /-/g;
		$anchor{$heading} = 1;
	}
	return \%anchor;
}
foreach my $file (@documents)
{
	my ($directory) = $file =~ m{^(.*/)};
	while ($text{$file} =~ /\]\(([^)\s]+)\)/g)
	{
		my ($target, $anchor) = split /#/, $1, 2;
		next if $target =~ /^[a-z]+:/;
		my $path = $target eq '' ? $file : ($directory // '') . $target;
		1 while $path =~ s{[^/]+/\.\./}{};
		if (!-f $path)
		{
			push @faults, "$file: link to $target, which is not there";
		}
		elsif (defined $anchor && !anchors(slurp($path))->{$anchor})
		{
			push @faults, "$file: link to heading $anchor of $path, which is not there";
		}
	}
}

# The READMEs of rooms name files that are there: in the room, in src, or from the top
foreach my $file (grep { m{^src/} } @documents)
{
	my ($room) = $file =~ m{^(.*)/};
	while ($text{$file} =~ m{(?<![\w*/])((?:[\w.-]+/)*[\w-]+\.(?:c|h|pl|pm|md|sql|sh))\b}g)
	{
		my $name = $1;
		next if $name =~ m{^(?:X\.[ch]|ROOM\.h|internal\.h|curl/.*)$};
		push @faults, "$file: $name is not there"
		  unless grep { -f "$_/$name" } ($room, 'src', '.', glob("$room/*/"));
	}
}

# The README is a visitor's page
push @faults, 'README.md: longer than 150 lines' if ($text{'README.md'} =~ tr/\n//) > 150;
push @faults, 'README.md: CREATE EXTENSION not exactly once' if (() = $text{'README.md'} =~ /CREATE EXTENSION/g) != 1;

# The version
my ($version) = slurp('brim.control') =~ /^default_version\s*=\s*'([^']+)'/m;
push @faults, "META.json: version $_, but brim.control has $version"
  foreach grep { $_ ne $version } slurp('META.json') =~ /^(?: {3}| {9})"version": "([^"]+)"/mg;
push @faults, "CHANGELOG.md: no heading for $version" unless $text{'CHANGELOG.md'} =~ /^## \Q$version\E\b/m;

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
