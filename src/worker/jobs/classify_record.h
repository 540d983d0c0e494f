/*-------------------------------------------------------------------------
 *
 * classify_record.h
 *	  One request about several texts, and how its result is recorded.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BRIM_WORKER_JOBS_CLASSIFY_RECORD_H
#define BRIM_WORKER_JOBS_CLASSIFY_RECORD_H

#include "core/gemini/gemini.h"
#include "net/net.h"
#include "pg/queue/queue.h"
#include "worker/pipeline.h"

typedef enum BrimClassifyFinish
{
	BRIM_CLASSIFY_DONE,    /* those that have an answer; the others once more */
	BRIM_CLASSIFY_REQUEUE, /* all once more, as their number of attempts says */
	BRIM_CLASSIFY_FAIL
} BrimClassifyFinish;

typedef struct BrimClassifySlot
{
	BrimPipelineSlot   pipe;
	const BrimText    *texts; /* in the batch */
	int                ntexts;
	BrimGeminiQuestion question;
	BrimHttp          *http;

	/* Result, when FINISHED */
	BrimClassifyFinish   how;
	bool                 charged;
	bool                 go_apart; /* with REQUEUE: each text alone next time */
	int                  hint;     /* seconds that the service asked for */
	int                  latency_ms;
	char                 error[256];
	BrimGeminiClassified reply;
} BrimClassifySlot;

/* Inside a transaction, record a request that has ended. */
extern void brim_classify_record(const BrimClassifySlot *slot);

#endif /* BRIM_WORKER_JOBS_CLASSIFY_RECORD_H */
