/*-------------------------------------------------------------------------
 *
 * reason.c
 *	  Why a lead has its score: reasons, evidence, contributions; see score.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/look.h"

#include <math.h>
#include <string.h>

bool
brim_score_reason_matched(const BrimScore *score, int rule)
{
	const BrimModel        *model = score->model;
	int                     signal = model->rules[rule].signal;
	const BrimSignalResult *result = &score->signals[signal];

	if (result->state != BRIM_SIGNAL_SCORED)
		return false;
	if (model->signals[signal].combine == BRIM_AVERAGE)
		return result->rule == rule;
	return score->rules[rule].run == score->run;
}

int64_t
brim_score_reason_rule_points(const BrimScore *score, int rule)
{
	const BrimRule *r = &score->model->rules[rule];

	return (int64_t) r->points *
		   (r->kind == BRIM_RULE_EVENT ? score->rules[rule].factor : BRIM_WEIGHT_ONE);
}

/* Append the keywords of a rule that matched, in the rule's order, or what its pattern found. */
static void
append_matched(const BrimScore *score, const BrimRule *rule, BrimBuf *out)
{
	bool first = true;

	if (rule->kind == BRIM_RULE_REGEX)
		brim_buf_append_str(out, score->rules[rule - score->model->rules].found);
	for (int k = rule->first_keyword; k < rule->first_keyword + rule->nkeywords; k++)
	{
		if (score->found[k] != score->run)
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
brim_score_reason_evidence(const BrimScore *score, int rule_place, const BrimValue *values,
						   BrimBuf *out)
{
	const BrimRule *rule = &score->model->rules[rule_place];

	if (rule->kind == BRIM_RULE_EVENT)
		brim_buf_append_str(out, score->rules[rule_place].found);
	else if (rule->nkeywords > 0 || rule->kind == BRIM_RULE_REGEX)
		append_matched(score, rule, out);
	else
		append_value(score, rule, &values[score->model->signals[rule->signal].attribute], out);
	return !out->failed;
}

bool
brim_score_reason(const BrimScore *score, int rule_place, const BrimValue *values, BrimBuf *out)
{
	static const char value_blank[] = "{value}";
	static const char matched_blank[] = "{matched}";
	const BrimModel  *model = score->model;
	const BrimRule   *rule = &model->rules[rule_place];
	BrimStr           rest = rule->reason;

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
			append_value(score, rule, &values[model->signals[rule->signal].attribute], out);
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

/* The weights of the signals that a dimension is the average of; 1 where there are none. */
static int64_t
weight_of(const BrimScore *score, BrimDimension dimension)
{
	int64_t weight = 0;

	for (int s = 0; s < score->model->nsignals; s++)
	{
		const BrimSignal *signal = &score->model->signals[s];

		if (signal->dimension == dimension && signal->combine == BRIM_AVERAGE &&
			score->signals[s].state >= BRIM_SIGNAL_SCORED)
			weight += score->signals[s].weight;
	}
	return weight == 0 ? 1 : weight;
}

/*
 * The share of a dimension's signals in the total, in millionths.  What the
 * signals up to one came to is cut to a millionth, and the signal gets the
 * difference to the one before: so no fraction is lost on the way.
 */
static void
break_down_dimension(const BrimScore *score, BrimDimension dimension, BrimBreakdown *breakdown)
{
	const BrimModel *model = score->model;
	int64_t          share = dimension == BRIM_FIT ? model->fit_weight : model->intent_weight;
	int              whole = dimension == BRIM_FIT ? score->fit : score->intent;
	int64_t          weight = weight_of(score, dimension);
	int64_t          before = 0;
	__int128         points = 0; /* times the weight of the average */
	int64_t          rest;

	for (int s = 0; s < model->nsignals; s++)
	{
		const BrimSignalResult *result = &score->signals[s];
		int64_t                 now;

		if (model->signals[s].dimension != dimension || result->state < BRIM_SIGNAL_SCORED)
			continue;
		points += (__int128) result->points *
				  (model->signals[s].combine == BRIM_ADD ? weight : result->weight);
		/* points are in 1/10000 and so is the share: 10^8 together, of which 10^6 stay */
		now = (int64_t) (points * share / ((__int128) weight * 100));
		breakdown->signals[s] = now - before;
		before = now;
	}
	rest = whole * share * (BRIM_MILLION / BRIM_WEIGHT_ONE) - before;
	if (points < 0 || points > (__int128) 100 * BRIM_WEIGHT_ONE * weight)
		breakdown->limit += rest;
	else
		breakdown->rounding += rest;
}

void
brim_score_reason_breakdown(const BrimScore *score, BrimBreakdown *breakdown)
{
	const BrimModel *model = score->model;
	int64_t exact = (score->fit * model->fit_weight + score->intent * model->intent_weight) *
					(BRIM_MILLION / BRIM_WEIGHT_ONE);
	int64_t whole = exact / BRIM_MILLION * BRIM_MILLION;

	for (int s = 0; s < model->nsignals; s++)
		breakdown->signals[s] = 0;
	breakdown->limit = 0;
	breakdown->rounding = whole - exact;
	break_down_dimension(score, BRIM_FIT, breakdown);
	break_down_dimension(score, BRIM_INTENT, breakdown);
	breakdown->disqualified = score->is_disqualified ? -whole : 0;
}
