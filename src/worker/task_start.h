/*-------------------------------------------------------------------------
 *
 * task_start.h
 *	  The launcher's part in tasks: when a process is started, and where.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_TASK_START_H
#define BRIM_WORKER_TASK_START_H

#include "datatype/timestamp.h"

/* Note what has become of the processes; return true if one has ended. */
extern bool brim_task_start_watch(TimestampTz now);

/*
 * Start processes for the wishes that are due.  name_of() returns the name of a
 * database that has a worker, else NULL.  may_start: no worker waits for a
 * process.  Returns milliseconds until the next is due, or -1.
 */
extern long
brim_task_start_turn(TimestampTz now, bool may_start, const char *(*name_of)(Oid database));

/* Settings have changed: what was put off is tried at once. */
extern void brim_task_start_retry(void);

/* The role has changed: what runs as the old one ends. */
extern void brim_task_start_stop(void);

#endif /* BRIM_WORKER_TASK_START_H */
