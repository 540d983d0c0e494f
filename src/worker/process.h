/*-------------------------------------------------------------------------
 *
 * process.h
 *	  What every part of a worker knows of its process: identity, clock, stop.
 *
 * This is the bottom of src/worker: it calls nothing above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_PROCESS_H
#define BRIM_WORKER_PROCESS_H

#include "datatype/timestamp.h"

/* A sleep that only an event ends, and the longest while rows wait for anything but time */
#define BRIM_FOREVER (-1L)
#define BRIM_RECHECK_MS 60000L

/* Identity: a random number that no other process has, and the number within the database */
extern int64 brim_process_token;
extern int   brim_process_number;

/* Install the handler of SIGTERM, before signals are unblocked. */
extern void brim_process_init(void);

/*
 * Become the worker of this number, which no other live process of the database
 * has.  Should one still be about to end, an error after a while has us started
 * again.
 */
extern void brim_process_become(int number);

/* After connecting: end the process if brim.worker_role is a superuser. */
extern void brim_process_refuse_superuser(void);

/*
 * Time.  until() and the like return milliseconds: 0 for the past, BRIM_FOREVER
 * for never, a minute at most, since the clock may be set.
 */
extern TimestampTz brim_process_in(int64 milliseconds); /* that long from now */
extern long        brim_process_until(TimestampTz when);
extern long        brim_process_sooner(long a, long b);

/*
 * Clocks that only run forward, in milliseconds.  That of the process can be
 * turned like brim_clock_now(); the steady one cannot: waits for the network go
 * by it, and a signal handler may read it.
 */
extern int64 brim_process_clock(void);
extern long  brim_process_clock_until(int64 when);
extern int64 brim_process_steady(void);
extern long  brim_process_steady_until(int64 when);

extern uint32 brim_process_random(void);

/*
 * Run work in the context of this turn; an error in it is logged, its
 * transaction aborted, and false returned.
 */
extern bool brim_process_try(void (*work)(void *arg), void *arg);
extern void brim_process_begin_turn(void);
extern void brim_process_end_turn(void); /* frees what the turn allocated */

/* Return true if the last error was one of the server that passes, not of what was stored. */
extern bool brim_process_error_passes(void);

/* Give all jobs a turn at once, as if something had woken the process. */
extern void brim_process_wake(void);
extern bool brim_process_take_wake(void); /* was that asked for since the last call? */

/*
 * Stopping: asked for by SIGTERM or from within.  While a stop is held, SIGTERM
 * does not end a running statement; leave() makes the next SIGTERM the last.
 */
extern bool brim_process_is_stopping(void);
extern void brim_process_stop(void);
extern void brim_process_hold_stop(bool hold);
extern void brim_process_leave(void);

/*
 * Who works: each job says how many rows it works on, with or without those
 * whose result only has to be recorded.  is_idle() is true if none does, not
 * counting what the one that asks is just recording.
 */
extern void brim_process_register(int (*busy)(void *self, bool finished), void *self);
extern bool brim_process_is_idle(const void *self);

#endif /* BRIM_WORKER_PROCESS_H */
