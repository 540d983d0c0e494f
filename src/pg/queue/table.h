/*-------------------------------------------------------------------------
 *
 * table.h
 *	  What the tables of waiting rows have in common, and its statements.
 *
 * A row waits, is claimed by one worker, which writes its token and number into
 * it, and ends.  A description of a table says what it is called and how it is
 * ordered; the statements about it are built from that once a process.
 *
 * Every function runs inside a transaction that the caller began with
 * brim_txn_begin(), and compares with the worker's time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_QUEUE_TABLE_H
#define BRIM_PG_QUEUE_TABLE_H

#include "datatype/timestamp.h"
#include "pg/server/server.h"

/* A position in a queue, which is ordered by falling score (where it has one), then by key. */
typedef struct BrimPosition
{
	int   order; /* the score with the sign turned; 0 without */
	int64 id;
} BrimPosition;

#define BRIM_POSITION_BEGIN ((BrimPosition){PG_INT32_MIN, 0})
#define BRIM_POSITION_END ((BrimPosition){PG_INT32_MAX, PG_INT64_MAX})

typedef struct BrimClaim
{
	int         max;
	int64       token;   /* of the claiming process */
	int         number;  /* of the claiming worker */
	const char *node_id; /* rows of this installation only */

	/*
	 * Suspects, rows that were being worked on when a worker died, or all
	 * others; of those that are behind one position, up to and including another.
	 */
	bool         suspects;
	BrimPosition after;
	BrimPosition until;
} BrimClaim;

/* Parameters of a claim, $1 to $10; the last is the worker's time. */
#define BRIM_CLAIM_PARAMETERS 10
#define BRIM_CLAIM_TYPES                                                                           \
	{                                                                                              \
		INT4OID, INT8OID, INT4OID, TEXTOID, BOOLOID, INT4OID, INT8OID, INT4OID, INT8OID,           \
			TIMESTAMPTZOID                                                                         \
	}

typedef struct BrimQueueTable
{
	const char *name;
	const char *key;
	bool        by_score; /* ordered by falling score, then by key; else by key */
	const char *waiting;  /* true of a row q that waits */
	const char *since;    /* the column that says when it was queued */
	const char *claimed;  /* the status of a claimed row; NULL: claimed rows are elsewhere */

	/* The claim, with claimed: what else a row q must fulfil, and what is returned of it */
	const char *gate;
	const char *source; /* further tables of the returned columns, with a leading comma; or "" */
	const char *match;  /* how they are joined, with a leading AND; or "" */
	const char *columns;

	/* Built from the above */
	BrimStatement claim;
	BrimStatement suspects;
	BrimStatement next_due;
	BrimStatement recover;
	BrimStatement forgotten;
	BrimStatement shift;
} BrimQueueTable;

/* Claim rows in order; the columns are in SPI_tuptable, in any order.  Returns how many. */
extern int brim_table_claim(BrimQueueTable *table, const BrimClaim *what);

/* The parameters of a claim, for a statement that is not built here. */
extern void brim_table_claim_values(const BrimClaim *what, Datum *values);

/* The positions of the first suspects that are due; returns how many, at most max. */
extern int
brim_table_suspects(BrimQueueTable *table, const char *node_id, int max, BrimPosition *positions);

/*
 * When the next waiting row becomes due, DT_NOEND if none will by time alone.
 * *blocked: some are due already and wait for something else.
 */
extern TimestampTz brim_table_next_due(BrimQueueTable *table, bool *blocked);

/*
 * Of tables that keep their claimed rows: take over what the predecessors that
 * held a worker number left claimed, back to the queue, or held as poison after
 * two unclean deaths.  Returns how many.
 */
extern int brim_table_recover(BrimQueueTable *table, int64 token, int number, bool clean);

/*
 * Give back what this process has claimed without knowing it: an error may come
 * after the commit.  held are the rows that it knows.
 */
extern void brim_table_release_forgotten(BrimQueueTable *table, int64 token, int number,
										 const int64 *held, int n);

/* The clock was set back by so much: rows that wait do so no longer than was meant. */
extern void brim_table_shift(BrimQueueTable *table, int64 milliseconds);

#endif /* BRIM_PG_QUEUE_TABLE_H */
