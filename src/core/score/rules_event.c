/*-------------------------------------------------------------------------
 *
 * rules_event.c
 *	  What the events count that a text speaks of; see internal.h.
 *
 * An event counts by the weight of its class, half where it is only expected,
 * and less the older it is: half after each half life of its class.  Of the
 * events that a rule looks for the one counts that counts most.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>

#define HEDGED (BRIM_WEIGHT_ONE / 2)

/* What is left of an event after some days, 1/10000. */
static int
decay(int age, int half_life)
{
	if (age <= 0 || half_life <= 0)
		return BRIM_WEIGHT_ONE;
	return (int) (BRIM_WEIGHT_ONE * exp2(-(double) age / half_life));
}

/* What an event counts, 1/10000. */
static int
event_factor(const BrimRulesScore *score, const BrimIntentSignal *hit, bool has_day, int day)
{
	const BrimClass *class = &score->model->head.lexicon->classes[hit->class_no];
	int64_t factor = class->weight;

	if (hit->certainty == BRIM_HEDGED)
		factor = factor * HEDGED / BRIM_WEIGHT_ONE;
	if (has_day && score->head.has_today)
		factor = factor * decay(score->head.today - day, class->half_life_days) / BRIM_WEIGHT_ONE;
	return (int) factor;
}

/* An event that a rule looks for: does it count more than those before? */
static void
note_event(BrimRulesScore *score, const BrimEventTarget *target, int factor, BrimStr evidence)
{
	BrimRuleHit *hit = &score->rules[target->rule];

	if (factor <= 0)
		return;
	score->found[target->keyword] = score->run;
	if (hit->seen_run == score->run && hit->factor >= factor)
		return;
	hit->seen_run = score->run;
	hit->factor = factor;
	hit->found = evidence;
}

bool
brim_rules_event_find(BrimRulesScore *score, const BrimRulesAttribute *attribute, BrimStr text,
					  BrimStr company)
{
	BrimIntentScan *scan = score->scan;
	int             day = 0;
	bool            has_day;

	if (!brim_intent_run(scan, text, company, attribute->sources))
		return false;
	has_day = scan->nsignals > 0 && brim_intent_date(text, &day);
	for (int h = 0; h < scan->nsignals; h++)
	{
		const BrimIntentSignal *hit = &scan->signals[h];
		BrimStr                 evidence = {text.data + hit->start, hit->len};
		int                     factor;

		if (hit->certainty == BRIM_NEGATED || hit->is_other)
			continue;
		factor = event_factor(score, hit, has_day, day);
		for (int e = 0; e < attribute->nevents; e++)
		{
			if (attribute->events[e].class_no == hit->class_no)
				note_event(score, &attribute->events[e], factor, evidence);
		}
	}
	return true;
}
