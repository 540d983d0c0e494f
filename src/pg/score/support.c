/*-------------------------------------------------------------------------
 *
 * support.c
 *	  Scoring a row without building it: planner support.
 *
 * brim_score(t), where t is a whole row, becomes brim.score_columns(..., t.a,
 * t.b, ...) with the columns that the model reads and no others.  The row may
 * be that of a table or a subquery, or of a view: the planner has then put it
 * together of the view's expressions.  The plan depends on the scoring tables,
 * so a change of rules makes it anew; and it names the model that it was made
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

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

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

/* Return true if a relation is on a side of an outer join whose rows may be missing. */
static bool
may_be_missing(Node *node, int varno, bool below_outer)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblRef))
		return below_outer && ((RangeTblRef *) node)->rtindex == varno;
	if (IsA(node, FromExpr))
	{
		ListCell *cell;

		foreach (cell, ((FromExpr *) node)->fromlist)
		{
			if (may_be_missing(lfirst(cell), varno, below_outer))
				return true;
		}
		return false;
	}
	if (IsA(node, JoinExpr))
	{
		JoinExpr *join = (JoinExpr *) node;
		bool      left = join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL;
		bool      right = join->jointype == JOIN_LEFT || join->jointype == JOIN_FULL;

		return may_be_missing(join->larg, varno, below_outer || left) ||
			   may_be_missing(join->rarg, varno, below_outer || right);
	}
	return true; /* something we do not know */
}

/* Note a column that the row has; its value is NULL where it cannot be had but from the row. */
static void
add_column(Call *call, const char *name, Expr *value)
{
	call->column_names = lappend(call->column_names, makeString(pstrdup(name)));
	call->columns = lappend(call->columns, value);
}

/* The same for one that is read from where the whole-row Var reads. */
static void
add_var(Call *call, const Var *row, const char *name, AttrNumber attnum, Oid type, int32 typmod,
		Oid collation)
{
	Var *var = copyObject(unconstify(Var *, row));

	var->varattno = attnum;
	var->varattnosyn = attnum;
	var->vartype = type;
	var->vartypmod = typmod;
	var->varcollid = collation;
	add_column(call, name, (Expr *) var);
}

static void
add_table_columns(Call *call, const Var *row, Oid table)
{
	Relation  rel = table_open(table, NoLock);
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		if (att->attgenerated == '\0' || att->attgenerated == 's')
			add_var(call, row, NameStr(att->attname), att->attnum, att->atttypid, att->atttypmod,
					att->attcollation);
		else
			add_column(call, NameStr(att->attname), NULL);
	}
	table_close(rel, NoLock);
}

/* The columns of a subquery; the row of a view has the names of the view, whatever its alias says. */
static bool
add_subquery_columns(Call *call, const Var *row, const RangeTblEntry *rte)
{
	TupleDesc desc = NULL;
	bool      usable = true;
	ListCell *cell;

	if (row->vartype != RECORDOID)
		desc = lookup_rowtype_tupdesc(row->vartype, row->vartypmod);
	foreach (cell, rte->subquery->targetList)
	{
		TargetEntry *entry = lfirst(cell);
		Oid          type = exprType((Node *) entry->expr);
		const char  *name;

		if (entry->resjunk)
			continue;
		if (entry->resno > (desc == NULL ? list_length(rte->eref->colnames) : desc->natts) ||
			(desc != NULL && TupleDescAttr(desc, entry->resno - 1)->atttypid != type))
		{
			usable = false;
			break;
		}
		name = desc == NULL ? strVal(list_nth(rte->eref->colnames, entry->resno - 1))
							: NameStr(TupleDescAttr(desc, entry->resno - 1)->attname);
		add_var(call, row, name, entry->resno, type, exprTypmod((Node *) entry->expr),
				exprCollation((Node *) entry->expr));
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return usable;
}

/* The columns of a row that is put together of expressions, as the row of a view is. */
static bool
add_row_columns(Call *call, const RowExpr *row)
{
	TupleDesc desc = NULL;
	bool      usable = true;

	if (contain_volatile_functions((Node *) row))
		return false; /* none may be left out */
	if (row->row_typeid != RECORDOID)
		desc = lookup_rowtype_tupdesc(row->row_typeid, -1);
	if (list_length(row->args) != (desc == NULL ? list_length(row->colnames) : desc->natts))
		usable = false;
	for (int i = 0; usable && i < list_length(row->args); i++)
	{
		Expr *value = list_nth(row->args, i);

		if (desc == NULL)
			add_column(call, strVal(list_nth(row->colnames, i)), value);
		else if (!TupleDescAttr(desc, i)->attisdropped)
			add_column(call, NameStr(TupleDescAttr(desc, i)->attname), value);
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return usable;
}

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
		String     *string = makeString(pstrdup(name));
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

/* Return true if a table has an index with expressions. */
static bool
has_index_expressions(Oid table)
{
	Relation  rel = table_open(table, NoLock);
	List     *indexes = RelationGetIndexList(rel);
	bool      found = false;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		found = found || RelationGetIndexExpressions(index) != NIL ||
				RelationGetIndexPredicate(index) != NIL;
		index_close(index, AccessShareLock);
	}
	table_close(rel, NoLock);
	return found;
}

/* Note the columns of a whole row of a table or a subquery; false where the row has to stay. */
static bool
add_var_columns(Call *call, const Var *row)
{
	RangeTblEntry *rte;

	if (row->varattno != InvalidAttrNumber || row->varlevelsup != 0 || row->varno < 1 ||
		row->varno > list_length(call->root->parse->rtable))
		return false;
	if (may_be_missing((Node *) call->root->parse->jointree, row->varno, false))
		return false;
	rte = rt_fetch(row->varno, call->root->parse->rtable);
	if (rte->rtekind == RTE_SUBQUERY)
		return add_subquery_columns(call, row, rte);
	if (rte->rtekind != RTE_RELATION ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_PARTITIONED_TABLE &&
		 rte->relkind != RELKIND_FOREIGN_TABLE && rte->relkind != RELKIND_MATVIEW))
		return false;
	if (get_typ_typrelid(row->vartype) != rte->relid)
		return false;
	if (call->handle == NULL && has_index_expressions(rte->relid))
		return false;
	add_table_columns(call, row, rte->relid);
	return true;
}

/* Find the columns of the row that the call is given; false where it has to stay. */
static bool
find_columns(Call *call)
{
	Node *row = linitial(call->func->args);
	bool  usable;

	if (IsA(row, RowExpr))
		usable = add_row_columns(call, (RowExpr *) row);
	else
		usable = add_var_columns(call, (Var *) row);
	return usable && choose_columns(call);
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

/* Make the plan depend on the scoring tables: it is made anew when they change. */
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
