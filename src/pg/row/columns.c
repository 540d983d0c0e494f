/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  Columns of brim's own tables; see columns.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "core/score/score.h"
#include "pg/row/columns.h"

AttrNumber
brim_columns_number(Relation rel, const char *name, Oid type)
{
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0 && att->atttypid == type)
			return att->attnum;
	}
	ereport(ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
			errmsg("table \"brim.%s\" has no column \"%s\" of type %s",
				   RelationGetRelationName(rel), name, format_type_be(type)),
			errhint("Run ALTER EXTENSION brim UPDATE."));
}

Datum
brim_columns_value(Relation rel, HeapTuple row, const char *name, Oid type, bool *isnull)
{
	return heap_getattr(row, brim_columns_number(rel, name, type), RelationGetDescr(rel), isnull);
}

BrimStr
brim_columns_text(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, TEXTOID, &isnull);

	return brim_str(isnull ? NULL : TextDatumGetCString(value));
}

int
brim_columns_int(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, INT4OID, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

bool
brim_columns_bool(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, BOOLOID, &isnull);

	return !isnull && DatumGetBool(value);
}

BrimStr *
brim_columns_entries(ArrayType *array, int *count)
{
	Datum   *entries;
	bool    *nulls;
	BrimStr *texts;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &entries, &nulls, count);
	texts = palloc0(sizeof(BrimStr) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (!nulls[i])
			texts[i] = brim_str(TextDatumGetCString(entries[i]));
	}
	return texts;
}

BrimStr *
brim_columns_texts(Relation rel, HeapTuple row, const char *name, int *count)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, TEXTARRAYOID, &isnull);

	*count = 0;
	return isnull ? NULL : brim_columns_entries(DatumGetArrayTypePCopy(value), count);
}

bool
brim_columns_weight(Datum numeric, int64 *weight)
{
	double about = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, numeric));
	Datum  scaled;
	Datum  whole;

	if (!isfinite(about) || fabs(about) > 1e9)
		return false;
	scaled = DirectFunctionCall2(numeric_mul, numeric,
								 NumericGetDatum(int64_to_numeric(BRIM_WEIGHT_ONE)));
	whole = DirectFunctionCall2(numeric_trunc, scaled, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, scaled, whole)))
		return false;
	*weight = DatumGetInt64(DirectFunctionCall1(numeric_int8, whole));
	return true;
}
