/*-------------------------------------------------------------------------
 *
 * pipeline.h
 *	  How rows go through a job: claim, transfer, barrier, record.
 *
 * A slot is one transfer with its rows.  Between turns it is in one of these
 * states:
 *
 *		free		nothing
 *		claimed		its rows are ours; the transfer has not begun
 *		under way	the transfer runs
 *		at barrier	all but the last word is said; it waits for the barrier's commit
 *		committed	the barrier is durable; the last word is being said
 *		finished	what became of it has to be recorded
 *		stuck		that failed; it is tried again now and then
 *
 * One transaction a turn records finished slots, takes waiting ones through the
 * barrier and claims for free ones, so that many transfers share a commit.  If
 * it fails, nothing but granted has changed: what waited at the barrier goes
 * back to the queue, and what is finished is recorded one by one.
 *
 * A job is a structure that begins with a BrimPipeline; its operations get that
 * structure as self.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_PIPELINE_H
#define BRIM_WORKER_PIPELINE_H

#include "pg/queue/queue.h"
#include "worker/cursor.h"
#include "worker/worker.h"
#include "worker/process.h"
#include "worker/service.h"

#define BRIM_PIPELINE_MAX_SLOTS 256
#define BRIM_PIPELINE_MAX_ROWS 32 /* of a slot */

typedef enum BrimSlotState
{
	BRIM_SLOT_FREE,
	BRIM_SLOT_CLAIMED,
	BRIM_SLOT_UNDER_WAY,
	BRIM_SLOT_AT_BARRIER,
	BRIM_SLOT_COMMITTED,
	BRIM_SLOT_FINISHED,
	BRIM_SLOT_STUCK
} BrimSlotState;

/* Rows that were claimed together share a memory context, which goes with the last of them. */
typedef struct BrimBatch
{
	MemoryContext context;
	int           users;
} BrimBatch;

/* First member of the slots of a job */
typedef struct BrimPipelineSlot
{
	BrimSlotState state;
	BrimBatch    *batch;       /* owns the texts of its rows */
	int64         alone_until; /* a suspect: nothing else is claimed until then (clock); 0: none */
	bool          is_probe;    /* of a service that was at fault */
	bool          granted;     /* by the barrier that was just committed */
	int           failures;    /* to record it */
} BrimPipelineSlot;

/* Those marked NULL may be missing. */
typedef struct BrimPipelineOps
{
	void (*reload)(void *self);
	void (*prepare)(void *self); /* NULL; at the begin of a turn */

	/* True if it may claim at all; if what it would do now needs the service. */
	bool (*is_on)(void *self);
	bool (*needs_service)(void *self); /* NULL: always */

	/* How many rows more, so many slots being used and so many vacant; as a probe, the least. */
	int (*room)(void *self, int used, int vacant, bool is_probe);

	/*
	 * Inside a transaction.  paces() lowers what->max, or returns false and when
	 * to look again.  claim() leaves its rows in context and returns how many.
	 */
	bool (*paces)(void *self, BrimClaim *what, TimestampTz *look_at); /* NULL */
	int (*claim)(void *self, const BrimClaim *what, MemoryContext context, void **rows,
				 BrimPosition *last);
	void (*record)(void *self, BrimPipelineSlot *const *slots, int n);

	/* The rows of a slot; give back what this process has claimed and does not hold. */
	int (*held)(void *self, const BrimPipelineSlot *slot, int64 *ids);
	void (*release_forgotten)(int64 token, int number, const int64 *held,
							  int n); /* NULL: the table's */

	/* NULL without a barrier: sets granted; after its commit, may the last word be said; say it. */
	void (*barrier)(void *self, BrimPipelineSlot *const *slots, int n);
	bool (*confirmed)(void *self);
	void (*commit)(void *self, BrimPipelineSlot *slot);

	/*
	 * Outside: a slot from the claim to its end.  fill() puts rows from next on
	 * into a free slot and returns how many.  start() begins the transfer, or
	 * leaves the slot claimed and is called again.  drive() moves it on.
	 */
	int (*fill)(void *self, BrimPipelineSlot *slot, void *rows, int next, int n);
	void (*start)(void *self, BrimPipelineSlot *slot);
	void (*drive)(void *self, BrimPipelineSlot *slot);

	/* End it: nothing was done for its rows, they go back uncharged. */
	void (*give_back)(void *self, BrimPipelineSlot *slot, const char *why);

	/* It could not be recorded: unless the error passes, end it in a simpler way. */
	void (*not_recorded)(void *self, BrimPipelineSlot *slot, bool passes);
	void (*ended)(void *self, BrimPipelineSlot *slot); /* it is recorded */
	void (*clear)(void *self, BrimPipelineSlot *slot); /* drop what it holds, and zero it */

	/* How long the job itself can sleep, on top of what the pipeline knows */
	long (*wakes_in)(void *self); /* NULL */
} BrimPipelineOps;

/*
 * A pause after transactions that failed, which grows from a second to a minute.
 * Transfers go on meanwhile.
 */
typedef struct BrimPause
{
	int         failures;
	TimestampTz until; /* 0: none */
} BrimPause;

typedef struct BrimPipeline
{
	const BrimPipelineOps *ops;
	const char            *activity; /* what pg_stat_activity shows of its transactions */
	BrimQueueTable        *table;
	BrimService           *service;
	void                  *slots;
	size_t                 slot_size;
	int                    nslots;

	/* Where in the queue we are, and when to look for rows again */
	BrimCursor  cursor;
	bool        look;
	TimestampTz look_at; /* 0 or DT_NOEND: no time */

	/* A transaction failed: it may have claimed all the same */
	bool may_have_forgotten;

	BrimPause claims; /* of claims */
	BrimPause stuck;  /* of recording what is stuck */
} BrimPipeline;

/* The operations of a job that is a pipeline; its self is the BrimPipeline. */
extern const BrimJobOps brim_pipeline_job;

#endif /* BRIM_WORKER_PIPELINE_H */
