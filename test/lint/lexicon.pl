#!/usr/bin/perl
#
# lexicon.pl - the words in data/lexicon become SQL, and a file that is not as
# data/lexicon/README.md says is refused with its line, not left out.
#
# Run from the top of the source.

use strict;
use warnings;
use File::Temp qw(tempdir);

my $dir = tempdir(CLEANUP => 1);
my $terms = "term\tpart\ttext\tsource\tnote\n";
my $good = "1\twhere\tnews\tbrim\ta note\n1\twords\tit's up\tbrim\n1\tnear\t^x\tbrim\n3\twhere\tany\tbrim\n3\twords\tb\tbrim\n";
my @faults;

mkdir("$dir/terms") or die "$dir/terms: $!";

# Run insert.awk over a file of this text; return its exit code, output and errors.
sub insert
{
	my ($file, $text) = @_;
	open(my $fh, '>', "$dir/$file") or die "$dir/$file: $!";
	print $fh $text;
	close($fh);
	my $out = `LC_ALL=C awk -f data/lexicon/insert.awk $dir/$file 2>$dir/errors`;
	my $code = $? >> 8;
	open($fh, '<', "$dir/errors") or die "$dir/errors: $!";
	my $errors = join('', <$fh>);
	close($fh);
	return ($code, $out, $errors);
}

my ($code, $out, $errors) = insert('terms/up.tsv', $terms . $good);
my $want = qr/VALUES\n\('up', 1, 'news',\s+ARRAY\['it''s up'\],\s+ARRAY\['\^x'\],\s+'\{\}', true, true\),\n\('up', 3, 'any',\s+ARRAY\['b'\],\s+'\{\}',\s+'\{\}', true, true\);\n$/;
push @faults, "a good file does not become the INSERT that it should: $errors$out" unless $code == 0 && $out =~ $want;

foreach my $case (
	[ 'up.tsv', $terms . $good, 'a file elsewhere' ],
	[ 'terms/up.tsv', $good, 'a file without header' ],
	[ 'terms/up.tsv', $terms, 'a file without rows' ],
	[ 'terms/up.tsv', '', 'an empty file' ],
	[ 'terms/up.tsv', $terms . $good =~ s/\ta note//r =~ s/\tbrim\n/\n/r, 'a line without source' ],
	[ 'terms/up.tsv', $terms . $good =~ s/a note/a\tnote/r, 'a column too many' ],
	[ 'terms/up.tsv', $terms . $good =~ s/\t/ /r, 'a blank for a tab' ],
	[ 'terms/up.tsv', $terms . $good =~ s/it's up/it's up /r, 'a blank at the end of a phrase' ],
	[ 'terms/up.tsv', $terms . $good =~ s/it's up//r, 'no phrase' ],
	[ 'terms/up.tsv', $terms . $good =~ s/news/newspaper/r, 'an unknown place' ],
	[ 'terms/up.tsv', $terms . $good =~ s/near/nera/r, 'an unknown part' ],
	[ 'terms/up.tsv', $terms . $good =~ s/^1\twords.*\n//mr, 'a term without words' ],
	[ 'terms/up.tsv', $terms . $good =~ s/^1\twhere.*\n//mr, 'a term that does not say where' ],
	[ 'terms/up.tsv', $terms . $good . $good, 'numbers that do not grow' ],
	[ 'terms/up.tsv', $terms . $good . "3\tnear\ta\tbrim\n3\twords\tc\tbrim\n", 'a part in two pieces' ],
	[ 'terms/up.tsv', $terms . $good =~ s/^3/1000/mgr, 'a number that belongs to users' ],
	[ 'cues.tsv', "kind\tphrase\tsource\tnote\nown\twe\tbrim\nown\twe\tbrim\n", 'a cue twice' ],
	[ 'classes.tsv', "class\tpolarity\tweight\thalf_life_days\tdescription\tsource\tnote\nup\t2\t1\t\tUp\tbrim\n", 'a polarity of 2' ],)
{
	my ($file, $text, $what) = @$case;
	($code, $out, $errors) = insert($file, $text);
	push @faults, "insert.awk takes $what" if $code == 0;
	push @faults, "insert.awk does not say where it found $what: $errors" if $text ne '' && $errors !~ m{^\S+\.tsv:\d+: }m;
}

my $all = `LC_ALL=C awk -f data/lexicon/insert.awk data/lexicon/*.tsv data/lexicon/terms/*.tsv`;
push @faults, "insert.awk refuses the words of brim" if $? != 0;
push @faults, "insert.awk writes a line longer than 140 characters: $_" foreach grep { length > 140 } split(/\n/, $all);

print "$_\n" foreach @faults;
exit(@faults ? 1 : 0);
