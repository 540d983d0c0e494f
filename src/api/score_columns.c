/*-------------------------------------------------------------------------
 *
 * score_columns.c
 *	  brim.score_columns(): what the planner makes of a score of a table's row;
 *	  see support.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/site.h"
#include "db/memory.h"

BRIM_FUNCTION(brim_score_columns);

/* The arguments: what is wanted, the plan's model, name, spec, names; then the columns. */
enum
{
	ARG_WANT,
	ARG_SERIAL,
	ARG_NAME,
	ARG_SPEC,
	ARG_NAMES,
	ARG_FIRST_COLUMN
};

/* The columns that come as arguments. */
static BrimColumns *
read_columns(FunctionCallInfo fcinfo, MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	BrimColumns  *columns = palloc0(sizeof(BrimColumns));
	Datum        *names;
	bool         *nulls;

	if (PG_ARGISNULL(ARG_NAMES))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("names of the columns to score must not be null"));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_NAMES), TEXTOID, -1, false, TYPALIGN_INT, &names,
					  &nulls, &columns->count);
	if (columns->count != PG_NARGS() - ARG_FIRST_COLUMN)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("%d columns to score, but %d names", PG_NARGS() - ARG_FIRST_COLUMN,
					   columns->count));
	columns->names = palloc(sizeof(char *) * columns->count);
	columns->types = palloc(sizeof(Oid) * columns->count);
	for (int i = 0; i < columns->count; i++)
	{
		if (nulls[i])
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("name %d of the columns to score must not be null", i + 1));
		columns->names[i] = TextDatumGetCString(names[i]);
		columns->types[i] = get_fn_expr_argtype(fcinfo->flinfo, ARG_FIRST_COLUMN + i);
		if (!OidIsValid(columns->types[i]))
			ereport(ERROR, errcode(ERRCODE_INDETERMINATE_DATATYPE),
					errmsg("type of column \"%s\" to score is not known", columns->names[i]));
	}
	MemoryContextSwitchTo(caller);
	return columns;
}

/* Are all columns there that a model reads and the plan's model had? */
static bool
has_columns(const BrimColumns *columns, const BrimModel *model, int want)
{
	for (int a = 0; a < model->nattributes; a++)
	{
		BrimStr name = model->attributes[a].name;
		int     c = 0;

		if (!brim_score_reads(model, want, a))
			continue;
		while (c < columns->count && !brim_str_equal(name, brim_str(columns->names[c])))
			c++;
		if (c == columns->count)
			return false;
	}
	return true;
}

/*
 * The model of the call.  That of the plan lacks no column that the table has;
 * one that was published since may read others, and then the plan's is right:
 * it was the published one when the statement began.
 */
static BrimSiteModel *
choose_model(FunctionCallInfo fcinfo, BrimSite *site, const BrimColumns *columns, int want)
{
	uint64         serial = PG_ARGISNULL(ARG_SERIAL) ? 0 : (uint64) PG_GETARG_INT64(ARG_SERIAL);
	char          *name = NULL;
	BrimSiteModel *model;

	if (!PG_ARGISNULL(ARG_SPEC))
		return brim_site_spec(site, PG_GETARG_JSONB_P(ARG_SPEC));
	if (!PG_ARGISNULL(ARG_NAME))
		name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_NAME));
	model = brim_site_model(site, name);
	if (name != NULL)
		pfree(name);
	if (model->handle->serial == serial || has_columns(columns, model->model, want))
		return model;
	model = brim_site_planned(site, serial);
	if (model != NULL)
		return model;
	model = brim_site_model(site, name);
	return model;
}

Datum
brim_score_columns(PG_FUNCTION_ARGS)
{
	BrimSite      *site = brim_site_get(fcinfo);
	int            want = PG_ARGISNULL(ARG_WANT) ? 0 : PG_GETARG_INT32(ARG_WANT);
	BrimSiteModel *model;
	int            score;

	if (want != BRIM_WANT_SCORE && want != BRIM_WANT_FIT && want != BRIM_WANT_INTENT)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("invalid kind of score: %d", want));
	if (site->user == NULL)
		site->user = read_columns(fcinfo, site->cxt);
	model = site->models;
	if (model == NULL || !brim_site_is_current(site))
		model = choose_model(fcinfo, site, site->user, want);
	brim_site_score_columns(site, model, site->user, &fcinfo->args[ARG_FIRST_COLUMN], want);
	if (want == BRIM_WANT_FIT)
		score = model->score->fit;
	else if (want == BRIM_WANT_INTENT)
		score = model->score->intent;
	else
		score = model->score->total;
	PG_RETURN_INT32(score);
}
