/*-------------------------------------------------------------------------
 *
 * model_key.c
 *	  Rows of the tables of models; see internal.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "pg/row/row.h"
#include "pg/score/internal.h"

void
brim_model_key_name(ScanKey key, Relation rel, const char *column, const char *name)
{
	ScanKeyEntryInitialize(key, 0, brim_columns_number(rel, column, TEXTOID), BTEqualStrategyNumber,
						   InvalidOid, C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(name));
}

void
brim_model_key_version(ScanKey keys, Relation rel, const char *name_column, const char *name,
					   int version)
{
	brim_model_key_name(&keys[0], rel, name_column, name);
	ScanKeyInit(&keys[1], brim_columns_number(rel, "version", INT4OID), BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(version));
}

int64
brim_model_key_weight(Relation rel, HeapTuple row, const char *name)
{
	bool  isnull;
	Datum value = brim_columns_value(rel, row, name, NUMERICOID, &isnull);
	int64 weight;

	return !isnull && brim_columns_weight(value, &weight) ? weight : -1;
}
