/*-------------------------------------------------------------------------
 *
 * rules.c
 *	  A model of rules at work: the first kind of scorer; see internal.h.
 *
 * Each attribute is looked at once (rules_look.c), if its value is not one
 * that was seen before (rules_cache.c).  What it hits are rules; from them come
 * the points of the attribute's signals, and from the sums of these the
 * scores.  All arithmetic is in integers.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/internal.h"

#include <limits.h>
#include <string.h>

#define FOLDED_MAX ((size_t) INT_MAX)
#define ADDED_MAX ((int64_t) 201 * BRIM_WEIGHT_ONE) /* no more can make a difference */

static void
end(BrimScore *head, BrimMem *mem)
{
	BrimRulesScore *score = (BrimRulesScore *) head;

	if (score == NULL)
		return;
	brim_buf_free(&score->folded);
	brim_buf_free(&score->stems);
	brim_buf_free(&score->work);
	brim_mem_free(mem, score->signals);
	brim_mem_free(mem, score->rules);
	brim_mem_free(mem, score->hits);
	brim_mem_free(mem, score->found);
	brim_mem_free(mem, score->head.reads);
	brim_mem_free(mem, score->worths);
	brim_rules_cache_free(score->cache);
	brim_intent_free(score->scan);
	brim_mem_free(mem, score);
}

static BrimScore *
begin(const BrimModel *head, const BrimFold *fold, BrimMem *mem)
{
	const BrimRulesModel *model = (const BrimRulesModel *) head;
	BrimRulesScore       *score = brim_mem_alloc(mem, sizeof(BrimRulesScore));
	size_t                nrules = (size_t) model->nrules;
	size_t                nkeywords = (size_t) model->nkeywords;

	if (score == NULL)
		return NULL;
	memset(score, 0, sizeof(*score));
	score->model = model;
	score->fold = fold;
	brim_buf_init(&score->folded, mem, FOLDED_MAX);
	brim_buf_init(&score->stems, mem, FOLDED_MAX);
	brim_buf_init(&score->work, mem, FOLDED_MAX);
	score->signals = brim_mem_alloc(mem, (size_t) model->nsignals * sizeof(BrimSignalResult));
	score->rules = brim_mem_alloc(mem, nrules * sizeof(BrimRuleHit));
	score->hits = brim_mem_alloc(mem, nrules * sizeof(int));
	score->found = brim_mem_alloc(mem, nkeywords * sizeof(uint32_t));
	score->worths = brim_mem_alloc(mem, (size_t) head->features.count * sizeof(BrimWorth *));
	score->cache = brim_rules_cache_create(model, mem);
	if (head->lexicon != NULL)
		score->scan = brim_intent_create(head->lexicon, fold, mem);
	if (!brim_score_init(&score->head, head, mem) || score->cache == NULL ||
		score->signals == NULL || score->worths == NULL || score->rules == NULL ||
		score->hits == NULL || score->found == NULL ||
		(score->scan == NULL && head->lexicon != NULL))
	{
		end(&score->head, mem);
		return NULL;
	}
	memset(score->rules, 0, nrules * sizeof(BrimRuleHit));
	memset(score->found, 0, nkeywords * sizeof(uint32_t));
	return &score->head;
}

/* Return true if what is wanted depends on an attribute. */
static bool
depends_on(const BrimRulesModel *model, int want, int attribute)
{
	const BrimRulesAttribute *a = &model->attributes[attribute];

	/* Events are matched by company name, so attribute 0 (the name) is always needed */
	if (attribute == 0 && model->head.lexicon != NULL)
		return true;
	return ((want & BRIM_WANT_FIT) != 0 && a->in_dimension[BRIM_FIT]) ||
		   ((want & BRIM_WANT_INTENT) != 0 && a->in_dimension[BRIM_INTENT]) ||
		   ((want & BRIM_WANT_TOTAL) != 0 && a->in_dimension[BRIM_DISQUALIFIER]) ||
		   ((want & BRIM_WANT_CONFIDENCE) != 0 && a->feature->is_fact);
}

static int
features(const BrimModel *model, int want, int *places)
{
	int count = 0;

	for (int a = 0; a < model->features.count; a++)
	{
		if (depends_on((const BrimRulesModel *) model, want, a))
			places[count++] = a;
	}
	return count;
}

/* Begin a run: forget what matched in the one before. */
static void
start_run(BrimRulesScore *score)
{
	const BrimRulesModel *model = score->model;

	if (++score->run == 0)
	{
		/* The numbers of runs begin again: old ones must not look like new ones */
		memset(score->rules, 0, (size_t) model->nrules * sizeof(BrimRuleHit));
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
settle_signal(const BrimRulesScore *score, int place)
{
	const BrimSignal *signal = &score->model->signals[place];
	BrimSignalResult *result = &score->signals[place];

	if (result->state == BRIM_SIGNAL_SCORED)
	{
		const BrimRule *rule = &score->model->rules[result->rule];

		if (signal->combine == BRIM_AVERAGE)
			result->points = brim_rules_points(score, result->rule);
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

/* Add the points of a signal. */
static void
add_signal(BrimWorth *worth, const BrimSignal *signal, const BrimSignalResult *result)
{
	if (result->state < BRIM_SIGNAL_SCORED)
		return;
	if (signal->dimension == BRIM_DISQUALIFIER)
		worth->sums.disqualified++;
	else if (signal->combine == BRIM_ADD)
		worth->sums.added[signal->dimension] += result->points;
	else
	{
		worth->sums.points[signal->dimension] += result->points * result->weight;
		worth->sums.weight[signal->dimension] += result->weight;
	}
}

/* Look at an attribute, and find out what its signals add.  False: no memory. */
static bool
evaluate(BrimRulesScore *score, int place, const BrimValue *values, bool want_matches,
		 BrimWorth *worth)
{
	const BrimRulesModel     *model = score->model;
	const BrimRulesAttribute *attribute = &model->attributes[place];
	int                       first_hit = score->nhits;
	bool                      is_given;

	memset(worth, 0, sizeof(*worth));
	for (int s = 0; s < attribute->nsignals; s++)
		memset(&score->signals[attribute->signals[s]], 0, sizeof(BrimSignalResult));
	if (!brim_rules_look(score, attribute, &values[place], &values[0], want_matches, &is_given))
		return false;
	worth->sums.facts = is_given && attribute->feature->is_fact;
	for (int h = first_hit; h < score->nhits; h++)
	{
		int rule = score->hits[h];

		score->signals[model->rules[rule].signal].points += brim_rules_points(score, rule);
	}
	for (int s = 0; s < attribute->nsignals; s++)
	{
		int signal = attribute->signals[s];

		if (model->signals[signal].dimension != BRIM_DISQUALIFIER)
			settle_signal(score, signal);
		add_signal(worth, &model->signals[signal], &score->signals[signal]);
	}
	worth->is_known = true;
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

	/* floor(floor(a / b) / c) = floor(a / (b c)) */
	return points <= 0 ? 0 : (int) within(divide(points / BRIM_WEIGHT_ONE, weight), 0, 100);
}

/* The scores, from the sums of the attributes' worths. */
static void
finish_run(BrimRulesScore *score)
{
	const BrimRulesModel *model = score->model;
	BrimScore            *result = &score->head;
	BrimSums              sums = {{0}, {0}, {0}, 0, 0};
	int64_t               total;

	for (int i = 0; i < result->nreads; i++)
	{
		const BrimSums *add = &score->worths[i]->sums;

		for (int d = 0; d < BRIM_SUMS; d++)
		{
			sums.points[d] += add->points[d];
			sums.weight[d] += add->weight[d];
			sums.added[d] += add->added[d];
		}
		sums.disqualified += add->disqualified;
		sums.facts += add->facts;
	}
	result->is_disqualified = sums.disqualified > 0;
	result->fit = dimension_score(&sums, BRIM_FIT);
	result->intent = dimension_score(&sums, BRIM_INTENT);
	total =
		(result->fit * model->fit_weight + result->intent * model->intent_weight) / BRIM_WEIGHT_ONE;
	result->confidence = (200 * sums.facts + BRIM_FACTS) / (2 * BRIM_FACTS); /* rounded */
	brim_score_set_total(result, result->is_disqualified ? 0 : (int) total);
}

static bool
run(BrimScore *head, const BrimValue *values, int want)
{
	BrimRulesScore       *score = (BrimRulesScore *) head;
	const BrimRulesModel *model = score->model;
	bool                  want_matches = (want & BRIM_WANT_MATCHES) != 0;

	brim_score_want(head, want);
	start_run(score);
	if (want_matches)
		memset(score->signals, 0, (size_t) model->nsignals * sizeof(BrimSignalResult));
	for (int i = 0; i < head->nreads; i++)
	{
		int        a = head->reads[i];
		BrimWorth *worth = want_matches ? brim_rules_cache_scratch(score->cache, a)
										: brim_rules_cache_find(score->cache, a, &values[a]);

		if (!worth->is_known && !evaluate(score, a, values, want_matches, worth))
			return false;
		score->worths[i] = worth;
	}
	finish_run(score);
	return true;
}

const BrimScorer brim_rules_scorer = {
	.kind = "rules",
	.compile = brim_rules_compile,
	.features = features,
	.begin = begin,
	.run = run,
	.explain = brim_rules_reason_explain,
	.tell = brim_rules_reason_tell,
	.end = end,
	.free = brim_rules_compile_free,
};
