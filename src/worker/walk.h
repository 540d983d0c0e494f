/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  How a job goes through its queue: from the top on, suspects alone.
 *
 * A cursor remembers where the last claim ended, so that what is blocked, or
 * dead but still visible to an old snapshot, is walked past once and not by
 * every claim.  Suspects are rows that were at hand when a worker died; one of
 * them is taken only by a worker that has nothing else in hand, so that what
 * it does to the worker is charged to no other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WALK_H
#define BRIM_WORKER_WALK_H

#include "datatype/timestamp.h"
#include "pg/queue/queue.h"
#include "worker/jobs.h"

/* A suspect has the worker to itself for so long at most: one that only hangs stops nobody. */
#define BRIM_ALONE_MS 10000

typedef struct BrimCursor
{
	BrimPlaceInQueue at;         /* where the last claim ended */
	bool             has_left;   /* it ended below the top */
	bool             has_news;   /* something was queued since */
	TimestampTz      at_top;     /* when a claim last began at the top */
	int              top_ms;     /* how long that took */
	bool             suspects;   /* there may be suspects that can go */
	int              recoveries; /* seen by then */
} BrimCursor;

/* A queue, as a walk needs it; both functions run inside the caller's transaction. */
typedef struct BrimQueue
{
	/* Returns how many were claimed, and the place of the last. */
	int (*claim)(const BrimClaim *what, void *arg, BrimPlaceInQueue *last);
	int (*suspects)(const char *node_id, int max, BrimPlaceInQueue *places);
} BrimQueue;

typedef struct BrimWalk
{
	BrimCursor cursor; /* a copy: the job takes it over when the transaction is committed */
	bool       alone;  /* what was claimed is a suspect */
	bool       more;   /* there may be more to claim at once */
} BrimWalk;

/*
 * Claim at most what->max rows; returns how many.  after, until and suspects of
 * what are filled in here.
 */
extern int brim_walk_claim(BrimWalk *walk, const BrimJob *job, const BrimQueue *queue,
						   BrimClaim *what, void *arg);

/*
 * One job at a time may be alone: the others claim nothing until it has dealt
 * with its suspects.
 */
extern bool brim_walk_may_claim(const BrimJob *job);
extern void brim_walk_settle(const BrimJob *job, const BrimCursor *cursor); /* after the commit */

/* A job that may not claim now waits for nothing; nor does it keep the others waiting. */
extern void brim_walk_yield(const BrimJob *job);

/* Something in hand has ended: who waits to be alone may be by now. */
extern void brim_walk_ended(const BrimJob *job);

#endif /* BRIM_WORKER_WALK_H */
