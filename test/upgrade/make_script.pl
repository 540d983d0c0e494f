#!/usr/bin/perl
#
# make_script.pl OLD - write what can be derived of sql/brim--OLD--NEW.sql.
#
#	perl test/upgrade/make_script.pl 0.1.0			(make update-script)
#
# It compares the install script of test/upgrade/brim-OLD.tar.xz with the one that
# make has built and rewrites the two generated sections of the update script:
#
#	what goes	triggers, views and functions that are gone or cannot be replaced,
#				with the views and functions that depend on them, and indexes
#	what comes	new types, tables and indexes; functions, views and triggers that are
#				new, changed or were dropped; their comments and privileges; shipped rows
#
# Everything between and behind the sections is written by hand: columns,
# constraints, and data that moves.  test/t/070_upgrade.pl shows whether the
# whole is right: it compares an updated database with a fresh one.
#
# Run from the top of the source, after make.

use strict;
use warnings;

my ($old_version) = @ARGV;
die "usage: make_script.pl OLD\n" unless defined $old_version;
my ($new_version) = slurp('brim.control') =~ /^default_version\s*=\s*'(.+)'/m;
my $script = "sql/brim--$old_version--$new_version.sql";

my $old = statements(scalar `tar -xJOf test/upgrade/brim-$old_version.tar.xz --wildcards 'sql/parts/*.sql'`);
my $new = statements(slurp("sql/brim--$new_version.sql"));
my %old = map { $_->{key} => $_ } @$old;
my %new = map { $_->{key} => $_ } @$new;

# Tables that the hand-written part changes by itself, in spite of their rows' texts
my %by_hand = map { $_ => 1 } (slurp($script) =~ /^-- by hand: (\S+)$/mg);

# Tables that it drops, to be created again in another shape
my %again = map { $_ => 1 } (slurp($script) =~ /^-- created again: (\S+)$/mg);

sub slurp
{
	my ($file) = @_;
	local $/;
	open(my $in, '<', $file) or die "$file: $!\n";
	return scalar <$in>;
}

# The statements of a script, in order: { key, kind, name, text, bare }
sub statements
{
	my ($text) = @_;
	my (@found, $rest);
	die "no script\n" if $text eq '';
	$text =~ s/^\\echo.*$//m;
	my ($statement, $bare) = ('', '');
	while ($text =~ /\G(?:(\s+|--[^\n]*\n|\/\*.*?\*\/)|('(?:[^']|'')*'|(\$\w*\$).*?\3|"[^"]*")|(BEGIN\s+ATOMIC\b.*?\nEND)(?=\s*;)|(;)|(\w+|.))/gcs)
	{
		if (defined $1)
		{
			$statement .= $1 if $statement ne '' && $1 !~ /^\/\*/;
			$bare .= ' ' if $bare ne '';
		}
		elsif (defined $5)
		{
			push @found, classify($statement, $bare);
			($statement, $bare) = ('', '');
		}
		else
		{
			my $token = $2 // $4 // $6;
			$statement .= $token;
			$token =~ s/--[^\n]*//g if defined $4 || defined $3;
			$token =~ s{/\*.*?\*/}{}gs if defined $4;
			$bare .= $token;
		}
	}
	die "a statement does not end: $statement\n" if $statement =~ /\S/;
	return \@found;
}

# Argument types of a function, as DROP FUNCTION wants them
sub signature
{
	my ($arguments) = @_;
	my @types;
	my ($depth, $argument) = (0, '');
	foreach my $c (split //, "$arguments,")
	{
		$depth++ if $c eq '(' || $c eq '[';
		$depth-- if $c eq ')' || $c eq ']';
		if ($c eq ',' && $depth == 0)
		{
			$argument =~ s/^\s+|\s+$//g;
			$argument =~ s/\s+(?:DEFAULT\s|=).*//s;
			if ($argument ne '' && $argument !~ /^OUT\s/)
			{
				$argument =~ s/^(?:IN|INOUT|VARIADIC)\s+//;
				$argument =~ s/^\w+\s+(?=\S)// unless $argument =~ /^(?:double precision|timestamp with)/;
				push @types, $argument;
			}
			$argument = '';
		}
		else
		{
			$argument .= $c;
		}
	}
	return join(', ', @types);
}

# The text between the parenthesis at the start and its partner
sub parenthesis
{
	my ($text) = @_;
	my $depth = 0;
	for my $i (0 .. length($text) - 1)
	{
		my $c = substr($text, $i, 1);
		$depth++ if $c eq '(';
		return substr($text, 1, $i - 1) if $c eq ')' && --$depth == 0;
	}
	die "no end of $text\n";
}

sub classify
{
	my ($text, $bare) = @_;
	my %s = (text => "$text;", kind => 'other', name => '');
	($s{bare} = $bare) =~ s/\s+/ /g;
	$s{bare} =~ s/^ | $//g;
	if ($text =~ /^CREATE\s+(FUNCTION|PROCEDURE)\s+([\w.\@]+)\s*(\(.*)/s)
	{
		my ($what, $name, $tail) = ($1, $2, $3);
		my $arguments = parenthesis($tail);
		@s{qw(kind name what)} = ('function', $name . '(' . signature($arguments) . ')', $what);
		my ($returns) = substr($tail, length($arguments) + 2) =~ /^\s*RETURNS\s+(.*?)\s+(?:LANGUAGE|STABLE|VOLATILE|IMMUTABLE|STRICT|PARALLEL|SECURITY|COST|ROWS|SET|SUPPORT|AS)\b/s;
		# What CREATE OR REPLACE cannot change
		($s{head} = $arguments . ' returns ' . ($returns // '')) =~ s/\s+/ /g;
		$s{is_bound} = $text =~ /BEGIN\s+ATOMIC/;
		$s{bare} = $text unless $s{is_bound};	# the server keeps its very text
	}
	elsif ($text =~ /^CREATE\s+VIEW\s+([\w.]+)/) { @s{qw(kind name)} = ('view', $1) }
	elsif ($text =~ /^CREATE\s+(?:CONSTRAINT\s+)?TRIGGER\s+(\w+)\s.*?\sON\s+([\w.]+)/s) { @s{qw(kind name)} = ('trigger', "$1 ON $2") }
	elsif ($text =~ /^CREATE\s+(?:UNLOGGED\s+)?TABLE\s+([\w.]+)/) { @s{qw(kind name)} = ('table', $1) }
	elsif ($text =~ /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(\w+)\s/) { @s{qw(kind name)} = ('index', $1) }
	elsif ($text =~ /^CREATE\s+TYPE\s+([\w.]+)/) { @s{qw(kind name)} = ('type', $1) }
	elsif ($text =~ /^COMMENT\s+ON\s+(.*?)\s+IS\s/s) { @s{qw(kind name)} = ('comment', $1) }
	elsif ($text =~ /^(?:REVOKE|GRANT)\s/) { @s{qw(kind name)} = ('grant', $s{bare}) }
	elsif ($text =~ /^INSERT\s+INTO\s+([\w.]+)/) { @s{qw(kind name)} = ('rows', $1 . ' ' . $s{bare}); $s{table} = $1 }
	elsif ($text =~ /^ALTER\s+TABLE\s/) { @s{qw(kind name)} = ('alter', $s{bare}) }
	elsif ($text =~ /^SELECT\s+(?:pg_catalog\.)?pg_extension_config_dump/) { @s{qw(kind name)} = ('dump', $s{bare}) }
	elsif ($text =~ /^SELECT\s+pg_catalog\.set_config|^DO\s|^CREATE\s+SCHEMA|^SELECT\s+brim\.wake_worker/) { @s{qw(kind name)} = ('once', $s{bare}) }
	else { die "what is this?\n$text\n" }
	$s{name} =~ s/\s+/ /g;
	$s{key} = "$s{kind} $s{name}";
	return \%s;
}

# Return true if a statement speaks of an object
sub mentions
{
	my ($s, $name) = @_;
	(my $word = $name) =~ s/\(.*//;
	return $s->{bare} =~ /(?<![\w.])\Q$word\E(?!\w)/;
}

# What goes ----------------------------------------------------------------------

# Only these can be dropped and created without touching data
my %goes;
foreach my $s (@$old)
{
	my $now = $new{ $s->{key} };
	my $changed = !defined $now || $now->{bare} ne $s->{bare};
	$goes{ $s->{key} } = 1 if $s->{kind} =~ /^(?:view|trigger|index)$/ && $changed;
	$goes{ $s->{key} } = 1 if $s->{kind} eq 'function' && (!defined $now || $now->{head} ne $s->{head} || $now->{what} ne $s->{what});
}
# A relation that is a table no more, or not yet
my @turned = map { $_->{name} } grep { $_->{kind} eq 'table' && (!defined $new{ $_->{key} } || $again{ $_->{name} }) } @$old;
# ... and what takes or returns its rows
foreach my $s (grep { $_->{kind} eq 'function' } @$old)
{
	$goes{ $s->{key} } = 1 if grep { $s->{head} =~ /(?<![\w.])\Q$_\E(?!\w)/ } @turned;
}
for (my $more = 1; $more;)
{
	$more = 0;
	my @names = (@turned, map { $old{$_}{name} } grep { /^(?:view|function)/ } keys %goes);
	foreach my $s (@$old)
	{
		next if $goes{ $s->{key} };
		next unless $s->{kind} eq 'view' || $s->{kind} eq 'trigger' || ($s->{kind} eq 'function' && $s->{is_bound});
		next unless grep { mentions($s, $_) } @names;
		$goes{ $s->{key} } = 1;
		$more = 1;
	}
}
my @going;
foreach my $s (reverse @$old)
{
	next unless $goes{ $s->{key} };
	push @going, 'DROP ' . ($s->{what} // uc $s->{kind}) . ' ' . ($s->{kind} eq 'index' ? "brim.$s->{name}" : $s->{name}) . ';';
}

# What comes ---------------------------------------------------------------------

my (@coming, %made, %rows);
foreach my $s (@$new)
{
	my $was = $old{ $s->{key} };
	my $same = defined $was && $was->{bare} eq $s->{bare};
	if ($s->{kind} =~ /^(?:view|trigger|index|type|table)$/)
	{
		my $is_again = $again{ $s->{kind} eq 'table' ? $s->{name} : $s->{text} =~ /\sON\s+([\w.]+)/ ? $1 : '' };
		next if $same && !$goes{ $s->{key} } && !$is_again;
		next if $s->{kind} =~ /^(?:type|table)$/ && !$is_again && (defined $was || $by_hand{ $s->{name} });
		$made{ $s->{name} } = 1;
		push @coming, $s->{text};
	}
	elsif ($s->{kind} eq 'function')
	{
		next if $same && !$goes{ $s->{key} };
		(my $text = $s->{text}) =~ s/^CREATE /defined $was && !$goes{ $s->{key} } ? 'CREATE OR REPLACE ' : 'CREATE '/e;
		$made{ $s->{name} } = 1 unless defined $was && !$goes{ $s->{key} };
		push @coming, $text;
	}
	elsif ($s->{kind} eq 'comment')
	{
		(my $object = $s->{name}) =~ s/^(?:FUNCTION|PROCEDURE|VIEW|TABLE|TYPE|TRIGGER|INDEX) //;
		(my $relation = $object) =~ s/^COLUMN (.*)\.\w+$/$1/;
		push @coming, $s->{text} if !$same || $made{$object} || $made{$relation};
	}
	elsif ($s->{kind} eq 'grant')
	{
		push @coming, $s->{text} if !$same || grep { mentions($s, $_) } keys %made;
	}
	elsif ($s->{kind} eq 'alter')
	{
		push @coming, $s->{text} unless $same;
	}
	elsif ($s->{kind} eq 'dump')
	{
		my ($relation) = $s->{name} =~ /'([\w.]+)'/;
		push @coming, $s->{text} if !$same || $made{$relation};
	}
	elsif ($s->{kind} eq 'rows')
	{
		push @{ $rows{ $s->{table} } }, $s;
	}
}

# Shipped rows of a table all together, if one statement of them has changed
sub shipped { return join("\n", map { $_->{bare} } grep { $_->{kind} eq 'rows' && $_->{table} eq $_[1] } @{ $_[0] }) }
my @shipped;
foreach my $table (grep { !$by_hand{$_} && $_ ne 'brim.node' } sort keys %rows)
{
	next if shipped($old, $table) eq shipped($new, $table);
	my $is_marked = grep { mentions($_, 'is_shipped') } @{ $rows{$table} };
	push @shipped, "DELETE FROM $table WHERE is_shipped;" if $is_marked && defined $old{"table $table"};
	foreach my $s (@{ $rows{$table} })
	{
		(my $text = $s->{text}) =~ s/;\z/\n    ON CONFLICT DO NOTHING;/;
		push @shipped, $text;
	}
}

# Statements that are gone and that no object took along
my @left = map { $_->{text} } grep { $_->{kind} =~ /^(?:alter|dump)$/ && !defined $new{ $_->{key} } } @$old;

# The script ---------------------------------------------------------------------

my %section = (
	'what goes' => join("\n", @going),
	'what comes' => join("\n\n", @coming,
		@shipped
		? ('-- Shipped rows: those that nobody changed are replaced. No trigger fires meanwhile, neither a guard nor a foreign key.',
			q{SELECT pg_catalog.set_config('session_replication_role', 'replica', true);}, @shipped,
			q{SELECT pg_catalog.set_config('session_replication_role', 'origin', true);})
		: ()));
my $text = slurp($script);
foreach my $name (sort keys %section)
{
	$text =~ s{(-- generated: \Q$name\E\n).*?(-- end of \Q$name\E\n)}{$1\n$section{$name}\n\n$2}s
	  or die "$script: no section $name\n";
}
open(my $out, '>', $script) or die "$script: $!\n";
print $out $text;
close $out or die "$script: $!\n";
printf "%d go, %d come\n", scalar @going, scalar @coming;
print "see to this by hand, if it matters: $_\n" foreach @left, map { "table $_ is gone" } grep { !$again{$_} } @turned;
