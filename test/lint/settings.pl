#!/usr/bin/perl
#
# settings.pl - the tables of docs/configuration.md are those of the library.
#
#	perl test/lint/settings.pl			compare
#	perl test/lint/settings.pl --write	write them
#
# A table stands between "<!-- settings: SECTION -->" and "<!-- end of settings -->".
# settings_table.c prints what the library is built with.  PG_CONFIG chooses the
# server headers that it is compiled with.  Run from the top of the source.

use strict;
use warnings;

use File::Temp qw(tempdir);

my $document = 'docs/configuration.md';
my $write = @ARGV && $ARGV[0] eq '--write';

# Build and run the program
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
my $headers = `"$pg_config" --includedir-server`;
die "$pg_config does not work\n" if $? != 0 || $headers eq '';
chomp $headers;
my $program = tempdir('brim-settings.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/settings_table';
my @compile = ($ENV{CC} || 'gcc', '-std=gnu11', '-D_GNU_SOURCE', '-w', '-Isrc', "-I$headers",
	'-no-pie', '-ffunction-sections', '-Wl,--gc-sections', '-Wl,--unresolved-symbols=ignore-all', '-o', $program, 'test/lint/settings_table.c');
system(@compile) == 0 or die "settings_table.c does not compile\n";
my @settings = map { chomp; [ split /\t/, $_, -1 ] } `$program`;
die "settings_table prints nothing of use\n" if $? != 0 || !@settings || grep { @$_ != 8 } @settings;

# Names, addresses and values are code
sub prose
{
	my ($text) = @_;
	$text =~ s{(?<![\w`])(brim\.\w+|brim_\w+\([^)]*\)|[a-z]+://[\w:.]*\w|[a-z]+://|[a-z]+(?:_[a-z]+)+)(?![\w`])}{`$1`}g;
	return $text;
}

my %table;
foreach my $setting (@settings)
{
	my ($section, $name, $default, $unit, $range, $context, $description, $details) = @$setting;
	my $meaning = prose($details eq '' ? $description : "$description $details");
	$meaning =~ s/\.$//;
	$range =~ s/(\w+), (\w+)/`$1`, `$2`/;
	$table{$section} //= "| setting | default | unit | range | context | meaning |\n|---|---|---|---|---|---|\n";
	$table{$section} .= join(' | ', "| `$name`", "`$default`", $unit, $range, $context, $meaning) . " |\n";
}

open(my $in, '<', $document) or die "$document: $!\n";
my $old = do { local $/; <$in> };
close $in;
my (%found, @faults);
my $new = $old;
$new =~ s{(<!-- settings: ([^\n]*?) -->\n\n).*?(\n<!-- end of settings -->)}{
	$found{$2} = 1;
	push @faults, "$document: no setting belongs to section $2" unless defined $table{$2};
	$1 . ($table{$2} // '') . $3}gse;
push @faults, map { "$document: no table for section $_" } grep { !$found{$_} } sort keys %table;

if ($write && !@faults && $new ne $old)
{
	open(my $out, '>', $document) or die "$document: $!\n";
	print $out $new;
	close $out or die "$document: $!\n";
}
elsif ($new ne $old)
{
	my @is = split /\n/, $old;
	my %is = map { $_ => 1 } @is;
	push @faults, "$document: should have: $_" foreach grep { !$is{$_} } split /\n/, $new;
	push @faults, "$document: its tables are not those of src/pg/server/settings.c; run: make settings-doc";
}
print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
