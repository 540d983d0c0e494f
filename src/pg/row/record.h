/*-------------------------------------------------------------------------
 *
 * record.h
 *	  Rows of any composite type as feature vectors of leads.
 *
 * The columns that a model reads are found by name when a row type is first
 * seen, and read from then on where they are.  Arrays are walked in place.
 * Only what is asked for is read.  Scoring and training read by this.
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

/*
 * A reader of features, which it borrows, in a memory context of its own below
 * parent.  model names in errors what it reads them for.
 */
extern BrimRecord *
brim_record_create(const BrimFeatures *features, const char *model, MemoryContext parent);

/* What is to be read: places of features, rising. */
typedef struct BrimReads
{
	int        count;
	const int *places;
	bool       for_reasons; /* values of other types as text, too */
} BrimReads;

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

/*
 * The values of the features that are to be read, the feature vector of a
 * lead.  They borrow from the row and from the current memory context.  Raises
 * an error for a row type without any known column, or with a known column of
 * an unusable type.
 */
extern const BrimValue *
brim_record_read(BrimRecord *record, HeapTupleHeader row, const BrimReads *reads);

/* The same for a tuple of a table; the descriptor may not change between calls. */
extern const BrimValue *
brim_record_read_tuple(BrimRecord *record, TupleDesc desc, HeapTuple tuple, const BrimReads *reads);

/* The same for columns that come one by one, in the order of those that the reader is bound to. */
extern void brim_record_bind_columns(BrimRecord *record, const BrimColumns *columns);
extern const BrimValue *
brim_record_read_columns(BrimRecord *record, const NullableDatum *datums, const BrimReads *reads);

#endif /* BRIM_PG_ROW_RECORD_H */
