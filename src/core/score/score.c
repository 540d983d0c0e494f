/*-------------------------------------------------------------------------
 *
 * score.c
 *	  What scores of all kinds of models have in common; see score.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/score/score.h"

bool
brim_score_init(BrimScore *score, const BrimModel *model, BrimMem *mem)
{
	score->model = model;
	score->has_today = model->has_as_of;
	score->today = model->as_of;
	score->reads = brim_mem_alloc(mem, (size_t) model->features.count * sizeof(int));
	return score->reads != NULL;
}

void
brim_score_want(BrimScore *score, int want)
{
	if (score->want == want)
		return;
	score->want = want;
	score->nreads = score->model->scorer->features(score->model, want, score->reads);
}

void
brim_score_set_total(BrimScore *score, int total)
{
	const BrimModel *model = score->model;

	score->total = total;
	score->is_qualified = total > model->qualified_above;
	if (total > model->high_above)
		score->action = "high_priority_outreach";
	else if (total > model->medium_above)
		score->action = "medium_priority_outreach";
	else
		score->action = "low_priority_monitoring";
}
