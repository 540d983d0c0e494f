#!/usr/bin/perl
#
# exports.pl FILE - the library exports PostgreSQL's entry points, the functions
# that SQL calls, and nothing else.
#
# A function that SQL calls has a pg_finfo_ twin, and an install script names it.
# Nor does it hold fault points (src/pg/server/faults.h), which only tests build in.

use strict;
use warnings;

my ($library) = @ARGV;
die "usage: exports.pl FILE\n" unless defined $library;
die "$library: not there\n" unless -f $library;

my %exported;
open(my $nm, '-|', 'nm', '-D', '--defined-only', $library) or die "nm: $!";
while (<$nm>)
{
	$exported{$1} = 1 if /^\S+ [A-Z] (\S+)/;
}
close($nm) or die "nm failed\n";

# The C functions that the install scripts name
my %declared;
foreach my $file (glob('sql/parts/*.sql'))
{
	open(my $fh, '<', $file) or die "$file: $!";
	local $/;
	my $text = <$fh>;
	$declared{$1} = $file while $text =~ /'MODULE_PATHNAME'\s*,\s*'(\w+)'/g;
	close($fh);
}

# Those that the SQL of earlier versions names, which pg_upgrade may have to create
foreach my $archive (glob('test/upgrade/brim-*.tar.xz'))
{
	my $text = `tar -xJOf $archive --wildcards 'sql/parts/*.sql'`;
	die "$archive cannot be read\n" if $? != 0 || $text eq '';
	$declared{$1} //= $archive while $text =~ /'MODULE_PATHNAME'\s*,\s*'(\w+)'/g;
}

my @faults;
foreach my $name (sort keys %exported)
{
	next if $name =~ /^(?:Pg_magic_func|_PG_init)$/;
	if ($name =~ /^pg_finfo_(\w+)$/)
	{
		push @faults, "$name: without $1" unless $exported{$1};
	}
	elsif ($name =~ /^brim_\w*main$/)
	{
		next;	# entry points of background workers are looked up by name
	}
	elsif (!$exported{"pg_finfo_$name"})
	{
		push @faults, "$name: exported but not called by SQL";
	}
	elsif (!$declared{$name})
	{
		push @faults, "$name: callable by SQL but in no install script";
	}
}
foreach my $name (sort keys %declared)
{
	push @faults, "$name: named in $declared{$name} but not exported" unless $exported{$name};
}

{
	local $/;
	open(my $fh, '<:raw', $library) or die "$library: $!";
	push @faults, "$library: holds fault points, which a release build does not" if <$fh> =~ /brim_fault|brim fault point/;
}

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
