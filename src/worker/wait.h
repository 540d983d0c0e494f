/*-------------------------------------------------------------------------
 *
 * wait.h
 *	  One wait for everything: latch, postmaster death, sockets, timers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_WAIT_H
#define BRIM_WORKER_WAIT_H

/* Wait for so many milliseconds at most; true when the latch was set. */
extern bool brim_wait(long timeout_ms);

#endif /* BRIM_WORKER_WAIT_H */
