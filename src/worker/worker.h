/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  What the room offers: processes, and jobs that have turns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WORKER_H
#define BRIM_WORKER_WORKER_H

#include "datatype/timestamp.h"
#include "worker/task.h"

/* All but reload and turn may be NULL. */
typedef struct BrimJobOps
{
	/* Settings were read, at the start or again. */
	void (*reload)(void *self);

	/*
	 * Do what can be done without waiting.  woken: something in the database
	 * may have changed.  Returns milliseconds after which it wants a turn
	 * even if nothing happens, 0 for at once, BRIM_FOREVER for never.
	 */
	long (*turn)(void *self, bool woken);

	/*
	 * Stop: begin nothing, give back what can be given back.  True when
	 * nothing is left that must be waited for.  Called again and again.
	 */
	bool (*stop)(void *self);

	/* Rows that it works on, with or without those whose result only has to be recorded. */
	int (*busy)(void *self, bool finished);

	/* Transactions failed and are tried again after a pause. */
	bool (*is_failing)(void *self);
} BrimJobOps;

typedef struct BrimJob
{
	const BrimJobOps *ops;
	void             *self;

	/* The loop's: pause after an error that hit the whole job */
	int         errors;
	TimestampTz pause_until;
} BrimJob;

/* Register the launcher; while preloading only. */
extern void brim_launcher_init(void);

/* Called by name through the background worker machinery. */
extern PGDLLEXPORT void brim_launcher_main(Datum arg);

/* The argument of a worker process: its slot in shared memory, its number in its database. */
#define BRIM_LOOP_ARG(slot, number) Int32GetDatum((slot) + (number) *BRIM_MAX_SLOTS)
#define BRIM_LOOP_ARG_SLOT(arg) (DatumGetInt32(arg) % BRIM_MAX_SLOTS)
#define BRIM_LOOP_ARG_NUMBER(arg) (DatumGetInt32(arg) / BRIM_MAX_SLOTS)

/* Be the worker process of a database that runs these jobs; does not return. */
extern void brim_loop_run(Datum arg, BrimJob *jobs, int njobs);

/* Wait for so many milliseconds at most; true when the latch was set. */
extern bool brim_wait(long timeout_ms);

#endif /* BRIM_WORKER_WORKER_H */
