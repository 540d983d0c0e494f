/*-------------------------------------------------------------------------
 *
 * transaction.h
 *	  The transaction of a pipeline's turn: record, take through the barrier, claim.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_TRANSACTION_H
#define BRIM_WORKER_TRANSACTION_H

#include "worker/pipeline.h"

/* What one transaction is to do, and what it found. */
typedef struct BrimTransaction
{
	BrimPipeline     *pipeline;
	int               max;     /* rows to claim */
	BrimPipelineSlot *only;    /* record this slot alone, or NULL for all that are finished */
	bool              reports; /* write what is new of the service */

	bool          installed;
	BrimCursor    cursor;
	bool          is_probe; /* what is claimed tries a service that was at fault */
	TimestampTz   look_at;  /* when, if not at once */
	MemoryContext context;  /* of the claimed rows */
	void         *rows;     /* what claim() put there */
	int           nrows;
} BrimTransaction;

/*
 * Run it; arg is a BrimTransaction.  Nothing but it and the slots' granted
 * changes, so an error leaves the job as it was.
 */
extern void brim_transaction_run(void *arg);

#endif /* BRIM_WORKER_TRANSACTION_H */
