/*-------------------------------------------------------------------------
 *
 * tools.c
 *	  Small things that both jobs need; see tools.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"

#include "db/node.h"
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
