/*-------------------------------------------------------------------------
 *
 * poison.c
 *	  Which job has the worker to itself; see poison.h.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#include "compat.h"

#include "worker/poison.h"
#include "worker/process.h"

/* The job that has, or waits for, the worker to itself */
static const void *alone = NULL;

bool
brim_poison_may_claim(const void *job)
{
	return alone == NULL || alone == job;
}

void
brim_poison_settle(const void *job, bool suspects)
{
	if (suspects && alone == NULL)
		alone = job;
	else if (!suspects)
		brim_poison_yield(job);
}

void
brim_poison_yield(const void *job)
{
	if (alone != job)
		return;
	alone = NULL;
	brim_process_wake(); /* the others may go on */
}

void
brim_poison_ended(const void *job)
{
	if (!brim_poison_may_claim(job))
		brim_process_wake();
}
