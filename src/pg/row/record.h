/*-------------------------------------------------------------------------
 *
 * record.h
 *	  Rows of any composite type as leads for the scoring core.
 *
 * The columns that a model reads are found by name when a row type is first
 * seen, and read from then on where they are.  Arrays are walked in place.
 * Only what the scorer reads for what is wanted is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_ROW_RECORD_H
#define BRIM_PG_ROW_RECORD_H

#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"

#include "core/score/score.h"

typedef struct BrimRecord BrimRecord;

/* A reader for a model, which it borrows, in a memory context of its own below parent. */
extern BrimRecord *brim_record_create(const BrimModel *model, MemoryContext parent);

/* What a lead consists of when its columns come one by one. */
typedef struct BrimColumns
{
	int    count;
	char **names;
	Oid   *types;

	/* What was looked for and is not there */
	int    nabsent;
	char **absent;
} BrimColumns;

/* Bind to columns: brim_record_read_columns() takes their values in this order. */
extern void             brim_record_bind_columns(BrimRecord *record, const BrimColumns *columns);
extern const BrimValue *brim_record_read_columns(BrimRecord *record, const NullableDatum *datums,
												 const BrimScore *score, int want);

/*
 * The values that what is wanted depends on.  They borrow from the row and
 * from the current memory context.  Raises an error for a row type without any
 * known column, or with a known column of an unusable type.
 */
extern const BrimValue *
brim_record_read(BrimRecord *record, HeapTupleHeader row, const BrimScore *score, int want);

/* The same for a tuple of a table; the descriptor may not change between calls. */
extern const BrimValue *brim_record_read_tuple(BrimRecord *record, TupleDesc desc, HeapTuple tuple,
											   const BrimScore *score, int want);

#endif /* BRIM_PG_ROW_RECORD_H */
