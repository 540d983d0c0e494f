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

/*
 * Score the row of a call.  The second argument, where there is one, names the
 * model or is a spec; what is wanted of fit and intent decides which score.
 */
static Datum
score_call(FunctionCallInfo fcinfo, bool has_spec, int want)
{
	BrimCallCache *site;
	BrimCallModel *model;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	if (has_spec)
		model = brim_call_cache_spec(site, PG_GETARG_JSONB_P(1));
	else
		model = brim_call_cache_argument(site, fcinfo, 1);
	brim_call_cache_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL, want);
	brim_call_cache_finish(site);
	PG_RETURN_INT32(brim_call_cache_result(model, want));
}

Datum
brim_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_SCORE);
}

Datum
brim_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_SCORE);
}

Datum
brim_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, true, BRIM_WANT_SCORE);
}

Datum
brim_fit_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_FIT);
}

Datum
brim_fit_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_FIT);
}

Datum
brim_fit_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, true, BRIM_WANT_FIT);
}

Datum
brim_intent_score(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_INTENT);
}

Datum
brim_intent_score_named(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, false, BRIM_WANT_INTENT);
}

Datum
brim_intent_score_spec(PG_FUNCTION_ARGS)
{
	return score_call(fcinfo, true, BRIM_WANT_INTENT);
}
