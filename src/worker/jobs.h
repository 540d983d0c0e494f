/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  The sibling jobs of a worker, and what the loop offers them.
 *
 * classify, generate and deliver have the same functions in the same order: a job
 * takes up changed settings, has turns, and winds down.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_H
#define BRIM_WORKER_JOBS_H

#include "datatype/timestamp.h"

/* A sleep that only an event ends */
#define BRIM_FOREVER (-1L)

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
	int (*in_hand)(bool finished);

	/* Transactions failed and are tried again after a pause. */
	bool (*is_failing)(void);

	/* The loop's: pause after an error that hit the whole job */
	int         errors;
	TimestampTz pause_until;
} BrimJob;

extern BrimJob brim_classify_job;
extern BrimJob brim_generate_job;
extern BrimJob brim_deliver_job;

/* Identity of this worker process */
extern int64 brim_worker_token;
extern int   brim_worker_number;

/* Run work; an error in it is logged, its transaction aborted, and false returned. */
extern bool brim_worker_try(void (*work)(void *arg), void *arg);

/* Has no job anything in hand, but for what the asking one is just recording? */
extern bool brim_worker_is_idle(const BrimJob *job);

/* One job has made work for another: all get a turn at once, as if woken. */
extern void brim_worker_wake(void);

/* Has the process been asked to stop? */
extern bool brim_worker_is_stopping(void);

/* Was the last error one that passes, of the server and not of what was stored? */
extern bool brim_worker_error_passes(void);

/*
 * What was committed could not be taken up.  The process stops in good order,
 * and its successor takes over what it claimed.
 */
extern void brim_worker_begin_anew(void);

/* While held, SIGTERM asks for a stop instead of ending a running statement. */
extern void brim_worker_hold_stop(bool hold);

/*
 * A clock that only runs forward, in milliseconds.  A suspect has the worker to
 * itself for so long at most: one that only hangs must not stop the others.
 */
extern int64 brim_worker_clock(void);
extern long brim_worker_clock_until(int64 when); /* 0 for the past, BRIM_FOREVER for PG_INT64_MAX */
#define BRIM_ALONE_MS 10000

/* Milliseconds until a time; 0 for the past, BRIM_FOREVER for DT_NOEND. */
extern long   brim_worker_until(TimestampTz when);
extern long   brim_worker_sooner(long a, long b);
extern uint32 brim_worker_random(void);

/* The longest a job sleeps while rows wait for something other than time */
#define BRIM_RECHECK_MS 60000L

/* Wait for sockets, latch, timer (wait.c) */
extern bool brim_wait(long timeout_ms); /* true when the latch was set */

#endif /* BRIM_WORKER_JOBS_H */
