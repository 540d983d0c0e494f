/*-------------------------------------------------------------------------
 *
 * lead_scores.c
 *	  For what scores many leads at once: rescoring, and comparing models.
 *
 * brim.lead_scores() is all that is stored of a score, without jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "api/site.h"
#include "api/tmp_version.h" /* UNTIL THE MERGE */

BRIM_FUNCTION(brim_lead_scores);
BRIM_FUNCTION(brim_in_transaction_block);

/* The columns of the result. */
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
result_type(FunctionCallInfo fcinfo, BrimSite *site)
{
	MemoryContext caller;
	TupleDesc     desc;

	if (site->user != NULL)
		return site->user;
	caller = MemoryContextSwitchTo(site->cxt);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != NCOLUMNS)
		elog(ERROR, "brim.lead_scores() is declared with another result");
	site->user = BlessTupleDesc(desc);
	MemoryContextSwitchTo(caller);
	return site->user;
}

/* brim.lead_scores(lead record, model text): the scores of a row by a model, NULL for the default. */
Datum
brim_lead_scores(PG_FUNCTION_ARGS)
{
	BrimSite        *site;
	BrimSiteModel   *model;
	const BrimScore *score;
	const BrimModel *by;
	TupleDesc        desc;
	char            *name = NULL;
	Datum            value[NCOLUMNS];
	bool             isnull[NCOLUMNS] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = brim_site_get(fcinfo);
	desc = result_type(fcinfo, site);
	if (!PG_ARGISNULL(1))
		name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	model = name != NULL && strchr(name, '@') != NULL /* UNTIL THE MERGE */
				? brim_site_spec(site, brim_tmp_version_spec(name))
				: brim_site_model(site, name);
	brim_site_score(site, model, PG_GETARG_HEAPTUPLEHEADER(0), NULL, NULL,
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
	brim_site_finish(site);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, value, isnull)));
}

/* brim.in_transaction_block(): can a procedure called by this statement not commit? */
Datum
brim_in_transaction_block(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(IsTransactionBlock());
}
