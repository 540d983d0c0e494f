/*-------------------------------------------------------------------------
 *
 * support_row.c
 *	  What columns a row has that the planner sees; see support.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "pg/score/internal.h"

/* The columns of a row, as they are found. */
typedef struct Columns
{
	PlannerInfo *root;
	bool         has_spec;
	List        *names;  /* String nodes */
	List        *values; /* NULL: cannot be had except from the row */
} Columns;

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
add_column(Columns *columns, const char *name, Expr *value)
{
	columns->names = lappend(columns->names, makeString(pstrdup(name)));
	columns->values = lappend(columns->values, value);
}

/* The same for one that is read from where the whole-row Var reads. */
static void
add_var(Columns *columns, const Var *row, const char *name, AttrNumber attnum, Oid type,
		int32 typmod, Oid collation)
{
	Var *var = copyObject(unconstify(Var *, row));

	var->varattno = attnum;
	var->varattnosyn = attnum;
	var->vartype = type;
	var->vartypmod = typmod;
	var->varcollid = collation;
	add_column(columns, name, (Expr *) var);
}

static void
add_table_columns(Columns *columns, const Var *row, Oid table)
{
	Relation  rel = table_open(table, NoLock);
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped)
			continue;
		if (att->attgenerated == '\0' || att->attgenerated == 's')
			add_var(columns, row, NameStr(att->attname), att->attnum, att->atttypid, att->atttypmod,
					att->attcollation);
		else
			add_column(columns, NameStr(att->attname), NULL);
	}
	table_close(rel, NoLock);
}

/* The columns of a subquery; the row of a view has the names of the view, whatever its alias says. */
static bool
add_subquery_columns(Columns *columns, const Var *row, const RangeTblEntry *rte)
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
		add_var(columns, row, name, entry->resno, type, exprTypmod((Node *) entry->expr),
				exprCollation((Node *) entry->expr));
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return usable;
}

/* The columns of a row that is put together of expressions, as the row of a view is. */
static bool
add_row_columns(Columns *columns, const RowExpr *row)
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
			add_column(columns, strVal(list_nth(row->colnames, i)), value);
		else if (!TupleDescAttr(desc, i)->attisdropped)
			add_column(columns, NameStr(TupleDescAttr(desc, i)->attname), value);
	}
	if (desc != NULL)
		ReleaseTupleDesc(desc);
	return usable;
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
add_var_columns(Columns *columns, const Var *row)
{
	RangeTblEntry *rte;

	if (row->varattno != InvalidAttrNumber || row->varlevelsup != 0 || row->varno < 1 ||
		row->varno > list_length(columns->root->parse->rtable))
		return false;
	if (may_be_missing((Node *) columns->root->parse->jointree, row->varno, false))
		return false;
	rte = rt_fetch(row->varno, columns->root->parse->rtable);
	if (rte->rtekind == RTE_SUBQUERY)
		return add_subquery_columns(columns, row, rte);
	if (rte->rtekind != RTE_RELATION ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_PARTITIONED_TABLE &&
		 rte->relkind != RELKIND_FOREIGN_TABLE && rte->relkind != RELKIND_MATVIEW))
		return false;
	if (get_typ_typrelid(row->vartype) != rte->relid)
		return false;
	if (columns->has_spec && has_index_expressions(rte->relid))
		return false;
	add_table_columns(columns, row, rte->relid);
	return true;
}

bool
brim_support_row(PlannerInfo *root, Node *row, bool has_spec, List **names, List **values)
{
	Columns columns = {root, has_spec, NIL, NIL};
	bool    usable;

	if (IsA(row, RowExpr))
		usable = add_row_columns(&columns, (RowExpr *) row);
	else
		usable = add_var_columns(&columns, (Var *) row);
	*names = columns.names;
	*values = columns.values;
	return usable;
}
