/*-------------------------------------------------------------------------
 *
 * shared.h
 *	  What launcher, workers and sessions share: ids, flags and counters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_SHARED_H
#define BRIM_PG_SERVER_SHARED_H

#include "datatype/timestamp.h"
#include "storage/lwlock.h"

#define BRIM_MAX_SLOTS 64   /* worker processes in all */
#define BRIM_MAX_WORKERS 16 /* of one database; they are numbered from 1 */

typedef enum BrimWorkerState
{
	BRIM_WORKER_STARTING,
	BRIM_WORKER_IDLE,
	BRIM_WORKER_BUSY,
	BRIM_WORKER_PAUSED,       /* brim_pause() */
	BRIM_WORKER_DISARMED,     /* brim.node does not describe this place */
	BRIM_WORKER_NO_EXTENSION, /* CREATE EXTENSION has not been done here */
	BRIM_WORKER_FAILING,      /* its transactions fail; the server log says why */
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
	int         number;   /* of the worker within its database */
	int         pid;
	int         proc_number;
	TimestampTz started_at;

	/* State */
	BrimWorkerState state;
	bool            was_ready;   /* the last process of this slot reached its loop */
	bool            must_stop;   /* its launcher is gone */
	bool            other_ended; /* another worker of the database has ended since it last asked */

	/* Statistics */
	int64 counters[BRIM_COUNTERS];
} BrimSlot;

/*
 * Ask for an area of shared memory, zeroed at first, with a lock of its own;
 * both are there when the server has started.  While preloading only, and
 * before brim_shared_init().
 */
extern void brim_shared_register(const char *name, Size size, void **memory, LWLock **area_lock);

extern void brim_shared_init(void); /* request the memory; while preloading only */
extern bool brim_shared_exists(void);

/* Launcher */
extern void brim_shared_set_launcher(int pid);
extern int  brim_shared_launcher(void);
extern void brim_shared_wake_launcher(void);
extern void brim_shared_expect(int slot);   /* a worker is about to be started for it */
extern void brim_shared_stop_workers(void); /* asks whoever holds a slot to stop */

/* Worker */
extern void brim_shared_attach(int slot, int number); /* released when the process exits */
extern void brim_shared_set_state(BrimWorkerState state);
extern void brim_shared_idle(void); /* nothing left to do, unless the state says why */
extern void brim_shared_count(BrimCounter counter, int64 n);
extern bool brim_shared_must_stop(void);
extern bool brim_shared_take_other_ended(void);
extern void brim_shared_wake_others(void); /* the other workers of this database, now */
extern void brim_shared_wake_all(void);    /* of every database */

/* Sessions */
extern int         brim_shared_slots(Oid database, BrimSlot *copy, int *numbers, int max);
extern bool        brim_shared_get(int slot, BrimSlot *copy);
extern void        brim_shared_wake_at_commit(void); /* the workers of this database */
extern const char *brim_shared_state_name(BrimWorkerState state);

/*
 * The lock that a worker process holds as long as it lives: its own kind of
 * advisory lock, which no SQL function can take.
 */
extern void brim_shared_lock_number(int number);     /* waits as long as lock_timeout says */
extern bool brim_shared_number_is_alive(int number); /* in a transaction */

/*
 * Take the lock of a number whose process is gone, until the transaction ends:
 * nobody can begin to be this worker meanwhile.  False when it lives.
 */
extern bool brim_shared_lock_dead_number(int number);

#endif /* BRIM_PG_SERVER_SHARED_H */
