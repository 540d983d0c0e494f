/*-------------------------------------------------------------------------
 *
 * record.h
 *	  Rows of any composite type as leads for the scoring core.
 *
 * The columns that a model reads are found by name when a row type is first
 * seen, and read from then on where they are.  Arrays are walked in place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_DB_RECORD_H
#define BRIM_DB_RECORD_H

#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"

#include "core/score.h"

typedef struct BrimRecord BrimRecord;

/* A reader for a model, which it borrows, in a memory context of its own below parent. */
extern BrimRecord *brim_record_create(const BrimModel *model, MemoryContext parent);

/*
 * The values that what is wanted depends on.  They borrow from the row and
 * from the current memory context.  Raises an error for a row type without any
 * known column, or with a known column of an unusable type.
 */
extern const BrimValue *brim_record_read(BrimRecord *record, HeapTupleHeader row, int want);

/* The same for a tuple of a table; the descriptor may not change between calls. */
extern const BrimValue *
brim_record_read_tuple(BrimRecord *record, TupleDesc desc, HeapTuple tuple, int want);

#endif /* BRIM_DB_RECORD_H */
