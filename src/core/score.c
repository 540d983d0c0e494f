/*-------------------------------------------------------------------------
 *
 * score.c
 *	  Score a lead with a compiled model; see score.h.
 *
 * Each attribute is looked at once.  What it hits are rules; a signal keeps
 * the first of its rules that was hit.  All arithmetic is in integers.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/text.h"

#define FOLDED_MAX ((size_t) INT_MAX)
#define SMALL_TEXT 64 /* bytes that are folded on the stack */

/* An attribute while it is looked at. */
typedef struct Look
{
	BrimScore            *score;
	const BrimAttribute  *attribute;
	const BrimKeywordSet *set;  /* the one that is being matched */
	int                   open; /* signals that an earlier rule could still take */
	bool                  want_matches;
} Look;

BrimScore *
brim_score_create(const BrimModel *model, const BrimFold *fold, BrimMem *mem)
{
	BrimScore *score = brim_mem_alloc(mem, sizeof(BrimScore));

	if (score == NULL)
		return NULL;
	memset(score, 0, sizeof(*score));
	score->model = model;
	score->fold = fold;
	score->mem = mem;
	brim_buf_init(&score->folded, mem, FOLDED_MAX);
	score->signals = brim_mem_alloc(mem, (size_t) model->nsignals * sizeof(BrimSignalResult));
	score->matched = brim_mem_alloc(mem, (size_t) model->nkeywords * sizeof(bool));
	if (score->signals == NULL || score->matched == NULL)
	{
		brim_score_free(score);
		return NULL;
	}
	return score;
}

void
brim_score_free(BrimScore *score)
{
	if (score == NULL)
		return;
	brim_buf_free(&score->folded);
	brim_mem_free(score->mem, score->signals);
	brim_mem_free(score->mem, score->matched);
	brim_mem_free(score->mem, score);
}

bool
brim_score_reads(const BrimModel *model, int want, int attribute)
{
	const BrimAttribute *a = &model->attributes[attribute];

	return ((want & BRIM_WANT_FIT) != 0 && a->in_dimension[BRIM_FIT]) ||
		   ((want & BRIM_WANT_INTENT) != 0 && a->in_dimension[BRIM_INTENT]) ||
		   ((want & BRIM_WANT_CONFIDENCE) != 0 && a->is_fact);
}

/* A rule matched: it is the signal's unless an earlier one matched too. */
static void
hit_rule(Look *look, int rule)
{
	const BrimModel  *model = look->score->model;
	int               place = model->rules[rule].signal;
	BrimSignalResult *result = &look->score->signals[place];

	if (result->state == BRIM_SIGNAL_SCORED && result->rule <= rule)
		return;
	result->state = BRIM_SIGNAL_SCORED;
	result->rule = rule;
	if (rule == model->signals[place].first_rule)
		look->open--;
}

/* A pattern was found; false when nothing more can change the result. */
static bool
hit_pattern(void *state, int pattern)
{
	Look                 *look = state;
	const BrimKeywordSet *set = look->set;

	for (int t = set->first[pattern]; t < set->first[pattern + 1]; t++)
	{
		hit_rule(look, set->targets[t].rule);
		if (look->want_matches)
			look->score->matched[set->targets[t].keyword] = true;
	}
	return look->open > 0 || look->want_matches;
}

/*
 * Match a text, or one entry of a list, against the keywords of the attribute.
 * Pure ASCII needs no folding by the caller's means, and the automaton takes
 * it as it is.
 */
static bool
look_at_text(Look *look, BrimStr text)
{
	const BrimAttribute *attribute = look->attribute;
	BrimBuf             *folded = &look->score->folded;
	bool                 is_ascii;

	if (attribute->exact.npatterns == 0 && attribute->automaton == NULL)
		return true;
	is_ascii = brim_text_is_ascii(text);
	if (!is_ascii)
	{
		if (!brim_model_fold(look->score->fold, text, folded))
			return false;
		text = brim_buf_str(folded);
	}
	if (attribute->exact.npatterns > 0 && text.len <= attribute->exact.longest)
	{
		char    small[SMALL_TEXT];
		BrimStr whole = {small, text.len};
		int     pattern;

		if (!is_ascii)
			whole = text;
		else if (text.len <= SMALL_TEXT)
			brim_text_lower_ascii(small, text.data, text.len);
		else if (brim_model_fold(NULL, text, folded))
			whole = brim_buf_str(folded);
		else
			return false;
		pattern = brim_keywords_find(&attribute->exact, whole);
		look->set = &attribute->exact;
		if (pattern >= 0)
			hit_pattern(look, pattern);
	}
	if (attribute->automaton != NULL)
	{
		look->set = &attribute->words;
		brim_automaton_walk(attribute->automaton, text, hit_pattern, look);
	}
	return true;
}

/* Look at a list; *given is set by its first entry that is something. */
static bool
look_at_list(Look *look, BrimList *list, bool *given)
{
	BrimStr entry;

	while (list->next(list, &entry))
	{
		if (entry.len == 0)
			continue;
		*given = true;
		if (look->open == 0 && !look->want_matches)
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
	const BrimModel *model = look->score->model;

	for (int s = 0; s < look->attribute->nsignals; s++)
	{
		const BrimSignal *signal = &model->signals[look->attribute->signals[s]];

		if (signal->nranges == 0)
			continue;
		for (int r = signal->first_rule; r < signal->first_rule + signal->nrules; r++)
		{
			const BrimRule *rule = &model->rules[r];

			if (rule->kind == BRIM_RULE_RANGE && number >= rule->low && number <= rule->high)
			{
				hit_rule(look, r);
				break;
			}
		}
	}
}

/* Look at one attribute: settle its signals, say whether it is given. */
static bool
look_at_attribute(BrimScore *score, const BrimAttribute *attribute, const BrimValue *value,
				  bool want_matches, bool *given)
{
	Look look = {score, attribute, NULL, attribute->nsignals, want_matches};

	*given = false;
	switch (value->kind)
	{
		case BRIM_VALUE_MISSING:
			break;
		case BRIM_VALUE_NUMBER:
			*given = !isnan(value->number) && (value->number != 0 || !attribute->zero_is_missing);
			if (*given)
				look_at_number(&look, value->number);
			break;
		case BRIM_VALUE_TEXT:
			*given = value->text.len > 0;
			if (*given && !look_at_text(&look, value->text))
				return false;
			break;
		case BRIM_VALUE_LIST:
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
			hit_rule(&look, score->model->signals[place].fallback);
		if (result->state == BRIM_SIGNAL_MISSING)
			result->state = BRIM_SIGNAL_LEFT_OUT;
	}
	return true;
}

/* Average of the points of the scored signals of a dimension, truncated; 0 for none. */
static int
average(const BrimScore *score, BrimDimension dimension)
{
	const BrimModel *model = score->model;
	int64_t          points = 0;
	int64_t          weight = 0;

	for (int s = 0; s < model->nsignals; s++)
	{
		const BrimRule *rule;

		if (model->signals[s].dimension != dimension ||
			score->signals[s].state != BRIM_SIGNAL_SCORED)
			continue;
		rule = &model->rules[score->signals[s].rule];
		points += rule->points * rule->weight;
		weight += rule->weight;
	}
	return weight > 0 ? (int) (points / weight) : 0;
}

bool
brim_score_run(BrimScore *score, const BrimValue *values, int want)
{
	const BrimModel *model = score->model;
	bool             want_matches = (want & BRIM_WANT_MATCHES) != 0;
	int              facts = 0;

	memset(score->signals, 0, (size_t) model->nsignals * sizeof(BrimSignalResult));
	if (want_matches && model->nkeywords > 0)
		memset(score->matched, 0, (size_t) model->nkeywords * sizeof(bool));
	for (int a = 0; a < model->nattributes; a++)
	{
		bool given;

		if (!brim_score_reads(model, want, a))
			continue;
		if (!look_at_attribute(score, &model->attributes[a], &values[a], want_matches, &given))
			return false;
		if (given && model->attributes[a].is_fact)
			facts++;
	}
	score->fit = average(score, BRIM_FIT);
	score->intent = average(score, BRIM_INTENT);
	score->total = (int) ((score->fit * model->fit_weight + score->intent * model->intent_weight) /
						  BRIM_WEIGHT_ONE);
	score->confidence = (200 * facts + BRIM_FACTS) / (2 * BRIM_FACTS); /* rounded */
	score->is_qualified = score->total > model->qualified_above;
	if (score->total > model->high_above)
		score->action = "high_priority_outreach";
	else if (score->total > model->medium_above)
		score->action = "medium_priority_outreach";
	else
		score->action = "low_priority_monitoring";
	return true;
}

/* Append the keywords of a rule that matched, in the rule's order. */
static void
append_matched(const BrimScore *score, const BrimRule *rule, BrimBuf *out)
{
	bool first = true;

	for (int k = rule->first_keyword; k < rule->first_keyword + rule->nkeywords; k++)
	{
		if (!score->matched[k])
			continue;
		if (!first)
			brim_buf_append_text(out, ", ");
		brim_buf_append_str(out, score->model->keywords[k]);
		first = false;
	}
}

static void
append_value(const BrimScore *score, const BrimRule *rule, const BrimValue *value, BrimBuf *out)
{
	if (value->kind == BRIM_VALUE_NUMBER && value->number == floor(value->number) &&
		fabs(value->number) < 1e15)
		brim_buf_printf(out, "%.0f", value->number);
	else if (value->kind == BRIM_VALUE_NUMBER)
		brim_buf_printf(out, "%.15g", value->number);
	else if (value->kind == BRIM_VALUE_LIST)
		append_matched(score, rule, out);
	else if (value->text.len > 0)
		brim_buf_append_str(out, value->text);
}

bool
brim_score_reason(const BrimScore *score, int signal, const BrimValue *values, BrimBuf *out)
{
	static const char value_blank[] = "{value}";
	static const char matched_blank[] = "{matched}";
	const BrimModel  *model = score->model;
	const BrimRule   *rule;
	BrimStr           rest;

	if (score->signals[signal].state != BRIM_SIGNAL_SCORED)
		return true;
	rule = &model->rules[score->signals[signal].rule];
	rest = rule->reason;
	while (rest.len > 0)
	{
		const char *brace = memchr(rest.data, '{', rest.len);
		size_t      plain = brace == NULL ? rest.len : (size_t) (brace - rest.data);
		size_t      taken = 1;

		brim_buf_append(out, rest.data, plain);
		rest.data += plain;
		rest.len -= plain;
		if (rest.len == 0)
			break;
		if (rest.len >= strlen(value_blank) &&
			memcmp(rest.data, value_blank, strlen(value_blank)) == 0)
		{
			append_value(score, rule, &values[model->signals[signal].attribute], out);
			taken = strlen(value_blank);
		}
		else if (rest.len >= strlen(matched_blank) &&
				 memcmp(rest.data, matched_blank, strlen(matched_blank)) == 0)
		{
			append_matched(score, rule, out);
			taken = strlen(matched_blank);
		}
		else
			brim_buf_append(out, rest.data, 1);
		rest.data += taken;
		rest.len -= taken;
	}
	return !out->failed;
}
