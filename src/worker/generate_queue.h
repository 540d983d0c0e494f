/*-------------------------------------------------------------------------
 *
 * generate_queue.h
 *	  State of the generating job, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_GENERATE_QUEUE_H
#define BRIM_WORKER_GENERATE_QUEUE_H

#include "core/gemini.h"
#include "db/generation.h"
#include "net/net.h"
#include "worker/tools.h"
#include "worker/walk.h"

#define BRIM_GENERATE_SLOTS 128

typedef enum BrimGenerateState
{
	SLOT_FREE,
	SLOT_CLAIMED,
	SLOT_WAITING,  /* for its request */
	SLOT_FINISHED, /* to be recorded */
	SLOT_STUCK     /* could not be recorded; tried again now and then */
} BrimGenerateState;

typedef enum BrimGenerateFinish
{
	FINISH_DRAFTED,  /* by the model */
	FINISH_TEMPLATE, /* from templates, when it is recorded */
	FINISH_REQUEUE,  /* once more, later */
	FINISH_FAIL
} BrimGenerateFinish;

typedef struct BrimGenerateSlot
{
	BrimGenerateState state;
	int64          alone_until; /* a suspect: nothing else is taken until then (clock); 0: none */
	BrimBatch     *batch;       /* owns the texts of job */
	BrimGeneration job;
	BrimHttp      *http;

	/* Result, when FINISHED */
	BrimGenerateFinish finish;
	bool               charged;
	int                delay;
	int                failures; /* to record it */
	int                latency_ms;
	BrimGeminiReply    reply;
	char               error[256];
} BrimGenerateSlot;

typedef struct BrimGenerate
{
	BrimGenerateSlot slots[BRIM_GENERATE_SLOTS];
	BrimReport       report;

	/* When the key file is tried again that cannot be read */
	TimestampTz key_at;

	/* Where in the queue we are, and when to look for jobs again */
	BrimCursor  cursor;
	bool        look;
	TimestampTz look_at;

	/* A transaction failed: it may have claimed all the same */
	bool may_have_forgotten;

	/* Pauses after errors: of claims, of recording what is stuck */
	BrimBackoff claims;
	BrimBackoff stuck;
} BrimGenerate;

extern BrimGenerate brim_generating;

/* What one transaction of this job is to do, and what it found. */
typedef struct BrimGenerateTransaction
{
	int               max;     /* jobs to claim */
	BrimGenerateSlot *only;    /* record this slot alone, or NULL for all */
	bool              reports; /* write what is new for brim.component */

	bool            installed;
	BrimWalk        walk;
	TimestampTz     look_at; /* when, if not at once */
	MemoryContext   context; /* of the claimed jobs */
	BrimGeneration *jobs;
	int             njobs;
} BrimGenerateTransaction;

/*
 * Record finished slots and claim for free ones, in one transaction.  arg is a
 * BrimGenerateTransaction; nothing else changes, so an error leaves the job as
 * it was.
 */
extern void brim_generate_transact(void *arg);

#endif /* BRIM_WORKER_GENERATE_QUEUE_H */
