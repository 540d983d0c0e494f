/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  Where in its queue a job claims: suspects first, then from the top on.
 *
 * A cursor remembers where the last claim ended, so that what is blocked, or
 * dead but still visible to an old snapshot, is walked past once and not by
 * every claim.  It begins at the top again when the end is reached, when
 * something is due, and now and then when something was queued.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_CURSOR_H
#define BRIM_WORKER_CURSOR_H

#include "pg/queue/queue.h"

typedef struct BrimCursor
{
	BrimPosition at;         /* where the last claim ended */
	bool         has_left;   /* it ended below the top */
	bool         has_news;   /* something was queued since */
	TimestampTz  at_top;     /* when a claim last began at the top */
	int          top_ms;     /* how long that took */
	bool         suspects;   /* there may be suspects that can go */
	int          recoveries; /* seen by then */

	/* Found by the last claim */
	bool alone; /* what was claimed is a suspect */
	bool more;  /* there may be more to claim at once */
} BrimCursor;

/*
 * Inside a transaction, claim at most what->max rows of a table by calling
 * claim, which returns how many it took and the position of the last.  after,
 * until and suspects of what are filled in here.  cursor is a copy: the job
 * takes it over when the transaction is committed.
 */
extern int
brim_cursor_claim(BrimCursor *cursor, const void *job, BrimQueueTable *table, BrimClaim *what,
				  int (*claim)(void *arg, const BrimClaim *what, BrimPosition *last), void *arg);

#endif /* BRIM_WORKER_CURSOR_H */
