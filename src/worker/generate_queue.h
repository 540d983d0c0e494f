/*-------------------------------------------------------------------------
 *
 * generate_queue.h
 *	  State of the generating job, and its transactions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_GENERATE_QUEUE_H
#define BRIM_WORKER_GENERATE_QUEUE_H

#include "core/gemini/gemini.h"
#include "pg/queue/queue.h"
#include "worker/asker.h"

#define BRIM_GENERATE_SLOTS 128

typedef enum BrimGenerateFinish
{
	FINISH_DRAFTED,  /* by the model */
	FINISH_TEMPLATE, /* from templates, when it is recorded */
	FINISH_REQUEUE,  /* once more, later */
	FINISH_FAIL
} BrimGenerateFinish;

/* One generation */
typedef struct BrimGenerateSlot
{
	BrimAskSlot    ask;
	BrimGeneration job;

	/* Result, when FINISHED */
	BrimGenerateFinish finish;
	int                delay;
	BrimGeminiReply    reply;
} BrimGenerateSlot;

extern BrimGenerateSlot brim_generating[BRIM_GENERATE_SLOTS];

/* What an asker's transaction does here; see BrimAskKind. */
extern void brim_generate_record(BrimAskTransaction *txn);
extern int  brim_generate_claim(const BrimClaim *what, void *arg, BrimPlaceInQueue *last);
extern void brim_generate_release_forgotten(void);

#endif /* BRIM_WORKER_GENERATE_QUEUE_H */
