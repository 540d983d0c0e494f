/*-------------------------------------------------------------------------
 *
 * call_cache.h
 *	  A place in a running statement that scores.
 *
 * A site remembers the models it was last asked for, each with a scorer and
 * the columns of the row type it reads.  A model stays the same for as long
 * as the statement runs, whatever is committed meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SCORE_CALL_CACHE_H
#define BRIM_PG_SCORE_CALL_CACHE_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

#include "core/score/score.h"
#include "pg/score/model_cache.h"
#include "pg/row/row.h"

/* A model in use at a site. */
typedef struct BrimCallModel BrimCallModel;
struct BrimCallModel
{
	BrimCallModel *next;
	MemoryContext  cxt; /* holds all of this */

	/* What was asked for: a name, the default, or a spec */
	char  *name;
	Jsonb *spec;

	/* What it stands for */
	BrimModelHandle *handle; /* NULL for a spec */
	const BrimModel *model;
	BrimScore       *score;
	BrimRecord      *record;
	bool             reads_columns; /* is the record bound to columns? */
};

typedef struct BrimCallCache
{
	MemoryContext  cxt;
	MemoryContext  row_cxt; /* for one row; reset by brim_call_cache_finish() */
	BrimCallModel *models;  /* used last stands first */
	int            nmodels;
	void          *user; /* what the caller likes to remember, in cxt */

	/* The statement: snapshots of two statements differ in one of these */
	TransactionId xmax;
	uint32        xcnt;
	CommandId     curcid;
} BrimCallCache;

/* The site of this call, made where it is the first. */
extern BrimCallCache *brim_call_cache_get(FunctionCallInfo fcinfo);

/* The model that is published under a name; NULL for the default. */
extern BrimCallModel *brim_call_cache_model(BrimCallCache *site, const char *name);

/* The model that a call names by a text argument; NULL or no argument: the default. */
extern BrimCallModel *
brim_call_cache_argument(BrimCallCache *site, FunctionCallInfo fcinfo, int argument);

/* The score that is wanted of a run: one of BRIM_WANT_FIT, _INTENT and _SCORE. */
extern int brim_call_cache_result(const BrimCallModel *model, int want);

/* The model that a spec describes. */
extern BrimCallModel *brim_call_cache_spec(BrimCallCache *site, Jsonb *spec);

/* A model that a plan of this process was made for; NULL where it is gone. */
extern BrimCallModel *brim_call_cache_planned(BrimCallCache *site, uint64 serial);

/* Return true if no model changed since the statement began; false at its first call. */
extern bool brim_call_cache_is_current(BrimCallCache *site);

/* Score a lead whose columns come one by one, the same ones each time. */
extern void
brim_call_cache_score_columns(BrimCallCache *site, BrimCallModel *model, const BrimColumns *columns,
							  const NullableDatum *datums, int want);

/*
 * Score a row given as a composite value, or as a tuple of a table where row
 * is NULL.  The values live until brim_call_cache_finish().
 */
extern const BrimValue             *
brim_call_cache_score(BrimCallCache *site, BrimCallModel *model, HeapTupleHeader row,
								  TupleDesc desc, HeapTuple tuple, int want);
extern void brim_call_cache_finish(BrimCallCache *site);

#endif /* BRIM_PG_SCORE_CALL_CACHE_H */
