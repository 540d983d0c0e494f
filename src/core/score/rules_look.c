/*-------------------------------------------------------------------------
 *
 * rules_look.c
 *	  Look at one attribute of a lead, for the rules that match; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>
#include <string.h>

#include "core/base/base.h"

/* An attribute while it is looked at. */
typedef struct Look
{
	BrimRulesScore           *score;
	const BrimRulesAttribute *attribute;
	const BrimKeywordSet     *set;  /* the one that is being matched */
	int                       open; /* signals that further matches could still change */
	bool                      want_matches;
	BrimStr                   company; /* its name; len 0: not known */
	int                       type;    /* of the value, as a bit of what rules accept */
} Look;

/* A rule of a signal that adds matched. */
static void
hit_adding_rule(Look *look, int rule)
{
	BrimRulesScore   *score = look->score;
	BrimSignalResult *result = &score->signals[score->model->rules[rule].signal];

	if (score->rules[rule].run == score->run)
		return;
	score->rules[rule].run = score->run;
	score->hits[score->nhits++] = rule;
	if (result->state != BRIM_SIGNAL_SCORED || rule < result->rule)
		result->rule = rule;
	result->state = BRIM_SIGNAL_SCORED;
}

/* A rule matched: in an average it is the signal's unless an earlier one matched too. */
static void
hit_rule(Look *look, int rule)
{
	const BrimRulesModel *model = look->score->model;
	int                   place = model->rules[rule].signal;
	BrimSignalResult     *result = &look->score->signals[place];

	if (model->signals[place].combine == BRIM_ADD)
	{
		hit_adding_rule(look, rule);
		return;
	}
	if (result->state == BRIM_SIGNAL_SCORED && result->rule <= rule)
		return;
	result->state = BRIM_SIGNAL_SCORED;
	result->rule = rule;
	if (rule == model->signals[place].first_rule)
		look->open--;
}

/* A keyword of an all_of rule was found; have all of them been? */
static bool
is_complete(BrimRulesScore *score, const BrimTarget *target)
{
	BrimRuleHit *hit = &score->rules[target->rule];

	if (score->found[target->keyword] == score->run)
		return false; /* counted before */
	score->found[target->keyword] = score->run;
	if (hit->seen_run != score->run)
	{
		hit->seen_run = score->run;
		hit->seen = 0;
	}
	return ++hit->seen == score->model->rules[target->rule].ndistinct;
}

/* A pattern was found; false when nothing more can change the result. */
static bool
hit_pattern(void *state, int pattern)
{
	Look                 *look = state;
	const BrimKeywordSet *set = look->set;
	BrimRulesScore       *score = look->score;

	for (int t = set->first[pattern]; t < set->first[pattern + 1]; t++)
	{
		const BrimTarget *target = &set->targets[t];

		if ((brim_rules_names_kind_accepts(score->model->rules[target->rule].kind) & look->type) ==
			0)
			continue; /* at a path: not what this rule reads */
		if (score->model->rules[target->rule].kind != BRIM_RULE_ALL_OF)
		{
			score->found[target->keyword] = score->run;
			hit_rule(look, target->rule);
		}
		else if (is_complete(score, target))
			hit_rule(look, target->rule);
	}
	return look->open > 0 || look->want_matches;
}

/* Search a text for the regular expressions of the attribute that have not matched yet. */
static bool
search_text(Look *look, BrimStr text)
{
	BrimRulesScore *score = look->score;
	const BrimFold *fold = score->fold;

	if (text.len > BRIM_MODEL_SEARCHED_MAX)
	{
		/* Cut before a character, not in one */
		text.len = BRIM_MODEL_SEARCHED_MAX;
		while (text.len > 0 && ((unsigned char) text.data[text.len] & 0xC0) == 0x80)
			text.len--;
	}
	for (int i = 0; i < look->attribute->nregexes; i++)
	{
		int              rule = look->attribute->regexes[i];
		BrimRuleHit     *hit = &score->rules[rule];
		BrimStr          found;
		BrimSearchResult result;

		if (hit->seen_run == score->run || fold == NULL || fold->search == NULL)
			continue;
		result = fold->search(fold->state, score->model->rules[rule].pattern, text, &found);
		if (result == BRIM_SEARCH_NO_MEMORY)
			return false;
		if (result != BRIM_SEARCH_FOUND)
			continue;
		hit->seen_run = score->run;
		hit->found = found;
		hit_rule(look, rule);
	}
	return true;
}

/* The rules whose events a text speaks of match.  What counts is settled at the end of the attribute. */
static bool
find_events(Look *look, BrimStr text)
{
	BrimRulesScore           *score = look->score;
	const BrimRulesAttribute *attribute = look->attribute;

	if (!brim_rules_event_find(score, attribute, text, look->company))
		return false;
	for (int e = 0; e < attribute->nevents; e++)
	{
		const BrimRuleHit *hit = &score->rules[attribute->events[e].rule];

		if (hit->seen_run == score->run && hit->factor > 0)
			hit_rule(look, attribute->events[e].rule);
	}
	return true;
}

/*
 * Match a text, or one entry of a list, against the keywords of the attribute.
 * Pure ASCII needs no folding by the host's means, and the matchers take it as
 * it is.
 */
static bool
look_at_text(Look *look, BrimStr text)
{
	const BrimRulesAttribute *attribute = look->attribute;
	BrimRulesScore           *score = look->score;
	bool                      is_ascii;

	if (attribute->nregexes > 0 && !search_text(look, text))
		return false;
	if (attribute->nevents > 0 && !find_events(look, text))
		return false;
	if (attribute->stems != NULL)
	{
		if (!brim_fold_stems(score->fold, score->model->language, text, &score->work,
							 &score->stems))
			return false;
		look->set = &attribute->stems->set;
		brim_matcher_words(attribute->stems, brim_buf_str(&score->stems), false, hit_pattern, look);
	}
	if (attribute->exact == NULL && attribute->words == NULL)
		return true;
	is_ascii = brim_text_is_ascii(text);
	if (!is_ascii)
	{
		if (!brim_fold(score->fold, text, &score->folded))
			return false;
		text = brim_buf_str(&score->folded);
	}
	if (attribute->exact != NULL)
	{
		int pattern = brim_matcher_whole(attribute->exact, text);

		look->set = &attribute->exact->set;
		if (pattern >= 0)
			hit_pattern(look, pattern);
	}
	if (attribute->words != NULL)
	{
		look->set = &attribute->words->set;
		brim_matcher_words(attribute->words, text, is_ascii, hit_pattern, look);
	}
	return true;
}

/* Look at a list; *given is set by its first entry that is something. */
static bool
look_at_list(Look *look, BrimList *list, bool *given)
{
	BrimStr entry;

	list->start(list);
	while (list->next(list, &entry))
	{
		if (entry.len == 0)
			continue;
		*given = true;
		if (look->open == 0 && !look->want_matches && look->attribute->nevents == 0)
			break;
		if (!look_at_text(look, entry))
			return false;
	}
	return true;
}

/* Try the range rules of each signal of the attribute. */
static void
look_at_number(Look *look, double number)
{
	const BrimRulesModel *model = look->score->model;

	for (int s = 0; s < look->attribute->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[look->attribute->signals[s]];

		if (signal->nranges == 0)
			continue;
		for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
		{
			const BrimRule *rule = &model->rules[r];

			if (rule->kind != BRIM_RULE_RANGE || !(number >= rule->low && number <= rule->high))
				continue;
			hit_rule(look, r);
			if (signal->combine == BRIM_AVERAGE)
				break;
		}
	}
}

/* The rules of a signal that match because the attribute is given. */
static void
hit_fallbacks(Look *look, int place)
{
	const BrimRulesModel   *model = look->score->model;
	const BrimSignal       *signal = &model->signals[place];
	const BrimSignalResult *result = &look->score->signals[place];

	if (signal->combine == BRIM_AVERAGE)
	{
		hit_rule(look, signal->fallback);
		return;
	}
	for (int r = signal->fallback; r < signal->first_rule + signal->nrules; r++)
	{
		if (model->rules[r].kind == BRIM_RULE_PRESENT ||
			(model->rules[r].kind == BRIM_RULE_OTHERWISE &&
			 (result->state != BRIM_SIGNAL_SCORED || result->rule > r)))
			hit_rule(look, r);
	}
}

bool
brim_rules_look(BrimRulesScore *score, const BrimRulesAttribute *attribute, const BrimValue *value,
				const BrimValue *company, bool want_matches, bool *given)
{
	Look look = {score, attribute, NULL, attribute->nsignals, want_matches, {NULL, 0}, 0};

	if (attribute->nevents > 0 && company->kind == BRIM_VALUE_TEXT)
		look.company = company->text;
	*given = false;
	switch (value->kind)
	{
		case BRIM_VALUE_MISSING:
			break;
		case BRIM_VALUE_NUMBER:
			*given = !isnan(value->number) &&
					 (value->number != 0 || !attribute->feature->zero_is_missing);
			if (*given)
				look_at_number(&look, value->number);
			break;
		case BRIM_VALUE_TEXT:
			*given = value->text.len > 0;
			look.type = BRIM_ACCEPTS_TEXT;
			if (*given && !look_at_text(&look, value->text))
				return false;
			break;
		case BRIM_VALUE_LIST:
			look.type = BRIM_ACCEPTS_LIST;
			if (!look_at_list(&look, value->list, given))
				return false;
			break;
		case BRIM_VALUE_OTHER:
			*given = true;
			break;
	}
	if (!*given)
		return true;
	for (int s = 0; s < attribute->nsignals; s++)
	{
		int               place = attribute->signals[s];
		BrimSignalResult *result = &score->signals[place];

		if (score->model->signals[place].fallback >= 0)
			hit_fallbacks(&look, place);
		if (result->state == BRIM_SIGNAL_MISSING)
			result->state = BRIM_SIGNAL_LEFT_OUT;
	}
	return true;
}
