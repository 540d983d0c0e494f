#!/usr/bin/perl
#
# specs.pl - the isolation specs prepare the worker's statements as the worker
# runs them.
#
# A statement of src/pg/queue/email.c may be used in a spec, under its own name, with
# other columns returned, with the node looked up, one claim's number written out
# and now() instead of the worker's time, and for the whole queue without suspects.

use strict;
use warnings;

sub slurp
{
	my ($file) = @_;
	open(my $fh, '<', $file) or die "$file: $!";
	local $/;
	return scalar <$fh>;
}

# What is compared: no white space, no columns returned at the end
sub essence
{
	my ($sql) = @_;
	$sql =~ s/\(SELECT n\.node_id FROM brim\.node n\)/\$4/g;
	$sql =~ s/\(-2147483648, 0\)/(\$6, \$7)/g;
	$sql =~ s/\(2147483647, 0\)/(\$8, \$9)/g;
	$sql =~ s/\(q\.crashes > 0\) = false/(q.crashes > 0) = \$5/g;
	$sql =~ s/\(ARRAY\[1\]\)/\$3/g;
	$sql =~ s/\$10|now\(\)|(?<=dot_at = )\$4/<time>/g;
	$sql =~ s/\s+RETURNING(?:(?!RETURNING).)*\z//s;
	$sql =~ s/SELECT (?:n\.email_id|e\.company_id), [^;]*?FROM entered n\b.*\z//s;
	$sql =~ s/\s+//g;
	return $sql;
}

# A macro with a parameter, which stands between its strings
my $source = slurp('src/pg/queue/email.c');
while ($source =~ s/^#define (\w+)\((\w+)\)\s*\\\n((?:.*\\\n)*.*\n)//m)
{
	my ($macro, $parameter, $text) = ($1, $2, $3);
	$text =~ s/\\$//mg;
	$source =~ s{\b$macro\(("[^"]*")\)}{ my ($is, $with) = ($text, $1); $is =~ s/\b$parameter\b(?=[^"]*$)/$with/m; $is }ge;
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
foreach my $name (qw(claim barrier))
{
	push @faults, "no spec runs the statement \"$name\" of src/pg/queue/email.c" unless $seen{$name};
}
print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
