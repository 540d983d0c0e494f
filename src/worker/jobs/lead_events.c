/*-------------------------------------------------------------------------
 *
 * lead_events.c
 *	  The job that brings leads what was found in their texts, a few leads at
 *	  a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/timestamp.h"

#include "pg/queue/queue.h"
#include "pg/server/server.h"
#include "worker/jobs/jobs.h"
#include "worker/recovery.h"

/* When to look for leads that lack what was found */
static bool        look = true;
static TimestampTz look_at = DT_NOEND;

static void
reload(void *self)
{
	look = true;
}

/* One step towards all leads knowing what was found */
static long
turn(void *self, bool woken)
{
	BrimNode node;
	int      n = 0;

	if (woken || brim_process_until(look_at) == 0)
		look = true;
	if (!brim_classify || brim_process_is_stopping())
		return BRIM_FOREVER;
	if (!look)
		return brim_process_until(look_at);
	look_at = DT_NOEND;
	if (brim_txn_begin("brim: events of leads"))
	{
		if (brim_recovery_may_work(&node))
			n = brim_classification_hand_on(&look_at);
		brim_txn_commit();
	}
	look = n > 0;
	if (n == 0)
		return brim_process_until(look_at);
	brim_process_wake(); /* leads may qualify now */
	brim_shared_wake_others();
	return 0;
}

const BrimJobOps brim_lead_events_job = {.reload = reload, .turn = turn};
