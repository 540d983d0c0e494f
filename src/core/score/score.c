/*-------------------------------------------------------------------------
 *
 * score.c
 *	  Score a lead with a compiled model; see score.h.
 *
 * Each attribute is looked at once (score_look.c), if its value is not one
 * that was seen before (score_cache.c).  What it hits are rules; from them come
 * the points of the attribute's signals, and from the sums of these the
 * scores.  All arithmetic is in integers.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/look.h"

#include <limits.h>
#include <string.h>

#define FOLDED_MAX ((size_t) INT_MAX)
#define ADDED_MAX ((int64_t) 201 * BRIM_WEIGHT_ONE) /* no more can make a difference */

BrimScore *
brim_score_create(const BrimModel *model, const BrimFold *fold, BrimMem *mem)
{
	BrimScore *score = brim_mem_alloc(mem, sizeof(BrimScore));
	size_t     nrules = (size_t) model->nrules;
	size_t     nkeywords = (size_t) model->nkeywords;

	if (score == NULL)
		return NULL;
	memset(score, 0, sizeof(*score));
	score->model = model;
	score->fold = fold;
	score->mem = mem;
	brim_buf_init(&score->folded, mem, FOLDED_MAX);
	brim_buf_init(&score->stems, mem, FOLDED_MAX);
	brim_buf_init(&score->work, mem, FOLDED_MAX);
	score->signals = brim_mem_alloc(mem, (size_t) model->nsignals * sizeof(BrimSignalResult));
	score->rules = brim_mem_alloc(mem, nrules * sizeof(BrimRuleHit));
	score->hits = brim_mem_alloc(mem, nrules * sizeof(int));
	score->found = brim_mem_alloc(mem, nkeywords * sizeof(uint32_t));
	score->reads = brim_mem_alloc(mem, (size_t) model->nattributes * sizeof(int));
	score->outcomes = brim_mem_alloc(mem, (size_t) model->nattributes * sizeof(BrimOutcome *));
	score->has_today = model->has_as_of;
	score->today = model->as_of;
	score->cache = brim_score_cache_create(model, mem);
	if (model->lexicon != NULL)
		score->scan = brim_intent_create(model->lexicon, fold, mem);
	if (score->cache == NULL || score->signals == NULL || score->reads == NULL ||
		score->outcomes == NULL || (score->scan == NULL && model->lexicon != NULL) ||
		score->rules == NULL || score->hits == NULL || (score->found == NULL && nkeywords > 0))
	{
		brim_score_free(score);
		return NULL;
	}
	memset(score->rules, 0, nrules * sizeof(BrimRuleHit));
	if (nkeywords > 0)
		memset(score->found, 0, nkeywords * sizeof(uint32_t));
	return score;
}

void
brim_score_free(BrimScore *score)
{
	if (score == NULL)
		return;
	brim_buf_free(&score->folded);
	brim_buf_free(&score->stems);
	brim_buf_free(&score->work);
	brim_mem_free(score->mem, score->signals);
	brim_mem_free(score->mem, score->rules);
	brim_mem_free(score->mem, score->hits);
	brim_mem_free(score->mem, score->found);
	brim_mem_free(score->mem, score->reads);
	brim_mem_free(score->mem, score->outcomes);
	brim_score_cache_free(score->cache);
	if (score->scan != NULL)
		brim_intent_free(score->scan);
	brim_mem_free(score->mem, score);
}

bool
brim_score_reads(const BrimModel *model, int want, int attribute)
{
	const BrimAttribute *a = &model->attributes[attribute];

	/* Whose an event is, is told by the company's name, the first of the facts */
	if (attribute == 0 && model->lexicon != NULL)
		return true;
	return ((want & BRIM_WANT_FIT) != 0 && a->in_dimension[BRIM_FIT]) ||
		   ((want & BRIM_WANT_INTENT) != 0 && a->in_dimension[BRIM_INTENT]) ||
		   ((want & BRIM_WANT_TOTAL) != 0 && a->in_dimension[BRIM_DISQUALIFIER]) ||
		   ((want & BRIM_WANT_CONFIDENCE) != 0 && a->is_fact);
}

void
brim_score_want(BrimScore *score, int want)
{
	if (score->want == want)
		return;
	score->want = want;
	score->nreads = 0;
	for (int a = 0; a < score->model->nattributes; a++)
	{
		if (brim_score_reads(score->model, want, a))
			score->reads[score->nreads++] = a;
	}
}

/* Begin a run: forget what matched in the one before. */
static void
start_run(BrimScore *score)
{
	const BrimModel *model = score->model;

	if (++score->run == 0)
	{
		/* The numbers of runs begin again: old ones must not look like new ones */
		memset(score->rules, 0, (size_t) model->nrules * sizeof(BrimRuleHit));
		if (model->nkeywords > 0)
			memset(score->found, 0, (size_t) model->nkeywords * sizeof(uint32_t));
		score->run = 1;
	}
	score->nhits = 0;
}

static int64_t
within(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* The points of one signal, which says whether it counts. */
static void
settle_signal(const BrimScore *score, int place)
{
	const BrimSignal *signal = &score->model->signals[place];
	BrimSignalResult *result = &score->signals[place];

	if (result->state == BRIM_SIGNAL_SCORED)
	{
		const BrimRule *rule = &score->model->rules[result->rule];

		if (signal->combine == BRIM_AVERAGE)
			result->points = brim_score_reason_rule_points(score, result->rule);
		result->weight = rule->weight;
		result->points = within(result->points, signal->min_points, signal->max_points);
	}
	else if (result->state == BRIM_SIGNAL_MISSING && signal->counts_missing)
	{
		result->state = BRIM_SIGNAL_ASSUMED;
		result->points = signal->missing_points;
		result->weight = signal->missing_weight;
	}
}

/* Add what a signal came to. */
static void
add_signal(BrimOutcome *outcome, const BrimSignal *signal, const BrimSignalResult *result)
{
	if (result->state < BRIM_SIGNAL_SCORED)
		return;
	if (signal->dimension == BRIM_DISQUALIFIER)
		outcome->sums.disqualified++;
	else if (signal->combine == BRIM_ADD)
		outcome->sums.added[signal->dimension] += result->points;
	else
	{
		outcome->sums.points[signal->dimension] += result->points * result->weight;
		outcome->sums.weight[signal->dimension] += result->weight;
	}
}

/* Look at an attribute, and find out what its signals come to.  False: no memory. */
static bool
evaluate(BrimScore *score, int place, const BrimValue *values, bool want_matches,
		 BrimOutcome *outcome)
{
	const BrimModel     *model = score->model;
	const BrimAttribute *attribute = &model->attributes[place];
	int                  first_hit = score->nhits;
	bool                 is_given;

	memset(outcome, 0, sizeof(*outcome));
	for (int s = 0; s < attribute->nsignals; s++)
		memset(&score->signals[attribute->signals[s]], 0, sizeof(BrimSignalResult));
	if (!brim_score_look(score, attribute, &values[place], &values[0], want_matches, &is_given))
		return false;
	outcome->sums.facts = is_given && attribute->is_fact;
	for (int h = first_hit; h < score->nhits; h++)
	{
		int rule = score->hits[h];

		score->signals[model->rules[rule].signal].points +=
			brim_score_reason_rule_points(score, rule);
	}
	for (int s = 0; s < attribute->nsignals; s++)
	{
		int signal = attribute->signals[s];

		if (model->signals[signal].dimension != BRIM_DISQUALIFIER)
			settle_signal(score, signal);
		add_signal(outcome, &model->signals[signal], &score->signals[signal]);
	}
	outcome->is_known = true;
	return true;
}

/* Divide what is not negative; 32 bits, which nearly always do, take a fraction of the time. */
static inline int64_t
divide(int64_t value, int64_t by)
{
	if (((value | by) >> 32) == 0)
		return (uint32_t) value / (uint32_t) by;
	return value / by;
}

/* The score of a dimension: the average and what is added, from 0 to 100, truncated. */
static int
dimension_score(const BrimSums *sums, BrimDimension dimension)
{
	int64_t weight = sums->weight[dimension] == 0 ? 1 : sums->weight[dimension];
	int64_t points =
		sums->points[dimension] + within(sums->added[dimension], -ADDED_MAX, ADDED_MAX) * weight;

	/* To cut twice is to cut once by the product */
	return points <= 0 ? 0 : (int) within(divide(points / BRIM_WEIGHT_ONE, weight), 0, 100);
}

/* The scores, from the sums of the outcomes. */
static void
finish_run(BrimScore *score)
{
	const BrimModel *model = score->model;
	BrimSums         sums = {{0}, {0}, {0}, 0, 0};

	for (int i = 0; i < score->nreads; i++)
	{
		const BrimSums *add = &score->outcomes[i]->sums;

		for (int d = 0; d < BRIM_SUMS; d++)
		{
			sums.points[d] += add->points[d];
			sums.weight[d] += add->weight[d];
			sums.added[d] += add->added[d];
		}
		sums.disqualified += add->disqualified;
		sums.facts += add->facts;
	}
	score->is_disqualified = sums.disqualified > 0;
	score->fit = dimension_score(&sums, BRIM_FIT);
	score->intent = dimension_score(&sums, BRIM_INTENT);
	score->total = (int) ((score->fit * model->fit_weight + score->intent * model->intent_weight) /
						  BRIM_WEIGHT_ONE);
	if (score->is_disqualified)
		score->total = 0;
	score->confidence = (200 * sums.facts + BRIM_FACTS) / (2 * BRIM_FACTS); /* rounded */
	score->is_qualified = score->total > model->qualified_above;
	if (score->total > model->high_above)
		score->action = "high_priority_outreach";
	else if (score->total > model->medium_above)
		score->action = "medium_priority_outreach";
	else
		score->action = "low_priority_monitoring";
}

bool
brim_score_run(BrimScore *score, const BrimValue *values, int want)
{
	const BrimModel *model = score->model;
	bool             want_matches = (want & BRIM_WANT_MATCHES) != 0;

	brim_score_want(score, want);
	start_run(score);
	if (want_matches)
		memset(score->signals, 0, (size_t) model->nsignals * sizeof(BrimSignalResult));
	for (int i = 0; i < score->nreads; i++)
	{
		int          a = score->reads[i];
		BrimOutcome *outcome = want_matches ? brim_score_cache_scratch(score->cache, a)
											: brim_score_cache_find(score->cache, a, &values[a]);

		if (!outcome->is_known && !evaluate(score, a, values, want_matches, outcome))
			return false;
		score->outcomes[i] = outcome;
	}
	finish_run(score);
	return true;
}
