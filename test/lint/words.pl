#!/usr/bin/perl
#
# words.pl - what nothing in the repository says.
#
#	machines	a path or registry of one developer's machine, a secret, an unfinished merge
#	idioms		in documents, comments and messages: phrases that stop a native reader, and
#				comments that open with a question instead of a statement
#
#	perl test/lint/words.pl				from the top of the source
#	perl test/lint/words.pl FILE...		these files only

use strict;
use warnings;
use File::Find;

my @machines = (
	[ qr{(?<![\w.])/(?:root|work|workspace)/[a-z.]},   'path of a developer\'s machine' ],
	[ qr{(?<![\w.])/home/[a-z]+/},                      'path of a developer\'s machine' ],
	[ qr{\bAIza(?!SyA1234567890)[0-9A-Za-z_-]{30,}},     'looks like a real API key' ],
	[ qr{-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\n\w},  'a private key' ],
	[ qr{<<<<<<< |>>>>>>> },                             'an unfinished merge' ],
	[ qr{\b(?:localhost:4873|verdaccio|artifactory)\b}i, 'a private package registry' ],);

# Each with what to write instead
my $thing = qr/(?:rows?|jobs?|workers?|process(?:es)?|functions?|callers?|statements?|servers?|backends?|e-mails?|relays?|values?|tables?)/;
my @idioms = (
	[ qr/\btells\b/,                          'says, shows, decides' ],
	[ qr/\b(?:is|are|be|been|being|was|were|not) told\b/, 'is known, is given, learns' ],
	[ qr/\bin hand\b(?!-)/,                     'in progress, claimed, current' ],
	[ qr/\bat hand\b/,                        'available, present' ],
	[ qr/\banew\b/,                           'again' ],
	[ qr/\bst(?:ands?|ood) (?:in|twice|for itself)\b/, 'is in' ],
	[ qr/\bbut for\b/,                        'except' ],
	[ qr/\bc(?:omes?|ame) to\b/,              'is, amounts to, reaches' ],
	[ qr/\blet(?:s|ting)? (?:(?:it|them) )?go\b/, 'release, drop' ],
	[ qr/\b$thing who\b/,                     'that, for a thing' ],);

my $question = qr/^\W*((?:Is|Are|Was|Were|Has|Have|Had|Does|Do|Did|Can|Could|May|Might|Must|Will|Would|Shall|Should|What|Which|Who|Whose|How|When|Where|Why)\b[^.:;]*?\?)/;

# Texts that are data: news, words that are looked for, replies of servers
my $data = qr{^(?:data/|test/data/|test/fuzz/corpus/|sql/brim--|LICENSE)|^test/lint/(?:words|self_test)\.pl$};

# ---------------------------------------------------------------------------
# What is prose in a file
# ---------------------------------------------------------------------------

# Return the prose of a file as a list of [line, kind, text]; kind is "comment" or "text"
sub prose
{
	my ($file, $content) = @_;
	my @prose;
	my $add = sub {
		my ($kind, $text, $offset) = @_;
		push @prose, [ 1 + (substr($content, 0, $offset) =~ tr/\n//), $kind, $text ];
	};

	if ($file =~ /\.md$|README$/)
	{
		$content =~ s{^```.*?^```}{ my $c = $&; $c =~ tr/\n//cd; $c }gmse;
		$add->('text', $1, $-[1]) while $content =~ /((?:^.+\n?)+)/mg;
	}
	elsif ($file =~ /\.[ch]$/)
	{
		while ($content =~ m{/\*(.*?)\*/|("(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*)}gs)
		{
			my ($comment, $string, $offset) = ($1, $2, $-[0]);
			if (defined $comment) { $add->('comment', $comment, $offset); }
			elsif ($file =~ m{^src/}) { $add->('text', $string, $offset); }
		}
	}
	elsif ($file =~ /\.(?:sql|spec)$/)
	{
		while ($content =~ m{/\*(.*?)\*/|((?:^[ \t]*--[^\n]*\n)+)|--([^\n]*)|\bIS\s+'((?:[^']|'')*)'|('(?:[^']|'')*')}gms)
		{
			my ($string, $offset) = ($5, $-[0]);
			my ($comment) = grep { defined } $1, $2, $3, $4;
			if (defined $comment) { $add->('comment', $comment, $offset); }
			elsif ($file =~ m{^sql/}) { $add->('text', $string, $offset); }
		}
	}
	elsif ($file =~ /\.(?:pl|pm|py|sh|control)$|Makefile$/)
	{
		$add->('comment', $1, $-[0]) while $content =~ /((?:^[ \t]*#[^\n]*\n)+)/mg;
		$add->('text', $1, $-[0]) while $content =~ /^((?![ \t]*#).*\n)/mg;
	}
	return @prose;
}

# ---------------------------------------------------------------------------

my @faults;

sub check
{
	my ($file) = @_;
	open(my $fh, '<', $file) or die "$file: $!";
	local $/;
	my $content = <$fh>;
	close($fh);
	$file =~ s{^\./}{};

	my $number = 0;
	foreach my $line (split /^/, $content)
	{
		$number++;
		foreach my $rule (@machines)
		{
			push @faults, "$file:$number: $rule->[1]: $line" if $line =~ $rule->[0];
		}
	}

	return if $file =~ $data;
	foreach my $piece (prose($file, $content))
	{
		my ($line, $kind, $text) = @$piece;
		$text =~ s/"\s*\n\s*"//g;
		$text =~ s/^[ \t]*(?:\*|--|#+)[ \t]?//mg if $kind eq 'comment';
		foreach my $rule (@idioms)
		{
			(my $pattern = $rule->[0]) =~ s/ /\\s+/g;
			while ($text =~ /$pattern/gi)
			{
				my ($words, $offset) = ($&, $-[0]);
				my $there = $line + (substr($text, 0, $offset) =~ tr/\n//);
				push @faults, "$file:$there: \"" . ($words =~ s/\s+/ /gr) . "\": write $rule->[1]\n";
			}
		}
		push @faults, "$file:$line: a comment states, it does not ask: " . ($1 =~ s/\s+/ /gr) . "\n"
		  if $kind eq 'comment' && $text =~ $question;
	}
	return;
}

if (@ARGV)
{
	check($_) foreach @ARGV;
}
else
{
	my $checked = 0;
	find(
		{
			no_chdir => 1,
			wanted => sub {
				my $file = $File::Find::name;
				$File::Find::prune = 1
				  if -d $file && $file =~ m{/(?:\.git|build|results|tmp_check|log|node_modules|__pycache__|output_iso)$};
				return unless -f $file && -T $file && $file !~ m{/words\.pl$|/\.git$|\.(?:o|so|bc)$};
				check($file);
				$checked++;
			}
		},
		'.');
	die "nothing to check\n" unless $checked;
}

print foreach @faults;
exit(@faults ? 1 : 0);
