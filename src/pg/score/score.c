/*-------------------------------------------------------------------------
 *
 * score.c
 *	  brim_score(), brim_fit_score(), brim_intent_score().
 *
 * Each comes in three forms: (lead), (lead, model name), (lead, spec jsonb).
 * The first two read the scoring tables, the last reads none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"

#include "pg/score/call_cache.h"

BRIM_FUNCTION(brim_score);
BRIM_FUNCTION(brim_score_named);
BRIM_FUNCTION(brim_score_spec);
BRIM_FUNCTION(brim_fit_score);
BRIM_FUNCTION(brim_fit_score_named);
BRIM_FUNCTION(brim_fit_score_spec);
BRIM_FUNCTION(brim_intent_score);
BRIM_FUNCTION(brim_intent_score_named);
BRIM_FUNCTION(brim_intent_score_spec);

/* Where the model of a call comes from. */
typedef enum ModelSource
{
	MODEL_DEFAULT,
	MODEL_NAMED,
	MODEL_SPEC
} ModelSource;

/* Score the row of a call with its model; what is wanted of fit and intent decides which score. */
static Datum
score_call(FunctionCallInfo fcinfo, ModelSource source, int want)
{
	BrimCallCache *site;
	BrimCallModel *model;
	char          *name = NULL;
	int            score;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	if (source == MODEL_SPEC)
		model = brim_call_cache_spec(site, PG_GETARG_JSONB_P(1));
	else
	{
		if (source == MODEL_NAMED && !PG_ARGISNULL(1))
			name = text_to_cstring(PG_GETARG_TEXT_PP(1));
		model = brim_call_cache_model(site, name);
		if (name != NULL)
			pfree(name);
	}
	brim_call_cache_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL, want);
	if (want == BRIM_WANT_FIT)
		score = model->score->fit;
	else if (want == BRIM_WANT_INTENT)
		score = model->score->intent;
	else
		score = model->score->total;
	brim_call_cache_finish(site);
	PG_RETURN_INT32(score);
}

Datum
brim_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_DEFAULT, BRIM_WANT_SCORE);
}

Datum
brim_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_NAMED, BRIM_WANT_SCORE);
}

Datum
brim_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_SPEC, BRIM_WANT_SCORE);
}

Datum
brim_fit_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_DEFAULT, BRIM_WANT_FIT);
}

Datum
brim_fit_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_NAMED, BRIM_WANT_FIT);
}

Datum
brim_fit_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_SPEC, BRIM_WANT_FIT);
}

Datum
brim_intent_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_DEFAULT, BRIM_WANT_INTENT);
}

Datum
brim_intent_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_NAMED, BRIM_WANT_INTENT);
}

Datum
brim_intent_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, MODEL_SPEC, BRIM_WANT_INTENT);
}
