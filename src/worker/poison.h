/*-------------------------------------------------------------------------
 *
 * poison.h
 *	  Which job has the worker to itself, to find out what kills it.
 *
 * Suspects are rows that a worker was working on when it died.  One of them is
 * claimed only by a worker that works on nothing else, so that what it does to
 * the worker is charged to no other row; a second death holds it as poison.
 * While one job deals with its suspects the others claim nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_POISON_H
#define BRIM_WORKER_POISON_H

/* A suspect has the worker to itself for so long at most: one that only hangs stops nobody. */
#define BRIM_ALONE_MS 10000

/* Return true if no other job has, or waits for, the worker to itself. */
extern bool brim_poison_may_claim(const void *job);

/* After the commit of a claim: there may be suspects of this job that can go, or none. */
extern void brim_poison_settle(const void *job, bool suspects);

/* Neither wait for a job that may not claim now, nor make others wait for it. */
extern void brim_poison_yield(const void *job);

/* Something has ended: a job that waits to be alone may be so by now. */
extern void brim_poison_ended(const void *job);

#endif /* BRIM_WORKER_POISON_H */
