/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  Columns of brim's own tables, read like catalogs: found by name, checked
 *	  by type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_COLUMNS_H
#define BRIM_PG_ROW_COLUMNS_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/array.h"
#include "utils/rel.h"

#include "core/base/base.h"

/*
 * Each raises an error where the table has no such column of the type; all is in the current
 * context.  A null text has data NULL, a null number is 0, a null boolean false, a null array empty.
 */
extern AttrNumber brim_columns_number(Relation rel, const char *name, Oid type);
extern BrimStr    brim_columns_text(Relation rel, HeapTuple row, const char *name);
extern BrimStr   *brim_columns_texts(Relation rel, HeapTuple row, const char *name, int *count);
extern int        brim_columns_int(Relation rel, HeapTuple row, const char *name);
extern bool       brim_columns_bool(Relation rel, HeapTuple row, const char *name);
extern Datum
brim_columns_value(Relation rel, HeapTuple row, const char *name, Oid type, bool *isnull);

/* The entries of a text array; a null one has data NULL. */
extern BrimStr *brim_columns_entries(ArrayType *array, int *count);

/* An exact decimal in units of 1/10000; false where it is not one or out of range. */
extern bool brim_columns_weight(Datum numeric, int64 *weight);

#endif /* BRIM_PG_ROW_COLUMNS_H */
