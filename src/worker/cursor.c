/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  Where in its queue a job claims; see cursor.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "portability/instr_time.h"
#include "utils/timestamp.h"

#include "worker/cursor.h"
#include "worker/process.h"
#include "worker/recovery.h"

#define NEWS_MS 1000 /* the least time between two claims from the top for the sake of news */
#define TOP_SHARE 10 /* ... and the least in terms of what such a claim costs */
#define MAX_SUSPECTS 256

typedef int (*Claim)(void *arg, const BrimClaim *what, BrimPosition *last);

/* One suspect, if the worker works on nothing else. */
static int
claim_suspect(BrimCursor *cursor, BrimQueueTable *table, BrimClaim *what, Claim claim, void *arg)
{
	BrimPosition positions[MAX_SUSPECTS];
	BrimPosition last;
	int          n = brim_table_suspects(table, what->node_id, MAX_SUSPECTS, positions);
	int          max = what->max;

	what->suspects = true;
	what->max = 1;
	for (int i = 0; i < n; i++)
	{
		what->after = what->until = positions[i];
		what->after.id--;
		if (claim(arg, what, &last) > 0)
		{
			cursor->alone = cursor->more = true;
			return 1;
		}
	}
	cursor->suspects = false; /* none that can go now */
	what->max = max;
	return 0;
}

/* Claim from where the last claim ended, or from the top. */
static int
claim_next(BrimCursor *cursor, BrimClaim *what, Claim claim, void *arg)
{
	const long   pause = Max(NEWS_MS, (long) cursor->top_ms * TOP_SHARE);
	BrimPosition last;
	bool         from_top;
	instr_time   begin;
	instr_time   end;
	int          n;

	/* at the top again when something was queued, if the last time is not too close */
	if (cursor->has_left && cursor->has_news &&
		TimestampDifferenceExceeds(cursor->at_top, brim_clock_now(), (int) pause))
		cursor->has_left = false;
	from_top = !cursor->has_left;
	if (from_top)
	{
		cursor->at = BRIM_POSITION_BEGIN;
		cursor->has_news = false;
	}
	what->suspects = false;
	what->after = cursor->at;
	what->until = BRIM_POSITION_END;
	INSTR_TIME_SET_CURRENT(begin);
	n = claim(arg, what, &last);
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
	/* what became free or due above the place where we began is found by another claim */
	cursor->more = cursor->has_left || !from_top;
	return n;
}

int
brim_cursor_claim(BrimCursor *cursor, const void *job, BrimQueueTable *table, BrimClaim *what,
				  Claim claim, void *arg)
{
	BrimPosition first;
	bool         tried = false;
	int          n;

	cursor->alone = false;
	cursor->more = false;
	if (cursor->recoveries != brim_recovery_count())
	{
		cursor->recoveries = brim_recovery_count();
		cursor->suspects |= brim_table_suspects(table, what->node_id, 1, &first) > 0;
	}
	if (cursor->suspects)
	{
		if (!brim_process_is_idle(job))
			return 0; /* what is under way ends first; then we are asked again */
		if (claim_suspect(cursor, table, what, claim, arg) > 0)
			return 1;
		tried = true;
	}
	n = claim_next(cursor, what, claim, arg);
	if (n == 0 && !cursor->more && !tried &&
		brim_table_suspects(table, what->node_id, 1, &first) > 0)
		cursor->suspects = cursor->more = true;
	return n;
}
