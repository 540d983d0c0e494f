# Without a Gemini key each e-mail comes from the nearest template: (industry,
# variant), then (industry), then (variant), then the default; a user's own row
# wins over the shipped one.

use strict;
use utf8;
use warnings;
use BrimTest;
use Test::More;

my $brim = BrimTest->new('main');
my @industries = ('SaaS', 'FINTECH', 'e-commerce', 'Healthcare', 'Manufacturing', 'education', 'Mining', undef);

# Every company gets e-mails here, whatever its score
$brim->sql(q{UPDATE brim.campaign SET min_score = 0 WHERE name = 'default'});
$brim->sql(q{
	INSERT INTO brim.variant (campaign, name, instruction) VALUES ('default', 'third', 'x');
	INSERT INTO brim.template (industry, variant, subject, body) VALUES
		('education', 'problem_focused', 'Own: {{company_name}}', 'Dear {{contact_first_name|friends}}, {{product_name}}'),
		('manufacturing', '', 'Any variant for {{company_name}}', 'Body'),
		('', 'third', 'Third for {{company_name}}', 'Body')});
my $n = 0;
foreach my $industry (@industries)
{
	$n++;
	$brim->score_batch([ {
		company_name => "Firm $n", contact_name => "Zoë Ångström $n", contact_email => "c$n\@firm$n.example",
		employee_count => 50, industry => $industry, tech_stack => ['zapier'], recent_job_posts => ['ops'] } ]);
}
$brim->set('brim.generate' => 'on');
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status = 'done'}, scalar @industries);

is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE generated_by <> 'template'}), '0', 'all come from templates');
is($brim->sql(q{SELECT count(*) FROM brim.outbound_email WHERE subject ~ '\{\{' OR body ~ '\{\{'}), '0', 'no blank is left');
is($brim->sql(q{SELECT count(*) FROM brim.generation WHERE attempts <> 0 OR provider <> 'template' OR error IS NOT NULL}), '0',
	'no request was made for them');

# The template that should have been taken, filled in here
my @rows = $brim->rows(q{
	SELECT l.industry, l.company_name, l.contact_name, e.variant, e.subject,
		   (SELECT t.subject FROM brim.template AS t
			 WHERE t.industry IN ('', lower(coalesce(l.industry, ''))) AND t.variant IN ('', e.variant)
			 ORDER BY t.industry <> '' DESC, t.variant <> '' DESC, t.is_shipped LIMIT 1) AS template
	  FROM brim.outbound_email AS e JOIN brim.lead AS l USING (company_id) ORDER BY e.email_id});
is(scalar(@rows), 3 * @industries, 'three variants for each company');
my ($wrong, %subjects) = ('');
foreach my $row (@rows)
{
	my %value = (company_name => $row->{company_name}, contact_name => $row->{contact_name}, product_name => 'Flowline',
		sender_name => 'Ana Ortiz', industry => $row->{industry}, contact_first_name => 'Zoë', employee_count => 50);
	(my $wanted = $row->{template}) =~ s/\{\{(\w+)(?:\|([^}]*))?\}\}/defined $value{$1} ? $value{$1} : $2/ge;
	$wrong .= "$row->{industry}/$row->{variant}: $row->{subject}, not $wanted\n" if $row->{subject} ne $wanted;
	$subjects{ ($row->{industry} || '') . "/$row->{variant}" } = $row->{subject};
}
is($wrong, '', 'each is filled from the nearest template');
is($subjects{'education/problem_focused'}, 'Own: Firm 6', 'a user\'s template wins over the shipped one');
is($subjects{'/third'}, 'Third for Firm 8', '(variant) where the industry is unknown');
isnt($subjects{'SaaS/problem_focused'}, $subjects{'SaaS/roi_focused'}, 'variants differ');
is(BrimTest::characters($brim->sql(q{SELECT body FROM brim.outbound_email WHERE subject = 'Own: Firm 6'})), 'Dear Zoë, Flowline', 'names are filled in');

# A template that cannot be filled does not stop the job
$brim->sql(q|UPDATE brim.template SET subject = 'Broken {{nonsense' WHERE industry = 'education' AND NOT is_shipped|);
$brim->score_batch([ { company_name => 'Firm 20', contact_email => 'c@firm20.example', employee_count => 50, industry => 'Education',
	tech_stack => ['make'], recent_job_posts => ['ops'] } ]);
$brim->wait_until(q{SELECT count(*) FROM brim.generation WHERE status NOT IN ('queued', 'running')}, @industries + 1);
isnt($brim->sql(q{SELECT coalesce(g.error, '') FROM brim.generation AS g JOIN brim.lead USING (company_id) WHERE company_name = 'Firm 20'}), '',
	'the job\'s error names a broken template');

# A campaign without a pitch waits and says so
$brim->sql(q{INSERT INTO brim.campaign (name, min_score) VALUES ('empty', 0)});
$brim->wait_until(q{SELECT count(*) FROM brim.queue_blocked WHERE campaign = 'empty' AND kind = 'generation'}, @industries + 1);
is($brim->sql(q{SELECT string_agg(DISTINCT status, ' ') FROM brim.generation WHERE campaign = 'empty'}), 'queued', 'its jobs wait');
$brim->log_is_clean;

done_testing();
