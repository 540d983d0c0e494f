/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  The sibling jobs of a worker, and how the loop runs them.
 *
 * classify, generate and deliver have the same functions in the same order: a job
 * takes up changed settings, has turns, and winds down.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_H
#define BRIM_WORKER_JOBS_H

#include "datatype/timestamp.h"
#include "worker/process.h"

typedef struct BrimJob
{
	const char *name;

	/* Settings were read, for the first time or anew. */
	void (*reload)(void);

	/*
	 * Do what can be done without waiting.  woken: something in the database
	 * may have changed.  Returns milliseconds after which it wants a turn
	 * even if nothing happens, 0 for at once, BRIM_FOREVER for never.
	 */
	long (*turn)(bool woken);

	/*
	 * Stop: begin nothing, give back what can be given back.  True when
	 * nothing is left that must be waited for.  Called again and again.
	 */
	bool (*stop)(void);

	/* Rows in hand, with or without those whose result only has to be recorded. */
	int (*in_hand)(void *self, bool finished);

	/* Transactions failed and are tried again after a pause. */
	bool (*is_failing)(void);

	/* The loop's: pause after an error that hit the whole job */
	int         errors;
	TimestampTz pause_until;
} BrimJob;

extern BrimJob brim_classify_job;
extern BrimJob brim_generate_job;
extern BrimJob brim_deliver_job;

#endif /* BRIM_WORKER_JOBS_H */
