/*-------------------------------------------------------------------------
 *
 * tools.c
 *	  Small things that all jobs need; see tools.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/queue/queue.h"
#include "worker/jobs.h"
#include "worker/tools.h"

void
brim_report_set(BrimReport *report, const char *state, const char *detail)
{
	if (strcmp(report->state, state) == 0 && strcmp(report->detail, detail) == 0)
		return;
	strlcpy(report->state, state, sizeof(report->state));
	strlcpy(report->detail, detail, sizeof(report->detail));
	report->is_new = true;
}

void
brim_report_write(const BrimReport *report, TimestampTz retry_at)
{
	if (report->is_new)
		brim_component_set(report->component, report->state, report->detail, retry_at);
}

void
brim_report_written(BrimReport *report)
{
	report->is_new = false;
}

void
brim_backoff_failed(BrimBackoff *backoff)
{
	if (backoff->until != 0 && brim_process_until(backoff->until) > 0)
		return; /* another failure in the same pause */
	backoff->failures = Min(backoff->failures + 1, 7);
	backoff->until = brim_process_in(Min(500L << backoff->failures, BRIM_RECHECK_MS));
}

void
brim_backoff_clear(BrimBackoff *backoff)
{
	backoff->failures = 0;
	backoff->until = 0;
}

bool
brim_backoff_pauses(BrimBackoff *backoff)
{
	if (backoff->until != 0 && brim_process_until(backoff->until) == 0)
		backoff->until = 0;
	return backoff->until != 0;
}

long
brim_backoff_left(const BrimBackoff *backoff)
{
	return backoff->until == 0 ? BRIM_FOREVER : brim_process_until(backoff->until);
}

BrimBatch *
brim_batch_adopt(MemoryContext context)
{
	BrimBatch *batch;

	MemoryContextSetParent(context, TopMemoryContext);
	batch = MemoryContextAlloc(context, sizeof(BrimBatch));
	batch->context = context;
	batch->users = 1;
	return batch;
}

void
brim_batch_keep(BrimBatch *batch)
{
	batch->users++;
}

void
brim_batch_drop(BrimBatch *batch)
{
	if (batch != NULL && --batch->users == 0)
		MemoryContextDelete(batch->context);
}
