#!/usr/bin/perl
#
# words.pl - nothing in the repository names a place that only one machine has,
# holds a secret, or asks the network for what the packages give.
#
# Run from the top of the source.

use strict;
use warnings;
use File::Find;

my @rules = (
	[ qr{(?<![\w.])/(?:root|work|workspace)/[a-z.]},   'path of a developer\'s machine' ],
	[ qr{(?<![\w.])/home/[a-z]+/},                      'path of a developer\'s machine' ],
	[ qr{\bAIza(?!SyA1234567890)[0-9A-Za-z_-]{30,}},     'looks like a real API key' ],
	[ qr{-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\n\w},  'a private key' ],
	[ qr{<<<<<<< |>>>>>>> },                             'an unfinished merge' ],
	[ qr{\b(?:localhost:4873|verdaccio|artifactory)\b}i, 'a private package registry' ],);

my @faults;
find(
	{
		no_chdir => 1,
		wanted => sub {
			my $file = $File::Find::name;
			$File::Find::prune = 1
			  if -d $file && $file =~ m{/(?:\.git|build|results|tmp_check|log|node_modules|__pycache__|output_iso)$};
			return unless -f $file && -T $file && $file !~ m{/words\.pl$|\.(?:o|so|bc)$};
			open(my $fh, '<', $file) or die "$file: $!";
			while (my $line = <$fh>)
			{
				foreach my $rule (@rules)
				{
					push @faults, "$file:$.: $rule->[1]: $line" if $line =~ $rule->[0];
				}
			}
			close($fh);
		}
	},
	'.');

print foreach @faults;
exit(@faults ? 1 : 0);
