/*-------------------------------------------------------------------------
 *
 * support.c
 *	  Scoring a row without building it: planner support.
 *
 * brim_score(t), where t is a whole row, becomes brim.score_columns(..., t.a,
 * t.b, ...) with the columns that the model reads and no others.  The row may
 * be that of a table or a subquery, or of a view: the planner has then put it
 * together of the view's expressions.  The plan depends on the scoring tables,
 * so a change of rules replans; and it names the model that it was made
 * for, should the change come in between.
 *
 * The row is left as it is where that would not be the same: where the row may
 * be missing altogether (below an outer join), where the model is not known
 * when planning, where its columns are computed otherwise than by reading them
 * (virtual generated columns, volatile expressions), and where there are too
 * many of them.  With a
 * spec it is left where an index has expressions, which the planner would no
 * longer recognize.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/score/internal.h"

BRIM_FUNCTION(brim_score_support);

#define COLUMNS_MAX 60 /* of a model; more are read from the row */

/* A call that is being simplified. */
typedef struct Call
{
	PlannerInfo *root;
	FuncExpr    *func;
	int          want;

	/* Its model */
	BrimModelHandle *handle; /* NULL for a spec */
	const BrimModel *model;
	Const           *model_arg; /* name or spec, NULL where none is given */

	/* What the row has */
	List *column_names; /* String nodes */
	List *columns;

	/* What it becomes */
	List *names;  /* of columns, String nodes */
	List *absent; /* names that the row lacks */
	List *values;
} Call;

/*
 * Find the column of a name; *value is NULL where the row lacks it.  False
 * where the column keeps the row.
 */
static bool
find_column(const Call *call, const char *name, Node **value)
{
	int found = -1;

	for (int i = 0; i < list_length(call->columns); i++)
	{
		if (strcmp(strVal(list_nth(call->column_names, i)), name) != 0)
			continue;
		if (found >= 0)
			return false; /* there are two; that is said when the row is scored */
		found = i;
	}
	*value = found < 0 ? NULL : list_nth(call->columns, found);
	return found < 0 || *value != NULL;
}

/* Choose the columns that the model reads; false where one of them keeps the row. */
static bool
choose_columns(Call *call)
{
	const BrimModel *model = call->model;
	int             *places = palloc(sizeof(int) * model->features.count);
	int              nplaces = model->scorer->features(model, call->want, places);

	for (int i = 0; i < nplaces; i++)
	{
		const char *name = model->features.attributes[places[i]].name.data;
		void       *string = makeString(pstrdup(name)); /* a Value before 15 */
		Node       *value;

		if (list_member(call->names, string))
			continue;
		if (!find_column(call, name, &value))
			return false;
		if (value == NULL)
			call->absent = lappend(call->absent, string);
		else
		{
			call->names = lappend(call->names, string);
			call->values = lappend(call->values, copyObject(value));
		}
	}
	return call->values != NIL && list_length(call->values) <= COLUMNS_MAX;
}

/* Find the columns of the row that the call is given; false where it has to stay. */
static bool
find_columns(Call *call)
{
	return brim_support_row(call->root, linitial(call->func->args), call->handle == NULL,
							&call->column_names, &call->columns) &&
		   choose_columns(call);
}

/* Names as a constant. */
static Const *
names_const(const List *list)
{
	int        count = list_length(list);
	Datum     *names = palloc(sizeof(Datum) * Max(count, 1));
	ArrayType *array;

	for (int i = 0; i < count; i++)
		names[i] = CStringGetTextDatum(strVal(list_nth(list, i)));
	array = construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT);
	return makeConst(TEXTARRAYOID, -1, InvalidOid, -1, PointerGetDatum(array), false, false);
}

/*
 * The function that takes columns.  Looked up without asking for privileges:
 * whoever may score need not have any on the schema it is in.
 */
static Oid
columns_function(void)
{
	static const Oid types[] = {INT4OID,      INT8OID,      TEXTOID, JSONBOID,
								TEXTARRAYOID, TEXTARRAYOID, ANYOID};
	oidvector       *arguments = buildoidvector(types, lengthof(types));
	Oid              schema = get_namespace_oid("brim", true);

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("score_columns"),
						   PointerGetDatum(arguments), ObjectIdGetDatum(schema));
}

/* The call that takes the place of the one with the row. */
static Node *
make_call(const Call *call)
{
	Oid       function = columns_function();
	Const    *name = NULL;
	Const    *spec = NULL;
	List     *args;
	FuncExpr *made;

	if (!OidIsValid(function))
		return NULL;
	if (call->model_arg != NULL && call->model_arg->consttype == JSONBOID)
		spec = call->model_arg;
	else
		name = call->model_arg;
	if (name == NULL)
		name = makeNullConst(TEXTOID, -1, get_typcollation(TEXTOID));
	if (spec == NULL)
		spec = makeNullConst(JSONBOID, -1, InvalidOid);
	args = list_make5(
		makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(call->want), false, true),
		makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
				  Int64GetDatum(call->handle == NULL ? 0 : (int64) call->handle->serial), false,
				  FLOAT8PASSBYVAL),
		name, spec, names_const(call->names));
	args = lappend(args, names_const(call->absent));
	args = list_concat(args, call->values);
	made = makeFuncExpr(function, INT4OID, args, InvalidOid, call->func->inputcollid,
						COERCE_EXPLICIT_CALL);
	made->location = call->func->location;
	return (Node *) made;
}

/* Make the plan depend on the scoring tables: it is planned again when they change. */
static void
depend_on_rules(PlannerInfo *root)
{
	BrimModelTables tables = brim_model_cache_tables();
	PlannerGlobal  *glob = root->glob;

	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.model);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.rule);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.signal);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.published);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.intent_class);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.intent_term);
	glob->relationOids = list_append_unique_oid(glob->relationOids, tables.intent_cue);
}

/* Which scores a function returns, as a bit set; 0 if it is not one of ours. */
static int
wanted(Oid function)
{
	char *name = get_func_name(function);

	if (name == NULL)
		return 0;
	if (strcmp(name, "brim_score") == 0)
		return BRIM_WANT_SCORE;
	if (strcmp(name, "brim_fit_score") == 0)
		return BRIM_WANT_FIT;
	if (strcmp(name, "brim_intent_score") == 0)
		return BRIM_WANT_INTENT;
	return 0;
}

/* Return true if this is a row whose columns we may find. */
static bool
is_row(Node *node)
{
	return IsA(node, RowExpr) || (IsA(node, Var) && ((Var *) node)->varattno == InvalidAttrNumber);
}

/* Simplify a call with a named model, or the default one. */
static Node *
simplify_named(Call *call)
{
	char *name = NULL;
	Node *volatile result = NULL;

	if (call->model_arg != NULL && !call->model_arg->constisnull)
		name = TextDatumGetCString(call->model_arg->constvalue);
	call->handle = brim_model_cache_acquire(name);
	PG_TRY();
	{
		call->model = call->handle->model;
		if (find_columns(call))
			result = make_call(call);
		if (result != NULL)
		{
			depend_on_rules(call->root);
			brim_model_cache_remember(call->handle);
		}
	}
	PG_FINALLY();
	{
		brim_model_cache_release(call->handle);
	}
	PG_END_TRY();
	return result;
}

/* Simplify a call with a model given as a constant. */
static Node *
simplify_spec(Call *call)
{
	MemoryContext cxt;
	Node         *result = NULL;

	if (call->model_arg->constisnull)
		return NULL;
	call->model = brim_model_cache_compile_in(
		CurrentMemoryContext, brim_spec_read(DatumGetJsonbP(call->model_arg->constvalue)),
		ERRCODE_INVALID_PARAMETER_VALUE, &cxt);
	if (find_columns(call))
		result = make_call(call);
	MemoryContextDelete(cxt);
	return result;
}

/* brim.score_support(internal): the support function of brim_score() and its siblings. */
Datum
brim_score_support(PG_FUNCTION_ARGS)
{
	Node                   *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestSimplify *request;
	Call                    call;
	Node                   *result;

	if (!IsA(raw, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestSimplify *) raw;
	memset(&call, 0, sizeof(call));
	call.root = request->root;
	call.func = request->fcall;
	call.want = wanted(call.func->funcid);
	/* Whether it can be done at all is cheap to say; models are asked for afterwards */
	if (call.root == NULL || call.want == 0 || !is_row(linitial(call.func->args)))
		PG_RETURN_POINTER(NULL);
	if (list_length(call.func->args) == 2)
	{
		call.model_arg = (Const *) lsecond(call.func->args);
		if (!IsA(call.model_arg, Const))
			PG_RETURN_POINTER(NULL);
	}
	if (call.model_arg != NULL && call.model_arg->consttype == JSONBOID)
		result = simplify_spec(&call);
	else
		result = simplify_named(&call);
	PG_RETURN_POINTER(result);
}
