/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The worker's time: that of the server, and how far a test has turned it.
 *
 * A superuser can turn the clock of all workers forward (brim.turn_clock()),
 * so that a test need not wait until something is due.  It cannot be turned
 * back; a restart of the server puts it right.  Waits for the network go by
 * the real clock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_CLOCK_H
#define BRIM_PG_SERVER_CLOCK_H

#include "datatype/timestamp.h"

extern void brim_clock_init(void); /* while preloading only */

/* The worker's time, and how far it is ahead of the server's in microseconds. */
extern TimestampTz brim_clock_now(void);
extern int64       brim_clock_turned(void);

/* The worker's time at which this transaction began: what now() is to SQL. */
extern TimestampTz brim_clock_of_transaction(void);

#endif /* BRIM_PG_SERVER_CLOCK_H */
