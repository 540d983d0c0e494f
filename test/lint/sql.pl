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
#	no line is longer than 140 characters, except the texts of templates
#	brim_status() is the union of the functions that return brim.check_result,
#	each one SELECT, whose state is computed and never the constant 'ok'
#
# Run from the top of the source.

use strict;
use warnings;

my @faults;
my (%objects, %commented);
my (%checks, %united);

my @parts = sort(glob('sql/parts/*.sql'));
die "no parts in sql/parts: run this from the top of the source\n" unless @parts;
foreach my $file (@parts)
{
	local $/;
	open(my $fh, '<', $file) or die "$file: $!";
	my $text = <$fh>;
	close($fh);

	# The paragraphs of a template are lines of the e-mail
	my $lines = $text;
	$lines =~ s{\$\$.*?\$\$}{ my $b = $&; $b =~ tr/\n//cd; $b }gse if $file =~ /_mail_templates\.sql$/;
	my $number = 0;
	foreach my $line (split(/\n/, $lines))
	{
		$number++;
		push @faults, "$file:$number: longer than 140 characters" if length($line) > 140;
	}

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
	while ($text =~ /\bCREATE\s+FUNCTION\s+(brim\.check_\w+)\(\)\s+RETURNS\s+SETOF\s+brim\.check_result\b(.*?)\n\S*;/gsi)
	{
		my ($name, $rest, $at) = ($1, $2, $-[0]);
		$checks{$name} = $file;
		my $why = constant_state($rest);
		$fault->($at, "$name: $why") if defined $why;
	}
	if ($text =~ /\bCREATE\s+FUNCTION\s+\@extschema\@\.brim_status\(\)(.*?)\n\S*;/si)
	{
		my $body = $1;
		$united{$_}++ foreach $body =~ /\bFROM\s+(brim\.check_\w+)\(\)/gi;
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

push @faults, "no check of brim_status() was found" unless %checks;
foreach my $name (sort keys %checks)
{
	push @faults, "$checks{$name}: $name is in brim_status() " . ($united{$name} || 0) . " times, not once"
	  unless ($united{$name} || 0) == 1;
}
foreach my $name (sort keys %united)
{
	push @faults, "brim_status() asks $name, which is no check" unless $checks{$name};
}

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);

# What is wrong with the state that a check returns: the second expression of
# its SELECT.  A constant other than 'ok' is right where only some rows are
# returned, since a check without a row says that all is well.
sub constant_state
{
	my ($text) = @_;
	my ($body) = $text =~ /\bLANGUAGE\s+sql\b.*?\bBEGIN\s+ATOMIC\b\s*(SELECT\b.*)/si
	  or return 'is not LANGUAGE sql with BEGIN ATOMIC and one SELECT';

	# Literals become numbers, so that nothing in them is taken for SQL
	my @literals;
	$body =~ s{'((?:[^']|'')*)'}{ push @literals, $1; "'$#literals'" }ge;
	return 'has more than one SELECT to return rows' if outer($body) =~ /\bUNION\b|;\s*SELECT\b/i;

	my @columns = split_columns($body);
	return 'does not return check_name, status, detail, hint' unless @columns == 4;
	my $state = $columns[1];
	my @states = map { $literals[$_] } $state =~ /(?:\b(?:THEN|ELSE)\b|^|,)\s*'(\d+)'\s*(?=\bWHEN\b|\bELSE\b|\bEND\b|\)|$)/gi;
	my @results = $state =~ /\b(?:THEN|ELSE)\b/gi;
	my %distinct = map { $_ => 1 } @states;

	return undef if keys %distinct > 1;
	return undef unless $state =~ /^'\d+'$/ || (@results && @states == @results);
	return "always returns the state 'ok'" if $distinct{ok};
	return "returns the same state '@{[ keys %distinct ]}' for whatever it finds"
	  unless outer($body) =~ /\bWHERE\b|\bHAVING\b/i;
	return undef;
}

# The text without what is in parentheses.
sub outer
{
	my ($text) = @_;
	1 while $text =~ s/\([^()]*\)//g;
	return $text;
}

# The expressions of the first SELECT.
sub split_columns
{
	my ($text) = @_;
	my ($depth, $column, @columns) = (0, '');
	$text =~ s/^\s*SELECT\b//i;
	foreach my $token ($text =~ /(\w+|\s+|.)/gs)
	{
		$depth++ if $token eq '(';
		$depth-- if $token eq ')';
		last if !$depth && $token =~ /^(?:FROM|WHERE|HAVING|GROUP|ORDER)$/i;
		if ($token eq ',' && !$depth)
		{
			push @columns, $column;
			$column = '';
			next;
		}
		$column .= $token;
	}
	push @columns, $column;
	s/^\s+|[\s;]+$//g foreach @columns;
	return @columns;
}
