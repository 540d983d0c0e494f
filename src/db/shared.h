/*-------------------------------------------------------------------------
 *
 * shared.h
 *	  What launcher, workers and sessions share: ids, flags and counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_DB_SHARED_H
#define BRIM_DB_SHARED_H

#include "datatype/timestamp.h"
#include "storage/lwlock.h"

#define BRIM_MAX_SLOTS 64

typedef enum BrimWorkerState
{
	BRIM_WORKER_STARTING,
	BRIM_WORKER_IDLE,
	BRIM_WORKER_BUSY,
	BRIM_WORKER_PAUSED,       /* brim_pause() */
	BRIM_WORKER_DISARMED,     /* brim.node does not describe this place */
	BRIM_WORKER_NO_EXTENSION, /* CREATE EXTENSION has not been done here */
	BRIM_WORKER_STOPPING
} BrimWorkerState;

typedef enum BrimCounter
{
	BRIM_COUNT_CLAIMED,
	BRIM_COUNT_SENT,
	BRIM_COUNT_FAILED,
	BRIM_COUNT_UNCERTAIN,
	BRIM_COUNT_GENERATED,
	BRIM_COUNT_ERRORS,
	BRIM_COUNTERS
} BrimCounter;

typedef struct BrimSlot
{
	/* Identity */
	Oid         database; /* InvalidOid: free */
	int         pid;
	int         proc_number;
	TimestampTz started_at;

	/* State */
	BrimWorkerState state;
	bool            was_ready;  /* the last process of this slot reached its loop */
	bool            clean_exit; /* ... and ended by exiting, not by vanishing */
	bool            must_stop;  /* its launcher is gone */

	/* Statistics */
	int64 counters[BRIM_COUNTERS];
} BrimSlot;

extern void brim_shared_init(void); /* request the memory; while preloading only */
extern bool brim_shared_exists(void);

/* Launcher */
extern void brim_shared_set_launcher(int pid);
extern int  brim_shared_launcher(void);
extern void brim_shared_expect(int slot);   /* a worker is about to be started for it */
extern void brim_shared_stop_workers(void); /* asks whoever holds a slot to stop */

/* Worker */
extern void brim_shared_attach(int slot); /* released when the process exits */
extern void brim_shared_set_state(BrimWorkerState state);
extern void brim_shared_idle(void); /* nothing left to do, unless the state says why */
extern void brim_shared_count(BrimCounter counter, int64 n);
extern bool brim_shared_predecessor_was_clean(void);
extern bool brim_shared_must_stop(void);

/* Sessions */
extern int         brim_shared_slots(Oid database, BrimSlot *copy, int *numbers, int max);
extern bool        brim_shared_get(int slot, BrimSlot *copy);
extern void        brim_shared_wake_at_commit(void); /* the worker of this database */
extern const char *brim_shared_state_name(BrimWorkerState state);

/*
 * The lock that a worker process holds as long as it lives: its own kind of
 * advisory lock, which no SQL function can take.
 */
extern bool brim_shared_lock_number(int number);
extern bool brim_shared_number_is_alive(int number);

#endif /* BRIM_DB_SHARED_H */
