/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  How a job goes through its queue; see walk.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "pg/server/server.h"
#include "worker/recovery.h"
#include "worker/walk.h"

#define NEWS_MS 1000 /* the least time between two walks from the top for the sake of news */
#define TOP_SHARE 10 /* ... and the least in terms of what such a walk costs */
#define MAX_SUSPECTS 256

/* The job that has, or waits for, the worker to itself. */
static const BrimJob *alone = NULL;

/* Begin at the top again when something was queued, if the last time is not too close. */
static void
choose_begin(BrimCursor *cursor)
{
	long pause = Max(NEWS_MS, (long) cursor->top_ms * TOP_SHARE);

	if (cursor->has_left && cursor->has_news &&
		TimestampDifferenceExceeds(cursor->at_top, brim_clock_now(), (int) pause))
		cursor->has_left = false;
	if (!cursor->has_left)
	{
		cursor->at = BRIM_QUEUE_BEGIN;
		cursor->has_news = false;
	}
}

/* One suspect, if the worker has nothing else in hand. */
static int
claim_suspect(BrimWalk *walk, const BrimQueue *queue, BrimClaim *what, void *arg)
{
	BrimPlaceInQueue places[MAX_SUSPECTS];
	BrimPlaceInQueue last;
	int              n = queue->suspects(what->node_id, MAX_SUSPECTS, places);
	int              max = what->max;

	what->suspects = true;
	what->max = 1;
	for (int i = 0; i < n; i++)
	{
		what->after = what->until = places[i];
		what->after.id--;
		if (queue->claim(what, arg, &last) > 0)
		{
			walk->alone = walk->more = true;
			return 1;
		}
	}
	walk->cursor.suspects = false; /* none that can go now */
	what->max = max;
	return 0;
}

int
brim_walk_claim(BrimWalk *walk, const BrimJob *job, const BrimQueue *queue, BrimClaim *what,
				void *arg)
{
	BrimCursor      *cursor = &walk->cursor;
	BrimPlaceInQueue last;
	bool             tried = false;
	bool             from_top;
	instr_time       begin;
	instr_time       end;
	int              n;

	walk->alone = false;
	walk->more = false;
	if (cursor->recoveries != brim_recovery_count())
	{
		cursor->recoveries = brim_recovery_count();
		cursor->suspects |= queue->suspects(what->node_id, 1, &last) > 0;
	}
	if (cursor->suspects)
	{
		if (!brim_process_is_idle(job))
			return 0; /* what is in hand ends first; then we are asked again */
		if (claim_suspect(walk, queue, what, arg) > 0)
			return 1;
		tried = true;
	}

	choose_begin(cursor);
	from_top = !cursor->has_left;
	what->suspects = false;
	what->after = cursor->at;
	what->until = BRIM_QUEUE_END;
	INSTR_TIME_SET_CURRENT(begin);
	n = queue->claim(what, arg, &last);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, begin);
	if (from_top)
	{
		cursor->at_top = brim_clock_now();
		cursor->top_ms = (int) INSTR_TIME_GET_MILLISEC(end);
	}
	cursor->has_left = (n == what->max);
	if (cursor->has_left)
		cursor->at = last;
	/* what became free or due above the place where we began is found by another walk */
	walk->more = cursor->has_left || !from_top;
	if (n == 0 && !walk->more && !tried && queue->suspects(what->node_id, 1, &last) > 0)
		cursor->suspects = walk->more = true;
	return n;
}

bool
brim_walk_may_claim(const BrimJob *job)
{
	return alone == NULL || alone == job;
}

void
brim_walk_settle(const BrimJob *job, const BrimCursor *cursor)
{
	if (cursor->suspects && alone == NULL)
		alone = job;
	else if (!cursor->suspects && alone == job)
	{
		alone = NULL;
		brim_process_wake(); /* the others may go on */
	}
}

void
brim_walk_yield(const BrimJob *job)
{
	if (alone != job)
		return;
	alone = NULL;
	brim_process_wake();
}

void
brim_walk_ended(const BrimJob *job)
{
	if (!brim_walk_may_claim(job))
		brim_process_wake();
}
