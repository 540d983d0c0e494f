/*-------------------------------------------------------------------------
 *
 * scores.c
 *	  For what scores many leads at once: rescoring, and comparing models.
 *
 * brim.lead_scores() is all that is stored of a score, without jsonb;
 * brim.reason_changes() is what of brim_explain() the history of scores keeps.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "pg/score/score.h"

BRIM_FUNCTION(brim_lead_scores);
BRIM_FUNCTION(brim_reason_changes);
BRIM_FUNCTION(brim_in_transaction_block);

/* The columns of brim.lead_scores(). */
typedef enum ScoreColumn
{
	COL_FIT_SCORE,
	COL_INTENT_SCORE,
	COL_TOTAL_SCORE,
	COL_CONFIDENCE,
	COL_ACTION,
	COL_MODEL,
	COL_MODEL_VERSION
} ScoreColumn;

#define NCOLUMNS (COL_MODEL_VERSION + 1)

/* The type of the result, looked up once a site. */
static TupleDesc
result_type(FunctionCallInfo fcinfo, BrimCallCache *site, int ncolumns)
{
	MemoryContext caller;
	TupleDesc     desc;

	if (site->user != NULL)
		return site->user;
	caller = MemoryContextSwitchTo(site->cxt);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != ncolumns)
		elog(ERROR, "function of brim is declared with another result");
	site->user = BlessTupleDesc(desc);
	MemoryContextSwitchTo(caller);
	return site->user;
}

/* brim.lead_scores(lead record, model text): the scores of a row by a model, NULL for the default. */
Datum
brim_lead_scores(PG_FUNCTION_ARGS)
{
	BrimCallCache   *site;
	BrimCallModel   *model;
	const BrimScore *score;
	const BrimModel *by;
	TupleDesc        desc;
	Datum            value[NCOLUMNS];
	bool             isnull[NCOLUMNS] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_call_cache_get(fcinfo);
	desc = result_type(fcinfo, site, NCOLUMNS);
	model = brim_call_cache_argument(site, fcinfo, 1);
	brim_call_cache_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL,
						  BRIM_WANT_ALL & ~BRIM_WANT_MATCHES);
	score = model->score;
	by = model->model;
	value[COL_FIT_SCORE] = Int32GetDatum(score->fit);
	value[COL_INTENT_SCORE] = Int32GetDatum(score->intent);
	value[COL_TOTAL_SCORE] = Int32GetDatum(score->total);
	value[COL_CONFIDENCE] = NumericGetDatum(int64_div_fast_to_numeric(score->confidence, 2));
	value[COL_ACTION] = CStringGetTextDatum(score->action);
	value[COL_MODEL] = PointerGetDatum(cstring_to_text_with_len(by->name.data, by->name.len));
	value[COL_MODEL_VERSION] = Int32GetDatum(by->version);
	brim_call_cache_finish(site);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, value, isnull)));
}

/* The reasons for and against a lead, in the order of the signals, in the current context. */
static BrimStr *
reasons_of(BrimCallCache *site, BrimCallModel *model, HeapTupleHeader row, int *count)
{
	const BrimValue *values = brim_call_cache_score(site, model, row, NULL, NULL, BRIM_WANT_ALL);
	BrimExplanation  explanation = brim_reason_text_explain(model->score);
	BrimStr         *reasons = palloc(sizeof(BrimStr) * Max(explanation.nreasons, 1));

	*count = 0;
	for (int r = 0; r < explanation.nreasons; r++)
	{
		CHECK_FOR_INTERRUPTS();
		reasons[*count] =
			brim_reason_text(model->score, &explanation.reasons[r], BRIM_TELL_REASON, values);
		if (reasons[*count].len > 0)
			(*count)++;
	}
	brim_call_cache_finish(site);
	return reasons;
}

/* The texts of a list that are not in another, as an array. */
static Datum
list_without(const BrimStr *list, int nlist, const BrimStr *other, int nother)
{
	ArrayBuildState *built = initArrayResult(TEXTOID, CurrentMemoryContext, false);

	for (int i = 0; i < nlist; i++)
	{
		int o = 0;

		CHECK_FOR_INTERRUPTS();
		while (o < nother && !(list[i].len == other[o].len &&
							   memcmp(list[i].data, other[o].data, list[i].len) == 0))
			o++;
		if (o == nother)
			accumArrayResult(built,
							 PointerGetDatum(cstring_to_text_with_len(list[i].data, list[i].len)),
							 false, TEXTOID, CurrentMemoryContext);
	}
	return makeArrayResult(built, CurrentMemoryContext);
}

/*
 * brim.reason_changes(old_lead record, old_model text, new_lead record,
 * new_model text): which reasons came and which went.  NULLs where one of the
 * four is not known.
 */
Datum
brim_reason_changes(PG_FUNCTION_ARGS)
{
	BrimCallCache *site = brim_call_cache_get(fcinfo);
	TupleDesc      desc = result_type(fcinfo, site, 2);
	BrimStr       *old;
	BrimStr *new;
	int   nold;
	int   nnew;
	Datum value[2] = {0};
	bool  isnull[2] = {true, true};

	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		old = reasons_of(site, brim_call_cache_argument(site, fcinfo, 1),
						 PG_GETARG_HEAPTUPLEHEADER(0), &nold);
		new = reasons_of(site, brim_call_cache_argument(site, fcinfo, 3),
						 PG_GETARG_HEAPTUPLEHEADER(2), &nnew);
		value[0] = list_without(new, nnew, old, nold);
		value[1] = list_without(old, nold, new, nnew);
		isnull[0] = isnull[1] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, value, isnull)));
}

/* brim.in_transaction_block(): can a procedure called by this statement not commit? */
Datum
brim_in_transaction_block(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(IsTransactionBlock());
}
