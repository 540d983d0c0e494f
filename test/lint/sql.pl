#!/usr/bin/perl
#
# sql.pl - rules for the install script's parts.
#
#	CREATE, never CREATE OR REPLACE, never IF NOT EXISTS
#	every object is created with a schema in front: brim. or @extschema@.
#	SECURITY DEFINER and plpgsql functions fix their search_path
#	no EXECUTE of built SQL except GRANT and REVOKE
#	every function has a COMMENT; brim's own tables and views too
#	nobody is granted TRIGGER, TRUNCATE, REFERENCES, ALL, or a grant option
#
# Run from the top of the source.

use strict;
use warnings;

my @faults;
my (%objects, %commented);

my @parts = sort(glob('sql/parts/*.sql'));
die "no parts in sql/parts: run this from the top of the source\n" unless @parts;
foreach my $file (@parts)
{
	local $/;
	open(my $fh, '<', $file) or die "$file: $!";
	my $text = <$fh>;
	close($fh);

	# Comments go; line numbers stay
	$text =~ s{/\*.*?\*/}{ my $c = $&; $c =~ tr/\n//cd; $c }gse;
	$text =~ s{--[^\n]*}{}g;

	my $fault = sub {
		my ($offset, $what) = @_;
		my $line = 1 + (substr($text, 0, $offset) =~ tr/\n//);
		push @faults, "$file:$line: $what";
	};

	while ($text =~ /\bCREATE\s+OR\s+REPLACE\b|\bCREATE\s+[A-Z ]+\s+IF\s+NOT\s+EXISTS\b/gi)
	{
		my $at = $-[0];
		$fault->($at, "CREATE fails when something is there, and that is wanted");
	}
	while ($text =~ /\bCREATE\s+(?:UNLOGGED\s+)?(TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|TYPE|AGGREGATE)\s+([^\s(]+)/gi)
	{
		my ($kind, $name, $at) = (uc $1, $2, $-[0]);
		$fault->($at, "$kind $name is created without a schema")
		  unless $name =~ /^(?:brim\.|\@extschema\@\.)/;
		$fault->($at, "public function $name should start with brim_")
		  if $name =~ /^\@extschema\@\.(?!brim_)/;
		$objects{"$kind $name"} = "$file";
	}
	$commented{ uc($1) . " $2" } = 1
	  while $text =~ /\bCOMMENT\s+ON\s+(TABLE|VIEW|FUNCTION|PROCEDURE|SEQUENCE|TYPE)\s+([^\s(]+)/gi;

	# Head and tail of each function, without what is in dollar quotes
	(my $outline = $text) =~ s{(\$\w*\$)(.*?)\1}{ my $b = $&; $b =~ tr/\n//cd; "''" . $b }gse;
	while ($outline =~ /\bCREATE\s+FUNCTION\s+([^\s(]+)((?:(?!\bCREATE\s).)*?);/gsi)
	{
		my ($name, $head, $at) = ($1, $2, $-[0]);
		next unless $head =~ /\bSECURITY\s+DEFINER\b|\bLANGUAGE\s+plpgsql\b/i;
		$fault->($at, "$name does not fix its search_path")
		  unless $head =~ /\bSET\s+search_path\s*(?:=|TO)\s*'?pg_catalog'?\s*,\s*'?pg_temp/i;
	}
	while ($text =~ /\bEXECUTE\s+(?!FUNCTION|PROCEDURE|ON\b)([^;]*);/gi)
	{
		my ($what, $at) = ($1, $-[0]);
		next if $what =~ /GRANT|REVOKE/ || substr($text, 0, $at) =~ /\b(?:GRANT|REVOKE)[^;]*\z/;
		$fault->($at, "dynamic SQL: EXECUTE $what");
	}
	while ($text =~ /\bGRANT\s+([^;]*?)\s+ON\b/gi)
	{
		my ($rights, $at) = ($1, $-[0]);
		$fault->($at, "GRANT $rights: a right that brim never gives")
		  if $rights =~ /\b(?:ALL|TRIGGER|TRUNCATE|REFERENCES|CREATE|DELETE)\b/i;
	}
	while ($text =~ /\bWITH\s+GRANT\s+OPTION\b/gi)
	{
		my $at = $-[0];
		$fault->($at, "rights cannot be passed on");
	}
}

foreach my $object (sort keys %objects)
{
	push @faults, "$objects{$object}: $object has no COMMENT" unless $commented{$object};
}

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
