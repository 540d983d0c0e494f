#!/usr/bin/perl
#
# specs.pl - the isolation specs prepare the worker's statements as the worker
# runs them.
#
# A statement of src/pg/queue/email.c may be used in a spec, under its own name, with
# other columns returned, with the node looked up, statuses written out and
# now() instead of the worker's time, and for the whole queue without suspects.

use strict;
use warnings;

sub slurp
{
	my ($file) = @_;
	open(my $fh, '<', $file) or die "$file: $!";
	local $/;
	return scalar <$fh>;
}

# What is compared: no white space, no RETURNING at the end
sub essence
{
	my ($sql) = @_;
	$sql =~ s/\(SELECT n\.node_id FROM brim\.node n\)/\$4/g;
	$sql =~ s/\(-2147483648, 0\)/(\$6, \$7)/g;
	$sql =~ s/\(2147483647, 0\)/(\$8, \$9)/g;
	$sql =~ s/\(e\.crashes > 0\) = false/(e.crashes > 0) = \$5/g;
	$sql =~ s/e\.status = '(?:claimed|committing)' AND e\.claim_token = \$2/e.status = \$3 AND e.claim_token = \$2/g;
	$sql =~ s/next_attempt_at <= now\(\)/next_attempt_at <= \$10/g;
	$sql =~ s/ARRAY\[0\]/\$4::int[]/g;
	$sql =~ s/\s+RETURNING(?:(?!RETURNING).)*\z//s;
	$sql =~ s/\s+//g;
	return $sql;
}

my %macro;
my $source = slurp('src/pg/queue/email.c');
while ($source =~ /^#define (\w+)\s*\\\n((?:\s*"(?:[^"\\]|\\.)*"\s*\\?\n?)+)/mg)
{
	my ($macro, $text) = ($1, $2);
	$text =~ s/\\$//mg;
	$macro{$macro} = $text;
}
foreach my $macro (keys %macro)
{
	$source =~ s/(?<!#define )\b$macro\b/$macro{$macro}/g;
}
my %worker;
while ($source =~ /BrimStatement (\w+) = \{\s*((?:"(?:[^"\\]|\\.)*"\s*)+),/g)
{
	my ($name, $strings) = ($1, $2);
	my $sql = join('', $strings =~ /"((?:[^"\\]|\\.)*)"/g);
	$sql =~ s/\\"/"/g;
	$worker{$name} = essence($sql);
}

my (@faults, %seen);
foreach my $file (glob('test/specs/*.spec'))
{
	my $text = slurp($file);
	while ($text =~ /PREPARE\s+(\w+)\s*\([^)]*\)\s+AS\s+(.*?);/gs)
	{
		my ($name, $sql) = ($1, $2);
		next unless exists $worker{$name};
		$seen{$name} = 1;
		push @faults, "$file: \"$name\" is not the statement of src/pg/queue/email.c" if essence($sql) ne $worker{$name};
	}
}
foreach my $name (qw(claim barrier_suppressed barrier_rows barrier_ledger barrier_refused))
{
	push @faults, "no spec runs the statement \"$name\" of src/pg/queue/email.c" unless $seen{$name};
}
print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
