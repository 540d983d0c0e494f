/*-------------------------------------------------------------------------
 *
 * task_slots.h
 *	  What launcher, task processes and sessions share about tasks.
 *
 * A wish says that somebody should look at brim.task of a database: a row was
 * queued there, or a process left one behind.  The launcher takes it, and starts
 * a process that looks.  A slot is one task process; there are as many as tasks
 * may run at once in the whole server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_PG_SERVER_TASK_SLOTS_H
#define BRIM_PG_SERVER_TASK_SLOTS_H

#include "datatype/timestamp.h"

#define BRIM_MAX_TASKS 2   /* processes at once */
#define BRIM_MAX_WISHES 64 /* databases; what finds no room is wished again when a worker starts */

/* Why nobody looks yet */
typedef enum BrimTaskWait
{
	BRIM_TASK_WAIT_NONE,    /* nothing is known to be in the way */
	BRIM_TASK_WAIT_TURN,    /* as many tasks run as may run at once */
	BRIM_TASK_WAIT_PROCESS, /* the server has no background worker left */
	BRIM_TASK_WAIT_START    /* the last process ended before it had looked */
} BrimTaskWait;

typedef struct BrimTaskWish
{
	Oid          database; /* InvalidOid: free */
	BrimTaskWait why;
	int          pause_ms; /* grows while processes fail to start */
	TimestampTz  start_at; /* no process before this time */
} BrimTaskWish;

typedef struct BrimTaskSlot
{
	Oid   database; /* of its process; InvalidOid: none */
	int   pid;
	bool  has_looked; /* this process, or the last one, has seen which rows there are */
	int64 task_id;    /* the row it works on; 0: none */
	Oid   stopped_by; /* who cancelled that; InvalidOid: nobody */
} BrimTaskSlot;

extern void brim_task_slots_init(void); /* while preloading only */

/* Launcher */
extern int  brim_task_slots_wishes(BrimTaskWish *copy, int max);
extern void brim_task_slots_put_off(const BrimTaskWish *wish); /* keep it, with these times */
extern void brim_task_slots_drop_wish(Oid database);
extern void brim_task_slots_retry(void);          /* every wish is due now */
extern void brim_task_slots_expect(int slot);     /* a process is about to be started for it */
extern bool brim_task_slots_is_free(int slot);    /* no process has it */
extern bool brim_task_slots_has_looked(int slot); /* its last process, that is */

/* Task processes */
extern bool brim_task_slots_attach(int slot); /* false if it is taken; released at exit */
extern void brim_task_slots_take(int64 task_id);
extern void brim_task_slots_looked(void);
extern void brim_task_slots_ended(void); /* how the task ended is recorded */
extern Oid  brim_task_slots_stopped_by(void);

/*
 * The lock that a process holds for its task as long as it lives: its own kind
 * of advisory lock, which no SQL function can take.
 */
extern bool brim_task_slots_lock(int64 task_id);     /* false if another process has it */
extern bool brim_task_slots_is_alive(int64 task_id); /* in a transaction */

/* Sessions, workers, task processes: of this database */
extern void brim_task_slots_wish(void);
extern void brim_task_slots_wish_at_commit(void);

/* Something may have been queued of which nobody knows: workers should look. */
extern void         brim_task_slots_note_news(void);
extern bool         brim_task_slots_take_news(void); /* return true if noted since the last call */
extern BrimTaskWait brim_task_slots_wait(void);
extern bool brim_task_slots_interrupt(int64 task_id, Oid by); /* false: no process runs it */

#endif /* BRIM_PG_SERVER_TASK_SLOTS_H */
