/*-------------------------------------------------------------------------
 *
 * recovery.c
 *	  Whether work may be taken up here, and what dead workers left behind.
 *
 * Who is dead is said by the lock of a worker's number, which its process
 * holds as long as it lives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/queue/queue.h"
#include "pg/server/server.h"
#include "worker/process.h"
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
	bool clean = brim_exit_mark_found(number);
	int  n = brim_table_recover(&brim_generation_queue, brim_process_token, number, clean) +
			brim_table_recover(&brim_classification_queue, brim_process_token, number, clean) +
			brim_email_recovery_run(brim_process_token, number, clean);

	if (n > 0)
		ereport(LOG, (errmsg("brim worker %d recovered %d rows left by worker %d",
							 brim_process_number, n, number)));
}

static void
recover_others(void)
{
	for (int number = 1; number <= BRIM_MAX_WORKERS; number++)
	{
		if (number != brim_process_number && brim_shared_lock_dead_number(number))
			recover(number);
	}
}

/* Return true if all names of a list are among those of another. */
static bool
are_among(const char *names, const char *others)
{
	List     *list = NIL;
	List     *all = NIL;
	ListCell *cell;
	ListCell *other;

	if (!SplitGUCList(pstrdup(names), ',', &list) || !SplitGUCList(pstrdup(others), ',', &all))
		return false;
	foreach (cell, list)
	{
		bool found = false;

		foreach (other, all)
			found |= strcmp(lfirst(cell), lfirst(other)) == 0;
		if (!found)
			return false;
	}
	return true;
}

/*
 * With brim.after_promotion = resume the row of brim.node says to a promoted
 * standby that it knows every barrier.  So once it says that of a standby, no
 * e-mail goes out that this standby has not confirmed.
 */
static bool
standbys_allow(BrimNode *node)
{
	char *names = brim_after_promotion == BRIM_AFTER_PROMOTION_RESUME ? brim_standby_names() : NULL;

	if (brim_after_promotion == BRIM_AFTER_PROMOTION_RESUME &&
		!are_among(node->confirmed_by, names != NULL ? names : ""))
	{
		char why[sizeof(node->confirmed_by) + 200];

		snprintf(why, sizeof(why),
				 "brim.after_promotion is resume, but synchronous_standby_names does not require "
				 "every standby that is relied on: %s",
				 node->confirmed_by);
		brim_node_set_component("node", "fault", why, 0);
		return false;
	}
	if (strcmp(names != NULL ? names : "", node->confirmed_by) != 0)
		brim_node_set_confirmed_by(names);
	return true;
}

/* What was recovered counts once it is committed. */
static void
on_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT)
		is_under_way = false;
	else if (event == XACT_EVENT_ABORT && is_under_way)
	{
		own_is_done = is_under_way = false;
		others_at = 0;
	}
}

void
brim_recovery_init(void)
{
	RegisterXactCallback(on_end, NULL);
}

bool
brim_recovery_may_work(BrimNode *node)
{
	TimestampTz now = brim_clock_now();

	brim_node_read(node);
	if (!node->is_armed && brim_after_promotion == BRIM_AFTER_PROMOTION_RESUME &&
		brim_node_resume())
	{
		ereport(LOG, (errmsg("brim worker resumes after a promotion")));
		brim_node_read(node);
	}
	if (!node->is_armed)
	{
		brim_node_set_component("node", "disarmed", node->why, 0);
		brim_shared_set_state(BRIM_WORKER_DISARMED);
		return false;
	}
	if (!standbys_allow(node))
		return false;
	brim_node_set_component("node", "ok", "", 0);

	/* in a copy these rows are not ours to judge, hence only once armed */
	if (!own_is_done)
	{
		recover(brim_process_number);
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

int
brim_recovery_count(void)
{
	return count;
}
