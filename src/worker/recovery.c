/*-------------------------------------------------------------------------
 *
 * recovery.c
 *	  May work be taken up here, and what did the dead leave behind?
 *
 * Who is dead is said by the lock of a worker's number, which its process
 * holds as long as it lives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "db/email.h"
#include "db/faults.h"
#include "db/generation.h"
#include "db/shared.h"
#include "worker/jobs.h"
#include "worker/recovery.h"

#define OTHERS_EVERY_MS 10000

static bool        own_is_done = false;
static bool        is_under_way = false; /* in a transaction that is not committed yet */
static TimestampTz others_at = 0;        /* when the others were last looked after */
static int         count = 0;

/* Recover the rows of one number, whose lock is ours. */
static void
recover(int number)
{
	bool clean = brim_shared_ended_cleanly(number);
	int  n = brim_generation_recover(brim_worker_token, number, clean);

	n += brim_email_recover(brim_worker_token, number, clean);
	if (n > 0)
		ereport(LOG, (errmsg("brim worker %d took over %d rows that worker %d had in hand",
							 brim_worker_number, n, number)));
}

static void
recover_others(void)
{
	for (int number = 1; number <= BRIM_MAX_WORKERS; number++)
	{
		if (number != brim_worker_number && brim_shared_lock_dead_number(number))
			recover(number);
	}
}

bool
brim_recovery_may_work(BrimNode *node)
{
	TimestampTz now = GetCurrentTimestamp();

	brim_node_read(node);
	if (!node->is_armed)
	{
		brim_component_set("node", "disarmed", node->why, 0);
		brim_shared_set_state(BRIM_WORKER_DISARMED);
		return false;
	}
	brim_component_set("node", "ok", "", 0);

	/* in a copy these rows are not ours to judge, hence only once armed */
	if (!own_is_done)
	{
		recover(brim_worker_number);
		own_is_done = is_under_way = true;
		BRIM_FAULT("recovery");
	}
	if (brim_shared_take_other_ended() || now < others_at ||
		TimestampDifferenceExceeds(others_at, now, OTHERS_EVERY_MS))
	{
		recover_others();
		others_at = now;
		count++;
		is_under_way = true;
	}
	if (node->is_paused)
	{
		brim_shared_set_state(BRIM_WORKER_PAUSED);
		return false;
	}
	return true;
}

void
brim_recovery_committed(void)
{
	is_under_way = false;
}

void
brim_recovery_aborted(void)
{
	if (is_under_way)
	{
		own_is_done = is_under_way = false;
		others_at = 0;
	}
}

int
brim_recovery_count(void)
{
	return count;
}
