/*-------------------------------------------------------------------------
 *
 * asker.h
 *	  What the two jobs that ask Gemini have in common: generate and classify.
 *
 * A slot is one request in hand: its rows are claimed, then it waits for the
 * answer, then for what became of it to be recorded.  An asker is a job with
 * its slots; its kind says what the job does with a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_ASKER_H
#define BRIM_WORKER_ASKER_H

#include "pg/server/server.h"
#include "net/net.h"
#include "worker/jobs.h"
#include "worker/tools.h"
#include "worker/walk.h"

#define BRIM_ASKER_MAX_SLOTS 256

typedef enum BrimAskState
{
	SLOT_FREE,
	SLOT_CLAIMED,
	SLOT_WAITING,  /* for its request */
	SLOT_FINISHED, /* to be recorded */
	SLOT_STUCK     /* could not be recorded; tried again now and then */
} BrimAskState;

/* First member of the slots of both jobs */
typedef struct BrimAskSlot
{
	BrimAskState state;
	int64        alone_until; /* a suspect: nothing else is taken until then (clock); 0: none */
	BrimBatch   *batch;       /* owns the texts of its rows */
	BrimHttp    *http;

	/* Result, when FINISHED */
	bool charged;
	int  failures; /* to record it */
	int  latency_ms;
	char error[256];
} BrimAskSlot;

/* What one transaction of an asker is to do, and what it found. */
typedef struct BrimAskTransaction
{
	struct BrimAsker *asker;
	int               max;     /* rows to claim */
	BrimAskSlot      *only;    /* record this slot alone, or NULL for all */
	bool              reports; /* write what is new for brim.component */

	bool          installed;
	BrimWalk      walk;
	TimestampTz   look_at; /* when, if not at once */
	MemoryContext context; /* of the claimed rows */
	void         *rows;    /* what the queue's claim put there */
	int           nrows;
} BrimAskTransaction;

typedef struct BrimAskKind
{
	const char     *activity; /* what pg_stat_activity shows of its transactions */
	BrimService     service;  /* its breaker and its report */
	const BrimQueue queue;    /* the arg of claim is the BrimAskTransaction */
	int             nslots;   /* at most BRIM_ASKER_MAX_SLOTS */

	/* May it ask at all?  And for how many rows more, so many slots being used and vacant? */
	bool (*is_on)(void);
	int (*room)(int used, int vacant, bool is_probe);

	/* Inside a transaction */
	void (*record)(BrimAskTransaction *txn);
	TimestampTz (*next_due)(bool *blocked);
	void (*release_forgotten)(void);

	/* Outside: a slot from the claim to its end */
	BrimAskSlot *(*slot)(int i);
	void (*adopt)(BrimAskTransaction *txn, BrimBatch *batch); /* rows into free slots */
	void (*start)(BrimAskSlot *slot);     /* may leave it CLAIMED; then it is called again */
	void (*interpret)(BrimAskSlot *slot); /* the request has ended */
	void (*give_back)(BrimAskSlot *slot); /* the worker stops */
	void (*simplify)(BrimAskSlot *slot);  /* it could not be recorded so: end it in a simpler way */
	void (*ended)(BrimAskSlot *slot);     /* it is recorded */
	void (*clear)(BrimAskSlot *slot);     /* let go of what it holds */
} BrimAskKind;

typedef struct BrimAsker
{
	const BrimAskKind *kind;
	const BrimJob     *job;

	/* Where in the queue we are, and when to look for rows again */
	BrimCursor  cursor;
	bool        look;
	TimestampTz look_at;

	/* A transaction failed: it may have claimed all the same */
	bool may_have_forgotten;

	/* Pauses after errors: of claims, of recording what is stuck */
	BrimBackoff claims;
	BrimBackoff stuck;
} BrimAsker;

/* The functions of a job */
extern void brim_asker_reload(BrimAsker *asker);
extern long brim_asker_turn(BrimAsker *asker, bool woken);
extern bool brim_asker_stop(BrimAsker *asker);
extern int  brim_asker_in_hand(const BrimAsker *asker, bool finished);
extern bool brim_asker_is_failing(const BrimAsker *asker);

/* Is the slot one that the transaction is to record? */
extern bool brim_asker_is_meant(const BrimAskTransaction *txn, const BrimAskSlot *slot);
extern int  brim_asker_count(const BrimAsker *asker, BrimAskState state);

#endif /* BRIM_WORKER_ASKER_H */
