/*-------------------------------------------------------------------------
 *
 * rules_reason.c
 *	  Why a lead has its score: reasons, evidence, contributions; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <math.h>
#include <string.h>

/* Return true if a rule matched.  In an average only the first of a signal counts. */
static bool
has_matched(const BrimRulesScore *score, int rule)
{
	const BrimRulesModel   *model = score->model;
	int                     signal = model->rules[rule].signal;
	const BrimSignalResult *result = &score->signals[signal];

	if (result->state != BRIM_SIGNAL_SCORED)
		return false;
	if (model->signals[signal].combine == BRIM_AVERAGE)
		return result->rule == rule;
	return score->rules[rule].run == score->run;
}

/* Append the keywords of a rule that matched, in the rule's order, or what its pattern found. */
static void
append_matched(const BrimRulesScore *score, const BrimRule *rule, BrimBuf *out)
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
append_value(const BrimRulesScore *score, const BrimRule *rule, const BrimValue *value,
			 BrimBuf *out)
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

static void
append_evidence(const BrimRulesScore *score, const BrimRule *rule, const BrimValue *value,
				BrimBuf *out)
{
	if (rule->kind == BRIM_RULE_EVENT)
		brim_buf_append_str(out, score->rules[rule - score->model->rules].found);
	else if (rule->nkeywords > 0 || rule->kind == BRIM_RULE_REGEX)
		append_matched(score, rule, out);
	else
		append_value(score, rule, value, out);
}

/* Append the reason that a rule gives, if it has one, placeholders filled. */
static void
append_reason(const BrimRulesScore *score, const BrimRule *rule, const BrimValue *value,
			  BrimBuf *out)
{
	static const char value_blank[] = "{value}";
	static const char matched_blank[] = "{matched}";
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
			append_value(score, rule, value, out);
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
}

bool
brim_rules_reason_tell(const BrimScore *head, int place, BrimTelling what, const BrimValue *values,
					   BrimBuf *out)
{
	const BrimRulesScore *score = (const BrimRulesScore *) head;
	const BrimRule       *rule = &score->model->rules[place];
	const BrimValue      *value = &values[score->model->signals[rule->signal].attribute];

	if (what == BRIM_TELL_REASON)
		append_reason(score, rule, value, out);
	else
		append_evidence(score, rule, value, out);
	return !out->failed;
}

/* The weights of the signals that a dimension is the average of; 1 where there are none. */
static int64_t
weight_of(const BrimRulesScore *score, BrimDimension dimension)
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
 * signals up to one add is cut to a millionth, and the signal gets the
 * difference to the one before: so no fraction is lost on the way.  Returns
 * what is left of the dimension, and whether it was brought to 0 or 100.
 */
static int64_t
break_down_dimension(const BrimRulesScore *score, BrimDimension dimension, BrimPart *parts,
					 bool *is_limited)
{
	const BrimRulesModel *model = score->model;
	int64_t               share = dimension == BRIM_FIT ? model->fit_weight : model->intent_weight;
	int                   whole = dimension == BRIM_FIT ? score->head.fit : score->head.intent;
	int64_t               weight = weight_of(score, dimension);
	int64_t               before = 0;
	__int128              points = 0; /* times the weight of the average */

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
		parts[s].contribution = now - before;
		before = now;
	}
	*is_limited = points < 0 || points > (__int128) 100 * BRIM_WEIGHT_ONE * weight;
	return whole * share * (BRIM_MILLION / BRIM_WEIGHT_ONE) - before;
}

static void
adjust(BrimExplanation *explanation, const char *what, int64_t contribution)
{
	if (contribution == 0)
		return;
	explanation->adjustments[explanation->nadjustments].what = what;
	explanation->adjustments[explanation->nadjustments++].contribution = contribution;
}

/* Give each part its contribution, and what makes whole numbers from 0 to 100 of them. */
static void
break_down(const BrimRulesScore *score, BrimExplanation *explanation)
{
	static const BrimDimension dimensions[] = {BRIM_FIT, BRIM_INTENT};
	const BrimRulesModel      *model = score->model;
	int64_t                    exact =
		(score->head.fit * model->fit_weight + score->head.intent * model->intent_weight) *
		(BRIM_MILLION / BRIM_WEIGHT_ONE);
	int64_t whole = exact / BRIM_MILLION * BRIM_MILLION;
	int64_t limit = 0;
	int64_t rounding = whole - exact;

	for (int d = 0; d < 2; d++)
	{
		bool    is_limited;
		int64_t rest = break_down_dimension(score, dimensions[d], explanation->parts, &is_limited);

		limit += is_limited ? rest : 0;
		rounding += is_limited ? 0 : rest;
	}
	adjust(explanation, "limit", limit);
	adjust(explanation, "rounding", rounding);
	adjust(explanation, "disqualified", score->head.is_disqualified ? -whole : 0);
}

static void
describe_signal(const BrimRulesScore *score, int place, BrimPart *part)
{
	const BrimSignal       *signal = &score->model->signals[place];
	const BrimSignalResult *result = &score->signals[place];

	memset(part, 0, sizeof(*part));
	part->dimension = brim_rules_names_dimension_name(signal->dimension);
	part->name = signal->name;
	part->attribute = score->model->attributes[signal->attribute].feature->label;
	part->state = result->state;
	part->has_points = signal->dimension != BRIM_DISQUALIFIER;
	part->points = result->points;
	part->weight = result->weight;
}

bool
brim_rules_reason_explain(const BrimScore *head, BrimMem *mem, BrimExplanation *explanation)
{
	const BrimRulesScore *score = (const BrimRulesScore *) head;
	const BrimRulesModel *model = score->model;

	memset(explanation, 0, sizeof(*explanation));
	explanation->parts = brim_mem_alloc(mem, (size_t) model->nsignals * sizeof(BrimPart));
	explanation->reasons = brim_mem_alloc(mem, (size_t) model->nrules * sizeof(BrimReason));
	if (explanation->parts == NULL || explanation->reasons == NULL)
		return false;
	explanation->nparts = model->nsignals;
	for (int s = 0; s < model->nsignals; s++)
		describe_signal(score, s, &explanation->parts[s]);
	for (int r = 0; r < model->nrules; r++)
	{
		BrimReason *reason = &explanation->reasons[explanation->nreasons];

		if (!has_matched(score, r))
			continue;
		reason->id = r;
		reason->rule_no = model->rules[r].rule_no;
		reason->points = brim_rules_points(score, r);
		reason->is_positive = model->rules[r].is_positive;
		explanation->parts[model->rules[r].signal].nreasons++;
		explanation->nreasons++;
	}
	break_down(score, explanation);
	return true;
}
