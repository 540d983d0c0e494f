/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  brim.score_columns(): what the planner makes of a score of a table's row;
 *	  see support.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pg/score/call_cache.h"

BRIM_FUNCTION(brim_score_columns);

/* The arguments; absent are names that the plan's model reads and the table lacks. */
enum
{
	ARG_WANT,
	ARG_SERIAL,
	ARG_NAME,
	ARG_SPEC,
	ARG_NAMES,
	ARG_ABSENT,
	ARG_FIRST_COLUMN
};

/* The names of an argument, in the current context. */
static char **
read_names(FunctionCallInfo fcinfo, int argument, int *count)
{
	Datum *names;
	bool  *nulls;
	char **texts;

	if (PG_ARGISNULL(argument))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("names of the columns to score must not be null"));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &names,
					  &nulls, count);
	texts = palloc(sizeof(char *) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("name %d of the columns to score must not be null", i + 1));
		texts[i] = TextDatumGetCString(names[i]);
	}
	return texts;
}

/* The columns that come as arguments. */
static BrimColumns *
read_columns(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	BrimColumns  *columns = palloc0(sizeof(BrimColumns));

	columns->names = read_names(fcinfo, ARG_NAMES, &columns->count);
	columns->absent = read_names(fcinfo, ARG_ABSENT, &columns->nabsent);
	if (columns->count != PG_NARGS() - ARG_FIRST_COLUMN)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%d columns to score, but %d names", PG_NARGS() - ARG_FIRST_COLUMN,
					   columns->count));
	columns->types = palloc(sizeof(Oid) * Max(columns->count, 1));
	for (int i = 0; i < columns->count; i++)
	{
		columns->types[i] = get_fn_expr_argtype(fcinfo->flinfo, ARG_FIRST_COLUMN + i);
		if (!OidIsValid(columns->types[i]))
			ereport(ERROR, errcode(ERRCODE_INDETERMINATE_DATATYPE),
					errmsg("type of column \"%s\" to score is not known", columns->names[i]));
	}
	MemoryContextSwitchTo(caller);
	return columns;
}

static bool
has_name(char *const *names, int count, BrimStr name)
{
	for (int i = 0; i < count; i++)
	{
		if (brim_str_equal(name, brim_str(names[i])))
			return true;
	}
	return false;
}

/* Return true if the plan looked for every column that a model reads. */
static bool
has_columns(const BrimColumns *columns, const BrimModel *model, int want)
{
	int *places = palloc(sizeof(int) * model->features.count);
	int  nplaces = model->scorer->features(model, want, places);
	bool has_all = true;

	for (int i = 0; i < nplaces && has_all; i++)
	{
		BrimStr name = model->features.attributes[places[i]].name;

		has_all = has_name(columns->names, columns->count, name) ||
				  has_name(columns->absent, columns->nabsent, name);
	}
	pfree(places);
	return has_all;
}

/*
 * The model of the call.  One that was published since the plan was made may
 * read columns that the plan left out.  Then the plan's own model is the right
 * one: it was the published one when the statement began.
 */
static BrimCallModel *
choose_model(FunctionCallInfo fcinfo, BrimCallCache *site, const BrimColumns *columns, int want)
{
	BrimCallModel *model;

	if (!PG_ARGISNULL(ARG_SPEC))
		return brim_call_cache_spec(site, PG_GETARG_JSONB_P(ARG_SPEC));
	model = brim_call_cache_argument(site, fcinfo, ARG_NAME);
	if (has_columns(columns, model->model, want))
		return model;
	model = NULL;
	if (!IsParallelWorker() && !PG_ARGISNULL(ARG_SERIAL))
		model = brim_call_cache_planned(site, (uint64) PG_GETARG_INT64(ARG_SERIAL));
	if (model == NULL || !has_columns(columns, model->model, want))
		ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("the scoring rules changed while the statement was about to begin"),
				errhint("Run the statement again."));
	return model;
}

Datum
brim_score_columns(PG_FUNCTION_ARGS)
{
	BrimCallCache *site = brim_call_cache_get(fcinfo);
	int            want = PG_ARGISNULL(ARG_WANT) ? 0 : PG_GETARG_INT32(ARG_WANT);
	BrimCallModel *model;

	if (want != BRIM_WANT_SCORE && want != BRIM_WANT_FIT && want != BRIM_WANT_INTENT)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid kind of score: %d", want));
	if (site->user == NULL)
		site->user = read_columns(fcinfo, site->cxt);
	model = brim_call_cache_is_current(site) ? site->models : NULL;
	if (model == NULL)
		model = choose_model(fcinfo, site, site->user, want);
	brim_call_cache_score_columns(site, model, site->user, &fcinfo->args[ARG_FIRST_COLUMN], want);
	PG_RETURN_INT32(brim_call_cache_result(model, want));
}
