/*-------------------------------------------------------------------------
 *
 * tools.h
 *	  Small things that all jobs need: reports and batches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_TOOLS_H
#define BRIM_WORKER_TOOLS_H

#include "datatype/timestamp.h"

/* What a part of the worker says about itself in brim.component. */
typedef struct BrimReport
{
	const char *component;
	bool        is_new; /* not written yet */
	char        state[32];
	char        detail[512];
} BrimReport;

extern void brim_report_set(BrimReport *report, const char *state, const char *detail);

/* Inside a transaction; after its commit comes brim_report_written(). */
extern void brim_report_write(const BrimReport *report, TimestampTz retry_at);
extern void brim_report_written(BrimReport *report);

/*
 * A growing pause after transactions that failed: from a second to a minute.
 * Transfers go on meanwhile.
 */
typedef struct BrimBackoff
{
	int         failures;
	TimestampTz until;
} BrimBackoff;

extern void brim_backoff_failed(BrimBackoff *backoff);
extern void brim_backoff_clear(BrimBackoff *backoff);
extern bool brim_backoff_pauses(BrimBackoff *backoff);     /* false when it is over or none runs */
extern long brim_backoff_left(const BrimBackoff *backoff); /* ms; BRIM_FOREVER: none runs */

/*
 * Rows that were claimed together share a memory context, which goes when the
 * last of them is done.
 */
typedef struct BrimBatch
{
	MemoryContext context;
	int           users;
} BrimBatch;

extern BrimBatch *brim_batch_adopt(MemoryContext context); /* one user: the caller */
extern void       brim_batch_keep(BrimBatch *batch);
extern void       brim_batch_drop(BrimBatch *batch); /* NULL is nothing */

#endif /* BRIM_WORKER_TOOLS_H */
